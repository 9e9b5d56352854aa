//! The records of form 1, field by field.

use bstr::BString;
use serde::Deserialize;

use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{
    Cause, ChangeCount, RedactionCount, ServerIdentity, SessionSummary, SnapshotMeta,
};
use crate::model::time::Millis;

/// A server and the machine it runs on.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Origin {
    host: String,
    server: ServerIdentity,
}

/// What is told about a snapshot.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct MetaRecord {
    id: SnapshotId,
    parent: Option<SnapshotId>,
    time: Millis,
    cause: Cause,
    name: Option<String>,
    description: Option<String>,
    tags: Vec<String>,
    pinned: bool,
    archived: bool,
    pub(super) origin: u64,
    root: Digest,
    sessions: Vec<Summary>,
    changes: ChangeCount,
    stored_bytes: u64,
    logical_bytes: u64,
    took_ms: u32,
    redactions: Vec<RedactionCount>,
    partial: bool,
}

/// A session of a snapshot: with its whole digest.
#[derive(Debug, Clone, Deserialize)]
struct Summary {
    name: BString,
    digest: Digest,
    tabs: u32,
    panes: u32,
}

/// A snapshot in the trash.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct TrashRecord {
    pub(super) meta: MetaRecord,
    pub(super) since: Millis,
}

/// The numbers that come next.
#[derive(Debug, Clone, Deserialize)]
#[expect(dead_code, reason = "the form has these fields")]
pub(super) struct CountersRecord {
    pub(super) seq: u64,
    version: u64,
    literal: u64,
    origin: u64,
    pub(super) newest: Option<SnapshotId>,
    removed: u64,
}

/// The body of a tree's record.
#[derive(Debug, Clone, Deserialize)]
#[expect(dead_code, reason = "the form has these fields")]
pub(super) struct Patch {
    /// The literal that it is a patch against.
    pub(super) keyframe: u64,
    spent: u64,
    uses: u64,
    pub(super) bytes: Vec<u8>,
}

/// A piece of a literal.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Extent {
    pub(super) literal: u64,
    pub(super) offset: u64,
    pub(super) len: u64,
}

/// A text.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Version {
    pub(super) digest: Digest,
    pub(super) main: Vec<Extent>,
    pub(super) alternate: Option<Vec<Extent>>,
}

impl MetaRecord {
    pub(super) fn with(self, origin: Origin) -> SnapshotMeta {
        let sessions = self.sessions.into_iter().map(|own| SessionSummary {
            name: own.name,
            mark: own.digest.mark(),
            tabs: own.tabs,
            panes: own.panes,
        });
        SnapshotMeta {
            id: self.id,
            parent: self.parent,
            time: self.time,
            cause: self.cause,
            name: self.name,
            description: self.description,
            tags: self.tags,
            pinned: self.pinned,
            archived: self.archived,
            partial: self.partial,
            host: origin.host,
            server: origin.server,
            root: self.root,
            sessions: sessions.collect(),
            changes: self.changes,
            stored_bytes: self.stored_bytes,
            logical_bytes: self.logical_bytes,
            took_ms: self.took_ms,
            redactions: self.redactions,
        }
    }
}
