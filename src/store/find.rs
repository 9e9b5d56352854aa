//! Which snapshot a user's words name.

use std::ops::ControlFlow;

use bstr::{BStr, ByteSlice};

use super::error::StoreError;
use super::fault::Fault;
use super::lease::Place;
use super::metadata::{Entry, Reader, Row};
use super::suggest::missing;
use super::tables::Stream;
use super::walk::{Passed, Step, newest_first};
use super::{ids, names};
use crate::model::id::{ID_CHARS, SnapshotId};
use crate::model::snapshot::SnapshotMeta;
use crate::model::target::SnapRef;
use crate::model::time::Millis;

const OPERATION: &str = "find a snapshot";
/// At most this many candidates are given.
const CANDIDATES: usize = 20;

/// Finds the snapshot. See [`super::Store::find`].
pub(super) fn find(
    place: &Place<'_>,
    reference: &SnapRef,
    session: Option<&BStr>,
    at: Option<Millis>,
) -> Result<SnapshotMeta, StoreError> {
    let not_found = |name: &str| missing(place, OPERATION, name);
    match reference {
        SnapRef::Live => Err(not_found("live")),
        SnapRef::Latest(back) => {
            let found = match session {
                Some(session) => nth_change(place, session, *back)?,
                None => nth(place, *back)?,
            };
            found.ok_or_else(|| not_found(&format!("latest~{back}")))
        }
        SnapRef::At(words) => {
            let found = match at {
                Some(at) => first(place, |row| {
                    let earlier = row.time().is_some_and(|time| time <= at);
                    earlier && session.is_none_or(|name| row.has_session(name))
                })?,
                None => None,
            };
            found.ok_or_else(|| not_found(&format!("@{words}")))
        }
        SnapRef::NameIn { session, name } => {
            let whole = format!("{session}:{name}");
            let named = named(place, name, Some(session.as_bytes().as_bstr()))?;
            // A name may hold a colon itself.
            let found = match named {
                None => self::named(place, &whole, None)?,
                some => some,
            };
            found.ok_or_else(|| not_found(&whole))
        }
        SnapRef::IdOrName(text) => {
            // A whole id cannot mean anything else; otherwise a name goes before the beginning of
            // an id, because a name was chosen and an id was not.
            let range = reference.id_range();
            let by_id = || range.map_or(Ok(None), |range| by_id(place, text, range));
            let by_name = || named(place, text, session);
            let mut found = None;
            if text.len() == ID_CHARS {
                found = by_id()?;
            }
            if found.is_none() {
                found = by_name()?;
            }
            if found.is_none() {
                found = by_id()?;
            }
            if found.is_none() && session.is_some() {
                // The session only tells snapshots of one name apart.
                found = named(place, text, None)?;
            }
            found.ok_or_else(|| not_found(text))
        }
    }
}

fn holds(meta: &SnapshotMeta, session: Option<&BStr>) -> bool {
    session.is_none_or(|name| meta.sessions.iter().any(|own| own.name == *name))
}

/// Walks over the timeline, newest first.
fn walk(
    place: &Place<'_>,
    visit: &mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>, Fault>,
) -> Result<Passed, StoreError> {
    let visit = &mut |step: &Step<'_>| visit(&step.row);
    newest_first(place, OPERATION, Stream::Timeline, u64::MAX, visit)
}

