//! Checking every record of the store, every reference between them, and the chain.
//!
//! Everything is done in bounded leases, so that others get between, and so that damage of the file
//! itself hides as little as possible: what a batch fails at is tried one by one.

mod indexes;
mod records;
mod report;
mod snapshots;

use redb::ReadTransaction;

use crate::store::care::retention;
use crate::store::care::rewrite;
use crate::store::file::lease::Place;
use crate::store::record::codec;
use crate::store::record::counters::{self, Counters};
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use crate::store::record::ids;
use crate::store::record::progress::{Progress, Steps};
use crate::store::record::tables::{Stream, View};
use crate::store::snapshot::chain;
use crate::store::text::candidates::Candidates;

pub use report::{Damage, DamagedObject, IndexKind, VerifyReport};

const OPERATION: &str = "check the store";

/// Damaged pages that are named.
const NAMED_PAGES: usize = 10;

/// Checks everything. Damage is part of the report; an error means that the check could not be
/// made.
pub(in crate::store) fn verify(place: &Place<'_>) -> Result<VerifyReport, StoreError> {
    verify_with(place, &mut |_| {})
}

/// The same; tells how far it has come with the snapshots.
pub(in crate::store) fn verify_with(
    place: &Place<'_>,
    tell: &mut dyn FnMut(Progress),
) -> Result<VerifyReport, StoreError> {
    let mut report = VerifyReport::default();
    let names = indexes::ids(place, &mut report)?;
    // After the first look, which migrates an older store.
    check_pages(place, &mut report)?;
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

/// Pages that are damaged, although the parity file may heal what is read of them.
fn check_pages(place: &Place<'_>, report: &mut VerifyReport) -> Result<(), StoreError> {
    let found = place.pages(OPERATION)?;
    if found.headless {
        report.note(
            None,
            DamagedObject::File,
            "its header is not what was written",
        );
    }
    let pages: Vec<String> = found
        .bad
        .iter()
        .take(NAMED_PAGES)
        .map(|it| it.number().to_string())
        .collect();
    let what = match (pages.len(), found.bad.len()) {
        (_, 0) => return Ok(()),
        (_, 1) => format!("page {} is not what was written", pages.join("")),
        (named, all) if named == all => {
            format!("pages {} are not what was written", pages.join(", "))
        }
        (_, all) => format!(
            "{all} pages are not what was written: {} …",
            pages.join(", ")
        ),
    };
    report.note(None, DamagedObject::File, what);
    Ok(())
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

/// The numbers that come next must be behind all that there are, or a record would take another's
/// place.
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
