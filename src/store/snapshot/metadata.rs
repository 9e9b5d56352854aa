//! What is told about a snapshot, as it is stored.
//!
//! Neighbouring snapshots come from one server and show the same sessions. So the server stands in
//! a record of its own (the origin), and so do the sessions (the roster); a snapshot's record names
//! both and says which sessions differ from the roster.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::model::composed::same_name;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{
    Cause, ChangeCount, Gap, Note, NoteKind, Provenance, RedactionCount, ServerIdentity,
    SnapshotMeta,
};
use crate::model::time::Millis;
use crate::store::record::codec;
use crate::store::record::counters::Counters;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use crate::store::record::ids::Stored as StoredId;
use crate::store::record::tables::{Change, Stream, View};
use crate::store::snapshot::rosters::{self, Differs, Roster};
use crate::store::text::literals::ENTRY_BYTES;

/// A server and the machine it runs on: the same in many snapshots, so stored once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Origin {
    pub(in crate::store) host: String,
    pub(in crate::store) server: ServerIdentity,
}

/// The stored form of [`SnapshotMeta`]. Borrows what it is made of, so that a scan copies nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct MetaRecord<'a> {
    pub(in crate::store) id: StoredId,
    parent: Option<StoredId>,
    /// Milliseconds from the moment that the id tells to the real one.
    pub(in crate::store) late: i64,
    cause: Cause,
    pub(in crate::store) flags: u8,
    #[serde(borrow)]
    pub(in crate::store) notes: Option<Notes<'a>>,
    pub(in crate::store) origin: u64,
    pub(in crate::store) roster: u64,
    differs: Vec<Differs>,
    pub(in crate::store) root: Digest,
    changes: ChangeCount,
    stored_bytes: u64,
    logical_bytes: u64,
    took_ms: u32,
}

/// What few snapshots have.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::store) struct Notes<'a> {
    pub(in crate::store) name: Option<&'a str>,
    #[serde(borrow)]
    pub(in crate::store) notes: Vec<StoredNote<'a>>,
    #[serde(borrow)]
    pub(in crate::store) tags: Vec<&'a str>,
    redactions: Vec<RedactionCount>,
    provenance: Provenance,
    gap: Option<Gap>,
}

/// A [`Note`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct StoredNote<'a> {
    time: Option<Millis>,
    kind: NoteKind,
    text: &'a str,
}

pub(in crate::store) const PINNED: u8 = 1;
const ARCHIVED: u8 = 2;
pub(in crate::store) const PARTIAL: u8 = 4;

/// A snapshot in the trash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct TrashRecord<'a> {
    #[serde(borrow)]
    pub(in crate::store) meta: MetaRecord<'a>,
    pub(in crate::store) since: Millis,
}

impl<'a> From<&'a Note> for StoredNote<'a> {
    fn from(note: &'a Note) -> Self {
        Self {
            time: note.time,
            kind: note.kind,
            text: &note.text,
        }
    }
}

impl From<&StoredNote<'_>> for Note {
    fn from(note: &StoredNote<'_>) -> Self {
        Self {
            time: note.time,
            kind: note.kind,
            text: note.text.to_owned(),
        }
    }
}

impl<'a> MetaRecord<'a> {
    /// The stored form of an entry, given its roster.
    pub(in crate::store) fn new(entry: &'a Entry, roster: &Roster) -> Self {
        let meta = &entry.meta;
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let notes = Notes {
            name: meta.name.as_deref(),
            notes: meta.notes.iter().map(StoredNote::from).collect(),
            tags: meta.tags.iter().map(String::as_str).collect(),
            redactions: meta.redactions.clone(),
            provenance: meta.provenance,
            gap: meta.gap,
        };
        Self {
            id: StoredId::from(meta.id),
            parent: meta.parent.map(StoredId::from),
            late: meta.time.0.wrapping_sub(meta.id.moment().0),
            cause: meta.cause,
            flags: flag(meta.pinned, PINNED)
                | flag(meta.archived, ARCHIVED)
                | flag(meta.partial, PARTIAL),
            notes: (notes != Notes::default()).then_some(notes),
            origin: entry.origin,
            roster: entry.roster,
            differs: roster.differing(&meta.sessions),
            root: meta.root,
            changes: meta.changes,
            stored_bytes: meta.stored_bytes,
            logical_bytes: meta.logical_bytes,
            took_ms: meta.took_ms,
        }
    }
}

