//! Snapshots to and from portable files.

use std::io::{Read, Seek, Write};
use std::path::Path;

use super::error::OpsError;
use super::host::Host;
use super::new_file::{self, Existing};
use crate::model::id::SnapshotId;
use crate::store::{Exported, Import, Imported, Portable, PortableError};

/// Where an export goes.
pub enum Destination<'a> {
    /// A new file, which has its name when it is whole.
    File(&'a Path, Existing),
    /// Whatever takes bytes; the journal calls it `-`.
    Stream(&'a mut dyn Write),
}

impl Host {
    /// Writes snapshots with their texts to a portable file.
    ///
    /// # Errors
    ///
    /// [`OpsError::File`] where the file cannot be made, [`OpsError::Portable`] where it cannot be
    /// filled. Then there is no file of that name.
    pub fn export(&self, ids: &[SnapshotId], to: Destination<'_>) -> Result<Exported, OpsError> {
        let fill = |out: &mut dyn Write| self.store().export(ids, self.now(), out);
        let (path, written) = match to {
            Destination::Stream(out) => (Path::new("-"), fill(out)),
            Destination::File(path, existing) => {
                let failed = |source| OpsError::File {
                    what: "write",
                    path: path.to_owned(),
                    source,
                };
                let written = new_file::write(path, existing, self.random()?, fill);
                (path, written.map_err(failed)?)
            }
        };
        let exported = self.carried(written)?;
        let ids: Vec<SnapshotId> = exported.snapshots.iter().map(|meta| meta.id).collect();
        self.note(|tell| tell.exported(&ids, path));
        Ok(exported)
    }

    /// Takes in the snapshots of a portable file, which the journal calls by its `path`: all that
    /// are not there yet, or none.
    pub fn import<R: Read + Seek>(
        &self,
        file: &mut Portable<R>,
        path: &Path,
        dry_run: bool,
    ) -> Result<Vec<Imported>, OpsError> {
        let (cleaner, now) = (self.cleaner()?, self.now());
        let imported = self.store().import(file, &cleaner, Import { now, dry_run });
        let imported = self.carried(imported)?;
        let new = imported.iter().filter(|one| one.is_new());
        let new: Vec<SnapshotId> = new.map(|one| one.meta.id).collect();
        if !dry_run {
            self.note(|tell| tell.imported(&new, path));
        }
        Ok(imported)
    }

    /// Notes where the store failed.
    fn carried<T>(&self, result: Result<T, PortableError>) -> Result<T, OpsError> {
        match result {
            Err(PortableError::Store(error)) => self.noted(Err(error), |_, _| Vec::new()),
            result => Ok(result?),
        }
    }
}
