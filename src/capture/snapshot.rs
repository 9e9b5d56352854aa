//! What was captured, as it is recorded.

use super::Captured;
use crate::model::snapshot::Cause;
use crate::model::time::Millis;
use crate::store::{NewSnapshot, Storing};

/// What a snapshot has beside what was captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// When it was made.
    pub time: Millis,
    /// Random bits for its id.
    pub random: u64,
    /// Why it was made.
    pub cause: Cause,
    /// The machine's name.
    pub host: String,
}

impl Captured {
    /// A snapshot to be recorded: of everything there is, without a name. The texts go with it; the
    /// next capture can go on from what stays.
    #[must_use]
    pub fn snapshot(&mut self, stamp: Stamp) -> NewSnapshot {
        NewSnapshot {
            time: stamp.time,
            random: stamp.random,
            cause: stamp.cause,
            name: None,
            description: None,
            tags: Vec::new(),
            pinned: false,
            partial: false,
            host: stamp.host,
            server: self.server.clone(),
            state: self.state.clone(),
            contents: std::mem::take(&mut self.contents).into_values().collect(),
            took_ms: u32::try_from(self.took.as_millis()).unwrap_or(u32::MAX),
            redactions: self.redactions.clone(),
            storing: Storing::Auto,
        }
    }
}
