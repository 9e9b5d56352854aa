//! A place in a list or a text, how keys and the mouse move it, and what of the list is seen then.

use super::keys::action::Motion;
use super::mouse::{MouseKind, MouseTarget};

/// Rows that one notch of the wheel moves.
const WHEEL_ROWS: usize = 3;

/// The chosen row of a list, or the first row of a text that is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor(usize);

impl Cursor {
    /// As far down as possible, however long the list or the text becomes.
    pub const END: Self = Self(usize::MAX);

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

    /// The row, or the last one of `all`.
    #[must_use]
    pub fn within(self, all: usize) -> usize {
        self.0.min(all.saturating_sub(1))
    }

    /// To a row, or to the last one of `all`.
    pub fn set(&mut self, at: usize, all: usize) {
        self.0 = Self(at).within(all);
    }

    /// `count` times where a key leads, among `all` rows of which `seen` are seen.
    pub fn go(&mut self, motion: Motion, count: usize, seen: usize, all: usize) {
        let (down, by) = motion.rows(count, seen);
        self.step(down, by, all);
    }

    /// So many rows down or up.
    pub fn step(&mut self, down: bool, by: usize, all: usize) {
        let here = self.within(all);
        let to = if down {
            here.saturating_add(by)
        } else {
            here.saturating_sub(by)
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

/// A part of a long list or text that is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// The first row that is seen.
    pub first: usize,
    /// How many rows fit.
    pub rows: usize,
}

impl Window {
    /// The part of `all` rows to show next where `rows` fit: the cursor is seen, with a row of what
    /// comes before and after it; all else stands where it stood, as far as possible.
    #[must_use]
    pub fn following(self, cursor: Option<usize>, rows: usize, all: usize) -> Self {
        let last = all.saturating_sub(rows);
        let first = cursor.map_or(self.first, |cursor| {
            let margin = usize::from(rows > 4);
            let lowest = (cursor + margin + 1).saturating_sub(rows);
            let highest = cursor.saturating_sub(margin).max(lowest);
            self.first.clamp(lowest, highest)
        });
        Self {
            first: first.min(last),
            rows,
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

    #[test]
    fn the_end_stays_the_end_and_is_left_row_by_row() {
        let mut cursor = Cursor::END;
        assert_eq!((cursor.within(30), cursor.within(40)), (29, 39));
        cursor.go(Motion::Up, 1, 10, 40);
        assert_eq!(cursor.at(), 38);
    }

    #[test]
    fn what_is_seen_moves_only_as_far_as_it_must() {
        let window = Window { first: 10, rows: 5 };
        let first = |cursor| window.following(Some(cursor), 5, 40).first;
        assert_eq!([11, 13, 14, 10, 3, 39].map(first), [10, 10, 11, 9, 2, 35]);
        assert_eq!(window.following(None, 5, 12).first, 7);
    }

    proptest! {
        #[test]
        fn the_cursor_is_always_seen(first in 0usize..200, cursor in 0usize..100, rows in 1usize..40) {
            let seen = Window { first, rows: 7 }.following(Some(cursor), rows, 100);
            prop_assert!((seen.first..seen.first + rows).contains(&cursor));
            prop_assert!(seen.first == 0 || seen.first + rows <= 100);
        }

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
