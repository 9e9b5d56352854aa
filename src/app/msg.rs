//! What comes in: keys, mouse, time, answers to effects, news of the recorder.

use std::sync::Arc;

use bstr::BString;

use crate::model::diff::ServerDiff;
use crate::model::geometry::Size;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{Life, Snapshot, SnapshotMeta};
use crate::model::time::Millis;
use crate::model::tree::ServerState;
use crate::ops::RecorderEvent;
use crate::ops::tell::with_causes;
use crate::restore::leftover::Leftover;
use crate::restore::recovery::Offer;
use crate::restore::undo::Undone;
use crate::restore::{Plan, Progress, Report};
use crate::store::{self, Compacted, PrunePlan, Pruned, SearchHit, VerifyReport};

use super::effect::Generation;
use super::figures::{Checked, Figures, Work};
use super::input::KeyPress;
use super::library::{Loaded, Texts};
use super::mouse::{MouseKind, MouseTarget};

/// Everything that can happen to the state.
#[derive(Debug, Clone)]
pub enum Msg {
    /// A key.
    Key(KeyPress),
    /// Text that was pasted.
    Paste(String),
    /// The mouse, and what it met.
    Mouse(MouseKind, MouseTarget),
    /// The terminal has this size.
    Resize(Size),
    /// It is this late.
    Now(Millis),
    /// An effect was carried out.
    Answer(Answer),
    /// News of the recorder.
    Recorder(RecorderEvent),
}

/// What went wrong, for showing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What, to what, and why.
    pub message: String,
}

impl Failure {
    /// The failure with an error's message and all its causes.
    #[must_use]
    pub fn of(error: &dyn std::error::Error) -> Self {
        let message = with_causes(error);
        Self { message }
    }
}

/// One side of a comparison: a state, and the texts that are of use in it.
#[derive(Debug, Clone, PartialEq)]
pub struct SideState {
    /// What is known of it; `None` for the server as it is now.
    pub meta: Option<SnapshotMeta>,
    /// The sessions, tabs and panes.
    pub state: Arc<ServerState>,
    /// Texts of the panes that differ.
    pub texts: Texts,
}

/// A restore that was thought through, and what it is shown with.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// What would be done.
    pub plan: Plan,
    /// The same as a script for sh.
    pub script: String,
    /// The snapshot that it is made from.
    pub snapshot: Arc<Snapshot>,
    /// Texts of the snapshot's panes.
    pub texts: Texts,
}

/// Why a plan was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotRestored {
    /// What is alive is no longer what the plan was made for; nothing was done.
    Changed,
    /// Something went wrong; what had been made was removed.
    Failed(Failure),
}

/// Two states and what differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The first side.
    pub a: SideState,
    /// The second side.
    pub b: SideState,
    /// The difference from the first to the second.
    pub diff: ServerDiff,
}

/// What was found on the machine, for the first-run screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoundServer {
    /// The multiplexer's version, where a server answers.
    pub version: Option<String>,
    /// The server's socket.
    pub socket: Option<BString>,
    /// Names of its sessions.
    pub sessions: Vec<BString>,
    /// Number of its panes.
    pub panes: usize,
}

/// Answers to effects.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Answer {
    /// A page of the timeline.
    Timeline {
        /// What was asked for.
        before: Option<SnapshotId>,
        /// The page, newest first; and whether there is more.
        result: Result<(Vec<SnapshotMeta>, bool), Failure>,
    },
    /// The newest page as it is now, newest first; and whether there is more.
    Refreshed(Result<(Vec<SnapshotMeta>, bool), Failure>),
    /// The lives that there were.
    Lives(Result<Vec<Life>, Failure>),
    /// A snapshot with texts.
    Snapshot {
        /// Which.
        id: SnapshotId,
        /// The ticket.
        generation: Generation,
        /// The snapshot.
        result: Result<Box<Loaded>, Failure>,
    },
    /// Texts in full.
    Contents(Result<Texts, Failure>),
    /// Search hits, newest first.
    Searched {
        /// The ticket.
        generation: Generation,
        /// The hits, and how long it took in milliseconds.
        result: Result<(Vec<SearchHit>, u64), Failure>,
    },
    /// Two states.
    Compared {
        /// The ticket.
        generation: Generation,
        /// The comparison.
        result: Result<Box<Comparison>, Failure>,
    },
    /// A snapshot was taken, or nothing had changed since the one that is told.
    Captured(Result<CaptureOutcome, Failure>),
    /// Records were edited.
    Edited(Result<Vec<SnapshotMeta>, Failure>),
    /// Snapshots went into the trash.
    Trashed(Result<Vec<SnapshotId>, Failure>),
    /// Snapshots came back out of the trash.
    Untrashed(Result<Vec<SnapshotId>, Failure>),
    /// What was found on the machine.
    FoundServer(Result<FoundServer, Failure>),
    /// A restore was planned.
    Planned {
        /// The ticket.
        generation: Generation,
        /// The plan.
        result: Result<Box<Preview>, Failure>,
    },
    /// A restore has come this far.
    Restoring(Progress),
    /// A restore is over.
    Restored(Result<Box<Report>, NotRestored>),
    /// What a restore made was taken back, as far as it could be.
    RestoreUndone(Result<Undone, Failure>),
    /// Blank sessions that a recovery left.
    Leftovers(Result<Vec<Leftover>, Failure>),
    /// Lives that ended badly and can be brought back, newest first.
    Crashes(Result<Vec<Offer>, Failure>),
    /// Figures about the store.
    Figures {
        /// The ticket.
        generation: Generation,
        /// The figures.
        result: Result<Box<Figures>, Failure>,
    },
    /// What pruning would do.
    PrunePlanned {
        /// The ticket.
        generation: Generation,
        /// The plan.
        result: Result<Arc<PrunePlan>, Failure>,
    },
    /// Work on the store has come this far.
    Working(Work, store::Progress),
    /// The last check that is known of.
    LastCheck(Option<Checked>),
    /// Every record was checked; damage is no failure.
    Verified(Result<VerifyReport, Failure>),
    /// The store was written anew.
    Compacted(Result<Compacted, Failure>),
    /// What is not to be kept was removed.
    Pruned(Result<Pruned, Failure>),
    /// Something for the user to read.
    Notice(Result<String, Failure>),
}

/// What "snapshot now" led to.
#[derive(Debug, Clone, PartialEq)]
pub enum CaptureOutcome {
    /// It was stored.
    Stored(Box<SnapshotMeta>),
    /// Nothing had changed since this one.
    Unchanged(Box<SnapshotMeta>),
    /// It was spooled, because the store cannot be written: why, and how many wait.
    Spooled(String),
}
