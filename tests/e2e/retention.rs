//! What is kept, thrown away and brought back, as scripts meet it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::support::muxtape::Muxtape;
use std::fs;

use muxtape::model::snapshot::{Cause, Snapshot};
use muxtape::model::{Millis, SnapshotId};
use muxtape::redact::{RedactSettings, Redactor, Tally};
use muxtape::store::{NewSnapshot, Recorded, Store, StoreOptions, Storing, Unchanged};
use muxtape_testing::TmuxServer;
use serde_json::{Value, json};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// A server with one snapshot made by hand, and the store that it is in.
fn server() -> (TmuxServer, Store, Snapshot) {
    let server = TmuxServer::start();
    let id = server.json(&["create", "first"])["id"].clone();
    let data = server.home().join("data/muxtape");
    let store = Store::new(data, StoreOptions::default());
    let first = store.load(id.as_str().unwrap().parse().unwrap()).unwrap();
    (server, store, first)
}

/// Records what `like` holds again, as the recorder would, this long before it.
fn record(store: &Store, like: &Snapshot, before: i64, random: u64) -> SnapshotId {
    let redactor = Redactor::new(&RedactSettings::default()).unwrap();
    let new = NewSnapshot {
        time: Millis(like.meta.time.0 - before),
        random,
        cause: Cause::Auto,
        name: None,
        description: None,
        tags: Vec::new(),
        pinned: false,
        partial: false,
        host: like.meta.host.clone(),
        server: like.meta.server.clone(),
        state: redactor.state(like.state.clone(), &mut Tally::default()),
        contents: Vec::new(),
        took_ms: 1,
        redactions: Vec::new(),
        storing: Storing::Auto,
    };
    match store.record(new, Unchanged::Store).unwrap() {
        Recorded::Stored(meta) | Recorded::Unchanged(meta) => meta.id,
    }
}

fn settings(server: &TmuxServer, text: &str) {
    let dir = server.home().join("config/muxtape");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("config.toml"), text).unwrap();
}

fn of(plan: &Value, id: SnapshotId) -> &Value {
    let mut all = plan["snapshots"].as_array().unwrap().iter();
    all.find(|one| one["id"] == id.to_string()).unwrap()
}

#[test]
fn a_dry_run_tells_of_each_why_and_a_run_does_the_same() {
    let (server, store, first) = server();
    let ids: Vec<SnapshotId> = (0..6)
        .map(|at| record(&store, &first, (6 - at) * 1000, at.unsigned_abs()))
        .collect();
    // Only counts: whether an hour has begun meanwhile must not matter.
    settings(
        &server,
        "[retention]\nkeep_last = 2\nhourly = 0\ndaily = 0\n",
    );
    let plan = server.json(&["prune", "--dry-run"]);
    assert_eq!((&plan["removed"], &plan["kept"]), (&json!(4), &json!(3)));
    let newest = of(&plan, ids[5]);
    assert_eq!(newest["action"], "keep");
    let kinds: Vec<&Value> = newest["reasons"].as_array().unwrap().iter().collect();
    let last = json!({ "kind": "last", "session": "main" });
    assert!(kinds.contains(&&last), "{kinds:?}");
    assert!(
        kinds
            .iter()
            .any(|reason| reason["kind"] == "newest_of_life")
    );
    let oldest = of(&plan, ids[0]);
    assert_eq!(oldest["action"], "remove");
    assert_eq!(oldest["reasons"], json!([{ "kind": "beyond_counts" }]));
    let by_hand = of(&plan, first.meta.id);
    assert_eq!(
        by_hand["reasons"],
        json!([{ "kind": "manual" }, { "kind": "named" }])
    );
    // For people as well, and nothing was done so far.
    let said = server.muxtape(&["prune", "--dry-run"]);
    assert!(
        said.out.contains("keep: made by hand, named"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("- remove: beyond the counts"),
        "{}",
        said.out
    );
    assert!(
        said.out
            .ends_with("would remove 4 snapshots for good; 3 snapshots would stay\n")
    );
    assert_eq!(server.json(&["list", "--all"]).as_array().unwrap().len(), 7);
    // Without a terminal nobody can be asked.
    server.error(5, &["prune"]);
    let pruned = server.json(&["--yes", "prune"]);
    let removed = pruned["removed"].as_array().unwrap();
    let removed: Vec<&str> = removed
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        removed,
        ids[..4].iter().map(ToString::to_string).collect::<Vec<_>>()
    );
    assert_eq!(server.json(&["list", "--all"]).as_array().unwrap().len(), 3);
    // For good: there is nothing to bring back, and nothing more to do.
    assert_eq!(server.json(&["trash", "list"]), json!([]));
    server.error(3, &["--yes", "prune"]);
    server.error(3, &["undo"]);
    server.json(&["verify"]);
}

