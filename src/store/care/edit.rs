//! Edits snapshot metadata (name, notes, tags, pin, archive). Contents are immutable.

use crate::model::id::SnapshotId;
use crate::model::snapshot::{Cause, Note, NoteKind, SnapshotMeta};
use crate::model::time::Millis;
use crate::redact::Clean;
use crate::store::query::timeline;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::tables::Change;
use crate::store::snapshot::metadata;
use crate::store::snapshot::names;

/// One change to the record of a snapshot. Of what a person typed, only `Edit<Clean<String>>` is
/// taken by the store; [`Edit::map`] makes it of what they wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit<Words = Clean<String>> {
    /// Gives a name, or takes it away.
    Rename(Option<Words>),
    /// Gives a note in place of all that were there, or takes them away.
    Describe(Option<Words>),
    /// Adds a tag.
    Tag(Words),
    /// Takes a tag away.
    Untag(Words),
    /// Pins (never pruned) or unpins.
    Pin(bool),
    /// Takes out of the normal lists, or puts back.
    Archive(bool),
}

impl<Words> Edit<Words> {
    /// The same change with other words.
    pub fn map<Other>(self, to: impl FnOnce(Words) -> Other) -> Edit<Other> {
        match self {
            Edit::Rename(name) => Edit::Rename(name.map(to)),
            Edit::Describe(text) => Edit::Describe(text.map(to)),
            Edit::Tag(tag) => Edit::Tag(to(tag)),
            Edit::Untag(tag) => Edit::Untag(to(tag)),
            Edit::Pin(pinned) => Edit::Pin(pinned),
            Edit::Archive(archived) => Edit::Archive(archived),
        }
    }
}

impl Edit {
    fn apply(&self, meta: &mut SnapshotMeta, now: Option<Millis>) {
        match self {
            Edit::Rename(name) => meta.name = name.clone().map(Clean::into_inner),
            Edit::Describe(text) => {
                let note = text.clone().map(|text| Note {
                    time: now,
                    kind: NoteKind::User,
                    text: text.into_inner(),
                });
                meta.notes = note.into_iter().collect();
            }
            Edit::Tag(tag) => {
                if let Err(place) = meta.tags.binary_search(tag) {
                    meta.tags.insert(place, tag.clone().into_inner());
                }
            }
            Edit::Untag(tag) => meta.tags.retain(|own| *own != **tag),
            Edit::Pin(pinned) => meta.pinned = *pinned,
            Edit::Archive(archived) => meta.archived = *archived,
        }
    }
}

/// Applies edits to snapshots, all of them or none.
pub(in crate::store) fn edit(
    change: &impl Change,
    ids: &[SnapshotId],
    edits: &[Edit],
    now: Option<Millis>,
) -> Result<Vec<SnapshotMeta>, Fault> {
    let mut edited = Vec::with_capacity(ids.len());
    for &id in ids {
        let mut entry = timeline::entry(change, id)?;
        for edit in edits {
            let Edit::Rename(name) = edit else { continue };
            let name = name.as_ref().map(|name| name.as_str());
            names::check_sound(name)?;
            if name.is_some() && entry.meta.cause == Cause::UndoPoint {
                return Err(StoreError::UndoPointName { id }.into());
            }
            names::check_free(change, name, &entry.meta)?;
        }
        names::unset(change, &entry)?;
        for edit in edits {
            edit.apply(&mut entry.meta, now);
        }
        names::set(change, &entry)?;
        metadata::put(change, &entry)?;
        edited.push(entry.meta);
    }
    Ok(edited)
}
