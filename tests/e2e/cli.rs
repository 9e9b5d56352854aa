//! The command line as scripts meet it: answers, names, exit codes, and what it says when it
//! cannot.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::support::muxtape::Muxtape;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use muxtape::store::{Query, Store, StoreOptions};
use muxtape_testing::TmuxServer;
use muxtape_testing::secrets::Maker;

/// A server with one session whose pane shows a line.
fn server() -> TmuxServer {
    let server = TmuxServer::start();
    server.wait_for_prompt("main");
    server.type_line("main", "echo a line to find");
    server.wait_for_text("main", "\na line to find");
    server.wait_for_prompt("main");
    server.wait_for_names();
    server
}

#[test]
fn a_snapshot_is_made_listed_shown_and_found() {
    let server = server();
    let made = server.json(&["create", "first", "--description", "a note", "--tag", "one"]);
    assert_eq!(made["stored"], true);
    let id = made["id"].as_str().unwrap();
    let list = server.json(&["list"]);
    assert_eq!(list.as_array().unwrap().len(), 1);
    let entry = &list[0];
    assert_eq!(entry["id"], id);
    assert_eq!(entry["name"], "first");
    assert_eq!(entry["description"], "a note");
    assert_eq!(entry["cause"], "manual");
    assert_eq!(entry["mux"], "tmux");
    assert_eq!(entry["sessions"], serde_json::json!(["main"]));
    assert_eq!(entry["panes"], 1);
    assert_eq!(entry["tags"], serde_json::json!(["one"]));
    for name in [&id[..8], "first", "main:first", "latest", "@0s"] {
        let shown = server.json(&["show", name]);
        assert_eq!(shown["id"], id, "{name}");
        let tab = &shown["sessions"][0]["tabs"][0];
        assert_eq!((&tab["width"], &tab["height"]), (&80.into(), &24.into()));
        assert_eq!(tab["panes"][0]["index"], 0);
    }
    let text = server.muxtape(&["show", "first", "--pane", "main:0.0"]);
    assert!(text.out.contains("\na line to find\n"), "{}", text.out);
    let hits = server.json(&["search", "--text", "line to find"]);
    assert_eq!(hits[0]["snapshot"], id);
    assert_eq!(hits[0]["target"], "main:0.0");
    assert_eq!(server.json(&["search", "man"])[0]["kind"], "name");
    server.error(2, &["search", ""]);
    assert_eq!(server.muxtape(&["search", "--text", "never shown"]).code, 3);
}

#[test]
fn nothing_changed_stores_nothing_when_asked_so() {
    let server = server();
    let first = server.json(&["create"]);
    let again = server.json(&["create", "--if-changed"]);
    assert_eq!(again["stored"], false);
    assert_eq!(again["id"], first["id"]);
    server.run(["new-window", "-d", "-t", "main:"]);
    let changed = server.json(&["create", "--if-changed"]);
    assert_eq!(changed["stored"], true);
    assert_eq!(changed["changed"], serde_json::json!(["main"]));
    assert_eq!(
        server.json(&["show", "latest"])["ancestry"],
        serde_json::json!([first["id"]])
    );
    assert_eq!(
        server.json(&["show", "live"])["ancestry"],
        serde_json::json!([])
    );
    assert_eq!(server.json(&["list"]).as_array().unwrap().len(), 2);
}

#[test]
fn two_moments_are_compared() {
    let server = server();
    server.json(&["create", "a"]);
    assert_eq!(server.json(&["diff", "a", "a"])["same"], true);
    server.run(["rename-window", "-t", "main:0", "other"]);
    server.run(["split-window", "-d", "-t", "main:0"]);
    server.type_line("main:0.0", "echo something else");
    server.wait_for_text("main:0.0", "\nsomething else");
    let diff = server.json(&["diff", "a", "live", "--text"]);
    assert_eq!(diff["same"], false);
    let changes = diff["changes"].as_array().unwrap();
    let has = |kind: &str, path: &str, field: &str| {
        changes.iter().any(|change| {
            change["kind"] == kind
                && change["path"] == path
                && (field.is_empty() || change["field"] == field)
        })
    };
    assert!(has("added", "main:0.1", ""), "{changes:?}");
    assert!(has("changed", "main:0", "name"), "{changes:?}");
    assert!(has("changed", "main:0.0", "text"), "{changes:?}");
    let lines = diff["text"][0]["lines"].as_array().unwrap();
    assert!(
        lines
            .iter()
            .any(|line| line["sign"] == "+" && line["line"] == "something else")
    );
    assert_eq!(
        server.muxtape(&["diff", "a", "live", "--exit-code"]).code,
        1
    );
    assert_eq!(server.muxtape(&["diff", "a", "a", "--exit-code"]).code, 0);
    assert_eq!(
        server
            .muxtape(&["diff", "a", "nothing", "--exit-code"])
            .code,
        3
    );
}

