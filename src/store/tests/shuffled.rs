//! Files whose pages are somewhere else, or something else: no command ends by a signal, and none
//! goes on for ever.
//!
//! Every file is given to a process of its own, which does what commands do with it.
//! `MUXTAPE_TEST_ROUNDS` sets how many files.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::channel;
use std::time::Duration;

use super::rot::{Dice, Held, held};
use super::rounds;
use crate::model::time::Millis;
use crate::store::file::parity;
use crate::store::testing::{log, session, snapshot, state, text};
use crate::store::{Query, SearchQuery, Store, StoreError, StoreOptions, Unchanged};

const NOW: Millis = Millis(1_790_000_200_000);
const DIR: &str = "MUXTAPE_TEST_SHUFFLED_DIR";
/// Takes less than two seconds on a quiet machine.
const DEADLINE: Duration = Duration::from_secs(120);
/// What the process may have, in bytes of memory. Some threads' stacks are in it.
const MEMORY: u64 = 4 << 30;
const PAGE: usize = 4096;

/// Not a test of its own: the body of the processes.
#[test]
fn child() {
    let Some(dir) = std::env::var_os(DIR) else {
        return;
    };
    let limit = rustix::process::Rlimit {
        current: Some(MEMORY),
        maximum: Some(MEMORY),
    };
    rustix::process::setrlimit(rustix::process::Resource::As, limit).unwrap();
    let store = Store::new(PathBuf::from(dir), StoreOptions::default());
    let said = |what: &str, done: Result<(), StoreError>| match done {
        Ok(()) => println!("@{what}: done"),
        Err(error) => println!("@{what}: {error}"),
    };
    let listed = store.list(&Query::default());
    let ids: Vec<_> = listed.iter().flatten().map(|meta| meta.id).collect();
    said("list", listed.map(drop));
    for id in ids.iter().take(12) {
        let shown = store.load(*id).and_then(|found| {
            let panes = found.state.panes();
            let digests: Vec<_> = panes
                .filter_map(|(_, _, pane)| Some(pane.contents?.digest))
                .collect();
            store.contents(&digests)
        });
        said("show", shown.map(drop));
    }
    let query = SearchQuery {
        text: "make 7".into(),
        contents: true,
        ..SearchQuery::default()
    };
    said("search", store.search(&query).map(drop));
    let texts = [text(log(5..40))];
    let new = snapshot(5000, &state(vec![session("new", 1, &texts)]), &texts);
    said("create", store.record(new, Unchanged::Store).map(drop));
    said("stats", store.stats().map(drop));
    said("lives", store.lives().map(drop));
    said("compact", store.compact().map(drop));
    said("collect", store.collect().map(drop));
    said("tidy", store.tidy().map(drop));
    said("verify", store.verify().map(drop));
    said("repair", store.repair(NOW).map(drop));
    println!("@end");
}

/// Does what commands do with the store, in a process of its own; gives back what it said.
fn command(store: &Store, what: &str) -> String {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::tests::shuffled::child", "--nocapture"])
        .env(DIR, store.dir())
        .env("RUST_BACKTRACE", "0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = process.stdout.take().unwrap();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut said = String::new();
        let _ = out.read_to_string(&mut said);
        let _ = sender.send(said);
    });
    let said = receiver.recv_timeout(muxtape_testing::scaled(DEADLINE));
    if said.is_err() {
        process.kill().unwrap();
    }
    let status = process.wait().unwrap();
    let said = said.unwrap_or_else(|_| panic!("{what}: hangs"));
    assert_eq!(status.signal(), None, "{what}: {said}");
    assert!(
        status.success() && said.contains("@end"),
        "{what}: {status}: {said}"
    );
    said
}

static HELD: LazyLock<Held> = LazyLock::new(|| held(40));

