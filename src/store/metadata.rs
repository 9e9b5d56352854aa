//! What is told about a snapshot, as it is stored.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::codec;
use super::counters::Counters;
use super::fault::Fault;
use super::frame::Kind;
use super::tables::{Change, Stream, View};
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{
    Cause, ChangeCount, RedactionCount, ServerIdentity, SessionSummary, SnapshotMeta,
};
use crate::model::time::Millis;

/// A server and the machine it runs on: the same in many snapshots, so stored once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Origin {
    pub(super) host: String,
    pub(super) server: ServerIdentity,
}

/// The stored form of [`SnapshotMeta`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    origin: u64,
    root: Digest,
    sessions: Vec<SessionSummary>,
    changes: ChangeCount,
    stored_bytes: u64,
    logical_bytes: u64,
    took_ms: u32,
    redactions: Vec<RedactionCount>,
    partial: bool,
}

/// A snapshot in the trash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TrashRecord {
    pub(super) meta: MetaRecord,
    pub(super) since: Millis,
}

impl MetaRecord {
    /// The stored form, `origin` being the number of its server and host.
    pub(super) fn new(meta: &SnapshotMeta, origin: u64) -> Self {
        let meta = meta.clone();
        Self {
            id: meta.id,
            parent: meta.parent,
            time: meta.time,
            cause: meta.cause,
            name: meta.name,
            description: meta.description,
            tags: meta.tags,
            pinned: meta.pinned,
            archived: meta.archived,
            origin,
            root: meta.root,
            sessions: meta.sessions,
            changes: meta.changes,
            stored_bytes: meta.stored_bytes,
            logical_bytes: meta.logical_bytes,
            took_ms: meta.took_ms,
            redactions: meta.redactions,
            partial: meta.partial,
        }
    }
}

/// A snapshot's metadata with what belongs to its place in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) seq: u64,
    pub(super) origin: u64,
    pub(super) meta: SnapshotMeta,
}

/// Reads metadata; remembers the origins that it has met.
pub(super) struct Reader<'v, V> {
    view: &'v V,
    origins: RefCell<BTreeMap<u64, Origin>>,
}

impl<'v, V: View> Reader<'v, V> {
    pub(super) fn new(view: &'v V) -> Self {
        Self {
            view,
            origins: RefCell::default(),
        }
    }

    /// The metadata under a sequence number, `None` where there is none in the timeline.
    pub(super) fn get(&self, seq: u64) -> Result<Option<Entry>, Fault> {
        let record = self.view.get(Stream::Timeline, seq)?;
        record.map_or(Ok(None), |record| self.read(seq, &record).map(Some))
    }

    /// The metadata of a snapshot in the timeline.
    pub(super) fn find(&self, id: SnapshotId) -> Result<Option<Entry>, Fault> {
        let Some(seq) = super::ids::seq(self.view, id)? else {
            return Ok(None);
        };
        match self.get(seq)? {
            Some(entry) if entry.meta.id == id => Ok(Some(entry)),
            Some(_) => Err(Fault::damaged_object("the index of ids", "it leads astray")),
            None => Ok(None),
        }
    }

    /// The metadata in a record of the timeline.
    pub(super) fn read(&self, seq: u64, record: &[u8]) -> Result<Entry, Fault> {
        let record = codec::unpack_value(Kind::Meta, seq, record)?;
        self.entry(seq, record)
    }

    /// The metadata in a record of the trash.
    pub(super) fn read_trashed(&self, seq: u64, record: &[u8]) -> Result<(Entry, Millis), Fault> {
        let record: TrashRecord = codec::unpack_value(Kind::Trashed, seq, record)?;
        Ok((self.entry(seq, record.meta)?, record.since))
    }

    /// Walks over the timeline from `newest` (a sequence number) back. Damaged records are passed
    /// over; how many those were is given back.
    pub(super) fn newest_first(
        &self,
        newest: u64,
        visit: &mut dyn FnMut(Entry) -> Result<ControlFlow<()>, Fault>,
    ) -> Result<u64, Fault> {
        let mut damaged = 0;
        let walk = &mut |seq, record: &[u8]| match self.read(seq, record) {
            Ok(entry) => visit(entry),
            Err(fault) if fault.is_damage() => {
                damaged += 1;
                Ok(ControlFlow::Continue(()))
            }
            Err(fault) => Err(fault),
        };
        self.view.walk_back(Stream::Timeline, 0..=newest, walk)?;
        Ok(damaged)
    }

    fn entry(&self, seq: u64, record: MetaRecord) -> Result<Entry, Fault> {
        let origin = self.origin(record.origin)?;
        Ok(Entry {
            seq,
            origin: record.origin,
            meta: SnapshotMeta {
                id: record.id,
                parent: record.parent,
                time: record.time,
                cause: record.cause,
                name: record.name,
                description: record.description,
                tags: record.tags,
                pinned: record.pinned,
                archived: record.archived,
                host: origin.host,
                server: origin.server,
                root: record.root,
                sessions: record.sessions,
                changes: record.changes,
                stored_bytes: record.stored_bytes,
                logical_bytes: record.logical_bytes,
                took_ms: record.took_ms,
                redactions: record.redactions,
                partial: record.partial,
            },
        })
    }

    fn origin(&self, number: u64) -> Result<Origin, Fault> {
        if let Some(known) = self.origins.borrow().get(&number) {
            return Ok(known.clone());
        }
        // Inside a walk over the timeline this opens another table, which is allowed.
        let record = self.view.get(Stream::Origins, number)?;
        let record = record.ok_or_else(|| Fault::damaged(Kind::Origin, number, "it is missing"))?;
        let origin: Origin = codec::unpack_value(Kind::Origin, number, &record)?;
        self.origins.borrow_mut().insert(number, origin.clone());
        Ok(origin)
    }
}

/// Writes the metadata of a snapshot in the timeline; gives back the bytes of the record.
pub(super) fn put(change: &impl Change, entry: &Entry) -> Result<u64, Fault> {
    let record = MetaRecord::new(&entry.meta, entry.origin);
    let record = codec::pack_value(Kind::Meta, entry.seq, &record)?;
    change.put(Stream::Timeline, entry.seq, &record)?;
    Ok(record.len() as u64)
}

/// The number of an origin, which is stored where it is new. Few servers are ever met: a walk does.
pub(super) fn origin_number(
    change: &impl Change,
    counters: &mut Counters,
    origin: &Origin,
) -> Result<(u64, u64), Fault> {
    let mut known = None;
    change.walk_back(Stream::Origins, 0..=u64::MAX, &mut |number, record| {
        let found = codec::unpack_value::<Origin>(Kind::Origin, number, record);
        Ok(match found {
            Ok(found) if found == *origin => {
                known = Some(number);
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        })
    })?;
    if let Some(number) = known {
        return Ok((number, 0));
    }
    let number = counters.origin;
    counters.origin += 1;
    let record = codec::pack_value(Kind::Origin, number, origin)?;
    change.put(Stream::Origins, number, &record)?;
    Ok((number, record.len() as u64))
}
