//! Reading everything, and saying whether it adds up.

use super::chain::{Chain, Finding};
use super::error::JournalError;
use super::files::{Files, KEPT, READ};
use super::head::Known;
use super::line::Entry;
use super::query::{Query, Sieve};

/// What an audit found.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// Lines that are part of the journal.
    pub lines: u64,
    /// The number of the first one; `None` where there is none.
    pub first: Option<u64>,
    /// The number of the last one.
    pub last: Option<u64>,
    /// What does not add up, and what killed processes left.
    pub findings: Vec<Finding>,
    /// The events that were asked for, oldest first.
    pub entries: Vec<Entry>,
}

impl Audit {
    /// Whether every line is as it was written and where it belongs, and none is missing.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        !self.findings.iter().any(|finding| finding.flaw.is_grave())
    }
}

pub(super) fn audit(files: &Files, query: &Query) -> Result<Audit, JournalError> {
    let sight = files.sight()?;
    if sight.head == Some(Known::Newer) {
        return Err(JournalError::Newer { path: files.head() });
    }
    let whole = sight.files.len() <= KEPT as usize;
    let mut chain = Chain::new(sight.head, whole);
    let mut sieve = Sieve::new(query);
    for lines in &sight.files {
        let read = lines.each(0, &mut |number, line, whole| {
            chain.line(&lines.name, number, line, whole);
            if whole {
                sieve.take(line);
            }
        });
        read.map_err(JournalError::io(READ, &files.path_of(&lines.name)))?;
    }
    chain.finish();
    Ok(Audit {
        lines: chain.lines,
        first: chain.ends.map(|(first, _)| first),
        last: chain.ends.map(|(_, last)| last),
        findings: chain.findings,
        entries: sieve.finish().entries,
    })
}
