//! What recording and reading cost: `cargo bench --bench store`.
//!
//! The series is ten panes of about a megabyte each, as a working day leaves them. Every measured
//! call is a whole lease on a real file: open, work, commit and sync, close.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench may panic and print"
)]

use std::cell::Cell;

use divan::Bencher;
use muxtape::model::SnapshotMeta;
use muxtape::model::contents::Contents;
use muxtape::model::id::SnapshotId;
use muxtape::model::tree::ServerState;
use muxtape::store::{NewSnapshot, Query, Recorded, Store, StoreOptions, Unchanged};
use tempfile::TempDir;

#[path = "series/build.rs"]
mod build;

const PANES: u32 = 10;
const LINES: u32 = 20_000;

fn main() {
    sizes();
    divan::main();
}

struct Series {
    _dir: TempDir,
    store: Store,
    texts: Vec<Contents>,
    time: Cell<i64>,
    grown: Cell<u32>,
}

fn log(seed: u32, lines: std::ops::Range<u32>) -> String {
    lines
        .map(|line| {
            let noise = (line ^ (seed << 20)).wrapping_mul(2_654_435_761) >> 12;
            format!(
                "[{line:06}] \x1b[32mGET\x1b[0m /api/v{}/{noise:x} 200 {}ms\n",
                line % 7,
                noise % 97
            )
        })
        .collect()
}

impl Series {
    fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
        let store = Store::new(dir.path().join("data"), StoreOptions::default());
        let texts = (0..PANES).map(|pane| Contents {
            main: log(pane, 0..LINES).into(),
            alternate: None,
        });
        let series = Self {
            _dir: dir,
            store,
            texts: texts.collect(),
            time: Cell::new(0),
            grown: Cell::new(0),
        };
        series.record(&series.texts, "zsh");
        series
    }

    fn record(&self, texts: &[Contents], title: &str) -> SnapshotMeta {
        self.store(self.snapshot(texts, title, texts.to_vec()))
    }

    fn store(&self, new: NewSnapshot) -> SnapshotMeta {
        match self.store.record(new, Unchanged::Store).unwrap() {
            Recorded::Stored(meta) | Recorded::Unchanged(meta) => meta,
        }
    }

    fn snapshot(&self, texts: &[Contents], title: &str, contents: Vec<Contents>) -> NewSnapshot {
        self.time.set(self.time.get() + 1);
        let time = build::later(self.time.get() * 1000);
        let random = self.time.get().unsigned_abs();
        build::snapshot(time, random, state(texts, title), contents)
    }

    /// One pane gets twenty lines more.
    fn grown(&self) -> NewSnapshot {
        self.grown.set(self.grown.get() + 20);
        let mut texts = self.texts.clone();
        texts[3].main = log(3, 0..LINES + self.grown.get()).into();
        let new = texts[3].clone();
        self.snapshot(&texts, "zsh", vec![new])
    }

    fn grow(&self) -> SnapshotMeta {
        self.store(self.grown())
    }
}

fn state(texts: &[Contents], title: &str) -> ServerState {
    let mut tab = build::columns(24, texts);
    if let Some(pane) = tab.panes.get_mut(5) {
        pane.title = title.into();
    }
    build::state(vec![build::session("work", tab)])
}

/// Bytes, not times: what the snapshots of the series add to the store.
fn sizes() {
    let series = Series::new();
    let first = series.store.stats().unwrap();
    let structural: u64 = (0..50)
        .map(|at| {
            series
                .record(&series.texts, &format!("title {at}"))
                .stored_bytes
        })
        .sum();
    let growth: u64 = (0..100).map(|_| series.grow().stored_bytes).sum();
    let stats = series.store.stats().unwrap();
    println!(
        "first capture {} B of {} B; structural change {} B; growth by 20 lines {} B; \
         allocated / records {:.2}",
        first.record_bytes,
        first.logical_bytes,
        structural / 50,
        growth / 100,
        stats.store_bytes as f64 / stats.record_bytes as f64,
    );
}

#[divan::bench(sample_count = 50, sample_size = 1)]
fn record_structural_change(bencher: Bencher) {
    let series = Series::new();
    let input = || series.snapshot(&series.texts, &series.time.get().to_string(), Vec::new());
    bencher
        .with_inputs(input)
        .bench_local_values(|new| series.store(new));
}

#[divan::bench(sample_count = 50, sample_size = 1)]
fn record_with_growth(bencher: Bencher) {
    let series = Series::new();
    bencher
        .with_inputs(|| series.grown())
        .bench_local_values(|new| series.store(new));
}

#[divan::bench(sample_count = 30, sample_size = 1)]
fn load_with_all_texts(bencher: Bencher) {
    let series = Series::new();
    let ids: Vec<SnapshotId> = (0..50).map(|_| series.grow().id).collect();
    bencher.bench_local(|| {
        let snapshot = series.store.load(ids[49]).unwrap();
        let texts = snapshot.state.panes();
        let digests: Vec<_> = texts
            .filter_map(|(_, _, pane)| Some(pane.contents?.digest))
            .collect();
        series.store.contents(&digests).unwrap()
    });
}

#[divan::bench(sample_count = 50, sample_size = 1)]
fn load_structure(bencher: Bencher) {
    let series = Series::new();
    let id = series.grow().id;
    bencher.bench_local(|| series.store.load(id).unwrap());
}

#[divan::bench(sample_count = 100, sample_size = 1)]
fn list_page_of_ten_thousand(bencher: Bencher) {
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let store = Store::new(dir.path().join("data"), StoreOptions::default());
    let small = Series {
        _dir: dir,
        store,
        texts: vec![Contents::default(); 2],
        time: Cell::new(0),
        grown: Cell::new(0),
    };
    for at in 0..10_000 {
        small.record(&small.texts, &format!("{at}"));
    }
    let page = Query {
        limit: Some(50),
        ..Query::default()
    };
    bencher.bench_local(|| small.store.list(&page).unwrap());
}