#[test]
fn rules_hold_for_the_sessions_that_they_name() {
    let (server, store, first) = server();
    for at in 0..6 {
        record(&store, &first, (6 - at) * 1000, at.unsigned_abs());
    }
    settings(
        &server,
        "[retention]\nkeep_last = 1\nhourly = 0\ndaily = 0\n[[retention.rule]]\nsession = \"ma?n\"\nkeep_last = 4\n",
    );
    let plan = server.json(&["prune", "--dry-run"]);
    assert_eq!(plan["removed"], 2);
    let shown = server.json(&["config", "show"]);
    let of = |key: &str| {
        let mut all = shown.as_array().unwrap().iter();
        let one = all.find(|one| one["key"] == key).unwrap();
        (one["value"].clone(), one["source"].clone())
    };
    assert_eq!(of("retention.keep_last"), (json!(1), json!("file")));
    assert_eq!(of("retention.trash_days"), (json!(30), json!("default")));
    let text = server.muxtape(&["config", "show"]).out;
    assert!(
        text.contains("retention.max_age_days = 30  # default\n"),
        "{text}"
    );
    settings(&server, "[retention]\nmonthly = 12\nmax_age_days = 30\n");
    let error = server.error(1, &["prune", "--dry-run"]);
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("monthly = 12 reaches back 372 days"),
        "{message}"
    );
}

#[test]
fn what_was_deleted_last_is_taken_back_first() {
    let (server, ..) = server();
    server.run(["new-session", "-d", "-s", "other"]);
    let second = server.json(&["create", "second"])["id"].clone();
    let third = server.json(&["create", "third"])["id"].clone();
    let fourth = server.json(&["create", "fourth"])["id"].clone();
    server.json(&["delete", "second"]);
    server.json(&["--yes", "delete", "third", "fourth"]);
    let list = server.json(&["undo", "--list"]);
    assert_eq!(list[0]["kind"], "delete");
    assert_eq!(list[0]["snapshots"].as_array().unwrap().len(), 2);
    assert_eq!(list[1]["snapshots"], json!([second]));
    // Nothing is lost by bringing back, so nobody is asked.
    let undone = server.json(&["undo"]);
    assert_eq!(undone["kind"], "delete");
    let mut back = vec![third.as_str().unwrap(), fourth.as_str().unwrap()];
    back.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(undone["snapshots"], json!(back));
    // A restore is younger than the other delete.
    server.run(["kill-session", "-t", "=other"]);
    server.json(&["--yes", "restore", "third", "--session", "other"]);
    assert_eq!(server.json(&["undo", "--list"])[0]["kind"], "restore");
    assert_eq!(server.json(&["--yes", "undo"])["kind"], "restore");
    assert_eq!(server.json(&["undo"])["snapshots"], json!([second]));
    let names = server.json(&["list"]);
    let names: Vec<&Value> = names
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    for name in ["first", "second", "third", "fourth"] {
        assert!(names.contains(&&json!(name)), "{names:?}");
    }
    server.error(3, &["undo"]);
}

#[test]
fn the_trash_is_named_by_ids_and_has_an_end() {
    let (server, store, first) = server();
    let id = record(&store, &first, 1000, 1);
    let other = record(&store, &first, 500, u64::MAX);
    store
        .trash(&[id, other], Millis(first.meta.time.0 - 31 * DAY))
        .unwrap();
    // Everything begins with nothing; that is no name.
    server.error(2, &["trash", "restore", ""]);
    server.error(2, &["trash", "restore", "not-an-id!"]);
    server.error(3, &["trash", "restore", "zzzzzzzz"]);
    let typed = id.to_string().to_uppercase();
    let back = server.json(&["trash", "restore", &typed]);
    assert_eq!(back["restored"], json!([id.to_string()]));
    // Thrown away before it was made: who knows when. It stays.
    server.error(3, &["--yes", "prune"]);
    assert_eq!(server.json(&["trash", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn what_is_old_goes_from_the_tape_and_from_the_trash() {
    let (server, store, first) = server();
    let days = [46, 40, 34, 28, 22, 16, 10, 4];
    let ids: Vec<SnapshotId> = days
        .iter()
        .zip(1..)
        .map(|(days, random)| record(&store, &first, days * DAY, random))
        .collect();
    let at = |days| Millis(first.meta.time.0 - days * DAY);
    store.trash(&ids[1..2], at(35)).unwrap();
    store.trash(&ids[3..4], at(25)).unwrap();
    let plan = server.json(&["prune", "--dry-run"]);
    assert_eq!(of(&plan, ids[0])["reasons"][0]["kind"], "too_old");
    assert_eq!(of(&plan, ids[2])["action"], "remove");
    assert_eq!(of(&plan, ids[4])["action"], "keep");
    assert_eq!(plan["trash"], json!([ids[1].to_string()]));
    let pruned = server.json(&["--yes", "prune"]);
    assert_eq!(pruned["removed"].as_array().unwrap().len(), 2);
    assert_eq!(pruned["trash"], 1);
    let left = server.json(&["trash", "list"]);
    assert_eq!(left[0]["id"], ids[3].to_string());
    assert_eq!(left.as_array().unwrap().len(), 1);
    // What was removed in between makes no gap: a second run finds nothing.
    server.error(3, &["--yes", "prune"]);
    server.json(&["verify"]);
}
