//! The journal as it comes about: by the real program, beside a real tmux server.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use crate::support::muxtape::Muxtape;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use muxtape_testing::secrets::Maker;
use muxtape_testing::{TmuxServer, patience, wait_for_end, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

fn state(server: &TmuxServer) -> PathBuf {
    server.home().join("state/muxtape")
}

/// The events that these options choose, each checked to be one.
fn events(server: &TmuxServer, options: &[&str]) -> Vec<Value> {
    let said = server.muxtape(&[&["--json", "events"], options].concat());
    assert_eq!(said.code, 0, "{}", said.err);
    let event = |line: &str| {
        let object: Value = serde_json::from_str(line).unwrap();
        assert_eq!(object["schema"], "muxtape.event/1");
        object["data"].clone()
    };
    said.out.lines().map(event).collect()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    let kinds = events.iter().map(|event| event["event"].as_str());
    kinds.collect::<Option<_>>().unwrap()
}

#[test]
fn commands_leave_their_events() {
    let server = TmuxServer::start();
    let first = server.json(&["create", "before"])["id"].clone();
    let first = first.as_str().unwrap();
    server.json(&["rename", first, "after"]);
    server.json(&["describe", first, "a note that is not repeated"]);
    server.json(&["tag", first, "--add", "work", "home"]);
    server.json(&["pin", first]);
    server.json(&["unpin", first]);
    server.json(&["delete", first]);
    server.json(&["undo", "--yes"]);
    server.json(&["delete", first]);
    server.json(&["trash", "restore", first]);
    server.run(["split-window", "-d", "-t", "main"]);
    server.json(&["restore", first, "--dry-run"]);
    server.json(&["restore", first, "--yes"]);
    server.json(&["undo", "--yes"]);
    server.json(&["verify"]);
    // Neither reading nor what is refused is anything that was done.
    server.json(&["list"]);
    server.error(3, &["show", "nothing"]);

    let all = events(&server, &[]);
    assert_eq!(
        kinds(&all),
        [
            "snapshot_created",
            "snapshots_edited",
            "snapshots_edited",
            "snapshots_edited",
            "snapshots_edited",
            "snapshots_edited",
            "snapshots_edited",
            "snapshots_deleted",
            "snapshots_undeleted",
            "snapshots_deleted",
            "snapshots_undeleted",
            "snapshot_created",
            "restore_started",
            "restore_finished",
            "restore_undone",
            "store_verified",
        ]
    );
    assert_eq!(all[0]["snapshot"], first);
    assert_eq!(all[0]["sessions"][0], "main");
    assert_eq!(all[0]["cause"], "manual");
    assert_eq!(all[0]["by"], "command");
    assert_eq!(all[1]["change"]["to"], "after");
    assert_eq!(all[2]["change"]["given"], true);
    assert_eq!(all[3]["change"]["tag"], "work");
    assert_eq!(all[5]["change"]["field"], "pinned");
    assert_eq!(all[7]["snapshots"][0], first);
    let undo = &all[11];
    assert_eq!(undo["cause"], "undo_point");
    assert_eq!(all[12]["undo"], undo["snapshot"]);
    assert_eq!(all[13]["status"], "success");
    assert_eq!(all[13]["undo"], undo["snapshot"]);
    let made = &all[13]["sessions"][0];
    assert_eq!(made["from"], "main");
    assert_eq!(all[14]["sessions"][0], made["to"]);
    for (at, event) in all.iter().enumerate() {
        assert_eq!(event["seq"], at as u64 + 1);
    }
    let text = fs::read_to_string(state(&server).join("journal.jsonl")).unwrap();
    assert!(!text.contains("not repeated"));

    // The same in words, and chosen.
    let said = server.muxtape(&["events", "--type", "restore_finished"]);
    assert_eq!(said.out.lines().count(), 1, "{}", said.out);
    assert!(said.out.contains("restore_finished"), "{}", said.out);
    assert!(said.out.contains("status=success"), "{}", said.out);
    assert_eq!(events(&server, &["--limit", "2"]), all[14..]);
    assert_eq!(events(&server, &["--since", "1h"]).len(), all.len());
    assert!(events(&server, &["--until", "1h"]).is_empty());
    let renamed = made["to"].as_str().unwrap();
    let of = events(&server, &["--session", renamed]);
    assert_eq!(kinds(&of), ["restore_finished", "restore_undone"]);
    assert_eq!(server.muxtape(&["events", "--type", "nonsense"]).code, 2);
}

#[test]
fn an_audit_names_the_line_that_was_changed() {
    let server = TmuxServer::start();
    let audit = server.json(&["audit"]);
    assert_eq!(audit["ok"], true);
    assert_eq!(audit["lines"], 0);
    server.json(&["create", "one"]);
    server.json(&["create", "two"]);
    server.json(&["create", "three"]);
    let audit = server.json(&["audit", "--type", "trash_emptied"]);
    assert_eq!(audit["lines"], 3);
    assert_eq!(audit["events"], Value::Array(Vec::new()));
    let said = server.muxtape(&["audit"]);
    assert_eq!(said.code, 0);
    let verdict = "3 events, no. 1 to 3: each as it was written, none missing\n";
    assert!(said.out.ends_with(verdict), "{}", said.out);

    let journal = state(&server).join("journal.jsonl");
    let whole = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, whole.replace("\"two\"", "\"owt\"")).unwrap();
    let said = server.muxtape(&["--json", "audit"]);
    assert_eq!(said.code, 1);
    let audit: Value = serde_json::from_str(&said.out).unwrap();
    let findings = audit["data"]["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0]["line"], 2);
    assert_eq!(findings[0]["flaw"], "edited");

    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    fs::write(&journal, [lines[0], lines[2]].concat()).unwrap();
    let said = server.muxtape(&["audit"]);
    assert_eq!(said.code, 1);
    let told = "✗ journal.jsonl:2: no. 2 is missing\n2 events, no. 1 to 3: it does not add up\n";
    assert!(said.out.ends_with(told), "{}", said.out);

    fs::write(&journal, format!("{whole}nonsense\n")).unwrap();
    let said = server.muxtape(&["events"]);
    assert_eq!((said.code, said.out.lines().count()), (0, 3));
    assert!(said.err.contains("1 line of the journal"), "{}", said.err);
}

#[test]
fn no_secret_reaches_it() {
    let server = TmuxServer::start();
    let mut maker = Maker::new(7);
    let mut planted = Vec::new();
    let mut token = |shape: &str| {
        let token = maker.fill(shape);
        planted.push(token.clone());
        token
    };
    let session = token("ghp_{A36}");
    server.run(["new-session", "-d", "-s", &session, "-x", "80", "-y", "24"]);
    server.run(["rename-window", "-t", "main", &token("glpat-{A20}")]);
    server.run(["select-pane", "-t", "main", "-T", &token("npm_{A36}")]);
    server.type_line("main:0", &format!("echo {}", token("ghp_{A36}")));
    let name = token("ghp_{A36}");
    server.json(&["create", &name, "--tag", &token("glpat-{A20}")]);
    server.json(&["tag", "latest", &token("npm_{A36}")]);
    server.json(&["rename", "latest", &token("ghp_{A36}")]);
    server.json(&["restore", "latest", "--yes"]);
    server.json(&["undo", "--yes"]);
    // What is named in an error, and what is where a path should be.
    let gone = server.dir().join(token("glpat-{A20}"));
    let data = gone.display().to_string();
    fs::write(&gone, "no directory").unwrap();
    server.muxtape(&["--data-dir", &data, "create"]);
    // Who knows the name finds it all the same.
    let of = events(&server, &["--session", &session]);
    assert!(kinds(&of).contains(&"restore_finished"), "{of:?}");

    for file in fs::read_dir(state(&server)).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        for secret in &planted {
            assert!(
                !text.contains(secret.as_str()),
                "{} in {}",
                secret,
                path.display()
            );
        }
    }
    let text = fs::read_to_string(state(&server).join("journal.jsonl")).unwrap();
    assert!(text.contains("‹redacted:github-token›"), "{text}");
}

