//! A store that holds something of everything: what the golden stores of all forms are filled with.
//!
//! Every number and text is a fixed one, so that the stores of two forms hold the same.

use bstr::BString;

use super::place;
use crate::model::contents::Contents;
use crate::model::detail::{
    Buffer, Checkout, Floating, Hook, PaneDetail, SessionDetail, Setting, TabDetail, TerminalModes,
    Variable, Withheld,
};
use crate::model::geometry::{Axis, Cell, Layout, Rect};
use crate::model::id::SnapshotId;
use crate::model::launch::{Launch, LostTarget, RedirectTarget, Redirection, StandardStream};
use crate::model::program::Program;
use crate::model::snapshot::{
    BootId, Cause, EndCause, Life, LifeEnd, MuxKind, RecoveryState, RedactionCount, ServerIdentity,
    ServerProcess, SnapshotMeta,
};
use crate::model::time::Millis;
use crate::model::tree::{
    AutomaticRename, ExitState, Pane, PaneHandle, PaneId, Screen, ServerState, Session, SessionId,
    Tab, TabId,
};
use crate::store::{Edit, NewSnapshot, Recorded, Store, Storing, Unchanged};

/// The first moment.
pub(super) const START: i64 = 1_790_000_000_000;

/// Snapshots that show a log which grows and loses its first lines.
const LONG: u32 = 70;

/// Fills a store that is empty.
pub(crate) fn fill(store: &Store) {
    let (first, other, second) = servers();
    // A life in which a log grows, of which every tenth snapshot is removed later.
    let mut ids = Vec::new();
    for step in 0..LONG {
        let cause = if step % 7 == 0 {
            Cause::Event
        } else {
            Cause::Auto
        };
        ids.push(record(store, new(step, cause, &first, day(step))).id);
    }
    notes(store, &ids, &first);
    // A server without sessions, and one of another kind.
    record(
        store,
        new(
            200,
            Cause::Manual,
            &other,
            (ServerState::default(), Vec::new()),
        ),
    );
    let mut zellij = new(201, Cause::Manual, &other, strange());
    zellij.host = "b\u{fc}ro".into();
    record(store, zellij);
    // The same socket after a crash: the second life begins with what the first one left.
    let recovered = new(300, Cause::Manual, &second, day(LONG - 1));
    let recovered = record(store, recovered);
    for step in 301..306 {
        record(store, new(step, Cause::Auto, &second, day(step)));
    }
    store
        .edit(&[recovered.id], &Edit::Tag("recovered".into()))
        .unwrap();
    // Imported: it notes no life. Its server was never met.
    let mut gone = first.clone();
    gone.process.as_mut().unwrap().pid = 77;
    record(store, new(400, Cause::Import, &gone, day(3)));
    removed(store, &ids);
    lives(store, &first, &other, &second);
    place::fill(store);
}

fn servers() -> (ServerIdentity, ServerIdentity, ServerIdentity) {
    let first = ServerIdentity {
        mux: MuxKind::Tmux,
        socket: "/tmp/tmux-1000/default".into(),
        version: "3.3a".into(),
        process: Some(ServerProcess {
            pid: 100,
            started: Millis(START - 60_000),
        }),
        boot: BootId("8c1d4a52-5a0e-4a2b-9d60-0f3a5d3b8a11".into()),
    };
    let other = ServerIdentity {
        mux: MuxKind::Zellij,
        socket: BString::from(&b"/run/user/1000/zellij/\xff\xfe"[..]),
        version: "0.41.2".into(),
        process: Some(ServerProcess {
            pid: 200,
            started: Millis(START + 150_000),
        }),
        boot: first.boot.clone(),
    };
    let second = ServerIdentity {
        process: Some(ServerProcess {
            pid: 300,
            started: Millis(START + 299_000),
        }),
        boot: BootId("00000000-0000-4000-8000-000000000002".into()),
        ..first.clone()
    };
    (first, other, second)
}

pub(super) fn new(
    step: u32,
    cause: Cause,
    server: &ServerIdentity,
    (state, contents): (ServerState, Vec<Contents>),
) -> NewSnapshot {
    NewSnapshot {
        time: Millis(START + i64::from(step) * 1000),
        random: u64::from(step).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 4,
        cause,
        name: None,
        description: None,
        tags: Vec::new(),
        pinned: false,
        partial: false,
        host: "laptop".into(),
        server: server.clone(),
        state: state.into(),
        contents: contents.into_iter().map(Into::into).collect(),
        took_ms: 10 + step,
        redactions: Vec::new(),
        storing: Storing::Auto,
    }
}

fn record(store: &Store, new: NewSnapshot) -> SnapshotMeta {
    match store.record(new, Unchanged::Store).unwrap() {
        Recorded::Stored(meta) => meta,
        Recorded::Unchanged(meta) => panic!("unchanged since {}", meta.id),
    }
}

