//! Which snapshot a user's words name.

use std::ops::ControlFlow;

use bstr::{BStr, ByteSlice};

use super::error::StoreError;
use super::fault::Fault;
use super::fuzzy::Fuzzy;
use super::ids;
use super::metadata::{Entry, Reader};
use super::names;
use super::tables::View;
use crate::model::id::{ID_CHARS, SnapshotId};
use crate::model::snapshot::SnapshotMeta;
use crate::model::target::SnapRef;
use crate::model::time::Millis;

/// At most this many suggestions or candidates are given.
const SUGGESTIONS: usize = 5;
const CANDIDATES: usize = 20;

/// Finds the snapshot. See [`super::Store::find`].
pub(super) fn find<V: View>(
    view: &V,
    reference: &SnapRef,
    session: Option<&BStr>,
    at: Option<Millis>,
) -> Result<SnapshotMeta, Fault> {
    let not_found = |name: &str| missing(view, name);
    match reference {
        SnapRef::Live => Err(not_found("live")),
        SnapRef::Latest(back) => {
            let found = match session {
                Some(session) => nth_change(view, session, *back)?,
                None => nth(view, *back)?,
            };
            found.ok_or_else(|| not_found(&format!("latest~{back}")))
        }
        SnapRef::At(words) => {
            let found = match at {
                Some(at) => first(view, |meta| meta.time <= at && holds(meta, session))?,
                None => None,
            };
            found.ok_or_else(|| not_found(&format!("@{words}")))
        }
        SnapRef::NameIn { session, name } => {
            let whole = format!("{session}:{name}");
            let named = named(view, name, Some(session.as_bytes().as_bstr()))?;
            // A name may hold a colon itself.
            let found = match named {
                None => self::named(view, &whole, None)?,
                some => some,
            };
            found.ok_or_else(|| not_found(&whole))
        }
        SnapRef::IdOrName(text) => {
            // A whole id cannot mean anything else; otherwise a name goes before the beginning of
            // an id, because a name was chosen and an id was not.
            let range = reference.id_range();
            let by_id = || range.map_or(Ok(None), |range| by_id(view, text, range));
            let by_name = || named(view, text, session);
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
                found = named(view, text, None)?;
            }
            found.ok_or_else(|| not_found(text))
        }
    }
}

fn holds(meta: &SnapshotMeta, session: Option<&BStr>) -> bool {
    session.is_none_or(|name| meta.sessions.iter().any(|own| own.name == *name))
}

