//! What the recorder does, for the journal.

use super::lives::Met;
use super::recorder::Event as Looked;
use crate::app::tell::Teller;
use crate::journal::{Event, Journal};
use crate::model::Millis;
use crate::model::snapshot::ServerIdentity;

/// Notes what the recorder does; nothing, where it was given no journal.
#[derive(Debug, Default)]
pub(super) struct Chronicle {
    to: Option<(Journal, Teller)>,
    /// The failure that was noted last: the same one again is not noted.
    failure: Option<String>,
}

impl Chronicle {
    pub(super) fn new(journal: Journal, teller: Teller) -> Self {
        Self {
            to: Some((journal, teller)),
            failure: None,
        }
    }

    /// Tells by other rules from now on.
    pub(super) fn tell_by(&mut self, teller: Teller) {
        if let Some((_, own)) = &mut self.to {
            *own = teller;
        }
    }

    pub(super) fn note(&self, now: Millis, told: impl FnOnce(&Teller) -> Vec<Event>) {
        if let Some((journal, teller)) = &self.to {
            journal.note_all(now, &told(teller));
        }
    }

    /// What happened at a look.
    pub(super) fn looked(&mut self, now: Millis, event: &Looked) {
        match event {
            // Nothing to be told; and no sign either that what failed works again.
            Looked::Quiet | Looked::NoServer => return,
            Looked::Failed(why) => {
                if self.failure.as_ref() != Some(why) {
                    self.note(now, |tell| tell.recorder_failed(why));
                    self.failure = Some(why.clone());
                }
                return;
            }
            // A snapshot was noted before room was made.
            Looked::Unchanged | Looked::Stored(_) => {}
            Looked::Spooled(spooled) => self.note(now, |tell| tell.kept_aside(spooled)),
            Looked::TakenIn(taken) => self.note(now, |tell| tell.taken_in(taken)),
            Looked::ServerGone { life, cause } => {
                self.note(now, |tell| tell.ended(*life, *cause));
            }
        }
        self.failure = None;
    }

    /// A server was met.
    pub(super) fn met(&self, now: Millis, server: &ServerIdentity, met: &Met) {
        for (life, cause) in &met.ended {
            self.note(now, |tell| tell.ended(*life, *cause));
        }
        if met.began {
            self.note(now, |tell| tell.began(server));
        }
    }
}
