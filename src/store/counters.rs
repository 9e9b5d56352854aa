//! The numbers that come next.

use serde::{Deserialize, Serialize};

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
    /// The greatest snapshot id ever given.
    pub(super) newest: Option<SnapshotId>,
    /// Snapshots removed for good since the last collection of unused texts.
    pub(super) removed: u64,
}

impl Counters {
    /// Reads them. Where the record is missing or damaged they are made anew from what is stored, so
    /// that one flipped bit does not stop the recorder.
    pub(super) fn read(view: &impl View) -> Result<Self, Fault> {
        if let Some(record) = view.own(RECORD)?
            && let Ok(counters) = codec::unpack_value(Kind::Counters, 0, &record)
        {
            return Ok(counters);
        }
        let next = |stream| Ok::<_, Fault>(view.last(stream)?.map_or(1, |last| last + 1));
        Ok(Self {
            seq: next(Stream::Timeline)?
                .max(next(Stream::Trash)?)
                .max(next(Stream::States)?),
            version: next(Stream::Versions)?,
            literal: next(Stream::Literals)?,
            origin: next(Stream::Origins)?,
            newest: super::ids::newest(view)?,
            removed: 0,
        })
    }

    /// Writes them.
    pub(super) fn write(&self, change: &impl Change) -> Result<(), Fault> {
        let record = codec::pack_value(Kind::Counters, 0, self)?;
        change.put_own(RECORD, &record)
    }
}
