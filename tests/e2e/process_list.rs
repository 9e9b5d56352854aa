//! What others see of muxtape and its children in the list of processes: nothing that was captured.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::muxtape::Muxtape;
use muxtape_testing::{TmuxServer, wait_until};

/// Puts a program called `tmux` in front of the real one, which writes down how it is called and
/// with which environment; gives back where.
fn eavesdrop(server: &TmuxServer) -> (std::ffi::OsString, std::path::PathBuf) {
    let dir = server.dir().join("ear");
    let heard = server.dir().join("heard");
    fs::create_dir(&dir).unwrap();
    let found = server
        .command("/bin/sh")
        .args(["-c", "command -v tmux"])
        .output()
        .unwrap();
    let real = String::from_utf8(found.stdout).unwrap();
    let script = format!(
        "#!/bin/sh\n{{ printf '%s\\n' \"$@\"; env; }} >>'{}'\nexec '{}' \"$@\"\n",
        heard.display(),
        real.trim(),
    );
    fs::write(dir.join("tmux"), script).unwrap();
    fs::set_permissions(dir.join("tmux"), fs::Permissions::from_mode(0o755)).unwrap();
    let mut path = dir.into_os_string();
    path.push(":");
    path.push(muxtape_testing::search_path());
    (path, heard)
}

#[test]
fn nothing_captured_is_an_argument_or_a_variable_of_a_child() {
    let server = TmuxServer::start();
    let secret = |what: &str| format!("planted-{what}-7f3a");
    let dir = server.home().join(secret("dir"));
    fs::create_dir(&dir).unwrap();
    let session = secret("session");
    let (title, program, text) = (secret("title"), secret("program"), secret("text"));
    server.run(
        [
            "new-session",
            "-d",
            "-s",
            &session,
            "-n",
            &secret("tab"),
            "-c",
        ]
        .map(str::to_owned)
        .into_iter()
        .chain([dir.display().to_string()]),
    );
    let pane = format!("={session}:");
    server.wait_for_prompt(&pane);
    server.run(["select-pane", "-t", &pane, "-T", &title]);
    server.run(["set-option", "-t", &session, "@user", &secret("option")]);
    server.run([
        "set-environment",
        "-t",
        &session,
        "EDITOR",
        &secret("variable"),
    ]);
    let start = format!("cat - {}", secret("start"));
    server.run(["split-window", "-d", "-t", &pane, &start]);
    server.type_line(&pane, &format!("echo {text}; cat - {program}"));
    server.wait_for_text(&pane, &text);
    let (path, heard) = eavesdrop(&server);
    let muxtape = |args: &[&str]| {
        let output = server
            .command(env!("CARGO_BIN_EXE_muxtape"))
            .env("PATH", &path)
            .arg("-S")
            .arg(server.socket())
            .args(args)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    muxtape(&["create", "one"]);
    server.run(["kill-session", "-t", &format!("={session}")]);
    // Everything of the snapshot, so that no name is asked for on the command line of this test.
    muxtape(&["--yes", "restore", "one", "--on-conflict", "skip"]);
    wait_until("the text", || {
        let text = server.run(["capture-pane", "-p", "-S", "-", "-t", &pane]);
        text.contains("planted-text")
    });
    // What tmux keeps of the restored pane's command, and would show whoever may talk to it.
    let commands = server.run(["list-panes", "-a", "-F", "#{pane_start_command}"]);
    assert!(commands.contains("__pane"), "{commands}");
    assert!(!commands.contains("planted"), "{commands}");
    // It is kept all the same.
    muxtape(&["create", "two"]);
    let changed = server.muxtape(&["--json", "diff", "one", "two"]).out;
    assert!(!changed.contains("start_command"), "{changed}");
    muxtape(&["--yes", "undo"]);
    muxtape(&["drill", "one"]);
    let heard = fs::read_to_string(heard).unwrap();
    assert!(heard.lines().filter(|line| *line == "source-file").count() > 10);
    let told: Vec<_> = heard
        .lines()
        .filter(|line| line.contains("planted"))
        .collect();
    assert!(told.is_empty(), "{told:?}");
}
