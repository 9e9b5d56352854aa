//! Moments, as the model knows them.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC. The model never reads a clock: moments are handed in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Millis(pub i64);

impl Millis {
    /// Milliseconds from `earlier` to this moment, 0 when the clock went backwards between them.
    #[must_use]
    pub fn since(self, earlier: Millis) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }

    /// The moment in the calendar, or the one next to it: the calendar ends with the year 9999.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }
}

impl From<SystemTime> for Millis {
    /// What a clock shows, kept within the calendar, so that it can be shown again.
    fn from(clock: SystemTime) -> Self {
        let millis =
            |length: std::time::Duration| i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        let shown = match clock.duration_since(UNIX_EPOCH) {
            Ok(after) => millis(after),
            Err(before) => -millis(before.duration()),
        };
        Millis(Millis(shown).timestamp().as_millisecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn every_clock_shows_a_moment_of_the_calendar() {
        let of = |seconds: i64| {
            let length = Duration::from_secs(seconds.unsigned_abs());
            Millis::from(if seconds < 0 {
                UNIX_EPOCH - length
            } else {
                UNIX_EPOCH + length
            })
        };
        assert_eq!(of(0), Millis(0));
        assert_eq!(of(-1), Millis(-1000));
        assert_eq!(of(5_960_000_000), Millis(5_960_000_000_000));
        for seconds in [1 << 40, 1 << 60, -(1 << 40), -(1 << 60)] {
            let shown = of(seconds);
            assert_eq!(shown.timestamp().as_millisecond(), shown.0);
            let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(14));
            assert!(!shown.timestamp().to_zoned(zone).to_string().is_empty());
        }
        assert!(of(1 << 40) > of(1 << 30) && of(-(1 << 40)) < of(-(1 << 30)));
        assert_eq!(Millis(i64::MIN).timestamp(), Timestamp::MIN);
    }
}
