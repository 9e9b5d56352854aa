//! What can go wrong with the journal.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use crate::files::FileError;

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
    /// A file or directory of it cannot be opened, or is none that muxtape would have made; it was
    /// not touched.
    #[error("could not {operation} the journal: {}", with_cause(file))]
    File {
        /// `write` or `read`.
        operation: &'static str,
        /// Which, and why.
        file: FileError,
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

/// An error of a file with what the system said.
fn with_cause(error: &FileError) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

impl JournalError {
    pub(super) fn file(operation: &'static str) -> impl FnOnce(FileError) -> Self {
        move |file| Self::File { operation, file }
    }

    pub(super) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            operation,
            path,
            source,
        }
    }
}
