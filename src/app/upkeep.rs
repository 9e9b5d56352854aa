//! The work that is done on the store: checking, compacting, pruning; and what pruning would do.

#[cfg(test)]
pub(crate) mod sample;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::store::{
    Compacted, Count, KeepReason, Progress, PrunePlan, Pruned, RemoveReason, Verdict, VerifyReport,
};

use super::figures::{Checked, Work};
use super::msg::Failure;
use super::shared::Shared;
use super::words::{self, plural};

/// What pruning would do, counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preview {
    /// Every snapshot, newest first, and what becomes of it.
    pub plan: Arc<PrunePlan>,
    /// The places of those that go, in the plan.
    pub going: Vec<usize>,
    /// Why snapshots go, and how many.
    pub removed: Vec<(RemoveReason, usize)>,
    /// Why snapshots stay, and how many; one can have several reasons.
    pub kept: Vec<(&'static str, usize)>,
}

impl Preview {
    /// Counts what a plan says.
    #[must_use]
    pub fn new(plan: Arc<PrunePlan>) -> Self {
        let mut removed: BTreeMap<RemoveReason, usize> = BTreeMap::new();
        let mut kept: BTreeMap<&'static str, usize> = BTreeMap::new();
        let mut going = Vec::new();
        for (at, (_, verdict)) in plan.snapshots.iter().enumerate() {
            match verdict {
                Verdict::Remove(reason) => {
                    going.push(at);
                    *removed.entry(*reason).or_default() += 1;
                }
                Verdict::Keep(reasons) => {
                    let mut named: Vec<&'static str> = reasons.iter().map(kind).collect();
                    named.sort_unstable();
                    named.dedup();
                    for name in named {
                        *kept.entry(name).or_default() += 1;
                    }
                }
            }
        }
        let mut kept: Vec<_> = kept.into_iter().collect();
        kept.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Self {
            plan,
            going,
            removed: removed.into_iter().collect(),
            kept,
        }
    }

    /// Snapshots that stay.
    #[must_use]
    pub fn staying(&self) -> usize {
        self.plan.snapshots.len().saturating_sub(self.going.len())
    }

    /// Whether there is nothing to be done.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.going.is_empty() && self.plan.trash.is_empty()
    }
}

/// What a reason is called, whichever session it is about.
fn kind(reason: &KeepReason) -> &'static str {
    match reason {
        KeepReason::Pinned => "pinned",
        KeepReason::NewestOfSession(_) => "newest of a session",
        KeepReason::NewestOfLife => "newest of a server",
        KeepReason::LostLife => "crash not answered for",
        KeepReason::Manual => "made by hand",
        KeepReason::Imported => "imported",
        KeepReason::Named => "named",
        KeepReason::Tagged => "tagged",
        KeepReason::Archived => "archived",
        KeepReason::Counted(Count::Last, _) => "last",
        KeepReason::Counted(Count::Hourly, _) => "hourly",
        KeepReason::Counted(Count::Daily, _) => "daily",
        KeepReason::Counted(Count::Weekly, _) => "weekly",
        KeepReason::Counted(Count::Monthly, _) => "monthly",
        KeepReason::UndoPoint => "undo points",
        KeepReason::NextRun => "left for the next run",
    }
}

impl Shared {
    /// Work has come this far.
    pub(super) fn working(&mut self, work: Work, progress: Progress) {
        self.upkeep.running = Some((work, progress));
    }

    /// Work is over.
    fn worked(&mut self) {
        self.upkeep.running = None;
        self.upkeep.turns += 1;
    }

    /// Every record was checked.
    pub(super) fn verified(&mut self, result: Result<VerifyReport, Failure>) {
        self.worked();
        match result {
            Ok(report) => {
                let snapshots = words::count(report.checked, "snapshot");
                match report.damaged.first() {
                    None => self.say(format!("Checked {snapshots}: all good")),
                    Some(damage) => {
                        let message = format!(
                            "Checked {snapshots}: {} ({}). `muxtape verify --repair` brings back what it can",
                            plural(report.damaged.len(), "damaged part"),
                            damage.object
                        );
                        self.complain(&Failure { message });
                    }
                }
                self.upkeep.checked = Some(Checked {
                    at: self.now,
                    snapshots: report.checked,
                    damaged: report.damaged.len(),
                });
            }
            Err(failure) => self.complain(&failure),
        }
    }

    /// The store was written anew.
    pub(super) fn compacted(&mut self, result: Result<Compacted, Failure>) {
        self.worked();
        match result {
            Ok(compacted) => self.say(format!(
                "Compacted: {} on disk, {} given back",
                words::bytes(compacted.after),
                words::bytes(compacted.freed())
            )),
            Err(failure) => self.complain(&failure),
        }
    }

    /// What is not to be kept was removed. Whether anything was.
    pub(super) fn pruned(&mut self, result: Result<Pruned, Failure>) -> bool {
        self.worked();
        match result {
            Ok(pruned) => {
                let mut said = format!(
                    "Removed {} for good; {} left",
                    plural(pruned.removed.len(), "snapshot"),
                    words::number(pruned.kept)
                );
                if pruned.trash > 0 {
                    said.push_str(&format!("; {} out of the trash", pruned.trash));
                }
                if pruned.more {
                    said.push_str("; more can go: P again");
                }
                self.say(said);
                !pruned.removed.is_empty()
            }
            Err(failure) => {
                self.complain(&failure);
                false
            }
        }
    }
}
