//! Under which numbers there may be snapshots, where a table cannot be walked because a page of it
//! is damaged.
//!
//! A walk ends at a damaged page, so every table that knows snapshots is walked from both ends,
//! each time under a lease of its own; what lies between where the two walks ended is tried number
//! by number. What one table has lost, another may still know.

use std::collections::BTreeSet;
use std::ops::{ControlFlow, RangeInclusive};

use redb::ReadTransaction;

use crate::store::file::lease::Place;
use crate::store::record::counters::Counters;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::tables::{Index, Stream, View};

/// At most this many numbers that no table names are tried. A look takes some microseconds, so that
/// this ends within a second or so, whatever a damaged table makes believe; it is more than the
/// snapshots of years.
const MAX_TRIED: u64 = 1 << 17;

/// Numbers that may lead to a snapshot.
#[derive(Debug, Default)]
pub(in crate::store) struct Candidates {
    /// Numbers that the timeline names.
    timeline: BTreeSet<u64>,
    /// Numbers that the trash names.
    trash: BTreeSet<u64>,
    /// Numbers that the trees or the index of ids name: in the timeline or in the trash.
    others: BTreeSet<u64>,
    /// Whether the whole trash was walked.
    trash_is_whole: bool,
    /// Numbers between the ends of two walks.
    between: BTreeSet<u64>,
    /// What was passed by because the cap was reached.
    untried: Vec<RangeInclusive<u64>>,
    /// What ended the walks.
    damage: Vec<StoreError>,
}

impl Candidates {
    /// Gathers them. An error means that nothing could be read at all.
    pub(in crate::store) fn gather(
        place: &Place<'_>,
        operation: &'static str,
    ) -> Result<Self, StoreError> {
        let mut walks = Walks::new(place, operation);
        let (timeline, timeline_gap) = walks.stream(Stream::Timeline)?;
        let (trash, trash_gap) = walks.stream(Stream::Trash)?;
        let (mut others, states_gap) = walks.stream(Stream::States)?;
        others.extend(walks.ids()?);
        let known = [&timeline, &trash, &others];
        let greatest = known.iter().filter_map(|set| set.last()).max().copied();
        let ceiling = walks.given()?.max(greatest).unwrap_or(MAX_TRIED);
        if let (false, Some(error)) = (walks.opened, walks.damage.pop()) {
            return Err(error);
        }
        let mut found = Self {
            trash_is_whole: trash_gap.is_none(),
            timeline,
            trash,
            others,
            damage: walks.damage,
            ..Self::default()
        };
        let gaps = [timeline_gap, trash_gap, states_gap];
        let gaps = gaps.into_iter().flatten();
        found.fill(
            gaps.map(|(low, high)| (low, high.unwrap_or(ceiling)))
                .collect(),
        );
        Ok(found)
    }

    /// All numbers.
    pub(in crate::store) fn numbers(&self) -> BTreeSet<u64> {
        let named = self.timeline.iter().chain(&self.trash).chain(&self.others);
        named.chain(&self.between).copied().collect()
    }

    /// Whether a snapshot certainly was under this number, in the timeline or in the trash.
    pub(in crate::store) fn is_known(&self, stream: Stream, seq: u64) -> bool {
        match stream {
            Stream::Trash => self.trash.contains(&seq),
            _ => {
                let elsewhere = self.trash.contains(&seq) || !self.trash_is_whole;
                self.timeline.contains(&seq) || (self.others.contains(&seq) && !elsewhere)
            }
        }
    }

    /// Numbers that were not tried, because they were too many.
    pub(in crate::store) fn untried(&self) -> &[RangeInclusive<u64>] {
        &self.untried
    }

    /// The damage that ended the walks.
    pub(in crate::store) fn damage(&self) -> &[StoreError] {
        &self.damage
    }

    /// Fills the gaps, from both ends of each, because a damaged table is whole but for a few
    /// pages.
    fn fill(&mut self, mut gaps: Vec<(u64, u64)>) {
        gaps.sort_unstable();
        let mut left = MAX_TRIED;
        let mut next = 0;
        for (low, high) in gaps {
            let low = low.max(next);
            if low > high {
                continue;
            }
            let length = (high - low).saturating_add(1);
            if length <= left {
                self.between.extend(low..=high);
                left -= length;
            } else {
                let half = left / 2;
                self.between
                    .extend((low..=high).take(usize::try_from(half).unwrap_or(0)));
                self.between.extend(
                    (low..=high)
                        .rev()
                        .take(usize::try_from(left - half).unwrap_or(0)),
                );
                self.untried.push(low + half..=high - (left - half));
                left = 0;
            }
            next = high.saturating_add(1);
        }
    }
}

