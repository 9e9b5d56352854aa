//! The chain of everything that was ever recorded.
//!
//! Each snapshot's link is a BLAKE3 hash over the link before it, its sequence number, its id, and
//! the root of its tree. So the newest link stands for the whole history: nothing in it can be
//! changed, left out or put in without the links after it being others. Snapshots in the timeline
//! and in the trash carry id and root themselves; of those that were removed for good both are kept
//! here, so that removing never breaks the chain. Every so many snapshots the link is written down,
//! so that a check says where it broke, and one damaged record does not hide what comes after it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::store::record::codec;
use crate::store::record::counters::Counters;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use crate::store::record::ids::{self, Stored as StoredId};
use crate::store::record::link::{Head, What};
use crate::store::record::tables::{Change, Stream, View};
use crate::store::snapshot::metadata::Reader;

/// Snapshots between two links that are written down.
const EVERY: u64 = 64;

/// Lost places that a repair marks. More snapshots than in years cannot be lost.
const MOST_UNKNOWN: usize = 1 << 20;

impl Counters {
    /// Reads them. Where the record is missing or damaged they are made anew from what is stored,
    /// so that one flipped bit does not stop the recorder.
    pub(in crate::store) fn read(view: &impl View) -> Result<Self, Fault> {
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
            newest: ids::newest(view)?,
            removed: 0,
            head: head(view)?,
        })
    }
}

/// Adds a snapshot to the chain.
pub(in crate::store) fn add(
    change: &impl Change,
    counters: &mut Counters,
    seq: u64,
    (id, root): (SnapshotId, Digest),
) -> Result<(), Fault> {
    let id = StoredId::from(id);
    counters.head = counters.head.next(seq, What { id, root });
    if seq.is_multiple_of(EVERY) {
        let record = codec::pack_value(Kind::Link, seq, &counters.head)?;
        change.put(Stream::Links, seq, &record)?;
    }
    Ok(())
}

/// Keeps what a snapshot was that is removed for good, or loses a part. What its record was cannot
/// be told any more where that is damaged. What is kept already stays: it is what the snapshot was
/// at first.
pub(in crate::store) fn keep(
    change: &impl Change,
    seq: u64,
    was: Option<(SnapshotId, Digest)>,
) -> Result<(), Fault> {
    let known = change.get(Stream::Removed, seq)?;
    if known.is_some_and(|record| removed(seq, &record).is_some()) {
        return Ok(());
    }
    let record = codec::pack_value(Kind::Link, seq, &was.map(what_of))?;
    change.put(Stream::Removed, seq, &record)
}

/// The id of a snapshot that was removed for good, where it is known.
pub(in crate::store) fn removed_id(
    view: &impl View,
    seq: u64,
) -> Result<Option<SnapshotId>, Fault> {
    let record = view.get(Stream::Removed, seq)?;
    let what = record.and_then(|record| removed(seq, &record));
    Ok(what.and_then(|what| what.id.id()))
}

/// Adds the place of a snapshot that is gone, and whose root stands for something that is not to be
/// told by anything any more.
pub(in crate::store) fn forget(
    change: &impl Change,
    counters: &mut Counters,
    seq: u64,
    id: Option<SnapshotId>,
) -> Result<(), Fault> {
    pass(change, counters, seq, id.map(|id| (id, Digest([0; 32]))))
}

/// Adds the place of a snapshot that is gone, and what it was, where that is known.
pub(in crate::store) fn pass(
    change: &impl Change,
    counters: &mut Counters,
    seq: u64,
    was: Option<(SnapshotId, Digest)>,
) -> Result<(), Fault> {
    if let Some(was) = was {
        add(change, counters, seq, was)?;
    }
    keep(change, seq, was)
}

/// What the record of a removed snapshot says that it was.
fn removed(seq: u64, record: &[u8]) -> Option<What> {
    codec::unpack_value::<Option<What>>(Kind::Link, seq, record).ok()?
}

/// Whether such a record tells of another root.
pub(in crate::store) fn was_other(seq: u64, record: &[u8], root: Digest) -> bool {
    removed(seq, record).is_some_and(|what| what.root != root)
}

/// Makes the history whole again after a repair: it ends with the newest snapshot, and places of
/// which nothing is known any more are marked as such, and given back.
pub(in crate::store) fn mend(
    change: &impl Change,
    counters: &mut Counters,
) -> Result<Vec<u64>, Fault> {
    let whats = whats(change)?;
    let rest = whats.range(counters.head.seq.saturating_add(1)..);
    counters.head = rest.fold(counters.head, |at, (seq, what)| match what {
        Some(what) => at.next(*seq, *what),
        None => at,
    });
    let unknown = (1..=counters.head.seq).filter(|seq| !whats.contains_key(seq));
    let unknown: Vec<u64> = unknown.take(MOST_UNKNOWN).collect();
    for &seq in &unknown {
        keep(change, seq, None)?;
    }
    Ok(unknown)
}

