//! What the store should hold, kept in plain maps.

use std::collections::{BTreeMap, BTreeSet};

use bstr::BString;

use crate::model::contents::Contents;
use crate::model::diff::diff;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{
    Cause, ChangeCount, Life, LifeId, Note, NoteKind, Provenance, RecoveryState, Snapshot,
    SnapshotMeta,
};
use crate::model::time::Millis;
use crate::redact::Clean;
use crate::store::{Edit, NewSnapshot, StoreError, Unchanged};

/// Why the model does not do something: the errors that the store must give then.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    NotFound,
    NameTaken { by: SnapshotId },
    Ambiguous(Vec<SnapshotId>),
    MissingContents,
}

impl Refused {
    /// What a store's error is in the model's words.
    pub(super) fn of(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { .. } => Refused::NotFound,
            StoreError::NameTaken { by, .. } => Refused::NameTaken { by },
            StoreError::Ambiguous { candidates, .. } => Refused::Ambiguous(candidates),
            StoreError::MissingContents { .. } => Refused::MissingContents,
            other => panic!("{other}"),
        }
    }
}

/// What should become of a snapshot that is recorded.
pub(super) enum Expected {
    Stored(Box<SnapshotMeta>),
    Unchanged(Box<SnapshotMeta>),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) timeline: BTreeMap<SnapshotId, Snapshot>,
    pub(super) trash: BTreeMap<SnapshotId, (Snapshot, Millis)>,
    /// Every text that was ever handed in.
    pub(super) texts: BTreeMap<Digest, Contents>,
    pub(super) lives: BTreeMap<LifeId, Life>,
    newest: Option<SnapshotId>,
}

impl Model {
    /// What should become of a new snapshot. Its sizes are the store's own matter.
    pub(super) fn expect(
        &self,
        new: &NewSnapshot,
        unchanged: Unchanged,
    ) -> Result<Expected, Refused> {
        let server = &new.server;
        let parent = self.newest_first().find(|held| {
            let own = &held.meta.server;
            (own.mux, &own.socket) == (server.mux, &server.socket) && !held.meta.partial
        });
        let texts = new.state.panes().filter_map(|(_, _, pane)| pane.contents);
        let same_life = parent.is_some_and(|parent| parent.meta.life() == server.life());
        let changes = match parent {
            None => ChangeCount {
                added: u32::try_from(new.state.panes().count()).unwrap(),
                ..ChangeCount::default()
            },
            Some(parent) => {
                let mut before = parent.state.clone();
                if new.partial {
                    before
                        .sessions
                        .retain(|session| new.state.session(&session.name).is_some());
                }
                diff(&before, &new.state).count()
            }
        };
        let meta = SnapshotMeta {
            id: SnapshotId::new(new.time, new.random, self.newest),
            parent: parent.map(|parent| parent.meta.id),
            time: new.time,
            cause: new.cause,
            provenance: Provenance::Recorded,
            name: new.name.clone().map(Clean::into_inner),
            notes: noted(
                new.description.as_ref().map(ToString::to_string),
                Some(new.time),
            ),
            tags: new.tags.iter().map(ToString::to_string).collect(),
            pinned: new.pinned,
            archived: false,
            partial: new.partial,
            host: new.host.clone(),
            server: server.clone(),
            root: new.state.digest(),
            sessions: new.state.summaries(),
            changes,
            stored_bytes: 0,
            logical_bytes: texts.map(|text| text.bytes).sum(),
            took_ms: new.took_ms,
            redactions: new.redactions.clone(),
            gap: None,
        };
        self.check_free(&meta, meta.name.as_deref())?;
        match parent {
            Some(parent)
                if unchanged == Unchanged::Skip && same_life && parent.meta.root == meta.root =>
            {
                Ok(Expected::Unchanged(Box::new(parent.meta.clone())))
            }
            _ => Ok(Expected::Stored(Box::new(meta))),
        }
    }

    /// Takes in what the store said that it stored.
    pub(super) fn stored(&mut self, meta: SnapshotMeta, new: NewSnapshot) {
        self.newest = Some(meta.id);
        let life = self.lives.entry(meta.life()).or_insert_with(|| Life {
            server: meta.server.clone(),
            first_seen: meta.time,
            last_seen: meta.time,
            end: None,
            recovery: RecoveryState::Open,
        });
        assert!(meta.cause != Cause::Import);
        life.last_seen = life.last_seen.max(meta.time);
        life.end = None;
        let state = new.state.into_inner();
        self.timeline.insert(meta.id, Snapshot { meta, state });
    }

    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Snapshot> {
        self.timeline.values().rev()
    }