#[test]
fn several_snapshots_are_edited_together_or_not_at_all() {
    let server = server();
    for name in ["one", "two"] {
        server.json(&["create", name]);
    }
    let tags = |server: &TmuxServer| -> Vec<serde_json::Value> {
        let list = server.json(&["list"]);
        list.as_array()
            .unwrap()
            .iter()
            .map(|one| one["tags"].clone())
            .collect()
    };
    let edited = server.json(&["tag", "one", "two", "--add", "a", "b"]);
    assert_eq!(edited.as_array().unwrap().len(), 2);
    assert_eq!(
        tags(&server),
        [serde_json::json!(["a", "b"]), serde_json::json!(["a", "b"])]
    );
    // Whether the second is a snapshot or a tag cannot be told.
    for command in ["tag", "untag"] {
        let told = server.error(2, &[command, "one", "two", "c"]);
        let option = if command == "tag" {
            "--add"
        } else {
            "--remove"
        };
        assert!(told["hint"].as_str().unwrap().contains(option), "{told}");
    }
    server.error(2, &["tag", "one"]);
    // One that is not there: nothing is changed.
    server.error(3, &["tag", "one", "nothing", "--add", "c"]);
    server.error(3, &["untag", "two", "nothing", "--remove", "a"]);
    server.error(3, &["pin", "one", "nothing"]);
    assert_eq!(
        tags(&server),
        [serde_json::json!(["a", "b"]), serde_json::json!(["a", "b"])]
    );
    assert_eq!(server.json(&["show", "one"])["pinned"], false);
    // One of them has it: the others lose nothing. None has: it may be a slip.
    let refused = server.error(3, &["untag", "one", "two", "--remove", "a", "nosuch"]);
    let said = refused["message"].as_str().unwrap();
    assert!(said.contains("nosuch"), "{said}");
    server.json(&["untag", "one", "two", "one", "--remove", "a", "b"]);
    assert_eq!(
        server.json(&["tag", "one", "x"])[0]["tags"],
        serde_json::json!(["x"])
    );
    assert_eq!(
        server.json(&["untag", "one", "x"])[0]["tags"],
        serde_json::json!([])
    );
    let pinned = server.json(&["pin", "one", "two"]);
    assert!(
        pinned
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["pinned"] == true)
    );
}

#[test]
fn names_and_texts_are_found_in_either_form_of_unicode() {
    let server = server();
    let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
    server.run(["rename-session", "-t", "main", decomposed]);
    server.type_line(decomposed, "echo se\u{301}ance");
    server.wait_for_text(decomposed, "\nse\u{301}ance");
    server.json(&["create", decomposed]);
    assert_eq!(server.json(&["show", composed])["name"], decomposed);
    assert_eq!(
        server
            .json(&["list", "--session", composed])
            .as_array()
            .unwrap()
            .len(),
        1
    );
    for words in [composed, decomposed] {
        assert_eq!(server.json(&["search", words])[0]["kind"], "name");
    }
    for words in [
        "s\u{e9}ance",
        "se\u{301}ance",
        "S\u{c9}ANCE".to_lowercase().as_str(),
    ] {
        let hits = server.json(&["search", "--text", words]);
        assert!(
            hits[0]["line"].as_str().unwrap().contains("se\u{301}ance"),
            "{hits}"
        );
    }
    let pane = format!("{composed}:0.0");
    assert!(
        server
            .muxtape(&["show", composed, "--pane", &pane])
            .out
            .contains("se\u{301}ance")
    );
    // One that was named later in the other form is another, and each is found as it was written.
    server.json(&["create", composed]);
    assert_eq!(server.json(&["show", composed])["name"], composed);
    assert_eq!(server.json(&["show", decomposed])["name"], decomposed);
}

