//! What the interface is given: everything that it may read or change.

use std::sync::Arc;

use crate::model::tree::SessionId;
use crate::mux::OwnPane;
use crate::ops::Host;

/// What the interface works with.
#[derive(Debug)]
pub struct Context {
    /// The store, the server, the settings, and what can be done with them.
    pub host: Host,
    /// The pane that the interface runs in, if it runs in one.
    pub pane: Option<Arc<dyn OwnPane>>,
    /// Whether to record while the interface is open (unless another process does).
    pub record: bool,
    /// Whether colours may be used.
    pub colour: bool,
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
    /// The session to close now, in which the interface ran.
    pub close: Option<Closing>,
}

/// A blank session that is closed when the interface has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// The session.
    pub leftover: crate::restore::leftover::Leftover,
    /// The number of the one that its clients look at then.
    pub to: Option<SessionId>,
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