    /// The records of the timeline, newest first.
    pub(super) fn metas(&self) -> Vec<SnapshotMeta> {
        self.newest_first().map(|held| held.meta.clone()).collect()
    }

    fn check_free(&self, meta: &SnapshotMeta, name: Option<&str>) -> Result<(), Refused> {
        let Some(name) = name else { return Ok(()) };
        let mut others = self.newest_first().map(|held| &held.meta);
        let taken = others.find(|other| {
            let shares = |name: &BString| meta.sessions.iter().any(|own| own.name == *name);
            other.id != meta.id
                && other.name.as_deref() == Some(name)
                && other.sessions.iter().any(|session| shares(&session.name))
        });
        match taken {
            Some(other) => Err(Refused::NameTaken { by: other.id }),
            None => Ok(()),
        }
    }

    pub(super) fn edit(
        &mut self,
        ids: &[SnapshotId],
        edit: &Edit<String>,
    ) -> Result<Vec<SnapshotMeta>, Refused> {
        let mut edited = Vec::new();
        for id in ids {
            let held = self.timeline.get(id).ok_or(Refused::NotFound)?;
            if let Edit::Rename(name) = edit {
                self.check_free(&held.meta, name.as_deref())?;
            }
            let meta = &mut self.timeline.get_mut(id).unwrap().meta;
            match edit {
                Edit::Rename(name) => meta.name.clone_from(name),
                Edit::Describe(text) => meta.notes = noted(text.clone(), None),
                Edit::Tag(tag) => {
                    let mut tags: BTreeSet<String> = meta.tags.drain(..).collect();
                    tags.insert(tag.clone());
                    meta.tags = tags.into_iter().collect();
                }
                Edit::Untag(tag) => meta.tags.retain(|own| own != tag),
                Edit::Pin(pinned) => meta.pinned = *pinned,
                Edit::Archive(archived) => meta.archived = *archived,
            }
            edited.push(meta.clone());
        }
        Ok(edited)
    }

    pub(super) fn throw_away(
        &mut self,
        ids: &[SnapshotId],
        now: Millis,
    ) -> Result<Vec<SnapshotMeta>, Refused> {
        let mut moved = Vec::new();
        for id in ids {
            let held = self.timeline.remove(id).ok_or(Refused::NotFound)?;
            moved.push(held.meta.clone());
            self.trash.insert(*id, (held, now));
        }
        Ok(moved)
    }

    pub(super) fn bring_back(&mut self, ids: &[SnapshotId]) -> Result<Vec<SnapshotMeta>, Refused> {
        let mut moved = Vec::new();
        for id in ids {
            let (mut held, _) = self.trash.remove(id).ok_or(Refused::NotFound)?;
            if self
                .check_free(&held.meta, held.meta.name.as_deref())
                .is_err()
            {
                held.meta.name = None;
            }
            moved.push(held.meta.clone());
            self.timeline.insert(*id, held);
        }
        Ok(moved)
    }

    /// The snapshot that a name alone means.
    pub(super) fn named(&self, name: &str) -> Result<SnapshotMeta, Refused> {
        let metas = self.newest_first().map(|held| &held.meta);
        let found: Vec<_> = metas
            .filter(|meta| meta.name.as_deref() == Some(name))
            .collect();
        match found[..] {
            [] => Err(Refused::NotFound),
            [one] => Ok(one.clone()),
            ref more => Err(Refused::Ambiguous(
                more.iter().map(|meta| meta.id).collect(),
            )),
        }
    }

    /// The digests of the texts that snapshots need, those in the trash as well.
    pub(super) fn needed(&self) -> BTreeSet<Digest> {
        let trash = self.trash.values().map(|(held, _)| held);
        let all = self.timeline.values().chain(trash);
        all.flat_map(digests).collect()
    }

    /// Lives, newest first by when they were met.
    pub(super) fn lives(&self) -> Vec<Life> {
        let mut lives: Vec<Life> = self.lives.values().cloned().collect();
        lives.sort_by_key(|life| {
            std::cmp::Reverse((
                life.first_seen,
                life.server.process.map(|own| own.started),
                life.id(),
            ))
        });
        lives
    }
}

/// The digests of the texts of a snapshot, pane by pane.
pub(super) fn digests(held: &Snapshot) -> Vec<Digest> {
    let panes = held.state.panes();
    panes
        .filter_map(|(_, _, pane)| pane.contents)
        .map(|text| text.digest)
        .collect()
}

/// What a user noted.
fn noted(text: Option<String>, time: Option<Millis>) -> Vec<Note> {
    let note = text.map(|text| Note {
        time,
        kind: NoteKind::User,
        text,
    });
    note.into_iter().collect()
}
