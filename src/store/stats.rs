//! Figures about the store.

use crate::model::time::Millis;

/// Figures about the store. Sizes are bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Snapshots, without the trash.
    pub snapshots: u64,
    /// Different sessions (by server and name) in them.
    pub sessions: u64,
    /// Lives that were met.
    pub lives: u64,
    /// Snapshots in the trash.
    pub trash: u64,
    /// Disk space that the store takes (allocated blocks).
    pub store_bytes: u64,
    /// Bytes of all records, before the file's own overhead.
    pub record_bytes: u64,
    /// Bytes of the texts of all snapshots, as if each were stored whole and uncompressed.
    pub logical_bytes: u64,
    /// Different texts that are stored.
    pub objects: u64,
    /// When the oldest snapshot was made.
    pub oldest: Option<Millis>,
    /// When the newest snapshot was made.
    pub newest: Option<Millis>,
}
