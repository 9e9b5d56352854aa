//! Repacks literals that are mostly dead.
//!
//! Texts share literals: a kept text may need a few lines of a large one. Where less than a quarter
//! of a literal is needed, one transaction copies that part to a new literal, points the texts
//! there and removes the old one; so a kill leaves either the old state or the new one.

use std::collections::{BTreeMap, BTreeSet};

use crate::store::file::lease::{Outcome, Place};
use crate::store::record::codec;
use crate::store::record::counters::Counters;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use crate::store::record::request::Storing;
use crate::store::record::tables::{Change, Stream, View};
use crate::store::text::blocks::Blocks;
use crate::store::text::literals;
use crate::store::text::patched::{self, Value};
use crate::store::text::texts::{self, Extent};

const OPERATION: &str = "repack texts that are mostly dead";
/// Shorter literals are not worth a transaction.
const MIN_REPACK_BYTES: u64 = 16 * 1024;
/// A literal is repacked when less than one part in this many of it is needed.
const MAX_LIVE_PART: u64 = 4;
/// Texts that are looked at under one lease.
const TEXTS_PER_LEASE: usize = 512;
/// Literals that one run rewrites at most.
const MAX_LITERALS_PER_RUN: usize = 256;

/// Parts of a literal: starts and ends, apart from each other and in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Ranges(BTreeMap<u64, u64>);

impl Ranges {
    fn add(&mut self, start: u64, end: u64) {
        let (mut start, mut end) = (start, end);
        // Every range that it touches becomes one with it.
        while let Some((&from, &to)) = self.0.range(..=end).next_back()
            && to >= start
        {
            self.0.remove(&from);
            start = start.min(from);
            end = end.max(to);
        }
        self.0.insert(start, end);
    }

    fn len(&self) -> u64 {
        self.0.iter().map(|(start, end)| end - start).sum()
    }

    /// Where a place is when the ranges stand one after another.
    fn place(&self, offset: u64) -> Option<u64> {
        let mut before = 0;
        for (start, end) in &self.0 {
            if (*start..*end).contains(&offset) {
                return Some(before + offset - start);
            }
            before += end - start;
        }
        None
    }
}

/// What texts need of literals.
#[derive(Default)]
struct Needs {
    /// Texts below this number were looked at.
    version: u64,
    ranges: BTreeMap<u64, Ranges>,
    /// Needed as a whole: they are dictionaries or keyframes.
    whole: BTreeSet<u64>,
    /// The texts that need something of these literals.
    users: BTreeMap<u64, BTreeSet<u64>>,
}

impl Needs {
    /// What all texts need, noting which texts need something of some literals.
    fn read(place: &Place<'_>, literals: &[u64]) -> Result<Self, StoreError> {
        let users = literals.iter().map(|literal| (*literal, BTreeSet::new()));
        let mut needs = Self {
            users: users.collect(),
            ..Self::default()
        };
        while !place.read(OPERATION, |txn| needs.add_some(txn, TEXTS_PER_LEASE))? {}
        Ok(needs)
    }

    /// Looks at no more than `limit` texts; says whether those were the last.
    fn add_some(&mut self, view: &impl View, limit: usize) -> Result<bool, Fault> {
        let numbers = view.keys(Stream::Versions, self.version..=u64::MAX, limit)?;
        for &number in &numbers {
            let (_, version) = texts::version(view, number)?;
            for extent in version.extents() {
                let end = extent.offset.saturating_add(extent.len);
                let ranges = self.ranges.entry(extent.literal).or_default();
                ranges.add(extent.offset, end);
                if let Some(users) = self.users.get_mut(&extent.literal) {
                    users.insert(number);
                }
            }
            self.whole.insert(version.dictionary.literal);
            self.whole.extend(texts::keyframe(view, number)?);
        }
        if let Some(last) = numbers.last() {
            self.version = last.saturating_add(1);
        }
        Ok(numbers.len() < limit)
    }
}

