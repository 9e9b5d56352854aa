//! Giving back to the disk what the file does not need.
//!
//! Pages that become free are used again, and never given back; and where records were removed here
//! and there, the pages that remain are half empty. So everything is copied into a new file, in
//! order. That is several times faster than moving pages within the file, fills them as well, and
//! can be killed at any moment.

use std::cell::RefCell;

use redb::{ReadTransaction, ReadableTable, ReadableTableMetadata, TableHandle, WriteTransaction};

use crate::model::words::count;
use crate::store::Store;
use crate::store::file::lease::Outcome;
use crate::store::file::new_file::NewFile;
use crate::store::file::parity;
use crate::store::file::replace::Turn;
use crate::store::file::space;
use crate::store::query::stats::allocated;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::frame;
use crate::store::record::progress::{Progress, Steps};
use crate::store::record::tables::{Index, Stream, View};

const OPERATION: &str = "compact the store";

/// What the store takes on the disk, and what it needs. In bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Slack {
    /// What it takes: allocated blocks, since the file is sparse.
    pub allocated: u64,
    /// What its records and the tables around them need, in full pages.
    pub needed: u64,
}

impl Slack {
    /// What a compaction would give back, about.
    #[must_use]
    pub fn free(&self) -> u64 {
        self.allocated.saturating_sub(self.needed)
    }

    /// Whether a compaction pays, by itself: when a fifth of the file is of no use, so that it is
    /// never much larger than a fourth more than it needs to be; below that all of it would be
    /// written anew for little. In a small file nothing is won.
    #[must_use]
    pub fn is_worth_it(&self) -> bool {
        self.free() >= WORTH_IT && self.free() >= self.allocated / 5
    }

    /// Whether a compaction is over before anybody who wants to write minds.
    #[must_use]
    pub fn is_quick(&self) -> bool {
        self.needed <= QUICK
    }
}

/// As much as the ballast: what is less does not matter to whoever has that.
const WORTH_IT: u64 = 8 * 1024 * 1024;
/// Copying and reading back takes 5 to 15 ms a megabyte, on a busy machine 25. Whoever wants to
/// record waits about a second, and gives up after five.
const QUICK: u64 = 64 * 1024 * 1024;

/// What a compaction did. In bytes on the disk (allocated blocks).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compacted {
    /// What the store took before.
    pub before: u64,
    /// What it takes now.
    pub after: u64,
}

impl Compacted {
    /// What was given back.
    #[must_use]
    pub fn freed(&self) -> u64 {
        self.before.saturating_sub(self.after)
    }
}

impl Store {
    /// What the store takes on the disk, and what it needs. Looks at every page.
    pub fn slack(&self) -> Result<Slack, StoreError> {
        const OPERATION: &str = "measure the store";
        let mut needed = 0;
        // A lease for each table, so that writers get between.
        for stream in Stream::ALL {
            needed += self
                .place()
                .read(OPERATION, |txn| of(&txn.stream(stream)?))?;
        }
        for index in Index::ALL {
            needed += self.place().read(OPERATION, |txn| of(&txn.index(index)?))?;
        }
        Ok(Slack {
            allocated: allocated(self.file())?,
            needed,
        })
    }

    /// Writes the store anew without gaps, and gives back to the disk what it does not need.
    /// Readers go on meanwhile; writers wait, for about ten milliseconds a megabyte. Needs room for
    /// the new file beside the old one. What is damaged is healed on the way, from the parity file;
    /// where that cannot be done, or a record is damaged, the store is left as it is, because what
    /// it has lost may still be found in the old file: [`StoreError::Damaged`].
    ///
    /// [`StoreError::Busy`] when others used the store all the time that is waited;
    /// [`StoreError::NoSpace`] where there is no room for the new file.
    pub fn compact(&self) -> Result<Compacted, StoreError> {
        self.compact_with(&mut |_| {})
    }

    /// The same; tells how many entries are written or read back.
    pub fn compact_with(&self, tell: &mut dyn FnMut(Progress)) -> Result<Compacted, StoreError> {
        let place = self.place();
        place.refuse_network()?;
        // An older store is migrated, which takes a turn of its own.
        place.read(OPERATION, |_| Ok(()))?;
        let turn = Turn::take(place, OPERATION)?;
        let slack = self.slack()?;
        space::check(self.dir(), OPERATION, slack.needed)?;
        let entries = place.read(OPERATION, entries)?;
        // They are written, then read back.
        let steps = RefCell::new(Steps::new(entries.saturating_mul(2), tell));
        let step = || steps.borrow_mut().add(1);
        let copy = |old: &ReadTransaction, new: &NewFile| new.write(|txn| copy(old, txn, &step));
        turn.replace(copy, |new, sums| {
            if *sums == sums_of(new, &step)? {
                Ok(Outcome::Commit(()))
            } else {
                Err(Fault::damaged_object(
                    "the new file",
                    "it is not what was written",
                ))
            }
        })?;
        self.protect();
        Ok(Compacted {
            before: slack.allocated,
            after: allocated(self.file())?,
        })
    }

