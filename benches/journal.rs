//! What the journal costs: `cargo bench --bench journal`.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench may panic")]

use divan::Bencher;
use muxtape::journal::{By, Event, Journal, Query};
use muxtape::model::time::Millis;
use tempfile::TempDir;

fn main() {
    divan::main();
}

const NOW: Millis = Millis(1_790_000_000_000);

/// A journal of so many lines of some 250 bytes.
fn journal(lines: u64) -> (TempDir, Journal) {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::new(dir.path().join("state"), By::Command);
    for count in 0..lines {
        journal.append(NOW, &Event::EventsLost { count }).unwrap();
    }
    (dir, journal)
}

/// A line: opening, lock, write, head, closing. However much there is already.
#[divan::bench(args = [0, 30_000])]
fn append(bencher: Bencher, lines: u64) {
    let (_dir, journal) = journal(lines);
    bencher.bench_local(|| {
        journal
            .append(NOW, &Event::EventsLost { count: 1 })
            .unwrap()
    });
}

#[divan::bench(args = [1_000, 30_000])]
fn find(bencher: Bencher, lines: u64) {
    let (_dir, journal) = journal(lines);
    bencher.bench_local(|| journal.find(&Query::default()).unwrap());
}

#[divan::bench(args = [1_000, 30_000])]
fn audit(bencher: Bencher, lines: u64) {
    let (_dir, journal) = journal(lines);
    let none = Query {
        limit: Some(0),
        ..Query::default()
    };
    bencher.bench_local(|| journal.audit(&none).unwrap());
}
