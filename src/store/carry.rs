//! Writing snapshots of another store's file: the same numbers, ids, times, parents, names, tags, trees and
//! texts. Only what they take is counted anew.

use std::collections::BTreeMap;

use redb::WriteTransaction;

use super::counters::Counters;
use super::fault::Fault;
use super::metadata::{self, Entry, Origin};
use super::record::{self, Bases, Given};
use super::request::Storing;
use super::{chain, ids, names, rosters, structure, trash};
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::snapshot::{ServerIdentity, SnapshotMeta};
use crate::model::time::Millis;
use crate::model::tree::ServerState;

/// A snapshot of another file.
#[derive(Debug, Clone)]
pub(super) struct Carry {
    pub(super) seq: u64,
    pub(super) meta: SnapshotMeta,
    pub(super) state: ServerState,
    /// When it was thrown away, where it is in the trash.
    pub(super) since: Option<Millis>,
}

/// A snapshot with which another one may have much in common, so that it is stored beside it.
#[derive(Debug)]
pub(super) struct Near {
    entry: Entry,
    state: ServerState,
}

impl Near {
    /// What was just written.
    pub(super) fn new(entry: Entry, state: ServerState) -> Self {
        Self { entry, state }
    }

    /// The newest of a server that was recorded here. What a damaged one held is not known.
    pub(super) fn newest(
        txn: &WriteTransaction,
        of: &ServerIdentity,
    ) -> Result<Option<Self>, Fault> {
        let Some(entry) = record::parent(txn, of)? else {
            return Ok(None);
        };
        let state = structure::load(txn, entry.seq).unwrap_or_default();
        Ok(Some(Self { entry, state }))
    }
}

/// Writes a snapshot, with those of its texts that are not stored yet; gives back the bytes of these.
pub(super) fn put(
    txn: &WriteTransaction,
    counters: &mut Counters,
    carry: Carry,
    texts: &BTreeMap<Digest, Contents>,
) -> Result<u64, Fault> {
    let near = Near::newest(txn, &carry.meta.server)?;
    beside(txn, counters, carry, texts, near.as_ref())?;
    Ok(texts.values().map(|text| text.len() as u64).sum())
}

/// As [`put`], beside another snapshot; gives back what was stored of it.
pub(super) fn beside(
    txn: &WriteTransaction,
    counters: &mut Counters,
    carry: Carry,
    texts: &BTreeMap<Digest, Contents>,
    near: Option<&Near>,
) -> Result<Entry, Fault> {
    let Carry {
        seq,
        mut meta,
        state,
        since,
    } = carry;
    let same_life = near.is_some_and(|near| near.entry.meta.life() == meta.life());
    let none = ServerState::default();
    let bases = Bases::new(near.map_or(&none, |near| &near.state), same_life);
    let given = Given {
        texts: texts.iter().map(|(digest, text)| (*digest, text)).collect(),
        storing: Storing::Auto,
    };
    let origin = Origin {
        host: meta.host.clone(),
        server: meta.server.clone(),
    };
    let (origin, mut bytes) = metadata::origin_number(txn, counters, &origin)?;
    let (numbers, own) = record::store_texts(txn, counters, &state, &given, &bases)?;
    bytes += own;
    let like = near.map(|near| near.entry.seq);
    let tree = (&state, &numbers);
    bytes += structure::store(txn, counters, seq, tree, like, Storing::Auto)?;
    let like = near.map(|near| (near.entry.roster, &near.entry.meta.sessions[..]));
    let (roster, own) = rosters::number(txn, counters, &meta.sessions, like)?;
    chain::add(txn, counters, seq, (meta.id, meta.root))?;
    ids::set(txn, meta.id, seq)?;
    meta.stored_bytes = bytes + own + record::INDEX_BYTES;
    counters.newest = counters.newest.max(Some(meta.id));
    counters.seq = counters.seq.max(seq.saturating_add(1));
    let mut entry = Entry {
        seq,
        origin,
        roster,
        meta,
    };
    let put = |entry: &Entry| match since {
        Some(since) => trash::note(txn, entry, since),
        None => metadata::put(txn, entry),
    };
    entry.meta.stored_bytes += put(&entry)?;
    put(&entry)?;
    if since.is_none() {
        names::set(txn, &entry)?;
    }
    Ok(entry)
}
