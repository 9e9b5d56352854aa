//! Small worlds for tests: two moments of a server with three sessions, and what its panes showed.

use std::collections::BTreeMap;
use std::sync::Arc;

use bstr::BString;

use crate::model::contents::Contents;
use crate::model::detail::{Checkout, PaneDetail};
use crate::model::geometry::{Axis, Cell, Layout, Rect};
use crate::model::id::SnapshotId;
use crate::model::program::Program;
use crate::model::snapshot::{
    BootId, Cause, ChangeCount, MuxKind, ServerIdentity, ServerProcess, SessionSummary, Snapshot,
    SnapshotMeta,
};
use crate::model::time::Millis;
use crate::model::tree::{AutomaticRename, Pane, PaneHandle, Screen, ServerState, Session, Tab};
use crate::model::tree::{PaneId, SessionId, TabId};

use super::library::Texts;

/// Tuesday 20 October 2026, 11:40:02 UTC.
pub(crate) const ELEVEN_FORTY: Millis = Millis(1_792_496_402_000);
/// Tuesday 20 October 2026, 14:32:18 UTC.
pub(crate) const NOW: Millis = Millis(ELEVEN_FORTY.0 + 10_336_000);

/// A world: the state and the texts of its panes.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) state: ServerState,
    pub(crate) texts: Texts,
}

/// A pane to be: where it runs what, and what it shows.
struct Seed<'a> {
    argv: &'a [&'a str],
    cwd: &'a str,
    text: &'a str,
}

impl World {
    /// What a server looked like at 11:40:02.
    pub(crate) fn before() -> World {
        let mut world = World::default();
        let log: String = (100..186)
            .map(|n| format!("GET /api/v{n} 200 {}ms\n", n % 40))
            .collect();
        let tail = format!("{log}POST /api/login 401 9ms\npool size 8\nGET /health 200 1ms\n");
        let editor = [
            Seed {
                argv: &["nvim", "lib.rs"],
                cwd: "/home/me/src/api",
                text: "pub mod api;\n",
            },
            Seed {
                argv: &["tail", "-f", "api.log"],
                cwd: "/home/me/src/api",
                text: &tail,
            },
        ];
        let mut tabs = vec![world.tab(1, "editor", &editor)];
        tabs.push(world.tab(2, "logs", &[SHELL]));
        tabs.push(world.tab(3, "db", &[SHELL]));
        tabs.push(world.tab(4, "scratch", &[SHELL]));
        world.session("api", tabs);
        world.others();
        world
    }

    /// What it looks like now.
    pub(crate) fn now() -> World {
        let mut world = World::default();
        let log: String = (100..186)
            .map(|n| format!("GET /api/v{n} 200 {}ms\n", n % 40))
            .collect();
        let tail = format!(
            "{log}POST /api/login 200 11ms\npool size 32\nwarn: slow query 412ms\n  select * from tape\n\
             GET /health 200 1ms\nGET /api/v9 500 3ms\n"
        );
        let editor = [
            Seed {
                argv: &["nvim", "main.rs"],
                cwd: "/home/me/src/api",
                text: "\x1b[35mfn\x1b[0m main() {\n    let tape = Tape::open(path)?;\n    for s in tape.iter() {\n        println!(\"{s}\");\n    }\n}\n\x1b[34m~\x1b[0m\n\x1b[34m~\x1b[0m\n",
            },
            Seed {
                argv: &["tail", "-f", "api.log"],
                cwd: "/home/me/src/api",
                text: &tail,
            },
            Seed {
                argv: &[],
                cwd: "/home/me/src/api",
                text: "\x1b[32mme@box\x1b[0m:~/src/api$ cargo test\n   \x1b[1;32mCompiling\x1b[0m api v0.4.1\n\x1b[1;31merror\x1b[0m: test failed\n",
            },
        ];
        let mut tabs = vec![world.tab(1, "editor", &editor)];
        tabs.push(world.tab(2, "logs", &[SHELL]));
        tabs.push(world.tab(3, "db", &[SHELL]));
        world.session("api", tabs);
        world.others();
        world
    }

    fn others(&mut self) {
        for name in ["infra", "web"] {
            let tab = self.tab(1, "dev", &[SHELL]);
            self.session(name, vec![tab]);
        }
        self.state.sort();
    }

