//! Everything that is written down, in examples of all that it can be: how it is made up, and its
//! bytes. A difference means that stores that people have can no longer be read: then the form
//! needs a new number, and the old one is still read (`CONTRIBUTING.md`, "Changing a stored form").

use std::collections::BTreeMap;
use std::fmt::{Debug, Write};
use std::path::Path;

use serde::Serialize;

use crate::model::SnapshotId;
use crate::model::contents::Contents;
use crate::model::detail::{
    Buffer, Checkout, Floating, Hook, PaneDetail, SessionDetail, Setting, TabDetail, TerminalModes,
    Variable, Withheld,
};
use crate::model::digest::Digest;
use crate::model::geometry::{Axis, Cell, Layout, Rect};
use crate::model::launch::{Launch, LostTarget, RedirectTarget, Redirection, StandardStream};
use crate::model::program::Program;
use crate::model::snapshot::{
    BootId, Cause, ChangeCount, EndCause, Gap, GapReason, Life, LifeEnd, LifeId, MuxKind, Note,
    NoteKind, Provenance, RecoveryState, RedactionCount, ServerIdentity, ServerProcess,
    SnapshotMeta, Trust,
};
use crate::model::time::Millis;
use crate::model::tree::{
    Attachment, AttachmentKind, AutomaticRename, ContentsRef, ExitState, Pane, PaneHandle, PaneId,
    Screen, ServerState, Session, SessionId, Tab, TabId,
};
use crate::store::Storing;
use crate::store::care::migrate::progress;
use crate::store::care::retention;
use crate::store::care::rewrite::Rewrite;
use crate::store::file::schema::{SUPPORTED, Schema};
use crate::store::portable;
use crate::store::record::codec::{self, Codec};
use crate::store::record::counters::Counters;
use crate::store::record::frame::{self, Kind};
use crate::store::record::ids::Stored as StoredId;
use crate::store::record::link::{Head, What};
use crate::store::record::request::Recording;
use crate::store::snapshot::metadata::{Entry, MetaRecord, Origin, TrashRecord};
use crate::store::snapshot::rosters::{self, Roster};
use crate::store::snapshot::structure::Stored;
use crate::store::spool;
use crate::store::text::dictionary::Account;
use crate::store::text::filters::{Filter, FilterKind};
use crate::store::text::texts::{Extent, Version};
use crate::store::text::{literals, patched};

/// The line length of the file.
const WIDTH: usize = 100;

/// Every variant of a type; one that is not named does not compile.
macro_rules! every {
    ($type:ident: $($variant:ident $(($($tuple:expr),*))? $({$($field:ident: $value:expr),*})?),+ $(,)?) => {{
        fn known(one: &$type) {
            match one {
                $($type::$variant { .. } => {})+
            }
        }
        let all = vec![$($type::$variant $(($($tuple),*))? $({$($field: $value),*})?),+];
        all.iter().for_each(known);
        all
    }};
}

/// What is written of each kind: how it is made up, and its bytes.
type Described = BTreeMap<String, (String, Vec<u8>)>;

fn described() -> Described {
    let mut all = Described::new();
    let mut add = |name: &str, value: &dyn Debug, bytes: Vec<u8>| {
        let before = all.insert(name.to_owned(), (format!("{value:?}"), bytes));
        assert!(before.is_none(), "{name} stands twice");
    };
    for (kind, debug, bytes) in records() {
        add(&format!("{} {kind:?}", kind as u8), &Plain(debug), bytes);
    }
    let spooled: Vec<_> = recorded().into_iter().map(spool::example).collect();
    add("spool", &spooled, bytes_of(&spooled));
    all
}

/// Text that is shown as it is.
struct Plain(String);

impl Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn bytes_of<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).unwrap()
}

fn one<T: Serialize + Debug>(kind: Kind, value: &T) -> (Kind, String, Vec<u8>) {
    (kind, format!("{value:?}"), bytes_of(value))
}

