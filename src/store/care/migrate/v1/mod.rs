//! Form 1, to be read. Frozen: it depends on nothing of the living stored form.
//!
//! What snapshots hold (trees, lives, servers) is read into the model's own types, as form 1 wrote those
//! types down field by field. Where the model has changed since, the type as it was stands in `records`. When
//! the model changes again, the golden store of form 1 can no longer be read, its test says so, and the type
//! as it was is put here.

mod frame;
mod records;
mod texts;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use redb::{ReadTransaction, ReadableTable, TableDefinition};

pub(super) use frame::{is_own, unpack_value};

use super::old::Numbers;
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::snapshot::Life;
use crate::store::care::carry::Carry;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use records::{CountersRecord, MetaRecord, Origin, TrashRecord};

type Table = TableDefinition<'static, u64, &'static [u8]>;
type Index = TableDefinition<'static, &'static [u8], &'static [u8]>;

const TIMELINE: Table = TableDefinition::new("timeline");
const TRASH: Table = TableDefinition::new("trash");
const STATES: Table = TableDefinition::new("states");
const ORIGINS: Table = TableDefinition::new("origins");
const LIVES: Table = TableDefinition::new("lives");
const VERSIONS: Table = TableDefinition::new("versions");
const LITERALS: Table = TableDefinition::new("literals");
const META: Index = TableDefinition::new("meta");
const DIGESTS: Index = TableDefinition::new("digests");

/// A store of form 1.
pub(in crate::store::care::migrate) struct Reader<'t> {
    txn: &'t ReadTransaction,
    origins: RefCell<BTreeMap<u64, Origin>>,
    literals: RefCell<texts::Literals>,
}

impl<'t> Reader<'t> {
    pub(in crate::store::care::migrate) fn new(txn: &'t ReadTransaction) -> Self {
        Self {
            txn,
            origins: RefCell::default(),
            literals: RefCell::default(),
        }
    }

    fn get(&self, table: Table, key: u64) -> Result<Option<Vec<u8>>, Fault> {
        let table = self.txn.open_table(table)?;
        let found = table.get(key)?;
        Ok(found.map(|value| value.value().to_vec()))
    }

    /// The numbers that come next; where their record is damaged, as far as they can be told.
    pub(in crate::store::care::migrate) fn numbers(&self) -> Result<Numbers, Fault> {
        let record = {
            let table = self.txn.open_table(META)?;
            let found = table.get(&b"counters"[..])?;
            found.map(|value| value.value().to_vec())
        };
        let read = record.map(|record| frame::unpack_value(Kind::Counters, 0, &record));
        if let Some(Ok(CountersRecord { seq, newest, .. })) = read {
            return Ok(Numbers { seq, newest });
        }
        let mut seq = 1;
        for table in [TIMELINE, TRASH, STATES] {
            let table = self.txn.open_table(table)?;
            if let Some((last, _)) = table.last()? {
                seq = seq.max(last.value().saturating_add(1));
            }
        }
        Ok(Numbers { seq, newest: None })
    }

    /// The sequence numbers under which there is something.
    pub(in crate::store::care::migrate) fn seqs(&self) -> Result<BTreeSet<u64>, Fault> {
        let mut seqs = BTreeSet::new();
        for table in [TIMELINE, TRASH, STATES] {
            for entry in self.txn.open_table(table)?.iter()? {
                seqs.insert(entry?.0.value());
            }
        }
        Ok(seqs)
    }

    /// The snapshot under a sequence number, its tree held against its digest; `None` where there is none.
    pub(in crate::store::care::migrate) fn snapshot(
        &self,
        seq: u64,
    ) -> Result<Option<Carry>, Fault> {
        let (meta, since): (MetaRecord, _) = match self.get(TIMELINE, seq)? {
            Some(record) => (frame::unpack_value(Kind::Meta, seq, &record)?, None),
            None => match self.get(TRASH, seq)? {
                Some(record) => {
                    let record: TrashRecord = frame::unpack_value(Kind::Trashed, seq, &record)?;
                    (record.meta, Some(record.since))
                }
                None if self.get(STATES, seq)?.is_some() => {
                    return Err(Fault::damaged(Kind::Meta, seq, "it is missing"));
                }
                None => return Ok(None),
            },
        };
        let origin = self.origin(meta.origin)?;
        let meta = meta.with(origin);
        let state = texts::tree(self, seq)?;
        let damaged = |cause: &dyn std::fmt::Display| {
            let object = format!("the structure of snapshot {}", meta.id.short());
            Fault::damaged_object(object, cause)
        };
        if state.digest() != meta.root {
            return Err(damaged(&"its digest does not match"));
        }
        state.check().map_err(|cause| damaged(&cause))?;
        Ok(Some(Carry {
            seq,
            meta,
            state,
            since,
        }))
    }

    /// A text, held against its digest.
    pub(in crate::store::care::migrate) fn text(&self, digest: Digest) -> Result<Contents, Fault> {
        texts::text(self, digest)
    }

    /// The numbers of all lives.
    pub(in crate::store::care::migrate) fn life_numbers(&self) -> Result<Vec<u64>, Fault> {
        let table = self.txn.open_table(LIVES)?;
        let numbers = table.iter()?.map(|entry| Ok(entry?.0.value()));
        numbers.collect()
    }

    /// A life; `None` where there is none of this number.
    pub(in crate::store::care::migrate) fn life(&self, number: u64) -> Result<Option<Life>, Fault> {
        let record = self.get(LIVES, number)?;
        record.map_or(Ok(None), |record| {
            frame::unpack_value(Kind::Life, number, &record).map(Some)
        })
    }

    fn origin(&self, number: u64) -> Result<Origin, Fault> {
        if let Some(known) = self.origins.borrow().get(&number) {
            return Ok(known.clone());
        }
        let record = self.get(ORIGINS, number)?;
        let record = record.ok_or_else(|| Fault::damaged(Kind::Origin, number, "it is missing"))?;
        let origin: Origin = frame::unpack_value(Kind::Origin, number, &record)?;
        self.origins.borrow_mut().insert(number, origin.clone());
        Ok(origin)
    }
}
