//! From the names that users give to snapshots.

use std::ops::ControlFlow;

use crate::model::snapshot::SnapshotMeta;
use crate::model::target::is_snapshot_name;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::tables::{Change, Index, View};
use crate::store::snapshot::metadata::{Entry, Reader};

fn key(name: &str, seq: u64) -> Vec<u8> {
    // Names may hold anything; the length in front keeps one from being the beginning of another.
    let mut key = (name.len() as u64).to_be_bytes().to_vec();
    key.extend_from_slice(name.as_bytes());
    key.extend_from_slice(&seq.to_be_bytes());
    key
}

/// The name and the number in a key of the index.
pub(in crate::store) fn in_key(key: &[u8]) -> Option<(&str, u64)> {
    let (name, seq) = key.get(8..)?.split_last_chunk::<8>()?;
    Some((std::str::from_utf8(name).ok()?, u64::from_be_bytes(*seq)))
}

/// Notes a name of the snapshot under a number.
pub(in crate::store) fn note(change: &impl Change, name: &str, seq: u64) -> Result<(), Fault> {
    change.set_point(Index::Names, &key(name, seq), seq)
}

/// Forgets a name of the snapshot under a number.
pub(in crate::store) fn forget(change: &impl Change, name: &str, seq: u64) -> Result<(), Fault> {
    change.unset_point(Index::Names, &key(name, seq))
}

/// Notes the name of a snapshot in the timeline.
pub(in crate::store) fn set(change: &impl Change, entry: &Entry) -> Result<(), Fault> {
    match &entry.meta.name {
        Some(name) => change.set_point(Index::Names, &key(name, entry.seq), entry.seq),
        None => Ok(()),
    }
}

/// Forgets the name of a snapshot.
pub(in crate::store) fn unset(change: &impl Change, entry: &Entry) -> Result<(), Fault> {
    match &entry.meta.name {
        Some(name) => change.unset_point(Index::Names, &key(name, entry.seq)),
        None => Ok(()),
    }
}

/// The numbers that this name leads to, oldest first.
pub(in crate::store) fn numbers(view: &impl View, name: &str) -> Result<Vec<u64>, Fault> {
    let (low, high) = (key(name, 0), key(name, u64::MAX));
    let mut seqs = Vec::new();
    view.walk_index(Index::Names, &low[..]..=&high[..], &mut |_, seq| {
        seqs.push(seq);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(seqs)
}

/// All names with the numbers that they lead to, in no order that means anything.
pub(in crate::store) fn all(
    view: &impl View,
    visit: &mut dyn FnMut(&str, u64),
) -> Result<(), Fault> {
    // Every key begins with the length of a name, which is far from the greatest number.
    let all = &[][..]..=&[0xff; 8][..];
    view.walk_index(Index::Names, all, &mut |key, seq| {
        if let Some((name, _)) = in_key(key) {
            visit(name, seq);
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// The snapshots of this name, newest first.
pub(in crate::store) fn find<V: View>(view: &V, name: &str) -> Result<Vec<Entry>, Fault> {
    let reader = Reader::new(view);
    let mut found = Vec::new();
    for seq in numbers(view, name)?.into_iter().rev() {
        match reader.get(seq) {
            Ok(Some(entry)) if entry.meta.name.as_deref() == Some(name) => found.push(entry),
            Ok(_) => {}
            Err(fault) if fault.is_damage() => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(found)
}

/// Refuses a name that another snapshot of one of the same sessions has.
pub(in crate::store) fn check_free(
    view: &impl View,
    name: Option<&str>,
    meta: &SnapshotMeta,
) -> Result<(), Fault> {
    let Some(name) = name else {
        return Ok(());
    };
    for other in find(view, name)? {
        if other.meta.id == meta.id {
            continue;
        }
        let mut own = meta.sessions.iter();
        let shared = own.find(|own| other.meta.sessions.iter().any(|s| s.name == own.name));
        if let Some(shared) = shared {
            return Err(StoreError::NameTaken {
                name: name.to_owned(),
                session: shared.name.clone(),
                by: other.meta.id,
            }
            .into());
        }
    }
    Ok(())
}

/// Refuses a name that would not lead to its snapshot.
pub(in crate::store) fn check_sound(name: Option<&str>) -> Result<(), Fault> {
    match name.filter(|name| !is_snapshot_name(name)) {
        Some(name) => Err(StoreError::BadName {
            name: name.to_owned(),
        }
        .into()),
        None => Ok(()),
    }
}
