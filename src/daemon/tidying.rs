//! When the recorder has time to tidy the store.

use crate::model::Millis;
use crate::store::{Store, StoreError};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// So long nothing has changed before anybody can be thought to be away.
const QUIET: i64 = 5 * MINUTE;
/// Looking takes reading the whole store: once a day is enough, since rooms that become free are
/// used again.
const AT_MOST_EVERY: i64 = DAY;
/// Where something changes all the time, a capture is as good a moment as any: the next one is due
/// only an interval later.
const AT_LEAST_EVERY: i64 = 7 * DAY;

/// Decides when to tidy, by the moments of looks.
#[derive(Debug, Default)]
pub(super) struct Tidying {
    /// Since when nothing has changed.
    quiet: Option<Millis>,
    /// When it was tidied last, or looked at first.
    last: Option<Millis>,
    /// Whether it was tidied at all.
    done: bool,
}

impl Tidying {
    /// Notes a look; says whether it is time. `changed` is whether something was stored.
    fn is_due(&mut self, changed: bool, now: Millis) -> bool {
        // A clock that went back begins anew.
        let since = |then: Option<Millis>| then.filter(|then| *then <= now).unwrap_or(now);
        let quiet = since(self.quiet.filter(|_| !changed));
        let last = since(self.last);
        self.quiet = Some(quiet);
        self.last = Some(last);
        let idle = now.0.saturating_sub(quiet.0) >= QUIET;
        let passed = now.0.saturating_sub(last.0);
        let due = if idle {
            !self.done || passed >= AT_MOST_EVERY
        } else {
            passed >= AT_LEAST_EVERY
        };
        if due {
            self.last = Some(now);
            self.done = true;
        }
        due
    }

    /// Tidies the store after a look, if it is time. Whatever comes of it, recording goes on.
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
        let mut tidying = Tidying::default();
        (0..minutes)
            .filter(|at| tidying.is_due(changes(*at), Millis(at * MINUTE)))
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
        let mut tidying = Tidying::default();
        let mut at = |minute: i64| tidying.is_due(false, Millis(minute * MINUTE));
        assert!(!at(10_000));
        assert!(at(10_005));
        assert!(!at(3));
        assert!(!at(8));
        assert!(at(3 + 24 * 60));
    }
}
