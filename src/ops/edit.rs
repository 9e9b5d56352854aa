//! What is told about snapshots, the trash, and what retention removes.

use super::error::OpsError;
use super::host::Host;
use super::tell::Teller;
use crate::model::ansi::label;
use crate::model::id::SnapshotId;
use crate::model::snapshot::SnapshotMeta;
use crate::redact::Tally;
use crate::store::{Edit, PrunePlan, Pruned, StoreError};

/// Snapshots after edits.
#[derive(Debug)]
pub struct Edited {
    /// What is told about them now.
    pub metas: Vec<SnapshotMeta>,
    /// Secrets that were taken out of what was typed.
    pub taken: Tally,
}

impl Host {
    /// Changes what is told about snapshots: all of them in all ways, or nothing.
    pub fn edit(
        &self,
        ids: &[SnapshotId],
        wishes: impl IntoIterator<Item = Edit<String>>,
    ) -> Result<Edited, OpsError> {
        let redactor = self.redactor()?;
        let mut taken = Tally::default();
        let wishes = wishes.into_iter();
        let edits = wishes.map(|wish| wish.map(|typed| redactor.words(&typed, &mut taken)));
        let edits: Vec<Edit> = edits.collect();
        for edit in &edits {
            if let Edit::Untag(tag) = edit
                && !self.have_tag(ids, tag)?
            {
                let tag = label(tag.as_bytes());
                return Err(OpsError::NoTag { tag });
            }
        }
        let edited = self.store().edit_all(ids, &edits, Some(self.now()));
        let metas = self.noted(edited, |tell, _| {
            let events = edits.iter().flat_map(|edit| tell.edited(ids, edit));
            events.collect()
        })?;
        Ok(Edited { metas, taken })
    }

    fn have_tag(&self, ids: &[SnapshotId], tag: &str) -> Result<bool, StoreError> {
        for id in ids {
            if self.store().meta(*id)?.tags.iter().any(|own| own == tag) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Moves snapshots to the trash.
    pub fn trash(&self, ids: &[SnapshotId]) -> Result<Vec<SnapshotMeta>, OpsError> {
        let trashed = self.store().trash(ids, self.now());
        self.noted(trashed, |tell, metas| tell.deleted(&ids_of(metas)))
    }

    /// Brings snapshots back from the trash.
    pub fn untrash(&self, ids: &[SnapshotId]) -> Result<Vec<SnapshotMeta>, OpsError> {
        let back = self.store().untrash(ids);
        self.noted(back, |tell, metas| tell.undeleted(&ids_of(metas)))
    }

    /// Removes what is in the trash for good; says how many snapshots that were.
    pub fn empty_trash(&self) -> Result<usize, OpsError> {
        let emptied = self.store().empty_trash();
        self.noted(emptied, |tell, count| tell.emptied(*count))
    }

    /// What pruning would remove now, and why the rest stays.
    pub fn plan_prune(&self) -> Result<PrunePlan, OpsError> {
        let retention = self.settings().retention.policy();
        Ok(self.store().plan_prune(retention, self.now())?)
    }

    /// Removes what the settings do not keep.
    pub fn prune(&self) -> Result<Pruned, OpsError> {
        let retention = self.settings().retention.policy();
        let pruned = self.store().prune(retention, self.now());
        self.noted(pruned, Teller::pruned)
    }
}

fn ids_of(metas: &[SnapshotMeta]) -> Vec<SnapshotId> {
    metas.iter().map(|meta| meta.id).collect()
}
