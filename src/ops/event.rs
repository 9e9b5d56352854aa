//! What a recorder does: one type for the log, the command line, the interface and the journal.

use std::sync::Arc;

use super::beat::{Beat, Health, Holder};
use crate::model::snapshot::{EndCause, LifeId, SnapshotMeta};
use crate::store::{Spooled, TakenIn};

/// What happened to a recorder, or at one of its looks.
///
/// Its words in the journal are made in `tell`.
#[derive(Debug, Clone)]
pub enum RecorderEvent {
    /// It has started, and will look.
    Started {
        /// Milliseconds between two looks.
        every_ms: u64,
        /// Who recorded until now, as far as this process saw it.
        after: Option<Holder>,
    },
    /// It was asked how it fares.
    Looked(Beat),
    /// Another process has the lock of the recorder: that one records, and this one does not.
    Other(Holder),
    /// Nobody records.
    Stopped,
    /// It cannot be started, or has ended by itself.
    Broken(String),

    /// It looked, and nothing was due.
    Quiet,
    /// Something may be due, and waits: it failed before, and is tried again later.
    HeldBack,
    /// Something was due, and turned out to be as it was.
    Unchanged,
    /// It stored a snapshot.
    Stored(Box<SnapshotMeta>),
    /// It spooled a snapshot, because the store cannot be written.
    Spooled(Arc<Spooled>),
    /// Snapshots that had been spooled are in the store now.
    TakenIn(TakenIn),
    /// There is no server to record.
    NoServer,
    /// The server that was recorded has gone.
    ServerGone {
        /// Its life.
        life: LifeId,
        /// How it ended, as far as that could be seen.
        cause: EndCause,
    },
    /// It could not look or store; it will be tried again.
    Failed(String),
}

impl RecorderEvent {
    /// How the recorder fares after a look; `None` where that is as before.
    #[must_use]
    pub fn health(&self) -> Option<Health> {
        Some(match self {
            Self::Quiet | Self::Unchanged | Self::Stored(_) | Self::TakenIn(_) => Health::Well,
            Self::Spooled(_) => Health::Spooled,
            Self::NoServer | Self::ServerGone { .. } => Health::NoServer,
            Self::Failed(_) => Health::Failing,
            Self::Started { .. } => Health::Starting,
            Self::Looked(beat) => beat.health,
            Self::HeldBack | Self::Other(_) | Self::Stopped | Self::Broken(_) => return None,
        })
    }
}