/// Everything that can be told about a snapshot.
fn notes(store: &Store, ids: &[SnapshotId], server: &ServerIdentity) {
    let edit = |at: usize, edit: Edit| store.edit(&ids[at..=at], &edit).unwrap();
    edit(5, Edit::Rename(Some("before-upgrade".into())));
    edit(
        5,
        Edit::Describe(Some("the last one that worked \u{2713}".into())),
    );
    edit(5, Edit::Pin(true));
    edit(6, Edit::Tag("work".into()));
    edit(6, Edit::Tag("\u{e9}t\u{e9}".into()));
    edit(8, Edit::Archive(true));
    let mut named = new(100, Cause::Manual, server, day(100));
    named.name = Some("release".into());
    named.description = Some("line one\nline two".into());
    named.tags = vec!["z".into(), "a".into()];
    named.pinned = true;
    named.redactions = vec![
        RedactionCount {
            rule: "aws-key".into(),
            count: 2,
        },
        RedactionCount {
            rule: "password".into(),
            count: 1,
        },
    ];
    record(store, named);
    let mut undo = new(101, Cause::UndoPoint, server, day(101));
    undo.redactions = vec![RedactionCount {
        rule: "token".into(),
        count: 9,
    }];
    record(store, undo);
    // Without texts.
    let (mut state, _) = day(102);
    for session in &mut state.sessions {
        for tab in &mut session.tabs {
            tab.panes.iter_mut().for_each(|pane| pane.contents = None);
        }
    }
    let mut bare = new(102, Cause::Manual, server, (state, Vec::new()));
    bare.partial = true;
    record(store, bare);
    // Of one session.
    let (mut state, contents) = day(103);
    state.sessions.truncate(1);
    let mut one = new(103, Cause::Manual, server, (state, contents));
    one.partial = true;
    one.name = Some("one session".into());
    record(store, one);
    record(store, new(104, Cause::Manual, server, strange()));
}

/// Gaps in the numbers, and what is in the trash.
fn removed(store: &Store, ids: &[SnapshotId]) {
    let every = |of: usize, from: usize| -> Vec<SnapshotId> {
        ids.iter().skip(from).step_by(of).copied().collect()
    };
    store.trash(&every(10, 3), Millis(START + 500_000)).unwrap();
    store.empty_trash().unwrap();
    // A named one and plain ones.
    store
        .edit(&ids[14..=14], &Edit::Rename(Some("thrown away".into())))
        .unwrap();
    store
        .trash(&every(30, 14), Millis(START + 600_000))
        .unwrap();
    store.trash(&ids[20..=20], Millis(START + 601_000)).unwrap();
}

fn lives(store: &Store, first: &ServerIdentity, other: &ServerIdentity, second: &ServerIdentity) {
    let life = |server: &ServerIdentity, end, recovery| Life {
        server: server.clone(),
        first_seen: Millis(START),
        last_seen: Millis(START + 104_000),
        end,
        recovery,
    };
    let ended = |cause| {
        let noticed = Millis(START + 298_000);
        Some(LifeEnd { noticed, cause })
    };
    let reboot = ended(EndCause::Reboot);
    store
        .note_life(&life(first, reboot, RecoveryState::Recovered))
        .unwrap();
    let gone = ended(EndCause::ServerGone);
    store
        .note_life(&life(other, gone, RecoveryState::Dismissed))
        .unwrap();
    store
        .note_life(&life(second, None, RecoveryState::Open))
        .unwrap();
    // Met, and never recorded.
    let mut brief = first.clone();
    brief.process.as_mut().unwrap().pid = 9;
    let closed = ended(EndCause::Closed);
    store
        .note_life(&life(&brief, closed, RecoveryState::Open))
        .unwrap();
}

pub(super) fn text(main: impl Into<BString>) -> Contents {
    Contents {
        main: main.into(),
        alternate: None,
    }
}

fn log(lines: std::ops::Range<u32>) -> String {
    let line = |line: u32| {
        let noise = line.wrapping_mul(2_654_435_761) >> 12;
        let ms = noise % 97;
        format!(
            "[{line:06}] \x1b[32mGET\x1b[0m /api/v{}/{noise:x} 200 {ms}ms\n",
            line % 7
        )
    };
    lines.map(line).collect()
}

/// A server with two sessions at a step of a day: a log, a full-screen program over a shell, a
/// shell.
fn day(step: u32) -> (ServerState, Vec<Contents>) {
    let top = format!("top - up {step} min\n{}", log(step % 5..step % 5 + 20));
    let texts = vec![
        text(log(step.saturating_sub(40) * 3..400 + step * 3)),
        Contents {
            main: text(log(0..30)).main,
            alternate: Some(top.into()),
        },
        text(format!("$ make\n{}$ ", log(7..7 + step / 9))),
    ];
    let mut state = ServerState {
        buffers: Vec::new(),
        sessions: vec![
            session("api", 1, tab(1, &texts[..2], step)),
            session("docs", 2, tab(0, &texts[2..], step)),
        ],
    };
    state.sort();
    (state, texts)
}

