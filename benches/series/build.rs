//! Sessions and snapshots as benches make them: what a series does not say itself is the same in
//! all.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "not every bench uses all of it, and a bench may panic"
)]

use muxtape::model::contents::Contents;
use muxtape::model::geometry::{Axis, Cell, Layout, Rect};
use muxtape::model::snapshot::{BootId, Cause, MuxKind, ServerIdentity, ServerProcess};
use muxtape::model::time::Millis;
use muxtape::model::tree::{
    AutomaticRename, Pane, PaneHandle, PaneId, Screen, ServerState, Session, SessionId, Tab, TabId,
};
use muxtape::redact::{Clean, RedactSettings, Redactor, Tally};
use muxtape::store::{NewSnapshot, Storing};

/// When the first snapshot of a series is made.
pub(crate) const START: Millis = Millis(1_790_000_000_000);

/// So long after the start of a series.
pub(crate) fn later(ms: i64) -> Millis {
    Millis(START.0 + ms)
}

/// A pane with this text; the first one of a tab has the focus.
pub(crate) fn pane(index: u32, rect: Rect, text: Option<&Contents>) -> Pane {
    Pane {
        attachments: Vec::new(),
        handle: Some(PaneHandle {
            id: PaneId::of(index.into()),
            pid: Some(4000),
        }),
        index,
        title: "me@host: ~/src".into(),
        cwd: "/home/me/src/project".into(),
        active: index == 0,
        last: false,
        marked: false,
        rect,
        shell: vec!["-zsh".into()],
        program: None,
        exit: None,
        screen: Screen::default(),
        contents: text.map(Contents::reference),
        detail: Default::default(),
    }
}

/// Rooms of this size in a line, one cell between them.
pub(crate) fn line(axis: Axis, count: u16, width: u16, height: u16) -> Layout {
    let room = |at: u16| Rect {
        left: if axis == Axis::Columns {
            at * (width + 1)
        } else {
            0
        },
        top: if axis == Axis::Rows {
            at * (height + 1)
        } else {
            0
        },
        width,
        height,
    };
    let last = room(count - 1);
    let rect = Rect {
        left: 0,
        top: 0,
        width: last.left + width,
        height: last.top + height,
    };
    let mut cells = (0..count).map(|at| Cell::Pane {
        rect: room(at),
        pane: at.into(),
    });
    let root = if count == 1 {
        cells.next().unwrap()
    } else {
        Cell::Split {
            rect,
            axis,
            children: cells.collect(),
        }
    };
    Layout { gap: 1, root }
}

/// A tab, the current one, whose panes are those that `pane` makes for the rooms of `layout`.
pub(crate) fn tab(layout: Layout, pane: impl Fn(u32, Rect) -> Pane) -> Tab {
    let rooms = layout.panes().into_iter();
    Tab {
        handle: Some(TabId::of(1)),
        index: 1,
        name: "main".into(),
        active: true,
        last: false,
        zoomed: false,
        synchronized: false,
        automatic_rename: AutomaticRename::Unset,
        panes: rooms.map(|(index, rect)| pane(index, rect)).collect(),
        layout,
        detail: Default::default(),
    }
}

/// A tab of panes side by side that show these texts.
pub(crate) fn columns(height: u16, texts: &[Contents]) -> Tab {
    let count = u16::try_from(texts.len()).unwrap();
    tab(line(Axis::Columns, count, 20, height), |index, rect| {
        pane(index, rect, texts.get(index as usize))
    })
}

/// A session of this one tab.
pub(crate) fn session(name: &str, tab: Tab) -> Session {
    Session {
        life: Default::default(),
        handle: Some(SessionId::of(1)),
        name: name.into(),
        cwd: "/home/me".into(),
        group: None,
        tabs: vec![tab],
        detail: Default::default(),
    }
}

/// The state of a server with these sessions.
pub(crate) fn state(sessions: Vec<Session>) -> ServerState {
    ServerState {
        sessions,
        buffers: Vec::new(),
    }
}

/// The server that a series is of.
pub(crate) fn server() -> ServerIdentity {
    ServerIdentity {
        mux: MuxKind::Tmux,
        socket: "/tmp/tmux-1000/default".into(),
        version: "3.5".into(),
        process: Some(ServerProcess {
            pid: 100,
            started: START,
        }),
        boot: BootId("8c1d4a52-5a0e-4a2b-9d60-0f3a5d3b8a11".into()),
    }
}

/// A redactor that takes nothing out and costs nothing: what is measured is the store.
fn without_rules() -> Redactor {
    let settings = RedactSettings {
        enabled: false,
        ..RedactSettings::default()
    };
    Redactor::new(&settings).unwrap()
}

/// A name for a snapshot.
#[allow(dead_code, reason = "not every bench names snapshots")]
pub(crate) fn words(name: &str) -> Clean<String> {
    without_rules().words(name, &mut Tally::default())
}

/// A snapshot that the recorder would make.
pub(crate) fn snapshot(
    time: Millis,
    random: u64,
    state: ServerState,
    contents: Vec<Contents>,
) -> NewSnapshot {
    let (redactor, mut tally) = (without_rules(), Tally::default());
    NewSnapshot {
        time,
        random,
        cause: Cause::Auto,
        name: None,
        description: None,
        tags: Vec::new(),
        pinned: false,
        partial: false,
        host: "laptop".into(),
        server: server(),
        state: redactor.state(state, &mut tally),
        contents: contents
            .into_iter()
            .map(|text| redactor.contents(&text, &mut tally))
            .collect(),
        took_ms: 10,
        redactions: Vec::new(),
        storing: Storing::Auto,
    }
}
