//! What the interface wants done: data, carried out elsewhere, answered by messages.

use std::collections::BTreeSet;

use bstr::BString;

use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::LifeId;
use crate::model::time::Millis;
use crate::model::tree::{Pane, ServerState, Session, SessionId, Tab};
use crate::restore::leftover::Leftover;
use crate::restore::undo::Undoable;
use crate::restore::{Made, Plan, Policy, Selection};
pub use crate::store::Edit;

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

/// What of a search's results is shown.
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
pub enum Effect {
    /// Read or change something: on a thread that may take its time, which answers.
    Job(Job),
    /// Do something to the terminal, at once.
    Terminal(TerminalEffect),
    /// Record from now on, while the interface is open.
    Record,
    /// Stop as Ctrl-Z does, until the shell brings the program back.
    Suspend,
    /// Close the blank session that the interface runs in, when the interface has ended. Its
    /// clients look at the other session then.
    CloseAtEnd {
        /// Which.
        leftover: Leftover,
        /// The other one.
        to: Option<SessionId>,
    },
    /// Leave, and attach to a session of the server.
    Attach {
        /// Which.
        session: Made,
    },
    /// Leave.
    Quit,
}

impl From<Job> for Effect {
    fn from(job: Job) -> Self {
        Self::Job(job)
    }
}

/// What is done to the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TerminalEffect {
    /// Put text on the clipboard.
    Copy(String),
    /// Report the mouse, or not.
    Mouse(bool),
    /// Draw everything anew.
    Redraw,
}

/// Work whose result comes back as an [`Answer`](super::msg::Answer).
#[derive(Debug, Clone, PartialEq)]
pub enum Job {
    /// Read a page of the timeline, newest first: what is older than `before`, or from the newest.
    LoadTimeline {
        /// The oldest snapshot that is known already.
        before: Option<SnapshotId>,
        /// How many at the most.
        limit: usize,
    },
    /// Read which lives there were.
    LoadLives,
    /// Read the newest page again: others may have recorded, edited or removed snapshots.
    Refresh,
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
        /// Whether also in what panes showed.
        contents: bool,
        /// Only in this session.
        session: Option<BString>,
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
        edit: Edit<String>,
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
    /// Look at what is alive, and plan a restore. Changes nothing.
    Plan {
        /// The snapshot.
        snapshot: SnapshotId,
        /// How it is to be done.
        policy: Policy,
        /// What of it.
        selection: Selection,
        /// The ticket.
        generation: Generation,
    },
    /// Carry out a plan exactly as it was shown.
    Apply {
        /// The plan.
        plan: Box<Plan>,
        /// The life that is brought back by it, where it was offered after a crash.
        recovers: Option<LifeId>,
    },
    /// Take back what a restore made.
    UndoRestore {
        /// What it made.
        made: Box<Undoable>,
    },
    /// Look for blank sessions beside those that a recovery made.
    LookForLeftovers {
        /// What it made.
        made: Vec<Made>,
    },
    /// Close a blank session. Its clients look at the other session then.
    CloseLeftover {
        /// Which.
        leftover: Leftover,
        /// The other one.
        to: Option<SessionId>,
    },
    /// Look for lives that ended badly.
    LookForCrashes,
    /// Gather figures about the store, then find out what pruning would do.
    LoadFigures {
        /// The first moments of the days whose growth is told, the oldest first.
        days: Vec<Millis>,
        /// The ticket.
        generation: Generation,
    },
    /// Find out when the store was checked last.
    LookForCheck,
    /// Check every record of the store.
    Verify,
    /// Write the store anew without gaps.
    Compact,
    /// Remove, for good, what is not to be kept.
    Prune,
    /// Never offer to bring this life back again.
    DismissRecovery {
        /// Which life.
        life: LifeId,
    },
    /// Look whether a server runs, for the first-run screen.
    LookAround,
}

impl Focus {
    /// The session that is meant in a state: the one of that name, else the first.
    #[must_use]
    pub fn session_of<'a>(&self, state: &'a ServerState) -> Option<&'a Session> {
        self.session
            .as_ref()
            .and_then(|name| state.session(name))
            .or_else(|| state.sessions.first())
    }

    /// The session and tab that are meant: the tab of that index, else the active one. An index
    /// counts only within the session that it was chosen in.
    #[must_use]
    pub fn tab_of<'a>(&self, state: &'a ServerState) -> Option<(&'a Session, &'a Tab)> {
        let session = self.session_of(state)?;
        let same = self.session.as_ref() == Some(&session.name);
        let tab = self
            .tab
            .filter(|_| same)
            .and_then(|index| session.tab(index))
            .or_else(|| session.active_tab())?;
        Some((session, tab))
    }

    /// The pane that is meant: the one of that index, else the active one.
    #[must_use]
    pub fn pane_of<'a>(&self, state: &'a ServerState) -> Option<(&'a Session, &'a Tab, &'a Pane)> {
        let (session, tab) = self.tab_of(state)?;
        let same = self.tab.is_none() || self.tab == Some(tab.index);
        let pane = self
            .pane
            .filter(|_| same)
            .and_then(|index| tab.pane(index))
            .or_else(|| tab.active_pane())?;
        Some((session, tab, pane))
    }
}
