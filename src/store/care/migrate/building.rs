//! The file that the new store is built in, beside the old one.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use redb::WriteTransaction;

use super::old::{Lost, Source, note};
use super::progress::Progress;
use super::{Carried, Point, Watch, carry, check};
use crate::files;
use crate::store::file::new_file::{Batch, Fill, NewFile};
use crate::store::file::schema::{self, Schema};
use crate::store::record::counters::Counters;
use crate::store::record::fault::Fault;
use crate::store::record::tables::{Change, Stream, View};
use crate::store::snapshot::{chain, lives};

/// What the new file is called until it is complete.
const NAME: &str = "muxtape.redb.migrating";
/// What is carried over in one transaction: snapshots, and bytes of their texts.
const BATCH: Batch = Batch {
    items: 64,
    bytes: 16 << 20,
};
/// The database's header: it names the roots of all tables with their checksums, so that it is
/// another one after every commit.
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
    new: NewFile,
    progress: Progress,
}

impl Building {
    /// Goes on with what a killed migration left, if it was of the same state of the old file; else
    /// begins.
    pub(super) fn open(path: &Path, of: [u8; 32], watch: Watch<'_>) -> Result<Self, Fault> {
        match Self::go_on(path, of) {
            Ok(Some(building)) => return Ok(building),
            Ok(None) => {}
            Err(fault) if fault.is_damage() => {}
            Err(fault) => return Err(fault),
        }
        files::remove(path)?;
        watch(Point::Cleaned)?;
        let new = NewFile::begin(path)?;
        watch(Point::Made)?;
        let progress = Progress::new(schema::SUPPORTED, of);
        new.write(|txn| {
            txn.make_tables()?;
            progress.write(txn)
        })?;
        watch(Point::Begun)?;
        Ok(Self { new, progress })
    }

    fn go_on(path: &Path, of: [u8; 32]) -> Result<Option<Self>, Fault> {
        let Some(new) = NewFile::left(path)? else {
            return Ok(None);
        };
        let progress = Progress::read(&new.read()?).map_err(Fault::or_foreign)?;
        let fits = |own: &Progress| own.format == schema::SUPPORTED && own.of == of;
        let progress = progress.filter(fits);
        Ok(progress.map(|progress| Self { new, progress }))
    }

    /// Carries over all that is left.
    pub(super) fn fill(&mut self, source: &Source<'_>, watch: Watch<'_>) -> Result<(), Fault> {
        let progress = &mut self.progress;
        let seqs = source.seqs(progress.next, &mut progress.lost)?;
        let mut migration = Migration {
            source,
            counters: Counters::read(&self.new.read()?)?,
            progress,
            watch,
        };
        self.new.fill(seqs, BATCH, &mut migration)
    }

    /// Holds what was carried over against the old store, and makes a store of it.
    pub(super) fn finish(
        mut self,
        source: &Source<'_>,
        old: &Schema,
        watch: Watch<'_>,
    ) -> Result<(Carried, Vec<Lost>), Fault> {
        check::check(&self.new.read()?, source, &self.progress)?;
        watch(Point::Checked)?;
        let mut lost = std::mem::take(&mut self.progress.lost);
        let progress = &self.progress;
        let carried = self.new.write(|txn| {
            let lives = source.lives(&mut lost)?;
            for life in &lives {
                lives::note(txn, life)?;
            }
            let numbers = source.numbers()?;
            let mut counters = Counters::read(txn)?;
            counters.seq = counters.seq.max(numbers.seq);
            counters.newest = counters.newest.max(numbers.newest);
            counters.write(txn)?;
            for (name, record) in source.own()? {
                txn.put_own(name, &record)?;
            }
            schema::write(txn, &schema::current(old.store))?;
            Progress::remove(txn)?;
            Ok(Carried {
                snapshots: progress.snapshots,
                trash: progress.trash,
                texts: txn.count(Stream::Versions)?,
                lives: lives.len() as u64,
            })
        })?;
        self.new.close()?;
        watch(Point::Finished)?;
        Ok((carried, lost))
    }
}

/// A migration in the middle of its work.
struct Migration<'a, 't> {
    source: &'a Source<'t>,
    counters: Counters,
    progress: &'a mut Progress,
    watch: Watch<'a>,
}

impl Fill for Migration<'_, '_> {
    type Item = u64;

    fn put(&mut self, txn: &WriteTransaction, seq: u64) -> Result<u64, Fault> {
        let next = &mut *self.progress;
        next.next = seq.saturating_add(1);
        let old = match self.source.snapshot(seq)? {
            Ok(Some(old)) => old,
            Ok(None) => {
                if let Some(was) = self.source.removed(seq)? {
                    chain::pass(txn, &mut self.counters, seq, was)?;
                }
                return Ok(0);
            }
            Err(damage) => {
                note(&mut next.lost, damage);
                return Ok(0);
            }
        };
        match old.since {
            None => next.snapshots += 1,
            Some(_) => next.trash += 1,
        }
        carry::carry(txn, &mut self.counters, self.source, old, &mut next.lost)
    }

    fn end(&mut self, txn: &WriteTransaction) -> Result<(), Fault> {
        self.counters.write(txn)?;
        self.progress.write(txn)
    }

    fn written(&mut self) -> Result<(), Fault> {
        (self.watch)(Point::Batch)
    }
}

pub(super) fn io_fault(error: io::Error) -> Fault {
    Fault::Database(error.into())
}
