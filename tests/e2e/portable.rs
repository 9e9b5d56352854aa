//! Snapshots that go from one machine to another: out of one store, into an empty one, and back to
//! life.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

use crate::support::muxtape::Muxtape;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::support::world::{World, comparable};
use muxtape::model::contents::Contents;
use muxtape::model::tree::Session;
use muxtape::store::{Query, Store, StoreOptions};
use muxtape_testing::TmuxServer;

/// The store of a server's user.
fn store(server: &TmuxServer) -> Store {
    let data = server.home().join("data").join("muxtape");
    Store::new(data, StoreOptions::default())
}

/// A session of the newest snapshot, as it can be compared, and the texts of its panes.
fn newest(server: &TmuxServer, name: &str) -> (Session, Vec<Contents>) {
    let store = store(server);
    let meta = store.list(&Query::default()).unwrap().remove(0);
    let state = store.load(meta.id).unwrap().state;
    let session = comparable(&state);
    let session = session.session(name.as_bytes()).unwrap().clone();
    let panes = session.tabs.iter().flat_map(|tab| &tab.panes);
    let digests: Vec<_> = panes.map(|pane| pane.contents.unwrap().digest).collect();
    (session, store.contents(&digests).unwrap())
}

fn path(dir: &Path, name: &str) -> String {
    dir.join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_session_moves_to_another_server() {
    let (from, to) = (World::new(), World::new());
    let size = ["-x", "120", "-y", "40"];
    from.run(
        &[
            &["new-session", "-d", "-s", "work", "-n", "edit"][..],
            &size,
        ]
        .concat(),
    );
    from.run(&["split-window", "-h", "-t", "=work:", "-c", "/usr"]);
    from.run(&["split-window", "-v", "-t", "=work:"]);
    from.run(&["new-window", "-t", "=work:4", "-n", "logs", "-d"]);
    from.settle();
    from.server.type_line(
        "%0",
        r"for i in $(seq 1 90); do printf '\033[3%dmline %d\033[0m\n' $((i % 8)) $i; done",
    );
    from.server.wait_for_text("%0", "line 90");
    from.settle();
    let file = path(from.server.dir(), "work.muxtape");
    let made = from
        .server
        .json(&["create", "before the move", "--tag", "moved"]);
    let id = made["id"].as_str().unwrap();
    let exported = from.server.json(&["export", "before the move", &file]);
    assert_eq!(exported["snapshots"][0]["id"], id);
    assert_eq!(fs::metadata(&file).unwrap().len(), exported["bytes"]);

    to.run(&[&["new-session", "-d", "-s", "other"][..], &size].concat());
    to.settle();
    let planned = to.server.json(&["import", "--dry-run", &file]);
    assert_eq!(
        (&planned["imported"], &planned["dry_run"]),
        (&1.into(), &true.into())
    );
    assert!(!store(&to.server).exists());
    let imported = to.server.json(&["import", &file]);
    let one = &imported["snapshots"][0];
    assert_eq!((&one["outcome"], &one["id"]), (&"new".into(), &id.into()));
    assert_eq!(one["original_cause"], "manual");
    let list = to.server.json(&["list"]);
    assert_eq!(
        (&list[0]["cause"], &list[0]["name"]),
        (&"import".into(), &"before the move".into())
    );
    assert_eq!(list[0]["life"], from.server.json(&["list"])[0]["life"]);

    // Shown, found, compared like others.
    let shown = |world: &World, pane: &str| world.server.muxtape(&["show", id, "--pane", pane]).out;
    assert!(shown(&to, "work:0.0").contains("line 90"));
    assert_eq!(shown(&to, "work:0.0"), shown(&from, "work:0.0"));
    let hits = to.server.json(&["search", "--text", "line 90"]);
    assert_eq!(hits[0]["snapshot"], id);
    assert_eq!(
        to.server.muxtape(&["diff", id, "live", "--exit-code"]).code,
        1
    );
    to.server.error(3, &["show", "latest"]);

    // And restored: a capture is the same again, settings included, where it is trusted.
    to.server.json(&["--yes", "restore", id, "--trust"]);
    to.settle();
    to.server.json(&["create"]);
    let ((wanted, texts), (got, restored)) =
        (newest(&from.server, "work"), newest(&to.server, "work"));
    assert_eq!(wanted, got);
    assert_eq!(texts, restored);
    let again = to.server.json(&["import", &file]);
    assert_eq!(
        (&again["imported"], &again["already_there"]),
        (&0.into(), &1.into())
    );
    assert_eq!(to.server.muxtape(&["verify"]).code, 0);
    let journal = to.server.muxtape(&["events", "--json"]);
    if journal.code == 0 {
        assert!(
            journal.out.contains("snapshots_imported"),
            "{}",
            journal.out
        );
    }
}

/// A server with one snapshot, and a file of it.
fn exported() -> (TmuxServer, PathBuf) {
    let server = TmuxServer::start();
    server.wait_for_prompt("main");
    server.json(&["create", "one"]);
    let file = server.dir().join("one.muxtape");
    server.json(&["export", "one", file.to_str().unwrap()]);
    (server, file)
}

#[test]
fn the_file_is_its_owners_alone_and_nothing_is_replaced_unasked() {
    let (server, file) = exported();
    let name = file.to_str().unwrap();
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let first = fs::read(&file).unwrap();
    let error = server.error(5, &["export", "one", name]);
    assert!(error["hint"].as_str().unwrap().contains("--force"));
    assert_eq!(fs::read(&file).unwrap(), first);
    server.json(&["export", "--force", "latest", name]);
    // No link is followed, and no directory becomes a file.
    let link = server.dir().join("link");
    symlink(&file, &link).unwrap();
    server.error(5, &["export", "one", link.to_str().unwrap()]);
    server.error(
        1,
        &["export", "--force", "one", server.dir().to_str().unwrap()],
    );
    let error = server.error(1, &["export", "one", "/no/such/directory/file"]);
    assert!(error["hint"].as_str().unwrap().contains("directory"));
    server.error(3, &["export", "nothing", "also-nothing"]);
    assert_eq!(server.muxtape(&["export", "one"]).code, 2);
    let left = fs::read_dir(server.dir()).unwrap();
    let left = left.map(|entry| entry.unwrap().file_name());
    assert!(
        !left
            .into_iter()
            .any(|name| name.to_str().unwrap().starts_with('.'))
    );
    // A person sees what it is.
    let first_line = first.split(|byte| *byte == b'\n').next().unwrap();
    assert_eq!(first_line, b"muxtape portable 2");
}

#[test]
fn it_goes_through_a_pipe() {
    let (server, _) = exported();
    let (out, file) = (
        server.dir().join("out"),
        fs::File::create(server.dir().join("out")),
    );
    let muxtape = |args: &[&str]| {
        let mut command = server.command(env!("CARGO_BIN_EXE_muxtape"));
        command.arg("-S").arg(server.socket()).args(args);
        command
    };
    let done = muxtape(&["export", "one", "-"])
        .stdout(file.unwrap())
        .status();
    assert!(done.unwrap().success());
    server.error(2, &["export", "one", "-"]);
    let elsewhere = path(server.dir(), "elsewhere");
    let mut import = muxtape(&["--data-dir", &elsewhere, "import", "-"]);
    let mut import = import
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = import.stdin.take().unwrap();
    input.write_all(&fs::read(out).unwrap()).unwrap();
    drop(input);
    let said = import.wait_with_output().unwrap();
    assert!(said.status.success());
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("1 imported"), "{said}");
    let list = server.json(&["--data-dir", &elsewhere, "list"]);
    assert_eq!(list[0]["name"], "one");
}

