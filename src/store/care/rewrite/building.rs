//! The new file, record by record.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use redb::{ReadTransaction, WriteTransaction};

use super::cleaning::{Cleaning, Clear, Stored};
use super::findings::Becomes;
use super::{RewriteStep, Watch, rewrites};
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::snapshot::{Snapshot, SnapshotMeta};
use crate::model::time::Millis;
use crate::redact::Clean;
use crate::store::care::carry::{self, Carry};
use crate::store::care::retention;
use crate::store::care::verify;
use crate::store::file::lease::Place;
use crate::store::file::new_file::{Batch, Fill, NewFile};
use crate::store::file::schema::{self, Schema};
use crate::store::query::timeline;
use crate::store::record::counters::Counters;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::link::Head;
use crate::store::record::tables::{Change, Stream, View};
use crate::store::snapshot::chain;
use crate::store::snapshot::lives;
use crate::store::snapshot::metadata::{Entry, Reader};
use crate::store::snapshot::names;
use crate::store::text::blocks::Blocks;

/// What is written between two steps that are told.
const BATCH: Batch = Batch {
    items: 64,
    bytes: 16 << 20,
};

/// Where the place of a snapshot is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    Timeline,
    Trash,
    /// It was removed for good; the history knows that there was one.
    Removed,
}

/// Every sequence number of which something is kept.
fn places(view: &impl View) -> Result<BTreeMap<u64, Kept>, Fault> {
    let mut places = BTreeMap::new();
    for (stream, kept) in [
        (Stream::Removed, Kept::Removed),
        (Stream::Trash, Kept::Trash),
        (Stream::Timeline, Kept::Timeline),
    ] {
        let mut seen = 0;
        view.walk(stream, 0..=u64::MAX, &mut |seq, _| {
            seen += 1;
            places.insert(seq, kept);
            Ok(ControlFlow::Continue(()))
        })?;
        // A damaged page can make a walk skip some.
        if seen != view.count(stream)? {
            let cause = "it does not have as many records as it says";
            return Err(Fault::damaged_object(
                format!("the table {stream:?}"),
                cause,
            ));
        }
    }
    Ok(places)
}

/// The sequence numbers of all snapshots that there are.
pub(super) fn kept(view: &ReadTransaction) -> Result<BTreeMap<u64, Kept>, Fault> {
    let mut places = places(view)?;
    places.retain(|_, kept| *kept != Kept::Removed);
    Ok(places)
}

/// A snapshot of the timeline or the trash, held against its digest, and when it was thrown away.
pub(super) fn load(
    view: &impl View,
    seq: u64,
) -> Result<Option<(Snapshot, Option<Millis>)>, Fault> {
    let Some((entry, since)) = entry(view, seq)? else {
        return Ok(None);
    };
    Ok(Some((timeline::snapshot(view, entry)?, since)))
}

fn entry(view: &impl View, seq: u64) -> Result<Option<(Entry, Option<Millis>)>, Fault> {
    let reader = Reader::new(view);
    if let Some(entry) = reader.get(seq)? {
        return Ok(Some((entry, None)));
    }
    let record = view.get(Stream::Trash, seq)?;
    record.map_or(Ok(None), |record| {
        let (entry, since) = reader.read_trashed(seq, &record)?;
        Ok(Some((entry, Some(since))))
    })
}

/// What was built.
pub(super) struct Built {
    schema: Schema,
    same: bool,
    /// Over what is told of each snapshot.
    sum: blake3::Hash,
}

/// Writes everything that `old` holds to `new`, without what the cleaner takes out.
pub(super) fn build(
    (old, new): (&ReadTransaction, &NewFile),
    cleaning: &mut Cleaning<'_>,
    now: Millis,
    watch: Watch<'_>,
) -> Result<Built, Fault> {
    new.write(Change::make_tables)?;
    let places = places(old)?;
    let mut work = Work {
        old,
        cleaning,
        // No number is given a second time: who reads while the files change places may remember
        // what was under it.
        counters: Counters {
            head: Head::default(),
            removed: 0,
            ..Counters::read(old)?
        },
        blocks: Blocks::default(),
        sum: blake3::Hasher::new(),
        same: true,
        done: 0,
        of: places.len() as u64,
        watch,
    };
    new.fill(places, BATCH, &mut work)?;
    let findings = work.cleaning.findings();
    let schema = new.write(|txn| rest((old, txn), work.counters, findings, now))?;
    Ok(Built {
        schema,
        same: work.same,
        sum: work.sum.finalize(),
    })
}

/// A rewrite in the middle of its work.
struct Work<'a, 'c> {
    watch: Watch<'a>,
    of: u64,
    old: &'a ReadTransaction,
    cleaning: &'a mut Cleaning<'c>,
    counters: Counters,
    blocks: Blocks,
    sum: blake3::Hasher,
    same: bool,
    done: u64,
}

