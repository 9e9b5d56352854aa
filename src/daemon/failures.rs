//! Trying again after failures, and less often the more of them there were.

use crate::model::Millis;

/// The pause after a second failure in a row; it doubles with each further one. After the first one
/// there is none: most often somebody else had the store for a moment.
const FIRST_PAUSE_MS: u64 = 2_000;
/// The longest pause between two tries.
const LONGEST_PAUSE_MS: u64 = 60_000;

/// Failures in a row. A capture costs the multiplexer, and one that cannot be stored costs it for
/// nothing: so tries become rarer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Failures {
    count: u32,
    last: Option<Millis>,
}

impl Failures {
    /// One more.
    pub(super) fn add(&mut self, now: Millis) {
        self.count = self.count.saturating_add(1);
        self.last = Some(now);
    }

    /// Whether it is too early for another try.
    pub(super) fn hold_back(&self, now: Millis) -> bool {
        let Some(last) = self.last else { return false };
        let Some(doublings) = self.count.checked_sub(2) else {
            return false;
        };
        let pause = FIRST_PAUSE_MS.saturating_mul(1 << doublings.min(10));
        // A clock that went back must not stop the recording.
        now >= last && now.since(last) < pause.min(LONGEST_PAUSE_MS)
    }
}
