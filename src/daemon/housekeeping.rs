//! Makes room after captures.

use crate::model::Millis;
use crate::ops::Host;
use crate::ops::tell::with_causes;
use crate::store::Pruned;

/// One part of what is kept: deciding looks at every snapshot, so a large store is looked at less
/// often, and each capture pays for the same few whatever the size.
const SNAPSHOTS_PER_PART: usize = 64;
/// Time after which the next capture makes room in any case.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Makes room: after every capture in a small store; in a large one when there are a few more than
/// are kept, which is one in sixty-four at the most. Where that fails, it is tried again after the
/// next one.
#[derive(Debug, Default)]
pub(super) struct Housekeeping {
    /// Captures since the last time.
    stored: usize,
    /// Snapshots that were kept then.
    kept: usize,
    last: Option<Millis>,
}

impl Housekeeping {
    /// A capture was stored.
    pub(super) fn stored(&mut self, host: &Host, now: Millis) {
        self.stored = self.stored.saturating_add(1);
        if self.is_due(now) {
            self.prune(host, now);
        }
    }

    /// There is no room for a capture: whatever may go does so now, and its room is given back.
    pub(super) fn make_room(&mut self, host: &Host, now: Millis) {
        let pruned = self.prune(host, now);
        if pruned.is_some_and(|pruned| !pruned.removed.is_empty() || pruned.trash > 0)
            && let Err(error) = host.collect()
        {
            tracing::warn!("unused texts are kept: {error}");
        }
    }

    /// Removes what is not to be kept.
    fn prune(&mut self, host: &Host, now: Millis) -> Option<Pruned> {
        let pruned = match host.prune() {
            Ok(pruned) => pruned,
            Err(error) => {
                tracing::warn!(error = with_causes(&error), "could not make room");
                return None;
            }
        };
        self.kept = pruned.kept;
        // What is left over goes after the next capture.
        if !pruned.more {
            self.stored = 0;
            self.last = Some(now);
        }
        Some(pruned)
    }

    fn is_due(&self, now: Millis) -> bool {
        // A clock that went back does not put it off.
        let day = self
            .last
            .is_none_or(|last| now < last || now.since(last) >= DAY_MS);
        day || self.stored > self.kept / SNAPSHOTS_PER_PART
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::host;
    use crate::store::testing::record_text;

    #[test]
    fn large_stores_are_looked_at_less_often() {
        let mut own = Housekeeping::default();
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
        let dir = tempfile::tempdir().unwrap();
        let settings =
            "[retention]\nkeep_last = 70\nhourly = 0\ndaily = 0\nweekly = 0\nmonthly = 0\n";
        std::fs::write(dir.path().join("config.toml"), settings).unwrap();
        let host = host(dir.path());
        let store = host.store();
        for at in 0..100 {
            record_text(store, at, "api", &format!("$ {at}"));
        }
        let now = host.now();
        let mut own = Housekeeping::default();
        own.stored(&host, now);
        assert_eq!(store.stats().unwrap().snapshots, 70);
        record_text(store, 100, "api", "$ 100");
        own.stored(&host, now);
        assert_eq!(store.stats().unwrap().snapshots, 71, "one of 70 may wait");
        own.make_room(&host, now);
        let stats = store.stats().unwrap();
        assert_eq!((stats.snapshots, stats.objects), (70, 70));
    }
}
