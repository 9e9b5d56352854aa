//! That comments and documents stay within 100 columns. rustfmt does so for code alone.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

/// The most columns of a line.
const MAX_COLUMNS: usize = 100;

/// Every file below a folder whose name ends in this.
fn files(dir: &Path, extension: &str, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, extension, into);
        } else if path.extension().is_some_and(|own| own == extension) {
            into.push(path);
        }
    }
}

/// The lines that are too long, as `file:line`.
fn too_long(path: &Path, mut counts: impl FnMut(&str) -> bool) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let lines = (1..).zip(text.lines());
    let long = lines.filter(|(_, line)| counts(line) && line.chars().count() > MAX_COLUMNS);
    long.map(|(number, _)| format!("{}:{number}", path.display()))
        .collect()
}

#[test]
fn comments_stay_within_their_columns() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    for folder in ["src", "tests", "benches"] {
        files(&root.join(folder), "rs", &mut sources);
    }
    assert!(sources.len() > 500, "{}", sources.len());
    let comment = |line: &str| line.trim_start().starts_with("//");
    let found: Vec<String> = sources
        .iter()
        .flat_map(|path| too_long(path, comment))
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn documents_stay_within_their_columns() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = Vec::new();
    files(&root.join("docs"), "md", &mut pages);
    for name in [
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "README.md",
    ] {
        pages.push(root.join(name));
    }
    let long = |path: &PathBuf| {
        let mut fenced = false;
        // A row of a table cannot be broken, and an example is shown as it is.
        too_long(path, |line| {
            fenced ^= line.trim_start().starts_with("```");
            !fenced && !line.starts_with('|')
        })
    };
    let found: Vec<String> = pages.iter().flat_map(long).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}
