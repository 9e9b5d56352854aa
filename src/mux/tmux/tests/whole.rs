//! An observation is whole, or there is none.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::*;
use crate::mux::Scope;

/// A program that stands in for tmux: a shell script in which `$TMUX_PROGRAM "$@"` is the real one.
fn stand_in(server: &TmuxServer, script: &str) -> Tmux {
    let file = server.dir().join("stand-in");
    let mut text = String::from("#!/bin/sh\n");
    writeln!(text, "TMUX_PROGRAM='{}'", testing::program().display()).unwrap();
    writeln!(text, "CALLS='{}'", server.dir().join("calls").display()).unwrap();
    // How often it was called before.
    text.push_str(
        "calls=$(cat \"$CALLS\" 2>/dev/null || echo 0)\necho $((calls + 1)) >\"$CALLS\"\n",
    );
    text.push_str(script);
    write_program(&file, &text);
    by(server, file, Limits::default())
}

fn by(server: &TmuxServer, program: PathBuf, limits: Limits) -> Tmux {
    let socket = server.socket().to_str().unwrap().into();
    let scope = Scope {
        environment: vec!["SHELL".to_owned()],
        buffers: true,
    };
    Tmux::new(program, ServerSelect::Path(socket), limits).with_scope(scope)
}

/// A server with something of everything.
fn full_server() -> TmuxServer {
    let server = TmuxServer::start();
    server.run(["split-window", "-d", "-t", "main:"]);
    // A name that follows the program would change once more.
    server.run(["rename-window", "-t", "main:", "named"]);
    server.run(["set-environment", "-t", "main", "SHELL", "a\nb"]);
    server.run(["set-option", "-p", "-t", "main:", "@own", "a b"]);
    server.run(["set-buffer", "kept"]);
    for pane in ["main:.0", "main:.1"] {
        server.wait_for_prompt(pane);
    }
    server
}

#[test]
fn no_part_of_an_answer_passes_for_the_whole() {
    let server = full_server();
    let tmux = by(&server, testing::program(), Limits::default());
    let roll = tmux.structure().unwrap().roll();
    let full = query::Depth::Full {
        roll: &roll,
        environment: true,
    };
    for depth in [full, query::Depth::Probe] {
        let answer = tmux.run("a test", &query::commands(depth)).unwrap();
        assert!(query::read(&answer, depth, "a test").is_ok());
        for end in 0..answer.len() {
            assert!(
                query::read(&answer[..end], depth, "a test").is_err(),
                "{end}"
            );
        }
        let lines: Vec<&[u8]> = answer.split_inclusive(|&byte| byte == b'\n').collect();
        for missing in 0..lines.len() {
            let mut rest = lines.clone();
            let line = rest.remove(missing);
            let read = query::read(&rest.concat(), depth, "a test");
            // Rows that are missing are noticed by those that refer to them, or by the roll.
            let noticed = match read {
                Err(_) => true,
                Ok(rows) => rows.roll() != roll || depth == query::Depth::Probe,
            };
            let optional = [&b"@own"[..], b"main", b"unset", b"b\"; export"];
            let optional = optional.iter().any(|start| line.starts_with(start))
                || line.starts_with(b"S ")
                || line.contains(&b'-');
            assert!(noticed || optional, "{:?}", bstr::BStr::new(line));
        }
    }
}

#[test]
fn answers_that_are_cut_are_refused() {
    let server = full_server();
    let whole = by(&server, testing::program(), Limits::default());
    let expected = whole.observe().unwrap().state;
    for bytes in [0, 1, 40, 60, 80, 200, 400, 1000] {
        let cut = stand_in(
            &server,
            &format!("\"$TMUX_PROGRAM\" \"$@\" | head -c {bytes}\n"),
        );
        let error = cut.observe().unwrap_err();
        assert!(
            matches!(error, MuxError::Garbled { .. }),
            "{bytes}: {error}"
        );
    }
    let end = stand_in(&server, "exec \"$TMUX_PROGRAM\" \"$@\"\n");
    assert_eq!(end.observe().unwrap().state, expected);
}

#[test]
fn a_session_without_a_current_window_is_refused() {
    let server = full_server();
    let unfocused = stand_in(
        &server,
        "\"$TMUX_PROGRAM\" \"$@\" | sed 's/^\\(W \\$[0-9]* @[0-9]* [0-9]*\\) 1 /\\1 0 /'\n",
    );
    let error = unfocused.observe().unwrap_err().to_string();
    assert!(error.contains("no current window"), "{error}");
}

