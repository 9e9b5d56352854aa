//! The rules of today for what was captured under those of another day.

use super::Exclusions;
use crate::model::contents::Contents;
use crate::model::tree::ServerState;
use crate::redact::{Clean, Redactor, Tally};
use crate::store::{Cleaned, Cleaner};

/// Takes out of the history what a capture would not let through today.
#[derive(Debug, Clone, Copy)]
pub struct Recheck<'a> {
    /// What takes secrets out.
    pub redactor: &'a Redactor,
    /// What is never recorded.
    pub exclusions: &'a Exclusions,
}

impl Cleaner for Recheck<'_> {
    fn state(&self, mut state: ServerState) -> Cleaned<ServerState> {
        self.exclusions.apply(&mut state);
        let mut tally = Tally::default();
        cleaned(self.redactor.state(state, &mut tally), &tally)
    }

    fn contents(&self, contents: &Contents) -> Cleaned<Contents> {
        let mut tally = Tally::default();
        cleaned(self.redactor.contents(contents, &mut tally), &tally)
    }

    fn words(&self, words: &str) -> Cleaned<String> {
        let mut tally = Tally::default();
        cleaned(self.redactor.words(words, &mut tally), &tally)
    }
}

fn cleaned<T>(clean: Clean<T>, tally: &Tally) -> Cleaned<T> {
    Cleaned {
        clean,
        found: tally.counts(),
    }
}