    /// Completes the parity file. The store works without it.
    pub(in crate::store) fn protect(&self) {
        if let Err(error) = parity::keep(&self.place()) {
            tracing::debug!("{error}");
        }
    }

    /// Compacts where it pays and is quick, tidies away what a killed compaction left, and
    /// completes the parity file. For whoever has nothing better to do, once in a while.
    pub fn tidy(&self) -> Result<Option<Compacted>, StoreError> {
        drop(Turn::take(self.place(), OPERATION)?);
        let slack = self.slack()?;
        if slack.is_worth_it() && slack.is_quick() {
            self.compact().map(Some)
        } else {
            self.protect();
            Ok(None)
        }
    }
}

/// Bytes that the entries of a table need, with the pages that lead to them.
pub(in crate::store) fn of(table: &impl ReadableTableMetadata) -> Result<u64, Fault> {
    let stats = table.stats()?;
    Ok(stats.stored_bytes().saturating_add(stats.metadata_bytes()))
}

/// Entries of a table, and a hash over all of them.
#[derive(Debug, PartialEq, Eq)]
struct Sum {
    entries: u64,
    hash: blake3::Hash,
}

/// Entries of all tables.
fn entries(view: &ReadTransaction) -> Result<u64, Fault> {
    let mut entries: u64 = 0;
    for stream in Stream::ALL {
        entries = entries.saturating_add(view.count(stream)?);
    }
    for index in Index::ALL {
        entries = entries.saturating_add(view.index(index)?.len()?);
    }
    Ok(entries)
}

/// Copies all tables. Each has to hold as many entries as it says.
fn copy(old: &ReadTransaction, new: &WriteTransaction, step: &dyn Fn()) -> Result<Vec<Sum>, Fault> {
    let known = Stream::ALL.len() + Index::ALL.len();
    let there: Vec<String> = old
        .list_tables()?
        .map(|table| table.name().to_owned())
        .collect();
    if there.len() > known {
        let cause = "it holds tables that this version of muxtape does not know";
        return Err(Fault::damaged_object("the store", cause));
    }
    let mut sums = Vec::new();
    for stream in Stream::ALL {
        let mut to = new.open_table(stream.table())?;
        sums.push(walk_stream(old, stream, |key, value| {
            // A copy of what is not a whole record would look as good as any other.
            let whole = frame::find(value).is_ok_and(|it| it.len == value.len() && it.key == key);
            if !whole {
                let object = format!("record {key} of the table {}", stream.table().name());
                return Err(Fault::damaged_object(object, "it is not what was written"));
            }
            to.insert(key, value)?;
            step();
            Ok(())
        })?);
    }
    for index in Index::ALL {
        let mut to = new.open_table(index.table())?;
        sums.push(walk_index(old, index, |key, value| {
            to.insert(key, value)?;
            step();
            Ok(())
        })?);
    }
    Ok(sums)
}

fn sums_of(view: &impl View, step: &dyn Fn()) -> Result<Vec<Sum>, Fault> {
    let done = || {
        step();
        Ok(())
    };
    let mut sums = Vec::new();
    for stream in Stream::ALL {
        sums.push(walk_stream(view, stream, |_, _| done())?);
    }
    for index in Index::ALL {
        sums.push(walk_index(view, index, |_, _| done())?);
    }
    Ok(sums)
}

fn walk_stream(
    view: &impl View,
    stream: Stream,
    mut visit: impl FnMut(u64, &[u8]) -> Result<(), Fault>,
) -> Result<Sum, Fault> {
    let table = view.stream(stream)?;
    let mut sum = Summing::default();
    for entry in table.iter()? {
        let (key, value) = entry?;
        sum.add(&key.value().to_le_bytes(), value.value());
        visit(key.value(), value.value())?;
    }
    sum.end(table.len()?)
}

fn walk_index(
    view: &impl View,
    index: Index,
    mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), Fault>,
) -> Result<Sum, Fault> {
    let table = view.index(index)?;
    let mut sum = Summing::default();
    for entry in table.iter()? {
        let (key, value) = entry?;
        sum.add(key.value(), value.value());
        visit(key.value(), value.value())?;
    }
    sum.end(table.len()?)
}

#[derive(Default)]
struct Summing {
    entries: u64,
    hasher: blake3::Hasher,
}

impl Summing {
    fn add(&mut self, key: &[u8], value: &[u8]) {
        self.entries += 1;
        for part in [key, value] {
            self.hasher.update(&(part.len() as u64).to_le_bytes());
            self.hasher.update(part);
        }
    }

    /// The sum, if it is that of a whole table: a damaged page can make a walk skip a part.
    fn end(self, entries: u64) -> Result<Sum, Fault> {
        if self.entries != entries {
            let cause = format!(
                "it says that it has {}, and has {}",
                count(entries, "entry"),
                self.entries
            );
            return Err(Fault::damaged_object("a table", cause));
        }
        Ok(Sum {
            entries,
            hash: self.hasher.finalize(),
        })
    }
}
