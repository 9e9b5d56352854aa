//! What can go wrong with the store, in words that name operation, object and cause.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bstr::BString;

use crate::files::{Refused, Why};
use crate::model::id::SnapshotId;
use crate::model::network::NetworkKind;
use crate::model::tree::InvalidState;
use crate::model::words::{count, verb};

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
    /// What lies where the store should be was never a store of muxtape.
    #[error("{} is not a store of muxtape: {why}", file.display())]
    NotAStore {
        /// The file.
        file: PathBuf,
        /// What it is instead, or what it lacks.
        why: String,
    },
    /// The directory is on a network file system, where locks and syncs cannot be relied on.
    #[error("the store would be on a network file system ({kind}): {}", dir.display())]
    NetworkFileSystem {
        /// The directory.
        dir: PathBuf,
        /// Which.
        kind: NetworkKind,
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
    /// An older version of muxtape wrote the store, and it cannot be migrated where it is: whoever
    /// asks may not write there. Nothing was touched.
    #[error(
        "the store has format {found}; this muxtape reads format {supported}, and may not migrate it"
    )]
    Older {
        /// The store's format.
        found: u32,
        /// The format that this version reads.
        supported: u32,
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
    /// Something stored is damaged, and so is everything from which it could be brought back.
    #[error("cannot {operation}: {object} is damaged, and so is every copy: {cause}")]
    AllCopiesDamaged {
        /// What was to be done.
        operation: &'static str,
        /// The record, or the file.
        object: String,
        /// What was tried.
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
    /// The rights of the file or directory do not allow it.
    #[error("cannot {operation}: no permission for {}: {source}", path.display())]
    Permission {
        /// What was to be done.
        operation: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// As [`StoreError::Permission`], and it belongs to another user.
    #[error("cannot {operation}: {} belongs to user {owner}", path.display())]
    WrongOwner {
        /// What was to be done.
        operation: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The user to whom it belongs.
        owner: u32,
    },
    /// What lies there is not what the store would have put there: a link, say, or a directory that
    /// others may write to. It was neither read nor changed.
    #[error("cannot {operation}: {refused}")]
    Refused {
        /// What was to be done.
        operation: &'static str,
        /// The file or directory, and what is wrong with it.
        refused: Refused,
    },
    /// The file system is mounted for reading only.
    #[error("cannot {operation}: the file system of {} is read-only", path.display())]
    ReadOnly {
        /// What was to be done.
        operation: &'static str,
        /// The file or directory.
        path: PathBuf,
    },
    /// The directory cannot be made or reached: something else has its name, or a part of its path
    /// is missing.
    #[error("cannot {operation}: {} is not a directory: {source}", path.display())]
    NoDirectory {
        /// What was to be done.
        operation: &'static str,
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The disk itself failed.
    #[error("cannot {operation}: the disk failed at {}: {source}", path.display())]
    Disk {
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
    /// A name for an undo point, which would not lead to it.
    #[error("snapshot {} is an undo point: it is found by its id and by `muxtape undo`, never by a name", id.short())]
    UndoPointName {
        /// The snapshot.
        id: SnapshotId,
    },
    /// A file in the place of the store's that is too long for what it holds.
    #[error(
        "cannot {operation}: {} is {bytes} B long, of which {held} hold anything: no store is like that",
        file.display()
    )]
    Hollow {
        /// What was to be done.
        operation: &'static str,
        /// The file.
        file: PathBuf,
        /// Its length.
        bytes: u64,
        /// Bytes that it has on the disk.
        held: u64,
    },
    /// A file would become larger than a process may make one.
    #[error("cannot {operation}: {} would be larger than the limit on the size of files", path.display())]
    FileLimit {
        /// What was to be done.
        operation: &'static str,
        /// The file or directory.
        path: PathBuf,
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
    #[error("{name:?} names {}", count(candidates.len() as u64, "snapshot"))]
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
    /// Too many snapshots were spooled, and none of them may make room.
    #[error("{} holds {}, and no more", dir.display(), waiting(*files as u64))]
    SpoolFull {
        /// The directory of spooled captures.
        dir: PathBuf,
        /// How many wait.
        files: usize,
    },
    /// A snapshot could neither be recorded nor be spooled.
    #[error("{why}; it could not be spooled either: {aside}")]
    NotKept {
        /// Why it could not be recorded.
        why: Box<StoreError>,
        /// Why it could not be spooled.
        aside: Box<StoreError>,
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
    pub(in crate::store) fn io(operation: &'static str, path: &Path, source: io::Error) -> Self {
        let at = path;
        let path = path.to_owned();
        match Refused::find(&source) {
            Some(refused) if refused.why == Why::NotADirectory => {
                return StoreError::NoDirectory {
                    operation,
                    path,
                    source,
                };
            }
            Some(refused) => {
                let refused = refused.clone();
                return StoreError::Refused { operation, refused };
            }
            None => {}
        }
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                StoreError::NoSpace { operation, path }
            }
            io::ErrorKind::FileTooLarge => StoreError::FileLimit { operation, path },
            io::ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly { operation, path },
            io::ErrorKind::PermissionDenied => match other_owner(at) {
                Some(owner) => StoreError::WrongOwner {
                    operation,
                    path,
                    owner,
                },
                None => StoreError::Permission {
                    operation,
                    path,
                    source,
                },
            },
            io::ErrorKind::NotADirectory => StoreError::NoDirectory {
                operation,
                path,
                source,
            },
            _ if source.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => {
                StoreError::Disk {
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

    /// The error for a directory that cannot be made.
    pub(in crate::store) fn directory(
        operation: &'static str,
        path: &Path,
        source: io::Error,
    ) -> Self {
        match source.kind() {
            // A link into nowhere, or a file that has its name.
            io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists => StoreError::NoDirectory {
                operation,
                path: path.to_owned(),
                source,
            },
            _ => Self::io(operation, path, source),
        }
    }

    /// Whether the store, and not the snapshot, is why something could not be recorded: the same
    /// snapshot may well be recorded later. Not for a place where a store should never be.
    #[must_use]
    pub fn is_about_the_store(&self) -> bool {
        // What is not known here is about the store: to keep a snapshot in vain is better than to
        // lose it.
        !matches!(
            self,
            StoreError::NoDirectory { .. }
                | StoreError::NetworkFileSystem { .. }
                | StoreError::BadName { .. }
                | StoreError::NotFound { .. }
                | StoreError::Ambiguous { .. }
                | StoreError::NameTaken { .. }
                | StoreError::UndoPointName { .. }
                | StoreError::MissingContents { .. }
                | StoreError::Invalid(_)
                | StoreError::TooLarge { .. }
                | StoreError::SpoolFull { .. }
                | StoreError::NotKept { .. }
        )
    }

    /// Whether the store is there and readable in principle, but something in it is damaged.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(
            self,
            StoreError::Damaged { .. } | StoreError::AllCopiesDamaged { .. }
        )
    }
}

/// The user to whom a path, or the nearest parent that is there, belongs: if that is another one.
fn other_owner(path: &Path) -> Option<u32> {
    let mut nearest = path.ancestors();
    let owner = nearest
        .find_map(|path| std::fs::symlink_metadata(path).ok())?
        .uid();
    (owner != rustix::process::geteuid().as_raw()).then_some(owner)
}

fn waiting(files: u64) -> String {
    let verb = verb(files, "waits", "wait");
    format!("{} that {verb} to be stored", count(files, "snapshot"))
}
