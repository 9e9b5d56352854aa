//! Numbers agree with their nouns: whoever writes a number before a noun goes through
//! `model::words`, which knows one from many.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

const NOUNS: &[&str] = &[
    "buffers",
    "bytes",
    "captures",
    "changes",
    "clients",
    "columns",
    "copies",
    "days",
    "differences",
    "entries",
    "errors",
    "events",
    "files",
    "hits",
    "hooks",
    "hours",
    "lines",
    "lives",
    "minutes",
    "pages",
    "panes",
    "parts",
    "pieces",
    "places",
    "processes",
    "programs",
    "rows",
    "rules",
    "seconds",
    "secrets",
    "servers",
    "sessions",
    "settings",
    "snapshots",
    "tabs",
    "tags",
    "texts",
    "times",
    "values",
    "variables",
    "warnings",
    "windows",
    "words",
];
/// Limits, which are never one, and what no user reads.
const MANY: &[&str] = &[
    "more than {",
    "larger than {",
    "no line of {",
    "reaches back {",
    "Memory of {",
    "Growing of {",
];
/// Names of fields in what is damaged, not counts.
const NO_COUNTS: &[&str] = &[
    "it has {counted:?} snapshots and in the trash",
    "it needs two or more",
    // Where there are many, beside a case of its own for one.
    "{all} pages are not what was written",
];

fn sources(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        // What reads older forms of the store is frozen.
        let left_out = path.ends_with("tests") || path.ends_with("migrate/v1");
        if path.is_dir() && !left_out {
            sources(&path, into);
        } else if path.extension().is_some_and(|ext| ext == "rs") && !path.ends_with("tests.rs") {
            into.push(path);
        }
    }
}

/// The noun in a line that stands behind a number of any size, with a word or none between.
fn noun(line: &str) -> Option<&'static str> {
    if line.trim_start().starts_with("//")
        || MANY
            .iter()
            .chain(NO_COUNTS)
            .any(|known| line.contains(known))
    {
        return None;
    }
    line.match_indices("} ").find_map(|(at, end)| {
        let rest = &line[at + end.len()..];
        let mut words = rest.split(|c: char| !c.is_ascii_alphabetic());
        let first = words.next()?;
        let second = rest
            .strip_prefix(first)
            .filter(|rest| rest.starts_with(' '))
            .and(words.next());
        let is = |word: &&&str| *word == &first || (!first.is_empty() && Some(**word) == second);
        // Only within a string: what closes a placeholder was opened in one.
        let opened = line[..at]
            .rfind('{')
            .is_some_and(|open| line[..open].contains('"'));
        NOUNS.iter().find(is).copied().filter(|_| opened)
    })
}

#[test]
fn whoever_counts_says_one_as_well_as_many() {
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    let mut found = Vec::new();
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        let code = source.split("#[cfg(test)]\nmod tests").next().unwrap();
        for (number, line) in code.lines().enumerate() {
            if let Some(noun) = noun(line) {
                found.push(format!(
                    "{}:{}: {noun}: {}",
                    file.display(),
                    number + 1,
                    line.trim()
                ));
            }
        }
    }
    assert!(
        found.is_empty(),
        "use model::words::count:\n{}",
        found.join("\n")
    );
}

#[test]
fn what_is_looked_for_would_be_found() {
    assert_eq!(noun(r#"format!("{count} panes")"#), Some("panes"));
    assert_eq!(
        noun(r#"write!(f, "+{} new lines of it", x)"#),
        Some("lines")
    );
    assert_eq!(noun(r#"format!("{}, {panes}", count(2, "pane"))"#), None);
    assert_eq!(noun("let x = Some { panes } panes"), None);
}
