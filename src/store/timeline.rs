//! Reading along the timeline.

use std::ops::ControlFlow;

use super::error::StoreError;
use super::fault::Fault;
use super::ids;
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
