//! Putting another file in the store's place: the only place where that is done.
//!
//! The new file is built beside the old one, under a reading lease on the old one: readers go on,
//! writers wait. It takes the old one's place by a rename, when it is complete and has been read
//! back; until then a kill at any moment leaves the old file as it was, with its parity file. Who
//! had opened the old file and waited finds out before writing, and opens the new one.
//!
//! What is damaged in the old file is healed from the parity file on the way; where that cannot be
//! done, the old file stays: what it has lost can be found in it alone.
//!
//! Two that replace the file at once could undo what was written in between. So it is only done
//! with a lock on the directory, which ends with the process.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use redb::ReadTransaction;
use rustix::fs::FlockOperation;

use crate::files;
use crate::store::file::disk;
use crate::store::file::lease::{Outcome, Place, Reading};
use crate::store::file::new_file::NewFile;
use crate::store::file::pages::Care;
use crate::store::file::parity;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;

/// What the new file is called until it is complete.
const BUILDING: &str = "muxtape.redb.new";

/// The right to replace the file. One at a time has it.
pub(in crate::store) struct Turn<'a> {
    place: Place<'a>,
    operation: &'static str,
    building: PathBuf,
    /// The directory, locked.
    _dir: File,
}

impl<'a> Turn<'a> {
    /// Waits for the turn, and removes what a killed process left of its own.
    pub(in crate::store) fn take(
        place: Place<'a>,
        operation: &'static str,
    ) -> Result<Self, StoreError> {
        let dir = place.until_free(operation, || lock(&place))?;
        let building = place.dir.join(BUILDING);
        files::remove(&building)
            .map_err(|error| StoreError::io(operation, &building, error.into()))?;
        Ok(Self {
            place,
            operation,
            building,
            _dir: dir,
        })
    }

    /// The new file, while it is built.
    pub(in crate::store) fn building(&self) -> &Path {
        &self.building
    }

    /// Replaces the file by what `build` makes of it, if `check` then finds the new file to be
    /// right, and worth it.
    pub(in crate::store) fn replace<T>(
        &self,
        build: impl FnOnce(&ReadTransaction, &NewFile) -> Result<T, Fault>,
        check: impl FnOnce(&ReadTransaction, &T) -> Result<Outcome<()>, Fault>,
    ) -> Result<T, StoreError> {
        // Also what is not read by `build`: it goes with the old file.
        self.place.require_healable(self.operation)?;
        let before = identity(self.place.file);
        let replaced = self.place.strict().read(self.operation, |old| {
            let new = NewFile::begin(&self.building)?;
            let built = build(old, &new)?;
            new.close()?;
            let new = disk::open_to_read(&self.building, Care::Refuse, false)?;
            let checked = Reading::new(new)?.work(|new| check(new, &built))?;
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
            put_in_place(&self.building, self.place.file, None)?;
            Ok(built)
        });
        if replaced.is_err() {
            let _ = files::remove(&self.building);
        }
        replaced
    }
}

/// A moment in replacing the file, just after something was done: what tests end it at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Step {
    /// The new file is on the disk.
    Synced,
    /// The old file has a second name, where it is to be kept.
    Kept,
    /// The new file has taken the old one's place.
    Replaced,
    /// That is on the disk.
    ReplacedForSure,
    /// The parity file of the old file is gone.
    ParityGone,
}

/// Puts a complete file in the place of the store's, with the old one kept under a second name if
/// one is given. At every moment one of the two is there under the store's name. Whoever calls this
/// has the lock on the directory.
///
/// The parity file tells of the old file, so it goes, and is built anew. It goes last: as long as
/// the old file is there, it heals it; and the new file it does no harm (see [`parity::heal`]).
pub(in crate::store) fn put_in_place(
    new: &Path,
    file: &Path,
    kept: Option<&Path>,
) -> Result<(), Fault> {
    let Some(dir) = file.parent() else {
        return Err(io_fault(io::ErrorKind::NotFound.into()));
    };
    files::open(new)?.sync_all().map_err(io_fault)?;
    reached(Step::Synced)?;
    if let Some(kept) = kept {
        keep(file, kept)?;
        reached(Step::Kept)?;
    }
    files::rename(new, file)?;
    reached(Step::Replaced)?;
    files::sync_dir(dir)?;
    reached(Step::ReplacedForSure)?;
    parity::forget(dir);
    reached(Step::ParityGone)
}

/// Gives a file a second name, on the disk; a copy has it where there are no links. It may have it
/// already.
fn keep(file: &Path, kept: &Path) -> Result<(), Fault> {
    // It may have been brought here from elsewhere.
    files::keep_from_others(file)?;
    let linked = files::link(file, kept);
    if linked.is_err() && identity(file) != identity(kept) {
        let mut to = files::create_new(kept)?;
        io::copy(&mut files::open(file)?, &mut to).map_err(io_fault)?;
        to.sync_all().map_err(io_fault)?;
    }
    Ok(kept.parent().map_or(Ok(()), files::sync_dir)?)
}

#[cfg(not(test))]
fn reached(_: Step) -> Result<(), Fault> {
    Ok(())
}

#[cfg(test)]
use hook::reached;
#[cfg(test)]
pub(in crate::store) use hook::{STEPS, with_steps};

/// Locks the directory, or says that it is in use.
pub(in crate::store) fn lock(place: &Place<'_>) -> Result<File, Fault> {
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

#[cfg(test)]
mod hook {
    use std::cell::RefCell;

    use super::{Fault, Step};

    type At = Box<dyn FnMut(Step) -> Result<(), Fault>>;

    thread_local! {
        static AT: RefCell<Option<At>> = const { RefCell::new(None) };
    }

    pub(in crate::store) const STEPS: [Step; 5] = [
        Step::Synced,
        Step::Kept,
        Step::Replaced,
        Step::ReplacedForSure,
        Step::ParityGone,
    ];

    /// Runs `work`, with `at` told of every step of replacing a file on this thread; its error ends
    /// it there.
    pub(in crate::store) fn with_steps<T>(
        at: impl FnMut(Step) -> Result<(), Fault> + 'static,
        work: impl FnOnce() -> T,
    ) -> T {
        AT.set(Some(Box::new(at)));
        let done = work();
        AT.set(None);
        done
    }

    pub(super) fn reached(step: Step) -> Result<(), Fault> {
        AT.with_borrow_mut(|at| at.as_mut().map_or(Ok(()), |at| at(step)))
    }
}
