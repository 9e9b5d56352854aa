//! The numbers that come next.

use serde::{Deserialize, Serialize};

use crate::model::id::SnapshotId;
use crate::store::record::codec;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use crate::store::record::link::Head;
use crate::store::record::tables::{Change, View};

/// The name of the record.
pub(in crate::store) const RECORD: &str = "counters";

/// The next free number of every stream, so that no number is ever used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::store) struct Counters {
    /// Of snapshots.
    pub(in crate::store) seq: u64,
    /// Of versions.
    pub(in crate::store) version: u64,
    /// Of literal fragments.
    pub(in crate::store) literal: u64,
    /// Of origins.
    pub(in crate::store) origin: u64,
    /// Of rosters.
    pub(in crate::store) roster: u64,
    /// The greatest snapshot id ever given.
    pub(in crate::store) newest: Option<SnapshotId>,
    /// Snapshots removed for good since the last collection of unused texts.
    pub(in crate::store) removed: u64,
    /// The end of the chain.
    pub(in crate::store) head: Head,
}

impl Counters {
    /// The record of them, where it is there and whole.
    pub(in crate::store) fn stored(view: &impl View) -> Result<Option<Self>, Fault> {
        let record = view.own(RECORD)?;
        Ok(record.and_then(|record| codec::unpack_value(Kind::Counters, 0, &record).ok()))
    }

    /// What tells later ones from earlier ones.
    pub(in crate::store) fn order(&self) -> (u64, u64, u64, u64, u64) {
        (
            self.seq,
            self.version,
            self.literal,
            self.origin,
            self.roster,
        )
    }

    /// Takes the number of the next snapshot. There is always one, unless a damaged key made it
    /// seem that all are used up; then nothing may be written, because it would take another's
    /// place.
    pub(in crate::store) fn take_seq(&mut self) -> Result<u64, Fault> {
        let seq = self.seq;
        self.seq = seq.checked_add(1).ok_or_else(|| {
            Fault::damaged(Kind::Counters, 0, "it says that every number is used up")
        })?;
        Ok(seq)
    }

    /// Writes them.
    pub(in crate::store) fn write(&self, change: &impl Change) -> Result<(), Fault> {
        let record = codec::pack_value(Kind::Counters, 0, self)?;
        change.put_own(RECORD, &record)
    }
}
