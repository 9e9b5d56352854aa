//! Leases: open the file, do one short piece of work, close it. The only place that knows this
//! policy.
//!
//! The database lets one writer in and nobody beside it, or any number of readers. So nobody keeps
//! the file open: who finds it in use tries again, with shrinking pauses, until a deadline. A
//! reader that finds the traces of a killed writer opens it for writing once, which heals it, and
//! reads then. Every commit leaves what healing needs (quick repair), so that it takes milliseconds
//! at any size.
//!
//! The database panics where a damaged file contradicts itself. Such panics end here, as
//! [`StoreError::Damaged`].

use std::cell::Cell;
use std::io::{self, Read};
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use redb::{ReadTransaction, ReadableDatabase, WriteTransaction};

use crate::files::{self, FileError, Refused, Why};
use crate::store::file::disk;
use crate::store::file::holder::holder;
use crate::store::file::hollow;
use crate::store::file::network;
use crate::store::file::pages::Care;
use crate::store::file::replace;
use crate::store::file::schema;
use crate::store::file::space;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;

/// Where a store is, and how long to wait for it.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Place<'a> {
    pub(in crate::store) dir: &'a Path,
    pub(in crate::store) file: &'a Path,
    pub(in crate::store) wait: Duration,
    /// Whether it may be written to on a network file system.
    pub(in crate::store) network: bool,
    /// What becomes of damage that the parity file cannot heal.
    pub(in crate::store) care: Care,
    /// Brings a store of an older form into the present one.
    pub(in crate::store) migrate: fn(&Place<'_>) -> Result<(), StoreError>,
}

/// What a piece of writing work wants to become of it.
pub(in crate::store) enum Outcome<T> {
    /// Keep what was written.
    Commit(T),
    /// Nothing was written, or it is not to be kept.
    Abort(T),
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread would be caught by the store and become an error. A panic hook
/// asks this before it takes the terminal down.
#[must_use]
pub fn catches_panics() -> bool {
    GUARDED.get()
}

impl Place<'_> {
    /// The same, for what derives a new file from this one, or removes something for good: whatever
    /// is damaged and cannot be healed ends a lease.
    pub(in crate::store) fn strict(self) -> Self {
        Self {
            care: Care::Refuse,
            ..self
        }
    }