/// A snapshot's metadata with what belongs to its place in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Entry {
    pub(in crate::store) seq: u64,
    pub(in crate::store) origin: u64,
    pub(in crate::store) roster: u64,
    pub(in crate::store) meta: SnapshotMeta,
}

/// A snapshot's metadata as it lies in the store: what a walk over many of them looks at.
#[derive(Debug)]
pub(in crate::store) struct Row<'a> {
    pub(in crate::store) seq: u64,
    record: MetaRecord<'a>,
    pub(in crate::store) from: Rc<Origin>,
    roster: Rc<Roster>,
}

impl Row<'_> {
    pub(in crate::store) fn id(&self) -> Option<SnapshotId> {
        self.record.id.id()
    }

    pub(in crate::store) fn time(&self) -> Option<Millis> {
        Some(Millis(self.id()?.moment().0.wrapping_add(self.record.late)))
    }

    pub(in crate::store) fn name(&self) -> Option<&str> {
        self.record.notes.as_ref()?.name
    }

    pub(in crate::store) fn cause(&self) -> Cause {
        self.record.cause
    }

    pub(in crate::store) fn is_tagged(&self) -> bool {
        let notes = self.record.notes.as_ref();
        notes.is_some_and(|notes| !notes.tags.is_empty())
    }

    pub(in crate::store) fn has_tag(&self, tag: &str) -> bool {
        let notes = self.record.notes.as_ref();
        notes.is_some_and(|notes| notes.tags.contains(&tag))
    }

    /// Whether a session of this name is in it.
    pub(in crate::store) fn has_session(&self, name: &[u8]) -> bool {
        self.roster.names().any(|own| same_name(own, name))
    }

    /// The number of the record that names host and server.
    pub(in crate::store) fn origin(&self) -> u64 {
        self.record.origin
    }

    pub(in crate::store) fn stored_bytes(&self) -> u64 {
        self.record.stored_bytes
    }

    pub(in crate::store) fn is_pinned(&self) -> bool {
        self.record.flags & PINNED != 0
    }

    pub(in crate::store) fn is_archived(&self) -> bool {
        self.record.flags & ARCHIVED != 0
    }

    pub(in crate::store) fn is_partial(&self) -> bool {
        self.record.flags & PARTIAL != 0
    }

    /// Where it comes from.
    pub(in crate::store) fn provenance(&self) -> Provenance {
        let notes = self.record.notes.as_ref();
        notes.map_or(Provenance::Recorded, |notes| notes.provenance)
    }

    /// Whether it was recorded elsewhere: then it stands beside the line of what was recorded here.
    pub(in crate::store) fn is_imported(&self) -> bool {
        !self.provenance().is_own()
    }

    /// The number of the record that names the sessions.
    pub(in crate::store) fn roster(&self) -> u64 {
        self.record.roster
    }

    /// The same as [`Row::sessions`], to be kept.
    pub(in crate::store) fn roster_shared(&self) -> Rc<Roster> {
        Rc::clone(&self.roster)
    }

    /// The sessions; their digests are those of the roster, not of this snapshot.
    pub(in crate::store) fn sessions(&self) -> &Roster {
        &self.roster
    }

    /// What was taken out of it.
    pub(in crate::store) fn redactions(&self) -> &[RedactionCount] {
        let notes = self.record.notes.as_ref();
        notes.map_or(&[], |notes| &notes.redactions)
    }

    pub(in crate::store) fn root(&self) -> Digest {
        self.record.root
    }

    pub(in crate::store) fn logical_bytes(&self) -> u64 {
        self.record.logical_bytes
    }

    /// Whether all of it makes sense, without a copy: what [`Row::entry`] would find.
    pub(in crate::store) fn check(&self) -> Result<(), Fault> {
        let damaged = |cause: &str| Fault::damaged(Kind::Meta, self.seq, cause);
        self.id().ok_or_else(|| damaged("its id is none"))?;
        if self.roster.covers(&self.record.differs) {
            Ok(())
        } else {
            Err(damaged("it names a session that is not there"))
        }
    }

    /// All of it, owned.
    pub(in crate::store) fn entry(&self) -> Result<Entry, Fault> {
        let record = &self.record;
        let no_id = || Fault::damaged(Kind::Meta, self.seq, "its id is none");
        let id = record.id.id().ok_or_else(no_id)?;
        let sessions = self.roster.with(&record.differs);
        let notes = record.notes.as_ref();
        let tags = notes.map_or(&[][..], |notes| &notes.tags);
        let noted = notes.map_or(&[][..], |notes| &notes.notes);
        Ok(Entry {
            seq: self.seq,
            origin: record.origin,
            roster: record.roster,
            meta: SnapshotMeta {
                id,
                parent: record.parent.and_then(StoredId::id),
                time: self.time().ok_or_else(no_id)?,
                cause: record.cause,
                provenance: self.provenance(),
                name: self.name().map(str::to_owned),
                notes: noted.iter().map(Note::from).collect(),
                tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
                pinned: self.is_pinned(),
                archived: self.is_archived(),
                partial: self.is_partial(),
                host: self.from.host.clone(),
                server: self.from.server.clone(),
                root: record.root,
                sessions: sessions.ok_or_else(|| {
                    Fault::damaged(Kind::Meta, self.seq, "it names a session that is not there")
                })?,
                changes: record.changes,
                stored_bytes: record.stored_bytes,
                logical_bytes: record.logical_bytes,
                took_ms: record.took_ms,
                redactions: notes.map_or_else(Vec::new, |notes| notes.redactions.clone()),
                gap: notes.and_then(|notes| notes.gap),
            },
        })
    }
}

