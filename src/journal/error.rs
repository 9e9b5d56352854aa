//! What can go wrong with the journal.

use std::io;
use std::path::{Path, PathBuf};

/// Why the journal could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// A file or directory of it cannot be used.
    #[error("could not {operation} the journal: {}: {source}", path.display())]
    Io {
        /// `write` or `read`.
        operation: &'static str,
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Something else lies where a file of it should be; it was not touched.
    #[error("could not {operation} the journal: {} is {what}; move it away", path.display())]
    NotAFile {
        /// `write` or `read`.
        operation: &'static str,
        /// Which.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// Somebody else had it for too long.
    #[error("could not write the journal: {} is locked by another process", path.display())]
    Busy {
        /// The file with the lock.
        path: PathBuf,
    },
    /// A newer muxtape writes it; nothing was touched.
    #[error("the journal {} was written by a newer muxtape; install that version", path.display())]
    Newer {
        /// The file that says so.
        path: PathBuf,
    },
}

impl JournalError {
    pub(super) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            operation,
            path,
            source,
        }
    }
}
