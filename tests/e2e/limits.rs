//! What cannot be written is told, and what is too large to be ours is not read.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

use crate::support::muxtape::Muxtape;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use muxtape_testing::{TmuxServer, patience};

/// A server, and a store with a snapshot.
fn recorded() -> TmuxServer {
    let server = TmuxServer::start();
    server.wait_for_prompt("main");
    server.type_line("main", "echo a line to find");
    server.wait_for_text("main", "\na line to find");
    for args in [
        &["create", "first"][..],
        &["create", "gone"],
        &["delete", "gone"],
    ] {
        assert_eq!(server.muxtape(args).code, 0);
    }
    server
}

fn data(server: &TmuxServer) -> PathBuf {
    server.home().join("data/muxtape")
}

fn program(server: &TmuxServer) -> Command {
    let mut command = server.command(env!("CARGO_BIN_EXE_muxtape"));
    command.arg("-S").arg(server.socket());
    command
}

/// Runs a command through a shell that does something first.
fn after(server: &TmuxServer, first: &str, args: &[&str]) -> Output {
    let mut command = server.command("/bin/bash");
    command.args(["-c", &format!("{first}; exec \"$@\""), "bash"]);
    command
        .arg(env!("CARGO_BIN_EXE_muxtape"))
        .arg("-S")
        .arg(server.socket());
    command.args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What answers on standard output.
const ANSWERS: [&[&str]; 34] = [
    &["--help"],
    &["--version"],
    &["restore", "--help"],
    &["man"],
    &["man", "-"],
    &["completions", "bash"],
    &["list"],
    &["list", "--json"],
    &["show", "latest"],
    &["show", "latest", "--json"],
    &["show", "latest", "--pane", "main:0.0"],
    &["show", "live"],
    &["diff", "latest", "live", "--json"],
    &["search", "--text", "line to find"],
    &["search", "main", "--json"],
    &["restore", "latest", "--dry-run"],
    &["restore", "latest", "--script"],
    &["recover", "--list", "--json"],
    &["undo", "--list", "--json"],
    &["trash", "list", "--json"],
    &["prune", "--dry-run"],
    &["stats"],
    &["stats", "--json"],
    &["verify"],
    &["gc"],
    &["compact"],
    &["export", "latest", "-"],
    &["events"],
    &["events", "--follow"],
    &["audit"],
    &["config", "show"],
    &["config", "path"],
    &["daemon", "status", "--json"],
    &["create"],
];

#[test]
#[cfg(target_os = "linux")]
fn an_answer_that_cannot_be_written_is_an_error() {
    let server = recorded();
    for args in ANSWERS {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = program(&server).args(args).stdout(full).output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        assert!(said.contains("standard output"), "{args:?}: {said}");
        assert!(said.contains("No space left"), "{args:?}: {said}");
    }
}

#[test]
fn whoever_has_read_enough_is_told_nothing() {
    let server = recorded();
    for args in ANSWERS {
        let (read, write) = std::io::pipe().unwrap();
        drop(read);
        let output = program(&server).args(args).stdout(write).output().unwrap();
        let code = output.status.code();
        // `daemon status` says by its code that none runs, `recover` and others that there is
        // nothing.
        assert!(matches!(code, Some(0 | 3 | 6)), "{args:?}: {code:?}");
        let said = text(&output.stderr);
        assert!(
            !said.contains("pipe") && !said.contains("panic"),
            "{args:?}: {said}"
        );
    }
}

#[test]
fn a_dash_is_standard_output_or_nothing_at_all() {
    let server = recorded();
    let page = server.muxtape(&["man", "-"]);
    assert_eq!((page.code, page.out), (0, server.muxtape(&["man"]).out));
    let dir = server.dir().join("pages");
    assert_eq!(server.muxtape(&["man", dir.to_str().unwrap()]).code, 0);
    assert!(dir.join("muxtape.1").is_file());
    let exported = program(&server)
        .args(["export", "latest", "-"])
        .output()
        .unwrap();
    let mut import = program(&server);
    import.args(["--json", "import", "-", "--dry-run"]);
    import.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut import = import.spawn().unwrap();
    import
        .stdin
        .take()
        .unwrap()
        .write_all(&exported.stdout)
        .unwrap();
    let imported = text(&import.wait_with_output().unwrap().stdout);
    assert!(imported.contains("already_there"), "{imported}");
    for option in ["--data-dir", "--config"] {
        let refused = server.error(2, &[option, "-", "list"]);
        assert!(refused["hint"].as_str().unwrap().contains("./-"));
    }
    assert!(!server.home().join("-").exists());
}

#[test]
fn a_limit_on_the_size_of_files_ends_no_command_without_a_word() {
    let server = recorded();
    let list = || server.json(&["list", "--all"]).as_array().unwrap().len();
    // In blocks of 1 KiB: from nothing at all to nearly enough.
    for limit in [0, 1, 4, 16, 64, 256, 512, 1024, 1500] {
        server.run(["new-window", "-d", "-t", "main:"]);
        let before = list();
        let output = after(&server, &format!("ulimit -f {limit}"), &["create"]);
        let said = text(&output.stderr);
        let code = output.status.code();
        assert!(
            matches!(code, Some(0 | 7)),
            "{limit}: {:?} {said}",
            output.status
        );
        // What was spooled before comes in with the next one.
        let now = list();
        assert_eq!(now > before, code == Some(0), "{limit}: {said}");
        if code == Some(7) {
            assert!(
                said.contains("limit on the size of files"),
                "{limit}: {said}"
            );
            assert!(said.contains("ulimit -f"), "{limit}: {said}");
        }
        assert!(server.json(&["verify"])["ok"].as_bool().unwrap(), "{limit}");
    }
    // The first snapshot of all, and other files.
    let fresh = TmuxServer::start();
    let output = after(&fresh, "ulimit -f 8", &["create"]);
    assert_eq!(output.status.code(), Some(7), "{}", text(&output.stderr));
    assert_eq!(fresh.muxtape(&["create"]).code, 0);
    server.type_line("main", "seq 1 20000");
    server.wait_for_text("main", "20000");
    assert_eq!(server.muxtape(&["create"]).code, 0);
    for args in [&["export", "latest", "out"][..], &["man", "pages"]] {
        let output = after(&server, "ulimit -f 1", args);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        assert!(said.contains("too large"), "{args:?}: {said}");
    }
    // What only answers needs no file.
    for args in [&["list"][..], &["show", "latest"], &["verify"], &["events"]] {
        let output = after(&server, "ulimit -f 0", args);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {said}");
    }
    let out = File::create(server.dir().join("answer")).unwrap();
    let mut command = server.command("/bin/bash");
    let command = command.args(["-c", "ulimit -f 1; exec \"$@\"", "bash"]);
    let command = command
        .args([env!("CARGO_BIN_EXE_muxtape"), "man"])
        .stdout(out);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("standard output"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_restored_shell_ignores_no_signal() {
    let server = recorded();
    server.run(["kill-server"]);
    muxtape_testing::wait_until("the end of the server", || {
        !server.try_run(["list-sessions"]).status.success()
    });
    // muxtape starts the server, and was itself started by something that ignores signals.
    let output = after(&server, "trap '' XFSZ", &["--yes", "restore", "latest"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let pids = server.run(["list-panes", "-a", "-F", "#{pane_pid}"]);
    for pid in pids.lines().chain([server.pid().to_string().as_str()]) {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let mask = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            u64::from_str_radix(line.split_whitespace().nth(1).unwrap(), 16).unwrap()
        };
        let bit = |signal: i32| 1u64 << (signal - 1);
        let (pipe, xfsz) = (bit(13), bit(25));
        assert_eq!(mask("SigIgn:") & xfsz, 0, "{pid}");
        assert_eq!(mask("SigBlk:") & (pipe | xfsz), 0, "{pid}");
        if pid != server.pid().to_string() {
            assert_eq!(mask("SigIgn:") & pipe, 0, "{pid}");
        }
    }
}

/// A file of nothing but a hole, with `begin` in front.
fn hole(path: &Path, begin: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = File::create(path).unwrap();
    file.write_all(begin).unwrap();
    file.set_len(3 << 40).unwrap();
}

/// Runs a command with bounded memory and time; its exit code and what it said.
fn bounded(server: &TmuxServer, args: &[&str]) -> (i32, String) {
    let mut command = server.command("/bin/bash");
    command.args(["-c", "ulimit -v 3000000; exec \"$@\"", "bash"]);
    command
        .arg(env!("CARGO_BIN_EXE_muxtape"))
        .arg("-S")
        .arg(server.socket());
    // Longer than any command takes with whatever lies in the place of its files.
    let longest = patience();
    let start = Instant::now();
    let mut child = command
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ended = None;
    while ended.is_none() && start.elapsed() < longest {
        ended = child.try_wait().unwrap();
        std::thread::park_timeout(Duration::from_millis(5));
    }
    if ended.is_none() {
        child.kill().unwrap();
        child.wait().unwrap();
        panic!("{args:?} takes longer than {longest:?}");
    }
    let output = child.wait_with_output().unwrap();
    let said = text(&output.stderr);
    assert!(
        !said.contains("panic") && !said.contains("memory allocation"),
        "{args:?}: {said}"
    );
    (output.status.code().unwrap_or(-1), said)
}

#[test]
fn a_hole_in_the_place_of_a_file_holds_nobody_up() {
    let server = recorded();
    let (data, home) = (data(&server), server.home());
    let state = home.join("state/muxtape");
    let exported = server.dir().join("out");
    assert_eq!(
        server
            .muxtape(&["export", "latest", exported.to_str().unwrap()])
            .code,
        0
    );
    // Beside a store that is whole, everything goes on.
    let commands: [&[&str]; 10] = [
        &["create"],
        &["list"],
        &["show", "latest"],
        &["verify"],
        &["events", "--limit", "3"],
        &["stats"],
        &["undo", "--list"],
        &["redact", "--recheck", "--dry-run"],
        &["gc"],
        &["compact"],
    ];
    let holes: [(PathBuf, &[u8]); 8] = [
        (data.join("muxtape.parity"), b""),
        (
            data.join("spool/8000000000000000-0000000000000007-kept.spool"),
            b"",
        ),
        (
            data.join("spool/8000000000000001-0000000000000007-auto.spool"),
            b"mtspool\n\x02",
        ),
        (
            data.join("backups/muxtape.9.redb"),
            b"redb\x1a\x0a\xa9\x0d\x0a",
        ),
        (state.join("journal.jsonl"), b""),
        (state.join("journal.2.jsonl"), b"{}\n"),
        (state.join("restores.json"), b""),
        (state.join("journal.head"), b""),
    ];
    for (path, begin) in &holes {
        hole(path, begin);
        for args in commands {
            let (code, said) = bounded(&server, args);
            let is_undo = args[0] == "undo";
            assert!(
                code == 0 || is_undo && matches!(code, 1 | 3),
                "{path:?} {args:?}: {code} {said}"
            );
        }
        let _ = fs::remove_file(path);
    }
    // What names the store, and the store itself.
    let id = data.join("muxtape.id");
    let kept = fs::read(&id).unwrap();
    hole(&id, b"");
    for args in commands {
        let (code, said) = bounded(&server, args);
        assert!(matches!(code, 0 | 1 | 3 | 7), "{args:?}: {code} {said}");
    }
    fs::write(&id, kept).unwrap();
    let store = data.join("muxtape.redb");
    let whole = fs::read(&store).unwrap();
    for begin in [&b""[..], b"redb", &whole[..512]] {
        hole(&store, begin);
        for args in [
            &["list"][..],
            &["--yes", "verify", "--repair"],
            &["stats"],
            &["compact"],
            &["create"],
        ] {
            let (code, said) = bounded(&server, args);
            assert_eq!(code, 7, "{args:?}: {said}");
            assert!(said.contains("hold anything"), "{args:?}: {said}");
        }
        assert_eq!(bounded(&server, &["events"]).0, 0);
        assert_eq!(
            fs::metadata(&store).unwrap().len(),
            3 << 40,
            "nothing was changed"
        );
    }
    // A store that got a hole behind it is used, or refused.
    hole(&store, &whole);
    for args in [
        &["list"][..],
        &["--yes", "verify", "--repair"],
        &["create"],
        &["compact"],
    ] {
        let (code, said) = bounded(&server, args);
        assert!(matches!(code, 0 | 7), "{args:?}: {code} {said}");
    }
    fs::write(&store, &whole).unwrap();
    // A store that is damaged beside a hole in its parity file and an older store.
    hole(&data.join("muxtape.parity"), b"");
    hole(&data.join("backups/muxtape.9.redb"), &whole);
    muxtape_testing::damage(&store);
    let (code, said) = bounded(&server, &["--yes", "verify", "--repair"]);
    assert!(matches!(code, 0 | 1 | 7), "{code}: {said}");
    fs::write(&store, &whole).unwrap();
    // Files that users give.
    let far = server.dir().join("far");
    for begin in [&b""[..], &fs::read(&exported).unwrap()] {
        hole(&far, begin);
        let path = far.to_str().unwrap();
        for args in [
            &["import", path][..],
            &["--config", path, "list"],
            &["redact", "--test", path],
        ] {
            let (code, said) = bounded(&server, args);
            assert_eq!(code, 1, "{args:?}: {said}");
        }
    }
    let paths = server.json(&["config", "path"]);
    let rules = paths["rules"]["programs"]["path"].as_str().unwrap();
    hole(Path::new(rules), b"");
    assert_eq!(bounded(&server, &["config", "validate"]).0, 1);
}
