//! What a terminal session is: ids, the tree of sessions, tabs and panes, geometry, text,
//! snapshots, lives, and the differences between them.
//!
//! This room is pure. It never reads a clock, a file, the environment or randomness, never starts a
//! process, and knows no other room.

pub mod ansi;
pub mod changes;
pub mod composed;
pub mod contents;
pub mod detail;
pub mod diff;
pub mod digest;
pub mod geometry;
mod handle;
pub mod id;
pub mod launch;
pub mod moment;
pub mod network;
pub mod pattern;
pub mod program;
pub mod snapshot;
pub mod ssh;
pub mod target;
pub mod textdiff;
pub mod time;
pub mod tree;
pub mod words;

pub use contents::Contents;
pub use digest::Digest;
pub use id::SnapshotId;
pub use program::Program;
pub use snapshot::{Cause, Life, LifeId, MuxKind, ServerIdentity, Snapshot, SnapshotMeta};
pub use time::Millis;
pub use tree::{Pane, ServerState, Session, Tab};

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
