//! Collecting texts and keyframes that no snapshot needs any more.
//!
//! Mark and sweep. The mark is made under a reading lease, the sweep in bounded batches under
//! writing leases; what was recorded in between is marked again inside each batch, so a text that
//! came back into use is never taken. A kill between batches leaves only work for the next time.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use crate::model::digest::Digest;
use crate::store::care::repack;
use crate::store::file::lease::{Outcome, Place};
use crate::store::record::counters::Counters;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::tables::{Change, Stream, View, go_on};
use crate::store::snapshot::metadata::Reader;
use crate::store::snapshot::structure;
use crate::store::text::literals;
use crate::store::text::texts;

const OPERATION: &str = "collect unused texts";
/// Snapshots, and fragments, that are looked at under one lease.
const STATES: usize = 128;
const FRAGMENTS: usize = 20_000;
/// Versions or fragments that are removed in one transaction.
const RECORDS_PER_TRANSACTION: usize = 2000;
/// A collection reads every tree, so it waits until this many snapshots were removed …
const WORTH_IT: u64 = 32;
/// … or this part of those that are left, when there are many.
const REMOVED_PART: u64 = 10;

/// What a collection removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Collected {
    /// Texts.
    pub texts: u64,
    /// Bytes of compressed text and structure.
    pub bytes: u64,
    /// Blocks of text of which little was needed, and that were written anew without the rest.
    pub rewritten: u64,
}

#[derive(Default)]
struct GcMarks {
    started: bool,
    /// Snapshots below this number were looked at.
    seq: u64,
    /// Versions below this number were there when the mark began, or were looked at.
    version: u64,
    versions: BTreeSet<u64>,
    /// A version that is needed of each text: a text may be stored more than once.
    texts: BTreeMap<Digest, u64>,
    literals: BTreeSet<u64>,
    /// Lists of sessions below this number were there when the mark began.
    roster: u64,
    rosters: BTreeSet<u64>,
}

/// Whether enough was removed for a collection.
pub(in crate::store) fn is_due(view: &impl View) -> Result<bool, Fault> {
    let removed = Counters::read(view)?.removed;
    let left = view.count(Stream::States)?;
    Ok(removed >= WORTH_IT.max(left / REMOVED_PART))
}

/// Collects what is unused.
///
/// A tree or a text that is damaged may need anything: then nothing is collected, and the damage is
/// the error.
pub(in crate::store) fn collect(place: &Place<'_>) -> Result<Collected, StoreError> {
    let place = &place.strict();
    let mut marks = GcMarks::default();
    while !place.read(OPERATION, |txn| marks.add_some(txn, STATES))? {}
    let versions = place.read(OPERATION, |txn| unused_versions(txn, &marks))?;
    let fragments = unused_fragments(place, &marks)?;
    let mut collected = Collected::default();
    for batch in versions.chunks(RECORDS_PER_TRANSACTION) {
        collected.texts += place.write(OPERATION, |txn| {
            marks.add_all(txn)?;
            let gone = batch
                .iter()
                .filter(|number| !marks.versions.contains(number));
            let gone: Vec<u64> = gone.copied().collect();
            for &number in &gone {
                // Only if the index leads to this one: a later version may have taken its place.
                let Ok(text) = texts::label(txn, number) else {
                    continue;
                };
                if texts::number(txn, text.digest)? != Some(number) {
                    continue;
                }
                // An earlier one of the same text may still be needed.
                match marks.texts.get(&text.digest) {
                    Some(kept) => texts::set(txn, text.digest, *kept)?,
                    None => texts::unset(txn, text.digest)?,
                }
            }
            change_count(txn, Stream::Versions, &gone)
        })?;
    }
    for batch in fragments.chunks(RECORDS_PER_TRANSACTION) {
        collected.bytes += place.write(OPERATION, |txn| {
            marks.add_all(txn)?;
            let gone = batch
                .iter()
                .filter(|(literal, _)| !marks.literals.contains(literal));
            let gone: Vec<u64> = gone.map(|(_, fragment)| *fragment).collect();
            let mut bytes = 0;
            for &fragment in &gone {
                bytes += txn
                    .get(Stream::Literals, fragment)?
                    .map_or(0, |f| f.len() as u64);
            }
            txn.remove(Stream::Filters, gone.iter().copied())?;
            txn.remove(Stream::Literals, gone.into_iter())?;
            Ok(Outcome::Commit(bytes))
        })?;
    }
    place.write(OPERATION, |txn| {
        txn.remove(Stream::Rosters, marks.unused_rosters(txn)?.into_iter())?;
        let mut counters = Counters::read(txn)?;
        counters.removed = 0;
        counters.write(txn)?;
        Ok(Outcome::Commit(()))
    })?;
    collected.rewritten = repack::repack(place)?;
    Ok(collected)
}

