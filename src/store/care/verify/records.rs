//! Checking records one by one, whoever needs them.

use redb::ReadTransaction;

use crate::store::file::lease::Place;
use crate::store::record::codec;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::frame::{self, Kind};
use crate::store::record::tables::{Stream, View, go_on};
use crate::store::snapshot::chain;
use crate::store::snapshot::lives;
use crate::store::snapshot::metadata::Origin;
use crate::store::snapshot::rosters;
use crate::store::text::{filters, texts};

use super::OPERATION;
use super::report::{DamagedObject, VerifyReport};

/// Records that are checked under one lease: some 20 MB, 50 ms.
const RECORDS_PER_LEASE: usize = 20_000;

type Visit<'a> =
    &'a mut dyn FnMut(&ReadTransaction, u64, &[u8], &mut VerifyReport) -> Result<(), Fault>;
type Check = fn(&ReadTransaction, u64, &[u8]) -> Result<(), Fault>;

/// Checks the records that are not read snapshot by snapshot, and those that no snapshot leads to.
pub(super) fn check(place: &Place<'_>, report: &mut VerifyReport) -> Result<(), StoreError> {
    let streams: [(Stream, DamagedObject, Check); 8] = [
        (Stream::Origins, DamagedObject::Unused, |_, key, record| {
            codec::unpack_value::<Origin>(Kind::Origin, key, record).map(drop)
        }),
        (Stream::Rosters, DamagedObject::Unused, |_, key, record| {
            rosters::decode(key, record).map(drop)
        }),
        (Stream::Lives, DamagedObject::Life, |_, key, record| {
            lives::decode(key, record).map(drop)
        }),
        (Stream::Versions, DamagedObject::Unused, |txn, key, _| {
            texts::version(txn, key).map(drop)
        }),
        (Stream::Literals, DamagedObject::Unused, |_, key, record| {
            fragment(key, record)
        }),
        (Stream::Links, DamagedObject::Unused, |_, key, record| {
            chain::check_link(key, record)
        }),
        (Stream::Removed, DamagedObject::Unused, |_, key, record| {
            chain::check_removed(key, record)
        }),
        (Stream::Filters, DamagedObject::Unused, |_, key, record| {
            filters::decode(key, record).map(drop)
        }),
    ];
    for (stream, object, check) in streams {
        each(
            place,
            stream,
            report,
            &mut |txn, key, record, found| match check(txn, key, record) {
                Ok(()) => Ok(()),
                Err(fault) => found.add_fault(None, object.clone(), fault),
            },
        )?;
    }
    Ok(())
}

fn fragment(key: u64, record: &[u8]) -> Result<(), Fault> {
    let damaged = |cause: frame::BadFrame| Fault::damaged(Kind::Literal, key, cause);
    match frame::open(Kind::Literal, key, record) {
        Err(frame::BadFrame::Kind) => frame::open(Kind::LiteralPart, key, record)
            .map(drop)
            .map_err(damaged),
        opened => opened.map(drop).map_err(damaged),
    }
}

/// Does something with every record of a stream. Where a page of the table is damaged, with those
/// that can be reached from its end, too.
fn each(
    place: &Place<'_>,
    stream: Stream,
    report: &mut VerifyReport,
    check: Visit<'_>,
) -> Result<(), StoreError> {
    let mut next = 0;
    loop {
        let mut found = VerifyReport::default();
        let mut looked = 0usize;
        let first = next;
        let walked = place.read(OPERATION, |txn| {
            txn.walk(stream, first..=u64::MAX, &mut |key, record| {
                check(txn, key, record, &mut found)?;
                next = key.saturating_add(1);
                looked += 1;
                Ok(go_on(looked < RECORDS_PER_LEASE))
            })?;
            // The table knows how many records it has; a damaged page can make it skip some.
            if first == 0 && looked < RECORDS_PER_LEASE && txn.count(stream)? != looked as u64 {
                let what = "it does not have as many records as it says";
                return Err(Fault::damaged_object(format!("the table {stream:?}"), what));
            }
            Ok(())
        });
        report.add(found);
        match walked {
            Ok(()) if looked < RECORDS_PER_LEASE => return Ok(()),
            Ok(()) => {}
            Err(error) if error.is_damage() => {
                report.add_error(None, &error);
                return back(place, stream, next, report, check);
            }
            Err(error) => return Err(error),
        }
    }
}

fn back(
    place: &Place<'_>,
    stream: Stream,
    down_to: u64,
    report: &mut VerifyReport,
    check: Visit<'_>,
) -> Result<(), StoreError> {
    let mut found = VerifyReport::default();
    let mut looked = 0usize;
    let walked = place.read(OPERATION, |txn| {
        txn.walk_back(stream, down_to..=u64::MAX, &mut |key, record| {
            check(txn, key, record, &mut found)?;
            looked += 1;
            Ok(go_on(looked < RECORDS_PER_LEASE))
        })
    });
    report.add(found);
    match walked {
        // It was told of already.
        Err(error) if error.is_damage() => Ok(()),
        walked => walked,
    }
}
