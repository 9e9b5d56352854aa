//! States in which every text carries a command.

use std::path::Path;

use bstr::BString;
use muxtape::model::contents::Contents;
use muxtape::model::detail::{Buffer, Checkout, Hook, Setting, Variable};
use muxtape::model::program::Program;
use muxtape::model::tree::{Pane, ServerState};

use crate::support::world::Texts;

/// Names of settings that tmux expands or runs, and what a state could call a setting.
const SETTINGS: [&str; 22] = [
    "@own",
    "status-left",
    "status-right",
    "status-format[0]",
    "set-titles-string",
    "default-command",
    "default-shell",
    "lock-command",
    "update-environment[0]",
    "window-status-format",
    "window-status-current-format",
    "pane-border-format",
    "automatic-rename-format",
    "remain-on-exit-format",
    "window-style",
    "copy-command",
    "editor",
    "command-alias[99]",
    "user-keys[0]",
    "terminal-overrides[99]",
    "after-select-window[0]",
    "session-renamed",
];

/// Commands that would make this file, each in the language of another reader.
pub(crate) fn commands(file: &Path) -> Vec<String> {
    let touch = format!("touch {}", file.display());
    vec![
        format!("#({touch})"),
        format!("##({touch})"),
        format!("#%p({touch})"),
        format!("#{{E:pane_title}}#({touch})"),
        format!("$({touch})"),
        format!("`{touch}`"),
        format!("; {touch}"),
        format!("\n{touch}\n"),
        format!("' ; {touch} ; '"),
        format!("\" ; {touch} ; \""),
        format!("run-shell '{touch}'"),
        format!("x\" ; run-shell \"{touch}"),
        format!("\u{1b}]0;\u{7}\r{touch}\r"),
        format!("-x {touch}"),
    ]
}

/// Puts a command into every text of a state, and of the texts of its panes.
pub(crate) fn poison(state: &mut ServerState, command: &str) -> Texts {
    let text = BString::from(command);
    let settings: Vec<Setting> = SETTINGS
        .iter()
        .map(|name| Setting {
            name: (*name).into(),
            value: text.clone(),
        })
        .chain([Setting {
            name: text.clone(),
            value: "on".into(),
        }])
        .collect();
    let hooks: Vec<Hook> = [
        "session-renamed[0]",
        "after-select-window[0]",
        "pane-died[0]",
        command,
    ]
    .map(|event| Hook {
        event: event.into(),
        command: text.clone(),
    })
    .to_vec();
    let variable = |name: &str, hidden| Variable {
        name: name.into(),
        value: Some(text.clone()),
        hidden,
    };
    let environment = vec![
        variable("PROMPT_COMMAND", false),
        variable("PS1", false),
        variable("BASH_ENV", false),
        variable("ODD", false),
        variable("HIDDEN", true),
        variable(command, false),
    ];
    let mut texts = Texts::new();
    for (at, session) in state.sessions.iter_mut().enumerate() {
        session.name = format!("{at}{command}").into();
        session.cwd.clone_from(&text);
        session.group = Some(format!("g{at}{command}").into());
        session.detail.settings.clone_from(&settings);
        session.detail.hooks.clone_from(&hooks);
        session.detail.environment.clone_from(&environment);
        for tab in &mut session.tabs {
            tab.name.clone_from(&text);
            tab.detail.settings.clone_from(&settings);
            tab.detail.hooks.clone_from(&hooks);
            for pane in &mut tab.panes {
                poison_pane(pane, &text);
                pane.detail.settings.clone_from(&settings);
                pane.detail.hooks.clone_from(&hooks);
                pane.detail.environment.clone_from(&environment);
                let contents = Contents {
                    main: text.clone(),
                    alternate: Some(text.clone()),
                };
                pane.contents = Some(contents.reference());
                texts.insert(contents.digest(), contents);
            }
        }
    }
    state.buffers = vec![
        Buffer {
            name: text.clone(),
            data: text.clone(),
        },
        Buffer {
            name: "buffer7".into(),
            data: text.clone(),
        },
    ];
    state.sort();
    texts
}

fn poison_pane(pane: &mut Pane, text: &BString) {
    pane.title.clone_from(text);
    // An interactive shell stays one, so that the program is typed into it.
    pane.shell = vec!["bash".into(), "--norc".into(), "--noprofile".into()];
    pane.program = Some(Program {
        argv: vec!["echo".into(), text.clone(), text.clone()],
        exe: Some(text.clone()),
        cwd: Some(text.clone()),
        pipeline: Vec::new(),
        redacted: false,
    });
    pane.cwd.clone_from(text);
    pane.detail.start_command.clone_from(text);
    pane.detail.shells = vec![vec![text.clone()]];
    pane.detail.mode = "copy-mode".into();
    pane.screen.scroll = Some(0);
    pane.detail.search.clone_from(text);
    pane.detail.checkout = Some(Checkout {
        root: text.clone(),
        branch: Some(text.clone()),
        ..Checkout::default()
    });
}

/// Puts details into a state of one session with the tabs 0 (of two panes), 3 and 5.
pub(crate) fn fill(state: &mut ServerState) {
    let setting = |name: &str, value: &str| Setting {
        name: name.into(),
        value: value.into(),
    };
    let hook = |event: &str, command: &str| Hook {
        event: event.into(),
        command: command.into(),
    };
    let variable = |name: &str, value: Option<&str>, hidden| Variable {
        name: name.into(),
        value: value.map(BString::from),
        hidden,
    };
    let session = &mut state.sessions[0];
    session.detail.recent = vec![3, 5];
    session.detail.settings = vec![
        setting("@odd", "a\tb\n#S"),
        setting("history-limit", "77"),
        setting("status-left", "#(touch x)"),
        setting("default-command", "exec bash"),
        setting("update-environment[3]", "ODD"),
    ];
    session.detail.hooks = vec![hook("after-split-window[4]", "display-message 'a;b'")];
    session.detail.environment = vec![
        variable("GONE", None, false),
        variable("HIDDEN", Some("h"), true),
        variable("ODD", Some("a\tb\n#(touch x)"), false),
    ];
    let tabs = &mut session.tabs;
    for tab in tabs.iter_mut() {
        (tab.active, tab.last) = (tab.index == 3, tab.index == 5);
    }
    tabs[1].detail.settings = vec![
        setting("pane-border-status", "top"),
        setting("monitor-silence", "9"),
    ];
    tabs[1].detail.hooks = vec![hook("alert-bell[0]", "display-message x")];
    tabs[1].panes[0].detail.mode = "clock-mode".into();
    tabs[2].panes[0].screen.scroll = Some(0);
    tabs[2].panes[0].detail.mode = "copy-mode".into();
    tabs[2].panes[0].detail.search = "find me".into();
    tabs[0].panes[1].detail.input_off = true;
    tabs[0].panes[1].detail.settings = vec![setting("window-style", "bg=red")];
    tabs[0].panes[0].detail.environment = vec![variable("OWN", Some("yes"), false)];
    let buffer = |name: &str, data: &str| Buffer {
        name: name.into(),
        data: data.into(),
    };
    state.buffers = vec![buffer("buffer12", "new"), buffer("named", "old")];
}