    fn session(&mut self, name: &str, tabs: Vec<Tab>) {
        let handle = u64::try_from(self.state.sessions.len()).ok();
        self.state.sessions.push(Session {
            life: Default::default(),
            detail: Default::default(),
            handle: handle.map(SessionId::of),
            name: name.into(),
            cwd: "/home/me".into(),
            group: None,
            tabs,
        });
    }

    /// A tab of 201 by 50: the first pane at the left, the others at the right, below each other.
    fn tab(&mut self, index: u32, name: &str, seeds: &[Seed<'_>]) -> Tab {
        let layout = main_vertical(u32::try_from(seeds.len()).unwrap());
        let panes = layout.panes().into_iter().zip(seeds);
        let panes: Vec<Pane> = panes
            .map(|((at, rect), seed)| self.pane(at, rect, seed))
            .collect();
        Tab {
            detail: Default::default(),
            handle: Some(TabId::of(index.into())),
            index,
            name: name.into(),
            active: index == 1,
            last: false,
            zoomed: false,
            synchronized: false,
            automatic_rename: AutomaticRename::Unset,
            layout,
            panes,
        }
    }

    fn pane(&mut self, index: u32, rect: Rect, seed: &Seed<'_>) -> Pane {
        let contents = Contents {
            main: seed.text.into(),
            alternate: None,
        };
        let reference = contents.reference();
        self.texts.insert(reference.digest, Arc::new(contents));
        let argv: Vec<BString> = seed.argv.iter().map(|arg| BString::from(*arg)).collect();
        Pane {
            attachments: Vec::new(),
            detail: PaneDetail {
                checkout: Some(Checkout {
                    root: seed.cwd.into(),
                    branch: Some("main".into()),
                    ..Checkout::default()
                }),
                ..PaneDetail::default()
            },
            handle: Some(PaneHandle {
                id: PaneId::of(index.into()),
                pid: Some(41_233),
            }),
            index,
            title: "box".into(),
            cwd: seed.cwd.into(),
            active: index == 1,
            last: false,
            marked: false,
            rect,
            shell: vec!["-zsh".into()],
            program: (!argv.is_empty()).then_some(Program {
                argv,
                exe: None,
                cwd: None,
                pipeline: Vec::new(),
                redacted: false,
            }),
            exit: None,
            screen: Screen::default(),
            contents: Some(reference),
        }
    }

    /// The world as a snapshot made at `time`.
    pub(crate) fn snapshot(&self, time: Millis) -> Snapshot {
        let id = SnapshotId::new(time, 7, None);
        let sessions = self.state.sessions.iter().map(|session| SessionSummary {
            life: Default::default(),
            name: session.name.clone(),
            mark: session.digest().mark(),
            tabs: u32::try_from(session.tabs.len()).unwrap(),
            panes: u32::try_from(
                session
                    .tabs
                    .iter()
                    .map(|tab| tab.panes.len())
                    .sum::<usize>(),
            )
            .unwrap(),
        });
        Snapshot {
            meta: SnapshotMeta {
                id,
                parent: None,
                time,
                cause: Cause::Event,
                provenance: Default::default(),
                name: None,
                notes: Vec::new(),
                tags: Vec::new(),
                pinned: false,
                partial: false,
                archived: false,
                host: "box".into(),
                server: server(),
                root: self.state.digest(),
                sessions: sessions.collect(),
                changes: ChangeCount {
                    added: 1,
                    removed: 0,
                    changed: 2,
                },
                stored_bytes: 3_174,
                logical_bytes: 2_516_582,
                took_ms: 41,
                redactions: Vec::new(),
                gap: None,
            },
            state: self.state.clone(),
        }
    }
}

const SHELL: Seed<'static> = Seed {
    argv: &[],
    cwd: "/home/me",
    text: "me@box:~$ ",
};

/// The server of the samples.
pub(crate) fn server() -> ServerIdentity {
    ServerIdentity {
        mux: MuxKind::Tmux,
        socket: "/tmp/tmux-1000/default".into(),
        version: "3.5a".into(),
        process: Some(ServerProcess {
            pid: 812,
            started: Millis(ELEVEN_FORTY.0 - 9_000_000),
        }),
        boot: BootId("b8c1".into()),
    }
}

