//! Why an operation could not be done.

use std::io;
use std::path::PathBuf;

use crate::capture::CaptureError;
use crate::mux::MuxError;
use crate::redact::RedactError;
use crate::restore::{RestoreError, RulesError};
use crate::store::{PortableError, StoreError};

/// Why an operation could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpsError {
    /// The state could not be captured.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// The store could not be read or written; where it could not be written, the journal knows.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A portable file could not be written or taken in.
    #[error(transparent)]
    Portable(#[from] PortableError),
    /// The multiplexer could not be asked.
    #[error(transparent)]
    Mux(#[from] MuxError),
    /// The restore could not be planned or done.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// The user's rules about programs cannot be used.
    #[error(transparent)]
    Programs(#[from] RulesError),
    /// A rule about secrets cannot be used, so nothing is captured or written.
    #[error("{source}")]
    Redaction {
        /// The settings file that it is in.
        file: PathBuf,
        /// Which rule, and why.
        source: RedactError,
    },
    /// A file beside the store could not be used.
    #[error("could not {what} {}", path.display())]
    File {
        /// What was to be done with it.
        what: &'static str,
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// None of the snapshots has the tag that is to be taken away.
    #[error("no snapshot of these has the tag {tag}")]
    NoTag {
        /// The tag, redacted and fit for showing.
        tag: String,
    },
    /// There is no session.
    #[error("there is no session to record")]
    NoSession,
    /// The system gives no randomness, without which an id could be taken twice.
    #[error("the system gives no randomness, and without it no snapshot gets an id of its own")]
    Randomness(#[source] io::Error),
    /// The muxtape program was not found, which restored panes start with.
    #[error("could not find the muxtape program, which restored panes start with")]
    Program(#[source] io::Error),
}
