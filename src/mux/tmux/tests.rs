//! A real tmux, observed.

mod fields;
mod whole;

use super::capabilities::{Capabilities, Release};
use super::command::{Command, format_escaped};
use super::*;
use crate::model::contents::Contents;
use crate::model::tree::{AutomaticRename, ExitState, Pane, ServerState};
use crate::mux::tmux::ids;
use crate::mux::{ContentsRequest, Limits, ServerSelect};
use muxtape_testing::{self as testing, TmuxServer, wait_until};

pub(crate) fn tmux(server: &TmuxServer) -> Tmux {
    let socket = server.socket().to_str().unwrap().into();
    Tmux::new(
        testing::program(),
        ServerSelect::Path(socket),
        Limits::default(),
    )
    .with_config(server.config())
}

fn server_version(server: &TmuxServer) -> String {
    tmux(server).server().unwrap().version
}

fn state(server: &TmuxServer) -> ServerState {
    tmux(server).observe().unwrap().state
}

fn only_pane(server: &TmuxServer) -> Pane {
    let state = state(server);
    let mut panes = state.panes();
    let pane = panes.next().unwrap().2.clone();
    assert!(panes.next().is_none());
    pane
}

fn requests(state: &ServerState) -> Vec<ContentsRequest> {
    state
        .panes()
        .map(|(_, _, pane)| ContentsRequest {
            pane: pane.handle.unwrap().id,
            alternate: pane.screen.alternate,
            history: pane.screen.history,
            limit: None,
        })
        .collect()
}

fn only_text(server: &TmuxServer) -> Contents {
    let tmux = tmux(server);
    let wanted = requests(&tmux.observe().unwrap().state);
    let mut texts = tmux.contents(&wanted).unwrap();
    assert_eq!(texts.len(), 1);
    texts.remove(0).unwrap()
}

#[test]
fn nested_splits_and_zoom_are_seen_as_they_are() {
    let server = TmuxServer::start();
    for split in ["-h", "-v", "-h", "-v"] {
        server.run(["split-window", split, "-t", "main:"]);
    }
    server.run(["select-pane", "-t", "main:.1"]);
    server.run(["select-pane", "-m", "-t", "main:.2"]);
    server.run(["resize-pane", "-Z", "-t", "main:.1"]);
    let state = state(&server);
    let tab = state.session(b"main").unwrap().active_tab().unwrap();
    assert_eq!(tab.panes.len(), 5);
    assert!(tab.zoomed && !tab.synchronized);
    assert_eq!((tab.size().width, tab.size().height), (80, 24));
    assert_eq!(tab.active_pane().unwrap().index, 1);
    // 3.1 does not tell which pane had the focus before.
    let able = Release::read(&server_version(&server)) >= Some(Release(3, 2));
    assert_eq!(
        tab.panes.iter().filter(|pane| pane.last).count(),
        usize::from(able)
    );
    assert!(tab.pane(2).unwrap().marked);
    let shown = server.run(["display-message", "-p", "-t", "main:", "#{window_layout}"]);
    let ids = |index| ids::in_layout(tab.pane(index).unwrap().handle.unwrap().id);
    let printed = layout::print(&tab.layout, &ids).unwrap();
    assert_eq!(
        layout::parse(printed.as_bytes()),
        layout::parse(shown.as_bytes())
    );
}

#[test]
fn odd_names_are_kept_byte_for_byte() {
    let server = TmuxServer::start();
    let tmux = tmux(&server);
    let able = Capabilities::of(&server_version(&server));
    for name in [
        &b"plain"[..],
        b"it's \"quoted\"",
        b"tab\tnewline\n;",
        b"#(touch pwned) #{pid} #[fg=red] ##[x]",
        "1 ünï 漢字".as_bytes(),
        b"back\\slash\\t \xff\xfe",
        b"$HOME ~ {x} % %H",
        b"-d",
    ] {
        let name = &*able.name(name);
        let create = Command::new("new-session")
            .flag("-d")
            .opt("-c", server.home().to_str().unwrap())
            .opt("-s", format_escaped(name))
            .opt("-n", format_escaped(name));
        tmux.run("a test", &[create]).unwrap();
        let state = state(&server);
        let session = state.session(name).unwrap();
        let tab = session.active_tab().unwrap();
        assert_eq!(tab.name, *name);
        assert_eq!(tab.automatic_rename, AutomaticRename::Off);
        assert!(!server.home().join("pwned").exists());
        let handle = session.handle.unwrap();
        let kill = Command::new("kill-session").opt("-t", ids::session(handle));
        tmux.run("a test", &[kill]).unwrap();
    }
}