#[test]
fn captured_names_do_nothing_to_the_terminal_that_shows_events() {
    let server = TmuxServer::start();
    server.run(["rename-session", "-t", "main", "a\u{202e}b"]);
    server.json(&["create"]);
    server.json(&["tag", "latest", "x\u{1b}]0;title\u{7}y"]);
    let said = server.muxtape(&["events"]);
    assert!(
        !said
            .out
            .contains(|c: char| c != '\n' && c.is_control() || c == '\u{202e}'),
        "{:?}",
        said.out
    );
}

#[test]
fn no_command_fails_because_of_it() {
    let server = TmuxServer::start();
    let state = state(&server);
    fs::create_dir_all(&state).unwrap();
    let elsewhere = server.dir().join("elsewhere");
    fs::write(&elsewhere, "precious").unwrap();
    let journal = state.join("journal.jsonl");
    symlink(&elsewhere, &journal).unwrap();
    let said = server.muxtape(&["create", "one"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("is a link"), "{}", said.err);
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "precious");
    assert_eq!(server.muxtape(&["events"]).code, 1);

    fs::remove_file(&journal).unwrap();
    fs::remove_dir_all(&state).unwrap();
    fs::write(&state, "no directory").unwrap();
    let said = server.muxtape(&["create", "two"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.err.contains("could not write the journal"),
        "{}",
        said.err
    );
    assert!(server.muxtape(&["-q", "delete", "two"]).err.is_empty());
}

#[test]
fn a_full_or_read_only_disk_breaks_no_command() {
    let server = TmuxServer::start();
    let state = state(&server);
    fs::create_dir_all(&state).unwrap();
    let allowed = Command::new("unshare")
        .args(["-rm", "mount", "-t", "tmpfs", "none", "/tmp"])
        .output();
    if !allowed.is_ok_and(|probe| probe.status.success()) {
        println!("no file system can be mounted here");
        return;
    }
    let on_disk = |options: &str, name: &str| {
        let script = format!(
            "mount -t tmpfs -o size=64k,mode=700 none \"$1\" && \"$0\" -S \"$2\" create first-{name} && \
             {{ cat /dev/zero >\"$1/filler\" 2>/dev/null; {options}; }} && \
             \"$0\" -S \"$2\" --json create {name} && \"$0\" -S \"$2\" events"
        );
        let output = server
            .command("unshare")
            .args(["-rm", "sh", "-c", &script])
            .arg(env!("CARGO_BIN_EXE_muxtape"))
            .arg(&state)
            .arg(server.socket())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}{err}");
        assert!(said.contains("snapshot_created"), "{said}");
        err
    };
    // Lines that have room in the last page are written; one has not.
    on_disk("true", "full");
    let err = on_disk("mount -o remount,ro \"$1\"", "read-only");
    assert!(err.contains("could not write the journal"), "{err}");
    let names = server.json(&["list", "--all"]);
    assert_eq!(names.as_array().unwrap().len(), 4);
}

