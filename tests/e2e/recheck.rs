//! A rule that comes later cleans the past: `muxtape redact --recheck`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use crate::support::muxtape::Muxtape;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use crate::support::written::written;
use muxtape_testing::TmuxServer;
use muxtape_testing::secrets::Maker;
use serde_json::Value;

/// What no built-in rule knows.
const RULE: &str =
    "[[redaction.rules]]\nname = \"zorp\"\npattern = 'zorp_[0-9a-z]{24}'\nkeywords = [\"zorp_\"]\n";

fn config(server: &TmuxServer, text: &str) {
    let dir = server.home().join("config/muxtape");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("config.toml"), text).unwrap();
}

fn data(server: &TmuxServer) -> PathBuf {
    server.home().join("data/muxtape")
}

/// The files of the store and of the state, with their bytes.
fn files(server: &TmuxServer) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for dir in ["data", "state"] {
        let dir = server.home().join(dir);
        if dir.is_dir() {
            written(&dir, &mut files);
        }
    }
    files
}

/// The files that hold one of these words, also where it is compressed.
fn holding(files: &[(String, Vec<u8>)], words: &[String]) -> Vec<String> {
    let holds =
        |bytes: &[u8], word: &String| memchr::memmem::find(bytes, word.as_bytes()).is_some();
    let found = files
        .iter()
        .filter(|(_, bytes)| words.iter().any(|word| holds(bytes, word)));
    found.map(|(name, _)| name.clone()).collect()
}

/// Everything that is told of every snapshot, without what may change.
fn told(server: &TmuxServer) -> BTreeMap<String, Value> {
    let list = server.json(&["list", "--all"]);
    let list = list.as_array().unwrap();
    let told = list.iter().map(|one| {
        let id = one["id"].as_str().unwrap().to_owned();
        let kept = ["time", "parent", "cause", "pinned", "partial", "host"];
        let kept = kept.map(|key| (key.to_owned(), one[key].clone()));
        (id, Value::Object(kept.into_iter().collect()))
    });
    told.collect()
}

