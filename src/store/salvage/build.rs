//! Building a store from the records that were chosen.

use std::ops::ControlFlow;

use redb::WriteTransaction;

use super::choose::Chosen;
use super::haul::{Haul, Spot};
use super::survey::Survey;
use crate::model::time::Millis;
use crate::store::counters::Counters;
use crate::store::error::StoreError;
use crate::store::fault::Fault;
use crate::store::lease::{Outcome, Place};
use crate::store::tables::{Change, Stream, View};
use crate::store::{chain, ids, names, remnants, retention, rewrite, schema, texts};

const OPERATION: &str = "build the store anew";
/// Records that are written in one transaction: some 20 MB.
const BATCH: usize = 20_000;

/// Builds a store at `place`, where nothing is yet. Snapshots of which it is not known since when they were
/// in the trash are there since `now`.
pub(in crate::store) fn build(
    place: &Place<'_>,
    id: [u8; 16],
    (haul, survey, chosen): (&Haul<'_>, &Survey, &Chosen),
    now: Millis,
) -> Result<Vec<u64>, StoreError> {
    schema::build(place.file, id).map_err(|fault| fault.at(OPERATION, place.file))?;
    let records: Vec<((Stream, u64), Spot)> = chosen
        .records
        .iter()
        .filter_map(|(key, spots)| Some((*key, *spots.first()?)))
        .collect();
    for batch in records.chunks(BATCH) {
        place.write(OPERATION, |txn| {
            for &((stream, key), spot) in batch {
                let record = haul
                    .read(spot)
                    .map_err(|error| Fault::Database(error.into()))?;
                let record = fitted(stream, key, record, chosen, now)?;
                txn.put(stream, key, &record)?;
            }
            Ok(Outcome::Commit(()))
        })?;
    }
    place.write(OPERATION, |txn| {
        index(txn)?;
        let unknown = count(txn, haul, survey)?;
        if let Some(jumps) = &survey.jumps {
            retention::put_record(txn, jumps)?;
        }
        if let Some(rewrites) = &survey.rewrites {
            rewrite::put_record(txn, rewrites)?;
        }
        Ok(Outcome::Commit(unknown))
    })
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
    let mut versions = Vec::new();
    txn.walk(Stream::Versions, all(), &mut |number, _| {
        versions.push(number);
        Ok(ControlFlow::Continue(()))
    })?;
    // Of several of one text the newest is used.
    for number in versions {
        if let Ok(label) = texts::label(txn, number) {
            texts::set(txn, label.digest, number)?;
        }
    }
    Ok(())
}

/// Makes the counters: behind everything that was ever found, so that no number is given twice. Places of the
/// history of which nothing is known any more are marked as such.
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
