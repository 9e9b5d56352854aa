//! Care for the store's file: checked, repaired, collected, compacted, migrated.

use super::error::OpsError;
use super::host::Host;
use super::tell::Teller;
use crate::store::{Collected, Compacted, Migrated, Progress, RepairReport, VerifyReport};

impl Host {
    /// Reads every record of the store and checks it.
    pub fn verify(&self, progress: &mut dyn FnMut(Progress)) -> Result<VerifyReport, OpsError> {
        self.noted(self.store().verify_with(progress), Teller::verified)
    }

    /// Brings back what is damaged, as far as that can be done.
    pub fn repair(&self) -> Result<RepairReport, OpsError> {
        self.noted(self.store().repair(self.now()), Teller::repaired)
    }

    /// Removes texts that no snapshot needs any more.
    pub fn collect(&self) -> Result<Collected, OpsError> {
        self.noted(self.store().collect(), |_, _| Vec::new())
    }

    /// Gives back to the disk what the store does not need.
    pub fn compact(&self, progress: &mut dyn FnMut(Progress)) -> Result<Compacted, OpsError> {
        self.noted(self.store().compact_with(progress), |_, _| Vec::new())
    }

    /// Brings a store of an older version to the form of this one; `None` where it has that.
    pub fn migrate(&self) -> Result<Option<Migrated>, OpsError> {
        self.noted(self.store().migrate(), |tell, migrated| {
            let events = migrated.as_ref().map(|done| tell.migrated(done));
            events.unwrap_or_default()
        })
    }
}
