//! What a working day costs: `cargo bench --bench day [-- CAPTURES]`.
//!
//! Records the series of `series/mod.rs` on a real file and prints what each capture added, the
//! processor time it took, how long snapshots take to load and be verified, and what the file
//! takes. Beside it: the same captures compressed whole, and restic and borg where they are
//! installed.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench may panic and print"
)]

use std::time::{Duration, Instant};

use muxtape::model::contents::Contents;
use muxtape::model::id::SnapshotId;
use muxtape::store::{Edit, NewSnapshot, Recorded, Store, StoreOptions, Unchanged};
use rustix::time::{ClockId, clock_gettime};
use series::Day;

#[path = "series/peers.rs"]
mod peers;
#[path = "series/mod.rs"]
mod series;

fn main() {
    let captures = std::env::args()
        .filter_map(|word| word.parse().ok())
        .next()
        .unwrap_or(2000);
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let store = Store::new(dir.path().join("data"), StoreOptions::default());
    let mut day = Day::new();
    let first = record(&store, day.snapshot());
    println!(
        "first capture: {} B of {} B, {:.0} ms",
        first.bytes,
        day.len(),
        ms(first.cpu)
    );
    let mut seen = vec![first.id];
    let mut growth = Vec::new();
    let mut whole = Vec::new();
    for at in 1..captures {
        day.step();
        if at % 100 == 0 {
            whole.push(compressed(day.texts()));
        }
        let recorded = record(&store, day.snapshot());
        seen.push(recorded.id);
        growth.push(recorded);
    }
    let bytes = sorted(growth.iter().map(|one| one.bytes));
    println!(
        "a capture: mean {} B, p50 {} B, p95 {} B, most {} B; whole with zstd -3: {} B",
        mean(&bytes),
        part(&bytes, 50),
        part(&bytes, 95),
        part(&bytes, 100),
        mean(&whole)
    );
    let cpu = sorted(growth.iter().map(|one| one.cpu));
    println!(
        "processor time of a capture: p50 {:.1} ms, p95 {:.1} ms",
        ms(part(&cpu, 50)),
        ms(part(&cpu, 95))
    );
    let noted = (0..50).map(|at| {
        let note = Edit::Describe(Some(series::build::words(&format!("note {at}"))));
        let start = cpu_time();
        store.edit(&[first.id], &note).unwrap();
        cpu_time() - start
    });
    println!(
        "of which the database takes to open, commit, sync and close: {:.1} ms",
        ms(part(&sorted(noted), 50))
    );
    structural(&store, &mut day);
    loads(&store, &seen);
    let stats = store.stats().unwrap();
    println!(
        "the file: {} B allocated, {} B records: {:.2}",
        stats.store_bytes,
        stats.record_bytes,
        stats.store_bytes as f64 / stats.record_bytes as f64
    );
    let start = Instant::now();
    assert!(store.verify().unwrap().is_ok());
    println!("verify, all of it: {:.0} ms", ms(start.elapsed()));
    large();
    peers::measure(captures.min(40));
}

struct One {
    id: SnapshotId,
    bytes: u64,
    cpu: Duration,
}

fn record(store: &Store, new: NewSnapshot) -> One {
    let start = cpu_time();
    let recorded = store.record(new, Unchanged::Store).unwrap();
    let cpu = cpu_time() - start;
    let Recorded::Stored(meta) = recorded else {
        unreachable!("it is stored even if nothing changed");
    };
    One {
        id: meta.id,
        bytes: meta.stored_bytes,
        cpu,
    }
}

/// A title changes, and nothing else.
fn structural(store: &Store, day: &mut Day) {
    let before = store.stats().unwrap().record_bytes;
    let count = 200;
    let bytes = (0..count).map(|at| {
        day.set_title(format!("make check {at}"));
        record(store, day.snapshot()).bytes
    });
    let bytes = sorted(bytes);
    let added = store.stats().unwrap().record_bytes - before;
    println!(
        "a structural change: mean {} B, p95 {} B, most {} B; in the tables {} B",
        mean(&bytes),
        part(&bytes, 95),
        part(&bytes, 100),
        added / count
    );
}

fn loads(store: &Store, seen: &[SnapshotId]) {
    let sample = seen.iter().step_by((seen.len() / 200).max(1));
    let took = sample.map(|id| {
        let start = Instant::now();
        let snapshot = store.load(*id).unwrap();
        let panes = snapshot.state.panes();
        let digests: Vec<_> = panes
            .filter_map(|(_, _, pane)| Some(pane.contents?.digest))
            .collect();
        store.contents(&digests).unwrap();
        start.elapsed()
    });
    let took = sorted(took);
    println!(
        "load with every text, verified: p50 {:.1} ms, worst {:.1} ms",
        ms(part(&took, 50)),
        ms(part(&took, 100))
    );
}

/// Ten panes of five megabytes each.
fn large() {
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let store = Store::new(dir.path().join("data"), StoreOptions::default());
    let mut day = Day::new();
    day.enlarge(5 * 1024 * 1024);
    let first = record(&store, day.snapshot());
    println!("ten panes, {} B of text: {} B", day.len(), first.bytes);
    loads(&store, &[first.id; 20]);
}

fn compressed(texts: &[Contents]) -> u64 {
    let sizes = texts.iter().map(|text| {
        let alternate = text.alternate.iter().flat_map(|text| text.iter());
        let all: Vec<u8> = text.main.iter().chain(alternate).copied().collect();
        zstd::bulk::compress(&all, 3).unwrap().len() as u64
    });
    sizes.sum()
}

fn cpu_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(now.tv_sec).unwrap(),
        u32::try_from(now.tv_nsec).unwrap(),
    )
}

fn sorted<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort();
    values
}

fn part<T: Copy>(sorted: &[T], percent: usize) -> T {
    sorted[(sorted.len() - 1) * percent / 100]
}

fn mean(values: &[u64]) -> u64 {
    values.iter().sum::<u64>() / values.len().max(1) as u64
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
