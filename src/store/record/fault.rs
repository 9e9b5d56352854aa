//! What goes wrong inside a lease, before operation and file are added to it.

use std::fmt::Display;
use std::io;
use std::path::Path;

use crate::files::FileError;
use crate::store::record::error::StoreError;
use crate::store::record::failure;
use crate::store::record::frame::Kind;

/// A failure inside a lease. Only [`Fault::at`] turns it into what callers see.
#[derive(Debug)]
pub(in crate::store) enum Fault {
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
    pub(in crate::store) fn damaged(kind: Kind, key: u64, cause: impl Display) -> Self {
        Fault::Damaged {
            object: format!("{} {key}", kind.label()),
            cause: cause.to_string(),
        }
    }

    /// A damaged part of the store that is not one record.
    pub(in crate::store) fn damaged_object(object: impl Display, cause: impl Display) -> Self {
        Fault::Damaged {
            object: object.to_string(),
            cause: cause.to_string(),
        }
    }

    /// The fault of looking for the format record: a database without the table for it is foreign.
    pub(in crate::store) fn or_foreign(self) -> Self {
        match self {
            Fault::Database(
                redb::Error::TableDoesNotExist(_)
                | redb::Error::TableTypeMismatch { .. }
                | redb::Error::TableIsMultimap(_),
            ) => Fault::Foreign,
            other => other,
        }
    }

    /// Whether something stored is damaged, as against a refusal of the system. Not where a page
    /// could not be read: the database reads nothing more then, so the lease has to end, with what
    /// is damage for who took it.
    pub(in crate::store) fn is_damage(&self) -> bool {
        match self {
            Fault::Damaged { .. } | Fault::Foreign => true,
            Fault::Store(error) => error.is_damage(),
            Fault::Database(redb::Error::Io(cause)) => !is_page(cause) && is_damage_of(cause),
            Fault::Database(error) => is_damage(error),
            Fault::Encode { .. } => false,
        }
    }

    /// Whether a page could not be read: the database reads nothing more in this lease.
    pub(in crate::store) fn is_of_a_page(&self) -> bool {
        match self {
            Fault::Database(redb::Error::Io(cause)) => is_page(cause),
            Fault::Database(redb::Error::PreviousIo) => {
                failure::first_failure().is_some_and(|first| is_page(&first))
            }
            _ => false,
        }
    }

    /// Whether this is what a file of another kind gives.
    pub(in crate::store) fn is_of_a_file(&self) -> bool {
        match self {
            Fault::Database(error) => is_damage(error),
            other => other.is_damage(),
        }
    }

    /// Whether the store only has to be migrated.
    pub(in crate::store) fn is_older(&self) -> bool {
        matches!(self, Fault::Store(StoreError::Older { .. }))
    }

    /// The error for a caller.
    pub(in crate::store) fn at(self, operation: &'static str, file: &Path) -> StoreError {
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
            Fault::Database(error) if is_damage(&error) => damaged(
                "the store's file".to_owned(),
                format!("{}: {error}", file.display()),
            ),
            Fault::Database(redb::Error::Io(source)) => StoreError::io(operation, file, source),
            // The latter after a healing that failed.
            Fault::Database(error @ (redb::Error::PreviousIo | redb::Error::RepairAborted)) => {
                match failure::first_failure() {
                    Some(first) if is_damage_of(&first) => damaged(
                        "the store's file".to_owned(),
                        format!("{}: {first}", file.display()),
                    ),
                    Some(first) => StoreError::io(operation, file, first),
                    None => StoreError::io(operation, file, io::Error::other(error)),
                }
            }
            Fault::Database(other) => StoreError::Io {
                operation,
                path: file.to_owned(),
                source: io::Error::other(other),
            },
        }
    }
}

/// Whether the database's error means that the file is not what it wrote. A file that ends too
/// early or holds values that make no sense comes as an I/O error of these kinds.
fn is_damage(error: &redb::Error) -> bool {
    match error {
        redb::Error::Corrupted(_)
        | redb::Error::UpgradeRequired(_)
        | redb::Error::TableDoesNotExist(_)
        | redb::Error::TableTypeMismatch { .. }
        | redb::Error::TypeDefinitionChanged { .. }
        | redb::Error::TableIsMultimap(_)
        | redb::Error::LockPoisoned(_) => true,
        redb::Error::Io(cause) => is_damage_of(cause),
        _ => false,
    }
}

fn is_page(cause: &io::Error) -> bool {
    let inner = cause.get_ref();
    inner.is_some_and(<dyn std::error::Error + Send + Sync>::is::<failure::DamagedPage>)
}

fn is_damage_of(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
    )
}

impl Kind {
    /// What the record is called before people.
    pub(in crate::store) fn label(self) -> &'static str {
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
            Kind::Filter => "the filter of text block",
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
