//! Form 2, to be read. Frozen: it depends on nothing of the living stored form.
//!
//! What snapshots hold is read into the model's own types where these are what form 2 wrote down
//! field by field; where the model has changed since, the type as it was stands in `tree` or
//! `records`, with the digest that it had. When the model changes again, the golden store of form 2
//! can no longer be read, its test says so, and the type as it was is put here.

mod details;
mod frame;
mod records;
mod texts;
mod tree;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use redb::{ReadTransaction, ReadableTable, TableDefinition};

pub(super) use frame::{is_own, unpack_value};

use super::old::{Numbers, Removed};
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::snapshot::Life;
use crate::store::care::carry::Carry;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use records::{Counters, MetaRecord, Origin, SessionSummary, TrashRecord, What};

type Table = TableDefinition<'static, u64, &'static [u8]>;
type Index = TableDefinition<'static, &'static [u8], &'static [u8]>;

const TIMELINE: Table = TableDefinition::new("timeline");
const TRASH: Table = TableDefinition::new("trash");
const STATES: Table = TableDefinition::new("states");
const ORIGINS: Table = TableDefinition::new("origins");
const LIVES: Table = TableDefinition::new("lives");
const VERSIONS: Table = TableDefinition::new("versions");
const LITERALS: Table = TableDefinition::new("literals");
const ROSTERS: Table = TableDefinition::new("rosters");
const REMOVED: Table = TableDefinition::new("removed");
const META: Index = TableDefinition::new("meta");
const DIGESTS: Index = TableDefinition::new("digests");

/// The store's own records that form 3 has as form 2 had them: the jumps of the clock, and when the
/// history was rewritten.
pub(super) const OWN: [(Kind, &str); 2] = [(Kind::Jumps, "jumps"), (Kind::Rewrites, "rewrites")];

/// A store of form 2.
pub(in crate::store::care::migrate) struct Reader<'t> {
    txn: &'t ReadTransaction,
    origins: RefCell<BTreeMap<u64, Origin>>,
    rosters: RefCell<BTreeMap<u64, Vec<SessionSummary>>>,
    literals: RefCell<texts::Literals>,
}

impl<'t> Reader<'t> {
    pub(in crate::store::care::migrate) fn new(txn: &'t ReadTransaction) -> Self {
        Self {
            txn,
            origins: RefCell::default(),
            rosters: RefCell::default(),
            literals: RefCell::default(),
        }
    }

    fn get(&self, table: Table, key: u64) -> Result<Option<Vec<u8>>, Fault> {
        let table = self.txn.open_table(table)?;
        let found = table.get(key)?;
        Ok(found.map(|value| value.value().to_vec()))
    }

    /// The body of one of the store's own records.
    pub(in crate::store::care::migrate) fn own_body(
        &self,
        kind: Kind,
        name: &str,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let record = self.own(name)?;
        record.map_or(Ok(None), |record| {
            let frame = frame::open(kind, 0, &record)?;
            Ok((frame.codec == frame::RAW).then(|| frame.body.to_vec()))
        })
    }

    fn own(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        let table = self.txn.open_table(META)?;
        let found = table.get(name.as_bytes())?;
        Ok(found.map(|value| value.value().to_vec()))
    }

    /// The numbers that come next; where their record is damaged, as far as they can be told.
    pub(in crate::store::care::migrate) fn numbers(&self) -> Result<Numbers, Fault> {
        let record = self.own("counters")?;
        let read = record.map(|record| frame::unpack_value(Kind::Counters, 0, &record));
        if let Some(Ok(Counters { seq, newest, .. })) = read {
            return Ok(Numbers { seq, newest });
        }
        let mut seq = 1;
        for table in [TIMELINE, TRASH, STATES, REMOVED] {
            let table = self.txn.open_table(table)?;
            if let Some((last, _)) = table.last()? {
                seq = seq.max(last.value().saturating_add(1));
            }
        }
        Ok(Numbers { seq, newest: None })
    }

    /// The sequence numbers under which there is something, or was.
    pub(in crate::store::care::migrate) fn seqs(&self) -> Result<BTreeSet<u64>, Fault> {
        let mut seqs = BTreeSet::new();
        for table in [TIMELINE, TRASH, STATES, REMOVED] {
            for entry in self.txn.open_table(table)?.iter()? {
                seqs.insert(entry?.0.value());
            }
        }
        Ok(seqs)
    }

    /// The snapshot under a sequence number, its tree held against its digest; `None` where there
    /// is none.
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
        let roster = self.roster(meta.roster)?;
        let old = tree::load(self, seq)?;
        let damaged = |cause: &dyn std::fmt::Display| {
            Fault::damaged_object(format!("the structure of snapshot no. {seq}"), cause)
        };
        if old.digest() != meta.root {
            return Err(damaged(&"its digest does not match"));
        }
        let state = old.clone().living(&origin.server);
        state.check().map_err(|cause| damaged(&cause))?;
        let meta = meta.told(origin, &roster, (&old, &state));
        let meta = meta.map_err(|cause| Fault::damaged(Kind::Meta, seq, cause))?;
        Ok(Some(Carry {
            seq,
            meta,
            state,
            since,
        }))
    }

    /// What was under a sequence number that was removed for good.
    pub(in crate::store::care::migrate) fn removed(
        &self,
        seq: u64,
    ) -> Result<Option<Removed>, Fault> {
        let Some(record) = self.get(REMOVED, seq)? else {
            return Ok(None);
        };
        // What a damaged one was is not known any more.
        let what = frame::unpack_value::<Option<What>>(Kind::Link, seq, &record);
        let what = what.ok().flatten();
        Ok(Some(what.and_then(|what| Some((what.id.id()?, what.root)))))
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
            let life: tree::Life = frame::unpack_value(Kind::Life, number, &record)?;
            Ok(Some(life.into()))
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

    fn roster(&self, number: u64) -> Result<Vec<SessionSummary>, Fault> {
        if let Some(known) = self.rosters.borrow().get(&number) {
            return Ok(known.clone());
        }
        let record = self.get(ROSTERS, number)?;
        let record = record.ok_or_else(|| Fault::damaged(Kind::Roster, number, "it is missing"))?;
        let roster: Vec<SessionSummary> = frame::unpack_value(Kind::Roster, number, &record)?;
        self.rosters.borrow_mut().insert(number, roster.clone());
        Ok(roster)
    }
}

/// The number in an entry of an index: little endian, without the zeros at its end.
fn number(bytes: &[u8]) -> Option<u64> {
    let mut whole = [0; 8];
    whole.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(u64::from_le_bytes(whole))
}
