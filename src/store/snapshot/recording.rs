//! Recording a snapshot: what is new in it is stored, the rest is shared.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use bstr::BString;
use redb::WriteTransaction;

use crate::model::contents::Contents;
use crate::model::diff::diff;
use crate::model::digest::Digest;
use crate::model::id::{Doubt, SnapshotId};
use crate::model::snapshot::{
    Cause, ChangeCount, LifeId, Provenance, ServerIdentity, SnapshotMeta, Trust,
};
use crate::model::time::Millis;
use crate::model::tree::PaneId;
use crate::model::tree::{AttachmentKind, ContentsRef, Pane, ServerState, Session, Tab};
use crate::model::words::count;
use crate::store::file::lease::Outcome;
use crate::store::record::counters::Counters;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use crate::store::record::ids;
use crate::store::record::request::{Recorded, Recording, Storing, Unchanged};
use crate::store::record::tables::{View, go_on};
use crate::store::snapshot::chain;
use crate::store::snapshot::lives;
use crate::store::snapshot::metadata::{self, Entry, Origin, Reader};
use crate::store::snapshot::names;
use crate::store::snapshot::rosters;
use crate::store::snapshot::structure;
use crate::store::text::blocks::Blocks;
use crate::store::text::texts;

/// Bytes of an entry in the index of ids, and of the counters' share in the chain.
pub(in crate::store) const INDEX_BYTES: u64 = 13 + 4 + 8;

/// Records a snapshot whose state is sorted.
pub(in crate::store) fn record(
    txn: &WriteTransaction,
    new: &Recording,
    unchanged: Unchanged,
) -> Result<Outcome<Recorded>, Fault> {
    new.state.check().map_err(StoreError::Invalid)?;
    let mut counters = Counters::read(txn)?;
    let parent = parent(txn, &new.server)?;
    let mut meta = described(new, &counters, parent.as_ref().map(|entry| entry.meta.id));
    if counters.newest.is_some_and(|newest| meta.id <= newest) {
        // It would take another one's place, or be listed before it.
        return Err(Fault::damaged(
            Kind::Counters,
            0,
            "it says that every id is used up",
        ));
    }
    names::check_sound(new.name.as_deref())?;
    names::check_free(txn, new.name.as_deref(), &meta)?;
    if unchanged == Unchanged::Skip {
        let before = match &parent {
            // It tells what a restore changed, and nobody would find the state by it.
            Some(parent) if parent.meta.cause == Cause::UndoPoint => {
                newest(txn, &new.server, true)?
            }
            parent => parent.clone(),
        };
        if let Some(before) = before
            && before.meta.life() == meta.life()
            && before.meta.root == meta.root
            // With the lives of all sessions.
            && before.meta.sessions == meta.sessions
        {
            return Ok(Outcome::Abort(Recorded::Unchanged(before.meta)));
        }
    }
    tell_of_clock(txn, new.time);
    // What a damaged parent held cannot be compared; the new snapshot is stored all the same.
    let before = parent.as_ref().map(|entry| structure::load(txn, entry.seq));
    let mut before = before.and_then(Result::ok).unwrap_or_default();
    if new.partial {
        // What was left out has not gone.
        let chosen = |session: &Session| new.state.session(&session.name).is_some();
        before.sessions.retain(chosen);
    }
    meta.changes = match &parent {
        Some(_) => diff(&before, &new.state).count(),
        None => ChangeCount {
            added: meta.panes(),
            ..ChangeCount::default()
        },
    };
    let seq = counters.take_seq()?;
    counters.newest = counters.newest.max(Some(meta.id));
    let origin = Origin {
        host: new.host.clone(),
        server: new.server.clone(),
    };
    let (origin, mut bytes) = metadata::origin_number(txn, &mut counters, &origin)?;
    let bases = Bases::new(&before);
    let given = new.contents.iter().map(|text| (text.digest(), text));
    let given = Given {
        texts: given.collect(),
        storing: new.storing,
    };
    let (texts, own) = store_texts(txn, &mut counters, &new.state, &given, &bases)?;
    bytes += own;
    let like = parent.as_ref().map(|entry| entry.seq);
    bytes += structure::store(
        txn,
        &mut counters,
        seq,
        (&new.state, &texts),
        like,
        new.storing,
    )?;
    let like = parent
        .as_ref()
        .map(|entry| (entry.roster, &entry.meta.sessions[..]));
    let (roster, own) = rosters::number(txn, &mut counters, &meta.sessions, like)?;
    chain::add(txn, &mut counters, seq, (meta.id, meta.root))?;
    meta.stored_bytes = bytes + own + INDEX_BYTES;
    let mut entry = Entry {
        seq,
        origin,
        roster,
        meta,
    };
    let own = metadata::put(txn, &entry)?;
    // The record that says how large everything is counts as well; its own length hardly changes.
    entry.meta.stored_bytes += own;
    metadata::put(txn, &entry)?;
    ids::set(txn, entry.meta.id, seq)?;
    names::set(txn, &entry)?;
    if entry.meta.cause != Cause::Import {
        lives::seen(txn, &entry.meta.server, entry.meta.time)?;
    }
    counters.write(txn)?;
    Ok(Outcome::Commit(Recorded::Stored(entry.meta)))
}

