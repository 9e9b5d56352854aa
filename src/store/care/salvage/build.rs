//! Building a store from the records that were chosen.

use std::ops::ControlFlow;

use redb::WriteTransaction;

use super::choose::Chosen;
use super::haul::{Haul, Spot};
use super::survey::Survey;
use crate::model::time::Millis;
use crate::store::care::retention;
use crate::store::care::rewrite;
use crate::store::file::lease::Place;
use crate::store::file::new_file::{Batch, Fill};
use crate::store::file::schema;
use crate::store::record::counters::Counters;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::ids;
use crate::store::record::tables::{Change, Stream, View};
use crate::store::snapshot::chain;
use crate::store::snapshot::names;
use crate::store::snapshot::remnants;
use crate::store::text::texts;

const OPERATION: &str = "build the store anew";
/// Records that are written in one transaction.
const RECORDS_PER_TRANSACTION: Batch = Batch {
    items: 20_000,
    bytes: 32 << 20,
};

/// Builds a store at `place`, where nothing is yet. Snapshots of which it is not known since when
/// they were in the trash are there since `now`.
pub(in crate::store) fn build(
    place: &Place<'_>,
    id: [u8; 16],
    (haul, survey, chosen): (&Haul<'_>, &Survey, &Chosen),
    now: Millis,
) -> Result<Vec<u64>, StoreError> {
    let build = || {
        let new = schema::build(place.file, id)?;
        let records = chosen.records.iter();
        let records = records.filter_map(|(key, spots)| Some((*key, *spots.first()?)));
        new.fill(
            records,
            RECORDS_PER_TRANSACTION,
            &mut Salvage { haul, chosen, now },
        )?;
        let unknown = new.write(|txn| {
            index(txn)?;
            let unknown = count(txn, haul, survey)?;
            if let Some(jumps) = &survey.jumps {
                retention::put_record(txn, jumps)?;
            }
            if let Some(rewrites) = &survey.rewrites {
                rewrite::put_record(txn, rewrites)?;
            }
            Ok(unknown)
        })?;
        new.close().map(|()| unknown)
    };
    build().map_err(|fault: Fault| fault.at(OPERATION, place.file))
}

/// Fills a store with records that were found.
struct Salvage<'a> {
    haul: &'a Haul<'a>,
    chosen: &'a Chosen,
    now: Millis,
}

impl Fill for Salvage<'_> {
    type Item = ((Stream, u64), Spot);

    fn put(&mut self, txn: &WriteTransaction, item: Self::Item) -> Result<u64, Fault> {
        let ((stream, key), spot) = item;
        let record = self.haul.read(spot);
        let record = record.map_err(|error| Fault::Database(error.into()))?;
        let record = fitted(stream, key, record, self.chosen, self.now)?;
        txn.put(stream, key, &record)?;
        Ok(record.len() as u64)
    }
}

/// A record for the table that it goes into.
fn fitted(
    stream: Stream,
    key: u64,
    record: Vec<u8>,
    chosen: &Chosen,
    now: Millis,
) -> Result<Vec<u8>, Fault> {
    match stream {
        Stream::Trash if chosen.thrown.contains(&key) => remnants::thrown(key, &record, now),
        Stream::Timeline if chosen.taken_back.contains(&key) => remnants::taken_back(key, &record),
        _ => Ok(record),
    }
}

/// Makes the indexes.
fn index(txn: &WriteTransaction) -> Result<(), Fault> {
    let all = || 0..=u64::MAX;
    let mut found = Vec::new();
    for stream in [Stream::Timeline, Stream::Trash] {
        txn.walk(stream, all(), &mut |seq, record| {
            found.extend(remnants::parts(seq, record).map(|parts| (stream, seq, parts)));
            Ok(ControlFlow::Continue(()))
        })?;
    }
    for (stream, seq, parts) in found {
        ids::set(txn, parts.id, seq)?;
        // In the trash nothing has a name.
        if let Some(name) = parts.name.filter(|_| stream == Stream::Timeline) {
            names::note(txn, &name, seq)?;
        }
    }
    // Of several of one text the newest is used.
    for number in txn.keys(Stream::Versions, all(), usize::MAX)? {
        if let Ok(label) = texts::label(txn, number) {
            texts::set(txn, label.digest, number)?;
        }
    }
    Ok(())
}

/// Makes the counters: behind everything that was ever found, so that no number is given twice.
/// Places of the history of which nothing is known any more are marked as such.
fn count(txn: &WriteTransaction, haul: &Haul<'_>, survey: &Survey) -> Result<Vec<u64>, Fault> {
    // There is no record of them yet: they are made from the tables.
    let made = Counters::read(txn)?;
    let greatest = |stream: Stream| {
        let found = haul.records.range((stream, 0)..=(stream, u64::MAX));
        let last = found.last().map(|((_, key), _)| *key);
        last.map_or(1, |last| last.saturating_add(1))
    };
    let said = survey.counters.or(haul.counters);
    let mut counters = said.unwrap_or(made);
    let snapshots = [
        Stream::Timeline,
        Stream::Trash,
        Stream::States,
        Stream::Removed,
    ];
    let seq = snapshots.map(greatest).into_iter().max().unwrap_or(1);
    counters.seq = counters.seq.max(made.seq).max(seq);
    let streams = [
        (&mut counters.version, made.version, Stream::Versions),
        (&mut counters.literal, made.literal, Stream::Literals),
        (&mut counters.origin, made.origin, Stream::Origins),
        (&mut counters.roster, made.roster, Stream::Rosters),
    ];
    for (next, made, stream) in streams {
        *next = (*next).max(made).max(greatest(stream));
    }
    counters.newest = counters.newest.max(made.newest);
    counters.write(txn)?;
    let unknown = chain::mend(txn, &mut counters)?;
    counters.write(txn)?;
    Ok(unknown)
}
