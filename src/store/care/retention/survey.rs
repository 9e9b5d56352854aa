//! What is there, and what is decided about it.

use super::clock::Clock;
use super::decide;
use super::decision::Decision;
use super::good;
use super::jumps::Jumps;
use super::ledger::Ledger;
use super::policy::Retention;
use super::quota::{self, Excess};
use super::reason::RemoveReason;
use crate::model::id::SnapshotId;
use crate::model::snapshot::Cause;
use crate::model::time::Millis;
use crate::store::care::trash;
use crate::store::file::lease::Place;
use crate::store::record::fault::Fault;
use crate::store::record::tables::View;
use crate::store::snapshot::metadata::Entry;

/// Times that a decision is made again because what would be left is damaged.
const DAMAGED: usize = 16;

/// How many may go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most {
    snapshots: usize,
    trash: usize,
}

impl Most {
    /// What is left of a run after so many.
    pub(super) fn of(snapshots: usize, trash: usize) -> Self {
        Self {
            snapshots: decide::MOST.saturating_sub(snapshots),
            trash: decide::MOST.saturating_sub(trash),
        }
    }
}

/// What was found out about a store.
pub(super) struct Survey {
    pub(super) ledger: Ledger,
    pub(super) jumps: Jumps,
    pub(super) decision: Decision,
    /// What leaves the trash.
    pub(super) trash: Vec<Entry>,
    more_trash: bool,
    /// Bytes that a compaction would give back.
    pub(super) spare: u64,
}

impl Survey {
    pub(super) fn make<V: View>(
        view: &V,
        place: &Place<'_>,
        retention: &Retention,
        now: Millis,
        most: Most,
    ) -> Result<Self, Fault> {
        let mut ledger = Ledger::read(view)?;
        let thrown = trash::entries(view)?;
        let mut jumps = Jumps::read(view)?;
        observe(&mut jumps, &ledger, &thrown);
        let clock = Clock::new(&jumps, now);
        let excess = match &retention.quota {
            Some(quota) => quota::excess(view, place.file, quota)?,
            None => Excess::default(),
        };
        let snapshots = most.snapshots;
        let decision = decide_well(
            view,
            &mut ledger,
            retention,
            &clock,
            excess.records,
            snapshots,
        )?;
        let mut trash = match retention.trash {
            Some(age) => thrown
                .into_iter()
                .filter(|(entry, since)| clock.is_over(entry.seq, entry.meta.time, *since, age))
                .map(|(entry, _)| entry)
                .collect(),
            None => Vec::new(),
        };
        // The newest come first, the oldest go first.
        let surplus = trash.len().saturating_sub(most.trash);
        trash.drain(..surplus);
        Ok(Survey {
            ledger,
            jumps,
            decision,
            trash,
            more_trash: surplus > 0,
            spare: excess.spare,
        })
    }

    pub(super) fn is_idle(&self) -> bool {
        self.decision.removed.is_empty() && self.trash.is_empty()
    }

    pub(super) fn more(&self) -> bool {
        self.more_trash || !self.decision.deferred.is_empty()
    }

    pub(super) fn kept(&self) -> usize {
        let all = self.ledger.rows.len();
        all.saturating_sub(self.decision.removed.len())
    }

    pub(super) fn gone(&self) -> impl Iterator<Item = (u64, SnapshotId, RemoveReason)> {
        let removed = self.decision.removed.iter();
        removed.filter_map(|&(at, reason)| {
            let row = self.ledger.rows.get(at)?;
            Some((row.seq, row.id, reason))
        })
    }
}

/// Decides so that no damaged snapshot is what is left of a session or of a life. Where too much is
/// damaged nothing is removed: that is not the time for it.
fn decide_well<V: View>(
    view: &V,
    ledger: &mut Ledger,
    retention: &Retention,
    clock: &Clock<'_>,
    excess: u64,
    most: usize,
) -> Result<Decision, Fault> {
    for _ in 0..DAMAGED {
        let decision = decide::decide(ledger, retention, clock, excess, most);
        let damaged = good::damaged(view, ledger, &decision)?;
        if damaged.is_empty() {
            return Ok(decision);
        }
        for at in damaged {
            if let Some(row) = ledger.rows.get_mut(at) {
                row.damaged = true;
            }
        }
    }
    tracing::warn!("nothing is pruned: too many snapshots are damaged");
    Ok(decide::decide(ledger, retention, clock, excess, 0))
}

/// Looks at the stamps of all snapshots, those in the trash too: what was thrown away makes no gap.
/// Imported ones have the stamps of another clock.
fn observe(jumps: &mut Jumps, ledger: &Ledger, thrown: &[(Entry, Millis)]) {
    let rows = ledger.rows.iter();
    let rows = rows.map(|row| (row.seq, row.time, row.cause));
    let thrown = thrown.iter().map(|(entry, _)| entry);
    let thrown = thrown.map(|entry| (entry.seq, entry.meta.time, entry.meta.cause));
    let mut stamps: Vec<_> = rows.chain(thrown).collect();
    stamps.sort_unstable_by_key(|(seq, ..)| *seq);
    if let Some((oldest, ..)) = stamps.first() {
        jumps.forget_before(*oldest);
    }
    let own = stamps
        .into_iter()
        .filter(|(_, _, cause)| *cause != Cause::Import);
    jumps.observe(own.map(|(seq, time, _)| (seq, time)));
}