#[test]
fn odd_directories_are_read_as_tmux_tells_them() {
    let server = TmuxServer::start();
    let tmux = tmux(&server);
    let dir = server.home().canonicalize().unwrap();
    let dir = dir.join("a b\\c;$x'\"#é\n%H [\t] ");
    std::fs::create_dir(&dir).unwrap();
    let path = dir.as_os_str().as_encoded_bytes();
    let open = Command::new("new-window")
        .flag("-d")
        .opt("-t", "=main:")
        .opt("-c", format_escaped(path));
    tmux.run("a test", &[open]).unwrap();
    wait_until("the shell in its directory", || {
        let rows = tmux.structure().unwrap();
        rows.panes.iter().any(|row| row.full.path == path)
    });
}

#[test]
fn grouped_sessions_and_linked_windows_show_the_same_panes() {
    let server = TmuxServer::start();
    server.run(["new-session", "-d", "-s", "other", "-t", "main"]);
    server.run(["new-session", "-d", "-s", "third"]);
    server.run(["link-window", "-s", "main:0", "-t", "third:7"]);
    let state = state(&server);
    let names: Vec<_> = state.sessions.iter().map(|s| s.name.to_string()).collect();
    assert_eq!(names, ["main", "other", "third"]);
    let handle = |session: &str, tab| {
        let session = state.session(session.as_bytes()).unwrap();
        session.tab(tab).unwrap().panes.first().unwrap().handle
    };
    assert_eq!(handle("main", 0), handle("other", 0));
    assert_eq!(handle("main", 0), handle("third", 7));
    let group = |name: &str| state.session(name.as_bytes()).unwrap().group.clone();
    assert_eq!(group("main"), group("other"));
    assert!(group("main").is_some() && group("third").is_none());
}

#[test]
fn a_server_without_sessions_is_empty_and_none_is_none() {
    let server = TmuxServer::empty();
    let version = tmux(&server).program_version().unwrap();
    if Release::read(&version) >= Some(Release(3, 2)) {
        assert_eq!(state(&server), ServerState::default());
        assert_eq!(tmux(&server).probe().unwrap().unwrap().panes, []);
    } else {
        // Without sessions it answers nothing at all.
        assert_eq!(tmux(&server).probe().unwrap(), None);
    }
    let nobody = TmuxServer::stopped();
    assert_eq!(tmux(&nobody).probe().unwrap(), None);
    assert_eq!(tmux(&nobody).identity().unwrap(), None);
    assert!(matches!(
        tmux(&nobody).observe(),
        Err(MuxError::NoServer { .. })
    ));
}

#[test]
fn floating_panes_stand_beside_the_layout() {
    let server = TmuxServer::start();
    let tmux = tmux(&server);
    if !Capabilities::of(&server_version(&server)).floating {
        return;
    }
    server.run(["split-window", "-d", "-t", "main:"]);
    server.run(["new-pane", "-d", "-t", "main:", "-x", "20", "-y", "6"]);
    let state = state(&server);
    let tab = state.session(b"main").unwrap().active_tab().unwrap();
    let floats = |pane: &&Pane| pane.detail.floating.is_some();
    assert_eq!((tab.panes.len(), tab.layout.panes().len()), (3, 2));
    assert_eq!(tab.panes.iter().filter(floats).count(), 1);
    let structure = || tmux.probe().unwrap().unwrap().structure;
    let before = structure();
    server.run(["select-pane", "-t", "main:.1"]);
    assert_eq!(structure(), before);
}

