//! Reads the imports of every file and fails on one that the design forbids.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room, and the rooms that it may know. Every room may know itself.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("files", &[]),
    (
        "config",
        &["model", "files", "redact", "capture", "restore", "store"],
    ),
    ("mux", &["model"]),
    ("redact", &["model"]),
    ("store", &["model", "files", "redact"]),
    ("journal", &["model", "files", "redact"]),
    ("capture", &["model", "files", "mux", "redact", "store"]),
    (
        "restore",
        &["model", "files", "mux", "redact", "store", "capture"],
    ),
    (
        "app",
        &[
            "model", "files", "config", "mux", "redact", "store", "journal", "capture", "restore",
        ],
    ),
    (
        "daemon",
        &[
            "model", "files", "config", "mux", "redact", "store", "journal", "capture", "restore",
            "app",
        ],
    ),
    (
        "ui",
        &[
            "model", "files", "config", "mux", "redact", "store", "journal", "capture", "restore",
            "app", "daemon",
        ],
    ),
    (
        "cli",
        &[
            "model", "files", "config", "mux", "redact", "store", "journal", "capture", "restore",
            "app", "daemon", "ui",
        ],
    ),
];

/// Crates that only some rooms may use.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("redb", &["store"]),
    ("ratatui", &["ui"]),
    ("crossterm", &["ui"]),
    ("clap", &["cli"]),
    ("fuzzy_matcher", &["store"]),
    ("anyhow", &["cli"]),
];

fn files(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            into.push(path);
        }
    }
}

