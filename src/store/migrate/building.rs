//! The file that the new store is built in, beside the old one.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use redb::{Database, ReadableDatabase};

use super::old::{Lost, Source, note};
use super::progress::Progress;
use super::{Carried, Point, Watch, carry, check};
use crate::files;
use crate::store::counters::Counters;
use crate::store::fault::Fault;
use crate::store::schema::{self, Schema};
use crate::store::tables::{Change, Stream, View};
use crate::store::{disk, lives};

/// What the new file is called until it is complete.
const NAME: &str = "muxtape.redb.migrating";
/// Snapshots that are carried over in one transaction, at the most.
const BATCH: usize = 64;
/// Bytes of texts after which a transaction ends: they wait in memory.
const BATCH_BYTES: u64 = 16 * 1024 * 1024;
/// The database's header: it names the roots of all tables with their checksums, so that it is another one
/// after every commit.
const HEADER: u64 = 512;

/// Where it is.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join(NAME)
}

/// The state of a file of the database.
pub(super) fn state(file: &Path) -> io::Result<[u8; 32]> {
    let mut header = Vec::new();
    files::open(file)?.take(HEADER).read_to_end(&mut header)?;
    Ok(blake3::derive_key("muxtape.migration/1", &header))
}

/// The file while it is built.
pub(super) struct Building {
    db: Database,
    progress: Progress,
}

impl Building {
    /// Goes on with what a killed migration left, if it was of the same state of the old file; else begins.
    pub(super) fn open(path: &Path, of: [u8; 32], watch: Watch<'_>) -> Result<Self, Fault> {
        match Self::go_on(path, of) {
            Ok(Some(building)) => return Ok(building),
            Ok(None) => {}
            Err(fault) if fault.is_damage() => {}
            Err(fault) => return Err(fault),
        }
        files::remove(path)?;
        watch(Point::Cleaned)?;
        let db = disk::database(files::create_new(path)?)?;
        watch(Point::Made)?;
        let progress = Progress::new(schema::SUPPORTED, of);
        let building = Self { db, progress };
        building.commit(|txn, progress| {
            txn.make_tables()?;
            progress.write(txn)
        })?;
        watch(Point::Begun)?;
        Ok(building)
    }

    fn go_on(path: &Path, of: [u8; 32]) -> Result<Option<Self>, Fault> {
        let file = match files::open_to_write(path) {
            Err(error) if error.is_not_found() => return Ok(None),
            opened => opened?,
        };
        let db = crate::store::lease::guarded(|| disk::database(file))?;
        let Some(progress) = Progress::read(&db).map_err(Fault::or_foreign)? else {
            return Ok(None);
        };
        let fits = progress.format == schema::SUPPORTED && progress.of == of;
        Ok(fits.then_some(Self { db, progress }))
    }

    fn commit<T>(
        &self,
        work: impl FnOnce(&redb::WriteTransaction, &Progress) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut txn = self.db.begin_write()?;
        txn.set_quick_repair(true);
        let done = work(&txn, &self.progress)?;
        txn.commit()?;
        Ok(done)
    }

    /// Carries over all that is left.
    pub(super) fn fill(&mut self, source: &Source<'_>, watch: Watch<'_>) -> Result<(), Fault> {
        let mut next = self.progress.clone();
        let seqs = source.seqs(next.next, &mut next.lost)?;
        let mut left = seqs.into_iter().peekable();
        while left.peek().is_some() {
            self.commit(|txn, _| {
                let mut counters = Counters::read(txn)?;
                let mut bytes = 0;
                for seq in left.by_ref().take(BATCH) {
                    next.next = seq.saturating_add(1);
                    match source.snapshot(seq)? {
                        Ok(Some(old)) => {
                            let kind = match old.since {
                                None => &mut next.snapshots,
                                Some(_) => &mut next.trash,
                            };
                            *kind += 1;
                            bytes += carry::carry(txn, &mut counters, source, old, &mut next.lost)?;
                        }
                        Ok(None) => {}
                        Err(damage) => note(&mut next.lost, damage),
                    }
                    if bytes >= BATCH_BYTES {
                        break;
                    }
                }
                counters.write(txn)?;
                next.write(txn)
            })?;
            self.progress = next.clone();
            watch(Point::Batch)?;
        }
        Ok(())
    }

    /// Holds what was carried over against the old store, and makes a store of it.
    pub(super) fn finish(
        mut self,
        source: &Source<'_>,
        old: &Schema,
        watch: Watch<'_>,
    ) -> Result<(Carried, Vec<Lost>), Fault> {
        check::check(&self.db.begin_read()?, source, &self.progress)?;
        watch(Point::Checked)?;
        let mut lost = std::mem::take(&mut self.progress.lost);
        let carried = self.commit(|txn, progress| {
            let lives = source.lives(&mut lost)?;
            for life in &lives {
                lives::note(txn, life)?;
            }
            let numbers = source.numbers()?;
            let mut counters = Counters::read(txn)?;
            counters.seq = counters.seq.max(numbers.seq);
            counters.newest = counters.newest.max(numbers.newest);
            counters.write(txn)?;
            schema::write(txn, &schema::current(old.store))?;
            Progress::remove(txn)?;
            Ok(Carried {
                snapshots: progress.snapshots,
                trash: progress.trash,
                texts: txn.count(Stream::Versions)?,
                lives: lives.len() as u64,
            })
        })?;
        // Closing writes as well, and cannot tell of what fails then.
        drop(self.db);
        if let Some(error) = disk::first_failure() {
            return Err(io_fault(error));
        }
        watch(Point::Finished)?;
        Ok((carried, lost))
    }
}

pub(super) fn io_fault(error: io::Error) -> Fault {
    Fault::Database(error.into())
}
