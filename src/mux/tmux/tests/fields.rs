//! Every field, as it was set on a real tmux.

use bstr::{BString, ByteSlice};
use proptest::prelude::*;

use super::*;
use crate::model::detail::{Buffer, Setting, TerminalModes, Variable, Withheld};
use crate::model::tree::PaneId;
use crate::model::tree::{Session, Tab};
use crate::mux::Scope;

/// Texts that something on the way could take for something else.
const ODD: &[&[u8]] = &[
    b"",
    b"plain",
    b" ",
    b"  two  spaces  ",
    b"a\ttab",
    b"a\nnewline\n",
    b"\r\x07\x08\x0b\x0c\x1b[31m\x7f",
    b"'single' \"double\" `back`",
    b"\"",
    b"'",
    b"\\",
    b"\\n \\033 \\\\ \\",
    b"a\"b\\n",
    b"#S #{session_name} #(touch pwned) #[fg=red] ## #",
    b"$HOME ${HOME} ~ ~/x {a} %H %",
    b"~",
    b"-d",
    b"--",
    b"3",
    b"3:x",
    b"; kill-server ;",
    b";",
    b"# comment",
    "ünï 漢字 👩‍👩‍👧 \u{85}\u{202e}".as_bytes(),
    b"\xff\xfe\xc3",
    b"O %0\nE\n",
];

fn only_session(server: &TmuxServer) -> Session {
    state(server).sessions.remove(0)
}

fn only_tab(server: &TmuxServer) -> Tab {
    only_session(server).tabs.remove(0)
}

fn run(server: &TmuxServer, commands: &[Command]) {
    tmux(server).run("a test", commands).unwrap();
}

fn set(target: &str, scope: &'static str, name: &[u8], value: &[u8]) -> Command {
    Command::new("set-option")
        .flag(scope)
        .opt("-t", target)
        .arg(format_escaped(name))
        .arg(value)
}

fn value(settings: &[Setting], name: &[u8]) -> Option<BString> {
    let mut found = settings.iter().filter(|one| one.name == name);
    let value = found.next().map(|one| one.value.clone());
    assert!(found.next().is_none(), "{settings:?}");
    value
}

#[test]
fn options_of_any_bytes_come_back() {
    let server = TmuxServer::start();
    let byte = || {
        prop_oneof![
            1u8..=255,
            proptest::sample::select(&b" \"'\\#$;{}%~\n\tn03"[..])
        ]
    };
    let value_of = proptest::collection::vec(byte(), 0..12);
    // What cannot be in a name: a place in a list, and a newline, which is told by the line.
    let name_byte = byte().prop_filter("for names", |byte| !b"[]\n".contains(byte));
    let name = proptest::collection::vec(name_byte, 1..6);
    let config = ProptestConfig {
        cases: 128,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(name in name, text in value_of)| {
        let name = [&b"@"[..], &name].concat();
        let set_all = [
            set("=main:", "-q", &name, &text),
            set("=main:", "-q", b"status-left", &text),
            set("=main:", "-q", b"update-environment[12]", &text),
            set("=main:", "-wq", &name, &text),
            set("=main:", "-pq", &name, &text),
        ];
        run(&server, &set_all);
        let session = only_session(&server);
        let tab = session.tabs.first().unwrap();
        let pane = tab.panes.first().unwrap();
        let expected = Some(BString::from(text));
        for (settings, name) in [
            (&session.detail.settings, &name[..]),
            (&session.detail.settings, b"status-left"),
            (&session.detail.settings, b"update-environment[12]"),
            (&tab.detail.settings, &name),
            (&pane.detail.settings, &name),
        ] {
            prop_assert_eq!(value(settings, name), expected.clone());
        }
        for scope in ["-u", "-wu", "-pu"] {
            let unset = Command::new("set-option").flag(scope).opt("-t", "=main:");
            run(&server, &[unset.arg(format_escaped(&name))]);
        }
    });
}