    /// Reads under a lease.
    pub(in crate::store) fn read<T>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&ReadTransaction) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.look(operation)?;
        let mut opened = self.until_free(operation, || self.open_to_read())?;
        let mut checked = opened.look(schema::check);
        if checked.as_ref().is_err_and(Fault::is_older) {
            drop(opened);
            (self.migrate)(self)?;
            opened = self.until_free(operation, || self.open_to_read())?;
            checked = opened.look(schema::check);
        }
        self.finish(operation, opened, |txn| checked.and_then(|_| work(txn)))
    }

    /// Reads what can be read, even where it does not say that it is a store: for damaged files.
    pub(in crate::store) fn read_any<T>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&ReadTransaction) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.look(operation)?;
        let opened = self.until_free(operation, || self.open_to_read())?;
        self.finish(operation, opened, work)
    }

    /// Does the work and closes the file.
    fn finish<T>(
        &self,
        operation: &'static str,
        opened: Reading,
        work: impl FnOnce(&ReadTransaction) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let done = opened.work(work);
        done.map_err(|fault| self.told(operation, fault))
    }

    /// Writes under a lease what changes or removes something. What `work` did is kept as a whole,
    /// or not at all; it is asked a second time where the first one found no room. Works on a full
    /// disk, too: there it takes the room that is kept for it.
    pub(in crate::store) fn write<T>(
        &self,
        operation: &'static str,
        mut work: impl FnMut(&WriteTransaction) -> Result<Outcome<T>, Fault>,
    ) -> Result<T, StoreError> {
        self.refuse_network()?;
        if space::is_short(self.dir) {
            space::drop_ballast(self.dir);
        }
        let done = match self.commit(operation, &mut work) {
            // A quota does not show beforehand.
            Err(StoreError::NoSpace { .. }) if space::drop_ballast(self.dir) => {
                self.commit(operation, &mut work)
            }
            done => done,
        };
        space::keep_ballast(self.dir);
        done
    }

    /// Writes under a lease what adds something, making the store first where there is none. Begins
    /// only where there is room for it.
    pub(in crate::store) fn write_or_make<T>(
        &self,
        operation: &'static str,
        seed: &[u8],
        work: impl FnOnce(&WriteTransaction) -> Result<Outcome<T>, Fault>,
    ) -> Result<T, StoreError> {
        self.refuse_network()?;
        space::check(self.dir, operation, 0)?;
        match self.look(operation) {
            Err(StoreError::NoStore { .. }) => self.make(operation, seed)?,
            looked => looked?,
        }
        let done = self.commit(operation, work);
        space::keep_ballast(self.dir);
        done
    }

    /// Makes the store, unless somebody else is quicker.
    fn make(&self, operation: &'static str, seed: &[u8]) -> Result<(), StoreError> {
        schema::make_dir(self.dir)?;
        let _turn = self.until_free(operation, || replace::lock(self))?;
        match self.look(operation) {
            Err(StoreError::NoStore { .. }) => schema::make(self.dir, self.file, seed),
            looked => looked,
        }
    }

    fn commit<T>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&WriteTransaction) -> Result<Outcome<T>, Fault>,
    ) -> Result<T, StoreError> {
        // Opening for writing touches the file; so a store of a newer format is refused before.
        let schema = self.read(operation, schema::check)?;
        schema::mark(self.dir, &schema)?;
        let opened = self.until_free(operation, || disk::open(self.file, self.care))?;
        let done = attempt(|| {
            let mut txn = opened.db()?.begin_write()?;
            txn.set_quick_repair(true);
            let txn = ManuallyDrop::new(txn);
            let result = schema::check(&*txn).and_then(|_| work(&txn));
            let txn = ManuallyDrop::into_inner(txn);
            match result {
                Ok(Outcome::Commit(value)) => {
                    txn.commit()?;
                    Ok(value)
                }
                Ok(Outcome::Abort(value)) => {
                    txn.abort()?;
                    Ok(value)
                }
                Err(fault) => {
                    // After a failure of the disk this fails too, and says less.
                    let _ = txn.abort();
                    Err(fault)
                }
            }
        });
        self.closed(operation, opened, done)
    }

    /// Gives room back that the file keeps for itself, if the disk needs it. For after a removal.
    pub(in crate::store) fn give_back(&self) -> Result<(), StoreError> {
        if space::lacks_ballast(self.dir) {
            self.shrink("give room back")
        } else {
            Ok(())
        }
    }

    /// Moves everything to the beginning of the file, and gives the end of it back to the disk.
    /// Slower than to write it anew, and can be done where there is no room for that.
    pub(in crate::store) fn shrink(&self, operation: &'static str) -> Result<(), StoreError> {
        self.refuse_network()?;
        // What it is read for first is too late to refuse it: some has moved by then.
        self.require_healable(operation)?;
        let mut opened = self.until_free(operation, || disk::open(self.file, Care::Refuse))?;
        let mut pinned = false;
        let shrunk = attempt(|| {
            let shrunk = opened.db_mut()?.compact();
            pinned = matches!(
                shrunk,
                Err(redb::CompactionError::PersistentSavepointExists)
            );
            shrunk.map_err(|error| Fault::Database(error.into()))
        });
        let shrunk = self.closed(operation, opened, shrunk);
        space::keep_ballast(self.dir);
        match shrunk {
            // It stays as it is.
            Err(_) if pinned => Ok(()),
            shrunk => shrunk.map(drop),
        }
    }

    /// Closes the file after a piece of writing work.
    fn closed<T>(
        &self,
        operation: &'static str,
        mut opened: disk::Opened,
        done: Result<Result<T, Fault>, Fault>,
    ) -> Result<T, StoreError> {
        let at = |fault: Fault| self.told(operation, fault);
        let done = done.inspect_err(|_| opened.abandon()).map_err(at)?;
        let closed = guarded(move || {
            drop(opened);
            Ok(())
        });
        let value = done.map_err(at)?;
        closed.map_err(at)?;
        Ok(value)
    }

    /// Keeps everybody else out of the store's file, so that it can be looked through as bytes.
    pub(in crate::store) fn hold(&self, operation: &'static str) -> Result<disk::Hold, StoreError> {
        self.refuse_network()?;
        self.look(operation)?;
        hollow::refuse_hollow(operation, self.file)?;
        self.until_free(operation, || disk::Hold::take(self.file))
    }

    pub(in crate::store) fn refuse_network(&self) -> Result<(), StoreError> {
        if self.network {
            Ok(())
        } else {
            network::refuse(self.dir)
        }
    }

    /// The error for a caller. What was never a store is not called a damaged one.
    pub(in crate::store) fn told(&self, operation: &'static str, fault: Fault) -> StoreError {
        let foreign = match &fault {
            Fault::Foreign => true,
            other => other.is_of_a_file() && !begins_as_database(self.file),
        };
        match fault.at(operation, self.file) {
            StoreError::Damaged { cause, .. } if foreign && !schema::was_made(self.dir) => {
                StoreError::NotAStore {
                    file: self.file.to_owned(),
                    why: cause,
                }
            }
            // Whatever was met first in such a file, this is what it comes from.
            error if error.is_about_the_store() => {
                match hollow::refuse_hollow(operation, self.file) {
                    Err(hollow @ StoreError::Hollow { .. }) => hollow,
                    _ => error,
                }
            }
            error => error,
        }
    }

    /// Whether there is a store: a regular file with something in it, not a link to elsewhere.
    pub(in crate::store) fn look(&self, operation: &'static str) -> Result<(), StoreError> {
        let emptied = || StoreError::Emptied {
            file: self.file.to_owned(),
        };
        if let Err(error @ FileError::Refused { .. }) = files::check_dir(self.dir) {
            return Err(StoreError::io(operation, self.dir, error.into()));
        }
        match std::fs::symlink_metadata(self.file) {
            Ok(found) if found.is_symlink() => Err(StoreError::Refused {
                operation,
                refused: Refused {
                    path: self.file.to_owned(),
                    why: Why::Link,
                },
            }),
            Ok(found) if !found.is_file() => Err(StoreError::NotAStore {
                file: self.file.to_owned(),
                why: "it is not a regular file".to_owned(),
            }),
            Ok(found) if found.len() == 0 => Err(emptied()),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if schema::was_made(self.dir) {
                    Err(emptied())
                } else {
                    Err(StoreError::NoStore {
                        dir: self.dir.to_owned(),
                    })
                }
            }
            Err(error) => Err(StoreError::io(operation, self.file, error)),
        }
    }

    pub(in crate::store) fn open_to_read(&self) -> Result<Reading, Fault> {
        let open = || disk::open_to_read(self.file, self.care, true);
        let opened = match open() {
            Err(Fault::Database(redb::Error::RepairAborted)) => {
                drop(disk::open(self.file, self.care)?);
                open()
            }
            opened => opened,
        }?;
        Reading::new(opened)
    }

    /// Tries until the file is free, or the deadline has come.
    pub(in crate::store) fn until_free<T>(
        &self,
        operation: &'static str,
        open: impl Fn() -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let start = Instant::now();
        loop {
            match guarded(&open) {
                Err(Fault::Database(redb::Error::DatabaseAlreadyOpen)) => {
                    let waited = start.elapsed();
                    let Some(left) = self.wait.checked_sub(waited).filter(|d| !d.is_zero()) else {
                        return Err(StoreError::Busy {
                            operation,
                            file: self.file.to_owned(),
                            by: holder(self.file),
                            waited,
                        });
                    };
                    rest(pause(waited).min(left));
                }
                opened => return opened.map_err(|fault| self.told(operation, fault)),
            }
        }
    }
}

