//! Several servers in one store: words mean the server that is named, ids mean any; and what a
//! restore changed is never what `latest` means.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use muxtape_testing::{TmuxServer, wait_until};
use serde_json::Value;

/// Two servers that one user has, with a store for both: that of the first.
struct Two {
    a: TmuxServer,
    b: TmuxServer,
}

struct Ran {
    code: i32,
    data: Value,
    err: String,
}

impl Two {
    fn start() -> Self {
        let (a, b) = (TmuxServer::empty(), TmuxServer::empty());
        for (server, name) in [(&a, "alpha"), (&b, "beta")] {
            server.run(["new-session", "-d", "-s", name, "-x", "80", "-y", "24"]);
            server.run(["new-session", "-d", "-s", "both", "-x", "80", "-y", "24"]);
            server.wait_for_prompt(name);
            server.wait_for_prompt("both");
            server.wait_for_names();
        }
        Self { a, b }
    }

    fn command(&self) -> Command {
        let mut command = self.a.command(env!("CARGO_BIN_EXE_muxtape"));
        command.args(["--json", "--yes"]);
        command
    }

    fn ran(mut command: Command, args: &[&str]) -> Ran {
        let output = command.args(args).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let answer = serde_json::from_slice::<Value>(&output.stdout);
        Ran {
            code: output.status.code().unwrap(),
            data: answer.map_or(Value::Null, |answer| answer["data"].clone()),
            err: text(&output.stderr),
        }
    }

    /// With `-S`.
    fn at(&self, socket: &Path, args: &[&str]) -> Ran {
        let mut command = self.command();
        command.arg("-S").arg(socket);
        Self::ran(command, args)
    }

    /// Outside of tmux, with nothing named.
    fn anywhere(&self, args: &[&str]) -> Ran {
        Self::ran(self.command(), args)
    }

    /// In a pane of a server.
    fn within(&self, server: &TmuxServer, args: &[&str]) -> Ran {
        let mut command = self.command();
        command.env(
            "TMUX",
            format!("{},{},0", server.socket().display(), server.pid()),
        );
        Self::ran(command, args)
    }
}

fn id(ran: &Ran) -> String {
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.data["id"].as_str().unwrap().to_owned()
}

#[test]
fn words_mean_the_server_that_is_named_and_ids_any() {
    let two = Two::start();
    let (a, b) = (two.a.socket(), two.b.socket());
    let a1 = id(&two.at(&a, &["create", "first"]));
    let b1 = id(&two.at(&b, &["create", "only here"]));
    two.a.run(["new-window", "-d", "-t", "alpha:"]);
    two.b.run(["new-window", "-d", "-t", "beta:"]);
    let a2 = id(&two.at(&a, &["create"]));
    let b2 = id(&two.at(&b, &["create"]));
    // However the socket is spelled, and where the server is only where one is.
    let link = two.a.dir().join("link");
    symlink(two.a.dir(), &link).unwrap();
    let spelled = [a.clone(), link.join("s"), link.join("home/.././s")];
    for socket in &spelled {
        for (words, wanted) in [("latest", &a2), ("latest~1", &a1), ("@0s", &a2)] {
            assert_eq!(id(&two.at(socket, &["show", words])), *wanted, "{words}");
        }
        assert_eq!(two.at(socket, &["show", "latest~2"]).code, 3);
    }
    assert_eq!(id(&two.at(&b, &["show", "latest"])), b2);
    assert_eq!(id(&two.within(&two.a, &["show", "latest"])), a2);
    assert_eq!(id(&two.within(&two.b, &["show", "latest~1"])), b1);
    // -S goes before $TMUX.
    let mut command = two.command();
    command.env("TMUX", format!("{},1,0", b.display()));
    command.arg("-S").arg(&a);
    assert_eq!(id(&Two::ran(command, &["show", "latest"])), a2);
    // Where none is named, every server's, and it is said whose.
    let newest = two.anywhere(&["show", "latest"]);
    assert!(newest.err.contains(b.to_str().unwrap()), "{}", newest.err);
    assert_eq!(id(&newest), b2);
    assert_eq!(id(&two.anywhere(&["show", "latest~1"])), a2);
    assert_eq!(id(&two.anywhere(&["show", "only here"])), b1);
    // Ids are any server's, whole or not.
    for wanted in [&a1, &a2, &b1, &b2] {
        for socket in [&a, &b] {
            assert_eq!(id(&two.at(socket, &["show", wanted])), *wanted);
            assert_eq!(id(&two.at(socket, &["show", &wanted[..8]])), *wanted);
        }
    }
    // A name of another server is told with what helps.
    let missing = two.at(&a, &["show", "only here"]);
    assert_eq!(missing.code, 3);
    assert!(missing.err.contains(&b1[..8]), "{}", missing.err);
    assert!(missing.err.contains(b.to_str().unwrap()), "{}", missing.err);
    // Whatever takes a snapshot goes by the same.
    two.a.run(["kill-session", "-t", "=alpha"]);
    let plan = two.at(&a, &["restore", "latest", "--dry-run"]);
    let targets = plan.data["steps"].to_string();
    assert!(
        targets.contains("alpha") && !targets.contains("beta"),
        "{targets}"
    );
    let file = two.a.dir().join("out");
    let exported = two.at(&a, &["export", "latest", file.to_str().unwrap()]);
    assert_eq!(exported.data["snapshots"][0]["id"], *a2);
    for edit in ["pin", "tag", "describe", "archive", "unarchive"] {
        let words = match edit {
            "tag" => vec!["tag", "latest", "x"],
            "describe" => vec!["describe", "latest", "said"],
            // An archived one is not the latest any more.
            "unarchive" => vec!["unarchive", &a2],
            other => vec![other, "latest"],
        };
        let edited = two.at(&a, &words);
        assert_eq!(edited.data[0]["id"], *a2, "{words:?}: {}", edited.err);
    }
    let same = two.at(&a, &["diff", "latest", &a2]);
    assert_eq!(same.data["same"], true, "{}", same.err);
    assert_eq!(two.at(&a, &["drill", "latest"]).data["snapshot"], *a2);
    assert_eq!(two.at(&a, &["delete", "latest"]).data["trashed"][0], *a2);
    assert_eq!(id(&two.at(&a, &["show", "latest"])), a1);
    // One that nothing was recorded of.
    let none = two.a.dir().join("none");
    let missing = two.at(&none, &["show", "latest"]);
    assert_eq!(missing.code, 3);
    assert!(missing.err.contains(&b2[..8]), "{}", missing.err);
    // The list has all of them.
    assert_eq!(two.at(&a, &["list"]).data.as_array().unwrap().len(), 3);
}

