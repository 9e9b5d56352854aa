//! Whether every page of the store's file that is in use is what was written: also those that no
//! record protects.

use crate::store::file::disk::Hold;
use crate::store::file::lease::Place;
use crate::store::file::pages::{self, Depth, InUse};
use crate::store::file::parity;
use crate::store::record::error::StoreError;

impl Place<'_> {
    /// The pages in use, and which of them are damaged.
    pub(in crate::store) fn pages(&self, operation: &'static str) -> Result<InUse, StoreError> {
        self.look(operation)?;
        let hold = self.until_free(operation, || Hold::share(self.file))?;
        pages::walk(hold.disk(), Depth::All, &|_| None)
            .map_err(|error| StoreError::io(operation, self.file, error))
    }

    /// Refuses a file with damage that the parity file cannot heal: what is about to be done would
    /// lose what it may still be brought back from.
    pub(in crate::store) fn require_healable(
        &self,
        operation: &'static str,
    ) -> Result<(), StoreError> {
        self.look(operation)?;
        let hold = self.until_free(operation, || Hold::share(self.file))?;
        let heal = |child: &pages::Child| parity::heal_page(self.dir, hold.disk(), child);
        let found = pages::walk(hold.disk(), Depth::All, &heal)
            .map_err(|error| StoreError::io(operation, self.file, error))?;
        let cause = match found.bad.first() {
            _ if found.headless => "its header is not what was written".to_owned(),
            Some(bad) => format!("page {} is not what was written", bad.number()),
            None => return Ok(()),
        };
        Err(StoreError::Damaged {
            operation,
            object: "the store's file".to_owned(),
            cause: format!("{}: {cause}", self.file.display()),
        })
    }
}