#[test]
fn what_is_not_whole_is_not_imported() {
    let (server, file) = exported();
    let whole = fs::read(&file).unwrap();
    let spoilt = server.dir().join("spoilt");
    let elsewhere = path(server.dir(), "elsewhere");
    let import = |bytes: &[u8]| {
        fs::write(&spoilt, bytes).unwrap();
        let name = spoilt.to_str().unwrap();
        let error = server.error(1, &["--data-dir", &elsewhere, "import", name]);
        error["message"].as_str().unwrap().to_owned()
    };
    assert!(import(&whole[..whole.len() / 2]).contains("cut short"));
    let mut flipped = whole.clone();
    let at = whole.len() - 200;
    flipped[at] ^= 4;
    assert!(import(&flipped).contains("damaged at byte"));
    assert!(import(&[&whole[..], b"more"].concat()).contains("goes on behind"));
    assert!(import(b"#!/bin/sh\n").contains("not a portable file"));
    assert!(!Path::new(&elsewhere).join("muxtape.redb").exists());
    server.error(3, &["import", "/no/such/file"]);
    server.error(1, &["import", server.dir().to_str().unwrap()]);
}

#[test]
fn secrets_that_only_todays_rules_know_do_not_come_in() {
    let server = TmuxServer::start();
    server.wait_for_prompt("main");
    server.type_line("main", "echo TICKET-0123456789abcdef0123456789abcdef");
    server.wait_for_text("main", "\nTICKET-0123456789abcdef0123456789abcdef");
    server.json(&["create", "one"]);
    let file = path(server.dir(), "one.muxtape");
    server.json(&["export", "one", &file]);
    let config = server.home().join("config").join("muxtape");
    fs::create_dir_all(&config).unwrap();
    let rules = "[[redaction.rules]]\nname = \"ticket\"\npattern = 'TICKET-([0-9a-f]{32})'\n";
    fs::write(config.join("config.toml"), rules).unwrap();
    let elsewhere = path(server.dir(), "elsewhere");
    let there = |args: &[&str]| server.json(&[&["--data-dir", &elsewhere], args].concat());
    let imported = there(&["import", &file]);
    assert_eq!(
        imported["snapshots"][0]["redacted_now"][0]["rule"],
        "ticket"
    );
    let id = imported["snapshots"][0]["id"].as_str().unwrap();
    let shown = there(&["show", id])["redactions"].to_string();
    assert!(shown.contains("ticket"), "{shown}");
    let text = server.muxtape(&["--data-dir", &elsewhere, "show", id, "--pane", "main:0.0"]);
    assert!(text.out.contains("‹redacted:ticket›"), "{}", text.out);
    assert!(!text.out.contains("0123456789abcdef"));
}
