//! Any server state, for property tests.

use bstr::BString;
use proptest::prelude::*;

use super::contents::Contents;
use super::detail::{
    Buffer, Checkout, Hook, PaneDetail, SessionDetail, Setting, TabDetail, TerminalModes, Variable,
    Withheld,
};
use super::geometry::{Layout, Size, tests::any_layout};
use super::launch::{Launch, RedirectTarget, Redirection, StandardStream};
use super::program::Program;
use super::snapshot::LifeId;
use super::time::Millis;
use super::tree::{
    AutomaticRename, ExitState, Pane, PaneHandle, PaneId, Screen, ServerState, Session, SessionId,
    Tab, TabId,
};

/// Names as bytes, awkward ones included.
pub(crate) fn any_name() -> impl Strategy<Value = BString> {
    prop_oneof![
        "[a-z]{1,6}".prop_map(BString::from),
        Just(BString::from("#(touch x);")),
        Just(BString::from("a\nb\t\"'$()")),
        Just(BString::from("1:ünï")),
        Just(BString::from(&b"\xff\xfe"[..])),
    ]
}

fn any_argv() -> impl Strategy<Value = Vec<BString>> {
    proptest::collection::vec(any_name(), 1..4)
}

fn any_program() -> impl Strategy<Value = Program> {
    (any_argv(), proptest::option::of(any_name()), any::<bool>()).prop_map(
        |(argv, cwd, redacted)| Program {
            argv,
            exe: None,
            cwd,
            pipeline: Vec::new(),
            redacted,
        },
    )
}

fn any_tab(index: u32) -> impl Strategy<Value = Tab> {
    let size = (20u16..200, 8u16..60).prop_map(|(width, height)| Size { width, height });
    let layout = size.prop_flat_map(|size| any_layout(size, 1));
    (layout, any_name(), any::<(bool, u8, bool)>(), any::<u64>()).prop_flat_map(
        move |(layout, name, (zoomed, rename, synchronized), seed)| {
            let panes = panes_of(&layout, seed);
            let layout = layout.clone();
            let name = name.clone();
            panes.prop_map(move |panes| Tab {
                detail: TabDetail {
                    settings: if zoomed { settings(&name) } else { Vec::new() },
                    hooks: Vec::new(),
                },
                handle: Some(TabId::of(u64::from(index) * 7 + 1)),
                index,
                name: name.clone(),
                active: false,
                last: false,
                zoomed,
                synchronized,
                automatic_rename: match rename % 3 {
                    0 => AutomaticRename::On,
                    1 => AutomaticRename::Off,
                    _ => AutomaticRename::Unset,
                },
                layout: layout.clone(),
                panes,
            })
        },
    )
}

fn settings(value: &BString) -> Vec<Setting> {
    vec![Setting {
        name: "@any".into(),
        value: value.clone(),
    }]
}

fn any_pane_detail(seed: u64, name: &BString, argv: &[BString]) -> PaneDetail {
    if seed.is_multiple_of(3) {
        return PaneDetail::default();
    }
    PaneDetail {
        settings: settings(name),
        hooks: vec![Hook {
            event: "pane-died[0]".into(),
            command: name.clone(),
        }],
        environment: vec![Variable {
            name: name.clone(),
            value: (seed % 3 == 1).then(|| name.clone()),
            hidden: false,
        }],
        start_command: name.clone(),
        shells: vec![argv.to_vec()],
        checkout: Some(Checkout {
            root: name.clone(),
            ..Checkout::default()
        }),
        input_off: true,
        terminal: TerminalModes {
            scroll_region: Some((1, 5)),
            ..TerminalModes::default()
        },
        withheld: match seed % 5 {
            0 => Some(Withheld::Private),
            1 => Some(Withheld::Excluded),
            _ => None,
        },
        launch: match seed % 7 {
            0 => Launch {
                titled: Some(argv.to_vec()),
                redirections: vec![Redirection {
                    stream: StandardStream::Errors,
                    target: RedirectTarget::Write(name.clone()),
                }],
                variables: Vec::new(),
            },
            _ => Launch::default(),
        },
        ..PaneDetail::default()
    }
}

fn panes_of(layout: &Layout, seed: u64) -> impl Strategy<Value = Vec<Pane>> + use<> {
    let placed = layout.panes();
    let count = placed.len();
    let one = (
        any_name(),
        any_argv(),
        proptest::option::of(any_program()),
        ".{0,12}",
    );
    proptest::collection::vec(one, count).prop_map(move |all| {
        let active = usize::try_from(seed % count as u64).unwrap();
        let panes = all.into_iter().zip(&placed).enumerate();
        panes
            .map(|(at, ((name, shell, program, text), (index, rect)))| Pane {
                attachments: Vec::new(),
                detail: any_pane_detail(seed.rotate_right(*index), &name, &shell),
                handle: Some(PaneHandle {
                    id: PaneId::of(u64::from(*index) + 100),
                    pid: Some(1000),
                }),
                index: *index,
                title: name.clone(),
                cwd: name,
                active: at == active,
                last: false,
                marked: false,
                rect: *rect,
                shell,
                program,
                exit: (seed.is_multiple_of(17)).then_some(ExitState { status: Some(1) }),
                screen: Screen {
                    cursor_y: 1,
                    ..Screen::default()
                },
                contents: Some(
                    Contents {
                        main: text.into(),
                        alternate: None,
                    }
                    .reference(),
                ),
            })
            .collect()
    })
}

/// The state with all its sessions in another life.
pub(crate) fn in_life(mut state: ServerState, life: u64) -> ServerState {
    state
        .sessions
        .iter_mut()
        .for_each(|session| session.life = LifeId(life));
    state
}

/// Any state that [`ServerState::check`] accepts.
pub(crate) fn any_state() -> impl Strategy<Value = ServerState> {
    let tabs = proptest::collection::btree_set(0u32..6, 1..3).prop_flat_map(|indexes| {
        indexes
            .into_iter()
            .map(|index| any_tab(index).boxed())
            .collect::<Vec<_>>()
    });
    let session = (any_name(), any_name(), tabs, any::<usize>());
    proptest::collection::vec(session, 0..3).prop_map(|all| {
        let mut sessions: Vec<Session> = Vec::new();
        for (at, (name, cwd, mut tabs, active)) in all.into_iter().enumerate() {
            if sessions.iter().any(|session| session.name == name) {
                continue;
            }
            let count = tabs.len();
            tabs[active % count].active = true;
            sessions.push(Session {
                life: Default::default(),
                detail: if active % 2 == 0 {
                    SessionDetail::default()
                } else {
                    SessionDetail {
                        settings: settings(&cwd),
                        recent: tabs.iter().map(|tab| tab.index).collect(),
                        created: Some(Millis(7)),
                        ..SessionDetail::default()
                    }
                },
                handle: u64::try_from(at).ok().map(SessionId::of),
                name,
                cwd,
                group: None,
                tabs,
            });
        }
        let buffers = sessions.iter().skip(1).map(|session| Buffer {
            name: session.name.clone(),
            data: session.cwd.clone(),
        });
        let mut state = ServerState {
            buffers: buffers.collect(),
            sessions,
        };
        state.sort();
        state
    })
}
