//! What can be wrong with a portable file, in words that say what, where and why.

use std::io;

use crate::model::id::SnapshotId;
use crate::store::record::error::StoreError;

/// Why snapshots could not be written to a portable file, or taken in from one. A failed import
/// leaves the store as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PortableError {
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file could not be read or written.
    #[error("cannot {operation}: {source}")]
    Io {
        /// What was to be done.
        operation: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// It does not begin as a portable file.
    #[error("it is not a portable file of muxtape")]
    Foreign,
    /// Of a newer muxtape.
    #[error("it has form {found}, of a newer muxtape; this one reads up to form {supported}")]
    Newer {
        /// The form of the file.
        found: u32,
        /// The newest form that this version knows.
        supported: u32,
    },
    /// It ends before its end.
    #[error("it is cut short: it ends at byte {at}, before its last line")]
    Cut {
        /// Its length.
        at: u64,
    },
    /// Its form was never released, and is not read any more.
    #[error(
        "it has form {found}, which no released muxtape wrote: export it again with a newer one"
    )]
    Unreleased {
        /// The form of the file.
        found: u32,
    },
    /// A part of it is not what was written.
    #[error("it is damaged at byte {at}: {object}: {cause}")]
    Damaged {
        /// Where the part begins.
        at: u64,
        /// Which part.
        object: &'static str,
        /// What is wrong with it.
        cause: String,
    },
    /// A part stands where another one belongs.
    #[error(
        "its parts are not in their order: at byte {at} stands no. {found} in place of no. {wanted}"
    )]
    Order {
        /// Where the part begins.
        at: u64,
        /// The part that belongs there.
        wanted: u64,
        /// The part that stands there.
        found: u64,
    },
    /// Something was appended to it.
    #[error("it goes on behind its last line, at byte {at}")]
    Extended {
        /// Where it should end.
        at: u64,
    },
    /// Each part is whole, but the last line tells of others.
    #[error(
        "its parts are whole, but not those of which its last line tells: it was put together of several files, or its last line is damaged"
    )]
    Mixed,
    /// It is whole, and what it says cannot be true: no muxtape wrote it.
    #[error("{object} cannot be true: {cause}")]
    Invalid {
        /// What cannot be true.
        object: String,
        /// Why.
        cause: String,
    },
    /// Larger than what is written or believed.
    #[error("{object} is larger than {limit} bytes")]
    TooLarge {
        /// What is too large.
        object: String,
        /// The limit, in bytes.
        limit: u64,
    },
    /// More than what is written or believed.
    #[error("it has more than {limit} snapshots")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// The history was rewritten, or repaired, while it was exported.
    #[error("snapshot {} was rewritten while it was exported", id.short())]
    Changed {
        /// The snapshot.
        id: SnapshotId,
    },
}

impl PortableError {
    /// The error for a file that the system does not let be read.
    pub(super) fn reading(source: io::Error) -> Self {
        Self::Io {
            operation: "read it",
            source,
        }
    }

    /// The error for a file that the system does not let be written.
    pub(super) fn writing(source: io::Error) -> Self {
        Self::Io {
            operation: "write it",
            source,
        }
    }

    /// The error for something that no muxtape writes.
    pub(super) fn invalid(object: impl Into<String>, cause: impl std::fmt::Display) -> Self {
        Self::Invalid {
            object: object.into(),
            cause: cause.to_string(),
        }
    }
}