#[test]
fn only_what_is_set_is_told_and_by_its_raw_value() {
    let server = TmuxServer::start();
    let before = only_session(&server);
    assert_eq!(before.tabs[0].detail, Default::default());
    assert_eq!(before.tabs[0].panes[0].detail.settings, []);
    assert!(before.detail.hooks.is_empty());
    for args in [
        &["set-option", "-t", "main", "status", "on"][..],
        &["set-option", "-t", "main", "prefix", "\""],
        &["set-option", "-t", "main", "prefix2", "C-\\"],
        &[
            "set-option",
            "-t",
            "main",
            "display-panes-colour",
            "#ff00aa",
        ],
        &["set-option", "-t", "main", "history-limit", "77"],
        &["set-option", "-t", "main", "update-environment", ""],
        &["set-option", "-w", "-t", "main:", "remain-on-exit", "on"],
        &["set-option", "-p", "-t", "main:", "window-style", "bg=red"],
    ] {
        server.run(args);
    }
    let session = only_session(&server);
    for (name, expected) in [
        ("status", "on"),
        ("prefix", "\""),
        ("prefix2", "C-\\"),
        ("display-panes-colour", "#ff00aa"),
        ("history-limit", "77"),
        ("update-environment", ""),
    ] {
        let found = value(&session.detail.settings, name.as_bytes());
        assert_eq!(found, Some(expected.into()), "{name}");
    }
    assert!(session.detail.settings.is_sorted());
    let tab = &session.tabs[0];
    assert_eq!(
        value(&tab.detail.settings, b"remain-on-exit"),
        Some("on".into())
    );
    assert_eq!(
        value(&tab.panes[0].detail.settings, b"window-style"),
        Some("bg=red".into())
    );
}

#[test]
fn hooks_are_told_where_they_are_set() {
    let server = TmuxServer::start();
    let hook = |scope: &'static str, name: &str, text: &[u8]| {
        // The text of a command, in which every argument stands between single quotes.
        let text = text.replace("'", "'\\''");
        Command::new("set-hook")
            .flag(scope)
            .opt("-t", "=main:")
            .arg(name)
            .arg([b"display-message '", &text[..], b"'"].concat())
    };
    let set = Command::new("set-hook").opt("-t", "=main:");
    run(
        &server,
        &[
            set.clone()
                .arg("after-split-window[3]")
                .arg("display-message two"),
            set.arg("after-split-window[0]")
                .arg("if-shell true { display-message \"a b\" }"),
            hook("-w", "window-renamed", b"w"),
            hook("-p", "pane-died", b"p"),
        ],
    );
    let session = only_session(&server);
    let told = |hooks: &[crate::model::detail::Hook]| -> Vec<(String, String)> {
        let pair =
            |hook: &crate::model::detail::Hook| (hook.event.to_string(), hook.command.to_string());
        hooks.iter().map(pair).collect()
    };
    let pair = |event: &str, command: &str| (event.to_owned(), command.to_owned());
    assert_eq!(
        told(&session.detail.hooks),
        [
            pair(
                "after-split-window[0]",
                "if-shell true { display-message \"a b\" }"
            ),
            pair("after-split-window[3]", "display-message two"),
        ]
    );
    let tab = &session.tabs[0];
    assert_eq!(
        told(&tab.detail.hooks),
        [pair("window-renamed[0]", "display-message w")]
    );
    let pane = &tab.panes[0];
    assert_eq!(
        told(&pane.detail.hooks),
        [pair("pane-died[0]", "display-message p")]
    );
    // tmux's own parser ends at a byte of 255, and newer versions look for flags at once.
    let readable = |odd: &&&[u8]| !odd.is_empty() && odd.is_utf8() && !odd.starts_with(b"-");
    for odd in ODD.iter().filter(readable) {
        run(&server, &[hook("-p", "pane-died", odd)]);
        let found = told(&only_pane(&server).detail.hooks).remove(0).1;
        // What is told can be set again, and then it is the same.
        let again = Command::new("set-hook").flag("-p").opt("-t", "=main:");
        run(&server, &[again.arg("pane-died").arg(&found)]);
        assert_eq!(told(&only_pane(&server).detail.hooks)[0].1, found);
    }
    assert!(!server.home().join("pwned").exists());
}

