//! How much is asked at once, by how long the answers take.

use std::time::Duration;

/// How long the server may be held by one question.
const AIM: Duration = Duration::from_millis(20);

/// Rows asked at first: 10 ms on an ordinary machine.
const FIRST: u32 = 4_000;

/// Rows below which an answer says nothing about their cost.
const TELLING: u32 = 500;

/// How many rows the next question may be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    rows: u32,
    least: u32,
    most: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            rows: FIRST,
            least: 1_000,
            most: 8_000,
        }
    }
}

impl Pace {
    /// The same for every question.
    #[cfg(test)]
    pub(super) fn fixed(rows: u32) -> Self {
        Self {
            rows,
            least: rows,
            most: rows,
        }
    }

    /// Rows for the next question.
    pub(super) fn rows(self) -> u32 {
        self.rows
    }

    /// A question about so many rows took so long, the start of the client included: that makes
    /// questions rather too small than too large.
    pub(super) fn took(&mut self, rows: u32, time: Duration) {
        if rows < TELLING {
            return;
        }
        let fitting = f64::from(rows) * AIM.as_secs_f64() / time.as_secs_f64().max(1e-6);
        // Rows differ in what they cost: not more than twice as many as were tried.
        let fitting = fitting.min(f64::from(rows) * 2.0).max(0.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative, and a cast of what is too large gives the largest"
        )]
        let fitting = fitting as u32;
        self.rows = fitting.clamp(self.least, self.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_answers_make_small_questions_and_quick_ones_large() {
        let mut pace = Pace::default();
        pace.took(4_000, Duration::from_millis(40));
        assert_eq!(pace.rows(), 2_000);
        pace.took(2_000, Duration::from_secs(10));
        assert_eq!(pace.rows(), 1_000);
        pace.took(1_000, Duration::from_millis(1));
        assert_eq!(pace.rows(), 2_000);
        pace.took(10, Duration::from_secs(10));
        assert_eq!(pace.rows(), 2_000, "ten rows tell nothing");
        pace.took(u32::MAX, Duration::ZERO);
        assert_eq!(pace.rows(), 8_000);
    }
}