/// The names that follow `prefix` in the code of a file; comments are left out.
fn names_after(source: &str, prefix: &str) -> Vec<String> {
    let code: String = source
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n");
    let mut names = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            // `crate::{a::b, c}`: the first name of each top-level part.
            let mut depth = 0;
            let mut part = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => names.push(std::mem::take(&mut part)),
                    _ if depth == 0 => part.push(c),
                    _ => {}
                }
            }
            names.push(part);
        } else {
            names.push(rest.to_owned());
        }
    }
    names
        .into_iter()
        .map(|name| {
            let name = name.trim();
            let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_'));
            name[..end.unwrap_or(name.len())].to_owned()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

fn forbidden() -> (usize, Vec<String>) {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rooms: BTreeMap<&str, &[&str]> = MAY_KNOW.iter().copied().collect();
    let mut all = Vec::new();
    files(&src, &mut all);
    let mut found = Vec::new();
    for path in &all {
        let inside = path.strip_prefix(&src).unwrap();
        let room = inside
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_str()
            .unwrap();
        let Some(allowed) = rooms.get(room) else {
            assert!(
                room.ends_with(".rs"),
                "{room} is a room that this test does not know"
            );
            continue;
        };
        let source = fs::read_to_string(path).unwrap();
        for name in names_after(&source, "crate::") {
            if rooms.contains_key(name.as_str())
                && name != room
                && !allowed.contains(&name.as_str())
            {
                found.push(format!("{}: {room} must not know {name}", inside.display()));
            }
        }
        for (krate, only) in ONLY_IN {
            if !only.contains(&room) && source.contains(&format!("{krate}::")) {
                found.push(format!("{}: {krate} is not for {room}", inside.display()));
            }
        }
    }
    (all.len(), found)
}

#[test]
fn every_room_knows_only_whom_it_may() {
    let (files, found) = forbidden();
    assert!(files > 20, "only {files} files were read");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_reader_sees_every_form_of_import() {
    let source = "use crate::store::Store;\nuse crate::{ui, app::{self, State}};\nlet x = crate::cli::run();\n// crate::daemon\n";
    assert_eq!(
        names_after(source, "crate::"),
        ["store", "ui", "app", "cli"]
    );
}

/// Whatever is written takes what a redactor has seen, and nothing else of that room: so store and journal
/// can neither make such a thing nor decide what is taken out.
#[test]
fn who_writes_knows_of_redaction_that_there_is_such_a_thing_as_clean() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&src.join("store"), &mut all);
    files(&src.join("journal"), &mut all);
    let named: Vec<(PathBuf, String)> = all
        .iter()
        .flat_map(|path| {
            let source = fs::read_to_string(path).unwrap();
            let names = names_after(&source, "crate::redact::").into_iter();
            names.map(|name| (path.clone(), name)).collect::<Vec<_>>()
        })
        .collect();
    assert!(named.iter().any(|(_, name)| name == "Clean"));
    let others: Vec<_> = named.iter().filter(|(_, name)| name != "Clean").collect();
    assert!(others.is_empty(), "{others:?}");
}

/// Ways to make, open, rename or remove a file.
const OPENS: &[&str] = &[
    "fs::read(",
    "fs::read_to_string(",
    "fs::write(",
    "fs::copy(",
    "fs::rename(",
    "fs::remove_file(",
    "fs::remove_dir",
    "fs::create_dir",
    "fs::hard_link(",
    "fs::set_permissions(",
    "fs::open(",
    "fs::openat(",
    "fs::mk",
    "File::open(",
    "File::create",
    "File::options(",
    "OpenOptions",
    "DirBuilder",
    "tempfile::",
];

/// Who opens files that are not muxtape's own, and whose they are. All others go through `files`.
const OF_OTHERS: &[(&str, &str)] = &[
    (
        "cli/commands/man.rs",
        "a directory that the user names, for pages that all may read",
    ),
    ("cli/commands/import.rs", "a file that the user names"),
    ("cli/commands/redact.rs", "a file that the user names"),
    (
        "cli/new_file.rs",
        "the directory of a file that the user names, which may be anybody's",
    ),
    ("config/settings.rs", "the settings, which may be a link"),
    ("mux/checkout.rs", "working trees"),
    ("mux/mounts.rs", "/proc"),
    ("mux/process/honest.rs", "the beginning of a program"),
    ("mux/process/linux.rs", "/proc"),
    (
        "restore/programs/rules.rs",
        "the user's rules, which may be a link",
    ),
    ("restore/prompt.rs", "terminals"),
    ("store/holder.rs", "/proc"),
    ("store/network.rs", "/proc"),
];

/// The part of a file that is no test and no comment.
fn living(source: &str) -> String {
    let end = source
        .match_indices("#[cfg(test)]\n")
        .find(|(at, attribute)| {
            let next = source[at + attribute.len()..].lines().next();
            next.is_some_and(|line| line.contains("mod tests {"))
        })
        .map_or(source.len(), |(at, _)| at);
    let lines = source[..end].lines();
    let code = lines.map(|line| line.split("//").next().unwrap_or_default());
    code.collect::<Vec<_>>().join("\n")
}

/// So that none of muxtape's own files is ever found through a link, or made for others to read.
#[test]
fn files_are_opened_in_one_room() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&src, &mut all);
    let mut found = Vec::new();
    let mut met = Vec::new();
    for path in &all {
        let inside = path.strip_prefix(&src).unwrap().to_str().unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let only_tests =
            ["tests.rs", "testing.rs", "fuzzing.rs"].contains(&name) || inside.contains("/tests/");
        if only_tests || inside.starts_with("files/") {
            continue;
        }
        let code = living(&fs::read_to_string(path).unwrap());
        let ways: Vec<_> = OPENS.iter().filter(|way| code.contains(**way)).collect();
        if ways.is_empty() {
            continue;
        }
        match OF_OTHERS.iter().find(|(other, _)| *other == inside) {
            Some((other, _)) => met.push(*other),
            None => found.push(format!("{inside}: {ways:?} is for src/files alone")),
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    let gone: Vec<_> = OF_OTHERS
        .iter()
        .filter(|(other, _)| !met.contains(other))
        .collect();
    assert!(gone.is_empty(), "these open nothing any more: {gone:?}");
}
