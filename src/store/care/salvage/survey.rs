//! What the tables of a damaged file still say.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::haul;
use crate::model::id::SnapshotId;
use crate::store::care::retention;
use crate::store::care::rewrite;
use crate::store::file::lease::Place;
use crate::store::record::counters::Counters;
use crate::store::record::error::StoreError;
use crate::store::record::frame;
use crate::store::record::ids;
use crate::store::record::tables::{Index, Stream, View};

const OPERATION: &str = "read a damaged store";

/// What is known from the tables.
#[derive(Debug, Default)]
pub(in crate::store) struct Survey {
    /// The hash of the copy of each record that is in force.
    pub(super) valid: BTreeMap<(Stream, u64), u64>,
    /// What is in a table, and damaged.
    pub(super) damaged: BTreeSet<(Stream, u64)>,
    /// Tables of which every entry was seen: what is not in them is not there.
    whole: BTreeSet<Stream>,
    /// Which snapshot has which number, by the index of ids.
    pub(super) ids: BTreeMap<u64, SnapshotId>,
    pub(super) counters: Option<Counters>,
    /// The record of the clock's jumps, if it is whole.
    pub(super) jumps: Option<Vec<u8>>,
    /// The record of rewrites, if it is whole.
    pub(super) rewrites: Option<Vec<u8>>,
}

impl Survey {
    /// Reads what can be read. Errors are those of the system; a file of which nothing can be read
    /// gives an empty survey.
    pub(in crate::store) fn make(place: &Place<'_>) -> Result<Self, StoreError> {
        let mut survey = Self::default();
        for stream in Stream::ALL {
            survey.read(place, stream)?;
        }
        let known = &mut survey.ids;
        let all = || &[][..]..=&[u8::MAX; 32][..];
        let mut note = |key: &[u8], seq| {
            known.extend(ids::from_key(key).map(|id| (seq, id)));
            Ok(ControlFlow::Continue(()))
        };
        if !ended(place.read_any(OPERATION, |txn| {
            txn.walk_index(Index::Ids, all(), &mut note)
        }))? {
            ended(place.read_any(OPERATION, |txn| {
                txn.walk_index_back(Index::Ids, all(), &mut note)
            }))?;
        }
        let (counters, jumps) = (&mut survey.counters, &mut survey.jumps);
        let rewrites = &mut survey.rewrites;
        ended(place.read_any(OPERATION, |txn| {
            *counters = Counters::stored(txn)?;
            *jumps = retention::record(txn)?;
            *rewrites = rewrite::record(txn)?;
            Ok(())
        }))?;
        Ok(survey)
    }

    fn read(&mut self, place: &Place<'_>, stream: Stream) -> Result<(), StoreError> {
        let (mut seen, mut count, mut last) = (0u64, None, None);
        let (valid, damaged) = (&mut self.valid, &mut self.damaged);
        let mut note = |key: u64, record: &[u8]| {
            let found = frame::find(record).ok();
            let found = found.filter(|found| found.len == record.len() && found.key == key);
            let table = found.and_then(|found| haul::stream(found.kind, key, record));
            if table == Some(stream) {
                valid.insert((stream, key), frame::hash(record));
            } else {
                damaged.insert((stream, key));
            }
        };
        let up = ended(place.read_any(OPERATION, |txn| {
            count = txn.count(stream).ok();
            txn.walk(stream, 0..=u64::MAX, &mut |key, record| {
                note(key, record);
                seen += 1;
                last = Some(key);
                Ok(ControlFlow::Continue(()))
            })
        }))?;
        if up && count == Some(seen) {
            self.whole.insert(stream);
            return Ok(());
        }
        let low = last.map_or(0, |last: u64| last.saturating_add(1));
        ended(place.read_any(OPERATION, |txn| {
            txn.walk_back(stream, low..=u64::MAX, &mut |key, record| {
                note(key, record);
                Ok(ControlFlow::Continue(()))
            })
        }))?;
        Ok(())
    }

    /// The id of the snapshot under a number, by the index of ids.
    pub(in crate::store) fn id(&self, seq: u64) -> Option<SnapshotId> {
        self.ids.get(&seq).copied()
    }

    /// Whether a record is in a table, damaged or not.
    pub(super) fn has(&self, stream: Stream, key: u64) -> bool {
        self.valid.contains_key(&(stream, key)) || self.damaged.contains(&(stream, key))
    }

    /// Whether a record is certainly not in a table.
    pub(super) fn lacks(&self, stream: Stream, key: u64) -> bool {
        self.whole.contains(&stream) && !self.has(stream, key)
    }
}

/// Whether a walk came to its end, or to damage.
fn ended(walked: Result<(), StoreError>) -> Result<bool, StoreError> {
    match walked {
        Ok(()) => Ok(true),
        Err(error) if error.is_damage() || matches!(error, StoreError::NotAStore { .. }) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
