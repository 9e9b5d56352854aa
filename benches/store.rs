//! What recording and reading cost: `cargo bench --bench store`.
//!
//! The series is ten panes of about a megabyte each, as a working day leaves them. Every measured call
//! is a whole lease on a real file: open, work, commit and sync, close.

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
use muxtape::model::geometry::{Axis, Cell as Place, Layout, Rect};
use muxtape::model::id::SnapshotId;
use muxtape::model::snapshot::{BootId, Cause, MuxKind, ServerIdentity};
use muxtape::model::time::Millis;
use muxtape::model::tree::{AutomaticRename, Pane, PaneHandle, Screen, ServerState, Session, Tab};
use muxtape::store::{NewSnapshot, Query, Recorded, Store, StoreOptions, Storing, Unchanged};
use tempfile::TempDir;

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
        NewSnapshot {
            time: Millis(1_790_000_000_000 + self.time.get() * 1000),
            random: self.time.get().unsigned_abs(),
            cause: Cause::Auto,
            name: None,
            description: None,
            tags: Vec::new(),
            pinned: false,
            partial: false,
            host: "laptop".into(),
            server: ServerIdentity {
                mux: MuxKind::Tmux,
                socket: "/tmp/tmux-1000/default".into(),
                version: "3.5".into(),
                pid: 100,
                started: Millis(1_790_000_000_000),
                boot: BootId("8c1d4a52-5a0e-4a2b-9d60-0f3a5d3b8a11".into()),
            },
            state: state(texts, title),
            contents,
            took_ms: 10,
            redactions: Vec::new(),
            storing: Storing::Auto,
        }
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
    let rect = |at: u16| Rect {
        left: at * 21,
        top: 0,
        width: 20,
        height: 24,
    };
    let panes = (0u16..).zip(texts).map(|(at, text)| Pane {
        detail: Default::default(),
        handle: Some(PaneHandle {
            id: u32::from(at),
            pid: 4000,
        }),
        index: u32::from(at),
        title: if at == 5 {
            title.into()
        } else {
            "me@host: ~/src".into()
        },
        cwd: "/home/me/src/project".into(),
        active: at == 0,
        last: false,
        marked: false,
        rect: rect(at),
        shell: vec!["-zsh".into()],
        program: None,
        exit: None,
        screen: Screen::default(),
        contents: Some(text.reference()),
    });
    let children = (0u16..).zip(texts).map(|(at, _)| Place::Pane {
        rect: rect(at),
        pane: u32::from(at),
    });
    ServerState {
        buffers: Vec::new(),
        sessions: vec![Session {
            detail: Default::default(),
            handle: Some(1),
            name: "work".into(),
            cwd: "/home/me".into(),
            group: None,
            tabs: vec![Tab {
                detail: Default::default(),
                handle: Some(1),
                index: 1,
                name: "main".into(),
                active: true,
                last: false,
                zoomed: false,
                synchronized: false,
                automatic_rename: AutomaticRename::Unset,
                layout: Layout {
                    gap: 1,
                    root: Place::Split {
                        rect: Rect {
                            left: 0,
                            top: 0,
                            width: u16::try_from(texts.len()).unwrap() * 21 - 1,
                            height: 24,
                        },
                        axis: Axis::Columns,
                        children: children.collect(),
                    },
                },
                panes: panes.collect(),
            }],
        }],
    }
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
