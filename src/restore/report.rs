//! What a restore did.

use std::time::Duration;

use bstr::{BString, ByteSlice};
use serde::{Deserialize, Serialize, Serializer};

use super::plan::{Level, Start, Warning};
use super::undo::Undoable;
use crate::model::id::SnapshotId;
use crate::model::snapshot::ServerIdentity;
use crate::model::target::Target;
use crate::model::tree::{PaneId, SessionId, TabId};

/// How a restore went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All that was planned was done.
    Success,
    /// Some of it was.
    Partial,
    /// Nothing was.
    Failed,
}

/// What a restore did; its JSON form is the one of the command line's contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How it went.
    pub status: Status,
    /// The snapshot that was brought back.
    #[serde(serialize_with = "shown")]
    pub snapshot: SnapshotId,
    /// The sessions that were made: exactly what undoing it removes.
    pub sessions: Vec<Made>,
    /// Tabs that are there.
    pub tabs_restored: usize,
    /// Tabs that could not be made.
    pub tabs_failed: usize,
    /// Panes that are there.
    pub panes_restored: usize,
    /// Panes that could not be made.
    pub panes_failed: usize,
    /// Programs that were run.
    pub programs_run: usize,
    /// Programs that were typed.
    pub programs_typed: usize,
    /// What is not as it was: the plan's warnings, and what came up on the way.
    pub warnings: Vec<Warning>,
    /// What failed.
    pub errors: Vec<String>,
    /// Names of sessions that were alive and were closed, for those in their place.
    #[serde(serialize_with = "all_lossy")]
    pub replaced: Vec<BString>,
    /// The panes that were made.
    #[serde(skip)]
    pub panes: Vec<MadePane>,
    /// The server that they were made on, as far as it could be asked afterwards.
    #[serde(skip)]
    pub server: Option<ServerIdentity>,
    /// The snapshot that was saved before.
    #[serde(serialize_with = "shown_option")]
    pub undo: Option<SnapshotId>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// One row for each session, tab and pane of the plan.
    #[serde(skip)]
    pub rows: Vec<Row>,
}

/// A session that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Made {
    /// Its name in the snapshot.
    #[serde(serialize_with = "lossy")]
    pub from: BString,
    /// Its name now.
    #[serde(serialize_with = "lossy")]
    pub to: BString,
    /// Its handle.
    pub id: SessionId,
    /// What its user calls it, for example `$31`.
    #[serde(skip)]
    pub called: String,
}

/// A pane that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadePane {
    /// Where it stood in the snapshot.
    pub target: Target,
    /// Its handle.
    pub id: PaneId,
    /// Its process.
    pub pid: Option<i32>,
    /// What it was made in.
    pub within: Within,
}

/// What a pane was made in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Within {
    /// A session that was made, too.
    Own(SessionId),
    /// A living session, and there the tab that was made.
    Session(SessionId, TabId),
    /// A living tab.
    Tab(TabId),
}

/// What became of a part of the snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is there, as it was: `✓`.
    Done,
    /// It is there, but not as it was: `!`.
    Warned,
    /// It could not be made: `✗`.
    Failed,
    /// It was left out: `–`.
    Skipped,
}

/// A row of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub level: Level,
    /// Where it stood in the snapshot.
    pub target: Target,
    /// How it is called.
    pub label: String,
    /// What became of it.
    pub outcome: Outcome,
    /// In one line: `3 panes, layout exact`.
    pub detail: String,
    /// What became of the program, for a pane.
    pub start: Option<Start>,
    /// What there is to know, line by line.
    pub more: Vec<String>,
}

impl Report {
    /// Rows of one outcome.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.rows
            .iter()
            .filter(|row| row.outcome == outcome)
            .count()
    }

    /// What can be taken back of it: `None` where nothing was made.
    #[must_use]
    pub fn undoable(&self) -> Option<Undoable> {
        if self.sessions.is_empty() && self.panes.is_empty() {
            return None;
        }
        Some(Undoable {
            server: self.server.clone()?,
            sessions: self.sessions.clone(),
            panes: self.panes.clone(),
            replaced: self.replaced.clone(),
            undo: self.undo,
        })
    }

    /// How long it took.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_millis(self.duration_ms)
    }
}

/// What a step is part of; a restore goes through these in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Sessions, tabs and panes are made under temporary names.
    Build,
    /// Sizes, titles, focus.
    Arrange,
    /// Panes write their saved text and start their shells.
    Replay,
    /// The sessions get their names; from here on they are the user's.
    Switch,
    /// Programs are typed or run; then names may follow them, and typing may go to several panes.
    Start,
}

/// How far a restore has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// Steps that are done.
    pub done: usize,
    /// Steps in all.
    pub total: usize,
}

fn shown<S: Serializer>(id: &SnapshotId, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(id)
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
fn shown_option<S: Serializer>(id: &Option<SnapshotId>, to: S) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => to.collect_str(id),
        None => to.serialize_none(),
    }
}

fn lossy<S: Serializer>(name: &BString, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&name.to_str_lossy())
}

fn all_lossy<S: Serializer>(names: &[BString], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(names.iter().map(|name| name.to_str_lossy()))
}
