//! Decides when the recorder maintains the store.

use crate::model::Millis;
use crate::store::{Store, StoreError};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// How long the server must be idle before maintenance may run.
const IDLE_BEFORE_MAINTENANCE_MS: i64 = 5 * MINUTE_MS;
/// The shortest time between two runs: each reads the whole store, and freed room is used again.
const MIN_INTERVAL_MS: i64 = DAY_MS;
/// The longest time between two runs: a server that is never idle is maintained after a capture,
/// since the next one is due only an interval later.
const MAX_INTERVAL_MS: i64 = 7 * DAY_MS;

/// Decides when maintenance is due, by the time of each look.
#[derive(Debug, Default)]
pub(super) struct Maintenance {
    /// Since when the server has been idle.
    quiet: Option<Millis>,
    /// The last maintenance, or else the first look.
    last: Option<Millis>,
    /// Whether maintenance has run at all.
    done: bool,
}

impl Maintenance {
    /// Notes a look and returns whether maintenance is due. `changed`: the look stored something.
    fn is_due(&mut self, changed: bool, now: Millis) -> bool {
        // After a clock went back, the intervals begin anew.
        let since = |then: Option<Millis>| then.filter(|then| *then <= now).unwrap_or(now);
        let quiet = since(self.quiet.filter(|_| !changed));
        let last = since(self.last);
        self.quiet = Some(quiet);
        self.last = Some(last);
        let idle = now.0.saturating_sub(quiet.0) >= IDLE_BEFORE_MAINTENANCE_MS;
        let passed = now.0.saturating_sub(last.0);
        let due = if idle {
            !self.done || passed >= MIN_INTERVAL_MS
        } else {
            passed >= MAX_INTERVAL_MS
        };
        if due {
            self.last = Some(now);
            self.done = true;
        }
        due
    }

    /// Maintains the store after a look, if that is due. A failure is logged; recording goes on.
    pub(super) fn after_look(&mut self, changed: bool, now: Millis, store: &Store) {
        if !self.is_due(changed, now) {
            return;
        }
        match store.tidy() {
            Ok(Some(compacted)) => {
                tracing::info!(
                    before = compacted.before,
                    after = compacted.after,
                    "compacted the store"
                );
            }
            Ok(None) | Err(StoreError::NoStore { .. } | StoreError::Busy { .. }) => {}
            Err(error) => tracing::warn!("could not tidy the store: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The minutes at which it is due, of looks at every minute, where something changes as told.
    fn due(minutes: i64, changes: impl Fn(i64) -> bool) -> Vec<i64> {
        let mut maintenance = Maintenance::default();
        (0..minutes)
            .filter(|at| maintenance.is_due(changes(*at), Millis(at * MINUTE_MS)))
            .collect()
    }

    #[test]
    fn it_is_due_once_a_day_when_nothing_changes() {
        assert_eq!(due(3000, |_| false), [5, 1445, 2885]);
        assert_eq!(due(100, |at| at < 50), [54]);
        assert_eq!(due(100, |at| at % 4 == 0), [0; 0]);
    }

    #[test]
    fn where_something_always_changes_it_is_due_once_a_week() {
        let week = 7 * 24 * 60;
        assert_eq!(due(2 * week + 1, |_| true), [week, 2 * week]);
    }

    #[test]
    fn a_clock_that_jumps_neither_hurries_nor_stops_it() {
        let mut maintenance = Maintenance::default();
        let mut at = |minute: i64| maintenance.is_due(false, Millis(minute * MINUTE_MS));
        assert!(!at(10_000));
        assert!(at(10_005));
        assert!(!at(3));
        assert!(!at(8));
        assert!(at(3 + 24 * 60));
    }
}
