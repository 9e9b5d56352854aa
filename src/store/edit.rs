//! Changing what is told about snapshots; what they hold never changes.

use super::fault::Fault;
use super::tables::Change;
use super::{metadata, names, timeline};
use crate::model::id::SnapshotId;
use crate::model::snapshot::SnapshotMeta;

/// One change to the record of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Gives a name, or takes it away.
    Rename(Option<String>),
    /// Gives a note, or takes it away.
    Describe(Option<String>),
    /// Adds a tag.
    Tag(String),
    /// Takes a tag away.
    Untag(String),
    /// Pins (never pruned) or unpins.
    Pin(bool),
    /// Takes out of the normal lists, or puts back.
    Archive(bool),
}

impl Edit {
    fn apply(&self, meta: &mut SnapshotMeta) {
        match self {
            Edit::Rename(name) => meta.name.clone_from(name),
            Edit::Describe(text) => meta.description.clone_from(text),
            Edit::Tag(tag) => {
                if let Err(place) = meta.tags.binary_search(tag) {
                    meta.tags.insert(place, tag.clone());
                }
            }
            Edit::Untag(tag) => meta.tags.retain(|own| own != tag),
            Edit::Pin(pinned) => meta.pinned = *pinned,
            Edit::Archive(archived) => meta.archived = *archived,
        }
    }
}

/// Applies an edit to snapshots, all of them or none.
pub(super) fn edit(
    change: &impl Change,
    ids: &[SnapshotId],
    edit: &Edit,
) -> Result<Vec<SnapshotMeta>, Fault> {
    let mut edited = Vec::with_capacity(ids.len());
    for &id in ids {
        let mut entry = timeline::entry(change, id)?;
        if let Edit::Rename(name) = edit {
            names::check_sound(name.as_deref())?;
            names::check_free(change, name.as_deref(), &entry.meta)?;
        }
        names::unset(change, &entry)?;
        edit.apply(&mut entry.meta);
        names::set(change, &entry)?;
        metadata::put(change, &entry)?;
        edited.push(entry.meta);
    }
    Ok(edited)
}
