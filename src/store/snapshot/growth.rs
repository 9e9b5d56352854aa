//! How much snapshots have added lately.

use crate::model::snapshot::Cause;
use crate::model::time::Millis;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// The time that is looked at; and what a clock may go forward at once: a longer pause is no time
/// in which snapshots could have been made.
const LATELY: i64 = 7 * DAY_MS;

/// Adds up snapshots, newest first, until those of the last days are together.
#[derive(Debug, Default)]
pub(in crate::store) struct Growth {
    /// The snapshot that came last: when it was made, and what it added.
    last: Option<(Millis, u64)>,
    bytes: u64,
    span: i64,
}

impl Growth {
    /// Adds the next older one. Imported ones were made elsewhere, at other times.
    pub(in crate::store) fn add(&mut self, cause: Cause, time: Millis, bytes: u64) {
        if self.span >= LATELY || cause == Cause::Import {
            return;
        }
        if let Some((newer, added)) = self.last {
            // What a snapshot adds is what has come about since the one before it.
            self.bytes = self.bytes.saturating_add(added);
            let passed = newer.0.saturating_sub(time.0);
            if (0..=LATELY).contains(&passed) {
                self.span += passed;
            }
        }
        self.last = Some((time, bytes));
    }

    /// Bytes a day, where there was enough time to tell.
    pub(in crate::store) fn per_day(&self) -> Option<u64> {
        let span = u128::try_from(self.span)
            .ok()
            .filter(|_| self.span >= HOUR_MS)?;
        let a_day = u128::from(self.bytes) * u128::from(DAY_MS.unsigned_abs()) / span;
        Some(u64::try_from(a_day).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Growth of snapshots made at these hours, oldest first, of which each added 100 bytes.
    fn of(hours: &[i64]) -> Option<u64> {
        let mut growth = Growth::default();
        for hour in hours.iter().rev() {
            growth.add(Cause::Auto, Millis(hour * HOUR_MS), 100);
        }
        growth.per_day()
    }

    #[test]
    fn what_was_added_by_the_time_it_took() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[5]), None);
        assert_eq!(of(&[5, 5]), None);
        // The first one was there before.
        assert_eq!(of(&[0, 24]), Some(100));
        assert_eq!(of(&[0, 1, 2, 3, 4, 5, 6]), Some(2400));
        // Only the last seven days count: before, there was one every hour.
        let mut hours: Vec<i64> = (0..500).collect();
        hours.extend((1..=8).map(|day| 500 + day * 24));
        assert_eq!(of(&hours), Some(100));
    }

    #[test]
    fn a_clock_that_jumps_adds_no_time() {
        let steady = of(&[0, 6, 12, 18, 24, 30]);
        assert_eq!(steady, Some(400));
        let year = 365 * 24;
        for jumping in [[0, 6, 12, year, 24, 30], [0, 6, 12, -year, 24, 30]] {
            let told = of(&jumping).unwrap();
            assert!((400..=900).contains(&told), "{jumping:?}: {told}");
        }
    }

    #[test]
    fn what_was_imported_does_not_count() {
        let mut growth = Growth::default();
        growth.add(Cause::Auto, Millis(24 * HOUR_MS), 100);
        growth.add(Cause::Import, Millis(-500 * HOUR_MS), 1_000_000);
        growth.add(Cause::Auto, Millis(0), 100);
        assert_eq!(growth.per_day(), Some(100));
    }
}