#[test]
fn a_client_that_is_killed_is_an_error() {
    let server = full_server();
    for script in [
        "\"$TMUX_PROGRAM\" \"$@\"; kill -9 $$\n",
        "\"$TMUX_PROGRAM\" \"$@\" | head -c 100; kill -9 $$\n",
        "kill -9 $$\n",
        "exit 1\n",
    ] {
        let error = stand_in(&server, script).observe().unwrap_err();
        let clear = matches!(error, MuxError::Garbled { .. } | MuxError::Refused { .. });
        assert!(clear, "{script}: {error}");
        assert!(!error.to_string().contains("main"), "{script}: {error}");
    }
}

#[test]
fn a_command_that_is_refused_spoils_the_whole() {
    let server = full_server();
    // The first call only asks who is there.
    let script = "\"$TMUX_PROGRAM\" \"$@\"; [ $calls = 1 ] && echo 'no such thing' >&2; exit 0\n";
    let error = stand_in(&server, script).observe().unwrap_err();
    assert!(matches!(error, MuxError::Refused { .. }), "{error}");
}

#[test]
fn panes_that_come_and_go_between_two_questions_are_right_in_the_end() {
    let server = full_server();
    let socket = server.socket();
    let socket = socket.display();
    for change in [
        "kill-pane -t main:.1",
        "split-window -d -t main:",
        "new-session -d -s new",
    ] {
        let _ = std::fs::remove_file(server.dir().join("calls"));
        let tmux = stand_in(
            &server,
            &format!(
                "[ $calls = 1 ] && env TMUX= \"$TMUX_PROGRAM\" -S '{socket}' {change}\n\
                 exec \"$TMUX_PROGRAM\" \"$@\"\n"
            ),
        );
        let found = tmux.observe().unwrap().state;
        let now = by(&server, testing::program(), Limits::default());
        let now = now.observe().unwrap().state;
        let settings = |state: &ServerState| -> Vec<_> {
            state
                .panes()
                .map(|(_, _, pane)| (pane.handle, pane.detail.settings.clone()))
                .collect()
        };
        assert_eq!(settings(&found), settings(&now), "{change}");
    }
}

#[test]
fn what_hooks_say_while_nobody_is_attached_does_not_spoil_an_answer() {
    let server = full_server();
    let tmux = by(&server, testing::program(), Limits::default());
    for hook in ["display-message said", "kill-pane -t %99"] {
        server.run(["set-hook", "-w", "-t", "main:", "window-renamed", hook]);
        // As many as there are questions: each takes what was said before.
        for name in ["one", "two", "three"] {
            server.run(["rename-window", "-t", "main:", name]);
            assert_eq!(tmux.observe().unwrap().state.pane_count(), 2);
            server.run(["rename-window", "-t", "main:", "other"]);
            assert!(tmux.probe().unwrap().is_some());
        }
    }
}

#[test]
fn panes_that_never_keep_still_are_an_error() {
    let server = full_server();
    let socket = server.socket();
    let socket = socket.display();
    let tmux = stand_in(
        &server,
        &format!(
            "env TMUX= \"$TMUX_PROGRAM\" -S '{socket}' new-window -d -t main:\n\
             exec \"$TMUX_PROGRAM\" \"$@\"\n"
        ),
    );
    let error = tmux.observe().unwrap_err();
    assert!(matches!(error, MuxError::Garbled { .. }), "{error}");
}

#[test]
fn a_server_that_hangs_is_a_timeout_and_one_that_dies_is_gone() {
    let server = full_server();
    let pid = Pid::from_raw(server.pid()).unwrap();
    let limits = Limits {
        time: Duration::from_millis(200),
        ..Limits::default()
    };
    kill_process(pid, Signal::STOP).unwrap();
    let hurried = by(&server, testing::program(), limits);
    let error = hurried.observe().unwrap_err();
    assert!(matches!(error, MuxError::Timeout { .. }), "{error}");
    let error = hurried.probe().unwrap_err();
    assert!(matches!(error, MuxError::Timeout { .. }), "{error}");
    let patient = by(&server, testing::program(), Limits::default());
    let observer = std::thread::spawn(move || patient.observe());
    // The client waits for an answer that never comes.
    let asked = |client: &str| client.contains("source-file") && client.contains("-S");
    wait_until("a client that waits", || {
        clients(&server).iter().any(|line| asked(line))
    });
    kill_process(pid, Signal::KILL).unwrap();
    let error = observer.join().unwrap().unwrap_err();
    assert!(matches!(error, MuxError::NoServer { .. }), "{error}");
    assert!(matches!(hurried.probe(), Ok(None)));
}

/// The command lines of clients of a server.
fn clients(server: &TmuxServer) -> Vec<String> {
    let socket = server.socket();
    let found = std::process::Command::new("ps")
        .args(["-Ao", "args"])
        .output()
        .unwrap();
    let lines = String::from_utf8_lossy(&found.stdout).into_owned();
    let lines = lines
        .lines()
        .filter(|line| line.contains(socket.to_str().unwrap()));
    lines.map(str::to_owned).collect()
}