#[test]
fn automatic_rename_is_told_as_it_is_set() {
    let server = TmuxServer::start();
    let setting = |server: &TmuxServer| {
        let state = state(server);
        state
            .session(b"main")
            .unwrap()
            .active_tab()
            .unwrap()
            .automatic_rename
    };
    assert_eq!(setting(&server), AutomaticRename::Unset);
    server.run(["rename-window", "-t", "main:", "mine"]);
    assert_eq!(setting(&server), AutomaticRename::Off);
    server.run(["set-option", "-gw", "automatic-rename", "off"]);
    assert_eq!(setting(&server), AutomaticRename::Off);
    server.run(["set-option", "-w", "-t", "main:", "automatic-rename", "on"]);
    assert_eq!(setting(&server), AutomaticRename::On);
    server.run(["set-option", "-gw", "automatic-rename", "on"]);
    assert_eq!(setting(&server), AutomaticRename::On);
    server.run(["set-option", "-wu", "-t", "main:", "automatic-rename"]);
    assert_eq!(setting(&server), AutomaticRename::Unset);
}

#[test]
fn dead_panes_tell_how_they_ended() {
    let server = TmuxServer::start();
    server.run(["set-option", "-g", "remain-on-exit", "on"]);
    server.run(["respawn-pane", "-k", "-t", "main:", "exit 7"]);
    // The terminal can close before the status is known.
    let ended = Some(ExitState { status: Some(7) });
    wait_until("the program's status", || {
        server.nudge();
        only_pane(&server).exit == ended
    });
    let pane = only_pane(&server);
    assert_eq!(pane.program, None);
}

#[cfg(target_os = "linux")]
mod programs {
    use super::*;
    use crate::model::program::Program;

    fn program(server: &TmuxServer, line: &str) -> Program {
        server.wait_for_prompt("main:");
        server.type_line("main:", line);
        wait_until("a program", || {
            only_pane(server)
                .program
                .is_some_and(|found| found.name() == "sleep")
        });
        only_pane(server).program.unwrap()
    }

    #[test]
    fn an_idle_shell_is_no_program() {
        let server = TmuxServer::start();
        server.wait_for_prompt("main:");
        server.type_line("main:", "sleep 1000 &");
        server.wait_for_text("main:", "[1]");
        wait_until("the prompt", || only_pane(&server).program.is_none());
        let shell = only_pane(&server).shell;
        assert_eq!(shell, ["bash", "--norc", "--noprofile", "-i"]);
    }

    #[test]
    fn arguments_are_kept_exactly() {
        let server = TmuxServer::start();
        let found = program(&server, "true; sleep 1000 0 '0' \"0\"");
        assert_eq!(found.argv, ["sleep", "1000", "0", "0", "0"]);
        assert!(found.is_whole() && found.cwd.is_none());
        let server = TmuxServer::start();
        let found = program(&server, "(cd /usr; exec sleep 1000)");
        assert_eq!(found.argv, ["sleep", "1000"]);
        assert_eq!(found.cwd.unwrap(), "/usr");
        assert!(found.exe.unwrap().ends_with(b"sleep"));
    }

    #[test]
    fn pipelines_are_told_as_such() {
        let server = TmuxServer::start();
        program(&server, "sleep 1000 | cat | tee /dev/null");
        wait_until("every member", || {
            let found = only_pane(&server).program;
            found.is_some_and(|found| found.pipeline.len() == 2)
        });
        let found = only_pane(&server).program.unwrap();
        assert_eq!(found.argv, ["sleep", "1000"]);
        assert_eq!(
            found.pipeline,
            [vec!["cat".into()], vec!["tee".into(), "/dev/null".into()]] as [Vec<bstr::BString>; 2]
        );
        assert!(!found.is_whole());
        let server = TmuxServer::start();
        let found = program(&server, "true | sleep 1000");
        wait_until("the end of the leader", || {
            let found = only_pane(&server).program;
            found.is_some_and(|found| found.name() == "sleep" && !found.is_whole())
        });
        assert_eq!(found.name(), "sleep");
    }

