//! Checking every record of the store, every reference between them, and the chain.
//!
//! Everything is done in bounded leases, so that others get between, and so that damage of the file
//! itself hides as little as possible: what a batch fails at is tried one by one.

mod indexes;
mod records;
mod report;
mod snapshots;

use redb::ReadTransaction;

use super::candidates::Candidates;
use super::chain;
use super::counters::{self, Counters};
use super::error::StoreError;
use super::fault::Fault;
use super::frame::Kind;
use super::lease::Place;
use super::progress::{Progress, Steps};
use super::tables::{Stream, View};
use super::{codec, ids, retention, rewrite};

pub use report::{Damage, DamagedObject, IndexKind, VerifyReport};

const OPERATION: &str = "check the store";

/// Checks everything. Damage is part of the report; an error means that the check could not be made.
pub(super) fn verify(place: &Place<'_>) -> Result<VerifyReport, StoreError> {
    verify_with(place, &mut |_| {})
}

/// The same; tells how far it has come with the snapshots.
pub(super) fn verify_with(
    place: &Place<'_>,
    tell: &mut dyn FnMut(Progress),
) -> Result<VerifyReport, StoreError> {
    let mut report = VerifyReport::default();
    let names = indexes::ids(place, &mut report)?;
    let numbers = sequence_numbers(place, &mut report)?;
    let mut steps = Steps::new(numbers.len() as u64, tell);
    snapshots::check(place, &numbers, &names, &mut report, &mut steps)?;
    records::check(place, &mut report)?;
    indexes::check(place, &mut report)?;
    for part in [check_counters, check_chain] {
        match place.read(OPERATION, part) {
            Ok(found) => report.add(found),
            Err(error) if error.is_damage() => report.add_error(None, &error),
            Err(error) => return Err(error),
        }
    }
    report.tidy();
    Ok(report)
}

/// Every sequence number under which there may be something of a snapshot.
fn sequence_numbers(place: &Place<'_>, report: &mut VerifyReport) -> Result<Vec<u64>, StoreError> {
    match Candidates::gather(place, OPERATION) {
        Ok(candidates) => {
            for error in candidates.damage() {
                report.add_error(None, error);
            }
            for range in candidates.untried() {
                let what = format!(
                    "a damaged table does not say which of the snapshots no. {} to {} there are, and they \
                     are too many to be tried",
                    range.start(),
                    range.end()
                );
                report.note(None, DamagedObject::File, what);
            }
            Ok(candidates.numbers().into_iter().collect())
        }
        Err(error) if error.is_damage() => {
            report.add_error(None, &error);
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}

/// The numbers that come next must be behind all that there are, or a record would take another's place.
fn check_counters(txn: &ReadTransaction) -> Result<VerifyReport, Fault> {
    let mut report = VerifyReport::default();
    if let Err(fault) = retention::check(txn) {
        report.add_fault(None, DamagedObject::Jumps, fault)?;
    }
    if let Err(fault) = rewrite::check(txn) {
        report.add_fault(None, DamagedObject::Rewrites, fault)?;
    }
    let Some(record) = txn.own(counters::RECORD)? else {
        // A new store has none until something is recorded.
        if txn.count(Stream::Timeline)? > 0 {
            report.note(None, DamagedObject::Counters, "it is missing");
        }
        return Ok(report);
    };
    let counters: Counters = match codec::unpack_value(Kind::Counters, 0, &record) {
        Ok(counters) => counters,
        Err(fault) => {
            report.add_fault(None, DamagedObject::Counters, fault)?;
            return Ok(report);
        }
    };
    let snapshots = [
        Stream::Timeline,
        Stream::Trash,
        Stream::States,
        Stream::Removed,
    ];
    let streams = snapshots.map(|stream| (stream, counters.seq));
    let others = [
        (Stream::Versions, counters.version),
        (Stream::Literals, counters.literal),
        (Stream::Origins, counters.origin),
        (Stream::Rosters, counters.roster),
    ];
    for (stream, next) in streams.into_iter().chain(others) {
        if let Some(last) = txn.last(stream)?.filter(|last| *last >= next) {
            let what = format!("it says that {next} comes next, and there is {last} already");
            report.note(None, DamagedObject::Counters, what);
        }
    }
    if ids::newest(txn)? > counters.newest {
        let what = "there is a snapshot with a greater id than the greatest that it knows";
        report.note(None, DamagedObject::Counters, what);
    }
    Ok(report)
}

fn check_chain(txn: &ReadTransaction) -> Result<VerifyReport, Fault> {
    let mut report = VerifyReport::default();
    for broken in chain::walk(txn)?.broken {
        let object = DamagedObject::History {
            after: broken.after,
            at: broken.at,
        };
        let what = "a record between them is missing or is another one";
        report.note(None, object, what);
    }
    Ok(report)
}
