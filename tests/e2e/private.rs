//! What is private and what is never recorded is written nowhere, and stays private when it comes
//! back.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use crate::support::muxtape::Muxtape;
use std::fs;

use crate::support::written::written;
use muxtape_testing::TmuxServer;

const PLANTED: &str = "zorg4711";

fn config(server: &TmuxServer, text: &str) {
    let dir = server.home().join("config/muxtape");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("config.toml"), text).unwrap();
}

/// A pane beside another one, with something planted in its text, its title, its command, its
/// directory and its settings.
fn planted(server: &TmuxServer) {
    let dir = server.home().join(format!("dir-{PLANTED}"));
    fs::create_dir(&dir).unwrap();
    server.run([
        "split-window",
        "-d",
        "-t",
        "main:0",
        "-c",
        dir.to_str().unwrap(),
    ]);
    server.wait_for_prompt("main:0.0");
    server.wait_for_prompt("main:0.1");
    server.type_line("main:0.0", "echo beside it");
    server.wait_for_text("main:0.0", "\nbeside it");
    server.run([
        "select-pane",
        "-t",
        "main:0.1",
        "-T",
        &format!("title {PLANTED}"),
    ]);
    server.run(["set-option", "-p", "-t", "main:0.1", "@own", PLANTED]);
    server.type_line(
        "main:0.1",
        &format!("sh -c 'echo {PLANTED}; exec sleep 1000' {PLANTED}"),
    );
    server.wait_for_text("main:0.1", &format!("\n{PLANTED}"));
}

/// The files that muxtape has written with something planted in them, and the answers that have it.
fn holding(server: &TmuxServer) -> Vec<String> {
    let mut files = Vec::new();
    for dir in ["data", "state", "cache"] {
        let dir = server.home().join(dir);
        if dir.is_dir() {
            written(&dir, &mut files);
        }
    }
    assert!(files.iter().any(|(name, _)| name.contains("decompressed")));
    for snapshot in server.json(&["list", "--all"]).as_array().unwrap() {
        let id = snapshot["id"].as_str().unwrap();
        files.push((
            id.to_owned(),
            server.muxtape(&["show", id, "--json"]).out.into(),
        ));
    }
    let live = server.muxtape(&["show", "live", "--json"]).out;
    files.push(("live".to_owned(), live.into()));
    let holds = |bytes: &[u8]| memchr::memmem::find(bytes, PLANTED.as_bytes()).is_some();
    let found = files.iter().filter(|(_, bytes)| holds(bytes));
    found.map(|(name, _)| name.clone()).collect()
}

fn withheld(server: &TmuxServer, snapshot: &str) -> Vec<String> {
    let show = server.json(&["show", snapshot]);
    let panes = show["sessions"][0]["tabs"][0]["panes"].as_array().unwrap();
    let word = |pane: &serde_json::Value| pane["withheld"].as_str().unwrap_or("-").to_owned();
    panes.iter().map(word).collect()
}

fn private(server: &TmuxServer, args: &[&str]) -> Vec<bool> {
    let said = server.json(&[&["private"], args].concat());
    let panes = said["panes"].as_array().unwrap().iter();
    panes
        .map(|pane| pane["private"].as_bool().unwrap())
        .collect()
}

#[test]
fn nothing_of_a_private_pane_is_written_and_it_comes_back_private() {
    let server = TmuxServer::start();
    planted(&server);
    assert_eq!(private(&server, &["on", "main:0.1"]), [true]);
    assert_eq!(private(&server, &["status"]), [false, true]);
    let made = server.json(&["create"]);
    assert_eq!(made["stored"], true);
    assert_eq!(withheld(&server, "latest"), ["-", "private"]);
    assert_eq!(holding(&server), [""; 0]);
    let again = server.json(&["create", "--if-changed"]);
    assert_eq!(again["stored"], false, "nothing had changed");
    // A rehearsal finds what is known of it.
    let drill = server.json(&["drill"]);
    assert_eq!(drill["exact"], true, "{drill}");
    // It is alive as it was, as far as can be told.
    let plan = server.json(&["restore", "latest", "--dry-run"]);
    assert_eq!(plan["steps"].as_array().unwrap().len(), 0, "{plan}");
    // In the place of the living session, which goes into an undo point.
    let done = server.json(&[
        "restore",
        "latest",
        "--yes",
        "--on-conflict",
        "replace",
        "--session",
        "main",
    ]);
    assert_eq!(done["status"], "success", "{done}");
    let told = done["warnings"].as_array().unwrap().iter();
    let told: Vec<_> = told
        .filter(|warning| {
            warning["kind"] == "private pane"
                || warning["issue"].as_str().unwrap().contains("private")
        })
        .collect();
    assert_eq!(told.len(), 1, "{done}");
    assert_eq!(told[0]["level"], "info");
    assert_eq!(private(&server, &["status", "main"]), [false, true]);
    server.json(&["create", "after"]);
    assert_eq!(withheld(&server, "latest"), ["-", "private"]);
    assert_eq!(holding(&server), [""; 0]);
    // The mark goes, and what is there now is recorded.
    assert_eq!(private(&server, &["off", "main"]), [false, false]);
    server.json(&["create"]);
    assert_eq!(withheld(&server, "latest"), ["-", "-"]);
}

