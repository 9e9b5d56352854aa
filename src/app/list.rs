//! A place in a list or a text, and how keys and the mouse move it.

use super::keys::action::Motion;
use super::mouse::{MouseKind, MouseTarget};

/// Rows that one notch of the wheel moves.
const WHEEL_ROWS: usize = 3;

/// The chosen row of a list, or the first row of a text that is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor(usize);

impl Cursor {
    /// At this row.
    #[must_use]
    pub fn new(at: usize) -> Self {
        Self(at)
    }

    /// The row.
    #[must_use]
    pub fn at(self) -> usize {
        self.0
    }

    /// To a row, or to the last one of `all`.
    pub fn set(&mut self, at: usize, all: usize) {
        self.0 = at.min(all.saturating_sub(1));
    }

    /// `count` times where a key leads, among `all` rows of which `seen` are seen.
    pub fn go(&mut self, motion: Motion, count: usize, seen: usize, all: usize) {
        let (down, by) = motion.rows(count, seen);
        self.step(down, by, all);
    }

    /// So many rows down or up.
    pub fn step(&mut self, down: bool, by: usize, all: usize) {
        let to = if down {
            self.0.saturating_add(by)
        } else {
            self.0.saturating_sub(by)
        };
        self.set(to, all);
    }

    /// Where the mouse leads: to the row that is pointed at, or on by the wheel.
    pub fn mouse(&mut self, kind: MouseKind, target: MouseTarget, all: usize) {
        match (kind, target) {
            (MouseKind::Click | MouseKind::DoubleClick, MouseTarget::Row(row)) => {
                self.set(row, all);
            }
            _ => {
                if let Some((down, by)) = wheel(kind) {
                    self.step(down, by, all);
                }
            }
        }
    }
}

/// Whether the wheel was turned down or up, and how many rows that is.
#[must_use]
pub fn wheel(kind: MouseKind) -> Option<(bool, usize)> {
    match kind {
        MouseKind::ScrollDown => Some((true, WHEEL_ROWS)),
        MouseKind::ScrollUp => Some((false, WHEEL_ROWS)),
        MouseKind::Click | MouseKind::DoubleClick | MouseKind::Drag => None,
    }
}

/// The places that a text of so many lines can be scrolled to, where `seen` lines are seen.
#[must_use]
pub fn places(lines: usize, seen: usize) -> usize {
    lines.saturating_sub(seen) + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_and_the_wheel_lead_on_and_stop_at_the_ends() {
        let mut cursor = Cursor::new(5);
        let mut lead = |motion, count| {
            cursor.go(motion, count, 10, 30);
            cursor.at()
        };
        assert_eq!(lead(Motion::Down, 3), 8);
        assert_eq!(lead(Motion::PageDown, 1), 17, "one row stays in sight");
        assert_eq!(lead(Motion::PageUp, 1), 8);
        assert_eq!(lead(Motion::Up, 99), 0);
        assert_eq!(lead(Motion::Bottom, 1), 29);
        cursor.mouse(MouseKind::ScrollUp, MouseTarget::List, 30);
        assert_eq!(cursor.at(), 26);
        cursor.mouse(MouseKind::Click, MouseTarget::Row(99), 30);
        assert_eq!(cursor.at(), 29);
    }

    proptest! {
        #[test]
        fn it_never_leaves_the_list(
            at in 0usize..50, count: usize, seen in 0usize..60, all in 0usize..50, which in 0usize..6,
        ) {
            let motions = [
                Motion::Down, Motion::Up, Motion::PageDown, Motion::PageUp, Motion::Top, Motion::Bottom,
            ];
            let mut cursor = Cursor::new(at);
            cursor.go(motions[which], count, seen, all);
            prop_assert!(cursor.at() < all.max(1));
        }
    }
}