fn main_vertical(panes: u32) -> Layout {
    let rect = |left, top, width, height| Rect {
        left,
        top,
        width,
        height,
    };
    let leaf = |pane, rect| Cell::Pane { rect, pane };
    let whole = rect(0, 0, 201, 50);
    let root = match panes {
        1 => leaf(1, whole),
        2 => Cell::Split {
            rect: whole,
            axis: Axis::Columns,
            children: vec![leaf(1, rect(0, 0, 100, 50)), leaf(2, rect(101, 0, 100, 50))],
        },
        _ => Cell::Split {
            rect: whole,
            axis: Axis::Columns,
            children: vec![
                leaf(1, rect(0, 0, 100, 50)),
                Cell::Split {
                    rect: rect(101, 0, 100, 50),
                    axis: Axis::Rows,
                    children: vec![
                        leaf(2, rect(101, 0, 100, 25)),
                        leaf(3, rect(101, 26, 100, 24)),
                    ],
                },
            ],
        },
    };
    Layout { gap: 1, root }
}

#[test]
fn the_worlds_can_be_true() {
    for world in [World::before(), World::now()] {
        world.state.check().unwrap();
        let shown: BTreeMap<_, _> = world.texts.iter().collect();
        assert!(!shown.is_empty());
    }
}

/// A plan for the world of now: `api` exists and comes back under another name, `infra` is there
/// already, a directory and a program have gone.
pub(crate) fn preview() -> crate::app::msg::Preview {
    use crate::model::target::Target;
    use crate::restore::{
        Chosen, Item, Level, Outlook, Plan, PlannedPane, PlannedSession, PlannedTab, Policy,
        SessionRef, Start, StepShown, TabRef, Warning, WarningLevel,
    };
    let world = World::now();
    let snapshot = world.snapshot(ELEVEN_FORTY);
    let session = world.state.session(b"api").unwrap();
    let tab = session.tab(1).unwrap();
    let target = |session: &str, tab, pane| Target {
        session: session.into(),
        tab,
        pane,
    };
    let panes = tab.panes.iter().map(|pane| PlannedPane {
        target: target("api", Some(1), Some(pane.index)),
        tab: TabRef(0),
        place: pane.index - 1,
        title: Some(pane.title.clone()),
        dir: pane.cwd.clone(),
        shell: pane.shell.clone(),
        shell_file: "/bin/zsh".into(),
        beginning: Default::default(),
        new: None,
        text: pane.contents.map(|text| text.digest),
        screen: pane.screen,
        size: pane.rect.size(),
        idle: pane.program.is_none(),
        start: [Start::Type, Start::Run, Start::Idle][usize::try_from(pane.index).unwrap() - 1],
        line: None,
        why: None,
        still: false,
        exit: None,
        mode: None,
        input_off: false,
        own: Default::default(),
        started: None,
    });
    let item = |level, target, label: &str, detail: &str, outlook| Item {
        level,
        target,
        label: label.into(),
        detail: detail.into(),
        outlook,
        start: None,
        chosen: if outlook == Outlook::Skip {
            Chosen::No
        } else {
            Chosen::Yes
        },
        warnings: Vec::new(),
        steps: Vec::new(),
        tab: None,
        pane: None,
    };
    let (create, rename, skip) = (Outlook::Create, Outlook::Rename, Outlook::Skip);
    let mut items = vec![
        item(
            Level::Session,
            target("api", None, None),
            "api",
            "exists → api-1140",
            rename,
        ),
        item(
            Level::Tab,
            target("api", Some(1), None),
            "1 editor",
            "window, layout main-vertical",
            create,
        ),
        item(
            Level::Pane,
            target("api", Some(1), Some(1)),
            "1.1 nvim main.rs",
            "~/src/api",
            create,
        ),
        item(
            Level::Pane,
            target("api", Some(1), Some(2)),
            "1.2 tail -f api.log",
            "~/src/api",
            create,
        ),
        item(
            Level::Pane,
            target("api", Some(1), Some(3)),
            "1.3 zsh",
            "cwd ~/src/old gone → ~/src",
            create,
        ),
        item(
            Level::Session,
            target("infra", None, None),
            "infra",
            "live and identical",
            skip,
        ),
        item(Level::Session, target("web", None, None), "web", "", create),
        item(
            Level::Tab,
            target("web", Some(1), None),
            "1 dev",
            "1 pane",
            create,
        ),
    ];
    items[2].start = Some(Start::Type);
    items[3].start = Some(Start::Run);
    items[4].warnings = vec![0];
    crate::app::msg::Preview {
        script: "#!/bin/sh\ntmux new-session -d -s api-1140\n".to_owned(),
        plan: Plan {
            foreign: false,
            snapshot: snapshot.meta.id,
            starts_server: false,
            policy: Policy::default(),
            sessions: vec![PlannedSession {
                from: "api".into(),
                to: "api-1140".into(),
                temporary: "muxtape-0".into(),
                dir: "/home/me".into(),
                ..Default::default()
            }],
            tabs: vec![PlannedTab {
                target: target("api", Some(1), None),
                session: SessionRef(0),
                index: 1,
                name: "editor".into(),
                automatic_rename: Default::default(),
                size: tab.size(),
                panes: Vec::new(),
                layout: tab.layout.renumbered(&|pane| pane.checked_sub(1)),
                active: None,
                last: None,
                marked: None,
                zoomed: false,
                synchronized: false,
                own: Default::default(),
                joins: None,
            }],
            panes: panes.collect(),
            buffers: Vec::new(),
            steps: vec![StepShown {
                action: "select_pane",
                target: "api-1140:1.1".into(),
                command: "select-pane -t %p0".into(),
                note: None,
            }],
            items,
            warnings: vec![Warning {
                level: WarningLevel::Warning,
                kind: "missing directory",
                component: "api:1.3".into(),
                issue: "~/src/old does not exist".into(),
                fallback: "opened in ~/src, the nearest directory above it".into(),
                suggestion: "Another place: m".into(),
            }],
            loses: Vec::new(),
            fingerprint: world.state.digest(),
            relies: Default::default(),
        },
        snapshot: Arc::new(snapshot),
        texts: world.texts,
    }
}

