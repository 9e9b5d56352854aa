//! Getting a capture to where it is safe: into the store, or aside until the store can be written.

use crate::store::{Kept, NewSnapshot, Store, StoreError, TakenIn, Unchanged};

/// Stores captures, and remembers whether some wait beside the store.
#[derive(Debug)]
pub(super) struct Keeping {
    store: Store,
    /// Whether something may wait to be taken in.
    aside: bool,
}

impl Keeping {
    /// Something may have been left by others.
    pub(super) fn new(store: Store) -> Self {
        Self { store, aside: true }
    }

    /// Takes in what waits, if there is anything. An error means that the store cannot be written.
    pub(super) fn catch_up(&mut self) -> Result<Option<TakenIn>, StoreError> {
        if !self.aside {
            return Ok(None);
        }
        let taken = self.store.take_in()?;
        // Others that still wait are another process's, or a newer muxtape's.
        self.aside = false;
        Ok((!taken.is_nothing()).then_some(taken))
    }

    /// Stores a capture unless nothing has changed; where the store is `blocked`, or turns out to be, it
    /// is kept aside.
    pub(super) fn keep(
        &mut self,
        new: NewSnapshot,
        blocked: Option<StoreError>,
    ) -> Result<Kept, StoreError> {
        let kept = match blocked {
            None => self.store.record_or_spool(new, Unchanged::Skip)?,
            Some(why) => Kept::Spooled(self.store.spool(new, Unchanged::Skip, why)?),
        };
        self.aside |= matches!(kept, Kept::Spooled(_));
        Ok(kept)
    }
}
