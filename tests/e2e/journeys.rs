//! The three journeys that people come for, driven by keys in a real terminal against a real tmux:
//! look and search; preview a restore and do it; come back after a crash.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::support::interface::open;
use crate::support::muxtape::Muxtape;
use muxtape_testing::{TmuxServer, wait_until};

/// A server with two sessions: `main`, in two panes, and `other`.
fn server() -> TmuxServer {
    let server = TmuxServer::start();
    server.run(["split-window", "-d", "-h", "-t", "main:0"]);
    server.run(["new-session", "-d", "-s", "other", "-x", "80", "-y", "24"]);
    for pane in ["main:0.0", "main:0.1", "other:0.0"] {
        server.wait_for_prompt(pane);
    }
    server.wait_for_names();
    server
}

fn show(server: &TmuxServer, pane: &str, text: &str) {
    server.type_line(pane, &format!("echo {text}"));
    server.wait_for_text(pane, &format!("\n{text}"));
    server.wait_for_prompt(pane);
}

fn sessions(server: &TmuxServer) -> Vec<String> {
    let names = server.run(["list-sessions", "-F", "#{session_name}"]);
    names.lines().map(str::to_owned).collect()
}

#[test]
fn the_tape_is_scrubbed_and_searched() {
    let server = server();
    show(&server, "main:0.0", "the first moment");
    server.json(&["create", "one"]);
    server.run(["send-keys", "-t", "main:0.0", "-R", "clear", "Enter"]);
    show(&server, "main:0.0", "the second moment");
    server.json(&["create", "two"]);

    let terminal = open(&server, 100, 30);
    terminal.wait("the newest moment", |screen| {
        screen.contains("Tape") && screen.contains("the second moment")
    });
    terminal.keys(&["h"]);
    terminal.wait("the moment before", |screen| {
        screen.contains("the first moment")
    });
    terminal.keys(&["l"]);
    terminal.wait_for("the second moment");

    // The text that only the first snapshot has leads back to it.
    terminal.text("/");
    terminal.text("first moment");
    terminal.wait("a hit", |screen| {
        screen.contains("1 hit") || screen.contains("echo the first moment")
    });
    terminal.keys(&["Enter"]);
    terminal.keys(&["Enter"]);
    terminal.wait("the tape at that moment", |screen| {
        screen.contains("Tape") && screen.contains("one") && screen.contains("the first moment")
    });

    // Any size, and back.
    terminal.resize(40, 12);
    terminal.wait("a tiny screen", |screen| {
        screen.lines().count() <= 12 && screen.contains("moment")
    });
    terminal.resize(20, 5);
    terminal.resize(100, 30);
    terminal.wait_for("Tape");
    terminal.keys(&["q"]);
    assert_eq!(terminal.wait_end(), 0);
}

#[test]
fn a_restore_is_previewed_done_and_undone() {
    let server = server();
    show(&server, "main:0.0", "what was there");
    server.json(&["create", "before"]);
    server.run(["kill-session", "-t", "=other"]);
    let before = server.run(["list-panes", "-a", "-F", "#{pane_id} #{pane_pid}"]);

    let terminal = open(&server, 100, 30);
    // The recorder sees that a session has gone; the named snapshot is the one before.
    terminal.wait("both snapshots", |screen| screen.contains("1/2"));
    terminal.keys(&["g"]);
    terminal.wait("the older one", |screen| screen.contains("2/2"));
    terminal.keys(&["r"]);
    terminal.wait("the dry run", |screen| {
        screen.contains("DRY RUN")
            && screen.contains("nothing has been changed")
            && screen.contains("other")
    });
    // Looking changes nothing; the key that opens the question does not answer it.
    terminal.keys(&["R"]);
    terminal.wait_for("Yes, restore");
    terminal.keys(&["Enter"]);
    terminal.wait("no", |screen| {
        !screen.contains("Yes, restore") && screen.contains("DRY RUN")
    });
    assert_eq!(
        server.run(["list-panes", "-a", "-F", "#{pane_id} #{pane_pid}"]),
        before
    );
    assert_eq!(sessions(&server), ["main"]);

    terminal.keys(&["R"]);
    terminal.wait_for("Yes, restore");
    terminal.text("y");
    wait_until("the sessions", || {
        sessions(&server).contains(&"other".to_owned())
    });
    terminal.wait("the report", |screen| {
        !screen.contains("DRY RUN") && screen.contains("other")
    });
    assert!(
        server
            .run(["list-panes", "-a", "-F", "#{pane_id} #{pane_pid}"])
            .starts_with(&before)
    );
    // A snapshot of its own, though the newest one showed the very same.
    let points = server.json(&["list", "--cause", "undo_point"]);
    assert_eq!(points.as_array().unwrap().len(), 1, "{points}");
    // Undo asks, and closes what was made and nothing else.
    terminal.text("u");
    terminal.wait_for("Closes other with 1 pane");
    terminal.text("u");
    terminal.text("y");
    terminal.wait_for("Closed other");
    assert_eq!(sessions(&server), ["main"]);
    assert_eq!(
        server.run(["list-panes", "-a", "-F", "#{pane_id} #{pane_pid}"]),
        before
    );
    terminal.keys(&["q", "q", "q"]);
    assert_eq!(terminal.wait_end(), 0);
}