    #[test]
    fn a_program_without_a_shell_is_the_program() {
        let server = TmuxServer::start();
        server.run(["respawn-pane", "-k", "-t", "main:", "sleep", "1000"]);
        wait_until("the program", || only_pane(&server).program.is_some());
        let pane = only_pane(&server);
        assert_eq!(pane.program.unwrap().argv, ["sleep", "1000"]);
        assert_eq!(pane.shell, ["sleep", "1000"]);
    }

    #[test]
    fn a_deleted_directory_keeps_its_name() {
        let server = TmuxServer::start();
        let dir = server.home().join("gone");
        std::fs::create_dir(&dir).unwrap();
        server.run([
            "respawn-pane",
            "-k",
            "-c",
            dir.to_str().unwrap(),
            "-t",
            "main:",
        ]);
        server.wait_for_prompt("main:");
        std::fs::remove_dir(&dir).unwrap();
        assert_eq!(only_pane(&server).cwd, dir.to_str().unwrap());
    }
}

#[test]
fn texts_keep_colours_and_empty_rows_and_join_wrapped_lines() {
    let server = TmuxServer::start();
    let long = "x".repeat(100);
    let script =
        format!("printf '\\033[31mred\\033[0m\\n{long}\\n\\016lqk\\017\\n'; exec sleep 1000");
    server.run(["respawn-pane", "-k", "-t", "main:", "sh", "-c", &script]);
    server.wait_for_text("main:", &long);
    let text = only_text(&server);
    assert_eq!(text.alternate, None);
    let main = text.main.to_string();
    let lines: Vec<&str> = main.split('\n').collect();
    // Colours go on into the next line until something changes them.
    assert_eq!(lines[0], "\x1b[31mred");
    assert_eq!(lines[1], format!("\x1b[39m{long}"));
    assert_eq!(crate::model::ansi::plain(lines[2].as_bytes()), "lqk");
    // The long line took two of the 24 rows.
    assert_eq!(lines.len(), 23);
    assert!(lines[3..].iter().all(|line| line.is_empty()));
}

#[test]
fn scrollback_comes_before_the_screen_and_can_be_limited() {
    let server = TmuxServer::start();
    server.run([
        "respawn-pane",
        "-k",
        "-t",
        "main:",
        "sh",
        "-c",
        "seq 1 500; exec sleep 1000",
    ]);
    server.wait_for_text("main:", "\n500");
    let main = only_text(&server).main.to_string();
    let expected: Vec<String> = (1..=500).map(|n| n.to_string()).collect();
    assert_eq!(main, format!("{}\n", expected.join("\n")));
    let tmux = tmux(&server);
    let mut wanted = requests(&tmux.observe().unwrap().state);
    wanted[0].limit = Some(10);
    let text = tmux.contents(&wanted).unwrap().remove(0).unwrap();
    assert_eq!(text.main.to_string().lines().next(), Some("468"));
}

#[test]
fn both_screens_are_taken_while_a_program_fills_the_alternate_one() {
    let server = TmuxServer::start();
    let script = "seq 1 100; printf '\\033[?1049h\\033[Hfull screen'; exec sleep 1000";
    server.run(["respawn-pane", "-k", "-t", "main:", "sh", "-c", script]);
    server.wait_for_text("main:", "full screen");
    let pane = only_pane(&server);
    assert!(pane.screen.alternate);
    assert_eq!((pane.screen.cursor_x, pane.screen.cursor_y), (0, 23));
    let text = only_text(&server);
    let expected: Vec<String> = (1..=100).map(|n| n.to_string()).collect();
    assert_eq!(text.main.to_string().trim_end(), expected.join("\n"));
    assert_eq!(
        text.alternate.unwrap().to_string().trim_end(),
        "full screen"
    );
}

#[test]
fn panes_that_have_gone_have_no_text_and_do_not_disturb_others() {
    let server = TmuxServer::start();
    server.wait_for_prompt("main:");
    let tmux = tmux(&server);
    let here = requests(&tmux.observe().unwrap().state)[0];
    let gone = ContentsRequest {
        pane: crate::model::tree::PaneId::of(99),
        ..here
    };
    let moved = ContentsRequest {
        alternate: true,
        ..here
    };
    let texts = tmux.contents(&[gone, here, gone, moved, here]).unwrap();
    let there: Vec<bool> = texts.iter().map(Option::is_some).collect();
    assert_eq!(there, [false, true, false, true, true]);
    assert_eq!(texts[1], texts[3], "it is read as it is");
    assert_eq!(texts[1], texts[4]);
}

