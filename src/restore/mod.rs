//! Plans, applies and reports restores; recovery offers.
//!
//! A restore is thought through before anything is touched: [`prepare`] looks, [`plan()`] decides, and
//! [`apply()`] does exactly that. It touches no session that is alive but those that its plan names, runs no
//! program that its policy does not allow, and hands no captured string to a shell; what it types at a prompt
//! is quoted for that shell.

mod apply;
mod build;
pub mod drill;
mod facts;
mod fidelity;
mod gather;
mod judge;
pub mod lookout;
mod matching;
pub mod pane;
mod plan;
mod planner;
mod policy;
mod possible;
mod programs;
mod prompt;
mod quoting;
pub mod recovery;
mod rejoin;
mod replay;
mod report;
mod script;
mod settings;
mod splits;
mod step;
mod summary;
#[cfg(test)]
mod tests;
pub mod undo;
mod workdir;

pub use apply::apply;
pub use facts::{Facts, LiveState, Surroundings};
pub use fidelity::{Difference, Fidelity, Field, Score};
pub use gather::{facts, look, prepare, telling_texts};
pub use plan::{
    Counts, Item, Level, Living, Mode, Outlook, Own, Place, Plan, PlannedPane, PlannedSession,
    PlannedTab, Reliance, Start, Warning, WarningLevel,
};
pub use planner::plan;
pub use policy::{Chosen, MissingDir, OnConflict, Policy, Programs, Selection, Settings, Text};
pub use programs::{Rules, RulesError};
pub use report::{Made, MadePane, Outcome, Progress, Report, Row, Status, Within};
pub use step::{Action, Beside, PaneRef, Part, Phase, SessionRef, Step, StepShown, TabRef};

use std::collections::BTreeMap;
use std::path::Path;

use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::time::Millis;
use crate::mux::MuxError;
use crate::mux::tmux::Tmux;
use crate::store::StoreError;

/// Why a restore could not be planned or done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// A living session would be closed, and nothing was saved to bring it back from.
    #[error("no undo point was saved, so no session is replaced; nothing was done")]
    NoUndoPoint,
    /// What is alive has changed since the plan was made; nothing was done.
    #[error("the sessions of the server have changed since the plan was made; nothing was done")]
    Changed,
    /// The plan has no steps.
    #[error("there is nothing to restore")]
    Nothing,
    /// The multiplexer could not be asked or did not obey; what had been made was removed.
    #[error(transparent)]
    Mux(#[from] MuxError),
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Making a tab would end the server, with all that is alive in it; nothing was done.
    #[error(
        "tmux {version} ends when a tab is made while window-size is manual for all tabs; nothing was \
         done: run `tmux set -g window-size latest` first"
    )]
    WouldEnd {
        /// The server's version.
        version: String,
    },
    /// No pane said that it was ready; what had been made was removed.
    #[error("no pane came to its shell in time; what had been made was removed")]
    NotReady,
    /// A private file could not be used; what had been made was removed.
    #[error("could not use {path}")]
    Files {
        /// Which file.
        path: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

/// What [`apply()`] needs besides the plan.
#[derive(Debug)]
pub struct Workshop<'a> {
    /// The way to the server.
    pub tmux: &'a Tmux,
    /// The muxtape program, for `muxtape __pane`.
    pub program: &'a Path,
    /// A directory for short-lived private files; made when it is not there.
    pub runtime: &'a Path,
    /// The texts of [`Plan::texts`]; one that is missing is reported.
    pub texts: &'a BTreeMap<Digest, Contents>,
    /// The snapshot that was saved before. Without one, no session is replaced.
    pub undo: Option<SnapshotId>,
    /// Where it is written down what an undo takes back; `None` for nowhere.
    pub memory: Option<Memory<'a>>,
}

/// Where it is written down what an undo takes back.
#[derive(Debug, Clone, Copy)]
pub struct Memory<'a> {
    /// The directory for state; made when it is not there.
    pub dir: &'a Path,
    /// The time now.
    pub at: Millis,
}
