//! The tables, and the few ways in which they are read and written.
//!
//! Every table maps numbers or bytes to bytes. *Streams* hold framed records under growing numbers;
//! *indexes* hold the number of a record under what it is looked for by. An index is a short cut
//! and never the truth: what it points to is checked against what was looked for.

use std::ops::{ControlFlow, RangeInclusive};

use redb::{
    ReadTransaction, ReadableTable, ReadableTableMetadata, TableDefinition, WriteTransaction,
};

use crate::store::record::fault::Fault;

pub(in crate::store) type StreamTable = TableDefinition<'static, u64, &'static [u8]>;
pub(in crate::store) type IndexTable = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// Tables of records under growing numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::store) enum Stream {
    /// What is told about each snapshot, by sequence number: the order of time.
    Timeline,
    /// The same, for snapshots in the trash.
    Trash,
    /// The tree of each snapshot, by sequence number.
    States,
    /// Servers and hosts that snapshots come from.
    Origins,
    /// Lives, by [`crate::model::LifeId`].
    Lives,
    /// Texts as lists of pieces of literals.
    Versions,
    /// Immutable bytes, cut into fragments.
    Literals,
    /// Which sessions snapshots show.
    Rosters,
    /// Links of the chain that were written down, by sequence number.
    Links,
    /// The places in the chain of snapshots that were removed for good, by sequence number.
    Removed,
    /// What cannot be in literals, by their numbers.
    Filters,
}

impl Stream {
    pub(in crate::store) const ALL: [Stream; 11] = [
        Stream::Timeline,
        Stream::Trash,
        Stream::States,
        Stream::Origins,
        Stream::Lives,
        Stream::Versions,
        Stream::Literals,
        Stream::Rosters,
        Stream::Links,
        Stream::Removed,
        Stream::Filters,
    ];

    pub(in crate::store) fn table(self) -> StreamTable {
        TableDefinition::new(match self {
            Stream::Timeline => "timeline",
            Stream::Trash => "trash",
            Stream::States => "states",
            Stream::Origins => "origins",
            Stream::Lives => "lives",
            Stream::Versions => "versions",
            Stream::Literals => "literals",
            Stream::Rosters => "rosters",
            Stream::Links => "links",
            Stream::Removed => "removed",
            Stream::Filters => "filters",
        })
    }
}

/// Tables that lead from bytes to a record's number, and the table of the store's own records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Index {
    /// The store's own records, by name.
    Meta,
    /// Snapshot ids.
    Ids,
    /// Digests of texts.
    Digests,
    /// Names of snapshots, each followed by a zero byte and the sequence number.
    Names,
}

impl Index {
    pub(in crate::store) const ALL: [Index; 4] =
        [Index::Meta, Index::Ids, Index::Digests, Index::Names];

    pub(in crate::store) fn table(self) -> IndexTable {
        TableDefinition::new(match self {
            Index::Meta => "meta",
            Index::Ids => "ids",
            Index::Digests => "digests",
            Index::Names => "names",
        })
    }
}

/// What a walk over a table calls for each entry; `Break` ends the walk.
pub(in crate::store) type Visit<'a> =
    &'a mut dyn FnMut(u64, &[u8]) -> Result<ControlFlow<()>, Fault>;

/// What a walk over an index calls for each key and number.
pub(in crate::store) type VisitIndex<'a> =
    &'a mut dyn FnMut(&[u8], u64) -> Result<ControlFlow<()>, Fault>;

/// Whether a walk goes on.
pub(in crate::store) fn go_on(more: bool) -> ControlFlow<()> {
    if more {
        ControlFlow::Continue(())
    } else {
        ControlFlow::Break(())
    }
}

/// Reading, alike in read and write transactions.
pub(in crate::store) trait View {
    /// An open table of a stream.
    fn stream(&self, stream: Stream) -> Result<impl ReadableTable<u64, &'static [u8]> + '_, Fault>;

    /// An open table of an index.
    fn index(
        &self,
        index: Index,
    ) -> Result<impl ReadableTable<&'static [u8], &'static [u8]> + '_, Fault>;

    /// A record.
    fn get(&self, stream: Stream, key: u64) -> Result<Option<Vec<u8>>, Fault> {
        let table = self.stream(stream)?;
        let found = table.get(key)?;
        Ok(found.map(|value| value.value().to_vec()))
    }

