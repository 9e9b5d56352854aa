//! Makes room after captures.

use crate::model::Millis;
use crate::store::{Pruned, Retention, Store, StoreError};

/// One part of what is kept: deciding looks at every snapshot, so a large store is looked at less often,
/// and each capture pays for the same few whatever the size.
const PART: usize = 64;
/// Time after which the next capture makes room in any case.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Makes room: after every capture in a small store; in a large one when there are a few more than are
/// kept, which is one in sixty-four at the most.
#[derive(Debug)]
pub(super) struct Housekeeping {
    retention: Retention,
    /// Captures since the last time.
    stored: usize,
    /// Snapshots that were kept then.
    kept: usize,
    last: Option<Millis>,
}

impl Housekeeping {
    pub(super) fn new(retention: Retention) -> Self {
        Self {
            retention,
            stored: 0,
            kept: 0,
            last: None,
        }
    }

    /// A capture was stored.
    pub(super) fn stored(&mut self, store: &Store, now: Millis) -> Result<Pruned, StoreError> {
        self.stored = self.stored.saturating_add(1);
        if self.is_due(now) {
            self.prune(store, now)
        } else {
            Ok(Pruned::default())
        }
    }

    /// There is no room for a capture: whatever may go does so now, and its room is given back.
    pub(super) fn make_room(&mut self, store: &Store, now: Millis) -> Result<Pruned, StoreError> {
        let pruned = self.prune(store, now)?;
        if (!pruned.removed.is_empty() || pruned.trash > 0)
            && let Err(error) = store.collect()
        {
            tracing::warn!("unused texts are kept: {error}");
        }
        Ok(pruned)
    }

    /// Removes what is not to be kept.
    fn prune(&mut self, store: &Store, now: Millis) -> Result<Pruned, StoreError> {
        let pruned = store.prune(&self.retention, now)?;
        self.kept = pruned.kept;
        // What is left over goes after the next capture.
        if !pruned.more {
            self.stored = 0;
            self.last = Some(now);
        }
        Ok(pruned)
    }

    fn is_due(&self, now: Millis) -> bool {
        let day = self.last.is_none_or(|last| now.since(last) >= DAY_MS);
        day || self.stored > self.kept / PART
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{record_text, scratch};

    #[test]
    fn large_stores_are_looked_at_less_often() {
        let mut own = Housekeeping::new(Retention::default());
        assert!(own.is_due(Millis(0)), "at first nothing is known");
        own.last = Some(Millis(0));
        let due_after = |own: &mut Housekeeping, kept| {
            own.kept = kept;
            own.stored = 0;
            while !own.is_due(Millis(1)) {
                own.stored += 1;
            }
            own.stored
        };
        assert_eq!(due_after(&mut own, 10), 1);
        assert_eq!(due_after(&mut own, 63), 1);
        assert_eq!(due_after(&mut own, 10_000), 157);
        own.stored = 0;
        assert!(own.is_due(Millis(24 * 60 * 60 * 1000)), "a day is over");
    }

    #[test]
    fn where_there_is_no_room_it_is_made_at_once() {
        let s = scratch();
        for at in 0..100 {
            record_text(&s.store, at, "api", &format!("$ {at}"));
        }
        let now = Millis(1_790_000_100_000);
        let mut own = Housekeeping::new(Retention::last(70));
        own.stored(&s.store, now).unwrap();
        assert_eq!(s.store.stats().unwrap().snapshots, 70);
        record_text(&s.store, 100, "api", "$ 100");
        own.stored(&s.store, now).unwrap();
        assert_eq!(s.store.stats().unwrap().snapshots, 71, "one of 70 may wait");
        own.make_room(&s.store, now).unwrap();
        let stats = s.store.stats().unwrap();
        assert_eq!((stats.snapshots, stats.objects), (70, 70));
    }
}
