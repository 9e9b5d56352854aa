//! Reading along the timeline.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use redb::ReadTransaction;

use crate::model::id::SnapshotId;
use crate::model::snapshot::{Cause, LifeId, Snapshot, SnapshotMeta};
use crate::model::words::count;
use crate::store::file::lease::Place;
use crate::store::query::lists::Listed;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::tables::{Stream, View, go_on};
use crate::store::snapshot::imported;
use crate::store::snapshot::metadata::{Entry, Reader, Row};
use crate::store::snapshot::query::Query;
use crate::store::snapshot::structure;
use crate::store::snapshot::validate;
use crate::store::snapshot::walk::{LivesOf, newest_first};

/// The snapshots that a query asks for, newest first.
pub(in crate::store) fn list(place: &Place<'_>, query: &Query) -> Result<Listed, StoreError> {
    const OPERATION: &str = "list snapshots";
    let limit = query.limit.unwrap_or(usize::MAX);
    let start = start(place, OPERATION, query.before)?;
    let (Some(newest), false) = (start, limit == 0) else {
        return Ok(Listed::default());
    };
    let mut metas = Vec::new();
    // Those of files have ids of other times: they are put among the others at the end.
    let mut imported = Vec::new();
    let passed = newest_first(place, OPERATION, Stream::Timeline, newest, &mut |step| {
        let row = &step.row;
        if is_before(row, query.before) && query.matches_row(row) {
            let of_kind = if row.is_imported() {
                &mut imported
            } else {
                &mut metas
            };
            of_kind.push(row.entry()?.meta);
        }
        Ok(go_on(metas.len() < limit))
    })?;
    if passed.readable == 0 && passed.hidden > 0 {
        let object = match passed.hidden {
            1 => "the record of the only snapshot".to_owned(),
            hidden => format!("the record of each of {}", count(hidden, "snapshot")),
        };
        let fault = Fault::damaged_object(object, "it is not what was written");
        return Err(fault.at(OPERATION, place.file));
    }
    let hidden = passed.hidden;
    let full = metas.len() >= limit;
    let oldest = metas.last().map(|meta| meta.id).filter(|_| full);
    if let Some(before) = query.before {
        imported.extend(imported::later(
            place,
            OPERATION,
            (oldest, before),
            newest,
            query,
        )?);
    }
    imported.retain(|meta| oldest.is_none_or(|oldest| meta.id > oldest));
    if !imported.is_empty() {
        metas.append(&mut imported);
        metas.sort_by_key(|meta| std::cmp::Reverse(meta.id));
        metas.truncate(limit);
    }
    Ok(Listed { metas, hidden })
}

/// Where the walk over the snapshots before another one begins: with the newest of all that is
/// recorded here. Where the index of ids is damaged that is not known, and the walk begins at the
/// newest.
fn start(
    place: &Place<'_>,
    operation: &'static str,
    before: Option<SnapshotId>,
) -> Result<Option<u64>, StoreError> {
    let Some(id) = before else {
        return Ok(Some(u64::MAX));
    };
    let found = place.read(operation, |txn| imported::start(txn, id).map(Some));
    match found {
        Err(error) if error.is_damage() => Ok(Some(u64::MAX)),
        found => found,
    }
}

/// The entry of a snapshot in the timeline, which must be there.
pub(in crate::store) fn entry(view: &impl View, id: SnapshotId) -> Result<Entry, Fault> {
    Reader::new(view).find(id)?.ok_or_else(|| {
        StoreError::NotFound {
            name: id.to_string(),
            suggestions: Vec::new(),
        }
        .into()
    })
}