    /// The keys of a stream in a range, the first `most` of them.
    fn keys(
        &self,
        stream: Stream,
        range: RangeInclusive<u64>,
        most: usize,
    ) -> Result<Vec<u64>, Fault> {
        let mut keys = Vec::new();
        self.walk(stream, range, &mut |key, _| {
            keys.push(key);
            Ok(go_on(keys.len() < most))
        })?;
        Ok(keys)
    }

    /// One of the store's own records.
    fn own(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        let table = self.index(Index::Meta)?;
        let found = table.get(name.as_bytes())?;
        Ok(found.map(|value| value.value().to_vec()))
    }

    /// The number that an index holds.
    fn point(&self, index: Index, key: &[u8]) -> Result<Option<u64>, Fault> {
        let table = self.index(index)?;
        let found = table.get(key)?;
        found.map_or(Ok(None), |value| number(value.value()).map(Some))
    }

    /// The greatest key of a stream.
    fn last(&self, stream: Stream) -> Result<Option<u64>, Fault> {
        let table = self.stream(stream)?;
        let last = table.last()?;
        Ok(last.map(|(key, _)| key.value()))
    }

    /// Number of entries of a stream.
    fn count(&self, stream: Stream) -> Result<u64, Fault> {
        Ok(self.stream(stream)?.len()?)
    }

    /// Bytes of all keys and values.
    fn stored_bytes(&self) -> Result<u64, Fault> {
        let mut bytes = 0;
        for stream in Stream::ALL {
            bytes += self.stream(stream)?.stats()?.stored_bytes();
        }
        for index in Index::ALL {
            bytes += self.index(index)?.stats()?.stored_bytes();
        }
        Ok(bytes)
    }

