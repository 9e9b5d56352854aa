//! Moments and ages, without the jumps of the clock.

use std::time::Duration;

use super::jumps::{DAY_MS, Jumps, Offset};
use crate::model::time::Millis;

const HOUR_MS: i64 = 60 * 60 * 1000;

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
        let offset = jumps.seen().map_or(newest, |seen| newest.after(seen, now));
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

    /// The age of a snapshot in milliseconds: never more than what its stamp says, nor than what it
    /// is without jumps.
    pub(super) fn age(&self, seq: u64, time: Millis) -> u64 {
        let made = Millis(time.0.saturating_sub(self.jumps.at(seq).age));
        self.steady.since(made).min(self.now.since(time))
    }

    /// Whether a snapshot that was made at `made` and thrown away at `since` has been in the trash
    /// for longer than `age`. Where it was thrown away has no place in the sequence, so every jump
    /// since it was made is taken off; and one that seems to be thrown away before it was made
    /// stays.
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

/// The months since March of the year 0, of a day since the epoch. Years that begin in March have
/// their leap day at the end (the algorithm of `days_from_civil`,
/// <https://howardhinnant.github.io/date_algorithms.html>).
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