#[test]
fn a_rule_that_comes_later_cleans_the_past() {
    let server = TmuxServer::start();
    server.wait_for_prompt("main");
    let mut maker = Maker::new(41);
    let mut planted = Vec::new();
    let mut token = || {
        let token = maker.fill("zorp_{l24}");
        planted.push(token.clone());
        token
    };
    // On the screen, in long scrollback, in a title, a name and an argument list; noted by the
    // user.
    let mut shown = String::new();
    for line in 0..600 {
        writeln!(shown, "line {line} of the log").unwrap();
        if line % 100 == 7 {
            writeln!(shown, "token={} end", token()).unwrap();
        }
    }
    fs::write(server.home().join("shown"), shown).unwrap();
    server.type_line("main", "clear; cat shown");
    server.wait_for_text("main", "line 599");
    server.run(["select-pane", "-t", "main", "-T", &token()]);
    server.json(&["create", &format!("with {}", token())]);
    let other = token();
    server.run(["new-session", "-d", "-s", &other, "-x", "80", "-y", "24"]);
    server.run([
        "new-window",
        "-d",
        "-t",
        "main:5",
        "sh",
        "-c",
        "read x",
        &token(),
    ]);
    let second = server.json(&["create", "--description", &token()]);
    server.run(["kill-session", "-t", &other]);
    server.run(["select-pane", "-t", "main", "-T", "nothing"]);
    server.run(["kill-window", "-t", "main:5"]);
    server.type_line("main", "clear; tmux clear-history; echo do''ne");
    server.wait_for_text("main", "done");
    let clean = server.json(&["create"]);
    let thrown = server.json(&["create", "thrown", "--description", &token()]);
    let (second, clean, thrown) = (&second["id"], &clean["id"], &thrown["id"]);
    let id = |id: &Value| id.as_str().unwrap().to_owned();
    server.json(&["tag", &id(second), &token()]);
    server.json(&["--yes", "delete", &id(thrown)]);
    // What migrations and repairs keep, and what is none of muxtape's.
    let old = data(&server).join("backups/muxtape-schema1-00.redb");
    fs::create_dir_all(old.parent().unwrap()).unwrap();
    fs::write(&old, &planted[0]).unwrap();
    fs::write(data(&server).join("notes.txt"), "my own").unwrap();

    let before = files(&server);
    assert!(holding(&before, &planted).len() > 3);
    let nothing = server.json(&["redact", "--recheck", "--dry-run"]);
    assert_eq!(
        (&nothing["changed"], &nothing["snapshots"]),
        (&0.into(), &4.into())
    );

    config(&server, RULE);
    let history = told(&server);
    let text = |of: &Value| {
        let said = server.muxtape(&["show", &id(of), "--pane", "main:0.0"]);
        assert_eq!(said.code, 0, "{}", said.err);
        said.out
    };
    let kept = text(clean);
    let plan = server.json(&["redact", "--recheck", "--dry-run"]);
    assert_eq!(
        (&plan["changed"], &plan["rewritten"]),
        (&3.into(), &false.into())
    );
    let [rule] = &plan["rules"].as_array().unwrap()[..] else {
        panic!("{plan}")
    };
    assert_eq!(
        (&rule["rule"], &rule["snapshots"]),
        (&"zorp".into(), &3.into())
    );
    let old_files = plan["old_files"].as_array().unwrap();
    assert!(
        old_files.contains(&old.display().to_string().into()),
        "{plan}"
    );
    assert!(
        !holding(&files(&server), &planted).is_empty(),
        "a look changes nothing"
    );
    // Without a terminal nobody can say yes.
    let refused = server.error(5, &["redact", "--recheck"]);
    assert!(refused["hint"].as_str().unwrap().contains("--yes"));
    assert!(!holding(&files(&server), &planted).is_empty());

    let done = server.json(&["--yes", "redact", "--recheck"]);
    assert_eq!(
        (&done["changed"], &done["rewritten"]),
        (&3.into(), &true.into())
    );
    assert_eq!(done["rules"], plan["rules"]);
    assert_eq!(done["old_files_removed"], true);
    assert_eq!(holding(&files(&server), &planted), [""; 0]);
    assert!(!old.exists());
    for stays in ["notes.txt", "muxtape.id", "muxtape.redb"] {
        assert!(data(&server).join(stays).exists(), "{stays}");
    }
    // The rest is what it was.
    assert_eq!(told(&server), history);
    assert_eq!(text(clean), kept);
    let shown = server.json(&["show", &id(second)]);
    assert!(shown.to_string().contains("‹redacted:zorp›"), "{shown}");
    server.json(&["undo"]);
    let back = server.json(&["show", &id(thrown)]);
    assert_eq!(back["description"], "‹redacted:zorp›");
    let verified = server.json(&["verify"]);
    assert_eq!(verified["ok"], true);
    assert_eq!(verified["rewritten"][0]["changed"], 3);
    assert_eq!(verified["rewritten"][0]["snapshots"], 4);

    let again = server.json(&["--yes", "redact", "--recheck"]);
    assert_eq!(
        (&again["changed"], &again["rewritten"]),
        (&0.into(), &false.into())
    );
    assert_eq!(again["old_files"], Value::Array(Vec::new()));
    assert_eq!(
        server.json(&["verify"])["rewritten"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn what_it_says_before_it_begins() {
    let server = TmuxServer::stopped();
    server.error(3, &["redact", "--recheck"]);
    for wrong in [
        &["redact", "--recheck", "--test", "x"][..],
        &["redact", "--test", "x", "--dry-run"],
        &["redact"],
    ] {
        assert_eq!(server.muxtape(wrong).code, 2, "{wrong:?}");
    }
    config(&server, &RULE.replace("[0-9a-z]", "["));
    let broken = server.error(1, &["redact", "--recheck"]);
    assert!(
        broken["message"].as_str().unwrap().contains("zorp"),
        "{broken}"
    );
}

#[test]
fn what_is_never_recorded_goes_from_the_past_too() {
    let server = TmuxServer::start();
    server.wait_for_prompt("main");
    server.run(["new-session", "-d", "-s", "diary", "-x", "80", "-y", "24"]);
    server.wait_for_prompt("diary");
    server.type_line("diary", "echo dear di''ary");
    server.wait_for_text("diary", "dear diary");
    let both = server.json(&["create"]);
    server.json(&["create", "--session", "diary"]);
    config(&server, "[capture.never]\nsessions = [\"di*\"]\n");
    let done = server.json(&["--yes", "redact", "--recheck"]);
    let figures = ["changed", "left_out", "removed"].map(|key| done[key].as_u64().unwrap());
    assert_eq!(figures, [2, 2, 1], "{done}");
    let left = told(&server);
    assert_eq!(left.len(), 1);
    assert!(left.contains_key(both["id"].as_str().unwrap()));
    // The journal tells that such a session was recorded then.
    let mut stored = Vec::new();
    written(&server.home().join("data"), &mut stored);
    let said = ["dear diary", "diary"].map(str::to_owned);
    assert_eq!(holding(&stored, &said), [""; 0]);
    assert_eq!(server.json(&["verify"])["ok"], true);
}