/// What stands in each kind of record.
fn records() -> Vec<(Kind, String, Vec<u8>)> {
    let entry = entry();
    let roster = roster();
    let meta = MetaRecord::new(&entry, &roster);
    let trashed = TrashRecord {
        meta: meta.clone(),
        since: Millis(9),
    };
    let what = What {
        id: StoredId::from(id()),
        root: Digest([5; 32]),
    };
    let links = (
        Head {
            seq: 64,
            link: Digest([6; 32]),
        },
        [None, Some(what)],
    );
    let version = Version {
        dictionary: Account::default(),
        main: vec![Extent {
            literal: 300,
            offset: 2,
            len: 3,
        }],
        alternate: Some(Vec::new()),
    };
    let beginning = patched::example();
    let filters: Vec<Filter> = every!(FilterKind: Trigrams)
        .into_iter()
        .map(|kind| Filter {
            kind,
            bits: vec![1, 2],
        })
        .collect();
    vec![
        one(Kind::Schema, &schema()),
        one(Kind::Counters, &counters()),
        one(Kind::Meta, &(meta, causes(), provenances(), gaps())),
        one(Kind::Trashed, &trashed),
        one(Kind::State, &(&beginning, stored())),
        one(Kind::Origin, &origins()),
        one(Kind::Life, &lives()),
        one(Kind::Version, &(&beginning, text(3), version)),
        one(Kind::Literal, &literals::examples()),
        one(Kind::Roster, &roster),
        one(Kind::Link, &links),
        one(Kind::Jumps, &retention::example()),
        one(Kind::Migration, &progress::example()),
        one(Kind::Rewrites, &[rewrite()]),
        one(Kind::Filter, &filters),
        one(Kind::PortableText, &contents()),
        one(
            Kind::PortableSnapshot,
            &portable::example(&entry.meta, state()),
        ),
    ]
}

fn schema() -> Schema {
    Schema {
        format: SUPPORTED,
        oldest_reader: SUPPORTED,
        app: "0.1.0".into(),
        store: [9; 16],
    }
}

fn counters() -> Counters {
    Counters {
        seq: 1,
        version: 2,
        literal: 3,
        origin: 4,
        roster: 6,
        newest: Some(id()),
        removed: 5,
        head: Head::default(),
    }
}

fn rewrite() -> Rewrite {
    Rewrite {
        time: Millis(1),
        app: "0.1.0".into(),
        snapshots: 3,
        changed: 2,
        removed: 1,
    }
}

fn contents() -> [Contents; 2] {
    let text = |alternate| Contents {
        main: "$ ".into(),
        alternate,
    };
    [text(None), text(Some("~".into()))]
}

fn id() -> SnapshotId {
    SnapshotId::new(Millis(1_790_000_000_000), 7, None)
}

fn server() -> Vec<ServerIdentity> {
    let of = |mux| {
        let process = ServerProcess {
            pid: 100,
            started: Millis(1_790_000_000_000),
        };
        ServerIdentity {
            mux,
            socket: "/tmp/s".into(),
            version: "3.3a".into(),
            process: (mux == MuxKind::Tmux).then_some(process),
            boot: BootId("boot".into()),
        }
    };
    every!(MuxKind: Tmux, Zellij).into_iter().map(of).collect()
}

fn origins() -> Vec<Origin> {
    let of = |server| Origin {
        host: "laptop".into(),
        server,
    };
    server().into_iter().map(of).collect()
}

fn causes() -> Vec<Cause> {
    every!(Cause: Manual, Auto, Event, UndoPoint, Import)
}

fn provenances() -> Vec<Provenance> {
    let of = |trust| {
        every!(Provenance:
            Recorded,
            Imported { trust: trust },
            Synced { store: [3; 16], trust: trust },
        )
    };
    let trusts = every!(Trust: Foreign, Trusted).into_iter();
    trusts.flat_map(of).collect()
}

fn gaps() -> Vec<Gap> {
    let reasons = every!(GapReason: NotRunning, Paused, Asleep, NoAnswer, NotWritten);
    let of = |reason| Gap {
        since: Millis(7),
        reason,
    };
    reasons.into_iter().map(of).collect()
}

fn lives() -> Vec<Life> {
    let ends = every!(EndCause: Reboot, ServerGone, Closed);
    let recoveries = every!(RecoveryState: Open, Dismissed, Recovered);
    let lives = ends
        .into_iter()
        .zip(recoveries)
        .zip(server().into_iter().cycle());
    let lives = lives.map(|((cause, recovery), server)| Life {
        server,
        first_seen: Millis(1),
        last_seen: Millis(2),
        end: (recovery != RecoveryState::Open).then_some(LifeEnd {
            noticed: Millis(3),
            cause,
        }),
        recovery,
    });
    lives.collect()
}

/// Notes of every kind.
fn notes() -> Vec<Note> {
    let kinds = every!(NoteKind: User, Damage, Import).into_iter();
    let note = |kind| Note {
        time: (kind == NoteKind::User).then_some(Millis(8)),
        kind,
        text: "noted".into(),
    };
    kinds.map(note).collect()
}

fn redactions() -> Vec<RedactionCount> {
    vec![RedactionCount {
        rule: "password".into(),
        count: 2,
    }]
}

