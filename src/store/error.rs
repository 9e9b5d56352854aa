//! What can go wrong with the store, in words that name operation, object and cause.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use bstr::BString;

use crate::model::id::SnapshotId;
use crate::model::tree::InvalidState;

/// Why the store did not do what it was asked for. A failed write leaves everything as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Nothing has been recorded yet: there is no store in this directory.
    #[error("there is no store in {}", dir.display())]
    NoStore {
        /// The directory where it would be.
        dir: PathBuf,
    },
    /// There was a store, but its file is gone or empty; it is not silently begun anew.
    #[error("the store {} is gone or empty, though one was made there before", file.display())]
    Emptied {
        /// The file that should hold it.
        file: PathBuf,
    },
    /// Others held the store for longer than the deadline.
    #[error("cannot {operation}: the store {} is in use{}", file.display(), held(*by, *waited))]
    Busy {
        /// What was to be done.
        operation: &'static str,
        /// The store's file.
        file: PathBuf,
        /// The process that holds it, where the system tells.
        by: Option<u32>,
        /// How long it was waited for.
        waited: Duration,
    },
    /// A newer version of muxtape wrote the store; nothing in it was touched.
    #[error(
        "the store has format {found}, written by muxtape {app}; this muxtape reads up to {supported}"
    )]
    Newer {
        /// The store's format.
        found: u32,
        /// The newest format that this version knows.
        supported: u32,
        /// The version of muxtape that wrote it.
        app: String,
    },
    /// Something stored is not what was written.
    #[error("cannot {operation}: {object} is damaged: {cause}")]
    Damaged {
        /// What was to be done.
        operation: &'static str,
        /// The record, or the file.
        object: String,
        /// What is wrong with it.
        cause: String,
    },
    /// No room on the disk, or the quota is used up.
    #[error("cannot {operation}: no space left for {}", path.display())]
    NoSpace {
        /// What was to be done.
        operation: &'static str,
        /// The file or directory.
        path: PathBuf,
    },
    /// The file system or the file is read-only, or belongs to somebody else.
    #[error("cannot {operation}: no permission for {}: {source}", path.display())]
    Permission {
        /// What was to be done.
        operation: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Nobody could name a snapshot by this.
    #[error("{name:?} cannot be the name of a snapshot")]
    BadName {
        /// The name.
        name: String,
    },
    /// No snapshot has this name or id.
    #[error("no snapshot is named {name:?}")]
    NotFound {
        /// What was looked for.
        name: String,
        /// Names and short ids that look like it, best first.
        suggestions: Vec<String>,
    },
    /// Several snapshots have this name, or ids that begin so.
    #[error("{name:?} names {} snapshots", candidates.len())]
    Ambiguous {
        /// What was looked for.
        name: String,
        /// Those that it could mean, newest first.
        candidates: Vec<SnapshotId>,
    },
    /// Another snapshot of the same session has this name already.
    #[error("the name {name:?} is already used for session {session:?} by snapshot {}", by.short())]
    NameTaken {
        /// The name.
        name: String,
        /// A session that is in both.
        session: BString,
        /// The snapshot that has it.
        by: SnapshotId,
    },
    /// A snapshot that refers to a text which is neither stored nor given.
    #[error("cannot record: the text of pane {session}:{tab}.{pane} is neither stored nor given")]
    MissingContents {
        /// The session.
        session: BString,
        /// The tab's index.
        tab: u32,
        /// The pane's index.
        pane: u32,
    },
    /// A state that cannot be true; it is never stored.
    #[error("cannot record: {0}")]
    Invalid(#[from] InvalidState),
    /// A text or a tree beyond the limits of a record.
    #[error("cannot {operation}: {object} is larger than {limit} bytes")]
    TooLarge {
        /// What was to be done.
        operation: &'static str,
        /// What is too large.
        object: String,
        /// The limit, in bytes.
        limit: u64,
    },
    /// Anything else that the system refused.
    #[error("cannot {operation}: {}: {source}", path.display())]
    Io {
        /// What was to be done.
        operation: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn held(by: Option<u32>, waited: Duration) -> String {
    let by = by.map_or_else(String::new, |pid| format!(" by process {pid}"));
    format!("{by} (waited {} ms)", waited.as_millis())
}

impl StoreError {
    /// The error for something that the system refused.
    pub(super) fn io(operation: &'static str, path: &std::path::Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => StoreError::NoSpace { operation, path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                StoreError::Permission {
                    operation,
                    path,
                    source,
                }
            }
            _ => StoreError::Io {
                operation,
                path,
                source,
            },
        }
    }

    /// Whether the store is there and readable in principle, but something in it is damaged.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, StoreError::Damaged { .. })
    }
}