/// Reads metadata; remembers the origins and rosters that it has met.
pub(in crate::store) struct Reader<'v, V> {
    view: &'v V,
    origins: RefCell<BTreeMap<u64, Rc<Origin>>>,
    rosters: RefCell<BTreeMap<u64, Rc<Roster>>>,
}

/// Rosters that are remembered: neighbouring snapshots share them.
const ROSTERS: usize = 256;

impl<'v, V: View> Reader<'v, V> {
    pub(in crate::store) fn new(view: &'v V) -> Self {
        Self {
            view,
            origins: RefCell::default(),
            rosters: RefCell::default(),
        }
    }

    /// The metadata under a sequence number, `None` where there is none in the timeline.
    pub(in crate::store) fn get(&self, seq: u64) -> Result<Option<Entry>, Fault> {
        let record = self.view.get(Stream::Timeline, seq)?;
        record.map_or(Ok(None), |record| self.read(seq, &record).map(Some))
    }

    /// The metadata of a snapshot in the timeline.
    pub(in crate::store) fn find(&self, id: SnapshotId) -> Result<Option<Entry>, Fault> {
        let Some(seq) = crate::store::record::ids::seq(self.view, id)? else {
            return Ok(None);
        };
        match self.get(seq)? {
            Some(entry) if entry.meta.id == id => Ok(Some(entry)),
            Some(_) => Err(Fault::damaged_object("the index of ids", "it leads astray")),
            None => Ok(None),
        }
    }

    /// The metadata in a record of the timeline.
    pub(in crate::store) fn read(&self, seq: u64, record: &[u8]) -> Result<Entry, Fault> {
        self.row(seq, record)?.entry()
    }

