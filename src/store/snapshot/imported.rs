//! Imported snapshots in lists.
//!
//! What is recorded gets ever greater ids with ever greater sequence numbers. A snapshot that comes
//! from a file gets the next number, too, and has an id of its own time: so a list, which goes by
//! ids, meets it too early when it walks by numbers, and has to look for it later among those
//! before which it belongs. None is newer than what was recorded after it came.

use std::ops::ControlFlow;

use crate::model::id::SnapshotId;
use crate::model::snapshot::{Cause, SnapshotMeta};
use crate::store::file::lease::Place;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::ids;
use crate::store::record::tables::{Stream, View};
use crate::store::snapshot::metadata::Reader;
use crate::store::snapshot::query::Query;

/// The number of the newest snapshot before `id` that was recorded here; 0 where there is none.
pub(in crate::store) fn start<V: View>(view: &V, id: SnapshotId) -> Result<u64, Fault> {
    let reader = Reader::new(view);
    let mut found = 0;
    ids::walk_back(view, (None, id), &mut |own, seq| {
        if is_imported(view, &reader, seq)? {
            return Ok(ControlFlow::Continue(()));
        }
        found = if own == id {
            seq.saturating_sub(1)
        } else {
            seq
        };
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}

/// What is damaged counts as recorded here.
fn is_imported<V: View>(view: &V, reader: &Reader<'_, V>, seq: u64) -> Result<bool, Fault> {
    let read = match view.get(Stream::Timeline, seq)? {
        Some(record) => reader.row(seq, &record).map(|row| row.is_imported()),
        None => match view.get(Stream::Trash, seq)? {
            Some(record) => reader
                .read_trashed(seq, &record)
                .map(|(entry, _)| entry.meta.cause == Cause::Import),
            None => Ok(false),
        },
    };
    match read {
        Err(fault) if fault.is_damage() => Ok(false),
        read => read,
    }
}

/// Imported snapshots between two ids that a query asks for, and that got numbers greater than
/// `walked`.
pub(in crate::store) fn later(
    place: &Place<'_>,
    operation: &'static str,
    (oldest, before): (Option<SnapshotId>, SnapshotId),
    walked: u64,
    query: &Query,
) -> Result<Vec<SnapshotMeta>, StoreError> {
    let found = place.read(operation, |txn| {
        let reader = Reader::new(txn);
        let mut found = Vec::new();
        ids::walk_back(txn, (oldest, before), &mut |id, seq| {
            if id < before && seq > walked {
                match reader.get(seq) {
                    Ok(Some(entry)) if entry.meta.cause == Cause::Import => {
                        found.extend(Some(entry.meta).filter(|meta| query.matches(meta)));
                    }
                    Err(fault) if !fault.is_damage() => return Err(fault),
                    _ => {}
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    });
    match found {
        // The others can be told without the index.
        Err(error) if error.is_damage() => Ok(Vec::new()),
        found => found,
    }
}
