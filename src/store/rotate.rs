//! Rotation: which automatic snapshots make room for newer ones.

use crate::model::id::SnapshotId;

/// How many snapshots the recorder keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rotation {
    /// The newest automatic snapshots that each session keeps. Those made on demand, named, tagged
    /// or pinned are outside of it, and the newest of every life is never removed.
    pub keep_last: u32,
}

/// What a rotation did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rotated {
    /// The snapshots that were removed, newest first.
    pub removed: Vec<SnapshotId>,
    /// How many remain.
    pub kept: usize,
    /// Whether more could be removed: one run removes a bounded number.
    pub more: bool,
}