/// The newest snapshot for which `fits` holds; archived ones are found by name or id only.
fn first(
    view: &impl View,
    fits: impl Fn(&SnapshotMeta) -> bool,
) -> Result<Option<SnapshotMeta>, Fault> {
    let mut found = None;
    Reader::new(view).newest_first(u64::MAX, &mut |entry| {
        Ok(if !entry.meta.archived && fits(&entry.meta) {
            found = Some(entry.meta);
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    Ok(found)
}

fn nth(view: &impl View, back: usize) -> Result<Option<SnapshotMeta>, Fault> {
    let left = std::cell::Cell::new(back);
    first(view, |_| match left.get() {
        0 => true,
        more => {
            left.set(more - 1);
            false
        }
    })
}

/// The snapshot in which the session changed for the `back`th time before its last change. Of a run
/// in which it stays the same that is the oldest.
fn nth_change(
    view: &impl View,
    session: &BStr,
    back: usize,
) -> Result<Option<SnapshotMeta>, Fault> {
    let mut run: Option<(SnapshotMeta, _)> = None;
    let mut left = back;
    let mut found = None;
    Reader::new(view).newest_first(u64::MAX, &mut |entry| {
        let meta = entry.meta;
        let own = meta.sessions.iter().find(|own| own.name == *session);
        let Some(digest) = own.map(|own| own.digest).filter(|_| !meta.archived) else {
            return Ok(ControlFlow::Continue(()));
        };
        if let Some((last, shown)) = run.take() {
            // A session of the same name on another server is another session.
            let (a, b) = (&last.server, &meta.server);
            if (a.mux, &a.socket) != (b.mux, &b.socket) {
                run = Some((last, shown));
                return Ok(ControlFlow::Continue(()));
            }
            if shown != digest {
                if left == 0 {
                    found = Some(last);
                    return Ok(ControlFlow::Break(()));
                }
                left -= 1;
            }
        }
        run = Some((meta, digest));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found.or_else(|| run.filter(|_| left == 0).map(|(meta, _)| meta)))
}

fn named<V: View>(
    view: &V,
    name: &str,
    session: Option<&BStr>,
) -> Result<Option<SnapshotMeta>, Fault> {
    let found = names::find(view, name)?;
    let found = found
        .into_iter()
        .filter(|entry| holds(&entry.meta, session));
    one(name, found.collect())
}

fn by_id(
    view: &impl View,
    text: &str,
    range: (SnapshotId, SnapshotId),
) -> Result<Option<SnapshotMeta>, Fault> {
    let reader = Reader::new(view);
    let mut entries = Vec::new();
    let mut damage = None;
    for seq in ids::range(view, range, CANDIDATES)? {
        match reader.get(seq) {
            Ok(Some(entry)) if (range.0..=range.1).contains(&entry.meta.id) => entries.push(entry),
            Ok(Some(_)) => {
                damage = Some(Fault::damaged_object("the index of ids", "it leads astray"));
            }
            // In the trash.
            Ok(None) => {}
            Err(fault) if fault.is_damage() => damage = Some(fault),
            Err(fault) => return Err(fault),
        }
    }
    match (one(text, entries)?, damage) {
        // What it names is there, and damaged.
        (None, Some(damage)) => Err(damage),
        (found, _) => Ok(found),
    }
}

fn one(name: &str, mut found: Vec<Entry>) -> Result<Option<SnapshotMeta>, Fault> {
    found.sort_by_key(|entry| std::cmp::Reverse(entry.seq));
    if found.len() > 1 {
        let candidates = found.into_iter().map(|entry| entry.meta.id);
        return Err(StoreError::Ambiguous {
            name: name.to_owned(),
            candidates: candidates.take(CANDIDATES).collect(),
        }
        .into());
    }
    Ok(found.pop().map(|entry| entry.meta))
}

/// The error for a name that nobody has, with those that look like it.
fn missing(view: &impl View, name: &str) -> Fault {
    let fuzzy = Fuzzy::new(name.rsplit(':').next().unwrap_or(name));
    let wanted = name.to_ascii_lowercase();
    let mut scored: Vec<(i64, String)> = Vec::new();
    let walked = Reader::new(view).newest_first(u64::MAX, &mut |entry| {
        if let Some(own) = &entry.meta.name {
            // Either may be the shorter one: `befor` for `before`, `before2` for `before`.
            let other = Fuzzy::new(own).score(name);
            if let Some(score) = fuzzy.score(own).max(other) {
                scored.push((score, own.clone()));
            }
        }
        let short = entry.meta.id.short();
        let same = short.bytes().zip(wanted.bytes());
        let same = same.take_while(|(a, b)| a == b).count();
        // Ids of one time begin alike: only nearly the whole one is worth a mention.
        if same + 2 >= wanted.len().min(short.len()) && same >= 4 {
            scored.push((i64::try_from(same).unwrap_or(0), short));
        }
        Ok(ControlFlow::Continue(()))
    });
    if let Err(fault) = walked {
        return fault;
    }
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    let mut suggestions: Vec<String> = Vec::new();
    for (_, suggestion) in scored {
        if suggestions.len() < SUGGESTIONS && !suggestions.contains(&suggestion) {
            suggestions.push(suggestion);
        }
    }
    StoreError::NotFound {
        name: name.to_owned(),
        suggestions,
    }
    .into()
}
