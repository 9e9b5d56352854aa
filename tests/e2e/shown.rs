//! What was captured, and what was typed, does nothing to the terminal that an answer is written
//! to: every command is given names that would, and every byte that it writes is looked at.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::support::muxtape::Muxtape;
use std::collections::BTreeSet;
use std::fs;

use muxtape_testing::TmuxServer;

/// Controls of each kind, what changes the direction of text, what takes no room, and characters
/// that Unicode assigns to nobody.
const HOSTILE: &str = "a\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m\u{7f}\u{202e}b\u{2066}\u{200f}\u{61c}\u{200b}\u{feff}\u{fdd0}\u{fdd4}\u{fdef}\rz";

fn acts(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t')
        || matches!(
            u32::from(c),
            0x61c | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff
        )
}

fn check(server: &TmuxServer, args: &[&str]) {
    for json in [false, true] {
        let mut args = args.to_vec();
        if json {
            args.insert(0, "--json");
        }
        let said = server.muxtape(&args);
        for text in [&said.out, &said.err] {
            assert!(!text.contains(acts), "{args:?}: {text:?}");
        }
    }
}

#[test]
fn no_command_writes_what_acts_on_a_terminal() {
    let server = TmuxServer::start();
    server.wait_for_prompt("main");
    let hostile = HOSTILE;
    server.run(["select-pane", "-t", "main", "-T", "x\u{202e}y\u{200b}"]);
    server.run(["rename-window", "-t", "main", "w\u{2067}\u{feff}"]);
    server.run(["set-option", "-t", "main", "@note", hostile]);
    server.run(["rename-session", "-t", "main", "s\u{202d}\u{200e}"]);
    let session = "s\u{202d}\u{200e}";
    let file = server
        .dir()
        .join(format!("file-{}", hostile.replace('/', "")));
    let file = file.to_str().unwrap();
    let nothing = format!("no-{hostile}");
    let target = format!("{session}:0.0");
    let missing = format!("{hostile}:9.9");
    let commands: &[&[&str]] = &[
        &[
            "create",
            "plain",
            "--description",
            hostile,
            "--tag",
            hostile,
        ],
        &["create", "plain"],
        &["create", hostile],
        &["create", "other", "--session", hostile],
        &["rename", "plain", hostile],
        &["rename", hostile, "plain"],
        &["rename", "plain", "two"],
        &["rename", "two", "plain"],
        &["describe", "plain", hostile],
        &["tag", "plain", hostile],
        &["tag", "plain", "--add", hostile, "x"],
        &["untag", "plain", "x"],
        &["tag", hostile, hostile, hostile],
        &["untag", "plain", &nothing],
        &["pin", "plain"],
        &["pin", &nothing],
        &["unpin", "plain"],
        &["archive", "plain"],
        &["unarchive", "plain"],
        &["list"],
        &["list", "--all"],
        &["list", "--tag", hostile],
        &["list", "--session", session],
        &["list", "--session", hostile],
        &["list", "--since", hostile],
        &["show", "plain"],
        &["show", &nothing],
        &["show", "plain", "--pane", &target],
        &["show", "plain", "--pane", &missing],
        &["show", "plain", "--pane", hostile],
        &["diff", "plain", "live"],
        &["diff", "plain", &nothing],
        &["search", "x"],
        &["search", hostile],
        &["search", "--text", hostile],
        &["restore", "plain", "--dry-run"],
        &["restore", "plain", "--script"],
        &["restore", "plain", "--dry-run", "--session", hostile],
        &["restore", &nothing, "--dry-run"],
        &["export", "plain", "-o", file],
        &["export", "plain", "-o", file],
        &["export", &nothing, "-o", file],
        &["import", file, "--dry-run"],
        &["import", &nothing],
        &["private", "status", hostile],
        &["private", "status", session],
        &["redact", "--test", file],
        &["redact", "--test", &nothing],
        &["redact", "--recheck", "--dry-run"],
        &["recover"],
        &["drill", &nothing],
        &["stats"],
        &["verify"],
        &["compact"],
        &["gc"],
        &["prune", "--dry-run"],
        &["daemon", "status"],
        &["config", "show"],
        &["config", "path"],
        &["--config", file, "list"],
        &["--store", file, "list"],
        &["--color", hostile, "list"],
        &[hostile],
        &["list", hostile],
        &["completions", hostile],
        &["events"],
        &["audit"],
        &["delete", &nothing],
        &["delete", "plain"],
        &["trash", "list"],
        &["trash", "restore", &nothing],
        &["undo", "--yes"],
        &["events"],
    ];
    for args in commands {
        check(&server, args);
    }
    // Every command that prints what was captured or typed is among them.
    let help = server.muxtape(&["--help"]).out;
    let known: BTreeSet<&str> = commands.iter().map(|args| args[0]).collect();
    let without = ["help", "man", "demo", "ui", "migrate", "completions"];
    let listed = help
        .lines()
        .skip_while(|line| !line.starts_with("Commands"))
        .skip(1);
    for line in listed.take_while(|line| !line.is_empty()) {
        let name = line.split_whitespace().next().unwrap_or_default();
        let command = line.starts_with("  ") && !line.starts_with("   ");
        assert!(
            !command || known.contains(name) || without.contains(&name),
            "{name}"
        );
    }
    // Settings that are wrong are told with their names.
    fs::write(server.config(), "[hostile]\n\"a\\u001b[31m\\u009b\" = 1\n").unwrap();
    check(&server, &["list"]);
}