impl Fill for Work<'_, '_> {
    type Item = (u64, Kept);

    fn put(&mut self, new: &WriteTransaction, (seq, kept): Self::Item) -> Result<u64, Fault> {
        let (old, counters) = (self.old, &mut self.counters);
        self.done += 1;
        let found = match kept {
            Kept::Removed => None,
            Kept::Timeline | Kept::Trash => load(old, seq)?,
        };
        let Some((Snapshot { meta, state }, since)) = found else {
            chain::forget(new, counters, seq, chain::removed_id(old, seq)?)?;
            return Ok(0);
        };
        let mut texts = Stored::keeping(old, &mut self.blocks);
        let clear = self.cleaning.snapshot(&meta, state, &mut texts)?;
        let fresh = texts.fresh;
        self.same &= clear.becomes == Becomes::Same;
        if clear.becomes == Becomes::Nothing {
            chain::forget(new, counters, seq, Some(meta.id))?;
            return Ok(0);
        }
        let bytes = fresh.iter().map(|text| text.len() as u64).sum();
        let meta = write(new, counters, (seq, since), (&meta, clear), fresh)?;
        add(&mut self.sum, seq, since, &meta);
        Ok(bytes)
    }
    fn written(&mut self) -> Result<(), Fault> {
        let (done, of) = (self.done, self.of);
        (self.watch)(RewriteStep::Written { done, of })
    }
}

/// Writes a snapshot under its own number; gives back what is told of it now. Only what is clean
/// gets here.
fn write(
    new: &WriteTransaction,
    counters: &mut Counters,
    (seq, since): (u64, Option<Millis>),
    (meta, clear): (&SnapshotMeta, Clear),
    fresh: Vec<Clean<Contents>>,
) -> Result<SnapshotMeta, Fault> {
    let mut meta = clear.told(meta);
    if since.is_none() {
        // Names that differed only in what was taken out stay apart.
        while let Err(fault) = names::check_free(new, meta.name.as_deref(), &meta) {
            match (fault, &mut meta.name) {
                (Fault::Store(StoreError::NameTaken { .. }), Some(name)) => name.push('\''),
                (fault, _) => return Err(fault),
            }
        }
    }
    let texts = fresh.into_iter().map(Clean::into_inner);
    let texts: BTreeMap<Digest, Contents> = texts.map(|text| (text.digest(), text)).collect();
    let carry = Carry {
        seq,
        meta: meta.clone(),
        state: clear.state.into_inner(),
        since,
    };
    carry::put(new, counters, carry, &texts)?;
    Ok(meta)
}

/// Writes what does not belong to one snapshot.
fn rest(
    (old, new): (&ReadTransaction, &WriteTransaction),
    counters: Counters,
    findings: &super::Findings,
    now: Millis,
) -> Result<Schema, Fault> {
    let mut met = Vec::new();
    old.walk(Stream::Lives, 0..=u64::MAX, &mut |number, record| {
        met.push(lives::decode(number, record)?);
        Ok(ControlFlow::Continue(()))
    })?;
    for life in &met {
        lives::note(new, life)?;
    }
    if let Some(jumps) = retention::record(old)? {
        retention::put_record(new, &jumps)?;
    }
    counters.write(new)?;
    rewrites::add(new, rewrites::read(old)?, findings, now)?;
    let schema = schema::successor(&schema::read(old)?, now);
    schema::write(new, &schema)?;
    Ok(schema)
}

/// Adds what is told of a snapshot, but for what it takes.
fn add(sum: &mut blake3::Hasher, seq: u64, since: Option<Millis>, meta: &SnapshotMeta) {
    let told = SnapshotMeta {
        stored_bytes: 0,
        ..meta.clone()
    };
    // Whatever differs in it differs in what it is shown as.
    sum.update(format!("{seq} {since:?} {told:?}\n").as_bytes());
}

impl Built {
    /// Whether nothing was taken out of anything.
    pub(super) fn is_same(&self) -> bool {
        self.same
    }

    /// What the new store says that it is.
    pub(super) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Reads everything back: each snapshot is what it should be, each tree and text is what its
    /// digest says, each index leads to what it should, and the chain holds.
    pub(super) fn check(&self, view: &ReadTransaction, place: &Place<'_>) -> Result<(), Fault> {
        let differs = |cause: String| Err(Fault::damaged_object("the rewritten store", cause));
        let mut sum = blake3::Hasher::new();
        for (seq, _) in kept(view)? {
            if let Some((entry, since)) = entry(view, seq)? {
                add(&mut sum, seq, since, &entry.meta);
            }
        }
        if sum.finalize() != self.sum {
            return differs("it does not hold what was written".to_owned());
        }
        match verify::verify(place)?.damaged.into_iter().next() {
            None => Ok(()),
            Some(damage) => differs(format!("{}: {}", damage.object, damage.what)),
        }
    }
}
