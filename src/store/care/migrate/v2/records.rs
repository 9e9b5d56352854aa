//! The records of form 2, field by field.

use bstr::BString;
use serde::Deserialize;

use super::tree::{ServerIdentity, ServerState};
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{
    Cause, ChangeCount, Note, NoteKind, Provenance, RedactionCount, SnapshotMeta, Trust,
};
use crate::model::time::Millis;
use crate::model::tree::ServerState as LivingState;

/// An id: its number, big endian.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct StoredId([u8; 13]);

impl StoredId {
    pub(super) fn id(self) -> Option<SnapshotId> {
        let bytes = self.0.iter();
        SnapshotId::from_u128(bytes.fold(0, |number, byte| number << 8 | u128::from(*byte)))
    }
}

/// A server and the machine it runs on.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Origin {
    pub(super) host: String,
    pub(super) server: ServerIdentity,
}

/// What is told about a snapshot.
#[derive(Debug, Clone, Deserialize)]
#[expect(dead_code, reason = "the form has these fields")]
pub(super) struct MetaRecord {
    id: StoredId,
    parent: Option<StoredId>,
    /// Milliseconds from the moment that the id tells to the real one.
    late: i64,
    cause: Cause,
    flags: u8,
    notes: Option<Notes>,
    pub(super) origin: u64,
    pub(super) roster: u64,
    differs: Vec<(u32, [u8; 8])>,
    pub(super) root: Digest,
    changes: ChangeCount,
    stored_bytes: u64,
    logical_bytes: u64,
    took_ms: u32,
}

/// What few snapshots have.
#[derive(Debug, Clone, Default, Deserialize)]
struct Notes {
    name: Option<String>,
    description: Option<String>,
    tags: Vec<String>,
    redactions: Vec<RedactionCount>,
}

const PINNED: u8 = 1;
const ARCHIVED: u8 = 2;
const PARTIAL: u8 = 4;

/// A snapshot in the trash.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct TrashRecord {
    pub(super) meta: MetaRecord,
    pub(super) since: Millis,
}

/// A session of a roster.
#[derive(Debug, Clone, Deserialize)]
#[expect(dead_code, reason = "the form has these fields")]
pub(super) struct SessionSummary {
    name: BString,
    mark: u64,
    tabs: u32,
    panes: u32,
}

/// The numbers that come next.
#[derive(Debug, Clone, Deserialize)]
#[expect(dead_code, reason = "the form has these fields")]
pub(super) struct Counters {
    pub(super) seq: u64,
    version: u64,
    literal: u64,
    origin: u64,
    roster: u64,
    pub(super) newest: Option<SnapshotId>,
    removed: u64,
    head: (u64, Digest),
}

/// What a snapshot was that was removed for good.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct What {
    pub(super) id: StoredId,
    pub(super) root: Digest,
}

/// The beginning of a record that is a patch.
#[derive(Debug, Clone, Copy, Deserialize)]
#[expect(dead_code, reason = "the form has these fields")]
pub(super) struct PatchHeader {
    /// The literal that it is a patch against; 0 where it stands alone.
    pub(super) keyframe: u64,
    spent: u64,
    uses: u64,
}

/// The beginning of a literal.
#[derive(Debug, Clone, Copy, Deserialize)]
#[expect(dead_code, reason = "the form has these fields")]
pub(super) struct LiteralHeader {
    pub(super) codec: u8,
    /// The literal whose end it is compressed against; 0 where there is none.
    pub(super) dictionary: u64,
    pub(super) raw_len: u64,
    pub(super) stored_len: u64,
    mark: Option<[u8; 16]>,
}

/// A piece of a literal.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Extent {
    pub(super) literal: u64,
    pub(super) offset: u64,
    pub(super) len: u64,
}

/// A text.
#[derive(Debug, Clone, Deserialize)]
#[expect(dead_code, reason = "the form has these fields")]
pub(super) struct Version {
    dictionary: (u64, u64, u64),
    pub(super) main: Vec<Extent>,
    pub(super) alternate: Option<Vec<Extent>>,
}

impl MetaRecord {
    /// What is told of the snapshot, whose tree was found to be this one.
    pub(super) fn told(
        self,
        origin: Origin,
        roster: &[SessionSummary],
        (old, state): (&ServerState, &LivingState),
    ) -> Result<SnapshotMeta, &'static str> {
        let id = self.id.id().ok_or("its id is none")?;
        let same = |(told, own): (&SessionSummary, &super::tree::Session)| told.name == own.name;
        if roster.len() != old.sessions.len() || !roster.iter().zip(&old.sessions).all(same) {
            return Err("its sessions are not those that are told of it");
        }
        let notes = self.notes.unwrap_or_default();
        // Who wrote a description, and when, form 2 did not tell.
        let description = notes.description.map(|text| Note {
            time: None,
            kind: NoteKind::User,
            text,
        });
        Ok(SnapshotMeta {
            id,
            parent: self.parent.and_then(StoredId::id),
            time: Millis(id.moment().0.wrapping_add(self.late)),
            cause: self.cause,
            provenance: match self.cause {
                Cause::Import => Provenance::Imported {
                    trust: Trust::Foreign,
                },
                _ => Provenance::Recorded,
            },
            name: notes.name,
            notes: description.into_iter().collect(),
            tags: notes.tags,
            pinned: self.flags & PINNED != 0,
            archived: self.flags & ARCHIVED != 0,
            partial: self.flags & PARTIAL != 0,
            host: origin.host,
            server: origin.server.into(),
            gap: None,
            root: state.digest(),
            sessions: state.summaries(),
            changes: self.changes,
            stored_bytes: self.stored_bytes,
            logical_bytes: self.logical_bytes,
            took_ms: self.took_ms,
            redactions: notes.redactions,
        })
    }
}
