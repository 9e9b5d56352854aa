//! What a crash took: found, offered, and what became of the offer.

use super::error::OpsError;
use super::host::Host;
use crate::journal::Answer;
use crate::model::snapshot::{LifeId, RecoveryState};
use crate::mux::process::boot_id;
use crate::restore::recovery::Offer;
use crate::restore::{Report, crashes};

impl Host {
    /// Lives of servers that ended badly, and what can be brought back of them; the newest first.
    pub fn crash_offers(&self) -> Result<Vec<Offer>, OpsError> {
        Ok(crashes::look(self.store(), self.mux(), &boot_id())?)
    }

    /// Notes that somebody was offered these.
    pub fn offered(&self, offers: &[Offer]) {
        self.note(|tell| tell.offered(offers));
    }

    /// The user does not want back what was lost with this life: it is not offered again.
    pub fn dismiss(&self, life: LifeId) -> Result<(), OpsError> {
        crashes::settle(self.store(), life, RecoveryState::Dismissed, self.now())?;
        self.note(|tell| tell.answered(life, Answer::Dismissed));
        Ok(())
    }

    /// A restore brought back what was lost with this life. Where a part is missing still, that is
    /// offered again.
    pub fn recovered(&self, life: LifeId, report: &Report) -> Result<(), OpsError> {
        let (store, now) = (self.store(), self.now());
        if crashes::settle_restored(store, self.mux(), &boot_id(), life, report, now)? {
            self.note(|tell| tell.answered(life, Answer::Recovered));
        }
        Ok(())
    }
}