/// Where the chain does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Broken {
    /// The last snapshot up to which it does; 0 where that is none.
    pub(in crate::store) after: u64,
    /// The snapshot whose link is another one.
    pub(in crate::store) at: u64,
}

/// What a walk along the chain has found.
#[derive(Debug, Default)]
pub(in crate::store) struct Walked {
    /// Links that are as they should be, those between two that were compared.
    pub(in crate::store) links: u64,
    /// Where it does not hold.
    pub(in crate::store) broken: Vec<Broken>,
}

/// Follows the whole chain, from link to link that was written down.
pub(in crate::store) fn walk(view: &impl View) -> Result<Walked, Fault> {
    let head = Counters::read(view)?.head;
    let whats = whats(view)?;
    let mut ends = Vec::new();
    view.walk(Stream::Links, 0..=head.seq, &mut |seq, record| {
        let link = codec::unpack_value::<Head>(Kind::Link, seq, record).ok();
        // One that says another number is another link.
        ends.push((seq, link.filter(|link| link.seq == seq)));
        Ok(ControlFlow::Continue(()))
    })?;
    ends.retain(|(seq, _)| *seq < head.seq);
    ends.push((head.seq, Some(head)));
    let mut walked = Walked::default();
    let mut from = Head::default();
    for (seq, end) in ends {
        let Some(end) = end else { continue };
        // Where nothing was recorded yet there is nothing between the links.
        let stretch = (from.seq < seq).then(|| whats.range(from.seq.saturating_add(1)..=seq));
        // A place whose record is lost for good breaks nothing by itself.
        let mut known = true;
        let mut at = from;
        for (seq, what) in stretch.into_iter().flatten() {
            match what {
                Some(what) => at = at.next(*seq, *what),
                None => known = false,
            }
        }
        if known && (at.link != end.link || at.seq != end.seq) {
            walked.broken.push(Broken {
                after: from.seq,
                at: seq,
            });
        } else if known {
            walked.links += end.seq.saturating_sub(from.seq);
        }
        from = end;
    }
    Ok(walked)
}

/// Checks the record of a link that was written down.
pub(in crate::store) fn check_link(seq: u64, record: &[u8]) -> Result<(), Fault> {
    let link: Head = codec::unpack_value(Kind::Link, seq, record)?;
    if link.seq == seq {
        Ok(())
    } else {
        Err(Fault::damaged(Kind::Link, seq, "it is another one"))
    }
}

/// Checks the record of a snapshot that was removed for good.
pub(in crate::store) fn check_removed(seq: u64, record: &[u8]) -> Result<(), Fault> {
    codec::unpack_value::<Option<What>>(Kind::Link, seq, record).map(drop)
}

/// The chain's end, made anew from the records where the counters are lost.
pub(in crate::store) fn head(view: &impl View) -> Result<Head, Fault> {
    let mut from = Head::default();
    view.walk_back(
        Stream::Links,
        0..=u64::MAX,
        &mut |seq, record| match codec::unpack_value(Kind::Link, seq, record) {
            Ok(link) => {
                from = link;
                Ok(ControlFlow::Break(()))
            }
            Err(_) => Ok(ControlFlow::Continue(())),
        },
    )?;
    let whats = whats(view)?;
    let rest = whats.range(from.seq.saturating_add(1)..);
    Ok(rest.fold(from, |at, (seq, what)| match what {
        Some(what) => at.next(*seq, *what),
        None => at,
    }))
}

/// What every snapshot that there ever was is or was; `None` where its record is damaged.
fn whats(view: &impl View) -> Result<BTreeMap<u64, Option<What>>, Fault> {
    let reader = Reader::new(view);
    let mut whats = BTreeMap::new();
    let all = 0..=u64::MAX;
    view.walk(Stream::Trash, all.clone(), &mut |seq, record| {
        let row = reader.trashed_row(seq, record).ok();
        let what = row.and_then(|(row, _)| Some((row.id()?, row.root())));
        whats.insert(seq, what.map(what_of));
        Ok(ControlFlow::Continue(()))
    })?;
    view.walk(Stream::Timeline, all.clone(), &mut |seq, record| {
        let row = reader.row(seq, record).ok();
        let what = row.and_then(|row| Some((row.id()?, row.root())));
        whats.insert(seq, what.map(what_of));
        Ok(ControlFlow::Continue(()))
    })?;
    // Of one that lost a part this tells what it was before.
    view.walk(Stream::Removed, all, &mut |seq, record| {
        let known = whats.entry(seq).or_insert(None);
        *known = removed(seq, record).or(*known);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(whats)
}

fn what_of((id, root): (SnapshotId, Digest)) -> What {
    What {
        id: StoredId::from(id),
        root,
    }
}
