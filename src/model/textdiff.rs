//! Rows of a side-by-side comparison of two texts, with the words that differ within a changed
//! line.

use similar::{Algorithm, ChangeTag, DiffOp, TextDiff};

/// One row of a comparison; the numbers are line numbers from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// The same line on both sides.
    Same {
        /// Line on the left.
        left: usize,
        /// Line on the right.
        right: usize,
    },
    /// A line that stands in place of another.
    Changed {
        /// Line on the left.
        left: usize,
        /// Line on the right.
        right: usize,
        /// Byte ranges of the left line that differ.
        left_spans: Vec<(usize, usize)>,
        /// Byte ranges of the right line that differ.
        right_spans: Vec<(usize, usize)>,
    },
    /// A line only on the left.
    Removed {
        /// Line on the left.
        left: usize,
    },
    /// A line only on the right.
    Added {
        /// Line on the right.
        right: usize,
    },
}

impl Row {
    /// Whether both sides are equal here.
    #[must_use]
    pub fn is_same(&self) -> bool {
        matches!(self, Row::Same { .. })
    }
}

/// The rows that show how `left` became `right`, in order. Neighbouring removals and additions are
/// paired into changed rows, line by line, where they have words in common.
#[must_use]
pub fn rows(left: &[&str], right: &[&str]) -> Vec<Row> {
    let ops = similar::capture_diff_slices(Algorithm::Myers, left, right);
    let mut rows = Vec::with_capacity(left.len().max(right.len()));
    for op in ops {
        match op {
            DiffOp::Equal {
                old_index,
                new_index,
                len,
            } => {
                rows.extend((0..len).map(|at| Row::Same {
                    left: old_index + at,
                    right: new_index + at,
                }));
            }
            DiffOp::Delete {
                old_index, old_len, ..
            } => {
                rows.extend((0..old_len).map(|at| Row::Removed {
                    left: old_index + at,
                }));
            }
            DiffOp::Insert {
                new_index, new_len, ..
            } => {
                rows.extend((0..new_len).map(|at| Row::Added {
                    right: new_index + at,
                }));
            }
            DiffOp::Replace {
                old_index,
                old_len,
                new_index,
                new_len,
            } => {
                let paired = old_len.min(new_len);
                for at in 0..paired {
                    let (l, r) = (old_index + at, new_index + at);
                    rows.extend(changed(left, right, l, r));
                }
                rows.extend((paired..old_len).map(|at| Row::Removed {
                    left: old_index + at,
                }));
                rows.extend((paired..new_len).map(|at| Row::Added {
                    right: new_index + at,
                }));
            }
        }
    }
    rows
}

fn changed(left: &[&str], right: &[&str], l: usize, r: usize) -> Vec<Row> {
    let old = left.get(l).copied().unwrap_or_default();
    let new = right.get(r).copied().unwrap_or_default();
    let words = TextDiff::from_words(old, new);
    let (mut left_spans, mut right_spans) = (Vec::new(), Vec::new());
    let (mut left_at, mut right_at, mut common) = (0, 0, 0);
    for change in words.iter_all_changes() {
        let len = change.value().len();
        match change.tag() {
            ChangeTag::Equal => {
                common += change.value().trim().len();
                left_at += len;
                right_at += len;
            }
            ChangeTag::Delete => {
                push_span(&mut left_spans, left_at, len);
                left_at += len;
            }
            ChangeTag::Insert => {
                push_span(&mut right_spans, right_at, len);
                right_at += len;
            }
        }
    }
    if common == 0 {
        return vec![Row::Removed { left: l }, Row::Added { right: r }];
    }
    vec![Row::Changed {
        left: l,
        right: r,
        left_spans,
        right_spans,
    }]
}

fn push_span(spans: &mut Vec<(usize, usize)>, from: usize, len: usize) {
    match spans.last_mut() {
        Some((_, end)) if *end == from => *end = from + len,
        _ => spans.push((from, from + len)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_changed_word_is_marked_on_both_sides() {
        let rows = rows(
            &["GET /a", "pool size 8", "end"],
            &["GET /a", "pool size 32", "end"],
        );
        assert_eq!(rows.len(), 3);
        assert_eq!(
            rows[1],
            Row::Changed {
                left: 1,
                right: 1,
                left_spans: vec![(10, 11)],
                right_spans: vec![(10, 12)]
            }
        );
    }

    #[test]
    fn lines_without_a_common_word_are_not_forced_together() {
        assert_eq!(
            rows(&["alpha"], &["beta"]),
            vec![Row::Removed { left: 0 }, Row::Added { right: 0 }]
        );
    }

    proptest! {
        #[test]
        fn every_line_stands_once_and_in_order(
            left in proptest::collection::vec("[ab ]{0,4}", 0..20),
            right in proptest::collection::vec("[ab ]{0,4}", 0..20),
        ) {
            let l: Vec<&str> = left.iter().map(String::as_str).collect();
            let r: Vec<&str> = right.iter().map(String::as_str).collect();
            let (mut lefts, mut rights) = (Vec::new(), Vec::new());
            for row in rows(&l, &r) {
                match row {
                    Row::Same { left, right } => {
                        prop_assert_eq!(l[left], r[right]);
                        lefts.push(left);
                        rights.push(right);
                    }
                    Row::Changed { left, right, .. } => {
                        lefts.push(left);
                        rights.push(right);
                    }
                    Row::Removed { left } => lefts.push(left),
                    Row::Added { right } => rights.push(right),
                }
            }
            prop_assert_eq!(lefts, (0..l.len()).collect::<Vec<_>>());
            prop_assert_eq!(rights, (0..r.len()).collect::<Vec<_>>());
        }
    }
}