#[test]
fn records_are_edited_deleted_and_brought_back() {
    let server = server();
    let id = server.json(&["create"])["id"].as_str().unwrap().to_owned();
    assert_eq!(server.json(&["rename", &id, "new"])[0]["name"], "new");
    assert_eq!(
        server.json(&["describe", "new", "why"])[0]["description"],
        "why"
    );
    assert_eq!(
        server.json(&["tag", "new", "--add", "b", "a"])[0]["tags"],
        serde_json::json!(["a", "b"])
    );
    assert_eq!(
        server.json(&["untag", "new", "b"])[0]["tags"],
        serde_json::json!(["a"])
    );
    assert_eq!(server.json(&["pin", "new"])[0]["pinned"], true);
    server.error(5, &["delete", "new"]);
    assert_eq!(server.json(&["unpin", "new"])[0]["pinned"], false);
    assert_eq!(server.json(&["archive", "new"])[0]["archived"], true);
    assert_eq!(server.json(&["list"]).as_array().unwrap().len(), 0);
    assert_eq!(server.json(&["list", "--all"]).as_array().unwrap().len(), 1);
    server.json(&["unarchive", "new"]);
    server.error(5, &["create", "new"]);
    server.json(&["delete", "new"]);
    assert_eq!(server.json(&["list", "--all"]).as_array().unwrap().len(), 0);
    assert_eq!(server.json(&["trash", "list"])[0]["id"], id);
    server.json(&["trash", "restore", &id[..8]]);
    assert_eq!(server.json(&["list"])[0]["name"], "new");
    // Two names of one snapshot are one snapshot.
    server.json(&["delete", "new", &id]);
    server.error(5, &["trash", "empty"]);
    server.json(&["trash", "empty", "--yes"]);
    server.error(3, &["trash", "empty"]);
}

#[test]
fn a_restore_is_taken_back_by_a_later_command() {
    let server = TmuxServer::start();
    server.run(["new-session", "-d", "-s", "other"]);
    server.json(&["create", "both"]);
    server.error(3, &["undo"]);
    server.run(["kill-session", "-t", "=other"]);
    server.json(&["--yes", "restore", "both", "--session", "other"]);
    let list = server.json(&["undo", "--list"]);
    assert_eq!(list[0]["kind"], "restore");
    assert_eq!(list[0]["sessions"][0], "other");
    // Without a terminal nobody can be asked.
    server.error(5, &["undo"]);
    let undone = server.json(&["--yes", "undo"]);
    assert_eq!(undone["closed"][0], "other");
    let names = server.run(["list-sessions", "-F", "#{session_name}"]);
    assert_eq!(names, "main");
    server.error(3, &["--yes", "undo"]);
}

#[test]
fn a_name_that_fits_nothing_or_several_is_said_so() {
    let server = server();
    server.json(&["create", "before-rebase"]);
    let error = server.error(3, &["show", "before-rebas"]);
    assert!(
        error["hint"].as_str().unwrap().contains("before-rebase"),
        "{error}"
    );
    server.json(&["create"]);
    let id = server.json(&["list"])[0]["id"].as_str().unwrap().to_owned();
    let error = server.error(2, &["show", &id[..2]]);
    let hint = error["hint"].as_str().unwrap();
    for entry in server.json(&["list"]).as_array().unwrap() {
        assert!(hint.contains(entry["id"].as_str().unwrap()), "{hint}");
    }
    server.error(2, &["create", "latest"]);
    let one = ["restore", "before-rebase", "--dry-run", "--session", "nope"];
    let error = server.error(3, &one);
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("not in that snapshot: nope"), "{message}");
    server.error(2, &["show", "latest~x"]);
    server.error(2, &["show", "@soon"]);
    server.error(3, &["show", "latest~7"]);
    server.error(2, &["show", "latest", "--pane", "main:x"]);
    server.error(3, &["show", "latest", "--pane", "main:9.9"]);
}

#[test]
fn without_a_server_lists_still_work() {
    let server = server();
    server.json(&["create", "kept"]);
    server.crash();
    let error = server.error(3, &["create"]);
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("no tmux server"),
        "{error}"
    );
    assert_eq!(server.json(&["list"])[0]["name"], "kept");
    assert_eq!(server.json(&["show", "kept"])["name"], "kept");
}

