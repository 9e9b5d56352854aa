//! Writing snapshots of another store's file: the same numbers, ids, times, parents, names, tags,
//! trees and texts. Only what they take is counted anew.

use std::collections::BTreeMap;

use redb::WriteTransaction;

use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::snapshot::{ServerIdentity, SnapshotMeta};
use crate::model::time::Millis;
use crate::model::tree::ServerState;
use crate::store::care::trash;
use crate::store::record::counters::Counters;
use crate::store::record::fault::Fault;
use crate::store::record::ids;
use crate::store::record::request::Storing;
use crate::store::snapshot::chain;
use crate::store::snapshot::metadata::{self, Entry, Origin};
use crate::store::snapshot::names;
use crate::store::snapshot::recording::{self, Bases, Given};
use crate::store::snapshot::rosters;
use crate::store::snapshot::structure;

/// A snapshot of another file.
#[derive(Debug, Clone)]
pub(in crate::store) struct Carry {
    pub(in crate::store) seq: u64,
    pub(in crate::store) meta: SnapshotMeta,
    pub(in crate::store) state: ServerState,
    /// When it was thrown away, where it is in the trash.
    pub(in crate::store) since: Option<Millis>,
}

/// A snapshot with which another one may have much in common, so that it is stored beside it.
#[derive(Debug)]
pub(in crate::store) struct Near {
    entry: Entry,
    state: ServerState,
}

impl Near {
    /// What was just written.
    pub(in crate::store) fn new(entry: Entry, state: ServerState) -> Self {
        Self { entry, state }
    }

    /// The newest of a server that was recorded here. What a damaged one held is not known.
    pub(in crate::store) fn newest(
        txn: &WriteTransaction,
        of: &ServerIdentity,
    ) -> Result<Option<Self>, Fault> {
        let Some(entry) = recording::parent(txn, of)? else {
            return Ok(None);
        };
        let state = structure::load(txn, entry.seq).unwrap_or_default();
        Ok(Some(Self { entry, state }))
    }
}

/// Writes a snapshot, with those of its texts that are not stored yet; gives back the bytes of
/// these.
pub(in crate::store) fn put(
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
pub(in crate::store) fn beside(
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
    let none = ServerState::default();
    let bases = Bases::new(near.map_or(&none, |near| &near.state));
    let given = Given {
        texts: texts.iter().map(|(digest, text)| (*digest, text)).collect(),
        storing: Storing::Auto,
    };
    let origin = Origin {
        host: meta.host.clone(),
        server: meta.server.clone(),
    };
    let (origin, mut bytes) = metadata::origin_number(txn, counters, &origin)?;
    let (numbers, own) = recording::store_texts(txn, counters, &state, &given, &bases)?;
    bytes += own;
    let like = near.map(|near| near.entry.seq);
    let tree = (&state, &numbers);
    bytes += structure::store(txn, counters, seq, tree, like, Storing::Auto)?;
    let like = near.map(|near| (near.entry.roster, &near.entry.meta.sessions[..]));
    let (roster, own) = rosters::number(txn, counters, &meta.sessions, like)?;
    chain::add(txn, counters, seq, (meta.id, meta.root))?;
    ids::set(txn, meta.id, seq)?;
    meta.stored_bytes = bytes + own + recording::INDEX_BYTES;
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
