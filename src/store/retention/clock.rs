//! Time as retention counts it: by the clock that snapshots were stamped with, without its jumps.
//!
//! Snapshots have an order of their own, their sequence, which no clock can change. Along it, a stamp that
//! lies before its neighbour's tells of a clock that was set back, and one that lies far behind of a clock
//! that was set forward, or of a machine that was not used: the two cannot be told apart, and in both nothing
//! was recorded in between. So for an age neither counts. For the calendar only a clock that was set back is
//! put right, so that what comes later also lies in a later hour or day. Whole days are taken off: hours and
//! days stay those of the clock.

use std::time::Duration;

use crate::model::time::Millis;

const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// The longest time between two neighbours that counts. A clock that is set by less can make things look
/// older by as much; a week bridges most times in which nobody works.
const LONGEST_GAP_MS: i64 = 7 * DAY_MS;
/// Jumps that are remembered. Of a clock that jumps more often than that, the oldest are put together.
const JUMPS: usize = 128;

/// The jumps of the clock that are known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Jumps {
    /// The newest snapshot that was looked at, with its stamp.
    seen: Option<(u64, Millis)>,
    /// What is taken off the stamps before the first jump.
    base: Offset,
    /// What is taken off the stamps of snapshots from this number on.
    from: Vec<(u64, Offset)>,
}

/// What is taken off a stamp, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Offset {
    /// For an age.
    age: i64,
    /// For the calendar.
    calendar: i64,
}

impl Jumps {
    /// Looks at the snapshots that are new, the older first. Neighbours must not have been removed before
    /// they were looked at: what removes snapshots keeps what is known here.
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
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the jumps are kept in the next step")
    )]
    pub(super) fn forget_before(&mut self, oldest: u64) {
        let past = self.from.partition_point(|(seq, _)| *seq <= oldest);
        self.forget(past);
    }

    fn forget(&mut self, count: usize) {
        if let Some((_, offset)) = self.from.drain(..count).next_back() {
            self.base = offset;
        }
    }

    fn newest(&self) -> Offset {
        self.from.last().map_or(self.base, |(_, offset)| *offset)
    }

    fn at(&self, seq: u64) -> Offset {
        let after = self.from.partition_point(|(from, _)| *from <= seq);
        let jump = after.checked_sub(1).and_then(|at| self.from.get(at));
        jump.map_or(self.base, |(_, offset)| *offset)
    }
}

impl Offset {
    /// The offset behind a step of the clock.
    fn after(self, from: Millis, to: Millis) -> Self {
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

/// A moment at which ages are taken.
#[derive(Debug, Clone)]
pub(super) struct Clock<'a> {
    jumps: &'a Jumps,
    now: Millis,
    offset: Offset,
    /// Now, without the jumps.
    steady: Millis,
}

impl<'a> Clock<'a> {
    /// The clock at `now`, which may itself have jumped since the newest snapshot.
    pub(super) fn new(jumps: &'a Jumps, now: Millis) -> Self {
        let newest = jumps.newest();
        let offset = jumps
            .seen
            .map_or(newest, |(_, seen)| newest.after(seen, now));
        Self {
            jumps,
            now,
            offset,
            steady: Millis(now.0.saturating_sub(offset.age)),
        }
    }

    /// The moment of a snapshot in the calendar.
    pub(super) fn moment(&self, seq: u64, time: Millis) -> Millis {
        Millis(time.0.saturating_sub(self.jumps.at(seq).calendar))
    }

    /// The age of a snapshot in milliseconds: never more than what its stamp says, nor than what it is
    /// without jumps.
    pub(super) fn age(&self, seq: u64, time: Millis) -> u64 {
        let made = Millis(time.0.saturating_sub(self.jumps.at(seq).age));
        self.steady.since(made).min(self.now.since(time))
    }

    /// Whether a snapshot that was made at `made` and thrown away at `since` has been in the trash for
    /// longer than `age`. Where it was thrown away has no place in the sequence, so every jump since it
    /// was made is taken off; and one that seems to be thrown away before it was made stays.
    pub(super) fn is_over(&self, seq: u64, made: Millis, since: Millis, age: Duration) -> bool {
        let jumps = self
            .offset
            .age
            .saturating_sub(self.jumps.at(seq).age)
            .max(0);
        let rest = Millis(since.0.saturating_add(jumps));
        since >= made && u128::from(self.now.since(rest)) > age.as_millis()
    }
}

/// A unit of the calendar, of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Unit {
    Hour,
    Day,
    Week,
    Month,
}

impl Unit {
    pub(super) const ALL: [Unit; 4] = [Unit::Hour, Unit::Day, Unit::Week, Unit::Month];

    /// The number of the unit that a moment is in: it grows with time.
    pub(super) fn number(self, moment: Millis) -> i64 {
        let day = moment.0.div_euclid(DAY_MS);
        match self {
            Unit::Hour => moment.0.div_euclid(HOUR_MS),
            Unit::Day => day,
            // The first day of the epoch was a Thursday; weeks begin on Mondays.
            Unit::Week => (day + 3).div_euclid(7),
            Unit::Month => month(day),
        }
    }
}

