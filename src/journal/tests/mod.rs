//! Journals in scratch directories, and what is done to them.

mod appending;
mod chain;
mod following;
mod form;
mod full;
mod places;
mod processes;
mod querying;
mod torn;

use std::fs;
use std::path::PathBuf;

use super::files::Files;
use super::{By, Event, Journal, Query, Text};
use crate::model::time::Millis;
use crate::redact::Clean;

/// A journal, and the directory that it is in; gone at the end.
struct Scratch {
    _dir: tempfile::TempDir,
    state: PathBuf,
    journal: Journal,
}

/// A new one whose files grow as large as ever.
fn scratch() -> Scratch {
    small(u64::MAX)
}

/// A new one whose files are put behind beyond so many bytes.
fn small(largest: u64) -> Scratch {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    let journal = Journal::with(Files::small(state.clone(), largest), By::Command);
    Scratch {
        _dir: dir,
        state,
        journal,
    }
}

fn text(words: &str) -> Text {
    Clean::<String>::from(words).into()
}

/// An event that tells one number from the other.
fn event(number: u64) -> Event {
    Event::StoreFailed {
        why: text(&format!("no. {number}")),
    }
}

fn at(second: u64) -> Millis {
    Millis(1_790_000_000_000 + i64::try_from(second).unwrap() * 1000)
}

impl Scratch {
    fn write(&self, numbers: std::ops::RangeInclusive<u64>) {
        for number in numbers {
            self.journal.append(at(number), &event(number)).unwrap();
        }
    }

    fn current(&self) -> PathBuf {
        self.state.join("journal.jsonl")
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.current()).unwrap()
    }

    /// What every event tells, oldest first.
    fn told(&self) -> Vec<String> {
        let found = self.journal.find(&Query::default()).unwrap();
        let why = found.entries.into_iter().map(|entry| {
            let why = entry.fields.get("why").and_then(|why| why.as_str());
            why.unwrap_or(&entry.kind).to_owned()
        });
        why.collect()
    }

    /// What an audit finds, as `file:line flaw`.
    fn findings(&self) -> Vec<String> {
        let audit = self.journal.audit(&Query::default()).unwrap();
        let findings = audit.findings.iter().map(|finding| {
            let line = finding.line.map_or("-".to_owned(), |line| line.to_string());
            let file = finding.file.as_deref().unwrap_or("-");
            format!("{file}:{line} {}", finding.flaw)
        });
        findings.collect()
    }

    fn is_sound(&self) -> bool {
        self.journal.audit(&Query::default()).unwrap().is_sound()
    }
}

/// What `appending` tells of the numbers.
fn numbers(numbers: impl IntoIterator<Item = u64>) -> Vec<String> {
    numbers.into_iter().map(|n| format!("no. {n}")).collect()
}
