//! Time to bring back many panes: structure only, and with 2,000 lines of text in each.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench may panic")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use bstr::BString;
use common::TmuxServer;
use divan::Bencher;
use muxtape::model::contents::Contents;
use muxtape::model::digest::Digest;
use muxtape::model::geometry::{Axis, Cell, Layout, Rect};
use muxtape::model::id::SnapshotId;
use muxtape::model::snapshot::{
    BootId, Cause, ChangeCount, MuxKind, ServerIdentity, Snapshot, SnapshotMeta,
};
use muxtape::model::time::Millis;
use muxtape::model::tree::{AutomaticRename, Pane, Screen, ServerState, Session, Tab};
use muxtape::mux::ServerSelect;
use muxtape::mux::run::Limits;
use muxtape::mux::tmux::Tmux;
use muxtape::restore::{self, Policy, Selection, Status, Surroundings, Workshop};

fn main() {
    divan::main();
}

/// Panes of a tab, one above the other.
const STACK: u16 = 5;
const ROWS: u16 = 9;

fn rect(place: u16) -> Rect {
    Rect {
        left: 0,
        top: place * (ROWS + 1),
        width: 160,
        height: ROWS,
    }
}

fn tab(index: u32, text: Option<&Contents>) -> Tab {
    let whole = Rect {
        left: 0,
        top: 0,
        width: 160,
        height: STACK * (ROWS + 1) - 1,
    };
    let children = (0..STACK).map(|at| Cell::Pane {
        rect: rect(at),
        pane: at.into(),
    });
    let pane = |at: u16| Pane {
        detail: Default::default(),
        handle: None,
        index: at.into(),
        title: "title".into(),
        cwd: "/tmp".into(),
        active: at == 0,
        last: false,
        marked: false,
        rect: rect(at),
        shell: vec![
            "bash".into(),
            "--norc".into(),
            "--noprofile".into(),
            "-i".into(),
        ],
        program: None,
        exit: None,
        screen: Screen {
            cursor_y: ROWS - 1,
            ..Screen::default()
        },
        contents: text.map(Contents::reference),
    };
    Tab {
        detail: Default::default(),
        handle: None,
        index,
        name: format!("tab {index}").into(),
        active: index == 0,
        last: false,
        zoomed: false,
        synchronized: false,
        automatic_rename: AutomaticRename::Off,
        layout: Layout {
            gap: 1,
            root: Cell::Split {
                rect: whole,
                axis: Axis::Rows,
                children: children.collect(),
            },
        },
        panes: (0..STACK).map(pane).collect(),
    }
}

fn snapshot(panes: u32, text: Option<&Contents>) -> Snapshot {
    let tabs = panes / u32::from(STACK);
    let state = ServerState {
        buffers: Vec::new(),
        sessions: vec![Session {
            detail: Default::default(),
            handle: None,
            name: "many".into(),
            cwd: "/tmp".into(),
            group: None,
            tabs: (0..tabs).map(|index| tab(index, text)).collect(),
        }],
    };
    state.check().unwrap();
    Snapshot {
        meta: SnapshotMeta {
            id: SnapshotId::new(Millis(1_700_000_000_000), 7, None),
            parent: None,
            time: Millis(1_700_000_000_000),
            cause: Cause::Manual,
            name: None,
            description: None,
            tags: Vec::new(),
            pinned: false,
            partial: false,
            archived: false,
            host: "bench".into(),
            server: ServerIdentity {
                mux: MuxKind::Tmux,
                socket: BString::default(),
                version: String::new(),
                pid: 1,
                started: Millis(0),
                boot: BootId(String::new()),
            },
            root: state.digest(),
            sessions: Vec::new(),
            changes: ChangeCount::default(),
            stored_bytes: 0,
            logical_bytes: 0,
            took_ms: 0,
            redactions: Vec::new(),
        },
        state,
    }
}

fn lines(count: usize) -> Contents {
    let mut text = String::new();
    for line in 0..count {
        let colour = 31 + line % 6;
        let _ = writeln!(
            text,
            "\x1b[{colour}m{line:>6}\x1b[39m the quick brown fox jumps over it"
        );
    }
    Contents {
        main: text.into(),
        alternate: None,
    }
}

fn restore_panes(bencher: Bencher<'_, '_>, panes: u32, text: Option<Contents>) {
    let snapshot = snapshot(panes, text.as_ref());
    let texts: BTreeMap<Digest, Contents> =
        text.into_iter().map(|text| (text.digest(), text)).collect();
    bencher
        .with_inputs(|| {
            let server = TmuxServer::empty();
            fs::create_dir(server.dir().join("run")).unwrap();
            server
        })
        .bench_values(|server| {
            let socket = server.socket().to_str().unwrap().into();
            let tmux = Tmux::new(
                common::program(),
                ServerSelect::Path(socket),
                Limits::default(),
            );
            let surroundings = Surroundings {
                home: server.home(),
                search_path: std::env::var_os("PATH"),
                suffix: "1140".into(),
            };
            let all = Selection::all();
            let plan = restore::prepare(&snapshot, &tmux, &Policy::default(), &all, &surroundings);
            let workshop = Workshop {
                tmux: &tmux,
                program: Path::new(env!("CARGO_BIN_EXE_muxtape")),
                runtime: &server.dir().join("run"),
                texts: &texts,
                undo: None,
            };
            let report = restore::apply(&plan.unwrap(), &workshop, &mut |_| {}).unwrap();
            assert_eq!(report.status, Status::Success, "{report:#?}");
            // The server ends outside of what is measured.
            server
        });
}

#[divan::bench(args = [10, 100], sample_count = 10, sample_size = 1)]
fn structure(bencher: Bencher<'_, '_>, panes: u32) {
    restore_panes(bencher, panes, None);
}

#[divan::bench(args = [10, 100], sample_count = 10, sample_size = 1)]
fn with_2000_lines(bencher: Bencher<'_, '_>, panes: u32) {
    restore_panes(bencher, panes, Some(lines(2000)));
}
