//! What deciding about what is kept costs: `cargo bench --bench retention`.
//!
//! The store has ten thousand snapshots (`MUXTAPE_BENCH_SNAPSHOTS` for another number) of three
//! sessions. Every measured call is a whole lease on a real file: open, walk, decide, close.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench may panic")]

use std::sync::OnceLock;
use std::time::Duration;

use divan::Bencher;
use muxtape::model::geometry::Axis;
use muxtape::model::time::Millis;
use muxtape::model::tree::{Pane, Session};
use muxtape::store::{Keep, Retention, Store, StoreOptions, Unchanged};
use tempfile::TempDir;

#[path = "series/build.rs"]
mod build;

const HALF_MINUTE: i64 = 30_000;

fn main() {
    divan::main();
}

fn session(name: &str, title: &str) -> Session {
    let tab = build::tab(build::line(Axis::Columns, 1, 80, 24), |index, rect| Pane {
        title: title.into(),
        ..build::pane(index, rect, None)
    });
    build::session(name, tab)
}

/// A store with so many snapshots, half a minute apart.
fn filled(snapshots: i64) -> (TempDir, Store) {
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let store = Store::new(dir.path().join("data"), StoreOptions::default());
    for at in 0..snapshots {
        let title = at.to_string();
        let sessions = ["api", "web", "work"].map(|name| session(name, &title));
        let state = build::state(sessions.to_vec());
        let new = build::snapshot(time(at), at.unsigned_abs(), state, Vec::new());
        store.record(new, Unchanged::Store).unwrap();
    }
    (dir, store)
}

fn time(at: i64) -> Millis {
    build::later(at * HALF_MINUTE)
}

fn count() -> i64 {
    let count = std::env::var("MUXTAPE_BENCH_SNAPSHOTS").ok();
    count.and_then(|count| count.parse().ok()).unwrap_or(10_000)
}

fn large() -> &'static (TempDir, Store) {
    static STORE: OnceLock<(TempDir, Store)> = OnceLock::new();
    STORE.get_or_init(|| filled(count()))
}

fn all_counts(last: u32) -> Retention {
    Retention {
        other: Keep {
            last,
            hourly: 24,
            daily: 7,
            weekly: 4,
            monthly: 12,
            max_age: Some(Duration::from_secs(400 * 86_400)),
        },
        ..Retention::default()
    }
}

/// Nothing is to go: what the recorder pays for, once in every sixty-fourth of them.
#[divan::bench(sample_count = 20)]
fn decide_to_keep_everything(bencher: Bencher) {
    let (_, store) = large();
    let policy = all_counts(u32::MAX);
    let now = time(count());
    bencher.bench_local(|| store.prune(&policy, now).unwrap());
}

/// Nearly everything would go, each with its reason.
#[divan::bench(sample_count = 20)]
fn tell_why(bencher: Bencher) {
    let (_, store) = large();
    let policy = all_counts(10);
    let now = time(count());
    bencher.bench_local(|| store.plan_prune(&policy, now).unwrap());
}

/// A thousand of two thousand go, and what only they needed.
#[divan::bench(sample_count = 3)]
fn remove_a_thousand(bencher: Bencher) {
    let now = time(2000);
    bencher
        .with_inputs(|| filled(2000))
        .bench_local_values(|(dir, store)| {
            let pruned = store.prune(&Retention::last(1000), now).unwrap();
            assert_eq!(pruned.removed.len(), 1000);
            dir
        });
}