/// Warns of a clock that cannot be right. What it stamps is recorded all the same: after the newest
/// snapshot, under the time that it shows.
fn tell_of_clock(view: &impl View, now: Millis) {
    let mut newest = None;
    let walked = Reader::new(view).rows_newest_first(u64::MAX, &mut |row| {
        newest = row.time().filter(|_| !row.is_imported());
        Ok(match newest {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        })
    });
    let Some(doubt) = Doubt::about(now, newest).filter(|_| walked.is_ok()) else {
        return;
    };
    let shown = now.timestamp();
    let days = |ms: u64| ms / (24 * 60 * 60 * 1000);
    match doubt {
        Doubt::Behind(ms) if days(ms) == 0 => tracing::warn!(
            "the clock shows {shown}, which is before the newest snapshot; it is recorded after it all the same"
        ),
        Doubt::Behind(ms) => tracing::warn!(
            "the clock shows {shown}, {} before the newest snapshot; it is recorded after it all the same",
            count(days(ms), "day")
        ),
        Doubt::Ahead(ms) => tracing::warn!(
            "the clock shows {shown}, {} after the newest snapshot: is it right? It is recorded as the next one",
            count(days(ms), "day")
        ),
        Doubt::Beyond => tracing::warn!("the clock shows {shown}: is it right?"),
    }
}

/// The newest whole snapshot of the same multiplexer and socket that was recorded here.
pub(in crate::store) fn parent(
    view: &impl View,
    of: &ServerIdentity,
) -> Result<Option<Entry>, Fault> {
    newest(view, of, false)
}

/// The same, with or without undo points.
fn newest(
    view: &impl View,
    of: &ServerIdentity,
    no_undo_points: bool,
) -> Result<Option<Entry>, Fault> {
    let reader = Reader::new(view);
    let mut found = None;
    reader.rows_newest_first(u64::MAX, &mut |row| {
        let server = &row.from.server;
        let same = server.mux == of.mux && server.socket == of.socket;
        let undo_point = no_undo_points && row.cause() == Cause::UndoPoint;
        let beside = row.is_partial() || row.is_imported() || undo_point;
        if same && !beside {
            // A damaged one is passed over.
            found = row.entry().ok();
        }
        Ok(go_on(found.is_none()))
    })?;
    Ok(found)
}

fn described(new: &Recording, counters: &Counters, parent: Option<SnapshotId>) -> SnapshotMeta {
    let tags: BTreeSet<String> = new.tags.iter().cloned().collect();
    SnapshotMeta {
        id: SnapshotId::new(new.time, new.random, counters.newest),
        parent,
        time: new.time,
        cause: new.cause,
        provenance: match new.cause {
            Cause::Import => Provenance::Imported {
                trust: Trust::Foreign,
            },
            _ => Provenance::Recorded,
        },
        name: new.name.clone(),
        notes: new.notes.clone(),
        tags: tags.into_iter().collect(),
        pinned: new.pinned,
        archived: false,
        partial: new.partial,
        host: new.host.clone(),
        server: new.server.clone(),
        root: new.state.digest(),
        sessions: new.state.summaries(),
        changes: ChangeCount::default(),
        stored_bytes: 0,
        logical_bytes: new.state.texts().map(|text| text.bytes).sum(),
        took_ms: new.took_ms,
        redactions: new.redactions.clone(),
        gap: None,
    }
}