/// What happens to the file, by chance; with what it is called.
fn shuffle(bytes: &mut Vec<u8>, kind: usize, dice: &mut Dice) -> String {
    let in_use: Vec<usize> = HELD
        .in_use()
        .pages
        .values()
        .map(|page| usize::try_from(page.number()).unwrap())
        .collect();
    let mut pick = || in_use[dice.below(in_use.len())];
    let (a, b, c) = (pick(), pick(), pick());
    let page = |bytes: &[u8], at: usize| bytes[at * PAGE..][..PAGE].to_vec();
    let put =
        |bytes: &mut [u8], at: usize, page: &[u8]| bytes[at * PAGE..][..PAGE].copy_from_slice(page);
    match kind {
        0 => {
            let (x, y) = (page(bytes, a), page(bytes, b));
            put(bytes, a, &y);
            put(bytes, b, &x);
            format!("pages {a} and {b} swapped")
        }
        1 => {
            let (x, y, z) = (page(bytes, a), page(bytes, b), page(bytes, c));
            put(bytes, a, &y);
            put(bytes, b, &z);
            put(bytes, c, &x);
            format!("pages {a}, {b} and {c} went round")
        }
        2 => {
            let x = page(bytes, a);
            put(bytes, b, &x);
            format!("page {a} in the place of {b}")
        }
        3 => {
            put(bytes, a, &[0; PAGE]);
            put(bytes, b, &[0xff; PAGE]);
            format!("page {a} zeros, page {b} ones")
        }
        4 => {
            let at = 9 + dice.below(311);
            bytes[at] = bytes[at].wrapping_add(1 + u8::try_from(dice.below(255)).unwrap());
            format!("byte {at} of the header is another")
        }
        _ => {
            let left = dice.below(bytes.len() / PAGE) * PAGE;
            bytes.truncate(left);
            format!("cut to {left} bytes")
        }
    }
}

const SEED: u64 = 0x5eed_0003;

#[test]
fn shuffled_pages_end_no_command_by_a_signal_and_are_healed() {
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let mut dice = Dice(SEED);
    let mut healed = 0;
    let all = rounds(8);
    for at in 0..all {
        let kind = [0, 1, 0, 2, 0, 3, 1, 4][at as usize % 8];
        let mut what = String::new();
        let store = HELD.copy(&dir, |bytes| what = shuffle(bytes, kind, &mut dice));
        what = format!("seed {SEED:x}, no. {at}: {what}");
        let said = command(&store, &what);
        HELD.check(&store, &format!("{what}: {said}"));
        healed += 1;
    }
    println!("{healed} of {all} files with shuffled pages healed; no process ended by a signal");
}

#[test]
fn shuffled_pages_end_no_command_by_a_signal_without_a_parity_file() {
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let mut dice = Dice(SEED ^ 0xffff);
    let all = rounds(6);
    for at in 0..all {
        let kind = [0, 1, 2, 5, 4, 3][at as usize % 6];
        let mut what = String::new();
        let store = HELD.copy(&dir, |bytes| what = shuffle(bytes, kind, &mut dice));
        std::fs::remove_file(store.dir().join(parity::FILE)).unwrap();
        command(
            &store,
            &format!("seed {SEED:x}, no. {at}, without parity: {what}"),
        );
    }
    println!(
        "{all} files with shuffled pages and without a parity file; no process ended by a signal"
    );
}

#[test]
fn whatever_lies_in_the_directory_ends_no_command_by_a_signal() {
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let garbage: Vec<u8> = (0..300_000u32)
        .map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes()[3])
        .collect();
    let names = [
        "muxtape.parity",
        "muxtape.id",
        "muxtape.ballast",
        "muxtape.redb.new",
        "muxtape.redb.migrating",
        "spool",
        "backups",
        "damaged",
        "repair",
    ];
    for (at, name) in names.into_iter().enumerate() {
        for kind in 0..3 {
            // Not every pair each time.
            if (at + kind) % 3 != 0 && rounds(1) == 1 {
                continue;
            }
            let store = HELD.copy(&dir, |bytes| bytes[5000] ^= 1);
            let path = store.dir().join(name);
            let _ = std::fs::remove_file(&path);
            let _ = std::fs::remove_dir_all(&path);
            let what = match kind {
                0 => {
                    std::fs::write(&path, &garbage).unwrap();
                    "garbage"
                }
                1 => {
                    std::fs::create_dir(&path).unwrap();
                    std::fs::write(path.join("x.redb"), &garbage).unwrap();
                    "a directory"
                }
                _ => {
                    muxtape_testing::make_fifo(&path);
                    "a pipe"
                }
            };
            command(&store, &format!("{name} is {what}"));
        }
    }
}