/// The newest snapshot for which `fits` holds; archived and imported ones are found by name or id only.
fn first(
    place: &Place<'_>,
    mut fits: impl FnMut(&Row<'_>) -> bool,
) -> Result<Option<SnapshotMeta>, StoreError> {
    let mut found = None;
    walk(place, &mut |row| {
        if row.is_archived() || row.is_imported() || !fits(row) {
            return Ok(ControlFlow::Continue(()));
        }
        found = Some(row.entry()?.meta);
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}

fn nth(place: &Place<'_>, back: usize) -> Result<Option<SnapshotMeta>, StoreError> {
    let mut left = back;
    first(place, |_| match left {
        0 => true,
        _ => {
            left -= 1;
            false
        }
    })
}

/// The snapshot in which the session changed for the `back`th time before its last change. Of a run
/// in which it stays the same that is the oldest.
fn nth_change(
    place: &Place<'_>,
    session: &BStr,
    back: usize,
) -> Result<Option<SnapshotMeta>, StoreError> {
    let mut run: Option<(SnapshotMeta, _)> = None;
    let mut left = back;
    let mut found = None;
    walk(place, &mut |row| {
        if row.is_archived() || row.is_imported() || !row.has_session(session) {
            return Ok(ControlFlow::Continue(()));
        }
        let meta = row.entry()?.meta;
        let own = meta.sessions.iter().find(|own| own.name == *session);
        let Some(mark) = own.map(|own| own.mark) else {
            return Ok(ControlFlow::Continue(()));
        };
        if let Some((last, shown)) = run.take() {
            // A session of the same name on another server is another session.
            let (a, b) = (&last.server, &meta.server);
            if (a.mux, &a.socket) != (b.mux, &b.socket) {
                run = Some((last, shown));
                return Ok(ControlFlow::Continue(()));
            }
            if shown != mark {
                if left == 0 {
                    found = Some(last);
                    return Ok(ControlFlow::Break(()));
                }
                left -= 1;
            }
        }
        run = Some((meta, mark));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found.or_else(|| run.filter(|_| left == 0).map(|(meta, _)| meta)))
}

/// The snapshot of this name.
fn named(
    place: &Place<'_>,
    name: &str,
    session: Option<&BStr>,
) -> Result<Option<SnapshotMeta>, StoreError> {
    let by_index = place.read(OPERATION, |txn| {
        looked_up(&Reader::new(txn), names::numbers(txn, name)?)
    });
    one(place, name, by_index, session, |meta| {
        meta.name.as_deref() == Some(name)
    })
}

/// The snapshot whose id lies in a range.
fn by_id(
    place: &Place<'_>,
    text: &str,
    range: (SnapshotId, SnapshotId),
) -> Result<Option<SnapshotMeta>, StoreError> {
    let by_index = place.read(OPERATION, |txn| {
        looked_up(&Reader::new(txn), ids::range(txn, range, CANDIDATES)?)
    });
    one(place, text, by_index, None, |meta| {
        (range.0..=range.1).contains(&meta.id)
    })
}

/// The snapshots under these numbers that can be read, and the damage to one that cannot. A number
/// under which there is nothing belongs to the trash.
type LookedUp = (Vec<Entry>, Option<Fault>);

fn looked_up(
    reader: &Reader<'_, redb::ReadTransaction>,
    numbers: Vec<u64>,
) -> Result<LookedUp, Fault> {
    let mut found = Vec::new();
    let mut damage = None;
    for seq in numbers {
        match reader.get(seq) {
            Ok(entry) => found.extend(entry),
            Err(fault) if fault.is_damage() => damage = Some(fault),
            Err(fault) => return Err(fault),
        }
    }
    Ok((found, damage))
}

/// The only snapshot that is meant, in this session, of those that an index leads to; where the index
/// is damaged, or leads to another one, of all.
fn one(
    place: &Place<'_>,
    name: &str,
    by_index: Result<LookedUp, StoreError>,
    session: Option<&BStr>,
    is_meant: impl Fn(&SnapshotMeta) -> bool,
) -> Result<Option<SnapshotMeta>, StoreError> {
    let (mut found, mut damage) = match by_index {
        Ok((found, damage)) => (found, damage.map(|fault| fault.at(OPERATION, place.file))),
        Err(error) if error.is_damage() => (Vec::new(), Some(error)),
        Err(error) => return Err(error),
    };
    if found.iter().any(|entry| !is_meant(&entry.meta)) {
        let fault = Fault::damaged_object("an index", "it leads to another snapshot");
        damage = Some(fault.at(OPERATION, place.file));
    }
    found.retain(|entry| is_meant(&entry.meta));
    if found.is_empty() && damage.is_some() {
        let walked = walk(place, &mut |row| {
            let entry = row.entry()?;
            if is_meant(&entry.meta) {
                found.push(entry);
            }
            Ok(ControlFlow::Continue(()))
        });
        match walked {
            Err(error) if error.is_damage() => damage = Some(error),
            // Only the index is damaged: what was not found is not there.
            Ok(passed) if passed.hidden == 0 => damage = None,
            walked => drop(walked?),
        }
    }
    // One that was found elsewhere was not meant, and nothing is missing.
    damage = damage.filter(|_| found.is_empty());
    found.retain(|entry| holds(&entry.meta, session));
    found.sort_by_key(|entry| std::cmp::Reverse(entry.seq));
    if found.len() > 1 {
        let candidates = found.into_iter().map(|entry| entry.meta.id);
        return Err(StoreError::Ambiguous {
            name: name.to_owned(),
            candidates: candidates.take(CANDIDATES).collect(),
        });
    }
    match (found.pop(), damage) {
        // What it names is there, and damaged.
        (None, Some(damage)) => Err(damage),
        (found, _) => Ok(found.map(|entry| entry.meta)),
    }
}