#[test]
fn a_window_in_several_sessions_is_asked_once_and_told_in_each() {
    let server = TmuxServer::start();
    server.run(["new-session", "-d", "-s", "other", "-t", "main"]);
    server.run(["new-session", "-d", "-s", "third"]);
    server.run(["link-window", "-s", "main:0", "-t", "third:7"]);
    server.run(["set-option", "-w", "-t", "main:", "@one", "1"]);
    server.run(["set-option", "-t", "other", "@two", "2"]);
    let state = state(&server);
    for (session, tab) in [("main", 0), ("other", 0), ("third", 7)] {
        let session = state.session(session.as_bytes()).unwrap();
        let tab = session.tab(tab).unwrap();
        assert_eq!(value(&tab.detail.settings, b"@one"), Some("1".into()));
        let own = value(&session.detail.settings, b"@two");
        assert_eq!(own.is_some(), session.name == "other");
    }
    let roll = tmux(&server).structure().unwrap().roll();
    // Three sessions, the shared window and that of the third, their two panes.
    assert_eq!(roll.owners.len(), 7);
}

#[test]
fn synchronized_tabs_and_panes_are_told_apart() {
    let server = TmuxServer::start();
    server.run(["split-window", "-t", "main:"]);
    let found = |server: &TmuxServer| {
        let tab = only_tab(server);
        let own = |pane: &Pane| value(&pane.detail.settings, b"synchronize-panes");
        let panes: Vec<_> = tab.panes.iter().map(own).collect();
        assert_eq!(value(&tab.detail.settings, b"synchronize-panes"), None);
        (tab.synchronized, panes)
    };
    assert_eq!(found(&server), (false, vec![None, None]));
    server.run(["set-option", "-w", "-t", "main:", "synchronize-panes", "on"]);
    assert_eq!(found(&server), (true, vec![None, None]));
    server.run([
        "set-option",
        "-p",
        "-t",
        "main:.1",
        "synchronize-panes",
        "off",
    ]);
    assert_eq!(found(&server), (true, vec![None, Some("off".into())]));
    server.run(["set-option", "-wu", "-t", "main:", "synchronize-panes"]);
    server.run(["set-option", "-gw", "synchronize-panes", "on"]);
    assert_eq!(found(&server), (true, vec![None, Some("off".into())]));
    server.run([
        "set-option",
        "-w",
        "-t",
        "main:",
        "synchronize-panes",
        "off",
    ]);
    assert!(!found(&server).0);
}

#[test]
fn sessions_tell_their_times_and_which_tabs_were_looked_at() {
    let server = TmuxServer::start();
    for _ in 0..3 {
        server.run(["new-window", "-d", "-t", "main:"]);
    }
    for window in ["main:2", "main:1", "main:3"] {
        server.run(["select-window", "-t", window]);
    }
    let detail = only_session(&server).detail;
    assert_eq!(detail.recent, [3, 1, 2, 0]);
    assert!(detail.created.unwrap().0 > 1_000_000_000_000);
    assert_eq!(detail.last_attached, None);
}

