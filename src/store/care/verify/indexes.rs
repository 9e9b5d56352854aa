//! Checking the indexes: what they lead to has to be what was looked for.

use std::collections::BTreeMap;

use redb::ReadTransaction;

use crate::model::id::SnapshotId;
use crate::store::file::lease::Place;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::ids;
use crate::store::record::tables::{Index, Stream, View, go_on};
use crate::store::snapshot::names;
use crate::store::snapshot::remnants;
use crate::store::text::texts;

use super::OPERATION;
use super::report::{DamagedObject, IndexKind, VerifyReport};

/// Entries that are checked under one lease.
const ENTRIES_PER_LEASE: usize = 4000;

/// The ids that the index of ids tells, by number.
pub(super) fn ids(
    place: &Place<'_>,
    report: &mut VerifyReport,
) -> Result<BTreeMap<u64, SnapshotId>, StoreError> {
    let mut found = BTreeMap::new();
    walk(place, Index::Ids, report, &mut |_, key, seq, _| {
        if let Some(id) = ids::from_key(key) {
            found.insert(seq, id);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Checks that entries do not lead astray. That none is missing is checked with what they lead to.
pub(super) fn check(place: &Place<'_>, report: &mut VerifyReport) -> Result<(), StoreError> {
    walk(place, Index::Ids, report, &mut |txn, key, seq, found| {
        let id = ids::from_key(key);
        let leads_to = match txn.get(Stream::Timeline, seq)? {
            Some(record) => remnants::parts(seq, &record).map(|parts| parts.id),
            None => {
                let record = txn.get(Stream::Trash, seq)?;
                record.and_then(|record| remnants::parts(seq, &record).map(|parts| parts.id))
            }
        };
        // A record that cannot be read was told of with its snapshot.
        if id.is_none() || leads_to.is_some_and(|other| Some(other) != id) {
            let object = DamagedObject::Index(IndexKind::Ids);
            found.note(id, object, "it leads to another snapshot");
        }
        Ok(())
    })?;
    walk(place, Index::Names, report, &mut |txn, key, seq, found| {
        let record = txn.get(Stream::Timeline, seq)?;
        let astray = match &record {
            Some(record) => remnants::parts(seq, record).is_some_and(|parts| {
                let name = parts.name.unwrap_or_default();
                names::in_key(key) != Some((name.as_str(), seq))
            }),
            None => true,
        };
        if astray {
            let object = DamagedObject::Index(IndexKind::Names);
            let id = record.and_then(|record| remnants::parts(seq, &record).map(|parts| parts.id));
            found.note(
                id,
                object,
                "it leads to a snapshot of another name, or to none",
            );
        }
        Ok(())
    })?;
    walk(
        place,
        Index::Digests,
        report,
        &mut |txn, key, number, found| {
            let there = txn.get(Stream::Versions, number)?.is_some();
            let label = texts::label(txn, number).ok();
            if !there || label.is_some_and(|text| texts::key(text.digest) != key) {
                let object = DamagedObject::Index(IndexKind::Texts);
                found.note(None, object, "it leads to another text, or to none");
            }
            Ok(())
        },
    )
}

type Visit<'a> =
    &'a mut dyn FnMut(&ReadTransaction, &[u8], u64, &mut VerifyReport) -> Result<(), Fault>;

/// Walks over an index in bounded leases.
fn walk(
    place: &Place<'_>,
    index: Index,
    report: &mut VerifyReport,
    visit: Visit<'_>,
) -> Result<(), StoreError> {
    // No key of any index begins so.
    let high = [u8::MAX; 32];
    let mut low: Vec<u8> = Vec::new();
    loop {
        let mut looked = 0usize;
        let mut found = VerifyReport::default();
        let from = low.clone();
        let walked = place.read(OPERATION, |txn| {
            txn.walk_index(index, &from[..]..=&high[..], &mut |key, to| {
                visit(txn, key, to, &mut found)?;
                // The next key that there can be.
                low.clear();
                low.extend_from_slice(key);
                low.push(0);
                looked += 1;
                Ok(go_on(looked < ENTRIES_PER_LEASE))
            })
        });
        report.add(found);
        match walked {
            Ok(()) if looked < ENTRIES_PER_LEASE => return Ok(()),
            Ok(()) => {}
            Err(error) if error.is_damage() => {
                report.add_error(None, &error);
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
}
