//! Recording a snapshot: what is new in it is stored, the rest is shared.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use bstr::BString;
use redb::WriteTransaction;

use super::blocks::Blocks;
use super::counters::Counters;
use super::error::StoreError;
use super::fault::Fault;
use super::lease::Outcome;
use super::metadata::{self, Entry, Origin, Reader};
use super::request::{Recorded, Recording, Storing, Unchanged};
use super::tables::View;
use super::{chain, ids, lives, names, rosters, structure, texts};
use crate::model::contents::Contents;
use crate::model::diff::diff;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{Cause, ChangeCount, ServerIdentity, SnapshotMeta};
use crate::model::tree::{ServerState, Session};

/// Bytes of an entry in the index of ids, and of the counters' share in the chain.
pub(super) const INDEX_BYTES: u64 = 13 + 4 + 8;

/// Records a snapshot whose state is sorted.
pub(super) fn record(
    txn: &WriteTransaction,
    new: &Recording,
    unchanged: Unchanged,
) -> Result<Outcome<Recorded>, Fault> {
    new.state.check().map_err(StoreError::Invalid)?;
    let mut counters = Counters::read(txn)?;
    let parent = parent(txn, &new.server)?;
    let mut meta = described(new, &counters, parent.as_ref().map(|entry| entry.meta.id));
    names::check_sound(new.name.as_deref())?;
    names::check_free(txn, new.name.as_deref(), &meta)?;
    if unchanged == Unchanged::Skip
        && let Some(parent) = &parent
        && parent.meta.life() == meta.life()
        && parent.meta.root == meta.root
    {
        return Ok(Outcome::Abort(Recorded::Unchanged(parent.meta.clone())));
    }
    // What a damaged parent held cannot be compared; the new snapshot is stored all the same.
    let before = parent.as_ref().map(|entry| structure::load(txn, entry.seq));
    let mut before = before.and_then(Result::ok).unwrap_or_default();
    if new.partial {
        // What was left out has not gone.
        let chosen = |session: &Session| new.state.session(&session.name).is_some();
        before.sessions.retain(chosen);
    }
    let same_life = parent
        .as_ref()
        .is_some_and(|parent| parent.meta.life() == meta.life());
    meta.changes = match &parent {
        Some(_) => diff(&before, &new.state, same_life).count(),
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
    let bases = Bases::new(&before, same_life);
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

/// The newest whole snapshot of the same multiplexer and socket that was recorded here.
pub(super) fn parent(view: &impl View, of: &ServerIdentity) -> Result<Option<Entry>, Fault> {
    let reader = Reader::new(view);
    let mut found = None;
    reader.rows_newest_first(u64::MAX, &mut |row| {
        let server = &row.from.server;
        let same = server.mux == of.mux && server.socket == of.socket;
        if same && !row.is_partial() && !row.is_imported() {
            // A damaged one is passed over.
            found = row.entry().ok();
        }
        Ok(if found.is_some() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    Ok(found)
}

fn described(new: &Recording, counters: &Counters, parent: Option<SnapshotId>) -> SnapshotMeta {
    let texts = new.state.panes().filter_map(|(_, _, pane)| pane.contents);
    let tags: BTreeSet<String> = new.tags.iter().cloned().collect();
    SnapshotMeta {
        id: SnapshotId::new(new.time, new.random, counters.newest),
        parent,
        time: new.time,
        cause: new.cause,
        name: new.name.clone(),
        description: new.description.clone(),
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
        logical_bytes: texts.map(|text| text.bytes).sum(),
        took_ms: new.took_ms,
        redactions: new.redactions.clone(),
    }
}

/// The texts that were handed in, and how they are to be stored.
pub(super) struct Given<'a> {
    pub(super) texts: BTreeMap<Digest, &'a Contents>,
    pub(super) storing: Storing,
}

/// Stores every text of the state that is not stored yet; where it is to share nothing, every text. Gives
/// back their numbers and the bytes they take.
pub(super) fn store_texts(
    txn: &WriteTransaction,
    counters: &mut Counters,
    state: &ServerState,
    given: &Given<'_>,
    bases: &Bases,
) -> Result<(BTreeMap<Digest, u64>, u64), Fault> {
    let mut bytes = 0;
    let mut blocks = Blocks::default();
    let mut numbers = BTreeMap::new();
    for (session, tab, pane) in state.panes() {
        let Some(text) = pane.contents else {
            continue;
        };
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
        let handle = pane.handle.map(|handle| handle.id);
        let base = bases.of(handle, (&session.name, tab.index, pane.index));
        let whole = (text, contents);
        let (number, own) = texts::store(txn, counters, &mut blocks, whole, base, given.storing)?;
        numbers.insert(text.digest, number);
        bytes += own;
    }
    Ok((numbers, bytes))
}

/// Which text each pane showed before.
pub(super) struct Bases {
    by_handle: BTreeMap<u32, Digest>,
    by_place: BTreeMap<(BString, u32, u32), Digest>,
}

impl Bases {
    pub(super) fn new(before: &ServerState, same_life: bool) -> Self {
        let mut bases = Self {
            by_handle: BTreeMap::new(),
            by_place: BTreeMap::new(),
        };
        for (session, tab, pane) in before.panes() {
            let Some(text) = pane.contents else {
                continue;
            };
            let place = (session.name.clone(), tab.index, pane.index);
            bases.by_place.insert(place, text.digest);
            if let Some(handle) = pane.handle.filter(|_| same_life) {
                bases.by_handle.insert(handle.id, text.digest);
            }
        }
        bases
    }

    fn of(
        &self,
        handle: Option<u32>,
        (session, tab, pane): (&BString, u32, u32),
    ) -> Option<Digest> {
        let same = handle.and_then(|handle| self.by_handle.get(&handle));
        let place = || self.by_place.get(&(session.clone(), tab, pane));
        same.or_else(place).copied()
    }
}