fn meta() -> SnapshotMeta {
    let state = state();
    SnapshotMeta {
        id: id(),
        parent: SnapshotId::from_u128(1),
        time: Millis(1_790_000_000_100),
        cause: Cause::Manual,
        provenance: Provenance::Synced {
            store: [3; 16],
            trust: Trust::Trusted,
        },
        name: Some("n".into()),
        notes: notes(),
        tags: vec!["a".into(), "b".into()],
        pinned: true,
        archived: true,
        partial: true,
        host: "laptop".into(),
        server: server().remove(0),
        root: Digest([1; 32]),
        sessions: state.summaries(),
        changes: ChangeCount {
            added: 1,
            removed: 2,
            changed: 3,
        },
        stored_bytes: 1,
        logical_bytes: 2,
        took_ms: 3,
        redactions: redactions(),
        gap: Some(Gap {
            since: Millis(7),
            reason: GapReason::Asleep,
        }),
    }
}

fn entry() -> Entry {
    Entry {
        seq: 1,
        origin: 300,
        roster: 2,
        meta: meta(),
    }
}

/// One from which the session differs.
fn roster() -> Roster {
    let mut sessions = meta().sessions;
    sessions[0].mark = 7;
    sessions[0].life = LifeId(u64::MAX);
    let record = codec::pack_value(Kind::Roster, 2, &sessions).unwrap();
    rosters::decode(2, &record).unwrap()
}

/// What is kept aside, stored in every way.
fn recorded() -> Vec<Recording> {
    let of = |storing| {
        let meta = meta();
        Recording {
            time: meta.time,
            random: 7,
            cause: meta.cause,
            name: meta.name,
            notes: meta.notes,
            tags: meta.tags,
            pinned: true,
            partial: true,
            host: meta.host,
            server: meta.server,
            state: ServerState::default(),
            contents: contents().to_vec(),
            took_ms: 3,
            redactions: meta.redactions,
            storing,
        }
    };
    let storings = every!(Storing: Auto, Incremental, Full);
    storings.into_iter().map(of).collect()
}

fn text(lines: u32) -> ContentsRef {
    ContentsRef {
        digest: Digest([2; 32]),
        bytes: 300,
        lines,
    }
}

fn stored() -> Stored {
    Stored {
        state: state(),
        shown: vec![0, 300],
        attached: vec![301],
    }
}

fn state() -> ServerState {
    let tab = |automatic_rename| Tab {
        handle: (automatic_rename == AutomaticRename::Off).then_some(TabId::of(300)),
        index: 1,
        name: "t".into(),
        active: true,
        last: true,
        zoomed: true,
        synchronized: true,
        automatic_rename,
        layout: Layout {
            gap: 1,
            root: cells(),
        },
        panes: Vec::new(),
        detail: TabDetail {
            settings: vec![setting()],
            hooks: vec![hook()],
        },
    };
    let renames = every!(AutomaticRename: On, Off, Unset);
    let mut tabs: Vec<Tab> = renames.into_iter().map(tab).collect();
    tabs[0].panes = panes();
    let session = Session {
        handle: Some(SessionId::of(300)),
        life: LifeId(1 << 60),
        name: "s".into(),
        cwd: "/".into(),
        group: Some("g".into()),
        tabs,
        detail: SessionDetail {
            settings: vec![setting()],
            hooks: vec![hook()],
            environment: vec![variable()],
            recent: vec![300],
            created: Some(Millis(1)),
            last_attached: None,
        },
    };
    ServerState {
        sessions: vec![session],
        buffers: vec![Buffer {
            name: "b".into(),
            data: "d".into(),
        }],
    }
}

fn cells() -> Cell {
    let rect = Rect {
        left: 1,
        top: 2,
        width: 300,
        height: 4,
    };
    let split = |axis| Cell::Split {
        rect,
        axis,
        children: Vec::new(),
    };
    let parts = every!(Cell:
        Pane { rect: rect, pane: 5 },
        Split { rect: rect, axis: Axis::Rows, children: Vec::new() },
        Stack { rect: rect, panes: vec![6, 7], expanded: 7 },
        Pinwheel { rect: rect, children: Vec::new() },
    );
    let splits = every!(Axis: Columns, Rows).into_iter().map(split);
    Cell::Pinwheel {
        rect,
        children: parts.into_iter().chain(splits).collect(),
    }
}

fn setting() -> Setting {
    Setting {
        name: "@o".into(),
        value: "v".into(),
    }
}

fn hook() -> Hook {
    Hook {
        event: "e[0]".into(),
        command: "c".into(),
    }
}

fn variable() -> Variable {
    Variable {
        name: "N".into(),
        value: Some("v".into()),
        hidden: true,
    }
}

/// A pane with nothing that it need not have, and one with all.
fn panes() -> Vec<Pane> {
    let mut all = full_pane();
    let bare = Pane {
        handle: Some(PaneHandle {
            id: PaneId::of(1 << 40),
            pid: None,
        }),
        program: None,
        exit: None,
        screen: Screen::default(),
        contents: None,
        attachments: Vec::new(),
        detail: PaneDetail::default(),
        ..all.clone()
    };
    let kinds = every!(AttachmentKind: ShellHistory, Transcript).into_iter();
    let attachments = kinds.map(|kind| Attachment {
        kind,
        name: "a".into(),
        text: text(1),
    });
    all.attachments = attachments.collect();
    let withheld = every!(Withheld: Private, Excluded).into_iter();
    let withheld = withheld.map(|why| {
        let mut pane = bare.clone();
        pane.detail.withheld = Some(why);
        pane
    });
    let withheld: Vec<Pane> = withheld.collect();
    [bare, all].into_iter().chain(withheld).collect()
}