#[test]
fn panes_tell_their_modes() {
    let server = TmuxServer::start();
    server.run(["split-window", "-d", "-t", "main:", "cat"]);
    server.wait_for_prompt("main:.0");
    server.type_line("main:.0", "echo needle");
    server.wait_for_text("main:.0", "\nneedle");
    server.run(["copy-mode", "-t", "main:.0"]);
    server.run([
        "send-keys",
        "-t",
        "main:.0",
        "-X",
        "search-backward",
        "needle",
    ]);
    server.run(["select-pane", "-d", "-t", "main:.1"]);
    server.run(["pipe-pane", "-t", "main:.1", "cat >/dev/null"]);
    let tab = only_tab(&server);
    let [first, second] = &tab.panes[..] else {
        panic!("{tab:?}");
    };
    assert_eq!(first.detail.mode, "copy-mode");
    assert_eq!(first.detail.search, "needle");
    assert!(first.screen.scroll.is_some());
    assert!(!first.detail.input_off && !first.detail.piped);
    assert!(second.detail.input_off && second.detail.piped);
    assert_eq!(second.detail.mode, "");
    assert_eq!(second.detail.start_command, "cat");
    // Made without a command: with the default one.
    assert!(first.detail.start_command.find("bash").is_some());
    assert_eq!(second.detail.terminal, TerminalModes::default());
}

#[test]
fn terminals_tell_what_programs_have_switched_on() {
    let server = TmuxServer::start();
    let script = "printf '\\033[?25l\\033[4h\\033[?1h\\033=\\033[?6h\\033[?7l\\033[?1000h\\033[3;11rx'; \
        exec sleep 1000";
    server.run(["respawn-pane", "-k", "-t", "main:", "sh", "-c", script]);
    server.wait_for_text("main:", "x");
    let pane = only_pane(&server);
    let expected = TerminalModes {
        cursor_hidden: true,
        insert: true,
        keypad_cursor: true,
        keypad: true,
        origin: true,
        no_wrap: true,
        mouse: true,
        scroll_region: Some((2, 10)),
    };
    assert_eq!(pane.detail.terminal, expected);
    assert!(pane.detail.start_command.starts_with(b"sh -c"));
}

#[test]
fn only_variables_on_the_list_are_told() {
    let server = TmuxServer::start();
    let tmux = tmux(&server).with_scope(Scope {
        environment: ["ODD", "HIDDEN", "GONE"].map(str::to_owned).into(),
        buffers: false,
    });
    let set = |flag: &'static str, name: &str, value: &[u8]| {
        let set = Command::new("set-environment").flag(flag);
        set.opt("-t", "=main:").arg(name).arg(value)
    };
    let unset = Command::new("set-environment").flag("-r");
    let others = [
        set("-h", "HIDDEN", b"h"),
        unset.opt("-t", "=main:").arg("GONE"),
        Command::new("set-environment")
            .opt("-t", "=main:")
            .arg("OTHER")
            .arg("x"),
        Command::new("set-environment")
            .flag("-g")
            .arg("ODD_ELSEWHERE")
            .arg("x"),
    ];
    tmux.run("a test", &others).unwrap();
    for odd in ODD {
        let set = Command::new("set-environment").opt("-t", "=main:");
        tmux.run("a test", &[set.arg("ODD").arg(odd)]).unwrap();
        let state = tmux.observe().unwrap().state;
        let variable = |name: &str, value: Option<&[u8]>, hidden| Variable {
            name: name.into(),
            value: value.map(BString::from),
            hidden,
        };
        assert_eq!(
            state.sessions[0].detail.environment,
            [
                variable("GONE", None, false),
                variable("HIDDEN", Some(b"h"), true),
                variable("ODD", Some(odd), false),
            ]
        );
    }
    assert!(only_session(&server).detail.environment.is_empty());
}

#[test]
fn buffers_are_kept_byte_for_byte_and_only_if_wanted() {
    let server = TmuxServer::start();
    let tmux = tmux(&server).with_scope(Scope {
        environment: Vec::new(),
        buffers: true,
    });
    assert_eq!(tmux.observe().unwrap().state.buffers, []);
    let every: Vec<u8> = (1..=255).cycle().take(100_000).collect();
    let mut expected = Vec::new();
    for data in ODD.iter().copied().chain([&every[..]]) {
        if data.is_empty() {
            continue;
        }
        // Names are kept as tmux keeps them: it makes them fit to be shown.
        let name = format!("it's {} \\ #S", expected.len());
        let set = Command::new("set-buffer").opt("-b", &name);
        tmux.run("a test", &[set.arg(data)]).unwrap();
        expected.insert(
            0,
            Buffer {
                name: name.into(),
                data: data.into(),
            },
        );
    }
    assert_eq!(tmux.observe().unwrap().state.buffers, expected);
    assert_eq!(state(&server).buffers, []);
}

