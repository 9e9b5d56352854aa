//! How far a migration has come: a record in the file that is being built, so that who comes after
//! a kill goes on from there.

use redb::WriteTransaction;
use serde::{Deserialize, Serialize};

use super::old::Lost;
use crate::store::record::codec;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use crate::store::record::tables::{Change, Index, View};

const RECORD: &str = "migration";

/// How far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// The format that is written.
    pub(super) format: u32,
    /// The state of the old file that it began with.
    pub(super) of: [u8; 32],
    /// The next sequence number.
    pub(super) next: u64,
    /// Snapshots carried over, without those in the trash.
    pub(super) snapshots: u64,
    /// Those in the trash.
    pub(super) trash: u64,
    /// What could not be carried over.
    pub(super) lost: Vec<Lost>,
}

impl Progress {
    pub(super) fn new(format: u32, of: [u8; 32]) -> Self {
        Self {
            format,
            of,
            next: 0,
            snapshots: 0,
            trash: 0,
            lost: Vec::new(),
        }
    }

    pub(super) fn read(view: &impl View) -> Result<Option<Self>, Fault> {
        let record = view.own(RECORD)?;
        record.map_or(Ok(None), |record| {
            codec::unpack_value(Kind::Migration, 0, &record).map(Some)
        })
    }

    pub(super) fn write(&self, txn: &WriteTransaction) -> Result<(), Fault> {
        let record = codec::pack_value(Kind::Migration, 0, self)?;
        txn.put_own(RECORD, &record)
    }

    pub(super) fn remove(txn: &WriteTransaction) -> Result<(), Fault> {
        txn.unset_point(Index::Meta, RECORD.as_bytes())
    }
}

/// One with something in every field.
#[cfg(test)]
pub(in crate::store) fn example() -> impl Serialize + std::fmt::Debug {
    let lost = |snapshot| Lost {
        snapshot,
        object: "a text".to_owned(),
        what: "its hash does not match".to_owned(),
    };
    Progress {
        format: 3,
        of: [7; 32],
        next: 300,
        snapshots: 200,
        trash: 5,
        lost: vec![lost(None), lost(crate::model::SnapshotId::from_u128(1))],
    }
}
