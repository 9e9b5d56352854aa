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
use crate::store::blocks::Blocks;
use crate::store::carry::{self, Carry};
use crate::store::chain::{self, Head};
use crate::store::counters::Counters;
use crate::store::error::StoreError;
use crate::store::fault::Fault;
use crate::store::lease::Place;
use crate::store::metadata::{Entry, Reader};
use crate::store::schema::{self, Schema};
use crate::store::tables::{Change, Stream, View};
use crate::store::{lives, names, retention, timeline, verify};

/// Snapshots between two steps that are told.
const TOLD: u64 = 64;

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
    (old, new): (&ReadTransaction, &WriteTransaction),
    cleaning: &mut Cleaning<'_>,
    now: Millis,
    watch: Watch<'_>,
) -> Result<Built, Fault> {
    new.make_tables()?;
    let places = places(old)?;
    let of = places.len() as u64;
    // No number is given a second time: who reads while the files change places may remember what was under it.
    let mut counters = Counters {
        head: Head::default(),
        removed: 0,
        ..Counters::read(old)?
    };
    let mut blocks = Blocks::default();
    let mut sum = blake3::Hasher::new();
    let mut same = true;
    for ((seq, kept), done) in places.into_iter().zip(1..) {
        let found = match kept {
            Kept::Removed => None,
            Kept::Timeline | Kept::Trash => load(old, seq)?,
        };
        match found {
            None => chain::forget(new, &mut counters, seq, chain::removed_id(old, seq)?)?,
            Some((snapshot, since)) => {
                let mut texts = Stored::keeping(old, &mut blocks);
                let Snapshot { meta, state } = snapshot;
                let clear = cleaning.snapshot(&meta, state, &mut texts)?;
                let fresh = texts.fresh;
                same &= clear.becomes == Becomes::Same;
                if clear.becomes == Becomes::Nothing {
                    chain::forget(new, &mut counters, seq, Some(meta.id))?;
                } else {
                    let meta = write(new, &mut counters, (seq, since), (&meta, clear), fresh)?;
                    add(&mut sum, seq, since, &meta);
                }
            }
        }
        if done % TOLD == 0 || done == of {
            watch(RewriteStep::Written { done, of })?;
        }
    }
    let findings = cleaning.findings();
    let schema = rest((old, new), counters, findings, now)?;
    Ok(Built {
        schema,
        same,
        sum: sum.finalize(),
    })
}

/// Writes a snapshot under its own number; gives back what is told of it now. Only what is clean gets here.
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

    /// Reads everything back: each snapshot is what it should be, each tree and text is what its digest says,
    /// each index leads to what it should, and the chain holds.
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
