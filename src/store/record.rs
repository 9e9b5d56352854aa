//! Recording a snapshot: what is new in it is stored, the rest is shared.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use bstr::BString;
use redb::WriteTransaction;

use super::counters::Counters;
use super::error::StoreError;
use super::fault::Fault;
use super::lease::Outcome;
use super::metadata::{self, Entry, Origin, Reader};
use super::request::{NewSnapshot, Recorded, Unchanged};
use super::tables::View;
use super::{ids, lives, names, structure, texts};
use crate::model::contents::Contents;
use crate::model::diff::diff;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{Cause, ChangeCount, SessionSummary, SnapshotMeta};
use crate::model::tree::{ServerState, Session};

/// Bytes of an entry in the index of ids.
const INDEX_BYTES: u64 = 16 + 8 + 8;

pub(super) fn record(
    txn: &WriteTransaction,
    mut new: NewSnapshot,
    unchanged: Unchanged,
) -> Result<Outcome<Recorded>, Fault> {
    new.state.sort();
    new.state.check().map_err(StoreError::Invalid)?;
    let mut counters = Counters::read(txn)?;
    let parent = parent(txn, &new)?;
    let mut meta = described(&new, &counters, parent.as_ref().map(|entry| entry.meta.id));
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
        host: new.host,
        server: new.server,
    };
    let (origin, mut bytes) = metadata::origin_number(txn, &mut counters, &origin)?;
    let given = new.contents.iter().map(|text| (text.digest(), text));
    let bases = Bases::new(&before, same_life);
    bytes += store_texts(txn, &mut counters, &new.state, &given.collect(), &bases)?;
    let like = parent.as_ref().map(|entry| entry.seq);
    bytes += structure::store(txn, &mut counters, seq, &new.state, like)?;
    meta.stored_bytes = bytes + INDEX_BYTES;
    let mut entry = Entry { seq, origin, meta };
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

/// The newest whole snapshot of the same multiplexer and socket.
fn parent(view: &impl View, new: &NewSnapshot) -> Result<Option<Entry>, Fault> {
    let reader = Reader::new(view);
    let mut found = None;
    reader.newest_first(u64::MAX, &mut |entry| {
        let meta = &entry.meta;
        let same = meta.server.mux == new.server.mux && meta.server.socket == new.server.socket;
        Ok(if same && !meta.partial {
            found = Some(entry);
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    Ok(found)
}

fn described(new: &NewSnapshot, counters: &Counters, parent: Option<SnapshotId>) -> SnapshotMeta {
    let sessions = new.state.sessions.iter().map(|session| {
        let panes: usize = session.tabs.iter().map(|tab| tab.panes.len()).sum();
        SessionSummary {
            name: session.name.clone(),
            digest: session.digest(),
            tabs: u32::try_from(session.tabs.len()).unwrap_or(u32::MAX),
            panes: u32::try_from(panes).unwrap_or(u32::MAX),
        }
    });
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
        sessions: sessions.collect(),
        changes: ChangeCount::default(),
        stored_bytes: 0,
        logical_bytes: texts.map(|text| text.bytes).sum(),
        took_ms: new.took_ms,
        redactions: new.redactions.clone(),
    }
}

/// Stores every text of the state that is not stored yet.
fn store_texts(
    txn: &WriteTransaction,
    counters: &mut Counters,
    state: &ServerState,
    given: &BTreeMap<Digest, &Contents>,
    bases: &Bases,
) -> Result<u64, Fault> {
    let mut bytes = 0;
    let mut cache = texts::Literals::default();
    for (session, tab, pane) in state.panes() {
        let Some(text) = pane.contents else {
            continue;
        };
        if texts::number(txn, text.digest)?.is_some() {
            continue;
        }
        let Some(contents) = given.get(&text.digest) else {
            return Err(StoreError::MissingContents {
                session: session.name.clone(),
                tab: tab.index,
                pane: pane.index,
            }
            .into());
        };
        let handle = pane.handle.map(|handle| handle.id);
        let base = bases.of(handle, (&session.name, tab.index, pane.index));
        bytes += texts::store(txn, counters, &mut cache, contents, base)?;
    }
    Ok(bytes)
}

/// Which text each pane showed before.
struct Bases {
    by_handle: BTreeMap<u32, Digest>,
    by_place: BTreeMap<(BString, u32, u32), Digest>,
}

impl Bases {
    fn new(before: &ServerState, same_life: bool) -> Self {
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
