//! Holding the new store against the old one, before it takes its place.

use std::collections::BTreeSet;

use redb::ReadTransaction;

use super::old::{Lost, Source};
use super::progress::Progress;
use crate::model::digest::Digest;
use crate::store::care::carry::Carry;
use crate::store::query::timeline;
use crate::store::record::fault::Fault;
use crate::store::record::ids;
use crate::store::record::tables::{Stream, View};
use crate::store::snapshot::metadata::{Entry, Reader};
use crate::store::text::blocks::Blocks;
use crate::store::text::texts;

/// Compares every snapshot, and loads every tree and text, which holds them against their digests.
pub(super) fn check(
    new: &ReadTransaction,
    source: &Source<'_>,
    progress: &Progress,
) -> Result<(), Fault> {
    let partial = |lost: &Lost| lost.snapshot;
    let partial: BTreeSet<_> = progress.lost.iter().filter_map(partial).collect();
    let reader = Reader::new(new);
    let mut blocks = Blocks::default();
    let mut checked = BTreeSet::new();
    let (mut live, mut trash) = (0, 0);
    for seq in source.seqs(0, &mut Vec::new())? {
        let Ok(Some(old)) = source.snapshot(seq)? else {
            continue;
        };
        let entry = match old.since {
            None => {
                live += 1;
                reader.get(seq)?
            }
            Some(since) => {
                trash += 1;
                let record = new.get(Stream::Trash, seq)?;
                let read = record.map(|record| reader.read_trashed(seq, &record));
                let (entry, thrown) = read.transpose()?.ok_or_else(|| differs(seq))?;
                (thrown == since).then_some(entry)
            }
        };
        let entry = entry.ok_or_else(|| differs(seq))?;
        let is_partial = partial.contains(&entry.meta.id);
        let same_place = ids::seq(new, old.meta.id)? == Some(seq);
        if !same_place || !is_same(&entry, &old, is_partial) {
            return Err(differs(seq));
        }
        let snapshot = timeline::snapshot(new, entry)?;
        if !is_partial && snapshot.state != old.state {
            return Err(differs(seq));
        }
        let shown: BTreeSet<Digest> = snapshot.state.texts().map(|text| text.digest).collect();
        for digest in shown {
            if checked.insert(digest) {
                texts::load(new, &mut blocks, digest)?;
            }
        }
    }
    let counted = (new.count(Stream::Timeline)?, new.count(Stream::Trash)?);
    if counted != (live, trash) || (live, trash) != (progress.snapshots, progress.trash) {
        let cause = format!(
            "it has {counted:?} snapshots and in the trash, and should have {:?}",
            (live, trash)
        );
        return Err(Fault::damaged_object("the migrated store", cause));
    }
    Ok(())
}

fn differs(seq: u64) -> Fault {
    let cause = format!("snapshot no. {seq} is not what it was");
    Fault::damaged_object("the migrated store", cause)
}

/// Whether the same is told of both, but for what they take. Of one that lost a text, what that
/// changes is left out.
fn is_same(new: &Entry, old: &Carry, is_partial: bool) -> bool {
    let mut told = old.meta.clone();
    told.stored_bytes = new.meta.stored_bytes;
    if is_partial {
        told.partial = true;
        told.root = new.meta.root;
        told.sessions.clone_from(&new.meta.sessions);
        told.logical_bytes = new.meta.logical_bytes;
        told.notes.clone_from(&new.meta.notes);
    }
    told == new.meta
}
