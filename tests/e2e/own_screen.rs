//! The interface in a pane of the server that it records: what it draws is no activity, and nothing
//! of it is captured or comes back.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::support::muxtape::Muxtape;
use std::collections::BTreeSet;

use crate::support::client::Client;
use crate::support::daemon::Daemon;
use muxtape_testing::{TmuxServer, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Settings under which everything is recorded as soon as can be.
const FAST: &str = "[recorder]\nprobe_seconds = 1\ninterval_seconds = 1\n";

/// A server with two idle shells in one tab.
fn server() -> TmuxServer {
    let server = TmuxServer::start();
    server.run(["split-window", "-d", "-h", "-t", "main:0"]);
    for pane in ["main:0.0", "main:0.1"] {
        server.wait_for_prompt(pane);
    }
    server.wait_for_names();
    server
}

fn settings(server: &TmuxServer) {
    let config = server.home().join("config/muxtape");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("config.toml"), FAST).unwrap();
}

fn count(server: &TmuxServer) -> usize {
    server.json(&["list", "--all"]).as_array().unwrap().len()
}

fn pane(server: &TmuxServer, at: usize) -> Value {
    server.json(&["show", "latest"])["sessions"][0]["tabs"][0]["panes"][at].clone()
}

fn text(server: &TmuxServer, pane: &str) -> String {
    server.muxtape(&["show", "latest", "--pane", pane]).out
}

/// Waits until the recorder has looked so many times more.
fn wait_for_looks(server: &TmuxServer, looks: usize) {
    let mut seen = BTreeSet::new();
    wait_until("looks of the recorder", || {
        let status = server.muxtape(&["--json", "daemon", "status"]);
        let status: Value = serde_json::from_str(&status.out).unwrap();
        seen.insert(status["data"]["last_look"].to_string());
        seen.len() > looks
    });
}

/// Opens the interface in a pane, and returns its process.
fn open(server: &TmuxServer, pane: &str) -> Pid {
    let program = env!("CARGO_BIN_EXE_muxtape");
    server.type_line(pane, program);
    wait_until("the interface", || {
        server
            .run(["capture-pane", "-p", "-t", pane])
            .contains("Enter open")
            && !mark(server, pane).is_empty()
    });
    let mark = mark(server, pane);
    Pid::from_raw(mark.split(' ').next().unwrap().parse().unwrap()).unwrap()
}

fn mark(server: &TmuxServer, pane: &str) -> String {
    server.run(["display-message", "-p", "-t", pane, "#{@muxtape-interface}"])
}

/// Waits until nothing new is recorded: what was typed is, and the number of snapshots.
fn settled(server: &TmuxServer) -> usize {
    wait_until("the shell to be recorded", || {
        text(server, "main:0.0").contains("muxtape")
    });
    wait_for_looks(server, 3);
    count(server)
}

#[test]
fn an_open_interface_adds_nothing_and_hides_nothing() {
    for beside in [true, false] {
        let server = server();
        settings(&server);
        server.json(&["create"]);
        let daemon = beside.then(|| Daemon::start(&server, FAST));
        let interface = open(&server, "main:0.0");
        let before = settled(&server);
        wait_for_looks(&server, 4);
        assert_eq!(count(&server), before, "with a daemon: {beside}");
        // Drawing moves the pane, and still is no activity.
        for key in ["h", "l", "?", "Escape", "3", "1"] {
            server.run(["send-keys", "-t", "main:0.0", key]);
        }
        wait_for_looks(&server, 3);
        assert_eq!(count(&server), before);
        let own = pane(&server, 0);
        assert_eq!(own["argv"][0], "bash", "{own}");
        let shown = text(&server, "main:0.0");
        assert!(
            !shown.contains("Enter open") && !shown.contains('┌'),
            "{shown}"
        );
        // Everything else is recorded as ever.
        server.type_line("main:0.1", "echo besi''de");
        wait_until("the other pane", || {
            text(&server, "main:0.1").contains("\nbeside")
        });
        assert_eq!(server.json(&["create", "--if-changed"])["stored"], false);
        let same = server.muxtape(&["diff", "latest", "live", "--exit-code", "--text"]);
        assert_eq!(same.code, 0, "{}", same.out);
        // What is killed marks nothing any more.
        kill_process(interface, Signal::KILL).unwrap();
        let daemon = daemon.unwrap_or_else(|| Daemon::start(&server, FAST));
        assert!(!mark(&server, "main:0.0").is_empty());
        server.type_line("main:0.0", "echo aft''er");
        wait_until("the shell", || {
            server.muxtape(&["show", "latest", "--json"]).code == 0
                && text(&server, "main:0.0").contains("\nafter")
        });
        drop(daemon);
    }
}

