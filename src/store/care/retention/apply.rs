//! Carrying out a decision.

use super::policy::Retention;
use super::reason::{RemoveReason, Verdict};
use super::survey::{Most, Survey};
use crate::model::id::SnapshotId;
use crate::model::time::Millis;
use crate::store::care::gc;
use crate::store::care::trash;
use crate::store::file::lease::{Outcome, Place};
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::tables::Change;
use crate::store::snapshot::metadata::Reader;

const OPERATION: &str = "prune";
/// Rounds of one run while the store is over its quota: what a round frees is known only after it.
const ROUNDS: usize = 8;

/// What a pruning would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PrunePlan {
    /// Every snapshot of the timeline, newest first, and what becomes of it.
    pub snapshots: Vec<(SnapshotId, Verdict)>,
    /// Bytes that the snapshots which go had added to the store. As much becomes free at the most:
    /// what others share with them stays.
    pub bytes: u64,
    /// What leaves the trash for good.
    pub trash: Vec<SnapshotId>,
    /// Whether more would go: one run removes a bounded number.
    pub more: bool,
    /// Bytes of the file that hold nothing, where it is larger than the quota: a compaction gives
    /// them back.
    pub spare: u64,
}

/// What a pruning did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pruned {
    /// The snapshots that were removed for good, and why; the oldest first.
    pub removed: Vec<(SnapshotId, RemoveReason)>,
    /// How many are left in the timeline.
    pub kept: usize,
    /// How many left the trash for good.
    pub trash: usize,
    /// Whether more could be removed: one run removes a bounded number.
    pub more: bool,
    /// Bytes of the file that hold nothing, where it is larger than the quota: a compaction gives
    /// them back.
    pub spare: u64,
}

/// What [`prune`] would do. Changes nothing.
pub(in crate::store) fn plan(
    place: &Place<'_>,
    retention: &Retention,
    now: Millis,
) -> Result<PrunePlan, StoreError> {
    let survey = place.read(OPERATION, |txn| {
        Survey::make(txn, place, retention, now, Most::of(0, 0))
    })?;
    let removed = survey.decision.removed.iter();
    let removed = removed.filter_map(|(at, _)| survey.ledger.rows.get(*at));
    let bytes = removed.fold(0, |sum: u64, row| sum.saturating_add(row.bytes));
    let verdicts = survey.decision.verdicts(&survey.ledger).into_iter();
    Ok(PrunePlan {
        snapshots: survey
            .ledger
            .rows
            .iter()
            .map(|row| row.id)
            .zip(verdicts)
            .collect(),
        bytes,
        trash: survey.trash.iter().map(|entry| entry.meta.id).collect(),
        more: survey.more(),
        spare: survey.spare,
    })
}

/// Removes what is not to be kept, for good.
pub(in crate::store) fn prune(
    place: &Place<'_>,
    retention: &Retention,
    now: Millis,
) -> Result<Pruned, StoreError> {
    let place = &place.strict();
    let mut pruned = Pruned::default();
    for round in 0..ROUNDS {
        match pruned.add_round(place, retention, now) {
            Ok(true) => {}
            Ok(false) => break,
            // What the rounds before have removed is gone: that is what is told.
            Err(error) if round > 0 => {
                tracing::warn!("pruning ends early: {error}");
                pruned.more = true;
                break;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(pruned)
}

impl Pruned {
    /// Decides and removes once; says whether another round may be needed.
    fn add_round(
        &mut self,
        place: &Place<'_>,
        retention: &Retention,
        now: Millis,
    ) -> Result<bool, StoreError> {
        let most = Most::of(self.removed.len(), self.trash);
        // Most often there is nothing to do, and readers do not keep others out.
        let survey = place.read(OPERATION, |txn| {
            Survey::make(txn, place, retention, now, most)
        })?;
        self.take_in(&survey);
        if survey.is_idle() {
            return Ok(false);
        }
        // What has come in the meantime may have changed everything: it is decided again.
        let (survey, due) = place.write(OPERATION, |txn| {
            let survey = Survey::make(txn, place, retention, now, most)?;
            carry_out(txn, &survey)?;
            let due = gc::is_due(txn)?;
            Ok(Outcome::Commit((survey, due)))
        })?;
        self.take_in(&survey);
        self.trash += survey.trash.len();
        let gone = survey.gone().map(|(_, id, reason)| (id, reason));
        self.removed.extend(gone);
        let over = survey
            .gone()
            .any(|(.., reason)| reason == RemoveReason::OverQuota);
        // What was freed, and whether that is enough, shows after a collection.
        let collected = (due || over) && collect(place);
        Ok(collected && over)
    }

    fn take_in(&mut self, survey: &Survey) {
        self.kept = survey.kept();
        self.more = survey.more();
        self.spare = survey.spare;
    }
}

fn carry_out<T: Change>(change: &T, survey: &Survey) -> Result<(), Fault> {
    let reader = Reader::new(change);
    let mut entries = Vec::new();
    for (seq, ..) in survey.gone() {
        entries.extend(reader.get(seq)?);
    }
    survey.jumps.write(change)?;
    trash::remove(change, &entries)?;
    trash::purge(change, &survey.trash)
}

/// Collects what nobody needs any more; says whether that could be done. The pruning itself is
/// done: what stands in the way is for the next collection, or for a check, to say.
fn collect(place: &Place<'_>) -> bool {
    let collected = gc::collect(place).and_then(|_| place.give_back());
    if let Err(error) = &collected {
        tracing::warn!("unused texts are kept: {error}");
    }
    collected.is_ok()
}
