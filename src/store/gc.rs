//! Collecting texts and keyframes that no snapshot needs any more.
//!
//! Mark and sweep. The mark is made under a reading lease, the sweep in bounded batches under writing
//! leases; what was recorded in between is marked again inside each batch, so a text that came back into
//! use is never taken. A kill between batches leaves only work for the next time.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::counters::Counters;
use super::error::StoreError;
use super::fault::Fault;
use super::lease::{Outcome, Place};
use super::tables::{Change, Stream, View};
use super::{literals, structure, texts};

/// Versions or fragments that are removed in one transaction.
const BATCH: usize = 2000;
/// A collection reads every tree, so it waits until this many snapshots were removed …
const WORTH_IT: u64 = 32;
/// … or this part of those that are left, when there are many.
const PART: u64 = 10;

/// What a collection removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Collected {
    /// Texts.
    pub texts: u64,
    /// Bytes of compressed text and structure.
    pub bytes: u64,
}

#[derive(Default)]
struct Marks {
    /// Snapshots below this number were looked at.
    seq: u64,
    /// Versions below this number were looked at.
    version: u64,
    versions: BTreeSet<u64>,
    literals: BTreeSet<u64>,
}

/// Whether enough was removed for a collection.
pub(super) fn is_due(view: &impl View) -> Result<bool, Fault> {
    let removed = Counters::read(view)?.removed;
    let left = view.count(Stream::States)?;
    Ok(removed >= WORTH_IT.max(left / PART))
}

/// Collects what is unused.
///
/// A tree or a text that is damaged may need anything: then nothing is collected, and the damage is
/// the error.
pub(super) fn collect(place: &Place<'_>) -> Result<Collected, StoreError> {
    const OPERATION: &str = "collect unused texts";
    let (mut marks, unused) = place.read(OPERATION, |txn| {
        let mut marks = Marks::default();
        marks.add_new(txn)?;
        let unused = unused(txn, &marks)?;
        Ok((marks, unused))
    })?;
    let mut collected = Collected::default();
    for batch in unused.versions.chunks(BATCH) {
        collected.texts += place.write(OPERATION, |txn| {
            marks.add_new(txn)?;
            let gone = batch
                .iter()
                .filter(|number| !marks.versions.contains(number));
            let gone: Vec<u64> = gone.copied().collect();
            for &number in &gone {
                // Only if the index leads to this one: a later version may have taken its place.
                if let Ok(version) = texts::version(txn, number)
                    && texts::number(txn, version.digest)? == Some(number)
                {
                    texts::unset(txn, version.digest)?;
                }
            }
            change_count(txn, Stream::Versions, &gone)
        })?;
    }
    for batch in unused.fragments.chunks(BATCH) {
        collected.bytes += place.write(OPERATION, |txn| {
            marks.add_new(txn)?;
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
            txn.remove(Stream::Literals, gone.into_iter())?;
            Ok(Outcome::Commit(bytes))
        })?;
    }
    place.write(OPERATION, |txn| {
        let mut counters = Counters::read(txn)?;
        counters.removed = 0;
        counters.write(txn)?;
        Ok(Outcome::Commit(()))
    })?;
    Ok(collected)
}

fn change_count(change: &impl Change, stream: Stream, gone: &[u64]) -> Result<Outcome<u64>, Fault> {
    change.remove(stream, gone.iter().copied())?;
    Ok(Outcome::Commit(gone.len() as u64))
}

impl Marks {
    /// Marks what snapshots and texts need that came after the last look.
    fn add_new(&mut self, view: &impl View) -> Result<(), Fault> {
        let counters = Counters::read(view)?;
        let mut seqs = Vec::new();
        view.walk(Stream::States, self.seq..=u64::MAX, &mut |seq, _| {
            seqs.push(seq);
            Ok(ControlFlow::Continue(()))
        })?;
        for seq in seqs {
            self.literals.extend(structure::keyframe(view, seq)?);
            let state = structure::load(view, seq)?;
            for (_, _, pane) in state.panes() {
                let Some(text) = pane.contents else { continue };
                if let Some(number) = texts::number(view, text.digest)?
                    && self.versions.insert(number)
                {
                    self.literals
                        .extend(texts::version(view, number)?.literals());
                }
            }
        }
        // A new text may use pieces of one that nobody needs any more; it is kept with what it needs.
        let mut versions = Vec::new();
        view.walk(
            Stream::Versions,
            self.version..=u64::MAX,
            &mut |number, _| {
                versions.push(number);
                Ok(ControlFlow::Continue(()))
            },
        )?;
        if self.version > 0 {
            for number in versions {
                self.versions.insert(number);
                self.literals
                    .extend(texts::version(view, number)?.literals());
            }
        }
        self.seq = counters.seq;
        self.version = counters.version.max(1);
        Ok(())
    }
}

struct Unused {
    versions: Vec<u64>,
    /// Each with the literal that it is a part of.
    fragments: Vec<(u64, u64)>,
}

fn unused(view: &impl View, marks: &Marks) -> Result<Unused, Fault> {
    let mut versions = Vec::new();
    view.walk(Stream::Versions, 0..=u64::MAX, &mut |number, _| {
        if !marks.versions.contains(&number) {
            versions.push(number);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let mut used = BTreeSet::new();
    for &literal in &marks.literals {
        used.extend(literals::fragments(view, literal)?);
    }
    let mut fragments = Vec::new();
    let mut literal = 0;
    view.walk(Stream::Literals, 0..=u64::MAX, &mut |fragment, bytes| {
        if literals::begins(fragment, bytes) {
            literal = fragment;
        }
        if !used.contains(&fragment) {
            fragments.push((literal, fragment));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(Unused {
        versions,
        fragments,
    })
}
