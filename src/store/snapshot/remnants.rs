//! What a snapshot's record tells by itself, when what it refers to is lost; and records of another
//! kind or place made of it. For checking and repairing.

use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{BootId, MuxKind, ServerIdentity, ServerProcess};
use crate::model::time::Millis;
use crate::store::record::codec;
use crate::store::record::fault::Fault;
use crate::store::record::frame::{self, Kind};
use crate::store::record::tables::{Change, Stream, View};
use crate::store::snapshot::metadata::{MetaRecord, Origin, PARTIAL, PINNED, TrashRecord};

/// What a record tells by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Parts {
    pub(in crate::store) id: SnapshotId,
    pub(in crate::store) time: Millis,
    pub(in crate::store) root: Digest,
    pub(in crate::store) name: Option<String>,
    pub(in crate::store) partial: bool,
    /// How many things in it a user noted: a name, a description, tags, a pin.
    pub(in crate::store) noted: u64,
    pub(in crate::store) origin: u64,
    pub(in crate::store) roster: u64,
}

/// What the record of a snapshot in the timeline or in the trash tells.
pub(in crate::store) fn parts(seq: u64, record: &[u8]) -> Option<Parts> {
    let record = stored(seq, record)?.meta;
    let id = record.id.id()?;
    let notes = record.notes.as_ref();
    let name = notes.and_then(|notes| notes.name);
    let noted = [
        record.flags & PINNED != 0,
        name.is_some(),
        notes.is_some_and(|notes| !notes.notes.is_empty()),
    ];
    let noted = noted.into_iter().filter(|noted| *noted).count();
    let tags = notes.map_or(0, |notes| notes.tags.len());
    Some(Parts {
        id,
        time: Millis(id.moment().0.wrapping_add(record.late)),
        root: record.root,
        name: name.map(str::to_owned),
        partial: record.flags & PARTIAL != 0,
        noted: (noted + tags) as u64,
        origin: record.origin,
        roster: record.roster,
    })
}

/// A record of the timeline or of the trash, as one of the trash; one of the timeline was thrown
/// away at 0.
fn stored(seq: u64, record: &[u8]) -> Option<TrashRecord<'_>> {
    match frame::open(Kind::Meta, seq, record) {
        Ok(_) => {
            let body = codec::opened_raw(Kind::Meta, seq, record).ok()?;
            let meta: MetaRecord<'_> = codec::decode(Kind::Meta, seq, body).ok()?;
            Some(TrashRecord {
                meta,
                since: Millis(0),
            })
        }
        Err(_) => {
            let body = codec::opened_raw(Kind::Trashed, seq, record).ok()?;
            codec::decode(Kind::Trashed, seq, body).ok()
        }
    }
}

fn found(seq: u64, record: &[u8]) -> Result<TrashRecord<'_>, Fault> {
    let damaged = || Fault::damaged(Kind::Meta, seq, "it cannot be decoded");
    stored(seq, record).ok_or_else(damaged)
}

/// The record of a snapshot that is in the trash since `now`, from any record of it.
pub(in crate::store) fn thrown(seq: u64, record: &[u8], now: Millis) -> Result<Vec<u8>, Fault> {
    let record = TrashRecord {
        since: now,
        ..found(seq, record)?
    };
    codec::pack_value(Kind::Trashed, seq, &record)
}

/// The record of a snapshot in the timeline, from any record of it.
pub(in crate::store) fn taken_back(seq: u64, record: &[u8]) -> Result<Vec<u8>, Fault> {
    codec::pack_value(Kind::Meta, seq, &found(seq, record)?.meta)
}

/// The host and the server under a number.
pub(in crate::store) fn origin(view: &impl View, number: u64) -> Result<Origin, Fault> {
    let record = view.get(Stream::Origins, number)?;
    let record = record.ok_or_else(|| Fault::damaged(Kind::Origin, number, "it is missing"))?;
    codec::unpack_value(Kind::Origin, number, &record)
}

/// Writes them under that number.
pub(in crate::store) fn put_origin(
    change: &impl Change,
    number: u64,
    origin: &Origin,
) -> Result<(), Fault> {
    let record = codec::pack_value(Kind::Origin, number, origin)?;
    change.put(Stream::Origins, number, &record)
}

/// The likeliest host and server, from a life and from those of other snapshots; where there are
/// none, a server that never was.
pub(in crate::store) fn guess(
    life: Option<&ServerIdentity>,
    other: Option<Origin>,
    time: Millis,
) -> Origin {
    let (host, server) = match other {
        Some(other) => (other.host, Some(other.server)),
        None => (String::new(), None),
    };
    let unknown = || ServerIdentity {
        mux: MuxKind::Tmux,
        socket: "".into(),
        version: String::new(),
        process: Some(ServerProcess {
            pid: 0,
            started: time,
        }),
        boot: BootId(String::new()),
    };
    Origin {
        host,
        server: life.cloned().or(server).unwrap_or_else(unknown),
    }
}
