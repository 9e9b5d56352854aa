//! Reading along the timeline.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::counters::Counters;
use super::error::StoreError;
use super::fault::Fault;
use super::ids;
use super::lease::Place;
use super::metadata::{Entry, Reader};
use super::query::Query;
use super::structure;
use super::tables::View;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{LifeId, Snapshot, SnapshotMeta};

/// The snapshots that a query asks for, newest first.
pub(super) fn list(view: &impl View, query: &Query) -> Result<Vec<SnapshotMeta>, Fault> {
    let Some(newest) = start(view, query.before)? else {
        return Ok(Vec::new());
    };
    let limit = query.limit.unwrap_or(usize::MAX);
    let mut found = Vec::new();
    if limit == 0 {
        return Ok(found);
    }
    Reader::new(view).newest_first(newest, &mut |entry| {
        if query.matches(&entry.meta) {
            found.push(entry.meta);
        }
        Ok(if found.len() < limit {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        })
    })?;
    Ok(found)
}

/// As [`list`], snapshot by snapshot, where the table cannot be walked because a page of it is damaged:
/// what can still be reached is listed. Each try is a lease of its own.
pub(super) fn list_around_damage(
    place: &Place<'_>,
    query: &Query,
) -> Result<Vec<SnapshotMeta>, StoreError> {
    const OPERATION: &str = "list snapshots";
    const BATCH: usize = 64;
    let next = place.read(OPERATION, |txn| Ok(Counters::read(txn)?.seq))?;
    let seqs: Vec<u64> = (0..next).rev().collect();
    let read = |seqs: &[u64]| {
        place.read(OPERATION, |txn| {
            let reader = Reader::new(txn);
            let entries = seqs.iter().map(|seq| match reader.get(*seq) {
                Err(fault @ Fault::Damaged { .. }) if seqs.len() > 1 => Err(fault),
                Err(fault) if fault.is_damage() => Ok(None),
                read => read,
            });
            entries.collect::<Result<Vec<_>, Fault>>()
        })
    };
    let limit = query.limit.unwrap_or(usize::MAX);
    let mut found = Vec::new();
    for batch in seqs.chunks(BATCH) {
        let mut entries = Vec::new();
        match read(batch) {
            Err(error) if error.is_damage() => {
                for seq in batch {
                    match read(std::slice::from_ref(seq)) {
                        Err(error) if error.is_damage() => {}
                        read => entries.extend(read?),
                    }
                }
            }
            read => entries = read?,
        }
        let metas = entries.into_iter().flatten().map(|entry| entry.meta);
        let wanted = metas.filter(|meta| {
            query.before.is_none_or(|before| meta.id < before) && query.matches(meta)
        });
        found.extend(wanted.take(limit.saturating_sub(found.len())));
        if found.len() >= limit {
            break;
        }
    }
    Ok(found)
}

/// The greatest sequence number below a snapshot, or of all.
fn start(view: &impl View, before: Option<SnapshotId>) -> Result<Option<u64>, Fault> {
    match before {
        None => Ok(Some(u64::MAX)),
        Some(id) => match ids::seq(view, id)? {
            Some(seq) => Ok(seq.checked_sub(1)),
            None => ids::before(view, id),
        },
    }
}

/// The entry of a snapshot in the timeline, which must be there.
pub(super) fn entry(view: &impl View, id: SnapshotId) -> Result<Entry, Fault> {
    Reader::new(view).find(id)?.ok_or_else(|| {
        StoreError::NotFound {
            name: id.to_string(),
            suggestions: Vec::new(),
        }
        .into()
    })
}

/// A snapshot with its tree, held against its digest.
pub(super) fn load(view: &impl View, id: SnapshotId) -> Result<Snapshot, Fault> {
    let entry = entry(view, id)?;
    snapshot(view, entry)
}

/// The tree of an entry, held against its digest.
pub(super) fn snapshot(view: &impl View, entry: Entry) -> Result<Snapshot, Fault> {
    let state = structure::load(view, entry.seq)?;
    let object = || format!("the structure of snapshot {}", entry.meta.id.short());
    if state.digest() != entry.meta.root {
        return Err(Fault::damaged_object(object(), "its digest does not match"));
    }
    state
        .check()
        .map_err(|cause| Fault::damaged_object(object(), cause))?;
    Ok(Snapshot {
        meta: entry.meta,
        state,
    })
}

/// The newest snapshots of several lives, at most `most` of each, newest first: whole ones, or where
/// a life has none, partial ones. One walk for all.
pub(super) fn newest_of_each(
    view: &impl View,
    lives: &[LifeId],
    most: usize,
) -> Result<BTreeMap<LifeId, Vec<SnapshotMeta>>, Fault> {
    let mut found: BTreeMap<LifeId, Vec<SnapshotMeta>> =
        lives.iter().map(|life| (*life, Vec::new())).collect();
    let mut partial = found.clone();
    let mut open = if most == 0 { 0 } else { found.len() };
    if open == 0 {
        return Ok(found);
    }
    Reader::new(view).newest_first(u64::MAX, &mut |entry| {
        let life = entry.meta.life();
        let of_kind = if entry.meta.partial {
            &mut partial
        } else {
            &mut found
        };
        if let Some(own) = of_kind.get_mut(&life).filter(|own| own.len() < most) {
            let whole = !entry.meta.partial;
            own.push(entry.meta);
            open -= usize::from(whole && own.len() == most);
        }
        Ok(if open == 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    for (life, own) in &mut found {
        if own.is_empty() {
            *own = partial.remove(life).unwrap_or_default();
        }
    }
    Ok(found)
}

/// The newest snapshot of a life, older than `before` where that is given.
pub(super) fn newest_of(
    view: &impl View,
    life: LifeId,
    before: Option<SnapshotId>,
) -> Result<Option<SnapshotMeta>, Fault> {
    let Some(newest) = start(view, before)? else {
        return Ok(None);
    };
    let mut found = None;
    Reader::new(view).newest_first(newest, &mut |entry| {
        Ok(if entry.meta.life() == life {
            found = Some(entry.meta);
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    Ok(found)
}
