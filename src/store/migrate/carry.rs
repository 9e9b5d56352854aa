//! Writing snapshots of an older store into a new one: the same numbers, ids, times, parents, names, tags,
//! trees and texts. Only what they take is counted anew.

use std::collections::{BTreeMap, BTreeSet};

use redb::WriteTransaction;

use super::old::{Lost, Old, Source, note};
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::tree::ServerState;
use crate::store::counters::Counters;
use crate::store::fault::Fault;
use crate::store::metadata::{self, Entry, Origin};
use crate::store::record::{self, Bases, Given};
use crate::store::request::Storing;
use crate::store::{chain, ids, names, rosters, structure, texts, trash};

/// What a snapshot that lost a text says of it.
const NOTE: &str = "texts were damaged before the store was migrated";

/// Writes one snapshot; gives back the bytes of the texts that came with it.
pub(super) fn carry(
    txn: &WriteTransaction,
    counters: &mut Counters,
    source: &Source<'_>,
    mut old: Old,
    lost: &mut Vec<Lost>,
) -> Result<u64, Fault> {
    let fresh = fresh_texts(txn, source, &mut old, lost)?;
    let Old {
        seq,
        mut meta,
        state,
        since,
    } = old;
    let parent = record::parent(txn, &meta.server)?;
    let before = parent.as_ref().map(|entry| structure::load(txn, entry.seq));
    let before = before.and_then(Result::ok).unwrap_or_default();
    let same_life = parent
        .as_ref()
        .is_some_and(|parent| parent.meta.life() == meta.life());
    let bases = Bases::new(&before, same_life);
    let given = Given {
        texts: fresh.iter().map(|(digest, text)| (*digest, text)).collect(),
        storing: Storing::Auto,
    };
    let origin = Origin {
        host: meta.host.clone(),
        server: meta.server.clone(),
    };
    let (origin, mut bytes) = metadata::origin_number(txn, counters, &origin)?;
    let (numbers, own) = record::store_texts(txn, counters, &state, &given, &bases)?;
    bytes += own;
    let like = parent.as_ref().map(|entry| entry.seq);
    let tree = (&state, &numbers);
    bytes += structure::store(txn, counters, seq, tree, like, Storing::Auto)?;
    let like = parent.as_ref();
    let like = like.map(|entry| (entry.roster, &entry.meta.sessions[..]));
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
    let texts = given.texts.values().map(|text| text.len() as u64);
    Ok(texts.sum())
}

/// The texts of a snapshot that the new store does not have yet. What is damaged goes from the snapshot.
fn fresh_texts(
    txn: &WriteTransaction,
    source: &Source<'_>,
    old: &mut Old,
    lost: &mut Vec<Lost>,
) -> Result<BTreeMap<Digest, Contents>, Fault> {
    let shown = old.state.panes().filter_map(|(_, _, pane)| pane.contents);
    let shown: BTreeSet<Digest> = shown.map(|text| text.digest).collect();
    let mut fresh = BTreeMap::new();
    let mut gone = BTreeSet::new();
    for digest in shown {
        if texts::number(txn, digest)?.is_some() {
            continue;
        }
        match source.text(digest)? {
            Ok(text) => {
                fresh.insert(digest, text);
            }
            Err(damage) => {
                let snapshot = Some(old.meta.id);
                note(lost, Lost { snapshot, ..damage });
                gone.insert(digest);
            }
        }
    }
    if !gone.is_empty() {
        leave_out(old, &gone);
    }
    Ok(fresh)
}

/// Takes texts out of a snapshot, which is partial from then on.
fn leave_out(old: &mut Old, gone: &BTreeSet<Digest>) {
    for pane in panes_mut(&mut old.state) {
        if pane
            .contents
            .is_some_and(|text| gone.contains(&text.digest))
        {
            pane.contents = None;
        }
    }
    let meta = &mut old.meta;
    meta.partial = true;
    meta.root = old.state.digest();
    meta.sessions = old.state.summaries();
    let left = old.state.panes().filter_map(|(_, _, pane)| pane.contents);
    meta.logical_bytes = left.map(|text| text.bytes).sum();
    meta.description = Some(match meta.description.take() {
        Some(said) => format!("{said}; {NOTE}"),
        None => NOTE.to_owned(),
    });
}

fn panes_mut(state: &mut ServerState) -> impl Iterator<Item = &mut crate::model::tree::Pane> {
    let tabs = state.sessions.iter_mut().flat_map(|own| &mut own.tabs);
    tabs.flat_map(|tab| &mut tab.panes)
}
