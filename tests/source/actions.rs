//! That nothing the interface can be told, or asks for, can be forgotten: a new variant has to be
//! written wherever the enum is matched, or the code does not compile. An arm for whatever is left
//! that does nothing would break that.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// What has to be matched in full.
const ENUMS: &str = r"\b(Effect|TerminalEffect|Job|Msg|Action)::[A-Z]";

fn files(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|ext| ext == "rs") && !path.ends_with("tests.rs") {
            into.push(path);
        }
    }
}

/// The lines with an arm for whatever is left that does nothing, in a match over one of the enums.
/// The sources are formatted: the arms of a match stand at one indent, deeper than the match.
fn forgetful(source: &str) -> Vec<usize> {
    let rest = Regex::new(r"^ *_ => (\{\}|\(\)|Go::Stay|return,?|None),?$").unwrap();
    let named = Regex::new(ENUMS).unwrap();
    let lines: Vec<&str> = source.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let forgets = |at: &usize| {
        let own = indent(lines[*at]);
        let arms = lines[..*at].iter().rev();
        let arms = arms.take_while(|line| line.trim().is_empty() || indent(line) >= own);
        let mut patterns = arms.filter(|line| indent(line) == own);
        rest.is_match(lines[*at])
            && patterns.any(|line| {
                let pattern = line.split("=>").next().unwrap_or_default();
                named.is_match(pattern)
            })
    };
    (0..lines.len()).filter(forgets).map(|at| at + 1).collect()
}

#[test]
fn every_effect_message_and_action_is_matched_by_name() {
    let mut all = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for room in ["src/app", "src/ui"] {
        files(&root.join(room), &mut all);
    }
    let mut found = Vec::new();
    for file in &all {
        let source = fs::read_to_string(file).unwrap();
        let product = source.split("#[cfg(test)]\nmod ").next().unwrap();
        let lines = forgetful(product);
        let place = file.strip_prefix(root).unwrap().display();
        found.extend(lines.into_iter().map(|line| format!("{place}:{line}")));
    }
    assert!(all.len() > 50, "only {} files were read", all.len());
    assert!(found.is_empty(), "whatever is left is dropped: {found:#?}");
}

#[test]
fn an_arm_that_drops_the_rest_is_found() {
    let source = "
match effect {
    Effect::Quit => {
        match answer {
            Some(_) => {}
            _ => {}
        }
    }
    // Of another place.
    _ => {}
}
";
    assert_eq!(forgetful(source), [10]);
    assert!(forgetful(&source.replace("_ => {}\n}", "Effect::Record => {}\n}")).is_empty());
}
