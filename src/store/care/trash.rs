//! The trash: out of the timeline, and still whole.

use std::ops::ControlFlow;

use crate::model::id::SnapshotId;
use crate::model::snapshot::SnapshotMeta;
use crate::model::time::Millis;
use crate::store::query::timeline;
use crate::store::record::codec;
use crate::store::record::counters::Counters;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use crate::store::record::ids;
use crate::store::record::tables::{Change, Stream, View, go_on};
use crate::store::snapshot::chain;
use crate::store::snapshot::metadata::{self, Entry, MetaRecord, Reader, TrashRecord};
use crate::store::snapshot::names;
use crate::store::snapshot::rosters;
use crate::store::text::literals::ENTRY_BYTES;

/// Snapshots that are removed in one transaction.
const SNAPSHOTS_PER_TRANSACTION: usize = 256;

/// Moves snapshots from the timeline to the trash.
pub(in crate::store) fn put(
    change: &impl Change,
    ids: &[SnapshotId],
    now: Millis,
) -> Result<Vec<SnapshotMeta>, Fault> {
    let mut moved = Vec::with_capacity(ids.len());
    for &id in ids {
        let entry = timeline::entry(change, id)?;
        note(change, &entry, now)?;
        change.remove(Stream::Timeline, std::iter::once(entry.seq))?;
        names::unset(change, &entry)?;
        moved.push(entry.meta);
    }
    Ok(moved)
}

/// Writes the record of a snapshot in the trash; gives back the bytes of the record.
pub(in crate::store) fn note(
    change: &impl Change,
    entry: &Entry,
    since: Millis,
) -> Result<u64, Fault> {
    let roster = rosters::load(change, entry.roster)?;
    let record = TrashRecord {
        meta: MetaRecord::new(entry, &roster),
        since,
    };
    let record = codec::pack_value(Kind::Trashed, entry.seq, &record)?;
    change.put(Stream::Trash, entry.seq, &record)?;
    Ok(record.len() as u64 + ENTRY_BYTES)
}

/// What is in the trash, newest first, and when it was thrown away. Damaged records are passed
/// over.
pub(in crate::store) fn entries(view: &impl View) -> Result<Vec<(Entry, Millis)>, Fault> {
    let reader = Reader::new(view);
    let mut found = Vec::new();
    view.walk_back(Stream::Trash, 0..=u64::MAX, &mut |seq, record| {
        match reader.read_trashed(seq, record) {
            Ok(read) => found.push(read),
            Err(fault) if fault.is_damage() => {}
            Err(fault) => return Err(fault),
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

/// Moves snapshots back to the timeline, to their old places.
pub(in crate::store) fn take_back(
    change: &impl Change,
    ids: &[SnapshotId],
) -> Result<Vec<SnapshotMeta>, Fault> {
    let mut moved = Vec::with_capacity(ids.len());
    for &id in ids {
        let mut entry = entry(change, id)?;
        match names::check_free(change, entry.meta.name.as_deref(), &entry.meta) {
            Err(Fault::Store(StoreError::NameTaken { .. })) => entry.meta.name = None,
            checked => checked?,
        }
        metadata::put(change, &entry)?;
        names::set(change, &entry)?;
        change.remove(Stream::Trash, std::iter::once(entry.seq))?;
        moved.push(entry.meta);
    }
    Ok(moved)
}

/// The entry of a snapshot in the trash, which must be there.
pub(in crate::store) fn entry(view: &impl View, id: SnapshotId) -> Result<Entry, Fault> {
    let missing = || StoreError::NotFound {
        name: id.to_string(),
        suggestions: Vec::new(),
    };
    let seq = ids::seq(view, id)?.ok_or_else(missing)?;
    let record = view.get(Stream::Trash, seq)?.ok_or_else(missing)?;
    let (entry, _) = Reader::new(view).read_trashed(seq, &record)?;
    Ok(entry)
}

/// Removes a bounded number of snapshots from the trash for good; says how many, 0 when it is
/// empty.
pub(in crate::store) fn empty_some(change: &impl Change) -> Result<usize, Fault> {
    let reader = Reader::new(change);
    let mut found = Vec::new();
    change.walk(Stream::Trash, 0..=u64::MAX, &mut |seq, record| {
        // Of a damaged record at least the place is known.
        found.push((seq, reader.read_trashed(seq, record).ok()));
        Ok(go_on(found.len() < SNAPSHOTS_PER_TRANSACTION))
    })?;
    for (seq, entry) in &found {
        let was = entry
            .as_ref()
            .map(|(entry, _)| (entry.meta.id, entry.meta.root));
        chain::keep(change, *seq, was)?;
        if let Some((id, _)) = was {
            ids::unset(change, id)?;
        }
    }
    let seqs = || found.iter().map(|(seq, _)| *seq);
    change.remove(Stream::Trash, seqs())?;
    change.remove(Stream::States, seqs())?;
    note_removed(change, found.len())?;
    Ok(found.len())
}

/// Removes snapshots of the trash for good.
pub(in crate::store) fn purge(change: &impl Change, entries: &[Entry]) -> Result<(), Fault> {
    for entry in entries {
        chain::keep(change, entry.seq, Some((entry.meta.id, entry.meta.root)))?;
        ids::unset(change, entry.meta.id)?;
    }
    let seqs = || entries.iter().map(|entry| entry.seq);
    change.remove(Stream::Trash, seqs())?;
    change.remove(Stream::States, seqs())?;
    note_removed(change, entries.len())
}

/// Removes snapshots of the timeline for good.
pub(in crate::store) fn remove(change: &impl Change, entries: &[Entry]) -> Result<(), Fault> {
    for entry in entries {
        chain::keep(change, entry.seq, Some((entry.meta.id, entry.meta.root)))?;
        ids::unset(change, entry.meta.id)?;
        names::unset(change, entry)?;
    }
    let seqs = || entries.iter().map(|entry| entry.seq);
    change.remove(Stream::Timeline, seqs())?;
    change.remove(Stream::States, seqs())?;
    note_removed(change, entries.len())
}

fn note_removed(change: &impl Change, count: usize) -> Result<(), Fault> {
    if count == 0 {
        return Ok(());
    }
    let mut counters = Counters::read(change)?;
    counters.removed = counters.removed.saturating_add(count as u64);
    counters.write(change)
}
