//! Which snapshot a user's words name.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use bstr::{BStr, ByteSlice};

use crate::model::composed::same_name;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{Cause, SnapshotMeta};
use crate::model::target::SnapRef;
use crate::model::time::Millis;
use crate::store::file::lease::Place;
use crate::store::query::suggest::missing;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::ids;
use crate::store::record::tables::Stream;
use crate::store::snapshot::metadata::{Entry, Reader, Row};
use crate::store::snapshot::names;
use crate::store::snapshot::walk::{Passed, Step, newest_first};

const OPERATION: &str = "find a snapshot";
/// At most this many candidates are given.
const MAX_CANDIDATES: usize = 20;

/// Where `latest`, moments and names are looked for. An id means one snapshot, wherever it is.
#[derive(Clone, Copy, Default)]
pub struct FindScope<'a> {
    /// Only snapshots in which this session is; `latest~N` counts those in which it changed.
    pub session: Option<&'a BStr>,
    /// Only snapshots of servers with one of these sockets, and imported ones; of every server
    /// where nothing is said.
    pub socket: Option<&'a dyn Fn(&BStr) -> bool>,
}

impl FindScope<'_> {
    fn has_socket(&self, socket: &BStr) -> bool {
        self.socket.is_none_or(|is_wanted| is_wanted(socket))
    }

    fn holds(&self, meta: &SnapshotMeta) -> bool {
        let session = |name: &BStr| meta.sessions.iter().any(|own| same_name(&own.name, name));
        // An imported one is of no server that is here.
        let own = meta.cause == Cause::Import || self.has_socket(meta.server.socket.as_bstr());
        self.session.is_none_or(session) && own
    }
}

/// Finds the snapshot. See [`crate::store::Store::find_within`].
pub(in crate::store) fn find(
    place: &Place<'_>,
    reference: &SnapRef,
    scope: FindScope<'_>,
    at: Option<Millis>,
) -> Result<SnapshotMeta, StoreError> {
    let session = scope.session;
    let not_found = |name: &str| missing(place, OPERATION, name);
    match reference {
        SnapRef::Live => Err(not_found("live")),
        SnapRef::Latest(back) => {
            let found = match session {
                Some(session) => nth_change(place, scope, session, *back)?,
                None => nth(place, scope, *back)?,
            };
            found.ok_or_else(|| {
                not_found(&match back {
                    0 => "latest".to_owned(),
                    back => format!("latest~{back}"),
                })
            })
        }
        SnapRef::At(words) => {
            let found = match at {
                Some(at) => first(place, scope, |row| {
                    let earlier = row.time().is_some_and(|time| time <= at);
                    earlier && session.is_none_or(|name| row.has_session(name))
                })?,
                None => None,
            };
            found.ok_or_else(|| not_found(&format!("@{words}")))
        }
        SnapRef::NameIn { session, name } => {
            let whole = format!("{session}:{name}");
            let within = |session| FindScope { session, ..scope };
            let named = named(place, name, within(Some(session.as_bytes().as_bstr())))?;
            // A name may hold a colon itself.
            let found = match named {
                None => self::named(place, &whole, within(None))?,
                some => some,
            };
            let found = match found {
                None => alike(place, name, within(Some(session.as_bytes().as_bstr())))?,
                some => some,
            };
            found.ok_or_else(|| not_found(&whole))
        }
        SnapRef::IdOrName(text) => {
            // A whole id cannot mean anything else; otherwise a name goes before the beginning of
            // an id, because a name was chosen and an id was not.
            let ranges = reference.id_ranges();
            let by_id = || by_id(place, text, &ranges);
            let by_name = || named(place, text, scope);
            let mut found = None;
            if text.parse::<SnapshotId>().is_ok() {
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
                found = named(
                    place,
                    text,
                    FindScope {
                        session: None,
                        ..scope
                    },
                )?;
            }
            if found.is_none() {
                found = alike(place, text, scope)?;
            }
            found.ok_or_else(|| not_found(text))
        }
    }
}

/// Walks over the timeline, newest first.
fn walk(
    place: &Place<'_>,
    visit: &mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>, Fault>,
) -> Result<Passed, StoreError> {
    let visit = &mut |step: &Step<'_>| visit(&step.row);
    newest_first(place, OPERATION, Stream::Timeline, u64::MAX, visit)
}

/// Whether it is one of the line that `latest` and moments go along. Archived and imported ones are
/// found by name or id only; an undo point, which is what a restore changed, by its id and by
/// undoing.
fn is_on_line(row: &Row<'_>, scope: FindScope<'_>) -> bool {
    let beside = row.is_archived() || row.is_imported() || row.cause() == Cause::UndoPoint;
    !beside && scope.has_socket(row.from.server.socket.as_bstr())
}

