//! Writing snapshots to a portable file.

use std::collections::BTreeSet;
use std::io::Write;

use super::description::Description;
use super::error::PortableError;
use super::form::{self, MOST_SNAPSHOTS, MOST_TEXT};
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::SnapshotMeta;
use crate::model::time::Millis;
use crate::model::tree::{ContentsRef, ServerState};
use crate::store::care::trash;
use crate::store::query::timeline;
use crate::store::record::fault::Fault;
use crate::store::{Store, StoreError};

const OPERATION: &str = "export snapshots";

/// Texts that are read from the store at once, in bytes.
const SNAPSHOTS_PER_LEASE: u64 = 16 << 20;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The snapshots, by their ids.
    pub snapshots: Vec<SnapshotMeta>,
    /// How many texts there are: those that several panes or snapshots share count once.
    pub texts: u64,
    /// Length of the file.
    pub bytes: u64,
}

impl Store {
    /// Writes snapshots, each once, with their texts to a portable file at `now`. Everything is
    /// held against its digests while it is read from the store; an error leaves `out` without its
    /// last line, so that nobody takes it for a whole file.
    ///
    /// What is told of the snapshots is that of the beginning, whatever is edited meanwhile; leases
    /// are short, so that others can write. What a snapshot holds never changes: one that is thrown
    /// away meanwhile is read out of the trash, and only one that is removed for good, or
    /// rewritten, ends the export.
    pub fn export(
        &self,
        ids: &[SnapshotId],
        now: Millis,
        out: &mut dyn Write,
    ) -> Result<Exported, PortableError> {
        let ids: BTreeSet<SnapshotId> = ids.iter().copied().collect();
        if ids.len() > MOST_SNAPSHOTS {
            let limit = MOST_SNAPSHOTS;
            return Err(PortableError::TooMany { limit });
        }
        let metas = self.metas(&ids)?;
        let mut writer = Writer::begin(out, &Description::new(now, &metas))?;
        let mut written = BTreeSet::new();
        for meta in &metas {
            let state = self.state_of(meta)?;
            for batch in fresh(meta, &state, &mut written)? {
                let texts = self
                    .contents(&batch)
                    .map_err(|error| match error.is_damage() {
                        // It may have been removed for good meanwhile, and its texts with it.
                        true => self.state_of(meta).err().unwrap_or(error.into()),
                        false => error.into(),
                    })?;
                for text in texts {
                    writer.part(|number| form::seal_text(number, &text))?;
                }
            }
            writer.part(|number| form::seal_snapshot(number, meta, state))?;
        }
        let bytes = writer.end()?;
        Ok(Exported {
            snapshots: metas,
            texts: written.len() as u64,
            bytes,
        })
    }
}

impl Store {
    /// What is told of snapshots, all under one lease; where that meets damage, of each for itself.
    fn metas(&self, ids: &BTreeSet<SnapshotId>) -> Result<Vec<SnapshotMeta>, StoreError> {
        let metas = self.place().read(OPERATION, |txn| {
            let metas = ids.iter().map(|id| Ok(timeline::entry(txn, *id)?.meta));
            metas.collect()
        });
        match metas {
            Err(error) if error.is_damage() => ids.iter().map(|id| self.meta(*id)).collect(),
            metas => metas,
        }
    }

    /// The tree of a snapshot that was in the timeline.
    fn state_of(&self, meta: &SnapshotMeta) -> Result<ServerState, PortableError> {
        let mut loaded = self.load(meta.id);
        if matches!(loaded, Err(StoreError::NotFound { .. })) {
            loaded = self.place().read(OPERATION, |txn| {
                let entry = match timeline::entry(txn, meta.id) {
                    Err(Fault::Store(StoreError::NotFound { .. })) => trash::entry(txn, meta.id),
                    // It has come back already.
                    entry => entry,
                }?;
                timeline::snapshot(txn, entry)
            });
        }
        let loaded = loaded?;
        if loaded.meta.root != meta.root {
            return Err(PortableError::Changed { id: meta.id });
        }
        Ok(loaded.state)
    }
}

/// The texts of a snapshot that are not in the file yet, in batches.
fn fresh(
    meta: &SnapshotMeta,
    state: &ServerState,
    written: &mut BTreeSet<Digest>,
) -> Result<Vec<Vec<Digest>>, PortableError> {
    if distinct_bytes(state) > MOST_TEXT {
        return Err(PortableError::TooLarge {
            object: format!("what the panes of snapshot {} show", meta.id.short()),
            limit: MOST_TEXT,
        });
    }
    let mut batches: Vec<Vec<Digest>> = Vec::new();
    let mut room = 0;
    for text in state.texts() {
        if !written.insert(text.digest) {
            continue;
        }
        match batches.last_mut().filter(|_| text.bytes <= room) {
            Some(batch) => batch.push(text.digest),
            None => {
                batches.push(vec![text.digest]);
                room = SNAPSHOTS_PER_LEASE;
            }
        }
        room = room.saturating_sub(text.bytes);
    }
    Ok(batches)
}

/// Bytes of the texts that a tree refers to, each counted once.
pub(super) fn distinct_bytes(state: &ServerState) -> u64 {
    let texts: BTreeSet<(Digest, u64)> = state
        .texts()
        .map(|ContentsRef { digest, bytes, .. }| (digest, bytes))
        .collect();
    texts
        .into_iter()
        .fold(0, |sum, (_, bytes)| bytes.saturating_add(sum))
}

/// Writes a file from its first line to its last.
pub(super) struct Writer<'a> {
    out: &'a mut dyn Write,
    hasher: blake3::Hasher,
    bytes: u64,
    parts: u64,
}

impl<'a> Writer<'a> {
    pub(super) fn begin(
        out: &'a mut dyn Write,
        description: &Description,
    ) -> Result<Self, PortableError> {
        let mut writer = Self {
            out,
            hasher: blake3::Hasher::new(),
            bytes: 0,
            parts: 0,
        };
        writer.put(&form::preamble(description)?)?;
        Ok(writer)
    }

    /// Writes the next part, which is told its number.
    pub(super) fn part(
        &mut self,
        make: impl FnOnce(u64) -> Result<Vec<u8>, PortableError>,
    ) -> Result<(), PortableError> {
        self.parts += 1;
        let part = make(self.parts)?;
        self.put(&part)
    }

    /// Writes the last line; gives back the length of all.
    pub(super) fn end(mut self) -> Result<u64, PortableError> {
        let line = form::end_line(self.hasher.finalize());
        self.put(line.as_bytes())?;
        self.out.flush().map_err(PortableError::writing)?;
        Ok(self.bytes)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), PortableError> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes).map_err(PortableError::writing)
    }
}