#[test]
fn what_a_crash_took_is_brought_back_once() {
    let server = server();
    server.run(["new-session", "-d", "-s", "other"]);
    server.json(&["create"]);
    // A part of it is nothing to recover from while there is the whole.
    assert_eq!(
        server.json(&["create", "--session", "main"])["changed"],
        serde_json::json!([])
    );
    assert_eq!(server.json(&["list"])[0]["partial"], true);
    server.error(3, &["recover"]);
    server.crash();
    server.run(["new-session", "-d", "-s", "blank"]);
    server.json(&["create"]);
    let offer = &server.json(&["recover", "--list"])[0];
    assert_eq!(offer["reason"], "server_gone");
    assert_eq!(offer["lost"], serde_json::json!(["main", "other"]));
    let before = server.run(["list-panes", "-a"]);
    assert!(
        !server.json(&["recover", "--dry-run"])["steps"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert_eq!(server.run(["list-panes", "-a"]), before);
    let refused = server.muxtape(&["recover"]);
    assert_eq!(
        refused.code, 5,
        "it asks, and nobody is there to answer: {}",
        refused.err
    );
    // Whoever takes one session is offered the other one again.
    let report = server.json(&["recover", "--yes", "--session", "main"]);
    assert_eq!(report["status"], "success", "{report}");
    let offer = &server.json(&["recover", "--list"])[0];
    assert_eq!(offer["lost"], serde_json::json!(["other"]));
    let report = server.json(&["recover", "--yes"]);
    assert_eq!(report["status"], "success", "{report}");
    assert_eq!(
        server.run(["list-sessions", "-F", "#{session_name}"]),
        "blank\nmain\nother"
    );
    server.wait_for_text("main", "\na line to find");
    server.error(3, &["recover"]);
}

#[test]
fn without_tmux_it_says_what_to_install() {
    let server = TmuxServer::stopped();
    let output = server
        .command(env!("CARGO_BIN_EXE_muxtape"))
        .args(["create"])
        .env("PATH", server.dir())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("apt-get install tmux"), "{said}");
}

#[test]
fn the_store_is_for_its_owner_alone() {
    let server = server();
    server.json(&["create"]);
    let data = server.home().join("data/muxtape");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for entry in fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        let wanted = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(&path), wanted, "{}", path.display());
    }
}

#[test]
fn a_damaged_store_is_repaired_on_demand() {
    let server = server();
    let id = server.json(&["create"])["id"].as_str().unwrap().to_owned();
    assert_eq!(
        server.json(&["verify", "--repair"])["repair"],
        serde_json::Value::Null
    );
    let file = server.home().join("data/muxtape/muxtape.redb");
    let mut bytes = fs::read(&file).unwrap();
    bytes[..4096].fill(0);
    fs::write(&file, &bytes).unwrap();
    let _ = fs::remove_file(server.home().join("data/muxtape/muxtape.parity"));
    assert_eq!(server.error(7, &["show", "latest"])["code"], 7);
    let refused = server.error(5, &["verify", "--repair"]);
    assert!(refused["hint"].as_str().unwrap().contains("--yes"));
    assert_eq!(fs::read(&file).unwrap(), bytes);
    let repaired = server.json(&["--yes", "verify", "--repair"]);
    assert_eq!(repaired["ok"], true);
    assert_eq!(repaired["repaired"], 1);
    assert_eq!(repaired["repair"]["healed"][0]["by"], "salvage");
    let kept = repaired["repair"]["kept"].as_str().unwrap();
    assert_eq!(fs::read(kept).unwrap(), bytes);
    assert_eq!(server.json(&["list"])[0]["id"], id);
    assert_eq!(server.json(&["verify"])["ok"], true);
}

#[test]
fn damage_has_an_exit_code_of_its_own_and_is_named() {
    let server = server();
    server.json(&["create"]);
    assert_eq!(server.json(&["verify"])["ok"], true);
    let file = server.home().join("data/muxtape/muxtape.redb");
    let length = fs::metadata(&file).unwrap().len();
    fs::write(&file, vec![0x55; usize::try_from(length).unwrap()]).unwrap();
    let error = server.error(7, &["show", "latest"]);
    assert!(
        error["message"].as_str().unwrap().contains("damaged"),
        "{error}"
    );
    fs::write(&file, b"").unwrap();
    server.error(7, &["list"]);
    server.error(7, &["create"]);
}

