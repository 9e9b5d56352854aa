//! Moments, as the model knows them.

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
}