/// What carrying out [`preview`] could have led to.
pub(crate) fn report() -> crate::restore::Report {
    use crate::restore::{Made, Outcome, Report, Row, Status};
    let plan = preview().plan;
    let outcomes = [
        Outcome::Done,
        Outcome::Done,
        Outcome::Done,
        Outcome::Failed,
        Outcome::Warned,
        Outcome::Skipped,
        Outcome::Done,
        Outcome::Done,
    ];
    let rows = plan.items.iter().zip(outcomes).map(|(item, outcome)| Row {
        level: item.level,
        target: item.target.clone(),
        label: item.label.clone(),
        outcome,
        detail: match outcome {
            Outcome::Failed => "tail: command not found; left at a shell".into(),
            _ => item.detail.clone(),
        },
        start: item.start,
        more: match outcome {
            Outcome::Failed => vec!["typed: tail -f api.log".into(), "exit 127".into()],
            _ => Vec::new(),
        },
    });
    Report {
        status: Status::Partial,
        snapshot: plan.snapshot,
        sessions: vec![Made {
            from: "api".into(),
            to: "api-1140".into(),
            id: SessionId::of(31),
            called: "$31".into(),
        }],
        tabs_restored: 2,
        tabs_failed: 0,
        panes_restored: 3,
        panes_failed: 1,
        programs_run: 0,
        programs_typed: 1,
        rows: rows.collect(),
        warnings: plan.warnings,
        errors: Vec::new(),
        replaced: Vec::new(),
        panes: Vec::new(),
        server: Some(preview().snapshot.meta.server.clone()),
        undo: Some(plan.snapshot),
        duration_ms: 2_410,
    }
}

/// An offer to bring the world of 11:40 back, and a snapshot ten minutes before it.
pub(crate) fn offer() -> crate::restore::recovery::Offer {
    use crate::model::snapshot::{EndCause, Life, LifeEnd, RecoveryState};
    use crate::restore::recovery::{Offer, OfferedSession};
    let world = World::now();
    let newest = world.snapshot(ELEVEN_FORTY).meta;
    let earlier = World::before()
        .snapshot(Millis(ELEVEN_FORTY.0 - 600_000))
        .meta;
    let last_seen = Millis(ELEVEN_FORTY.0 + 10_000);
    Offer {
        life: Life {
            server: server(),
            first_seen: server().process.unwrap().started,
            last_seen,
            end: Some(LifeEnd {
                noticed: Millis(last_seen.0 + 1_000),
                cause: EndCause::Reboot,
            }),
            recovery: RecoveryState::Open,
        },
        cause: EndCause::Reboot,
        evident: true,
        last_seen,
        sessions: newest
            .sessions
            .iter()
            .map(|summary| OfferedSession {
                summary: summary.clone(),
                back: summary.name == "infra",
            })
            .collect(),
        snapshots: vec![newest, earlier],
    }
}