/// The texts that were handed in, and how they are to be stored.
pub(in crate::store) struct Given<'a> {
    pub(in crate::store) texts: BTreeMap<Digest, &'a Contents>,
    pub(in crate::store) storing: Storing,
}

/// Stores every text of the state that is not stored yet; where it is to share nothing, every text.
/// Gives back their numbers and the bytes they take.
pub(in crate::store) fn store_texts(
    txn: &WriteTransaction,
    counters: &mut Counters,
    state: &ServerState,
    given: &Given<'_>,
    bases: &Bases,
) -> Result<(BTreeMap<Digest, u64>, u64), Fault> {
    let mut bytes = 0;
    let mut blocks = Blocks::default();
    let mut numbers = BTreeMap::new();
    let shown = state.panes().flat_map(|(session, tab, pane)| {
        let place = (session, tab, pane);
        parts(pane).map(move |(part, text)| (place, part, text))
    });
    for ((session, tab, pane), part, text) in shown {
        if numbers.contains_key(&text.digest) {
            continue;
        }
        let stored = texts::number(txn, text.digest)?;
        if let Some(number) = stored.filter(|_| given.storing != Storing::Full) {
            numbers.insert(text.digest, number);
            continue;
        }
        let old;
        let contents = match given.texts.get(&text.digest) {
            Some(contents) => *contents,
            None if stored.is_some() => {
                old = texts::load(txn, &mut blocks, text.digest)?;
                &old
            }
            None => {
                return Err(StoreError::MissingContents {
                    session: session.name.clone(),
                    tab: tab.index,
                    pane: pane.index,
                }
                .into());
            }
        };
        let base = bases.of(session, tab, pane, part);
        let whole = (text, contents);
        let (number, own) = texts::store(txn, counters, &mut blocks, whole, base, given.storing)?;
        numbers.insert(text.digest, number);
        bytes += own;
    }
    Ok((numbers, bytes))
}

/// A text of a pane: what it shows, or an attachment.
type RecordingPart = Option<(AttachmentKind, BString)>;

/// The texts of a pane.
fn parts(pane: &Pane) -> impl Iterator<Item = (RecordingPart, ContentsRef)> {
    let shown = pane.contents.map(|text| (None, text));
    let attached = pane.attachments.iter();
    let attached = attached.map(|own| (Some((own.kind, own.name.clone())), own.text));
    shown.into_iter().chain(attached)
}

/// Which texts each pane had before.
pub(in crate::store) struct Bases {
    by_handle: BTreeMap<(LifeId, PaneId, RecordingPart), Digest>,
    by_place: BTreeMap<(BString, u32, u32, RecordingPart), Digest>,
}

impl Bases {
    pub(in crate::store) fn new(before: &ServerState) -> Self {
        let mut bases = Self {
            by_handle: BTreeMap::new(),
            by_place: BTreeMap::new(),
        };
        for (session, tab, pane) in before.panes() {
            for (part, text) in parts(pane) {
                if let Some(handle) = pane.handle {
                    let own = (session.life, handle.id, part.clone());
                    bases.by_handle.insert(own, text.digest);
                }
                let place = (session.name.clone(), tab.index, pane.index, part);
                bases.by_place.insert(place, text.digest);
            }
        }
        bases
    }

    fn of(&self, session: &Session, tab: &Tab, pane: &Pane, part: RecordingPart) -> Option<Digest> {
        let handle = pane
            .handle
            .map(|handle| (session.life, handle.id, part.clone()));
        let same = handle.and_then(|handle| self.by_handle.get(&handle));
        let place = (session.name.clone(), tab.index, pane.index, part);
        same.or_else(|| self.by_place.get(&place)).copied()
    }
}
