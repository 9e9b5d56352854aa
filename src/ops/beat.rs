//! The signs of life of a recorder, and the process that holds its lock.

use crate::model::time::Millis;

/// Looks that a recorder may miss before it is taken to have stalled.
const MISSED_LOOKS: u64 = 3;
/// What one look may take in any case: a large capture, a store that others use.
const LONGEST_LOOK_MS: u64 = 5_000;

/// How a recorder fares, as its last look told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It has not looked yet.
    Starting,
    /// It looked, and all that was to be stored is stored.
    Well,
    /// It looked, and no server is running.
    NoServer,
    /// The store cannot be written: captures wait beside it.
    Spooled,
    /// It could not look, or not store.
    Failing,
}

/// The last sign of life of a recorder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beat {
    /// When its last look ended.
    pub at: Millis,
    /// Milliseconds between two of its looks.
    pub every_ms: u64,
    /// What came of it.
    pub health: Health,
}

impl Beat {
    /// For how many milliseconds it has been silent, where that is longer than its looks explain.
    /// Only a moment near the present is a sign of life: one in the future is of a clock that was
    /// set back since.
    #[must_use]
    pub fn stalled_ms(&self, now: Millis) -> Option<u64> {
        let silent = now.0.abs_diff(self.at.0);
        let expected = self.every_ms.saturating_mul(MISSED_LOOKS);
        (silent > expected.max(LONGEST_LOOK_MS)).then_some(silent)
    }

    /// Whether what happens is recorded, or would be if a server ran: it looked lately, and nothing
    /// failed.
    #[must_use]
    pub fn is_good(&self, now: Millis) -> bool {
        let well = matches!(self.health, Health::Well | Health::NoServer);
        well && self.stalled_ms(now).is_none()
    }
}

/// What kind of process records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordedBy {
    /// `muxtape daemon run`.
    Daemon,
    /// An interface that is open.
    Interface,
}

/// The process that holds the lock of a recorder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Holder {
    /// Its id, where it is known.
    pub pid: Option<i32>,
    /// What it is, where it said so.
    pub by: Option<RecordedBy>,
    /// Its last sign of life, where it gave one.
    pub beat: Option<Beat>,
}

impl Holder {
    /// `the interface (process 25228)`.
    #[must_use]
    pub fn words(&self) -> String {
        let what = match self.by {
            Some(RecordedBy::Daemon) => "the daemon",
            Some(RecordedBy::Interface) => "an interface",
            None => "another process",
        };
        match self.pid {
            Some(pid) => format!("{what} (process {pid})"),
            None => what.to_owned(),
        }
    }
}
