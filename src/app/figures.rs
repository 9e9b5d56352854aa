//! What is known of the store as a whole, and of the work on it.

use bstr::BString;

use crate::model::id::SnapshotId;
use crate::model::time::Millis;
use crate::store::{Progress, Stats};

/// Figures about the store.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures {
    /// What the store tells; what was added is by day, the oldest first, up to today.
    pub stats: Stats,
    /// The sessions, those with the most text in the newest snapshot first.
    pub sessions: Vec<SessionFigures>,
    /// What is in the trash.
    pub trash: TrashFigures,
    /// Snapshots that wait to be taken into the store.
    pub waiting: usize,
}

/// A session, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFigures {
    /// The name.
    pub name: BString,
    /// Bytes of its text in the newest snapshot, as if stored whole and uncompressed; 0 where it is
    /// not in that one.
    pub bytes: u64,
    /// Snapshots that it is in.
    pub snapshots: u64,
}

/// What is in the trash.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrashFigures {
    /// Snapshots.
    pub snapshots: usize,
    /// Those that were thrown away last, together.
    pub last: Vec<SnapshotId>,
    /// When the one that is in it for longest was thrown away.
    pub oldest: Option<Millis>,
}

/// Long work on the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Work {
    /// Every record is checked.
    Verify,
    /// The store is written anew without gaps.
    Compact,
    /// What is not to be kept is removed.
    Prune,
}

/// What came of checking every record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// When.
    pub at: Millis,
    /// Snapshots that were checked.
    pub snapshots: u64,
    /// Parts that are damaged.
    pub damaged: usize,
}

impl Work {
    /// What is said while it goes on.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Work::Verify => "checking every record",
            Work::Compact => "writing the store anew",
            Work::Prune => "removing snapshots",
        }
    }
}

/// Work on the store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Upkeep {
    /// What is being done, and how far it has come.
    pub running: Option<(Work, Progress)>,
    /// The last check, as far as that is known.
    pub checked: Option<Checked>,
    /// Moves whenever something was done that makes figures out of date.
    pub(super) turns: u64,
}
