//! From snapshot ids to sequence numbers.

use std::ops::ControlFlow;

use redb::ReadableTable;
use serde::{Deserialize, Serialize};

use crate::model::id::SnapshotId;
use crate::store::record::fault::Fault;
use crate::store::record::tables::{Change, Index, View, go_on};

/// Bytes of an id: 100 bits.
const BYTES: usize = 13;

/// An id as it is stored: its number, big endian, so that the order of bytes is the order of ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Stored(pub(in crate::store) [u8; BYTES]);

impl From<SnapshotId> for Stored {
    fn from(id: SnapshotId) -> Self {
        let mut stored = [0; BYTES];
        let bytes = id.as_u128().to_be_bytes();
        let low = bytes.iter().skip(bytes.len() - BYTES);
        stored
            .iter_mut()
            .zip(low)
            .for_each(|(to, from)| *to = *from);
        Self(stored)
    }
}

impl Stored {
    /// The id, where the bytes are one.
    pub(in crate::store) fn id(self) -> Option<SnapshotId> {
        let number = self
            .0
            .iter()
            .fold(0, |number, byte| number << 8 | u128::from(*byte));
        SnapshotId::from_u128(number)
    }
}

fn key(id: SnapshotId) -> [u8; BYTES] {
    Stored::from(id).0
}

/// The id in a key of the index.
pub(in crate::store) fn from_key(key: &[u8]) -> Option<SnapshotId> {
    id(key)
}

fn id(key: &[u8]) -> Option<SnapshotId> {
    Stored(<[u8; BYTES]>::try_from(key).ok()?).id()
}

/// The sequence number of a snapshot, in the timeline or in the trash.
pub(in crate::store) fn seq(view: &impl View, of: SnapshotId) -> Result<Option<u64>, Fault> {
    view.point(Index::Ids, &key(of))
}

/// Notes the sequence number of a snapshot.
pub(in crate::store) fn set(change: &impl Change, of: SnapshotId, seq: u64) -> Result<(), Fault> {
    change.set_point(Index::Ids, &key(of), seq)
}

/// Forgets a snapshot.
pub(in crate::store) fn unset(change: &impl Change, of: SnapshotId) -> Result<(), Fault> {
    change.unset_point(Index::Ids, &key(of))
}

/// Walks over the ids from `low` on, in their order.
pub(in crate::store) fn walk_from(
    view: &impl View,
    low: Option<SnapshotId>,
    visit: &mut dyn FnMut(SnapshotId) -> Result<ControlFlow<()>, Fault>,
) -> Result<(), Fault> {
    let low = low.map_or([0; BYTES], key);
    let high = [u8::MAX; BYTES];
    view.walk_index(Index::Ids, &low[..]..=&high[..], &mut |key, _| {
        id(key).map_or(Ok(ControlFlow::Continue(())), &mut *visit)
    })
}

/// The sequence numbers of the snapshots with ids in a range, at most `limit` of them.
pub(in crate::store) fn range(
    view: &impl View,
    (low, high): (SnapshotId, SnapshotId),
    limit: usize,
) -> Result<Vec<u64>, Fault> {
    let (low, high) = (key(low), key(high));
    let mut found = Vec::new();
    view.walk_index(Index::Ids, &low[..]..=&high[..], &mut |_, seq| {
        found.push(seq);
        Ok(go_on(found.len() < limit))
    })?;
    Ok(found)
}

/// Walks over the ids and their sequence numbers from `high` down to above `low`.
pub(in crate::store) fn walk_back(
    view: &impl View,
    (low, high): (Option<SnapshotId>, SnapshotId),
    visit: &mut dyn FnMut(SnapshotId, u64) -> Result<ControlFlow<()>, Fault>,
) -> Result<(), Fault> {
    let high = key(high);
    let table = view.index(Index::Ids)?;
    for entry in table.range::<&[u8]>(..=&high[..])?.rev() {
        let (key, seq) = entry?;
        let Some(own) = id(key.value()) else { continue };
        if low.is_some_and(|low| own <= low) {
            break;
        }
        let seq = crate::store::record::tables::number(seq.value())?;
        if visit(own, seq)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// The greatest id of the store.
pub(in crate::store) fn newest(view: &impl View) -> Result<Option<SnapshotId>, Fault> {
    let table = view.index(Index::Ids)?;
    let last = table.last()?;
    Ok(last.and_then(|(key, _)| id(key.value())))
}
