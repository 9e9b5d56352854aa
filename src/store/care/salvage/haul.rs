//! Everything that was found in the files that there are.

use std::collections::BTreeMap;
use std::io;

use redb::StorageBackend;

use super::scan::{self, Hit};
use crate::store::file::schema::Schema;
use crate::store::record::codec;
use crate::store::record::counters::Counters;
use crate::store::record::frame;
use crate::store::record::frame::Kind;
use crate::store::record::tables::Stream;
use crate::store::snapshot::chain;

/// Different copies of one record that are remembered. There are so many of records that are
/// changed (pinned, renamed), and after a kill, when a number is given a second time.
const COPIES: usize = 16;

/// Where a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Spot {
    /// Which of the files.
    source: usize,
    offset: u64,
    len: u64,
    /// The hash at its end: tells copies apart.
    pub(super) hash: u64,
}

/// Records that were found, and where.
#[derive(Default)]
pub(in crate::store) struct Haul<'a> {
    sources: Vec<&'a dyn StorageBackend>,
    /// How many of the files, the first, are the store's own; the others are older.
    own: usize,
    pub(super) records: BTreeMap<(Stream, u64), Vec<Spot>>,
    /// The latest of each, by what they say.
    pub(super) counters: Option<Counters>,
    schema: Option<Schema>,
}

impl<'a> Haul<'a> {
    /// Looks through the store's own file.
    pub(in crate::store) fn add_own(&mut self, file: &'a dyn StorageBackend) -> io::Result<()> {
        self.add(file)?;
        self.own = self.sources.len();
        Ok(())
    }

    /// Looks through an older file, after the own one.
    pub(in crate::store) fn add(&mut self, file: &'a dyn StorageBackend) -> io::Result<()> {
        let source = self.sources.len();
        self.sources.push(file);
        scan::scan(file, &mut |hit| {
            self.note(source, &hit);
            Ok(())
        })
    }

    fn note(&mut self, source: usize, hit: &Hit<'_>) {
        let found = &hit.found;
        let key = found.key;
        let stream = match found.kind {
            Kind::Counters => {
                let counters = codec::unpack_value::<Counters>(Kind::Counters, key, hit.record);
                // They only grow. Those of other files are older.
                if let Ok(counters) = counters
                    && self
                        .counters
                        .is_none_or(|known| known.order() < counters.order())
                {
                    self.counters = Some(counters);
                }
                return;
            }
            Kind::Schema => {
                let schema = codec::unpack_value(Kind::Schema, key, hit.record);
                self.schema = self.schema.take().or(schema.ok());
                return;
            }
            Kind::Jumps | Kind::Rewrites => return,
            kind => stream(kind, key, hit.record),
        };
        let Some(stream) = stream else { return };
        let spots = self.records.entry((stream, key)).or_default();
        let spot = Spot {
            source,
            offset: hit.offset,
            len: found.len as u64,
            hash: frame::hash(hit.record),
        };
        if spots.len() < COPIES && spots.iter().all(|known| known.hash != spot.hash) {
            spots.push(spot);
        }
    }

    /// Which store the first file is of, by its own word.
    pub(in crate::store) fn store(&self) -> Option<[u8; 16]> {
        self.schema.as_ref().map(|schema| schema.store)
    }

    /// Whether nothing at all was found.
    pub(in crate::store) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.schema.is_none()
    }

    /// Whether there are older files.
    pub(in crate::store) fn has_older(&self) -> bool {
        self.sources.len() > self.own
    }

    /// Whether a record lies in the store's own file.
    pub(super) fn is_own(&self, spot: &Spot) -> bool {
        spot.source < self.own
    }

    /// The bytes of a record.
    pub(in crate::store) fn read(&self, spot: Spot) -> io::Result<Vec<u8>> {
        let mut record = vec![0; usize::try_from(spot.len).unwrap_or(0)];
        match self.sources.get(spot.source) {
            Some(source) => source.read(spot.offset, &mut record).map(|()| record),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

/// The table that a record belongs to.
pub(super) fn stream(kind: Kind, key: u64, record: &[u8]) -> Option<Stream> {
    Some(match kind {
        Kind::Schema | Kind::Counters | Kind::Jumps | Kind::Migration | Kind::Rewrites => {
            return None;
        }
        // A filter is made anew.
        Kind::Filter | Kind::PortableText | Kind::PortableSnapshot => return None,
        Kind::Meta => Stream::Timeline,
        Kind::Trashed => Stream::Trash,
        Kind::State => Stream::States,
        Kind::Origin => Stream::Origins,
        Kind::Life => Stream::Lives,
        Kind::Version => Stream::Versions,
        Kind::Literal | Kind::LiteralPart => Stream::Literals,
        Kind::Roster => Stream::Rosters,
        Kind::Link if chain::check_link(key, record).is_ok() => Stream::Links,
        Kind::Link if chain::check_removed(key, record).is_ok() => Stream::Removed,
        Kind::Link => return None,
    })
}