#[test]
fn start_commands_and_titles_of_odd_bytes_are_told() {
    let server = TmuxServer::start();
    // Such a command ends at once.
    server.run(["set-option", "-g", "remain-on-exit", "on"]);
    let mut told = std::collections::BTreeSet::new();
    for odd in ODD {
        let respawn = Command::new("respawn-pane").flag("-k").opt("-t", "=main:");
        let title = Command::new("select-pane").opt("-t", "=main:");
        run(
            &server,
            &[
                respawn.arg("sleep").arg("1000").arg(odd),
                title.opt("-T", format_escaped(odd)),
            ],
        );
        let pane = only_pane(&server);
        assert!(pane.detail.start_command.starts_with(b"sleep 1000 "));
        // Different arguments are told differently.
        assert!(told.insert(pane.detail.start_command));
        let shown = server.run(["display-message", "-p", "-t", "main:", "#{pane_title}"]);
        if odd.is_ascii() && !odd.is_empty() && !odd.contains(&b'\n') {
            assert_eq!(pane.title, shown);
        }
    }
}

#[test]
fn marks_are_inherited_and_can_be_taken_back() {
    let server = TmuxServer::start();
    server.run(["split-window", "-t", "main:"]);
    server.run(["new-session", "-d", "-s", "other"]);
    server.run(["link-window", "-d", "-s", "main:0", "-t", "other:7"]);
    let tmux = tmux(&server);
    // By the observation, and by the last question of a capture, which have to agree.
    let private = || -> Vec<u64> {
        let seen = tmux.observe().unwrap().state;
        let withheld = |pane: &Pane| pane.detail.withheld == Some(Withheld::Private);
        let panes = seen.panes().filter(|(_, _, pane)| withheld(pane));
        let mut ids: Vec<PaneId> = panes
            .filter_map(|(_, _, pane)| Some(pane.handle?.id))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let told = tmux.texts(&[]).unwrap();
        assert!(told.texts.is_empty());
        assert_eq!(told.private.into_iter().collect::<Vec<_>>(), ids);
        ids.into_iter().map(PaneId::number).collect()
    };
    let quiet = tmux.probe().unwrap().unwrap().structure;
    assert_eq!(private(), [0u64; 0]);
    let set = |scope: &[&str], value: &str| {
        server.run([&["set-option"], scope, &["@muxtape-private", value]].concat());
    };
    set(&["-p", "-t", "main:.1"], "on");
    assert_ne!(tmux.probe().unwrap().unwrap().structure, quiet);
    assert_eq!(private(), [1]);
    set(&["-p", "-t", "main:.1"], "off");
    assert_eq!(tmux.probe().unwrap().unwrap().structure, quiet);
    assert_eq!(private(), [0u64; 0]);
    // The session that shows it too is enough; what a pane says itself counts more.
    set(&["-t", "other:"], "because \"so\"\n");
    assert_eq!(private(), [0, 2]);
    set(&["-p", "-t", "main:.1"], "");
    assert_eq!(private(), [0, 2]);
    server.run(["set-option", "-up", "-t", "main:.1", "@muxtape-private"]);
    assert_eq!(private(), [0, 1, 2]);
    set(&["-w", "-t", "main:"], "no");
    assert_eq!(private(), [2]);
    server.run(["set-option", "-u", "-t", "other:", "@muxtape-private"]);
    set(&["-g"], "1");
    assert_eq!(private(), [2]);
    // Of a private pane there is no text.
    let wanted = requests(&tmux.observe().unwrap().state);
    let texts = tmux.contents(&wanted).unwrap();
    for (asked, text) in wanted.iter().zip(texts) {
        assert_eq!(text.is_none(), asked.pane.number() == 2, "{asked:?}");
    }
}