#[test]
fn a_crash_of_another_server_is_not_recovered_into_this_one() {
    let two = Two::start();
    for server in [&two.a, &two.b] {
        id(&two.at(&server.socket(), &["create"]));
    }
    two.b.crash();
    let here = two.at(&two.a.socket(), &["recover", "--dry-run"]);
    assert_eq!(here.code, 3);
    assert!(here.err.contains("other servers"), "{}", here.err);
    assert_eq!(
        two.within(&two.a, &["recover", "--list"]).data,
        Value::Array(Vec::new())
    );
    let there = two.at(&two.b.socket(), &["recover", "--list"]);
    assert_eq!(there.data[0]["lost"], serde_json::json!(["beta", "both"]));
    let all = two.anywhere(&["recover", "--list"]).data.to_string();
    assert!(all.contains("beta"), "{all}");
}

#[test]
fn a_restore_can_be_done_again() {
    let two = Two::start();
    let socket = two.a.socket();
    let sessions = || two.a.run(["list-sessions", "-F", "#{session_name}"]);
    let made = id(&two.at(&socket, &["create"]));
    for turn in 0..2 {
        two.a.run(["kill-session", "-t", "=alpha"]);
        wait_until("the end of the session", || !sessions().contains("alpha"));
        let restored = two.at(&socket, &["restore", "latest"]);
        assert_eq!(restored.code, 0, "{turn}: {}", restored.err);
        assert!(sessions().contains("alpha"), "{turn}");
        assert_ne!(restored.data["undo"], Value::Null);
        assert_eq!(id(&two.at(&socket, &["show", "latest"])), made);
        let changed = two.at(&socket, &["show", "latest", "--session", "alpha"]);
        assert_eq!(id(&changed), made);
        // The undo point is there, and found by its id.
        let undo = restored.data["undo"].as_str().unwrap();
        let shown = two.at(&socket, &["show", undo]);
        assert_eq!(shown.data["cause"], "undo_point");
        assert_eq!(two.at(&socket, &["rename", undo, "before"]).code, 5);
    }
    let undone = two.at(
        &two.a.dir().join("../").join(two.a.dir()).join("s"),
        &["undo"],
    );
    assert_eq!(undone.code, 0, "{}", undone.err);
    assert!(!sessions().contains("alpha"));
}