    /// The same, without a copy.
    pub(in crate::store) fn row<'a>(&self, seq: u64, record: &'a [u8]) -> Result<Row<'a>, Fault> {
        let body = codec::opened_raw(Kind::Meta, seq, record)?;
        self.known(seq, codec::decode(Kind::Meta, seq, body)?)
    }

    /// The metadata in a record of the trash, and when it was thrown away.
    pub(in crate::store) fn read_trashed(
        &self,
        seq: u64,
        record: &[u8],
    ) -> Result<(Entry, Millis), Fault> {
        let (row, since) = self.trashed_row(seq, record)?;
        Ok((row.entry()?, since))
    }

    /// The same, without a copy.
    pub(in crate::store) fn trashed_row<'a>(
        &self,
        seq: u64,
        record: &'a [u8],
    ) -> Result<(Row<'a>, Millis), Fault> {
        let body = codec::opened_raw(Kind::Trashed, seq, record)?;
        let record: TrashRecord<'a> = codec::decode(Kind::Trashed, seq, body)?;
        Ok((self.known(seq, record.meta)?, record.since))
    }

    /// Walks over the timeline from `newest` (a sequence number) back. Damaged records are passed
    /// over; how many those were is given back.
    pub(in crate::store) fn rows_newest_first(
        &self,
        newest: u64,
        visit: &mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>, Fault>,
    ) -> Result<u64, Fault> {
        let mut damaged = 0;
        let walk = &mut |seq, record: &[u8]| match self.row(seq, record) {
            Ok(row) => visit(&row),
            Err(fault) if fault.is_damage() => {
                damaged += 1;
                Ok(ControlFlow::Continue(()))
            }
            Err(fault) => Err(fault),
        };
        self.view.walk_back(Stream::Timeline, 0..=newest, walk)?;
        Ok(damaged)
    }

    /// A roster.
    pub(in crate::store) fn roster(&self, number: u64) -> Result<Rc<Roster>, Fault> {
        if let Some(known) = self.rosters.borrow().get(&number) {
            return Ok(Rc::clone(known));
        }
        let roster = Rc::new(rosters::load(self.view, number)?);
        let mut known = self.rosters.borrow_mut();
        if known.len() >= ROSTERS {
            known.clear();
        }
        known.insert(number, Rc::clone(&roster));
        Ok(roster)
    }

    fn known<'a>(&self, seq: u64, record: MetaRecord<'a>) -> Result<Row<'a>, Fault> {
        Ok(Row {
            seq,
            from: self.origin(record.origin)?,
            roster: self.roster(record.roster)?,
            record,
        })
    }

    fn origin(&self, number: u64) -> Result<Rc<Origin>, Fault> {
        if let Some(known) = self.origins.borrow().get(&number) {
            return Ok(Rc::clone(known));
        }
        // Inside a walk over the timeline this opens another table, which is allowed.
        let record = self.view.get(Stream::Origins, number)?;
        let record = record.ok_or_else(|| Fault::damaged(Kind::Origin, number, "it is missing"))?;
        let origin: Origin = codec::unpack_value(Kind::Origin, number, &record)?;
        let origin = Rc::new(origin);
        self.origins.borrow_mut().insert(number, Rc::clone(&origin));
        Ok(origin)
    }
}

/// Writes the metadata of a snapshot in the timeline; gives back the bytes of the record.
pub(in crate::store) fn put(change: &impl Change, entry: &Entry) -> Result<u64, Fault> {
    let roster = rosters::load(change, entry.roster)?;
    let record = MetaRecord::new(entry, &roster);
    let record = codec::pack_value(Kind::Meta, entry.seq, &record)?;
    change.put(Stream::Timeline, entry.seq, &record)?;
    Ok(record.len() as u64 + ENTRY_BYTES)
}

/// The number of an origin, which is stored where it is new. Few servers are ever met: a walk does.
pub(in crate::store) fn origin_number(
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
    Ok((number, record.len() as u64 + ENTRY_BYTES))
}
