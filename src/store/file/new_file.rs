//! A file of the database that is not the store's yet: it is built under another name, in
//! transactions of bounded size.

use std::io;
use std::path::Path;

use redb::{Database, ReadTransaction, ReadableDatabase, WriteTransaction};

use crate::files;
use crate::store::file::disk;
use crate::store::file::lease;
use crate::store::record::failure;
use crate::store::record::fault::Fault;

/// How much is written in one transaction: what is written waits in memory.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Batch {
    /// Items, at the most.
    pub(in crate::store) items: usize,
    /// Bytes after which it ends.
    pub(in crate::store) bytes: u64,
}

/// What a new file is filled with, item by item.
pub(in crate::store) trait Fill {
    /// One of them.
    type Item;

    /// Writes one; gives back how many bytes that were.
    fn put(&mut self, txn: &WriteTransaction, item: Self::Item) -> Result<u64, Fault>;

    /// Ends a transaction with what is to be noted of it.
    fn end(&mut self, _txn: &WriteTransaction) -> Result<(), Fault> {
        Ok(())
    }

    /// It is on the disk.
    fn written(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

/// A file while it is built.
#[derive(Debug)]
pub(in crate::store) struct NewFile(Database);

impl NewFile {
    /// Begins one.
    pub(in crate::store) fn begin(path: &Path) -> Result<Self, Fault> {
        disk::database(files::create_new(path)?).map(Self)
    }

    /// One that was left, to go on with it.
    pub(in crate::store) fn left(path: &Path) -> Result<Option<Self>, Fault> {
        let file = match files::open_to_write(path) {
            Err(error) if error.is_not_found() => return Ok(None),
            opened => opened?,
        };
        lease::guarded(|| disk::database(file).map(|db| Some(Self(db))))
    }

    /// Reads what it holds.
    pub(in crate::store) fn read(&self) -> Result<ReadTransaction, Fault> {
        Ok(self.0.begin_read()?)
    }

    /// Writes in one transaction.
    pub(in crate::store) fn write<T>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut txn = self.0.begin_write()?;
        txn.set_quick_repair(true);
        let done = work(&txn)?;
        txn.commit()?;
        Ok(done)
    }

    /// Writes items in as many transactions as it takes.
    pub(in crate::store) fn fill<F: Fill>(
        &self,
        items: impl IntoIterator<Item = F::Item>,
        most: Batch,
        with: &mut F,
    ) -> Result<(), Fault> {
        let mut left = items.into_iter().peekable();
        while left.peek().is_some() {
            self.write(|txn| {
                let mut bytes = 0;
                for item in left.by_ref().take(most.items) {
                    bytes += with.put(txn, item)?;
                    if bytes >= most.bytes {
                        break;
                    }
                }
                with.end(txn)
            })?;
            with.written()?;
        }
        Ok(())
    }

    /// Ends it. Closing writes as well, and cannot tell of what fails then.
    pub(in crate::store) fn close(self) -> Result<(), Fault> {
        drop(self.0);
        let failed: Option<io::Error> = failure::first_failure();
        failed.map_or(Ok(()), |error| Err(Fault::Database(error.into())))
    }
}