#[test]
fn a_list_says_what_it_had_to_leave_out() {
    let server = server();
    let lost = server.json(&["create", "lost"]);
    server.type_line("main", "echo another line");
    server.wait_for_text("main", "\nanother line");
    server.wait_for_prompt("main");
    server.json(&["create", "kept"]);
    let file = server.home().join("data/muxtape/muxtape.redb");
    let store = Store::new(file.parent().unwrap().to_owned(), StoreOptions::default());
    let metas = store.list(&Query::default()).unwrap();
    let lost = metas
        .iter()
        .find(|m| lost["id"] == m.id.to_string())
        .unwrap();
    // With the parity file the damage would be healed as it is read.
    fs::remove_file(file.with_file_name("muxtape.parity")).unwrap();
    // The digest of a state stands in the record of its snapshot alone.
    let root = lost.root.0;
    let mut bytes = fs::read(&file).unwrap();
    let places = bytes.windows(root.len()).enumerate();
    let places = places
        .filter(|(_, window)| *window == root)
        .map(|(at, _)| at);
    for at in places.collect::<Vec<_>>() {
        bytes[at] ^= 1;
    }
    fs::write(&file, bytes).unwrap();
    let list = server.muxtape(&["list", "--json"]);
    assert_eq!(list.code, 0, "{}", list.err);
    let list: serde_json::Value = serde_json::from_str(&list.out).unwrap();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        list["warnings"][0]["issue"],
        "1 snapshot is damaged and left out"
    );
    let list = server.muxtape(&["list"]);
    assert!(list.err.contains("1 snapshot is damaged"), "{}", list.err);
    assert!(list.out.contains("kept") && !list.out.contains("lost"));
}

#[test]
fn the_store_is_collected_and_compacted_when_asked() {
    let server = server();
    server.error(3, &["compact"]);
    server.json(&["create", "gone"]);
    server.json(&["create", "kept"]);
    server.json(&["delete", "gone", "--yes"]);
    server.json(&["trash", "empty", "--yes"]);
    let collected = server.json(&["gc"]);
    assert!(collected["texts"].is_u64() && collected["bytes"].is_u64());
    let compacted = server.json(&["compact"]);
    let bytes = |name: &str| compacted[name].as_u64().unwrap();
    assert_eq!(
        bytes("freed"),
        bytes("before").saturating_sub(bytes("after"))
    );
    assert_eq!(server.json(&["stats"])["store_bytes"], compacted["after"]);
    assert_eq!(server.json(&["verify"])["ok"], true);
    let said = server.muxtape(&["compact"]);
    assert!(said.out.contains("on disk"), "{}", said.out);
}

#[test]
fn settings_that_are_wrong_stop_the_start() {
    let server = TmuxServer::stopped();
    let config = server.dir().join("c.toml");
    fs::write(&config, "[recorder]\nkeep_lost = 3\n").unwrap();
    let config = config.display().to_string();
    let error = server.error(1, &["--config", &config, "list"]);
    assert!(
        error["message"].as_str().unwrap().contains("keep_lost"),
        "{error}"
    );
    fs::write(
        &config,
        "[[redaction.rules]]\nname = \"mine\"\npattern = '('\n",
    )
    .unwrap();
    let error = server.error(1, &["--config", &config, "create"]);
    assert!(
        error["message"].as_str().unwrap().contains("mine"),
        "{error}"
    );
    let path = server.json(&["--config", &config, "config", "path"]);
    assert_eq!(path["path"], *config);
}

