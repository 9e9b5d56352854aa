//! A store in a directory of its own, and states that look like a real server's.

use bstr::BString;
use tempfile::TempDir;

use crate::model::contents::Contents;
use crate::model::geometry::{Axis, Cell, Layout, Rect};
use crate::model::program::Program;
use crate::model::snapshot::{BootId, Cause, MuxKind, ServerIdentity, ServerProcess, SnapshotMeta};
use crate::model::time::Millis;
use crate::model::tree::{
    AutomaticRename, Pane, PaneHandle, PaneId, Screen, ServerState, Session, SessionId, Tab, TabId,
};
use crate::store::{NewSnapshot, Recorded, Store, StoreOptions, Storing, Unchanged};

pub(crate) struct Scratch {
    #[expect(dead_code, reason = "removed when dropped")]
    dir: TempDir,
    pub(crate) store: Store,
}

pub(crate) fn scratch() -> Scratch {
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let store = open(&dir);
    Scratch { dir, store }
}

pub(crate) fn open(dir: &TempDir) -> Store {
    let wait = muxtape_testing::patience();
    Store::new(
        dir.path().join("data"),
        StoreOptions {
            wait,
            ..StoreOptions::default()
        },
    )
}

pub(crate) fn server(pid: i32) -> ServerIdentity {
    ServerIdentity {
        mux: MuxKind::Tmux,
        socket: "/tmp/tmux-1000/default".into(),
        version: "3.3a".into(),
        process: Some(ServerProcess {
            pid,
            started: Millis(1_790_000_000_000),
        }),
        boot: BootId("8c1d4a52-5a0e-4a2b-9d60-0f3a5d3b8a11".into()),
    }
}

pub(crate) fn text(main: impl Into<BString>) -> Contents {
    Contents {
        main: main.into(),
        alternate: None,
    }
}

/// Lines of a log, as a pane shows them.
pub(crate) fn log(lines: std::ops::Range<u32>) -> String {
    lines
        .map(|line| {
            let noise = line.wrapping_mul(2_654_435_761) >> 12;
            format!(
                "[{line:06}] \x1b[32mGET\x1b[0m /api/v{}/{noise:x} 200 {}ms\n",
                line % 7,
                noise % 97
            )
        })
        .collect()
}

/// A session of one tab whose panes lie side by side and show these texts.
pub(crate) fn session(name: &str, first: u32, texts: &[Contents]) -> Session {
    let count = u16::try_from(texts.len()).unwrap();
    let rects = (0..count).map(|at| Rect {
        left: at * 21,
        top: 0,
        width: 20,
        height: 24,
    });
    let panes = texts.iter().zip(rects.clone()).enumerate();
    let panes = panes.map(|(at, (text, rect))| pane(first, u32::try_from(at).unwrap(), text, rect));
    let cells: Vec<Cell> = rects
        .zip(0..)
        .map(|(rect, pane)| Cell::Pane { rect, pane })
        .collect();
    let root = match <[Cell; 1]>::try_from(cells) {
        Ok([one]) => one,
        Err(children) => Cell::Split {
            rect: Rect {
                left: 0,
                top: 0,
                width: count * 21 - 1,
                height: 24,
            },
            axis: Axis::Columns,
            children,
        },
    };
    Session {
        life: Default::default(),
        detail: Default::default(),
        handle: Some(SessionId::of(first.into())),
        name: name.into(),
        cwd: format!("/home/me/{name}").into(),
        group: None,
        tabs: vec![Tab {
            detail: Default::default(),
            handle: Some(TabId::of(first.into())),
            index: 1,
            name: "main".into(),
            active: true,
            last: false,
            zoomed: false,
            synchronized: false,
            automatic_rename: AutomaticRename::Unset,
            layout: Layout { gap: 1, root },
            panes: panes.collect(),
        }],
    }
}

fn pane(first: u32, index: u32, text: &Contents, rect: Rect) -> Pane {
    Pane {
        attachments: Vec::new(),
        detail: Default::default(),
        handle: Some(PaneHandle {
            id: PaneId::of(u64::from(first * 100 + index)),
            pid: Some(4000 + i32::try_from(index).unwrap()),
        }),
        index,
        title: "me@host: ~/src".into(),
        cwd: format!("/home/me/src/project-{first}").into(),
        active: index == 0,
        last: false,
        marked: false,
        rect,
        shell: vec!["-zsh".into()],
        program: (index > 0).then(|| Program {
            argv: vec!["/usr/bin/tail".into(), "-f".into(), "api.log".into()],
            exe: None,
            cwd: None,
            pipeline: Vec::new(),
            redacted: false,
        }),
        exit: None,
        screen: Screen {
            history: text.reference().lines,
            ..Screen::default()
        },
        contents: Some(text.reference()),
    }
}

pub(crate) fn state(sessions: Vec<Session>) -> ServerState {
    let mut state = ServerState {
        buffers: Vec::new(),
        sessions,
    };
    state.sort();
    state
}

/// A snapshot of a state made at `second`, with all the texts that are handed in.
pub(crate) fn snapshot(second: i64, state: &ServerState, contents: &[Contents]) -> NewSnapshot {
    NewSnapshot {
        time: Millis(1_790_000_000_000 + second * 1000),
        random: u64::try_from(second)
            .unwrap()
            .wrapping_mul(0x9e37_79b9_7f4a_7c15),
        cause: Cause::Auto,
        name: None,
        description: None,
        tags: Vec::new(),
        pinned: false,
        partial: false,
        host: "laptop".into(),
        server: server(100),
        state: state.clone().into(),
        contents: contents.iter().cloned().map(Into::into).collect(),
        took_ms: 12,
        redactions: Vec::new(),
        storing: Storing::Auto,
    }
}

/// Records, and expects it to be stored.
pub(crate) fn record(store: &Store, new: NewSnapshot) -> SnapshotMeta {
    match store.record(new, Unchanged::Store).unwrap() {
        Recorded::Stored(meta) => meta,
        Recorded::Unchanged(meta) => panic!("unchanged since {}", meta.id),
    }
}

/// Records a state of one session `name` with one pane that shows `shown`.
pub(crate) fn record_text(store: &Store, second: i64, name: &str, shown: &str) -> SnapshotMeta {
    let text = text(shown);
    let state = state(vec![session(name, 1, std::slice::from_ref(&text))]);
    record(store, snapshot(second, &state, &[text]))
}