/// What is allowed and rare: bytes that are no UTF-8, nested splits, every optional field.
fn strange() -> (ServerState, Vec<Contents>) {
    let texts: Vec<Contents> = vec![
        text(&b"caf\xe9 \xff\xfe\n\x1b[1mbold\x1b[0m\n"[..]),
        text(""),
        text("\u{1f4fc} \u{e9}\u{301}\n".repeat(300)),
    ];
    let mut odd = tab(7, &texts, 0);
    odd.layout = Layout {
        gap: 1,
        root: nested(),
    };
    odd.handle = None;
    odd.name = BString::from(&b"\xc3("[..]);
    odd.zoomed = true;
    odd.synchronized = true;
    odd.last = true;
    odd.automatic_rename = AutomaticRename::Off;
    for (pane, rect) in odd.panes.iter_mut().zip(RECTS) {
        pane.rect = rect;
    }
    let pane = &mut odd.panes[1];
    pane.handle = None;
    pane.exit = Some(ExitState { status: Some(-1) });
    pane.marked = true;
    pane.last = true;
    pane.screen = Screen {
        cursor_x: 3,
        cursor_y: 4,
        alternate: true,
        history: 12,
        scroll: Some(5),
    };
    pane.program = Some(Program {
        argv: vec!["vim".into(), BString::from(&b"\xff.txt"[..])],
        exe: Some("/usr/bin/vim".into()),
        cwd: Some(BString::from(&b"/tmp/\xe9"[..])),
        pipeline: vec![vec!["grep".into(), "-v".into(), "x".into()]],
        redacted: true,
    });
    odd.panes[2].exit = Some(ExitState { status: None });
    odd.panes[2].contents = None;
    let mut own = session("", 9, odd);
    own.name = BString::from(&b"caf\xe9"[..]);
    own.cwd = BString::from(&b"/home/me/\xff"[..]);
    own.group = Some(BString::from(&b"gr\xfcppe"[..]));
    own.handle = None;
    let mut other = tab(8, &texts[..1], 1);
    other.active = false;
    other.automatic_rename = AutomaticRename::On;
    own.tabs.push(other);
    fill_details(&mut own);
    let buffer = |name: &str, data: &[u8]| Buffer {
        name: name.into(),
        data: data.into(),
    };
    (
        ServerState {
            buffers: vec![buffer("buffer1", b"\xff copied"), buffer("named", b"")],
            sessions: vec![own],
        },
        texts,
    )
}

fn settings(value: &str) -> Vec<Setting> {
    let setting = |name: &str, value: &str| Setting {
        name: name.into(),
        value: value.into(),
    };
    vec![setting("@own", value), setting("update-environment[3]", "")]
}

fn hooks(command: &str) -> Vec<Hook> {
    vec![Hook {
        event: "pane-died[0]".into(),
        command: command.into(),
    }]
}

fn variables() -> Vec<Variable> {
    let variable = |name: &str, value: Option<&str>, hidden| Variable {
        name: name.into(),
        value: value.map(BString::from),
        hidden,
    };
    vec![
        variable("GONE", None, false),
        variable("STAGE", Some("t\u{e9}st"), true),
    ]
}

/// Something in every detail that there is.
fn fill_details(session: &mut Session) {
    session.detail = SessionDetail {
        settings: settings("session"),
        hooks: hooks("display-message a"),
        environment: variables(),
        recent: vec![8, 7],
        created: Some(Millis(START - 5)),
        last_attached: Some(Millis(START)),
    };
    let [odd, other] = &mut session.tabs[..] else {
        panic!("two tabs");
    };
    odd.detail = TabDetail {
        settings: settings("tab"),
        hooks: hooks("display-message b"),
    };
    let mut floating = odd.panes[2].clone();
    floating.index = 3;
    floating.handle = None;
    floating.rect = rect(0, 2, 30, 10);
    floating.detail = floating_detail();
    odd.panes.push(floating);
    odd.panes[0].detail.launch = launch();
    // One shows no more than its place.
    let place = &other.panes[0];
    other.panes[0] = Pane {
        title: BString::default(),
        cwd: BString::default(),
        shell: Vec::new(),
        program: None,
        contents: None,
        screen: Screen::default(),
        detail: PaneDetail {
            withheld: Some(Withheld::Private),
            ..PaneDetail::default()
        },
        ..place.clone()
    };
}

