//! What goes wrong inside a lease, before operation and file are added to it.

use std::fmt::Display;
use std::io;
use std::path::Path;

use super::disk;
use super::error::StoreError;
use super::frame::Kind;
use crate::files::FileError;

/// A failure inside a lease. Only [`Fault::at`] turns it into what callers see.
#[derive(Debug)]
pub(super) enum Fault {
    /// The database said so.
    Database(redb::Error),
    /// A record is not what was written.
    Damaged { object: String, cause: String },
    /// A value cannot be written.
    Encode { kind: Kind, cause: String },
    /// A database without the format record: perhaps another program's.
    Foreign,
    /// Complete as it is.
    Store(StoreError),
}

impl Fault {
    /// A damaged record.
    pub(super) fn damaged(kind: Kind, key: u64, cause: impl Display) -> Self {
        Fault::Damaged {
            object: format!("{} {key}", kind.label()),
            cause: cause.to_string(),
        }
    }

    /// A damaged part of the store that is not one record.
    pub(super) fn damaged_object(object: impl Display, cause: impl Display) -> Self {
        Fault::Damaged {
            object: object.to_string(),
            cause: cause.to_string(),
        }
    }

    /// The fault of looking for the format record: a database without the table for it is foreign.
    pub(super) fn or_foreign(self) -> Self {
        match self {
            Fault::Database(
                redb::Error::TableDoesNotExist(_)
                | redb::Error::TableTypeMismatch { .. }
                | redb::Error::TableIsMultimap(_),
            ) => Fault::Foreign,
            other => other,
        }
    }

    /// Whether something stored is damaged, as against a refusal of the system.
    pub(super) fn is_damage(&self) -> bool {
        match self {
            Fault::Damaged { .. } | Fault::Foreign => true,
            Fault::Store(error) => error.is_damage(),
            Fault::Database(error) => is_damage(error),
            Fault::Encode { .. } => false,
        }
    }

    /// Whether the store only has to be migrated.
    pub(super) fn is_older(&self) -> bool {
        matches!(self, Fault::Store(StoreError::Older { .. }))
    }

    /// The error for a caller.
    pub(super) fn at(self, operation: &'static str, file: &Path) -> StoreError {
        let damaged = |object: String, cause: String| StoreError::Damaged {
            operation,
            object,
            cause,
        };
        match self {
            Fault::Store(error) => error,
            Fault::Damaged { object, cause } => damaged(object, cause),
            Fault::Foreign => damaged(
                "the format record".to_owned(),
                "it is missing; is this another program's file?".to_owned(),
            ),
            Fault::Encode { kind, cause } => StoreError::Io {
                operation,
                path: file.to_owned(),
                source: io::Error::other(format!("{} cannot be written: {cause}", kind.label())),
            },
            Fault::Database(error) if is_damage(&error) => {
                damaged(format!("the file {}", file.display()), error.to_string())
            }
            Fault::Database(redb::Error::Io(source)) => StoreError::io(operation, file, source),
            // The latter after a healing that failed.
            Fault::Database(error @ (redb::Error::PreviousIo | redb::Error::RepairAborted)) => {
                let first = disk::first_failure().unwrap_or_else(|| io::Error::other(error));
                StoreError::io(operation, file, first)
            }
            Fault::Database(other) => StoreError::Io {
                operation,
                path: file.to_owned(),
                source: io::Error::other(other),
            },
        }
    }
}

/// Whether the database's error means that the file is not what it wrote. A file that ends too early
/// or holds values that make no sense comes as an I/O error of these kinds.
fn is_damage(error: &redb::Error) -> bool {
    match error {
        redb::Error::Corrupted(_)
        | redb::Error::UpgradeRequired(_)
        | redb::Error::TableDoesNotExist(_)
        | redb::Error::TableTypeMismatch { .. }
        | redb::Error::TypeDefinitionChanged { .. }
        | redb::Error::TableIsMultimap(_)
        | redb::Error::LockPoisoned(_) => true,
        redb::Error::Io(cause) => matches!(
            cause.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
        ),
        _ => false,
    }
}

impl Kind {
    /// What the record is called before people.
    pub(super) fn label(self) -> &'static str {
        match self {
            Kind::Schema => "the format record",
            Kind::Counters => "the counters record",
            Kind::Meta => "the record of snapshot no.",
            Kind::State => "the structure of snapshot no.",
            Kind::Origin => "the server record",
            Kind::Life => "the record of life",
            Kind::Version => "text",
            Kind::Literal => "text block",
            Kind::LiteralPart => "a part of text block",
            Kind::Roster => "the list of sessions",
            Kind::Link => "the link of the history",
            Kind::Migration => "the record of the migration",
            Kind::Jumps => "the record of the clock's jumps",
            Kind::Rewrites => "the record of rewrites",
            Kind::PortableText => "portable text",
            Kind::PortableSnapshot => "portable snapshot",
            Kind::Trashed => "the trash record of snapshot no.",
        }
    }
}

impl From<FileError> for Fault {
    fn from(error: FileError) -> Self {
        Fault::Database(io::Error::from(error).into())
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Fault::Store(error)
    }
}

macro_rules! from_database {
    ($($error:ty),+) => {
        $(impl From<$error> for Fault {
            fn from(error: $error) -> Self {
                Fault::Database(error.into())
            }
        })+
    };
}

from_database!(
    redb::StorageError,
    redb::TableError,
    redb::TransactionError,
    redb::CommitError,
    redb::DatabaseError,
    redb::SetDurabilityError
);