/// The newest snapshot of the line for which `fits` holds.
fn first(
    place: &Place<'_>,
    scope: FindScope<'_>,
    mut fits: impl FnMut(&Row<'_>) -> bool,
) -> Result<Option<SnapshotMeta>, StoreError> {
    let mut found = None;
    walk(place, &mut |row| {
        if !is_on_line(row, scope) || !fits(row) {
            return Ok(ControlFlow::Continue(()));
        }
        found = Some(row.entry()?.meta);
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}

fn nth(
    place: &Place<'_>,
    scope: FindScope<'_>,
    back: usize,
) -> Result<Option<SnapshotMeta>, StoreError> {
    let mut left = back;
    first(place, scope, |_| match left {
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
    scope: FindScope<'_>,
    session: &BStr,
    back: usize,
) -> Result<Option<SnapshotMeta>, StoreError> {
    let mut run: Option<(SnapshotMeta, _)> = None;
    let mut left = back;
    let mut found = None;
    walk(place, &mut |row| {
        if !is_on_line(row, scope) || !row.has_session(session) {
            return Ok(ControlFlow::Continue(()));
        }
        let meta = row.entry()?.meta;
        let own = meta
            .sessions
            .iter()
            .find(|own| same_name(&own.name, session));
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
    scope: FindScope<'_>,
) -> Result<Option<SnapshotMeta>, StoreError> {
    let by_index = place.read(OPERATION, |txn| {
        looked_up(&Reader::new(txn), names::numbers(txn, name)?)
    });
    one(place, name, by_index, scope, |meta| {
        meta.name.as_deref() == Some(name) && meta.cause != Cause::UndoPoint
    })
}

/// The snapshot whose name is the same in another form of Unicode, where none has it as it was
/// written.
fn alike(
    place: &Place<'_>,
    name: &str,
    scope: FindScope<'_>,
) -> Result<Option<SnapshotMeta>, StoreError> {
    if name.is_ascii() {
        return Ok(None);
    }
    let mut alike = BTreeSet::new();
    let walked = place.read(OPERATION, |txn| {
        names::all(txn, &mut |own, _| {
            if own != name && same_name(own.as_bytes(), name.as_bytes()) {
                alike.insert(own.to_owned());
            }
        })
    });
    match walked {
        Err(error) if error.is_damage() => {}
        walked => walked?,
    }
    let mut found = Vec::new();
    for own in alike {
        found.extend(named(place, &own, scope)?);
    }
    if found.len() > 1 {
        let candidates = found.into_iter().map(|meta| meta.id);
        return Err(StoreError::Ambiguous {
            name: name.to_owned(),
            candidates: candidates.take(MAX_CANDIDATES).collect(),
        });
    }
    Ok(found.pop())
}

/// The snapshot whose id lies in one of these ranges.
fn by_id(
    place: &Place<'_>,
    text: &str,
    ranges: &[(SnapshotId, SnapshotId)],
) -> Result<Option<SnapshotMeta>, StoreError> {
    if ranges.is_empty() {
        return Ok(None);
    }
    let by_index = place.read(OPERATION, |txn| {
        let mut numbers = Vec::new();
        for range in ranges {
            numbers.extend(ids::range(txn, *range, MAX_CANDIDATES)?);
        }
        looked_up(&Reader::new(txn), numbers)
    });
    one(place, text, by_index, FindScope::default(), |meta| {
        let mut ranges = ranges.iter();
        ranges.any(|(low, high)| (low..=high).contains(&&meta.id))
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

/// The only snapshot that is meant, in this scope, of those that an index leads to; where the index
/// is damaged, or leads to another one, of all.
fn one(
    place: &Place<'_>,
    name: &str,
    by_index: Result<LookedUp, StoreError>,
    scope: FindScope<'_>,
    is_meant: impl Fn(&SnapshotMeta) -> bool,
) -> Result<Option<SnapshotMeta>, StoreError> {
    let (mut found, mut damage) = match by_index {
        Ok((found, damage)) => (found, damage.map(|fault| fault.at(OPERATION, place.file))),
        Err(error) if error.is_damage() => (Vec::new(), Some(error)),
        Err(error) => return Err(error),
    };
    let led_astray =
        |entry: &&Entry| !is_meant(&entry.meta) && entry.meta.cause != Cause::UndoPoint;
    if found.iter().any(|entry| led_astray(&entry)) {
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
    found.retain(|entry| scope.holds(&entry.meta));
    found.sort_by_key(|entry| std::cmp::Reverse(entry.seq));
    if found.len() > 1 {
        let candidates = found.into_iter().map(|entry| entry.meta.id);
        return Err(StoreError::Ambiguous {
            name: name.to_owned(),
            candidates: candidates.take(MAX_CANDIDATES).collect(),
        });
    }
    match (found.pop(), damage) {
        // What it names is there, and damaged.
        (None, Some(damage)) => Err(damage),
        (found, _) => Ok(found.map(|entry| entry.meta)),
    }
}
