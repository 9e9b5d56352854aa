//! Checking every record of the store.

use crate::model::id::SnapshotId;

/// What a check of the whole store found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerifyReport {
    /// Snapshots that were checked.
    pub checked: u64,
    /// What is damaged; empty when everything is whole.
    pub damaged: Vec<Damage>,
}

impl VerifyReport {
    /// Whether everything is whole.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.damaged.is_empty()
    }
}

/// Something damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The snapshot that it hurts; `None` where it hurts none, or where that cannot be known.
    pub snapshot: Option<SnapshotId>,
    /// The record or the part of the snapshot, for people.
    pub object: String,
    /// What is wrong with it, for people.
    pub what: String,
}
