//! What deciding about what is kept costs: `cargo bench --bench retention`.
//!
//! The store has ten thousand snapshots (`MUXTAPE_BENCH_SNAPSHOTS` for another number) of three sessions.
//! Every measured call is a whole lease on a real file: open, walk, decide, close.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench may panic")]

use std::sync::OnceLock;
use std::time::Duration;

use divan::Bencher;
use muxtape::model::geometry::{Cell, Layout, Rect};
use muxtape::model::snapshot::{BootId, Cause, MuxKind, ServerIdentity};
use muxtape::model::time::Millis;
use muxtape::model::tree::{AutomaticRename, Pane, Screen, ServerState, Session, Tab};
use muxtape::store::{Keep, NewSnapshot, Retention, Store, StoreOptions, Storing, Unchanged};
use tempfile::TempDir;

const T: i64 = 1_790_000_000_000;
const HALF_MINUTE: i64 = 30_000;

fn main() {
    divan::main();
}

fn session(name: &str, title: &str) -> Session {
    let rect = Rect {
        left: 0,
        top: 0,
        width: 80,
        height: 24,
    };
    let pane = Pane {
        detail: Default::default(),
        handle: None,
        index: 0,
        title: title.into(),
        cwd: "/home/me".into(),
        active: true,
        last: false,
        marked: false,
        rect,
        shell: vec!["zsh".into()],
        program: None,
        exit: None,
        screen: Screen::default(),
        contents: None,
    };
    Session {
        detail: Default::default(),
        handle: None,
        name: name.into(),
        cwd: "/home/me".into(),
        group: None,
        tabs: vec![Tab {
            detail: Default::default(),
            handle: None,
            index: 0,
            name: "main".into(),
            active: true,
            last: false,
            zoomed: false,
            synchronized: false,
            automatic_rename: AutomaticRename::Unset,
            layout: Layout {
                gap: 1,
                root: Cell::Pane { rect, pane: 0 },
            },
            panes: vec![pane],
        }],
    }
}

/// A store with so many snapshots, half a minute apart.
fn filled(snapshots: i64) -> (TempDir, Store) {
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let store = Store::new(dir.path().join("data"), StoreOptions::default());
    for at in 0..snapshots {
        let title = at.to_string();
        let sessions = ["api", "web", "work"].map(|name| session(name, &title));
        let new = NewSnapshot {
            time: Millis(T + at * HALF_MINUTE),
            random: at.unsigned_abs(),
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
                started: Millis(T),
                boot: BootId("8c1d4a52-5a0e-4a2b-9d60-0f3a5d3b8a11".into()),
            },
            state: ServerState {
                buffers: Vec::new(),
                sessions: sessions.to_vec(),
            },
            contents: Vec::new(),
            took_ms: 10,
            redactions: Vec::new(),
            storing: Storing::default(),
        };
        store.record(new, Unchanged::Store).unwrap();
    }
    (dir, store)
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
    let now = Millis(T + count() * HALF_MINUTE);
    bencher.bench_local(|| store.prune(&policy, now).unwrap());
}

/// Nearly everything would go, each with its reason.
#[divan::bench(sample_count = 20)]
fn tell_why(bencher: Bencher) {
    let (_, store) = large();
    let policy = all_counts(10);
    let now = Millis(T + count() * HALF_MINUTE);
    bencher.bench_local(|| store.plan_prune(&policy, now).unwrap());
}

/// A thousand of two thousand go, and what only they needed.
#[divan::bench(sample_count = 3)]
fn remove_a_thousand(bencher: Bencher) {
    let now = Millis(T + 2000 * HALF_MINUTE);
    bencher
        .with_inputs(|| filled(2000))
        .bench_local_values(|(dir, store)| {
            let pruned = store.prune(&Retention::last(1000), now).unwrap();
            assert_eq!(pruned.removed.len(), 1000);
            dir
        });
}