#[test]
fn text_that_looks_like_a_mark_is_only_text() {
    let server = TmuxServer::start();
    let line = "\\001muxtape 0 0";
    let script = format!("printf '%s\\n' '{line}' '{line}'; exec sleep 1000");
    server.run(["respawn-pane", "-k", "-t", "main:", "sh", "-c", &script]);
    server.wait_for_text("main:", "muxtape 0 0");
    let text = only_text(&server).main.to_string();
    assert!(text.starts_with(&format!("{line}\n{line}\n")), "{text}");
}

#[test]
fn probes_are_equal_until_something_happens() {
    let server = TmuxServer::start();
    server.wait_for_prompt("main:");
    let tmux = tmux(&server);
    let probe = || tmux.probe().unwrap().unwrap();
    wait_until("a quiet pane", || {
        probe().panes.iter().all(|pane| !pane.settling)
    });
    let before = probe();
    assert_eq!(before, probe());
    assert_eq!(before, tmux.observe().unwrap().probe);
    server.run(["rename-window", "-t", "main:", "new"]);
    assert_ne!(before.structure, probe().structure);
    server.run(["send-keys", "-t", "main:", "x"]);
    wait_until("the key", || probe().panes != before.panes);
}

/// Writes a program by another process: one that this process has open for writing cannot be run,
/// and a child that another test starts meanwhile has it open a little longer.
fn write_program(file: &std::path::Path, script: &str) {
    let mut write = std::process::Command::new("sh");
    write.args([
        "-c",
        "printf %s \"$1\" >\"$2\" && chmod 755 \"$2\"",
        "sh",
        script,
    ]);
    assert!(write.arg(file).status().unwrap().success());
}

#[test]
fn the_locale_does_not_matter() {
    let server = TmuxServer::start();
    let program = server.dir().join("tmux-in-c");
    let real = testing::program();
    let script = format!(
        "#!/bin/sh\nLC_ALL=C LANG=C exec {} \"$@\"\n",
        real.display()
    );
    write_program(&program, &script);
    server.run(["set-option", "-t", "main", "@ünï", "漢字\t\"x\""]);
    server.run(["rename-window", "-t", "main:", "ünï 漢字"]);
    server.run([
        "respawn-pane",
        "-k",
        "-t",
        "main:",
        "sh",
        "-c",
        "echo ünï 漢字; exec sleep 1000",
    ]);
    server.wait_for_text("main:", "漢字");
    let socket = server.socket().to_str().unwrap().into();
    let tmux = Tmux::new(program, ServerSelect::Path(socket), Limits::default());
    let state = tmux.observe().unwrap().state;
    let name = &state.session(b"main").unwrap().active_tab().unwrap().name;
    assert_eq!(*name, "ünï 漢字");
    let settings = &state.session(b"main").unwrap().detail.settings;
    let found = settings.iter().find(|one| one.name == "@ünï").unwrap();
    assert_eq!(found.value, "漢字\t\"x\"");
    let text = tmux.contents(&requests(&state)).unwrap().remove(0).unwrap();
    assert!(text.main.starts_with("ünï 漢字\n".as_bytes()));
}

#[test]
fn a_title_that_turns_is_no_change_of_structure() {
    let server = TmuxServer::start();
    server.wait_for_prompt("main:");
    let tmux = tmux(&server);
    let before = tmux.probe().unwrap().unwrap();
    server.run(["select-pane", "-t", "main:", "-T", "working"]);
    let after = tmux.probe().unwrap().unwrap();
    assert_eq!(before.structure, after.structure);
    assert_ne!(before.panes, after.panes);
    server.run(["split-window", "-t", "main:"]);
    assert_ne!(after.structure, tmux.probe().unwrap().unwrap().structure);
}
