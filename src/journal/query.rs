//! Looking for events.

use std::collections::VecDeque;

use super::error::JournalError;
use super::files::{Files, READ};
use super::line::Entry;
use crate::model::time::Millis;

/// What is looked for; everything where nothing is said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// Only events of that moment or later.
    pub since: Option<Millis>,
    /// Only events of that moment or earlier.
    pub until: Option<Millis>,
    /// Only events of these kinds ([`super::Event::KINDS`]).
    pub kinds: Vec<String>,
    /// Only events that concern a session of one of these names.
    pub sessions: Vec<String>,
    /// At the most so many: the newest.
    pub limit: Option<usize>,
}

impl Query {
    pub(super) fn wants(&self, entry: &Entry) -> bool {
        let kind = self.kinds.is_empty() || self.kinds.contains(&entry.kind);
        let since = self.since.is_none_or(|since| entry.time >= since);
        let until = self.until.is_none_or(|until| entry.time <= until);
        let concerns = |name: &String| entry.concerns(name);
        kind && since && until && (self.sessions.is_empty() || self.sessions.iter().any(concerns))
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// The events, oldest first.
    pub entries: Vec<Entry>,
    /// Lines that could not be read and were passed over.
    pub bad: u64,
}

/// Keeps of the lines that it is given what is looked for.
#[derive(Debug)]
pub(super) struct Sieve<'a> {
    query: &'a Query,
    kept: VecDeque<Entry>,
    bad: u64,
    /// The number of the newest event that was seen, whether or not it was looked for.
    pub(super) newest: Option<u64>,
    /// Events up to this number are passed over.
    pub(super) after: u64,
}

impl<'a> Sieve<'a> {
    pub(super) fn new(query: &'a Query) -> Self {
        Self {
            query,
            kept: VecDeque::new(),
            bad: 0,
            newest: None,
            after: 0,
        }
    }

    pub(super) fn take(&mut self, line: &[u8]) {
        let Some(entry) = Entry::read(line) else {
            self.bad += 1;
            return;
        };
        self.newest = self.newest.max(Some(entry.seq));
        if entry.seq <= self.after || !self.query.wants(&entry) {
            return;
        }
        self.kept.push_back(entry);
        if self
            .query
            .limit
            .is_some_and(|limit| self.kept.len() > limit)
        {
            self.kept.pop_front();
        }
    }

    pub(super) fn finish(self) -> Found {
        Found {
            entries: self.kept.into(),
            bad: self.bad,
        }
    }
}

pub(super) fn find(files: &Files, query: &Query) -> Result<Found, JournalError> {
    let sight = files.sight()?;
    let mut sieve = Sieve::new(query);
    for lines in &sight.files {
        let read = lines.each(0, &mut |_, line, _| sieve.take(line));
        read.map_err(JournalError::io(READ, &files.path_of(&lines.name)))?;
    }
    Ok(sieve.finish())
}
