//! Every file that muxtape makes is its owner's alone, and none is found through a link.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use crate::support::muxtape::Muxtape;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use muxtape_testing::{TmuxServer, damage, wait_until};

const CANARY: &str = "not muxtape's\n";

/// Runs `muxtape` under an umask; what it said.
fn under(umask: &str, server: &TmuxServer, args: &[&str]) -> String {
    let output = command(umask, server, args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let code = output.status.code();
    assert!(matches!(code, Some(0 | 4)), "{args:?}: {code:?} {said}");
    String::from_utf8_lossy(&output.stdout).into_owned() + &said
}

fn command(umask: &str, server: &TmuxServer, args: &[&str]) -> Command {
    let mut command = server.command("/bin/sh");
    command
        .args(["-c", "umask $0; exec \"$@\"", umask])
        .arg(env!("CARGO_BIN_EXE_muxtape"))
        .arg("-S")
        .arg(server.socket())
        .args(args);
    command
}

/// Ends a recorder however the test ends.
struct Recorder(Child);

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Everything below a directory, and the directory.
fn walk(dir: &Path, into: &mut Vec<PathBuf>) {
    into.push(dir.to_owned());
    if fs::symlink_metadata(dir).is_ok_and(|found| found.is_dir()) {
        for entry in fs::read_dir(dir).unwrap() {
            walk(&entry.unwrap().path(), into);
        }
    }
}

/// Where muxtape keeps files.
fn places(server: &TmuxServer) -> [PathBuf; 3] {
    [
        server.home().join("data/muxtape"),
        server.home().join("state/muxtape"),
        server.dir().join("muxtape"),
    ]
}

fn names_with_wrong_modes(server: &TmuxServer) -> (usize, Vec<String>) {
    let mut all = Vec::new();
    for place in places(server) {
        if place.exists() {
            walk(&place, &mut all);
        }
    }
    let wrong = all.iter().filter_map(|path| {
        // One that is gone meanwhile was somebody's who has ended.
        let found = path.symlink_metadata().ok()?;
        let mode = found.mode() & 0o7777;
        let right = if found.is_dir() { 0o700 } else { 0o600 };
        (mode != right).then(|| format!("{} has {mode:04o}", path.display()))
    });
    (all.len(), wrong.collect())
}

#[test]
fn everything_that_is_made_is_its_owners_alone_whatever_the_umask() {
    for umask in ["000", "077", "0277"] {
        let server = TmuxServer::start();
        let check = |after: &str| {
            let (all, wrong) = names_with_wrong_modes(&server);
            assert!(wrong.is_empty(), "umask {umask}, {after}: {wrong:?}");
            all
        };
        server.type_line("main", "echo text to keep");
        server.wait_for_text("main", "text to keep\n");
        let run = |args: &[&str]| {
            under(umask, &server, args);
            check(args[0])
        };
        run(&["create", "one"]);
        let mut recorder = command(umask, &server, &["daemon", "run"]);
        let recorder = Recorder(recorder.stderr(Stdio::null()).spawn().unwrap());
        wait_until("the recorder", || {
            server.muxtape(&["daemon", "status"]).code == 0
        });
        server.run(["new-window", "-d", "-t", "main"]);
        wait_until("a snapshot", || {
            server.json(&["list"]).as_array().unwrap().len() > 1
        });
        check("daemon");
        drop(recorder);
        server.run(["new-session", "-d", "-s", "other"]);
        run(&["create", "two"]);
        server.run(["kill-session", "-t", "=other"]);
        run(&["--yes", "restore", "two", "--session", "other"]);
        run(&["--yes", "undo"]);
        run(&["compact"]);
        run(&["verify"]);
        damage(&server.home().join("data/muxtape/muxtape.redb"));
        let repaired = command(umask, &server, &["verify", "--repair", "--yes"]);
        let _ = { repaired }.output().unwrap();
        let met = check("verify --repair");
        assert!(met > 10, "only {met} files were looked at");
        assert!(server.home().join("data/muxtape/damaged").is_dir());
    }
}

#[test]
fn a_store_of_an_older_form_becomes_its_owners_alone() {
    let packed = fs::read("tests/stores/2/muxtape.redb.zst").unwrap();
    let server = TmuxServer::stopped();
    let data = server.home().join("data/muxtape");
    fs::create_dir_all(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(
        data.join("muxtape.redb"),
        zstd::decode_all(&packed[..]).unwrap(),
    )
    .unwrap();
    under("000", &server, &["migrate"]);
    let (_, wrong) = names_with_wrong_modes(&server);
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// The names of all files that a session with a recorder, restores and damage leaves, below the
/// private home.
const FILES: &[&str] = &[
    "data/muxtape/muxtape.redb",
    "data/muxtape/muxtape.redb.new",
    "data/muxtape/muxtape.redb.migrating",
    "data/muxtape/muxtape.id",
    "data/muxtape/muxtape.parity",
    "data/muxtape/muxtape.ballast",
    "state/muxtape/restores.json",
    "state/muxtape/.new-restores.json",
    "state/muxtape/restores.lock",
    "state/muxtape/last-restore.json",
    "state/muxtape/journal.jsonl",
    "state/muxtape/journal.head",
    "state/muxtape/muxtape.log",
];

/// Commands that between them open every file.
const COMMANDS: &[&[&str]] = &[
    &["create", "again"],
    &["list"],
    &["--yes", "restore", "one", "--session", "other"],
    &["--yes", "undo"],
    &["undo", "--list"],
    &["compact"],
    &["verify"],
    &["daemon", "status"],
    &["migrate"],
    &["stats"],
];

/// Plants something at each path in turn, runs all commands, and looks after each what `unharmed`
/// says.
fn plant(put: &dyn Fn(&Path), unharmed: &dyn Fn(&Path, &str)) {
    for name in FILES {
        let server = TmuxServer::start();
        server.run(["new-session", "-d", "-s", "other"]);
        server.json(&["create", "one"]);
        server.run(["kill-session", "-t", "=other"]);
        let path = server.home().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path);
        put(&path);
        for args in COMMANDS {
            // It ends, whether it refuses what lies there or does without.
            let said = server.muxtape(args);
            assert!(said.code >= 0, "{args:?} with {name}: {}", said.err);
            unharmed(
                &path,
                &format!("{name}, {args:?}: {}{}", said.out, said.err),
            );
        }
    }
}

#[test]
fn a_planted_link_is_never_followed() {
    let home = tempfile::tempdir().unwrap();
    let canary = home.path().join("canary");
    fs::write(&canary, CANARY).unwrap();
    fs::set_permissions(&canary, fs::Permissions::from_mode(0o644)).unwrap();
    let read = fs::metadata(&canary).unwrap();
    plant(&|path| symlink(&canary, path).unwrap(), &|_, said| {
        let found = fs::metadata(&canary).unwrap();
        assert_eq!(found.mode(), read.mode(), "{said}");
        assert_eq!(
            (
                found.mtime(),
                found.mtime_nsec(),
                found.ino(),
                found.nlink()
            ),
            (read.mtime(), read.mtime_nsec(), read.ino(), read.nlink()),
            "{said}"
        );
        assert_eq!(fs::read_to_string(&canary).unwrap(), CANARY, "{said}");
        assert!(!said.contains(CANARY.trim()), "{said}");
    });
}

#[test]
fn a_planted_pipe_holds_nobody_up() {
    plant(
        &|path| {
            muxtape_testing::make_fifo(path);
        },
        &|_, _| {},
    );
}

#[test]
fn what_is_refused_is_told_with_what_to_do() {
    let server = TmuxServer::start();
    server.json(&["create", "one"]);
    let [data, ..] = places(&server);
    let store = data.join("muxtape.redb");
    let away = server.home().join("store");
    fs::rename(&store, &away).unwrap();
    symlink(&away, &store).unwrap();
    let said = server.muxtape(&["list"]);
    assert_eq!(said.code, 7);
    let expected = format!(
        "{} is a link, and muxtape follows none to its own files",
        store.display()
    );
    assert!(said.err.contains(&expected), "{}", said.err);
    assert!(said.err.contains("--data-dir"), "{}", said.err);
    fs::remove_file(&store).unwrap();
    fs::rename(&away, &store).unwrap();

    // The directory may be a link, and must not be others' to write.
    fs::rename(&data, server.home().join("tapes")).unwrap();
    symlink(server.home().join("tapes"), &data).unwrap();
    server.json(&["create", "two"]);
    fs::set_permissions(&data, fs::Permissions::from_mode(0o777)).unwrap();
    for args in [&["list"][..], &["create", "three"], &["verify"]] {
        let said = server.muxtape(args);
        assert_eq!(said.code, 7, "{}", said.err);
        assert!(
            said.err.contains("may be written to by others"),
            "{}",
            said.err
        );
        assert!(said.err.contains("chmod go-w"), "{}", said.err);
    }
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(server.json(&["list"]).as_array().unwrap().len(), 2);
}