fn floating_detail() -> PaneDetail {
    PaneDetail {
        settings: settings("pane"),
        hooks: hooks("display-message c"),
        environment: variables(),
        start_command: "tail -f x".into(),
        shells: vec![vec!["bash".into()], vec!["zsh".into(), "-i".into()]],
        checkout: Some(Checkout {
            root: "/src".into(),
            branch: Some("main".into()),
            commit: "0123abcd".into(),
            repository: Some("/src/.git".into()),
        }),
        mode: "copy-mode".into(),
        search: "needle".into(),
        input_off: true,
        piped: true,
        terminal: TerminalModes {
            cursor_hidden: true,
            insert: true,
            keypad_cursor: true,
            keypad: true,
            origin: true,
            no_wrap: true,
            mouse: true,
            scroll_region: Some((1, 9)),
        },
        floating: Some(Floating {
            left: -1,
            top: 2,
            width: 30,
            height: 10,
            behind: Some(0),
        }),
        withheld: None,
        launch: Launch::default(),
    }
}

/// Every way in which a stream can lead elsewhere.
fn launch() -> Launch {
    use StandardStream::{Errors, Input, Output};
    let to = |stream, target| Redirection { stream, target };
    let path = || BString::from(&b"/tmp/\xff"[..]);
    let lost = |what| RedirectTarget::Lost(what);
    Launch {
        titled: Some(vec!["npm".into(), "run dev".into()]),
        redirections: vec![
            to(Input, RedirectTarget::Read(path())),
            to(Output, RedirectTarget::Write(path())),
            to(Output, RedirectTarget::Append(path())),
            to(Input, RedirectTarget::ReadWrite(path())),
            to(Errors, RedirectTarget::Output),
            to(Input, lost(LostTarget::Deleted)),
            to(Output, lost(LostTarget::Socket)),
            to(Errors, lost(LostTarget::Terminal)),
            to(Errors, lost(LostTarget::Nameless)),
        ],
        variables: variables(),
    }
}

pub(super) const fn rect(left: u16, top: u16, width: u16, height: u16) -> Rect {
    Rect {
        left,
        top,
        width,
        height,
    }
}

const RECTS: [Rect; 3] = [
    rect(0, 0, 40, 24),
    rect(41, 0, 39, 12),
    rect(41, 13, 39, 11),
];

fn nested() -> Cell {
    let pane = |pane: u32, rect| Cell::Pane { rect, pane };
    let right = Cell::Split {
        rect: rect(41, 0, 39, 24),
        axis: Axis::Rows,
        children: vec![pane(1, RECTS[1]), pane(2, RECTS[2])],
    };
    Cell::Split {
        rect: rect(0, 0, 80, 24),
        axis: Axis::Columns,
        children: vec![pane(0, RECTS[0]), right],
    }
}

fn session(name: &str, handle: u32, tab: Tab) -> Session {
    Session {
        life: Default::default(),
        detail: Default::default(),
        handle: Some(SessionId::of(handle.into())),
        name: name.into(),
        cwd: format!("/home/me/{name}").into(),
        group: None,
        tabs: vec![tab],
    }
}

/// A tab whose panes lie side by side and show these texts.
fn tab(index: u32, texts: &[Contents], step: u32) -> Tab {
    let count = u16::try_from(texts.len()).unwrap();
    let rects: Vec<Rect> = (0..count).map(|at| rect(at * 21, 0, 20, 24)).collect();
    let cells = (0..)
        .zip(&rects)
        .map(|(pane, rect)| Cell::Pane { rect: *rect, pane });
    let mut cells: Vec<Cell> = cells.collect();
    let root = if cells.len() == 1 {
        cells.remove(0)
    } else {
        Cell::Split {
            rect: rect(0, 0, count * 21 - 1, 24),
            axis: Axis::Columns,
            children: cells,
        }
    };
    let panes = (0..).zip(texts.iter().zip(rects));
    Tab {
        detail: Default::default(),
        handle: Some(TabId::of(index.into())),
        index,
        name: format!("tab {index}").into(),
        active: true,
        last: false,
        zoomed: false,
        synchronized: false,
        automatic_rename: AutomaticRename::Unset,
        layout: Layout { gap: 1, root },
        panes: panes
            .map(|(at, (text, rect))| pane(index, at, text, rect, step))
            .collect(),
    }
}

fn pane(tab: u32, index: u32, text: &Contents, rect: Rect, step: u32) -> Pane {
    Pane {
        attachments: Vec::new(),
        detail: Default::default(),
        handle: Some(PaneHandle {
            id: PaneId::of(u64::from(tab * 100 + index)),
            pid: Some(4000 + i32::try_from(index).unwrap()),
        }),
        index,
        title: format!("me@host: ~/src ({})", step / 4).into(),
        cwd: "/home/me/src".into(),
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
