//! Real processes that write into one journal, and are killed.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{Scratch, at, small, text};
use crate::journal::files::Files;
use crate::journal::{By, Event, Journal, Query};

/// Names the directory for a child.
const DIR: &str = "MUXTAPE_TEST_JOURNAL_DIR";
/// How large files become.
const LARGEST: &str = "MUXTAPE_TEST_JOURNAL_LARGEST";
/// How many lines a child writes.
const LINES: u64 = 150;

/// Not a test of its own: the body of the children.
#[test]
fn child() {
    let Some(dir) = std::env::var_os(DIR) else {
        return;
    };
    let largest = std::env::var(LARGEST).unwrap().parse().unwrap();
    let journal = Journal::with(Files::small(dir.into(), largest), By::Command);
    for line in 0..LINES {
        let why = text(&format!("{} {line}", std::process::id()));
        while let Err(error) = journal.append(at(line), &Event::StoreFailed { why: why.clone() }) {
            // Others may have it for long on a busy machine.
            let busy = matches!(error, crate::journal::JournalError::Busy { .. });
            assert!(busy, "{error}");
        }
    }
}

fn start(state: &Path, largest: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "journal::tests::processes::child"])
        .env(DIR, state)
        .env(LARGEST, largest.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn crowd(largest: u64, processes: usize) -> Scratch {
    let s = small(largest);
    let children: Vec<Child> = (0..processes).map(|_| start(&s.state, largest)).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    s
}

/// What each process wrote last, of what is kept.
fn by_process(s: &Scratch) -> BTreeMap<String, Vec<u64>> {
    let mut by_process: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for told in s.told() {
        if let Some((pid, line)) = told.split_once(' ') {
            let lines = by_process.entry(pid.to_owned()).or_default();
            lines.push(line.parse().unwrap());
        }
    }
    by_process
}

#[test]
fn many_at_once_lose_nothing_and_number_without_gaps() {
    let s = crowd(u64::MAX, 8);
    let audit = s.journal.audit(&Query::default()).unwrap();
    assert_eq!(audit.findings, []);
    assert_eq!((audit.lines, audit.first), (8 * LINES, Some(1)));
    let written = by_process(&s);
    assert_eq!(written.len(), 8);
    for lines in written.values() {
        assert!(lines.iter().copied().eq(0..LINES));
    }
}

#[test]
fn many_at_once_rotate_without_a_gap() {
    let s = crowd(20_000, 8);
    let audit = s.journal.audit(&Query::default()).unwrap();
    assert_eq!(audit.findings, []);
    assert_eq!(audit.last, Some(8 * LINES));
    assert!(s.state.join("journal.5.jsonl").exists());
    for lines in by_process(&s).values() {
        // Of each the newest are kept, in their order.
        let first = lines[0];
        assert!(lines.iter().copied().eq(first..first + lines.len() as u64));
    }
}

#[test]
fn whoever_is_killed_leaves_a_journal_that_adds_up() {
    let s = small(20_000);
    let rounds = std::env::var("MUXTAPE_TEST_ROUNDS").map_or(20, |rounds| rounds.parse().unwrap());
    let mut before = 0;
    for _ in 0..rounds {
        let mut children: Vec<Child> = (0..3).map(|_| start(&s.state, 20_000)).collect();
        // Some lines further on, wherever they are then.
        while children[0].try_wait().unwrap().is_none() {
            let audit = s.journal.audit(&Query::default()).unwrap();
            assert!(audit.is_sound(), "{:?}", audit.findings);
            if audit.last.unwrap_or(0) >= before + 20 {
                break;
            }
        }
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let audit = s.journal.audit(&Query::default()).unwrap();
        assert!(audit.is_sound(), "{:?}", audit.findings);
        before = audit.last.unwrap();
    }
    s.write(1..=1);
    assert!(s.is_sound());
}