    /// Walks over the records of a stream with keys in `range`, in their order. Ends at the first
    /// error: an iterator that has failed once never recovers.
    fn walk(
        &self,
        stream: Stream,
        range: RangeInclusive<u64>,
        visit: Visit<'_>,
    ) -> Result<(), Fault> {
        let table = self.stream(stream)?;
        let mut last = None;
        for entry in table.range(range)? {
            let (key, value) = entry?;
            in_order(
                last.replace(key.value())
                    .is_none_or(|last| last < key.value()),
            )?;
            if visit(key.value(), value.value())?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// As [`View::walk`], from the greatest key down.
    fn walk_back(
        &self,
        stream: Stream,
        range: RangeInclusive<u64>,
        visit: Visit<'_>,
    ) -> Result<(), Fault> {
        let table = self.stream(stream)?;
        let mut last = None;
        for entry in table.range(range)?.rev() {
            let (key, value) = entry?;
            in_order(
                last.replace(key.value())
                    .is_none_or(|last| last > key.value()),
            )?;
            if visit(key.value(), value.value())?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Walks over the numbers of an index whose keys lie in `range`.
    fn walk_index(
        &self,
        index: Index,
        range: RangeInclusive<&[u8]>,
        visit: VisitIndex<'_>,
    ) -> Result<(), Fault> {
        let table = self.index(index)?;
        let mut last: Option<Vec<u8>> = None;
        for entry in table.range::<&[u8]>(range)? {
            let (key, value) = entry?;
            let before = last.replace(key.value().to_vec());
            in_order(before.is_none_or(|last| &last[..] < key.value()))?;
            if visit(key.value(), number(value.value())?)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// As [`View::walk_index`], from the greatest key down.
    fn walk_index_back(
        &self,
        index: Index,
        range: RangeInclusive<&[u8]>,
        visit: VisitIndex<'_>,
    ) -> Result<(), Fault> {
        let table = self.index(index)?;
        let mut last: Option<Vec<u8>> = None;
        for entry in table.range::<&[u8]>(range)?.rev() {
            let (key, value) = entry?;
            let before = last.replace(key.value().to_vec());
            in_order(before.is_none_or(|last| &last[..] > key.value()))?;
            if visit(key.value(), number(value.value())?)?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// A damaged page can lead back to where a walk was before, which would then never end.
fn in_order(ascends: bool) -> Result<(), Fault> {
    if ascends {
        Ok(())
    } else {
        let cause = "its entries are not in order";
        Err(Fault::damaged_object("a table", cause))
    }
}

/// The number in an entry of an index: little endian, without the zeros at its end.
pub(in crate::store) fn number(bytes: &[u8]) -> Result<u64, Fault> {
    let mut whole = [0; 8];
    let places = whole.get_mut(..bytes.len());
    let places =
        places.ok_or_else(|| Fault::damaged_object("an index", "an entry is no number"))?;
    places.copy_from_slice(bytes);
    Ok(u64::from_le_bytes(whole))
}

impl View for ReadTransaction {
    fn stream(&self, stream: Stream) -> Result<impl ReadableTable<u64, &'static [u8]> + '_, Fault> {
        Ok(self.open_table(stream.table())?)
    }

    fn index(
        &self,
        index: Index,
    ) -> Result<impl ReadableTable<&'static [u8], &'static [u8]> + '_, Fault> {
        Ok(self.open_table(index.table())?)
    }
}

impl View for WriteTransaction {
    fn stream(&self, stream: Stream) -> Result<impl ReadableTable<u64, &'static [u8]> + '_, Fault> {
        Ok(self.open_table(stream.table())?)
    }

    fn index(
        &self,
        index: Index,
    ) -> Result<impl ReadableTable<&'static [u8], &'static [u8]> + '_, Fault> {
        Ok(self.open_table(index.table())?)
    }
}

/// Writing.
pub(in crate::store) trait Change: View {
    /// Puts a record in, in place of what was there.
    fn put(&self, stream: Stream, key: u64, record: &[u8]) -> Result<(), Fault>;
    /// Puts several records in.
    fn put_all<'a>(
        &self,
        stream: Stream,
        records: impl Iterator<Item = (u64, &'a [u8])>,
    ) -> Result<(), Fault>;
    /// Takes records out.
    fn remove(&self, stream: Stream, keys: impl Iterator<Item = u64>) -> Result<(), Fault>;
    /// Puts one of the store's own records in.
    fn put_own(&self, name: &str, record: &[u8]) -> Result<(), Fault>;
    /// Points an index at a record.
    fn set_point(&self, index: Index, key: &[u8], to: u64) -> Result<(), Fault>;
    /// Takes an entry out of an index.
    fn unset_point(&self, index: Index, key: &[u8]) -> Result<(), Fault>;
    /// Makes all tables.
    fn make_tables(&self) -> Result<(), Fault>;
}

impl Change for WriteTransaction {
    fn put(&self, stream: Stream, key: u64, record: &[u8]) -> Result<(), Fault> {
        self.open_table(stream.table())?.insert(key, record)?;
        Ok(())
    }

    fn put_all<'a>(
        &self,
        stream: Stream,
        records: impl Iterator<Item = (u64, &'a [u8])>,
    ) -> Result<(), Fault> {
        let mut table = self.open_table(stream.table())?;
        for (key, record) in records {
            table.insert(key, record)?;
        }
        Ok(())
    }

    fn remove(&self, stream: Stream, keys: impl Iterator<Item = u64>) -> Result<(), Fault> {
        let mut table = self.open_table(stream.table())?;
        for key in keys {
            table.remove(key)?;
        }
        Ok(())
    }

    fn put_own(&self, name: &str, record: &[u8]) -> Result<(), Fault> {
        let mut table = self.open_table(Index::Meta.table())?;
        table.insert(name.as_bytes(), record)?;
        Ok(())
    }

    fn set_point(&self, index: Index, key: &[u8], to: u64) -> Result<(), Fault> {
        let mut table = self.open_table(index.table())?;
        let bytes = to.to_le_bytes();
        let len = 8 - to.leading_zeros() as usize / 8;
        table.insert(key, bytes.get(..len).unwrap_or(&bytes))?;
        Ok(())
    }

    fn unset_point(&self, index: Index, key: &[u8]) -> Result<(), Fault> {
        self.open_table(index.table())?.remove(key)?;
        Ok(())
    }

    fn make_tables(&self) -> Result<(), Fault> {
        for stream in Stream::ALL {
            self.open_table(stream.table())?;
        }
        for index in Index::ALL {
            self.open_table(index.table())?;
        }
        Ok(())
    }
}
