//! What is handed to the store to be kept, and what it answers.

use serde::{Deserialize, Serialize};

use crate::model::Contents;
use crate::model::snapshot::{Cause, Note, NoteKind, RedactionCount, ServerIdentity, SnapshotMeta};
use crate::model::time::Millis;
use crate::model::tree::ServerState;
use crate::redact::Clean;

/// A snapshot to be recorded. What was captured or typed has been through a redactor, or there is
/// none.
#[derive(Debug, Clone)]
pub struct NewSnapshot {
    /// When it was made.
    pub time: Millis,
    /// Random bits for its id.
    pub random: u64,
    /// Why it was made.
    pub cause: Cause,
    /// A name; refused where another snapshot of one of its sessions has it.
    pub name: Option<Clean<String>>,
    /// A note.
    pub description: Option<Clean<String>>,
    /// Tags, in any order.
    pub tags: Vec<Clean<String>>,
    /// Whether it is never pruned.
    pub pinned: bool,
    /// Whether it holds a part of what there is: chosen sessions, or no texts.
    pub partial: bool,
    /// The machine's name.
    pub host: String,
    /// The server.
    pub server: ServerIdentity,
    /// The sessions, tabs and panes.
    pub state: Clean<ServerState>,
    /// Texts that the state refers to and that may not be stored yet; those that are stored need
    /// not be here.
    pub contents: Vec<Clean<Contents>>,
    /// How long the capture took, in milliseconds.
    pub took_ms: u32,
    /// What was taken out of it.
    pub redactions: Vec<RedactionCount>,
    /// How it is stored.
    pub storing: Storing,
}

/// A [`NewSnapshot`] within the store; also one that comes from a file of the store's own, and was
/// clean when it was written there.
#[derive(Debug, Clone)]
pub(in crate::store) struct Recording {
    /// When it was made.
    pub(in crate::store) time: Millis,
    /// Random bits for its id.
    pub(in crate::store) random: u64,
    /// Why it was made.
    pub(in crate::store) cause: Cause,
    /// A name; refused where another snapshot of one of its sessions has it.
    pub(in crate::store) name: Option<String>,
    /// Notes.
    pub(in crate::store) notes: Vec<Note>,
    /// Tags, in any order.
    pub(in crate::store) tags: Vec<String>,
    /// Whether it is never pruned.
    pub(in crate::store) pinned: bool,
    /// Whether it holds a part of what there is: chosen sessions, or no texts.
    pub(in crate::store) partial: bool,
    /// The machine's name.
    pub(in crate::store) host: String,
    /// The server.
    pub(in crate::store) server: ServerIdentity,
    /// The sessions, tabs and panes.
    pub(in crate::store) state: ServerState,
    /// Texts that the state refers to and that may not be stored yet; those that are stored need
    /// not be here.
    pub(in crate::store) contents: Vec<Contents>,
    /// How long the capture took, in milliseconds.
    pub(in crate::store) took_ms: u32,
    /// What was taken out of it.
    pub(in crate::store) redactions: Vec<RedactionCount>,
    /// How it is stored.
    pub(in crate::store) storing: Storing,
}

impl From<NewSnapshot> for Recording {
    /// With the state in its order.
    fn from(new: NewSnapshot) -> Self {
        let mut state = new.state.into_inner();
        state.sort();
        let note = new.description.map(|text| Note {
            time: Some(new.time),
            kind: NoteKind::User,
            text: text.into_inner(),
        });
        Self {
            time: new.time,
            random: new.random,
            cause: new.cause,
            name: new.name.map(Clean::into_inner),
            notes: note.into_iter().collect(),
            tags: new.tags.into_iter().map(Clean::into_inner).collect(),
            pinned: new.pinned,
            partial: new.partial,
            host: new.host,
            server: new.server,
            state,
            contents: new.contents.into_iter().map(Clean::into_inner).collect(),
            took_ms: new.took_ms,
            redactions: new.redactions,
            storing: new.storing,
        }
    }
}

/// How a snapshot is stored. Whichever it is, no snapshot needs another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Storing {
    /// As patches, or with new keyframes where those cost less in the long run.
    #[default]
    Auto,
    /// As patches wherever there is something to patch.
    Incremental,
    /// With keyframes of its own and every text whole: it shares nothing with older ones, so that
    /// damage to those cannot reach it.
    Full,
}

/// What to do with a snapshot that equals the newest one of its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unchanged {
    /// Store it all the same.
    Store,
    /// Store nothing, and say since when nothing changed.
    Skip,
}

/// What became of a snapshot that was to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// It was stored.
    Stored(SnapshotMeta),
    /// Nothing changed since this one, and nothing was stored.
    Unchanged(SnapshotMeta),
}

impl Recorded {
    /// The snapshot that now stands for the state: the new one, or the one it equals.
    #[must_use]
    pub fn meta(&self) -> &SnapshotMeta {
        match self {
            Recorded::Stored(meta) | Recorded::Unchanged(meta) => meta,
        }
    }
}
