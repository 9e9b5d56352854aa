//! Putting a newly built file in the store's place.
//!
//! The new file is built beside the old one, under a reading lease on the old one: readers go on, writers
//! wait. It takes the old one's place by a rename, when it is complete and has been read back; until
//! then a kill at any moment leaves the old file as it was. Who had opened the old file and waited
//! finds out before writing, and opens the new one.
//!
//! Two that replace the file at once could undo what was written in between. So it is only done with a
//! lock on the directory, which ends with the process.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use redb::{ReadTransaction, ReadableDatabase, WriteTransaction};
use rustix::fs::FlockOperation;

use super::disk;
use super::error::StoreError;
use super::fault::Fault;
use super::lease::{Outcome, Place};
use super::parity;
use crate::files;

/// What the new file is called until it is complete.
const BUILDING: &str = "muxtape.redb.new";

/// The right to replace the file. One at a time has it.
pub(super) struct Turn<'a> {
    place: Place<'a>,
    operation: &'static str,
    building: PathBuf,
    /// The directory, locked.
    dir: File,
}

impl<'a> Turn<'a> {
    /// Waits for the turn, and removes what a killed process left of its own.
    pub(super) fn take(place: Place<'a>, operation: &'static str) -> Result<Self, StoreError> {
        let dir = place.until_free(operation, || lock(&place))?;
        let building = place.dir.join(BUILDING);
        files::remove(&building)
            .map_err(|error| StoreError::io(operation, &building, error.into()))?;
        Ok(Self {
            place,
            operation,
            building,
            dir,
        })
    }

    /// The new file, while it is built.
    pub(super) fn building(&self) -> &Path {
        &self.building
    }

    /// Replaces the file by what `build` makes of it, if `check` then finds the new file to be right, and
    /// worth it.
    pub(super) fn replace<T>(
        &self,
        build: impl FnOnce(&ReadTransaction, &WriteTransaction) -> Result<T, Fault>,
        check: impl FnOnce(&ReadTransaction, &T) -> Result<Outcome<()>, Fault>,
    ) -> Result<T, StoreError> {
        let before = identity(self.place.file);
        let replaced = self.place.read(self.operation, |old| {
            let built = self.build(old, build)?;
            let new = disk::open_to_read(&self.building)?;
            let checked = check(&new.begin_read()?, &built)?;
            drop(new);
            if let Outcome::Abort(()) = checked {
                files::remove(&self.building)?;
                return Ok(built);
            }
            // Somebody who brought back a backup meanwhile, say, would lose it again.
            if before.is_none() || before != identity(self.place.file) {
                return Err(StoreError::Busy {
                    operation: self.operation,
                    file: self.place.file.to_owned(),
                    by: None,
                    waited: Duration::ZERO,
                }
                .into());
            }
            // It tells of the old file.
            parity::forget(self.place.dir);
            files::rename(&self.building, self.place.file)?;
            self.dir.sync_all().map_err(io_fault)?;
            Ok(built)
        });
        if replaced.is_err() {
            let _ = files::remove(&self.building);
        }
        replaced
    }

    fn build<T>(
        &self,
        old: &ReadTransaction,
        build: impl FnOnce(&ReadTransaction, &WriteTransaction) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let db = disk::database(files::create_new(&self.building)?)?;
        let mut txn = db.begin_write()?;
        txn.set_quick_repair(true);
        let built = build(old, &txn)?;
        txn.commit()?;
        // Closing writes as well, and cannot tell of what fails then.
        drop(db);
        match disk::first_failure() {
            Some(error) => Err(io_fault(error)),
            None => Ok(built),
        }
    }
}

/// Locks the directory, or says that it is in use.
pub(super) fn lock(place: &Place<'_>) -> Result<File, Fault> {
    let dir = match files::open_dir(place.dir) {
        Err(error) if error.is_not_found() => {
            return Err(StoreError::NoStore {
                dir: place.dir.to_owned(),
            }
            .into());
        }
        opened => opened?,
    };
    match rustix::fs::flock(&dir, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(dir),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            Err(Fault::Database(redb::Error::DatabaseAlreadyOpen))
        }
        Err(error) => Err(io_fault(error.into())),
    }
}

/// Which file there is now.
fn identity(file: &Path) -> Option<(u64, u64)> {
    let found = fs::symlink_metadata(file).ok()?;
    Some((found.dev(), found.ino()))
}

fn io_fault(error: io::Error) -> Fault {
    Fault::Database(error.into())
}
