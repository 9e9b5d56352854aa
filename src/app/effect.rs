//! What the interface wants done: data, carried out elsewhere, answered by messages.

use std::collections::BTreeSet;

use bstr::BString;

use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::LifeId;

/// A ticket for a request. Of each kind of request only the latest counts: answers to older tickets
/// are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Generation(pub u64);

/// One side of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// A snapshot.
    Snapshot(SnapshotId),
    /// The server as it is now.
    Live,
}

/// What is looked at: kept while scrubbing, so that the same pane is shown at every moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Focus {
    /// The session's exact name.
    pub session: Option<BString>,
    /// The tab's index.
    pub tab: Option<u32>,
    /// The pane's index.
    pub pane: Option<u32>,
}

/// A change to what is recorded of a snapshot beside its contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Gives it a name, or takes it away.
    Rename(Option<String>),
    /// Adds a tag.
    Tag(String),
    /// Takes a tag away.
    Untag(String),
    /// Pins it or not.
    Pin(bool),
}

/// Which names a search looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Scope {
    /// Everything.
    #[default]
    All,
    /// Names of sessions, tabs, titles.
    Names,
    /// Programs with their arguments.
    Commands,
    /// Working directories.
    Directories,
    /// What panes showed.
    Text,
}

/// What to do outside of the state.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// Read a page of the timeline, newest first: what is older than `before`, or from the newest.
    LoadTimeline {
        /// The oldest snapshot that is known already.
        before: Option<SnapshotId>,
        /// How many at the most.
        limit: usize,
    },
    /// Read what was recorded after `after`.
    Refresh {
        /// The newest snapshot that is known already.
        after: Option<SnapshotId>,
    },
    /// Read a snapshot with the texts of the tab that the focus means, except those in `have`.
    LoadSnapshot {
        /// The snapshot.
        id: SnapshotId,
        /// What is looked at.
        focus: Focus,
        /// Texts that are known already.
        have: BTreeSet<Digest>,
        /// The ticket.
        generation: Generation,
    },
    /// Read texts in full.
    LoadContents {
        /// Which.
        digests: Vec<Digest>,
    },
    /// Search all of history.
    Search {
        /// What for.
        text: String,
        /// Where.
        scope: Scope,
        /// The ticket.
        generation: Generation,
    },
    /// Read (or capture) two states with the texts of panes that differ, and compare them.
    Compare {
        /// The first side.
        a: Side,
        /// The second side.
        b: Side,
        /// The ticket.
        generation: Generation,
    },
    /// Take a snapshot now.
    CaptureNow {
        /// Its name.
        name: Option<String>,
    },
    /// Edit records.
    Edit {
        /// Of which snapshots.
        ids: Vec<SnapshotId>,
        /// How.
        edit: Edit,
    },
    /// Put snapshots into the trash.
    Trash {
        /// Which.
        ids: Vec<SnapshotId>,
    },
    /// Take snapshots out of the trash.
    Untrash {
        /// Which.
        ids: Vec<SnapshotId>,
    },
    /// Never offer to bring this life back again.
    DismissRecovery {
        /// Which life.
        life: LifeId,
    },
    /// Look whether a server runs, for the first-run screen.
    LookAround,
    /// Put text on the clipboard (through the terminal).
    Copy(String),
    /// Let the terminal report the mouse, or not.
    Mouse(bool),
    /// Draw everything anew.
    Redraw,
    /// Stop as Ctrl-Z does, until the shell brings the program back.
    Suspend,
    /// Leave, and attach to a session of the server.
    Attach {
        /// The session's exact name.
        session: BString,
    },
    /// Leave.
    Quit,
}