/// The lowest number after which a walk ended, and the highest before which the other did, where
/// that came by any.
type Gap = Option<(u64, Option<u64>)>;

struct Walks<'a> {
    place: &'a Place<'a>,
    operation: &'static str,
    /// Whether any lease was had.
    opened: bool,
    damage: Vec<StoreError>,
}

impl<'a> Walks<'a> {
    fn new(place: &'a Place<'a>, operation: &'static str) -> Self {
        Self {
            place,
            operation,
            opened: false,
            damage: Vec::new(),
        }
    }

    /// Runs a walk; says whether it came to its end.
    fn walk(
        &mut self,
        work: impl FnOnce(&ReadTransaction) -> Result<(), Fault>,
    ) -> Result<bool, StoreError> {
        let opened = &mut self.opened;
        let walked = self.place.read(self.operation, |txn| {
            *opened = true;
            work(txn)
        });
        match walked {
            Ok(()) => Ok(true),
            Err(error) if error.is_damage() => {
                self.damage.push(error);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// The keys of a stream, and the gap where it could not be walked.
    fn stream(&mut self, stream: Stream) -> Result<(BTreeSet<u64>, Gap), StoreError> {
        let mut up = BTreeSet::new();
        let whole = self.walk(|txn| {
            txn.walk(stream, 0..=u64::MAX, &mut |seq, _| {
                up.insert(seq);
                Ok(ControlFlow::Continue(()))
            })
        })?;
        if whole {
            return Ok((up, None));
        }
        let mut down = BTreeSet::new();
        let low = up.last().map_or(0, |last| last.saturating_add(1));
        let whole = self.walk(|txn| {
            txn.walk_back(stream, low..=u64::MAX, &mut |seq, _| {
                down.insert(seq);
                Ok(ControlFlow::Continue(()))
            })
        })?;
        let high = down.first().map(|first| first.saturating_sub(1));
        up.append(&mut down);
        Ok((up, (!whole).then_some((low, high))))
    }

    /// The numbers that the index of ids leads to.
    fn ids(&mut self) -> Result<BTreeSet<u64>, StoreError> {
        let mut found = BTreeSet::new();
        let all = || &[][..]..=&[0xff; 17][..];
        let mut keep = |_: &[u8], seq| {
            found.insert(seq);
            Ok(ControlFlow::Continue(()))
        };
        if !self.walk(|txn| txn.walk_index(Index::Ids, all(), &mut keep))? {
            self.walk(|txn| txn.walk_index_back(Index::Ids, all(), &mut keep))?;
        }
        Ok(found)
    }

    /// The greatest number that was ever given, where the record of it can be read.
    fn given(&mut self) -> Result<Option<u64>, StoreError> {
        let mut given = None;
        self.walk(|txn| {
            given = Counters::stored(txn)?.map(|counters| counters.seq);
            Ok(())
        })?;
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_filled_from_both_ends_up_to_a_cap() {
        let mut all = Candidates::default();
        all.fill(vec![(7, 9), (3, 7), (4, 5), (u64::MAX, u64::MAX)]);
        let filled: Vec<u64> = all.between.into_iter().collect();
        assert_eq!(filled, [3, 4, 5, 6, 7, 8, 9, u64::MAX]);
        assert_eq!(all.untried, []);

        let mut cut = Candidates::default();
        cut.fill(vec![(1, u64::MAX - 1), (0, 3)]);
        assert_eq!(cut.between.len() as u64, MAX_TRIED);
        let (low, high) = (
            MAX_TRIED / 2 - 4 / 2,
            u64::MAX - 1 - (MAX_TRIED / 2 - 4 / 2),
        );
        let untried = cut.untried.first().unwrap();
        assert!(cut.between.contains(&0) && cut.between.contains(&(u64::MAX - 1)));
        assert!(cut.between.contains(&(untried.start() - 1)));
        assert!(cut.between.contains(&(untried.end() + 1)));
        assert!(*untried.start() > low && *untried.end() < high + 4);
    }
}