/// `muxtape … --follow`, and the lines that it writes; ends with the test.
struct Follower {
    child: Child,
    lines: Receiver<String>,
}

impl Follower {
    fn start(server: &TmuxServer, options: &[&str]) -> Self {
        let mut child = server
            .command(env!("CARGO_BIN_EXE_muxtape"))
            .args(["--json", "events", "--follow"])
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    fn next(&self) -> Value {
        let line = self.lines.recv_timeout(patience()).unwrap();
        let object: Value = serde_json::from_str(&line).unwrap();
        object["data"].clone()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_can_be_followed_until_interrupted() {
    let server = TmuxServer::start();
    for number in 1..=12 {
        server.json(&["create", &format!("n{number}")]);
    }
    let mut follower = Follower::start(&server, &[]);
    for seq in 3..=12 {
        assert_eq!(follower.next()["seq"], seq, "the last ten come first");
    }
    let created = server.json(&["create", "more"]);
    assert_eq!(follower.next()["snapshot"], created["id"]);
    // Another file from here on.
    let state = state(&server);
    fs::rename(state.join("journal.jsonl"), state.join("journal.1.jsonl")).unwrap();
    server.json(&["rename", "more", "still-more"]);
    assert_eq!(follower.next()["event"], "snapshots_edited");
    assert_eq!(server.json(&["audit"])["ok"], true);
    let pid = Pid::from_raw(follower.child.id().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    assert_eq!(wait_for_end("the follower", &mut follower.child), Some(130));
}

#[test]
fn who_follows_ends_when_nobody_reads() {
    let server = TmuxServer::start();
    server.json(&["create"]);
    let mut child = server
        .command(env!("CARGO_BIN_EXE_muxtape"))
        .args(["events", "--follow"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert!(line.contains("snapshot_created"), "{line}");
    drop(out);
    assert_eq!(wait_for_end("the follower", &mut child), Some(0));
}

#[test]
fn the_recorder_and_crashes_leave_their_events() {
    let server = TmuxServer::start();
    server.run(["split-window", "-d", "-t", "main"]);
    let mut daemon = server
        .command(env!("CARGO_BIN_EXE_muxtape"))
        .arg("-S")
        .arg(server.socket())
        .args(["daemon", "run"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let has = |kind: &str| !events(&server, &["--type", kind]).is_empty();
    wait_until("a snapshot", || has("snapshot_created"));
    server.crash();
    wait_until("the end of the life", || has("life_ended"));
    let pid = Pid::from_raw(daemon.id().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert!(daemon.wait().unwrap().success());
    server.json(&["recover", "--yes"]);

    let all = events(&server, &[]);
    let told = kinds(&all);
    let expected = [
        "recorder_started",
        "life_began",
        "snapshot_created",
        "life_ended",
        "recorder_stopped",
        "recovery_offered",
        "restore_started",
        "restore_finished",
        "recovery_answered",
    ];
    let in_order: Vec<&str> = expected
        .into_iter()
        .scan(0, |from, kind| {
            *from += told[*from..].iter().position(|own| *own == kind)? + 1;
            Some(kind)
        })
        .collect();
    assert_eq!(in_order, expected, "{told:?}");
    let ended = events(&server, &["--type", "life_ended"]);
    assert_eq!(ended[0]["cause"], "server_gone");
    assert_eq!(ended[0]["by"], "recorder");
    let began = events(&server, &["--type", "life_began"]);
    assert_eq!(began[0]["life"], ended[0]["life"]);
    let answer = events(&server, &["--type", "recovery_answered"]);
    assert_eq!(answer[0]["answer"], "recovered");
    assert_eq!(server.json(&["audit"])["ok"], true);
}

#[test]
fn what_is_pruned_is_told_with_the_reason() {
    let server = TmuxServer::start();
    let config = server.home().join("config/muxtape");
    fs::create_dir_all(&config).unwrap();
    let settings = "[recorder]\nprobe_seconds = 1\ninterval_seconds = 3600\n\
                    [retention]\nkeep_last = 1\nhourly = 0\ndaily = 0\n";
    fs::write(config.join("config.toml"), settings).unwrap();
    let mut daemon = server
        .command(env!("CARGO_BIN_EXE_muxtape"))
        .arg("-S")
        .arg(server.socket())
        .args(["daemon", "run"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let created = || events(&server, &["--type", "snapshot_created"]);
    wait_until("a snapshot", || created().len() == 1);
    server.run(["split-window", "-d", "-t", "main"]);
    wait_until("another one", || created().len() == 2);
    let pruned = || events(&server, &["--type", "snapshots_pruned"]);
    wait_until("room", || !pruned().is_empty());
    let pid = Pid::from_raw(daemon.id().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert!(daemon.wait().unwrap().success());
    let gone = &pruned()[0]["snapshots"][0];
    assert_eq!(gone["snapshot"], created()[0]["snapshot"]);
    assert_eq!(gone["reason"], "beyond_counts");
}