fn change_count(change: &impl Change, stream: Stream, gone: &[u64]) -> Result<Outcome<u64>, Fault> {
    change.remove(stream, gone.iter().copied())?;
    Ok(Outcome::Commit(gone.len() as u64))
}

impl GcMarks {
    /// Marks what is needed by snapshots and texts that came after the last look.
    fn add_all(&mut self, view: &impl View) -> Result<(), Fault> {
        while !self.add_some(view, STATES)? {}
        Ok(())
    }

    /// Looks at no more than `limit` snapshots; says whether those were the last.
    fn add_some(&mut self, view: &impl View, limit: usize) -> Result<bool, Fault> {
        let counters = Counters::read(view)?;
        if !self.started {
            self.started = true;
            self.version = counters.version;
            self.roster = counters.roster;
            self.add_rosters(view)?;
        }
        let seqs = view.keys(Stream::States, self.seq..=u64::MAX, limit)?;
        for &seq in &seqs {
            if let Some(keyframe) = structure::keyframe(view, seq)? {
                self.add_literal(view, keyframe)?;
            }
            for number in structure::texts(view, seq)? {
                self.add_version(view, number)?;
            }
        }
        if let Some(last) = seqs.last() {
            self.seq = last + 1;
        }
        // A new text may use pieces of one that nobody needs any more; it is kept with what it
        // needs.
        for number in view.keys(Stream::Versions, self.version..=u64::MAX, usize::MAX)? {
            self.add_version(view, number)?;
        }
        self.version = self.version.max(counters.version);
        Ok(seqs.len() < limit)
    }

    fn add_version(&mut self, view: &impl View, number: u64) -> Result<(), Fault> {
        if self.versions.insert(number) {
            if let Some(keyframe) = texts::keyframe(view, number)? {
                self.add_literal(view, keyframe)?;
            }
            let (text, version) = texts::version(view, number)?;
            self.texts.insert(text.digest, number);
            for extent in version.extents() {
                self.add_literal(view, extent.literal)?;
            }
            // The next text of the pane is compressed against it.
            if version.dictionary.literal != 0 {
                self.add_literal(view, version.dictionary.literal)?;
            }
        }
        Ok(())
    }

    fn add_literal(&mut self, view: &impl View, number: u64) -> Result<(), Fault> {
        if self.literals.insert(number) {
            let header = literals::head(view, number)?;
            if header.dictionary != 0 {
                self.literals.insert(header.dictionary);
            }
        }
        Ok(())
    }

    /// Marks the lists of sessions. Later snapshots use newer ones, or those of their parents.
    fn add_rosters(&mut self, view: &impl View) -> Result<(), Fault> {
        let reader = Reader::new(view);
        let all = 0..=u64::MAX;
        view.walk(Stream::Timeline, all.clone(), &mut |seq, record| {
            self.rosters.insert(reader.row(seq, record)?.roster());
            Ok(ControlFlow::Continue(()))
        })?;
        view.walk(Stream::Trash, all, &mut |seq, record| {
            self.rosters
                .insert(reader.trashed_row(seq, record)?.0.roster());
            Ok(ControlFlow::Continue(()))
        })
    }

    fn unused_rosters(&self, view: &impl View) -> Result<Vec<u64>, Fault> {
        let Some(last) = self.roster.checked_sub(1) else {
            return Ok(Vec::new());
        };
        let mut rosters = view.keys(Stream::Rosters, 0..=last, usize::MAX)?;
        rosters.retain(|number| !self.rosters.contains(number));
        Ok(rosters)
    }
}

fn unused_versions(view: &impl View, marks: &GcMarks) -> Result<Vec<u64>, Fault> {
    let mut versions = view.keys(Stream::Versions, 0..=u64::MAX, usize::MAX)?;
    versions.retain(|number| !marks.versions.contains(number));
    Ok(versions)
}

/// Fragments of literals that nobody needs, each with the literal that it is a part of.
fn unused_fragments(place: &Place<'_>, marks: &GcMarks) -> Result<Vec<(u64, u64)>, StoreError> {
    let mut fragments = Vec::new();
    let (mut next, mut literal) = (0, None);
    loop {
        let more = place.read(OPERATION, |txn| {
            let mut looked = 0;
            txn.walk(Stream::Literals, next..=u64::MAX, &mut |fragment, bytes| {
                literal = match literals::header(fragment, bytes) {
                    Ok(Some(_)) => Some(fragment),
                    Ok(None) => literal,
                    // What it belongs to is not known; it stays, for whoever mends it.
                    Err(_) => None,
                };
                if let Some(literal) = literal.filter(|own| !marks.literals.contains(own)) {
                    fragments.push((literal, fragment));
                }
                next = fragment.saturating_add(1);
                looked += 1;
                Ok(go_on(looked < FRAGMENTS))
            })?;
            Ok(looked == FRAGMENTS)
        })?;
        if !more {
            return Ok(fragments);
        }
    }
}