fn full_pane() -> Pane {
    Pane {
        handle: Some(PaneHandle {
            id: PaneId::of(300),
            pid: Some(4000),
        }),
        index: 2,
        title: "t".into(),
        cwd: "/".into(),
        active: true,
        last: true,
        marked: true,
        rect: Rect::default(),
        shell: vec!["sh".into()],
        program: Some(Program {
            argv: vec!["vim".into()],
            exe: Some("/vim".into()),
            cwd: Some("/c".into()),
            pipeline: vec![vec!["p".into()]],
            redacted: true,
        }),
        exit: Some(ExitState { status: Some(-1) }),
        screen: Screen {
            cursor_x: 3,
            cursor_y: 4,
            alternate: true,
            history: 12,
            scroll: Some(5),
        },
        contents: Some(text(2)),
        attachments: Vec::new(),
        detail: full_detail(),
    }
}

fn full_detail() -> PaneDetail {
    PaneDetail {
        settings: vec![setting()],
        hooks: vec![hook()],
        environment: vec![variable()],
        start_command: "c".into(),
        shells: vec![vec!["zsh".into()]],
        checkout: Some(Checkout {
            root: "/r".into(),
            branch: Some("b".into()),
            commit: "0123".into(),
            repository: Some("/g".into()),
        }),
        mode: "copy-mode".into(),
        search: "s".into(),
        input_off: true,
        piped: true,
        terminal: TerminalModes {
            cursor_hidden: true,
            insert: false,
            keypad_cursor: true,
            keypad: false,
            origin: true,
            no_wrap: false,
            mouse: true,
            scroll_region: Some((1, 9)),
        },
        floating: Some(Floating {
            left: -1,
            top: 2,
            width: 3,
            height: 4,
            behind: Some(5),
        }),
        withheld: None,
        launch: launch(),
    }
}

fn launch() -> Launch {
    let streams = every!(StandardStream: Input, Output, Errors);
    let path = || "/p".into();
    let mut targets = every!(RedirectTarget:
        Read(path()),
        Write(path()),
        Append(path()),
        ReadWrite(path()),
        Output,
        Lost(LostTarget::Deleted),
    );
    let lost = every!(LostTarget: Deleted, Socket, Terminal, Nameless);
    targets.extend(lost.into_iter().map(RedirectTarget::Lost));
    let redirections = targets.into_iter().zip(streams.into_iter().cycle());
    Launch {
        titled: Some(vec!["t".into()]),
        redirections: redirections
            .map(|(target, stream)| Redirection { stream, target })
            .collect(),
        variables: vec![variable()],
    }
}

/// The file that says how each kind of record is made up.
fn shown(all: &Described) -> String {
    let mut shown = String::new();
    for (name, (value, bytes)) in all {
        let digest = blake3::hash(bytes).to_hex();
        let (digest, len) = (&digest[..32], bytes.len());
        let _ = write!(
            shown,
            "# {name}: {len} bytes, {digest}\n{}\n",
            wrapped(value)
        );
    }
    shown
}

fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().unwrap();
        if !last.is_empty() && last.len() + 1 + word.len() > WIDTH {
            lines.push(word.to_owned());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines.join("\n")
}

#[test]
fn what_is_written_down_is_of_the_present_form() {
    let all = described();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores");
    let path = path.join(SUPPORTED.to_string()).join("types.txt");
    let shown = shown(&all);
    if std::env::var_os("MUXTAPE_TEST_GOLDEN").is_some() && !path.exists() {
        std::fs::write(&path, &shown).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap();
    for (own, expected) in shown.lines().zip(expected.lines()) {
        assert_eq!(
            own, expected,
            "a stored type has changed: it needs a new form (CONTRIBUTING.md)"
        );
    }
    assert_eq!(shown.len(), expected.len());
}

#[test]
fn every_kind_of_record_is_described() {
    let known = records();
    for kind in Kind::ALL {
        // A further piece of the bytes of a literal.
        let described = kind == Kind::LiteralPart || known.iter().any(|(own, _, _)| *own == kind);
        assert!(described, "{kind:?}");
    }
}

#[test]
fn a_frame_is_these_bytes() {
    let record = frame::seal(Kind::Meta, 300, Codec::Raw, 3, b"abc");
    let hex: String = record.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "d76d0330ac020361626357922b2fd00aa87a");
}