/// Does something with the entry of a snapshot. Where the index of ids is damaged the entry is
/// looked for in the whole timeline.
pub(in crate::store) fn with_entry<T>(
    place: &Place<'_>,
    operation: &'static str,
    id: SnapshotId,
    work: &dyn Fn(&ReadTransaction, Entry) -> Result<T, Fault>,
) -> Result<T, StoreError> {
    let mut found = None;
    let worked = place.read(operation, |txn| {
        let entry = entry(txn, id)?;
        found = Some(entry.seq);
        work(txn, entry)
    });
    match worked {
        Err(error) if error.is_damage() && found.is_none() => {
            let mut other = None;
            newest_first(place, operation, Stream::Timeline, u64::MAX, &mut |step| {
                if step.row.id() == Some(id) {
                    other = Some(step.row.entry()?);
                }
                Ok(go_on(other.is_none()))
            })?;
            match other {
                Some(entry) => place.read(operation, |txn| work(txn, entry)),
                None => Err(error),
            }
        }
        worked => worked,
    }
}

/// The tree of an entry, held against its digest.
pub(in crate::store) fn snapshot<V: View>(view: &V, entry: Entry) -> Result<Snapshot, Fault> {
    let state = structure::load(view, entry.seq)?;
    if state.digest() != entry.meta.root {
        let object = format!("the structure of snapshot {}", entry.meta.id.short());
        return Err(Fault::damaged_object(object, "its digest does not match"));
    }
    validate::snapshot(&entry, &state)?;
    Ok(Snapshot {
        meta: entry.meta,
        state,
    })
}

/// The newest snapshots of several lives, at most `most` of each, newest first: whole ones, or
/// where a life has none, partial ones and undo points; none that were imported. One walk for all.
pub(in crate::store) fn newest_of_each(
    place: &Place<'_>,
    lives: &[LifeId],
    most: usize,
) -> Result<BTreeMap<LifeId, Vec<SnapshotMeta>>, StoreError> {
    const OPERATION: &str = "find the newest of each life";
    let mut found: BTreeMap<LifeId, Vec<SnapshotMeta>> =
        lives.iter().map(|life| (*life, Vec::new())).collect();
    let mut partial = found.clone();
    let mut open = if most == 0 { 0 } else { found.len() };
    if open == 0 {
        return Ok(found);
    }
    let mut lives_of = LivesOf::default();
    newest_first(place, OPERATION, Stream::Timeline, u64::MAX, &mut |step| {
        if step.row.is_imported() {
            return Ok(ControlFlow::Continue(()));
        }
        let life = lives_of.row(&step.row);
        let whole = !step.row.is_partial() && step.row.cause() != Cause::UndoPoint;
        let of_kind = if whole { &mut found } else { &mut partial };
        if let Some(own) = of_kind.get_mut(&life).filter(|own| own.len() < most) {
            own.push(step.row.entry()?.meta);
            open -= usize::from(whole && own.len() == most);
        }
        Ok(go_on(open > 0))
    })?;
    for (life, own) in &mut found {
        if own.is_empty() {
            *own = partial.remove(life).unwrap_or_default();
        }
    }
    Ok(found)
}

/// The newest snapshot of a life that was recorded here, older than `before` where that is given.
pub(in crate::store) fn newest_of(
    place: &Place<'_>,
    life: LifeId,
    before: Option<SnapshotId>,
) -> Result<Option<SnapshotMeta>, StoreError> {
    const OPERATION: &str = "find a life's newest snapshot";
    let Some(newest) = start(place, OPERATION, before)? else {
        return Ok(None);
    };
    let mut found = None;
    let mut lives_of = LivesOf::default();
    newest_first(place, OPERATION, Stream::Timeline, newest, &mut |step| {
        let here = !step.row.is_imported() && is_before(&step.row, before);
        if here && lives_of.row(&step.row) == life {
            found = Some(step.row.entry()?.meta);
        }
        Ok(go_on(found.is_none()))
    })?;
    Ok(found)
}

fn is_before(row: &Row<'_>, before: Option<SnapshotId>) -> bool {
    before.is_none_or(|before| row.id().is_some_and(|id| id < before))
}
