//! What was decided, and the reasons for it.

use super::ledger::Ledger;
use super::marks::Mark;
use super::reason::{KeepReason, RemoveReason, Verdict};

/// What was decided.
#[derive(Debug, Default)]
pub(super) struct Decision {
    /// What goes, the oldest first, by place in the ledger.
    pub(super) removed: Vec<(usize, RemoveReason)>,
    /// What would go as well, if one run could remove more.
    pub(super) deferred: Vec<usize>,
    pub(super) marks: Vec<(usize, Mark)>,
}

impl Decision {
    /// What becomes of each snapshot, newest first.
    pub(super) fn verdicts(&self, ledger: &Ledger) -> Vec<Verdict> {
        let mut verdicts: Vec<Verdict> = Vec::new();
        verdicts.resize(ledger.rows.len(), Verdict::Keep(Vec::new()));
        for (at, mark) in &self.marks {
            if let Some(Verdict::Keep(reasons)) = verdicts.get_mut(*at) {
                reasons.push(mark.reason(ledger));
            }
        }
        for &at in &self.deferred {
            if let Some(verdict) = verdicts.get_mut(at) {
                *verdict = Verdict::Keep(vec![KeepReason::NextRun]);
            }
        }
        for &(at, reason) in &self.removed {
            if let Some(verdict) = verdicts.get_mut(at) {
                *verdict = Verdict::Remove(reason);
            }
        }
        verdicts
    }
}