#[test]
fn a_crash_is_recovered_from_the_prompt() {
    let server = server();
    show(&server, "main:0.1", "work of a whole day");
    server.json(&["create"]);
    server.crash();
    server.run(["new-session", "-d", "-s", "blank", "-x", "80", "-y", "24"]);
    server.json(&["create"]);

    let terminal = open(&server, 100, 30);
    let screen = terminal.wait_for("ended unexpectedly");
    assert!(
        screen.contains("main") && screen.contains("other"),
        "{screen}"
    );
    assert_eq!(sessions(&server), ["blank"], "nothing is started by itself");
    terminal.keys(&["Enter"]);
    terminal.wait("the dry run", |screen| {
        screen.contains("DRY RUN") && screen.contains("other")
    });
    terminal.keys(&["R"]);
    terminal.wait_for("Yes, restore");
    terminal.text("y");
    wait_until("the sessions", || {
        sessions(&server) == ["blank", "main", "other"]
    });
    server.wait_for_text("main:0.1", "\nwork of a whole day");
    terminal.wait("the report", |screen| !screen.contains("DRY RUN"));
    terminal.keys(&["q", "q", "q"]);
    assert_eq!(terminal.wait_end(), 0);
    assert_eq!(
        server.run([
            "list-panes",
            "-t",
            "main:0",
            "-F",
            "#{pane_width}x#{pane_height}"
        ]),
        "40x24\n39x24"
    );

    // Answered once: the next start opens on the tape.
    drop(terminal);
    let terminal = open(&server, 80, 24);
    let screen = terminal.wait_for("Tape");
    assert!(!screen.contains("unexpectedly"), "{screen}");
    terminal.keys(&["C-c"]);
    assert_eq!(terminal.wait_end(), 0);
}

#[test]
fn the_store_is_looked_at_and_checked() {
    let server = server();
    let token = concat!("ghp_", "0123456789abcdefghijABCDEFGHIJ012345");
    server.type_line("main:0.0", &format!("echo {token} && echo shown"));
    server.wait_for_text("main:0.0", "\nshown");
    server.wait_for_prompt("main:0.0");
    let config = server.home().join("config/muxtape");
    std::fs::create_dir_all(&config).unwrap();
    let keep_one = "[retention]\nkeep_last = 1\nhourly = 0\ndaily = 0\n";
    std::fs::write(config.join("config.toml"), keep_one).unwrap();
    let made = server.json(&["create", "kept"]);
    let places = made["redactions"][0]["count"].as_u64().unwrap();
    let said = server.muxtape(&["show", "kept"]).out;
    let hidden = format!("secrets hidden in {places} place");
    assert!(said.contains(&hidden), "{said}");
    assert_eq!(server.json(&["verify"])["ok"], true);
    let figures = server.json(&["stats"]);
    let rule = &figures["redactions"][0];
    assert_eq!(rule["rule"], "github-token");
    assert_eq!(
        (&rule["newest"], &rule["snapshots"]),
        (&places.into(), &1.into())
    );

    let terminal = open(&server, 80, 24);
    terminal.wait_for("kept");
    terminal.keys(&["3"]);
    terminal.wait("the figures", |screen| {
        screen.contains("snapshots      1") && screen.contains("the last 1 ·")
    });
    terminal.wait_for("nothing to remove");
    // The check of before is known, and a new one is made.
    terminal.wait_for("✓ all good");
    terminal.keys(&["v"]);
    terminal.wait_for("Checked 1 snapshot: all good");
    terminal.keys(&["Enter"]);
    terminal.wait_for("github-token");
    terminal.keys(&["Escape"]);
    // A key right behind Escape would be read as one with Alt.
    terminal.wait_for("nothing to remove");
    terminal.keys(&["C"]);
    terminal.wait_for("Compacted");
    // The preview changes nothing, and where nothing would go it says why.
    terminal.keys(&["P"]);
    terminal.wait_for("Nothing is beyond what is to be kept");
    terminal.keys(&["a"]);
    terminal.wait_for("newest of main, newest of other");
    terminal.keys(&["Enter"]);
    terminal.wait_for("┌ Tape");
    terminal.keys(&["q"]);
    assert_eq!(terminal.wait_end(), 0);
}

#[test]
fn a_store_that_is_damaged_meanwhile_is_an_error_on_a_whole_screen() {
    let server = server();
    server.json(&["create", "one"]);
    let terminal = open(&server, 80, 24);
    terminal.wait_for("one");
    muxtape_testing::damage(&server.home().join("data/muxtape/muxtape.redb"));
    terminal.keys(&["p"]);
    let screen = terminal.wait_for("damaged");
    assert!(
        screen.contains("Tape") && !screen.contains("panicked"),
        "{screen}"
    );
    terminal.keys(&["C-c"]);
    assert_eq!(terminal.wait_end(), 0);
}

#[test]
fn when_the_terminal_goes_the_interface_goes_too() {
    let server = server();
    server.json(&["create"]);
    let terminal = open(&server, 80, 24);
    terminal.wait_for("rec ");
    let pid = server.json(&["daemon", "status"])["pid"].as_i64().unwrap();
    drop(terminal);
    wait_until("the end of the recording", || {
        server.muxtape(&["daemon", "status"]).code == 6
    });
    wait_until("the end of the process", || {
        muxtape_testing::is_gone(pid.try_into().unwrap())
    });
}
