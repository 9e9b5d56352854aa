//! The numbers that come next.

use serde::{Deserialize, Serialize};

use super::chain::{self, Head};
use super::codec;
use super::fault::Fault;
use super::frame::Kind;
use super::tables::{Change, Stream, View};
use crate::model::id::SnapshotId;

/// The name of the record.
pub(super) const RECORD: &str = "counters";

/// The next free number of every stream, so that no number is ever used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Counters {
    /// Of snapshots.
    pub(super) seq: u64,
    /// Of versions.
    pub(super) version: u64,
    /// Of literal fragments.
    pub(super) literal: u64,
    /// Of origins.
    pub(super) origin: u64,
    /// Of rosters.
    pub(super) roster: u64,
    /// The greatest snapshot id ever given.
    pub(super) newest: Option<SnapshotId>,
    /// Snapshots removed for good since the last collection of unused texts.
    pub(super) removed: u64,
    /// The end of the chain.
    pub(super) head: Head,
}

impl Counters {
    /// Reads them. Where the record is missing or damaged they are made anew from what is stored, so
    /// that one flipped bit does not stop the recorder.
    pub(super) fn read(view: &impl View) -> Result<Self, Fault> {
        if let Some(counters) = Self::stored(view)? {
            return Ok(counters);
        }
        let next = |stream| {
            let last = view.last(stream)?;
            Ok::<_, Fault>(last.map_or(1, |last| last.saturating_add(1)))
        };
        Ok(Self {
            seq: next(Stream::Timeline)?
                .max(next(Stream::Trash)?)
                .max(next(Stream::States)?)
                .max(next(Stream::Removed)?),
            version: next(Stream::Versions)?,
            literal: next(Stream::Literals)?,
            origin: next(Stream::Origins)?,
            roster: next(Stream::Rosters)?,
            newest: super::ids::newest(view)?,
            removed: 0,
            head: chain::head(view)?,
        })
    }

    /// The record of them, where it is there and whole.
    pub(super) fn stored(view: &impl View) -> Result<Option<Self>, Fault> {
        let record = view.own(RECORD)?;
        Ok(record.and_then(|record| codec::unpack_value(Kind::Counters, 0, &record).ok()))
    }

    /// What tells later ones from earlier ones.
    pub(super) fn order(&self) -> (u64, u64, u64, u64, u64) {
        (
            self.seq,
            self.version,
            self.literal,
            self.origin,
            self.roster,
        )
    }

    /// Takes the number of the next snapshot. There is always one, unless a damaged key made it seem
    /// that all are used up; then nothing may be written, because it would take another's place.
    pub(super) fn take_seq(&mut self) -> Result<u64, Fault> {
        let seq = self.seq;
        self.seq = seq.checked_add(1).ok_or_else(|| {
            Fault::damaged(Kind::Counters, 0, "it says that every number is used up")
        })?;
        Ok(seq)
    }

    /// Writes them.
    pub(super) fn write(&self, change: &impl Change) -> Result<(), Fault> {
        let record = codec::pack_value(Kind::Counters, 0, self)?;
        change.put_own(RECORD, &record)
    }
}