/// The months since March of the year 0, of a day since the epoch. Years that begin in March have their
/// leap day at the end (the algorithm of `days_from_civil`, <https://howardhinnant.github.io/date_algorithms.html>).
fn month(day: i64) -> i64 {
    const DAYS_TO_EPOCH: i64 = 719_468;
    const DAYS_IN_ERA: i64 = 146_097;
    let day = day.saturating_add(DAYS_TO_EPOCH);
    let era = day.div_euclid(DAYS_IN_ERA);
    let of_era = day.rem_euclid(DAYS_IN_ERA);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    (era * 400 + year) * 12 + (5 * of_year + 2) / 153
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const T: i64 = 1_790_000_000_000;

    fn observed(days: &[i64]) -> Jumps {
        let mut jumps = Jumps::default();
        let stamps = days.iter().zip(1..);
        jumps.observe(stamps.map(|(day, seq)| (seq, Millis(T + day * DAY_MS))));
        jumps
    }

    fn ages(days: &[i64], now: i64) -> Vec<u64> {
        let jumps = observed(days);
        let clock = Clock::new(&jumps, Millis(T + now * DAY_MS));
        let rows = days.iter().zip(1..);
        let age = |(day, seq): (&i64, u64)| clock.age(seq, Millis(T + day * DAY_MS));
        rows.map(|row| age(row) / DAY_MS.unsigned_abs()).collect()
    }

    #[test]
    fn a_steady_clock_counts_as_it_is() {
        assert_eq!(ages(&[0, 1, 5, 12], 13), [13, 12, 8, 1]);
        assert_eq!(observed(&[0, 1, 5, 12]).from, []);
    }

    #[test]
    fn jumps_make_nothing_older() {
        // Forward, between snapshots and since the newest.
        assert_eq!(ages(&[0, 1, 366, 367], 368), [3, 2, 2, 1]);
        assert_eq!(ages(&[0, 1], 366), [1, 0]);
        // Backward: by now, and while things were recorded.
        assert_eq!(ages(&[0, 1], -365), [0, 0]);
        assert_eq!(ages(&[0, 1, -365, -364], -363), [0, 0, 2, 1]);
        assert_eq!(ages(&[0, 1, -365, -364, 2, 3], 4), [4, 3, 3, 2, 2, 1]);
        // From the beginning of the epoch, where a machine without a clock starts.
        assert_eq!(ages(&[-20_000, -19_999, 0, 1], 2), [3, 2, 2, 1]);
        // There and back.
        assert_eq!(ages(&[0, 1, 366, 2, 3], 4), [3, 2, 0, 2, 1]);
    }

    #[test]
    fn what_is_known_stays_known_when_snapshots_go() {
        let days = [0, 1, 366, 367, 3, 4];
        let mut jumps = observed(&days);
        let row = |seq: u64, day: i64| (seq, Millis(T + day * DAY_MS));
        let (seq, time) = row(2, 1);
        let before = Clock::new(&jumps, Millis(T + 5 * DAY_MS)).age(seq, time);
        // The neighbours of the jump are gone; what comes is looked at all the same.
        jumps.observe([row(2, 1), row(6, 4), row(9, 5)]);
        jumps.forget_before(2);
        assert_eq!(jumps.seen, Some(row(9, 5)));
        assert_eq!(
            Clock::new(&jumps, Millis(T + 5 * DAY_MS)).age(seq, time),
            before
        );
        jumps.forget_before(9);
        assert_eq!((jumps.from.len(), jumps.newest()), (0, jumps.base));
    }

    #[test]
    fn months_and_weeks_begin_where_they_should() {
        let day = |text: &str| {
            let date: jiff::civil::Date = text.parse().unwrap();
            let time = date.to_zoned(jiff::tz::TimeZone::UTC).unwrap();
            Millis(time.timestamp().as_millisecond())
        };
        let number = |unit: Unit, text| unit.number(day(text));
        for (unit, last, first) in [
            (Unit::Month, "2024-02-29", "2024-03-01"),
            (Unit::Month, "2023-02-28", "2023-03-01"),
            (Unit::Month, "2025-12-31", "2026-01-01"),
            (Unit::Month, "1969-12-31", "1970-01-01"),
            (Unit::Week, "2026-11-22", "2026-11-23"),
            (Unit::Day, "2026-11-22", "2026-11-23"),
        ] {
            assert_eq!(number(unit, last) + 1, number(unit, first), "{first}");
            let before = Millis(day(first).0 - 1);
            assert_eq!(unit.number(before), number(unit, last), "{first}");
        }
        assert_eq!(
            number(Unit::Month, "2026-11-01"),
            number(Unit::Month, "2026-11-30")
        );
    }

    proptest! {
        #[test]
        fn no_age_is_more_than_the_stamp_says(
            times in proptest::collection::vec(any::<i64>(), 1..20), now: i64,
        ) {
            let mut jumps = Jumps::default();
            jumps.observe(times.iter().zip(1..).map(|(time, seq)| (seq, Millis(*time))));
            let clock = Clock::new(&jumps, Millis(now));
            for (time, seq) in times.iter().zip(1..) {
                prop_assert!(clock.age(seq, Millis(*time)) <= Millis(now).since(Millis(*time)));
                for unit in Unit::ALL {
                    unit.number(clock.moment(seq, Millis(*time)));
                }
            }
        }
    }
}
