//! Talking to multiplexers: one trait, one adapter each, child processes with deadlines, and a look
//! at the processes that run in panes.
//!
//! This room never writes to the store, never redacts, and never decides what to capture or
//! restore. No captured string ever reaches a shell from here.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use bstr::BString;

use crate::model::contents::Contents;
use crate::model::snapshot::{MuxKind, ServerIdentity};
use crate::model::tree::{PaneId, ServerState};

mod checkout;
#[cfg(test)]
pub(crate) mod memory;
mod mounts;
mod new_pane;
mod own_pane;
mod private;
pub mod process;
pub mod run;
mod scope;
mod text;
pub mod tmux;

pub use new_pane::NewPane;
pub use own_pane::{OwnPane, Variables};
pub use private::Marked;
pub use run::Limits;
pub use scope::Scope;
pub use text::{Bookmark, ContentsRequest, PaneText, PaneTexts, Seen, TextRequest};

/// A multiplexer that can be observed.
pub trait Multiplexer: fmt::Debug + Send + Sync {
    /// Which one it is.
    fn kind(&self) -> MuxKind;

    /// Who answers; `None` when no server runs. Never starts a server.
    fn identity(&self) -> Result<Option<ServerIdentity>, MuxError>;

    /// A cheap look at what is active, for deciding whether to capture; `None` when no server runs.
    fn probe(&self) -> Result<Option<Probe>, MuxError>;

    /// The whole structure in one round trip, programs included, contents not.
    fn observe(&self) -> Result<Observation, MuxError>;

    /// The texts of panes, or what is new of them, in questions that are small enough not to stall
    /// the server. The answer has the order of `wanted`; a pane that has gone meanwhile, or that
    /// was private when its text was read, is `None`. With each question it is asked which panes
    /// are private, at least once.
    fn texts(&self, wanted: &[TextRequest]) -> Result<PaneTexts, MuxError>;

    /// Whether a server that does not answer any more is known to have been killed while somebody
    /// was attached to it; `false` where it leaves nothing that tells.
    fn was_killed_attached(&self, _server: &ServerIdentity) -> bool {
        false
    }

    /// The whole texts of panes, sanitised. As [`Multiplexer::texts`].
    fn contents(&self, wanted: &[ContentsRequest]) -> Result<Vec<Option<Contents>>, MuxError> {
        let wanted: Vec<_> = wanted.iter().copied().map(TextRequest::from).collect();
        let texts = self.texts(&wanted)?.texts.into_iter();
        Ok(texts
            .map(|text| text.and_then(|text| text.whole()))
            .collect())
    }
}

/// The structure of a server at one moment; its panes carry no contents yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Who answered.
    pub server: ServerIdentity,
    /// Sessions, tabs and panes with their handles, checked ([`ServerState::check`]). Panes that
    /// are marked as private say so ([`crate::model::detail::Withheld`]); what is known of them is
    /// still there.
    pub state: ServerState,
    /// Activity, from the same round trip.
    pub probe: Probe,
    /// The panes whose directory could not be seen: theirs is the one that they began in.
    pub lost: BTreeSet<PaneId>,
    /// The panes that say that an interface of muxtape runs in them, and in front of which it is.
    pub interfaces: BTreeSet<PaneId>,
}

/// What a cheap look sees of every pane; equal probes mean that nothing needs to be captured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Probe {
    /// The panes, by their handles.
    pub panes: Vec<PaneActivity>,
    /// A digest of names, layout and whatever else the structure holds, except for what
    /// programs change by themselves again and again (titles, names that follow the program).
    pub structure: u64,
    /// A digest of what has the focus: it moves with the user, and is no change of structure.
    pub focus: u64,
}

/// What a cheap look sees of one pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PaneActivity {
    /// The pane ([`crate::model::tree::PaneHandle::id`]).
    pub pane: PaneId,
    /// A digest of what moves when the pane's text does (history size and bytes, cursor, activity,
    /// title, place in copy mode).
    pub text: u64,
    /// Whether the whole second of the last activity is not over yet: text may still come without
    /// the digest moving.
    pub settling: bool,
}

/// What can go wrong between muxtape and a multiplexer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MuxError {
    /// The program is not installed.
    #[error("could not run {program}: it was not found")]
    NotInstalled {
        /// The program's name or path.
        program: String,
    },
    /// No server is running on the socket.
    #[error("no {mux} server is running on {socket}")]
    NoServer {
        /// Which multiplexer.
        mux: MuxKind,
        /// The socket, for showing.
        socket: String,
    },
    /// The program is older than what muxtape understands.
    #[error("{mux} {version} is too old: muxtape needs {needed} or newer")]
    TooOld {
        /// Which multiplexer.
        mux: MuxKind,
        /// What it calls its version.
        version: String,
        /// The oldest that works.
        needed: &'static str,
    },
    /// It did not answer in time.
    #[error("{mux} did not answer {what} within {limit:?}")]
    Timeout {
        /// Which multiplexer.
        mux: MuxKind,
        /// What was asked.
        what: String,
        /// The deadline.
        limit: Duration,
    },
    /// It refused what was asked.
    #[error("{mux} refused {what}: {message}")]
    Refused {
        /// Which multiplexer.
        mux: MuxKind,
        /// What was asked.
        what: String,
        /// What it said, made fit for showing.
        message: String,
    },
    /// Its answer makes no sense.
    #[error("could not understand what {mux} answered to {what}: {why}")]
    Garbled {
        /// Which multiplexer.
        mux: MuxKind,
        /// What was asked.
        what: String,
        /// What is wrong with the answer.
        why: String,
    },
    /// The operating system refused to start it or to talk to it.
    #[error("could not run {what}")]
    Io {
        /// What was run.
        what: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

/// How to reach a tmux server, as tmux's own options mean it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ServerSelect {
    /// `$TMUX`, else tmux's default socket.
    #[default]
    Default,
    /// `-L NAME`: a socket name in tmux's directory.
    Name(BString),
    /// `-S PATH`: a socket's path.
    Path(BString),
}