/// Whether a file begins as every file of the database does. One that cannot be read may do so.
fn begins_as_database(file: &Path) -> bool {
    let mut beginning = [0; 4];
    let read = files::open(file).map(|mut file| file.read_exact(&mut beginning));
    !matches!(read, Ok(Ok(()))) || beginning == *b"redb"
}

/// The pause before the next try. It shrinks with the time that was waited: so those who wait
/// longest are likeliest to be next, and nobody waits for seconds behind others who come and go.
/// (With eight processes that write without end the longest wait is 0.6 s; pauses that grow make it
/// 5 s.) A try costs microseconds.
fn pause(waited: Duration) -> Duration {
    Duration::from_micros(match waited.as_millis() {
        0..50 => 1000,
        50..150 => 500,
        _ => 200,
    })
}

/// Lets time pass. No notice comes when another process closes the file.
fn rest(pause: Duration) {
    let never = (Mutex::new(()), Condvar::new());
    if let Ok(guard) = never.0.lock() {
        let _ = never.1.wait_timeout(guard, pause);
    }
}

/// A file that is open for reading, and what is read in it.
#[derive(Debug)]
pub(in crate::store) struct Reading {
    txn: Option<ReadTransaction>,
    opened: disk::Opened,
}

impl Reading {
    /// Begins to read.
    pub(in crate::store) fn new(opened: disk::Opened) -> Result<Self, Fault> {
        let txn = Some(opened.db()?.begin_read()?);
        Ok(Self { txn, opened })
    }

    /// Looks at it.
    pub(in crate::store) fn look<T>(
        &mut self,
        work: impl FnOnce(&ReadTransaction) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let txn = self.txn.as_ref();
        let txn = txn.ok_or_else(|| Fault::Database(redb::Error::DatabaseClosed))?;
        let done = attempt(|| work(txn));
        done.inspect_err(|_| {
            std::mem::forget(self.txn.take());
            self.opened.abandon();
        })?
    }

    /// Does the work and closes the file.
    pub(in crate::store) fn work<T>(
        mut self,
        work: impl FnOnce(&ReadTransaction) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let done = self.look(work);
        let closed = guarded(move || {
            drop(self);
            Ok(())
        });
        let value = done?;
        closed?;
        Ok(value)
    }
}

/// Runs what may panic on a damaged file. The outer error is that of a panic: whatever was used is
/// in no order then.
pub(in crate::store) fn attempt<T>(work: impl FnOnce() -> T) -> Result<T, Fault> {
    let outer = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(outer);
    result.map_err(|panic| {
        let said = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned());
        Fault::damaged_object(
            "the store's file",
            said.unwrap_or_else(|| "it contradicts itself".to_owned()),
        )
    })
}

/// Runs what may panic on a damaged file.
pub(in crate::store) fn guarded<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    attempt(work)?
}
