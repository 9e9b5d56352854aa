//! Changing what is told about snapshots; what they hold never changes.

/// One change to the record of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Gives a name, or takes it away.
    Rename(Option<String>),
    /// Gives a note, or takes it away.
    Describe(Option<String>),
    /// Adds a tag.
    Tag(String),
    /// Takes a tag away.
    Untag(String),
    /// Pins (never pruned) or unpins.
    Pin(bool),
    /// Takes out of the normal lists, or puts back.
    Archive(bool),
}
