//! What the interface is given: everything that it may read or change.

use std::ffi::OsString;
use std::path::PathBuf;

use jiff::tz::TimeZone;

use crate::app::tell::Teller;
use crate::capture::Exclusions;
use crate::config::{Paths, Settings};
use crate::journal::{Event, Journal};
use crate::model::time::Millis;
use crate::mux::tmux::Tmux;
use crate::redact::Redactor;
use crate::store::Store;

/// What the interface works with.
#[derive(Debug)]
pub struct Context {
    /// The snapshots.
    pub store: Store,
    /// The server that is recorded and restored to.
    pub tmux: Tmux,
    /// What takes secrets out of what is captured.
    pub redactor: Redactor,
    /// What is never recorded.
    pub exclusions: Exclusions,
    /// The settings.
    pub settings: Settings,
    /// Where things live.
    pub paths: Paths,
    /// The lock of the server's recorder ([`crate::daemon::Instance`]).
    pub recorder_lock: PathBuf,
    /// The muxtape program itself, which restored panes start with.
    pub program: PathBuf,
    /// `$PATH`, where programs are looked for.
    pub search_path: Option<OsString>,
    /// The machine's name.
    pub host: String,
    /// Where the user's clock is.
    pub zone: TimeZone,
    /// What was done is noted there.
    pub journal: Journal,
    /// What makes events of it.
    pub teller: Teller,
    /// Whether to record while the interface is open (unless another process does).
    pub record: bool,
    /// Whether colours may be used.
    pub colour: bool,
}

impl Context {
    /// How late it is.
    pub(crate) fn now(&self) -> Millis {
        Millis(jiff::Timestamp::now().as_millisecond())
    }

    /// Notes in the journal what was done.
    pub(crate) fn note(&self, told: impl FnOnce(&Teller) -> Vec<Event>) {
        self.journal.note_all(self.now(), &told(&self.teller));
    }

    /// 64 random bits; without any, ids are still unique by their time part.
    pub(crate) fn random(&self) -> u64 {
        let mut bytes = [0; 8];
        match getrandom::fill(&mut bytes) {
            Ok(()) => u64::from_ne_bytes(bytes),
            Err(_) => 0,
        }
    }
}

/// Where the interface starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// On the recovery prompt where a life has ended badly, else on the tape.
    #[default]
    Recovery,
    /// On the tape.
    Tape,
}

/// How the interface was left.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// The session to attach to now.
    pub attach: Option<crate::restore::Made>,
}

/// Why the interface cannot run.
#[derive(Debug, thiserror::Error)]
pub enum UiError {
    /// Standard output or input is not a terminal.
    #[error("could not open the interface: this is not a terminal")]
    NotATerminal,
    /// The terminal refused something.
    #[error("could not {what}")]
    Terminal {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
}
