//! After a recovery: clients of the blank session that muxtape was called in look at what was
//! restored, and the session is offered for closing, never closed unasked.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::support::client::Client;
use crate::support::muxtape::Muxtape;
use muxtape_testing::{TmuxServer, wait_until};

const PROGRAM: &str = env!("CARGO_BIN_EXE_muxtape");

/// A server that was killed while somebody was in its second session, and a blank one that was
/// started since.
fn crashed() -> (TmuxServer, Client) {
    let server = TmuxServer::start();
    server.run(["split-window", "-d", "-t", "main:"]);
    server.run(["new-session", "-d", "-s", "other", "-x", "80", "-y", "24"]);
    for pane in ["main:0.0", "main:0.1", "other:0"] {
        server.wait_for_prompt(pane);
    }
    server.wait_for_names();
    let client = Client::attach(&server, "other", 80, 24);
    wait_until("the client", || !server.run(["list-clients"]).is_empty());
    server.json(&["create"]);
    server.crash();
    drop(client);
    server.run(["new-session", "-d", "-s", "0", "-x", "80", "-y", "24"]);
    server.wait_for_prompt("0:0");
    let client = Client::attach(&server, "0", 80, 24);
    wait_until("the client", || shown(&server) == ["0"]);
    (server, client)
}

/// The sessions that clients look at.
fn shown(server: &TmuxServer) -> Vec<String> {
    let names = server.run(["list-clients", "-F", "#{client_session}"]);
    names.lines().map(str::to_owned).collect()
}

fn sessions(server: &TmuxServer) -> Vec<String> {
    let names = server.run(["list-sessions", "-F", "#{session_name}"]);
    names.lines().map(str::to_owned).collect()
}

fn screen(server: &TmuxServer) -> String {
    server.run(["capture-pane", "-p", "-J", "-t", "0:0"])
}

fn press(server: &TmuxServer, key: &str) {
    server.run(["send-keys", "-t", "0:0", key]);
}

/// That a restore can be taken back; the blank session stays, if it is there.
fn undo(server: &TmuxServer) {
    let done = server.json(&["--yes", "undo"]);
    assert_eq!(done["closed"].as_array().map(Vec::len), Some(2), "{done}");
}

#[test]
fn the_client_of_a_blank_session_goes_along_and_the_session_stays() {
    let (server, _client) = crashed();
    server.type_line("0:0", &format!("{PROGRAM} --yes recover"));
    wait_until("the client elsewhere", || shown(&server) == ["other"]);
    assert_eq!(sessions(&server), ["0", "main", "other"]);
    server.wait_for_text("0:0", "1 blank session is left: 0; `tmux kill-session");
    undo(&server);
    assert_eq!(sessions(&server), ["0"]);
}

#[test]
fn it_is_closed_after_muxtape_when_the_user_says_so() {
    for close in [true, false] {
        let (server, _client) = crashed();
        server.type_line("0:0", &format!("{PROGRAM} recover"));
        server.wait_for_text("0:0", "Make 2 sessions");
        server.type_line("0:0", "y");
        server.wait_for_text("0:0", "Close session 0, which this runs in and is blank?");
        server.type_line("0:0", if close { "y" } else { "" });
        wait_until("the client elsewhere", || shown(&server) == ["other"]);
        let left: &[&str] = if close {
            &["main", "other"]
        } else {
            &["0", "main", "other"]
        };
        wait_until("the sessions", || sessions(&server) == left);
        undo(&server);
    }
}

#[test]
fn a_session_in_which_something_was_done_is_not_offered() {
    let (server, _client) = crashed();
    server.type_line("0:0", "cd /");
    server.type_line("0:0", &format!("{PROGRAM} --yes recover"));
    wait_until("the sessions", || {
        sessions(&server) == ["0", "main", "other"]
    });
    server.wait_for_text("0:0", "0 failed");
    wait_until("the end", || screen(&server).trim_end().ends_with('$'));
    assert!(!screen(&server).contains("blank"), "{}", screen(&server));
    assert_eq!(shown(&server), ["0"]);
}

#[test]
fn the_interface_offers_it_too_and_closes_it_when_it_has_ended() {
    for taken_back in [false, true] {
        let (server, _client) = crashed();
        server.type_line("0:0", PROGRAM);
        server.wait_for_text("0:0", "ended unexpectedly");
        press(&server, "Enter");
        wait_until("the dry run", || {
            let shown = screen(&server);
            shown.contains("DRY RUN") && shown.contains("other")
        });
        press(&server, "R");
        server.wait_for_text("0:0", "Yes, restore");
        press(&server, "y");
        server.wait_for_text("0:0", "close blank");
        press(&server, "c");
        server.wait_for_text("0:0", "muxtape runs in it");
        press(&server, "y");
        server.wait_for_text("0:0", "is closed when you leave");
        assert_eq!(sessions(&server), ["0", "main", "other"]);
        if taken_back {
            press(&server, "u");
            server.wait_for_text("0:0", "Undo this restore?");
            press(&server, "y");
            wait_until("the sessions", || sessions(&server) == ["0"]);
            press(&server, "C-c");
            wait_until("the end", || screen(&server).trim_end().ends_with('$'));
            assert_eq!(sessions(&server), ["0"]);
        } else {
            press(&server, "a");
            wait_until("the sessions", || sessions(&server) == ["main", "other"]);
            wait_until("the client elsewhere", || shown(&server) == ["other"]);
            undo(&server);
        }
    }
}
