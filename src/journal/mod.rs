//! The journal: what muxtape did, one JSON object a line, in which no secret can be.
//!
//! Every text in an event is a [`Text`], and that is made of nothing but what has been through a
//! redactor. Lines are numbered and chained: each holds the hash of the one before it, so that a
//! line that was edited, removed, inserted or moved is found ([`Journal::audit`]). That is no
//! signature: who can write the files can write a whole new chain.
//!
//! Whoever does something calls [`Journal::note`], which never fails and never waits for long: what
//! it cannot write is logged, counted, and told by the next line that can be written.
//! docs/journal.md has the form.

mod append;
mod audit;
mod chain;
mod error;
mod event;
mod files;
mod follow;
mod head;
mod line;
mod query;
mod text;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::model::time::Millis;

pub use audit::Audit;
pub use chain::{Finding, Flaw};
pub use error::JournalError;
pub use event::{Answer, By, Change, Event, Gone, Hidden, MadeSession, PruneReason, RestoreStatus};
pub use follow::Follow;
pub use line::Entry;
pub use query::{Found, Query};
pub use text::Text;

use files::Files;

/// Writes and reads the journal of a state directory. Cheap to clone; clones write as one.
#[derive(Debug, Clone)]
pub struct Journal {
    by: By,
    shared: Arc<JournalShared>,
}

#[derive(Debug)]
struct JournalShared {
    files: Files,
    /// Events that could not be written since one could.
    lost: AtomicU64,
}

impl Journal {
    /// The journal in a state directory. Nothing is read or made before the first event.
    #[must_use]
    pub fn new(state: PathBuf, by: By) -> Self {
        Self::with(Files::new(state), by)
    }

    fn with(files: Files, by: By) -> Self {
        let shared = JournalShared {
            files,
            lost: AtomicU64::new(0),
        };
        Self {
            by,
            shared: Arc::new(shared),
        }
    }

    /// The same journal, written by somebody else.
    #[must_use]
    pub fn by(&self, by: By) -> Self {
        Self {
            by,
            shared: Arc::clone(&self.shared),
        }
    }

    /// Notes what was done. Whatever hinders that, the work goes on: it is logged, and the next
    /// line that can be written tells how many are missing.
    pub fn note(&self, now: Millis, event: &Event) {
        let lost = self.shared.lost.swap(0, Relaxed);
        let before = Event::EventsLost { count: lost };
        let missed = (lost > 0).then_some(&before);
        for (done, one) in missed.into_iter().chain([event]).enumerate() {
            let Err(error) = self.append(now, one) else {
                continue;
            };
            // What was counted before is still to be told unless that is what was written.
            let untold = if done == 0 { lost } else { 0 };
            self.shared.lost.fetch_add(untold + 1, Relaxed);
            if lost == 0 {
                tracing::warn!("{error}; what was done is done");
            } else {
                tracing::debug!("{error}");
            }
            return;
        }
    }

    /// Notes several things, in their order.
    pub fn note_all(&self, now: Millis, events: &[Event]) {
        for event in events {
            self.note(now, event);
        }
    }

    /// Writes one event; gives its number.
    ///
    /// # Errors
    ///
    /// Where the files cannot be used, or somebody else has them for too long. Nothing was written
    /// then.
    pub fn append(&self, now: Millis, event: &Event) -> Result<u64, JournalError> {
        append::append(&self.shared.files, now, self.by, event)
    }

    /// The events that a query asks for, oldest first, and how many lines could not be read.
    ///
    /// # Errors
    ///
    /// Where a file is there that cannot be read. No journal is an empty one.
    pub fn find(&self, query: &Query) -> Result<Found, JournalError> {
        query::find(&self.shared.files, query)
    }

    /// Checks every line and its place, and gives the events that a query asks for beside what was
    /// found.
    ///
    /// # Errors
    ///
    /// As of [`Journal::find`].
    pub fn audit(&self, query: &Query) -> Result<Audit, JournalError> {
        audit::audit(&self.shared.files, query)
    }

    /// The events that a query asks for, and those that come after them, each once, across
    /// rotations.
    ///
    /// # Errors
    ///
    /// As of [`Journal::find`].
    pub fn follow(&self, query: Query) -> Result<(Follow, Found), JournalError> {
        Follow::start(self.shared.files.clone(), query)
    }
}
