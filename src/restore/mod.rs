//! Plans, applies and reports restores; recovery offers.
//!
//! A restore is thought through before anything is touched: [`prepare`] looks, [`plan()`] decides,
//! and [`apply()`] does exactly that. It touches no session that is alive but those that its plan
//! names, runs no program that its policy does not allow, and hands no captured string to a shell;
//! what it types at a prompt is quoted for that shell.

mod beginning;
mod built;
pub mod crashes;
pub mod drill;
mod entry;
mod facts;
mod fidelity;
mod gather;
mod inputs;
mod judge;
mod launch;
pub mod leftover;
mod matching;
#[cfg(test)]
pub(crate) mod memory;
pub mod pane;
mod plan;
mod planner;
mod policy;
mod possible;
mod profile;
mod programs;
mod prune;
mod quoting;
pub mod recovery;
mod reference;
mod replay;
mod report;
mod resolve;
mod restorer;
mod shells;
mod summary;
#[cfg(test)]
mod tests;
pub mod tmux;
pub mod undo;
mod variables;
mod workdir;

pub use beginning::Beginning;
pub use built::Built;
pub use facts::{Facts, LiveState, Surroundings};
pub use fidelity::{Difference, Fidelity, Field, Score};
pub use gather::{facts, look, prepare, telling_texts};
pub use inputs::Inputs;
pub use plan::{
    Counts, Item, Level, Living, LivingTab, Member, Merge, Mode, Outlook, Own, Place, Plan,
    PlannedPane, PlannedSession, PlannedTab, Reliance, Start, StepShown, Warning, WarningLevel,
};
pub use planner::plan;
pub use policy::{Chosen, MissingDir, OnConflict, Policy, Programs, Selection, Settings, Text};
pub use profile::{ByHand, Fit, Profile};
pub use programs::{Doubt, Rules, RulesError, Traces};
pub use reference::{About, PaneRef, SessionRef, TabRef};
pub use report::{Made, MadePane, Outcome, Phase, Progress, Report, Row, Status, Within};
pub use restorer::{AlivePane, AliveParts, NewPanes, Rehearsal, Restorer};
pub use shells::ShellFile;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::time::Millis;
use crate::mux::MuxError;
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
    #[error("{why}; nothing was done: run `{mend}` first")]
    WouldEnd {
        /// Why it would.
        why: String,
        /// The command after which it would not.
        mend: &'static str,
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
    pub restorer: &'a dyn Restorer,
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

/// Carries out a plan. Nothing is done when the live state is not the one that it was made for
/// ([`RestoreError::Changed`]). Failures of single panes are reported and the rest goes on;
/// failures of the whole before the sessions get their names remove all that was made.
pub fn apply(
    plan: &Plan,
    workshop: &Workshop<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, RestoreError> {
    let start = Instant::now();
    if plan.is_empty() {
        return Err(RestoreError::Nothing);
    }
    if !plan.replaced().is_empty() && workshop.undo.is_none() {
        return Err(RestoreError::NoUndoPoint);
    }
    let built = workshop.restorer.carry_out(plan, workshop, progress)?;
    let mut report = summary::report(plan, &built, workshop.undo);
    report.server = workshop.restorer.identity().ok().flatten();
    report.duration_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(report)
}
