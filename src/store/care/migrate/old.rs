//! What an older store holds, in the model's terms.

use std::cell::Cell;
use std::collections::BTreeSet;

use redb::ReadTransaction;
use serde::{Deserialize, Serialize};

use super::{OPERATION, v2};
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::Life;
use crate::store::care::carry::Carry;
use crate::store::file::lease::{self, Place};
use crate::store::file::schema::Schema;
use crate::store::record::codec::Codec;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::frame;

/// The numbers that come next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers {
    /// Of snapshots.
    pub(super) seq: u64,
    /// The greatest id ever given, where that is known.
    pub(super) newest: Option<SnapshotId>,
}

/// What a snapshot was that was removed for good, where that is known: its id and the root of its
/// tree.
pub(super) type Removed = Option<(SnapshotId, Digest)>;

/// Something in an older store that is damaged, so that it cannot be carried over. It stays in the
/// backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// The snapshot that it is missing from, where that is known. One that only lacks a text is
    /// carried over without it, and is partial from then on.
    pub snapshot: Option<SnapshotId>,
    /// The record, for people.
    pub object: String,
    /// What is wrong with it, for people.
    pub what: String,
}

/// Reads an older store of whatever form. Damage is an answer; only what stops the reading is an
/// error.
pub(super) struct Source<'t> {
    reader: v2::Reader<'t>,
    place: Place<'t>,
    /// A page could not be read, after which the database reads nothing more in the lease: others
    /// are read each in a lease of its own.
    broken: Cell<bool>,
}

impl<'t> Source<'t> {
    pub(super) fn open(
        txn: &'t ReadTransaction,
        schema: &Schema,
        place: Place<'t>,
    ) -> Result<Self, Fault> {
        match schema.format {
            2 => Ok(Self {
                reader: v2::Reader::new(txn),
                place,
                broken: Cell::new(false),
            }),
            other => Err(Fault::damaged_object(
                "the format record",
                format!("there never was a format {other}"),
            )),
        }
    }

    /// Reads, with what is damaged told as such.
    fn read<T>(
        &self,
        work: impl for<'r> Fn(&v2::Reader<'r>) -> Result<T, Fault>,
    ) -> Result<Result<T, Lost>, Fault> {
        let fault = match self.once(&work) {
            Ok(value) => return Ok(Ok(value)),
            Err(fault) => fault,
        };
        if !fault.is_damage() && !fault.is_of_a_page() {
            return Err(fault);
        }
        match fault.at(OPERATION, self.place.file) {
            StoreError::Damaged { object, cause, .. } => Ok(Err(Lost {
                snapshot: None,
                object,
                what: cause,
            })),
            other => Err(other.into()),
        }
    }

    fn once<T>(
        &self,
        work: &impl for<'r> Fn(&v2::Reader<'r>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if !self.broken.get() {
            match lease::guarded(|| work(&self.reader)) {
                Err(fault) if fault.is_of_a_page() => self.broken.set(true),
                done => return done,
            }
        }
        let opened = self.place.open_to_read()?;
        opened.work(|txn| work(&v2::Reader::new(txn)))
    }

    pub(super) fn numbers(&self) -> Result<Numbers, Fault> {
        self.once(&|reader: &v2::Reader<'_>| reader.numbers())
    }

    /// The sequence numbers that there may be something under, from `from` on. Where the tables
    /// cannot be walked, every number that was ever given.
    pub(super) fn seqs(&self, from: u64, lost: &mut Vec<Lost>) -> Result<Vec<u64>, Fault> {
        let seqs = match self.read(|reader: &v2::Reader<'_>| reader.seqs())? {
            Ok(seqs) => seqs,
            Err(damage) => {
                note(lost, damage);
                let next = self.numbers()?.seq;
                (0..next).collect::<BTreeSet<u64>>()
            }
        };
        Ok(seqs.range(from..).copied().collect())
    }

    pub(super) fn snapshot(&self, seq: u64) -> Result<Result<Option<Carry>, Lost>, Fault> {
        self.read(|reader| reader.snapshot(seq))
    }

    /// What was under a number that was removed for good; `None` where nothing was.
    pub(super) fn removed(&self, seq: u64) -> Result<Option<Removed>, Fault> {
        // What cannot be read is not known any more.
        let removed = self.read(|reader: &v2::Reader<'_>| reader.removed(seq))?;
        Ok(removed.unwrap_or(Some(None)))
    }

    /// The store's own records that are carried over, framed anew. What cannot be read is made anew
    /// in time.
    pub(super) fn own(&self) -> Result<Vec<(&'static str, Vec<u8>)>, Fault> {
        let mut own = Vec::new();
        for (kind, name) in v2::OWN {
            let body = self.read(|reader: &v2::Reader<'_>| reader.own_body(kind, name))?;
            if let Ok(Some(body)) = body {
                let len = body.len() as u64;
                own.push((name, frame::seal(kind, 0, Codec::Raw, len, &body)));
            }
        }
        Ok(own)
    }

    pub(super) fn text(&self, digest: Digest) -> Result<Result<Contents, Lost>, Fault> {
        self.read(|reader| reader.text(digest))
    }

    /// All lives that can be read.
    pub(super) fn lives(&self, lost: &mut Vec<Lost>) -> Result<Vec<Life>, Fault> {
        let numbers = match self.read(|reader: &v2::Reader<'_>| reader.life_numbers())? {
            Ok(numbers) => numbers,
            Err(damage) => {
                note(lost, damage);
                Vec::new()
            }
        };
        let mut lives = Vec::with_capacity(numbers.len());
        for number in numbers {
            match self.read(|reader| reader.life(number))? {
                Ok(life) => lives.extend(life),
                Err(damage) => note(lost, damage),
            }
        }
        Ok(lives)
    }
}

/// The most that is named: a store of which more is damaged is known to be.
const NAMED: usize = 1000;

/// Adds to what is lost, each thing once.
pub(super) fn note(lost: &mut Vec<Lost>, one: Lost) {
    if lost.len() < NAMED && !lost.contains(&one) {
        lost.push(one);
    }
}