#[test]
fn a_mark_goes_with_its_interface_and_comes_back_with_it() {
    let server = server();
    settings(&server);
    server.json(&["create"]);
    open(&server, "main:0.0");
    server.json(&["create", "open"]);
    server.run(["send-keys", "-t", "main:0.0", "C-z"]);
    wait_until("the stop", || mark(&server, "main:0.0").is_empty());
    server.wait_for_prompt("main:0.0");
    server.type_line("main:0.0", "fg");
    wait_until("the interface", || {
        server
            .run(["capture-pane", "-p", "-t", "main:0.0"])
            .contains("Enter open")
            && !mark(&server, "main:0.0").is_empty()
    });
    server.run(["send-keys", "-t", "main:0.0", "q"]);
    wait_until("the end", || mark(&server, "main:0.0").is_empty());
    server.wait_for_prompt("main:0.0");
    let left = server.run(["capture-pane", "-p", "-t", "main:0.0"]);
    assert!(!left.contains("Tape") && !left.contains('○'), "{left}");
    // What comes back is an idle shell, under every policy.
    server.run(["kill-session", "-t", "=main"]);
    let restore = ["--yes", "restore", "open", "--programs", "all"];
    let done = server.json(&restore);
    assert_eq!(done["status"], "success", "{done}");
    let made = done["sessions"][0]["to"].as_str().unwrap().to_owned();
    let target = format!("{made}:0.0");
    let command = "#{pane_current_command}";
    wait_until("the shell", || {
        server.run(["display-message", "-p", "-t", &target, command]) == "bash"
    });
    let shown = server.run(["capture-pane", "-p", "-t", &target]);
    assert!(!shown.contains("Enter open"), "{shown}");
    assert!(mark(&server, &target).is_empty());
}

#[test]
fn without_a_mark_it_is_known_by_its_arguments() {
    let server = server();
    settings(&server);
    server.json(&["create"]);
    let _daemon = Daemon::start(&server, FAST);
    let program = env!("CARGO_BIN_EXE_muxtape");
    let socket = server.socket().display().to_string();
    server.type_line(
        "main:0.0",
        &format!("env -u TMUX -u TMUX_PANE {program} -S {socket}"),
    );
    wait_until("the interface", || {
        server
            .run(["capture-pane", "-p", "-t", "main:0.0"])
            .contains("Enter open")
    });
    let before = settled(&server);
    wait_for_looks(&server, 4);
    assert_eq!(count(&server), before);
    assert!(!text(&server, "main:0.0").contains("Enter open"));
}

#[test]
fn an_interface_in_a_popup_marks_no_pane_and_adds_nothing() {
    let server = server();
    settings(&server);
    server.json(&["create"]);
    let _daemon = Daemon::start(&server, FAST);
    let mut client = Client::attach(&server, "main", 100, 30);
    client.wait("the session", |screen| screen.contents().contains('$'));
    wait_for_looks(&server, 4);
    let before = count(&server);
    let pane = server.run(["display-message", "-p", "-t", "main:0.0", "#{pane_id}"]);
    let mut popup = server
        .client()
        .args(["display-popup", "-E", "-w", "90", "-h", "25", "-e"])
        .arg(format!("TMUX_PANE={pane}"))
        .arg(env!("CARGO_BIN_EXE_muxtape"))
        .spawn()
        .unwrap();
    client.wait("the interface", |screen| {
        screen.contents().contains("Enter open")
    });
    wait_for_looks(&server, 4);
    assert!(mark(&server, "main:0.0").is_empty());
    assert_eq!(count(&server), before);
    drop(client);
    popup.wait().unwrap();
}