#[test]
fn rules_that_are_wrong_stop_a_restore() {
    let server = TmuxServer::start();
    server.json(&["create", "one"]);
    let path = server.json(&["config", "path"]);
    let rules = path["rules"]["programs"]["path"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(server.json(&["config", "validate"])[1]["exists"], false);
    fs::create_dir_all(std::path::Path::new(&rules).parent().unwrap()).unwrap();
    let write = |text: &str| fs::write(&rules, text).unwrap();
    write("schema = 1\n\n[[program]]\nid = \"mine\"\nnames = [\"x\"]\nclass = \"sometimes\"\n");
    for args in [
        &["config", "validate"][..],
        &["restore", "one", "--dry-run", "--on-conflict", "rename"],
    ] {
        let error = server.error(1, args);
        let message = error["message"].as_str().unwrap();
        for part in [rules.as_str(), "line 3", "\"mine\"", "`sometimes`"] {
            assert!(message.contains(part), "{message}");
        }
    }
    write("schema = 1\n\n[[program]]\nid = \"mine\"\nnames = [\"x\"]\nclass = \"offer\"\n");
    assert_eq!(server.json(&["config", "validate"])[1]["exists"], true);
    server.json(&["restore", "one", "--dry-run", "--on-conflict", "rename"]);
}

#[test]
fn what_is_generated_is_whole() {
    let server = TmuxServer::stopped();
    for shell in ["bash", "zsh", "fish"] {
        let script = server.muxtape(&["completions", shell]);
        assert!(
            script.code == 0 && script.out.contains("muxtape"),
            "{}",
            script.err
        );
    }
    let dir = server.dir().join("man");
    assert_eq!(server.muxtape(&["man", &dir.display().to_string()]).code, 0);
    let pages = fs::read_dir(&dir).unwrap().count();
    assert!(pages > 20, "{pages} pages");
    assert!(server.muxtape(&["man"]).out.contains(".TH muxtape"));
}

#[test]
fn a_secret_never_reaches_the_store() {
    let server = server();
    let mut maker = Maker::new(50);
    let (key, token) = (maker.fill("sk_live_{A24}"), maker.fill("ghp_{A36}"));
    server.type_line("main", &format!("echo api_key={key} && echo {token}"));
    server.wait_for_text("main", "\napi_key");
    server.wait_for_prompt("main");
    let made = server.json(&["create"]);
    assert!(!made["redactions"].as_array().unwrap().is_empty(), "{made}");
    let text = server
        .muxtape(&["show", "latest", "--pane", "main:0.0"])
        .out;
    assert!(!text.contains(&key) && !text.contains(&token), "{text}");
    assert!(text.contains("redacted"), "{text}");
}

#[test]
fn a_damaged_store_is_one_error_and_nothing_else() {
    let server = TmuxServer::start();
    server.json(&["create"]);
    muxtape_testing::damage(&server.home().join("data/muxtape/muxtape.redb"));
    for command in ["list", "stats", "create"] {
        // The error is all that is said, or it would not be JSON.
        let error = server.error(7, &[command]);
        assert!(
            error["message"].as_str().unwrap().contains("damaged"),
            "{error}"
        );
    }
}

#[test]
fn the_demo_records_and_leaves_nothing_behind() {
    let server = TmuxServer::stopped();
    let temporary = server.dir().join("tmp");
    fs::create_dir(&temporary).unwrap();
    let output = server
        .command(env!("CARGO_BIN_EXE_muxtape"))
        .args(["demo", "--no-interface"])
        .env("TMPDIR", &temporary)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("7 snapshots recorded"), "{said}");
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
    assert!(
        !server.home().join("data").exists(),
        "the user's own store is not touched"
    );
}

#[test]
fn a_snapshot_that_finds_the_store_away_is_kept_aside_and_told() {
    let server = server();
    server.json(&["create", "first"]);
    let data = server.home().join("data/muxtape");
    let (store, away) = (data.join("muxtape.redb"), data.join("away"));
    fs::rename(&store, &away).unwrap();
    for name in ["second", "third"] {
        let error = server.error(7, &["create", name]);
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("spooled"), "{error}");
    }
    fs::rename(&away, &store).unwrap();
    server.json(&["create", "fourth"]);
    let list = server.json(&["list", "--all"]);
    let names: Vec<&str> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["fourth", "third", "second", "first"]);
}

#[test]
fn a_store_of_an_older_form_is_migrated_when_asked_or_opened() {
    let packed = fs::read("tests/stores/2/muxtape.redb.zst").unwrap();
    let golden = zstd::decode_all(&packed[..]).unwrap();
    let fresh = || {
        let server = TmuxServer::stopped();
        let data = server.home().join("data/muxtape");
        fs::create_dir_all(&data).unwrap();
        fs::write(data.join("muxtape.redb"), &golden).unwrap();
        (server, data)
    };
    let (server, data) = fresh();
    let plan = server.json(&["migrate", "--dry-run"]);
    assert_eq!(
        (&plan["from"], &plan["to"]),
        (&2.into(), &Store::FORMAT.into())
    );
    assert_eq!(
        (&plan["migrated"], &plan["lost"]),
        (&false.into(), &serde_json::json!([]))
    );
    assert!(fs::read(data.join("muxtape.redb")).unwrap() == golden);
    let said = server.muxtape(&["migrate"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.out.contains("migrated the store from form 2"),
        "{}",
        said.out
    );
    let backup = plan["backup"].as_str().unwrap();
    assert!(fs::read(backup).unwrap() == golden);
    let again = server.muxtape(&["migrate"]);
    assert!(again.out.contains("nothing to migrate"), "{}", again.out);
    // By itself, when it is used.
    let (server, _) = fresh();
    let listed = server.json(&["list", "--all"]);
    assert_eq!(
        listed.as_array().unwrap().len() as u64,
        plan["snapshots"].as_u64().unwrap()
    );
    assert_eq!(server.json(&["verify"])["ok"], true);
    server.error(3, &["show", "nothing"]);
}
