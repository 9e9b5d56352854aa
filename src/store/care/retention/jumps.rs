//! Time as retention counts it: by the clock that snapshots were stamped with, without its jumps.
//!
//! Snapshots have an order of their own, their sequence, which no clock can change. Along it, a
//! stamp that lies before its neighbour's tells of a clock that was set back, and one that lies far
//! behind of a clock that was set forward, or of a machine that was not used: the two cannot be
//! told apart, and in both nothing was recorded in between. So for an age neither counts. For the
//! calendar only a clock that was set back is put right, so that what comes later also lies in a
//! later hour or day. Whole days are taken off: hours and days stay those of the clock.

use serde::{Deserialize, Serialize};

use crate::model::time::Millis;
use crate::store::record::codec;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use crate::store::record::tables::{Change, View};

/// The name of the record.
const RECORD: &str = "jumps";

pub(super) const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The longest time between two neighbours that counts. A clock that is set by less can make things
/// look older by as much; a week bridges most times in which nobody works.
const LONGEST_GAP_MS: i64 = 7 * DAY_MS;
/// Jumps that are remembered. Of a clock that jumps more often than that, the oldest are put
/// together.
const JUMPS: usize = 128;

/// The jumps of the clock that are known.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Jumps {
    /// The newest snapshot that was looked at, with its stamp.
    seen: Option<(u64, Millis)>,
    /// What is taken off the stamps before the first jump.
    base: Offset,
    /// What is taken off the stamps of snapshots from this number on.
    from: Vec<(u64, Offset)>,
}

/// What is taken off a stamp, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Offset {
    /// For an age.
    pub(super) age: i64,
    /// For the calendar.
    pub(super) calendar: i64,
}

impl Jumps {
    /// What is known. Where that is lost or damaged everything is looked at again; what was removed
    /// in between may then look like jumps, by which things are kept for longer.
    pub(super) fn read(view: &impl View) -> Result<Self, Fault> {
        let record = view.own(RECORD)?;
        let known = record.and_then(|record| codec::unpack_value(Kind::Jumps, 0, &record).ok());
        Ok(known.unwrap_or_default())
    }

    /// Keeps it. Belongs to the same change as a removal.
    pub(super) fn write(&self, change: &impl Change) -> Result<(), Fault> {
        let record = codec::pack_value(Kind::Jumps, 0, self)?;
        change.put_own(RECORD, &record)
    }

    /// The stamp of the newest snapshot that was looked at.
    pub(super) fn seen(&self) -> Option<Millis> {
        self.seen.map(|(_, time)| time)
    }

    /// Looks at the snapshots that are new, the older first. Neighbours must not have been removed
    /// before they were looked at: what removes snapshots keeps what is known here.
    pub(super) fn observe(&mut self, stamps: impl IntoIterator<Item = (u64, Millis)>) {
        for (seq, time) in stamps {
            if let Some((before, last)) = self.seen {
                if seq <= before {
                    continue;
                }
                let offset = self.newest().after(last, time);
                if offset != self.newest() {
                    self.from.push((seq, offset));
                }
            }
            self.seen = Some((seq, time));
        }
        let surplus = self.from.len().saturating_sub(JUMPS);
        self.forget(surplus);
    }

    /// Forgets jumps that no snapshot from `oldest` on needs.
    pub(super) fn forget_before(&mut self, oldest: u64) {
        let past = self.from.partition_point(|(seq, _)| *seq <= oldest);
        self.forget(past);
    }

    fn forget(&mut self, count: usize) {
        if let Some((_, offset)) = self.from.drain(..count).next_back() {
            self.base = offset;
        }
    }

    /// What is taken off the newest stamps.
    pub(super) fn newest(&self) -> Offset {
        self.from.last().map_or(self.base, |(_, offset)| *offset)
    }

    /// What is taken off the stamp of a snapshot.
    pub(super) fn at(&self, seq: u64) -> Offset {
        let after = self.from.partition_point(|(from, _)| *from <= seq);
        let jump = after.checked_sub(1).and_then(|at| self.from.get(at));
        jump.map_or(self.base, |(_, offset)| *offset)
    }
}

impl Offset {
    /// The offset behind a step of the clock.
    pub(super) fn after(self, from: Millis, to: Millis) -> Self {
        let step = to.0.saturating_sub(from.0);
        if (0..=LONGEST_GAP_MS).contains(&step) {
            return self;
        }
        let days = step.div_euclid(DAY_MS).saturating_mul(DAY_MS);
        let over = i64::from(step.rem_euclid(DAY_MS) != 0) * DAY_MS;
        Self {
            // Rounded up: nothing looks older than it is.
            age: self.age.saturating_add(days).saturating_add(over),
            // Rounded down: nothing looks earlier than what came before it.
            calendar: self.calendar.saturating_add(days.min(0)),
        }
    }
}

/// The record, if it is whole.
pub(in crate::store) fn record(view: &impl View) -> Result<Option<Vec<u8>>, Fault> {
    let whole = |record: &Vec<u8>| codec::unpack_value::<Jumps>(Kind::Jumps, 0, record).is_ok();
    Ok(view.own(RECORD)?.filter(whole))
}

/// Writes the record as it was in another file.
pub(in crate::store) fn put_record(change: &impl Change, record: &[u8]) -> Result<(), Fault> {
    change.put_own(RECORD, record)
}

/// Checks the record.
pub(in crate::store) fn check(view: &impl View) -> Result<(), Fault> {
    match view.own(RECORD)? {
        Some(record) => codec::unpack_value::<Jumps>(Kind::Jumps, 0, &record).map(drop),
        None => Ok(()),
    }
}

/// One with something in every field.
#[cfg(test)]
pub(in crate::store) fn example() -> impl Serialize + std::fmt::Debug {
    let offset = Offset {
        age: DAY_MS,
        calendar: -DAY_MS,
    };
    Jumps {
        seen: Some((300, Millis(-1))),
        base: Offset::default(),
        from: vec![(2, offset)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: i64 = 1_790_000_000_000;

    fn row(seq: u64, day: i64) -> (u64, Millis) {
        (seq, Millis(T + day * DAY_MS))
    }

    #[test]
    fn a_steady_clock_has_no_jumps() {
        let mut jumps = Jumps::default();
        jumps.observe([row(1, 0), row(2, 1), row(3, 5), row(9, 12)]);
        assert_eq!((jumps.from.len(), jumps.newest()), (0, Offset::default()));
    }

    #[test]
    fn what_is_known_stays_known_when_snapshots_go() {
        let mut jumps = Jumps::default();
        let days = [0, 1, 366, 367, 3, 4];
        jumps.observe(days.iter().zip(1..).map(|(day, seq)| row(seq, *day)));
        let known = jumps.clone();
        // The neighbours of the jump are gone; what comes is looked at all the same.
        jumps.observe([row(2, 1), row(6, 4), row(9, 5)]);
        assert_eq!(jumps.seen, Some(row(9, 5)));
        assert_eq!(jumps.from, known.from);
        jumps.forget_before(3);
        assert_eq!(jumps.base, known.at(3));
        assert_eq!(jumps.at(9), known.at(9));
    }

    #[test]
    fn a_clock_that_jumps_all_the_time_is_not_remembered_for_ever() {
        let mut jumps = Jumps::default();
        jumps.observe((0..1000).map(|seq| row(seq, i64::from(seq % 2 == 0) * 400)));
        assert_eq!(jumps.from.len(), JUMPS);
    }
}
