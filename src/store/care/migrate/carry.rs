//! Writing snapshots of an older store into a new one.

use std::collections::{BTreeMap, BTreeSet};

use redb::WriteTransaction;

use super::old::{Lost, Source, note};
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::snapshot::{Note, NoteKind};
use crate::store::care::carry;
use crate::store::care::carry::Carry;
use crate::store::record::counters::Counters;
use crate::store::record::fault::Fault;
use crate::store::text::texts;

/// What a snapshot that lost a text says of it.
const NOTE: &str = "texts were damaged before the store was migrated";

/// Writes one snapshot; gives back the bytes of the texts that came with it.
pub(super) fn carry(
    txn: &WriteTransaction,
    counters: &mut Counters,
    source: &Source<'_>,
    mut old: Carry,
    lost: &mut Vec<Lost>,
) -> Result<u64, Fault> {
    let fresh = fresh_texts(txn, source, &mut old, lost)?;
    carry::put(txn, counters, old, &fresh)
}

/// The texts of a snapshot that the new store does not have yet. What is damaged goes from the
/// snapshot.
fn fresh_texts(
    txn: &WriteTransaction,
    source: &Source<'_>,
    old: &mut Carry,
    lost: &mut Vec<Lost>,
) -> Result<BTreeMap<Digest, Contents>, Fault> {
    let shown: BTreeSet<Digest> = old.state.texts().map(|text| text.digest).collect();
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
fn leave_out(old: &mut Carry, gone: &BTreeSet<Digest>) {
    for pane in old.state.panes_mut() {
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
    meta.logical_bytes = old.state.texts().map(|text| text.bytes).sum();
    meta.notes.push(Note {
        time: None,
        kind: NoteKind::Damage,
        text: NOTE.to_owned(),
    });
}