/// Rewrites what is worth it; says how many literals that were.
pub(in crate::store) fn repack(place: &Place<'_>) -> Result<u64, StoreError> {
    let needs = Needs::read(place, &[])?;
    let wasteful = place.read(OPERATION, |txn| wasteful(txn, &needs))?;
    if wasteful.is_empty() {
        return Ok(0);
    }
    let mut needs = Needs::read(place, &wasteful)?;
    let mut rewritten = 0;
    for literal in wasteful {
        rewritten += place.write(OPERATION, |txn| {
            // What was recorded in between may need more of it.
            while !needs.add_some(txn, TEXTS_PER_LEASE)? {}
            match (needs.ranges.get(&literal), needs.users.get(&literal)) {
                (Some(ranges), Some(users)) if !needs.whole.contains(&literal) => {
                    rewrite(txn, literal, ranges, users)?;
                    Ok(Outcome::Commit(1))
                }
                _ => Ok(Outcome::Abort(0)),
            }
        })?;
    }
    Ok(rewritten)
}

/// Literals of which little is needed.
fn wasteful(view: &impl View, needs: &Needs) -> Result<Vec<u64>, Fault> {
    let mut dictionaries = needs.whole.clone();
    let mut found = Vec::new();
    for (&literal, ranges) in &needs.ranges {
        let header = literals::head(view, literal)?;
        dictionaries.insert(header.dictionary);
        if header.raw_len >= MIN_REPACK_BYTES && ranges.len() * MAX_LIVE_PART < header.raw_len {
            found.push(literal);
        }
    }
    found.retain(|literal| !dictionaries.contains(literal));
    found.truncate(MAX_LITERALS_PER_RUN);
    Ok(found)
}

fn rewrite(
    change: &impl Change,
    literal: u64,
    ranges: &Ranges,
    users: &BTreeSet<u64>,
) -> Result<(), Fault> {
    let mut counters = Counters::read(change)?;
    let whole = Blocks::default().get(change, literal)?;
    let mut needed = Vec::new();
    for (&start, &end) in &ranges.0 {
        let part = usize::try_from(start).ok().zip(usize::try_from(end).ok());
        let part = part.and_then(|(start, end)| whole.get(start..end));
        needed.extend_from_slice(
            part.ok_or_else(|| {
                Fault::damaged(Kind::Literal, literal, "it is too short for a text")
            })?,
        );
    }
    let (new, _) = literals::store(change, &mut counters, &needed)?;
    for &number in users {
        // Collected in the meantime.
        if change.get(Stream::Versions, number)?.is_none() {
            continue;
        }
        point(change, &mut counters, number, literal, |extent| {
            Some(Extent {
                literal: new,
                offset: ranges.place(extent.offset)?,
                len: extent.len,
            })
        })?;
    }
    let fragments = literals::fragments(change, literal)?;
    change.remove(Stream::Filters, std::iter::once(literal))?;
    change.remove(Stream::Literals, fragments.into_iter())?;
    counters.write(change)
}

/// Points the extents of a text that are in `literal` to where they are now.
fn point(
    change: &impl Change,
    counters: &mut Counters,
    number: u64,
    literal: u64,
    moved: impl Fn(&Extent) -> Option<Extent>,
) -> Result<(), Fault> {
    let (label, mut version) = texts::version(change, number)?;
    let mut touched = false;
    for extent in version.extents_mut() {
        if extent.literal == literal {
            *extent = moved(extent).ok_or_else(|| {
                Fault::damaged(Kind::Version, number, "it needs what nobody needs")
            })?;
            touched = true;
        }
    }
    if touched {
        let raw = codec::encode(Kind::Version, &version)?;
        let value = Value {
            label: &label,
            raw: &raw,
        };
        let storing = Storing::Incremental;
        patched::store(
            change,
            counters,
            texts::SHELF,
            number,
            &value,
            Some(number),
            storing,
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ranges_hold_what_was_added_and_nothing_else(
            parts in proptest::collection::vec((0u64..60, 1u64..12), 0..12)
        ) {
            let mut ranges = Ranges::default();
            let mut model = BTreeSet::new();
            for (start, len) in parts {
                ranges.add(start, start + len);
                model.extend(start..start + len);
            }
            prop_assert_eq!(ranges.len(), model.len() as u64);
            for (place, offset) in (0..).zip(&model) {
                prop_assert_eq!(ranges.place(*offset), Some(place));
            }
            prop_assert_eq!(ranges.place(100), None);
        }
    }
}