#[test]
fn a_pane_can_mark_itself_its_tab_and_its_session() {
    let server = TmuxServer::start();
    server.run(["split-window", "-d", "-t", "main:0"]);
    server.run(["new-window", "-d", "-t", "main:"]);
    server.wait_for_prompt("main:0.0");
    let program = env!("CARGO_BIN_EXE_muxtape");
    let mut run = 0;
    let mut says = |args: &str| {
        run += 1;
        let line = format!("clear; '{program}' -q private {args}; echo said $?-{run}");
        server.type_line("main:0.0", &line);
        server.wait_for_text("main:0.0", &format!("\nsaid 0-{run}"));
        private(&server, &["status"])
    };
    assert_eq!(says(""), [true, false, false]);
    assert_eq!(says("off"), [false, false, false]);
    assert_eq!(says("on --tab"), [true, true, false]);
    assert_eq!(says("off"), [false, true, false]);
    assert_eq!(says("on --session"), [false, true, true]);
    assert_eq!(says("off --session"), [false, false, false]);
    assert_eq!(says("on main:1 --session"), [true, true, true]);
    assert_eq!(says("status"), [true, true, true]);
    server.error(2, &["private", "on"]);
    server.error(3, &["private", "on", "main:7.0"]);
}

#[test]
fn what_is_never_recorded_is_written_nowhere() {
    for (never, left) in [
        (format!("sessions = ['*{PLANTED}']"), 1),
        (format!("tabs = ['*{PLANTED}']"), 1),
        ("commands = ['slee?']".to_owned(), 2),
        (format!("directories = ['~/dir-{PLANTED}']"), 2),
    ] {
        let server = TmuxServer::start();
        config(&server, &format!("[capture.never]\n{never}\n"));
        planted(&server);
        if left == 1 {
            // Its own session and its own tab, linked to another session.
            server.run([
                "break-pane",
                "-d",
                "-s",
                "main:0.1",
                "-t",
                "main:8",
                "-n",
                &format!("tab-{PLANTED}"),
            ]);
            server.run(["new-session", "-d", "-s", &format!("session-{PLANTED}")]);
            let there = format!("session-{PLANTED}:9");
            server.run(["link-window", "-d", "-s", "main:8", "-t", &there]);
        }
        if never.starts_with("tabs") {
            // A session that has nothing else goes, too.
            server.run(["kill-window", "-t", &format!("session-{PLANTED}:0")]);
        }
        server.json(&["create"]);
        assert_eq!(holding(&server), [""; 0], "{never}");
        let panes = server.json(&["list"])[0]["panes"].as_u64().unwrap();
        assert_eq!(panes, left, "{never}");
        if left == 2 {
            assert_eq!(withheld(&server, "latest"), ["-", "excluded"]);
        }
    }
}

#[test]
fn texts_of_some_sessions_are_not_kept() {
    let server = TmuxServer::start();
    config(
        &server,
        "[[capture.rule]]\nsession = 'main'\ncontents = 'none'\n",
    );
    server.wait_for_prompt("main:0");
    server.type_line("main:0", &format!("echo {PLANTED}; exec sh"));
    server.wait_for_text("main:0", &format!("\n{PLANTED}"));
    server.json(&["create"]);
    assert_eq!(holding(&server), [""; 0]);
    config(&server, "[recorder]\ncontents = false\n");
    server.json(&["create"]);
    assert_eq!(holding(&server), [""; 0]);
    config(&server, "[capture.never]\nsessions = ['m*']\n");
    let error = server.error(5, &["create", "--session", "main"]);
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("never recorded")
    );
}
