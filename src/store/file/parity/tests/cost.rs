//! What it costs a commit, counted.

use super::*;
use crate::store::file::parity::sidecar::tally;
use crate::store::testing::log;

#[test]
fn a_usual_commit_writes_little_and_seldom_waits_for_the_disk() {
    let s = filled();
    tally::SYNCS.set(0);
    tally::WRITTEN.set(0);
    let commits = 60;
    for at in 0..commits {
        let shown = log(0..100 + 20 * at);
        record_text(&s.store, 100 + i64::from(at), "api", &shown);
    }
    let (syncs, written) = (tally::SYNCS.get(), tally::WRITTEN.get());
    println!(
        "{syncs} syncs, {} bytes a commit",
        written / commits as usize
    );
    assert!(syncs <= commits as usize / 4, "{syncs} syncs");
    assert!(written <= commits as usize * 600_000, "{written} bytes");
}
