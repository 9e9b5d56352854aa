//! From snapshot ids to sequence numbers.

use std::ops::ControlFlow;

use redb::ReadableTable;

use super::fault::Fault;
use super::tables::{Change, Index, View};
use crate::model::id::SnapshotId;

fn key(id: SnapshotId) -> [u8; 16] {
    id.as_u128().to_be_bytes()
}

fn id(key: &[u8]) -> Option<SnapshotId> {
    let bytes = <[u8; 16]>::try_from(key).ok()?;
    SnapshotId::from_u128(u128::from_be_bytes(bytes))
}

/// The sequence number of a snapshot, in the timeline or in the trash.
pub(super) fn seq(view: &impl View, of: SnapshotId) -> Result<Option<u64>, Fault> {
    view.point(Index::Ids, &key(of))
}

/// Notes the sequence number of a snapshot.
pub(super) fn set(change: &impl Change, of: SnapshotId, seq: u64) -> Result<(), Fault> {
    change.set_point(Index::Ids, &key(of), seq)
}

/// Forgets a snapshot.
pub(super) fn unset(change: &impl Change, of: SnapshotId) -> Result<(), Fault> {
    change.unset_point(Index::Ids, &key(of))
}

/// The sequence numbers of the snapshots with ids in a range, at most `limit` of them.
pub(super) fn range(
    view: &impl View,
    (low, high): (SnapshotId, SnapshotId),
    limit: usize,
) -> Result<Vec<u64>, Fault> {
    let (low, high) = (key(low), key(high));
    let mut found = Vec::new();
    view.walk_index(Index::Ids, &low[..]..=&high[..], &mut |_, seq| {
        found.push(seq);
        Ok(if found.len() < limit {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        })
    })?;
    Ok(found)
}

/// The sequence number of the newest snapshot older than this one, whether or not it is there.
pub(super) fn before(view: &impl View, than: SnapshotId) -> Result<Option<u64>, Fault> {
    let limit = key(than);
    let table = view.index(Index::Ids)?;
    let mut below = table.range::<&[u8]>(..&limit[..])?;
    match below.next_back() {
        Some(last) => super::tables::number(last?.1.value()).map(Some),
        None => Ok(None),
    }
}

/// The greatest id of the store.
pub(super) fn newest(view: &impl View) -> Result<Option<SnapshotId>, Fault> {
    let table = view.index(Index::Ids)?;
    let last = table.last()?;
    Ok(last.and_then(|(key, _)| id(key.value())))
}
