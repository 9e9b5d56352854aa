//! The text of a pane at two moments: which lines stand beside which, and which are folded away.

use std::collections::BTreeSet;
use std::ops::Range;

use bstr::ByteSlice;

use crate::model::ansi;
use crate::model::contents::Contents;
use crate::model::textdiff::{self, Row};
use crate::model::words::noun;

/// Lines that are compared at the most, the newest ones. Comparing takes time in the square of what
/// differs, and a key must be answered within a frame.
const LINES: usize = 3_000;
/// Bytes of a line that are compared and shown at the most.
const LINE_BYTES: usize = 2_000;
/// The fewest equal lines that are folded: a fold takes a line of its own.
const FOLDED: usize = 2;

/// A line of one side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// Its place in [`Compared::left`] or [`Compared::right`].
    pub line: usize,
    /// Byte ranges in it that differ; empty where the whole line does.
    pub spans: Vec<(usize, usize)>,
}

/// What stands beside each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The line of the first side.
    pub left: Option<Cell>,
    /// The line of the second side.
    pub right: Option<Cell>,
    /// Whether both are equal.
    pub same: bool,
}

/// What is shown on a line of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// A pair, by its place in [`Compared::pairs`].
    Pair(usize),
    /// Equal lines that are folded away.
    Fold {
        /// The first pair of them.
        first: usize,
        /// How many.
        count: usize,
    },
}

/// Two texts compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Compared {
    /// Lines of the first side.
    pub left: Vec<String>,
    /// Lines of the second side.
    pub right: Vec<String>,
    /// Lines of the first side before those that are compared.
    pub left_before: usize,
    /// Lines of the second side before those that are compared.
    pub right_before: usize,
    /// What stands beside what.
    pub pairs: Vec<Pair>,
    /// Runs of pairs that differ.
    pub changes: Vec<Range<usize>>,
}

/// How much differs between two texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Lines only on the second side.
    pub added: usize,
    /// Lines only on the first side.
    pub removed: usize,
    /// Lines that stand in place of another.
    pub edited: usize,
}

impl Compared {
    /// Compares what a pane showed. `ignore_blank`: lines that differ only in white space are
    /// equal.
    #[must_use]
    pub fn new(a: Option<&Contents>, b: Option<&Contents>, ignore_blank: bool) -> Self {
        let (left, left_before) = lines(a);
        let (right, right_before) = lines(b);
        let rows = if ignore_blank {
            let (l, r) = (squeezed(&left), squeezed(&right));
            textdiff::rows(&strs(&l), &strs(&r))
        } else {
            textdiff::rows(&strs(&left), &strs(&right))
        };
        let mut pairs = paired(rows);
        if ignore_blank {
            respan(&mut pairs, &left, &right);
        }
        let changes = changes(&pairs);
        Self {
            left,
            right,
            left_before,
            right_before,
            pairs,
            changes,
        }
    }

    /// The lines to show, with `context` equal lines around every change; folds whose first pair is
    /// in `open`, or all of them, are open.
    #[must_use]
    pub fn lines(&self, context: usize, open: &BTreeSet<usize>, all: bool) -> Vec<Line> {
        let mut shown = Vec::new();
        let mut at = 0;
        while at < self.pairs.len() {
            let same = self.pairs.iter().skip(at);
            let run = same.take_while(|pair| pair.same).count();
            if run == 0 {
                shown.push(Line::Pair(at));
                at += 1;
                continue;
            }
            let end = at + run;
            // There is no change before the first line, nor after the last.
            let head = if at == 0 { 0 } else { context };
            let tail = if end == self.pairs.len() { 0 } else { context };
            let (first, last) = (at + head, end.saturating_sub(tail));
            let count = last.saturating_sub(first);
            if count < FOLDED || all || open.contains(&first) {
                shown.extend((at..end).map(Line::Pair));
            } else {
                shown.extend((at..first).map(Line::Pair));
                shown.push(Line::Fold { first, count });
                shown.extend((last..end).map(Line::Pair));
            }
            at = end;
        }
        shown
    }

    /// How much differs.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for pair in self.pairs.iter().filter(|pair| !pair.same) {
            match (&pair.left, &pair.right) {
                (Some(_), Some(_)) => tally.edited += 1,
                (Some(_), None) => tally.removed += 1,
                (None, Some(_)) => tally.added += 1,
                (None, None) => {}
            }
        }
        tally
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut words = Vec::new();
        let lines = |count: usize| noun(count as u64, "line");
        match (self.added, self.removed) {
            (0, 0) => {}
            (added, 0) => words.push(format!("+{added} {}", lines(added))),
            (0, removed) => words.push(format!("-{removed} {}", lines(removed))),
            (added, removed) => words.push(format!("+{added} -{removed} {}", lines(removed))),
        }
        if self.edited > 0 {
            words.push(format!("{} edited", self.edited));
        }
        f.write_str(&words.join(", "))
    }
}

/// The lines of what was visible, without the empty ones at its end, and how many stand before
/// them.
fn lines(contents: Option<&Contents>) -> (Vec<String>, usize) {
    let Some(contents) = contents else {
        return (Vec::new(), 0);
    };
    let text = contents.visible().trim_end_with(|c| c == '\n' || c == ' ');
    let from = memchr::memrchr_iter(b'\n', text)
        .nth(LINES - 1)
        .map_or(0, |newline| newline + 1);
    let (before, last) = text.split_at_checked(from).unwrap_or((&[], text));
    // Line drawing can be on since a line that is not compared; then its letters are shown.
    let plain = ansi::plain(last);
    let lines = plain.split('\n').map(|line| {
        let line = line.trim_end();
        let cut = line.floor_char_boundary(LINE_BYTES);
        line.get(..cut).unwrap_or(line).to_owned()
    });
    let lines = if plain.is_empty() {
        Vec::new()
    } else {
        lines.collect()
    };
    (lines, memchr::memchr_iter(b'\n', before).count())
}

fn strs(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

fn squeezed(lines: &[String]) -> Vec<String> {
    let squeeze = |line: &String| line.split_whitespace().collect::<Vec<_>>().join(" ");
    lines.iter().map(squeeze).collect()
}

/// Finds the differing words anew in the lines as they are: those found before were of lines with
/// their white space squeezed.
fn respan(pairs: &mut [Pair], left: &[String], right: &[String]) {
    for pair in pairs.iter_mut().filter(|pair| !pair.same) {
        if let (Some(l), Some(r)) = (&mut pair.left, &mut pair.right) {
            let old = left.get(l.line).map_or("", String::as_str);
            let new = right.get(r.line).map_or("", String::as_str);
            (l.spans, r.spans) = (Vec::new(), Vec::new());
            if let [
                Row::Changed {
                    left_spans,
                    right_spans,
                    ..
                },
            ] = textdiff::rows(&[old], &[new]).as_mut_slice()
            {
                l.spans = std::mem::take(left_spans);
                r.spans = std::mem::take(right_spans);
            }
        }
    }
}

/// Rows as pairs: lines that went and lines that came at the same place stand beside each other.
fn paired(rows: Vec<Row>) -> Vec<Pair> {
    let mut pairs = Vec::with_capacity(rows.len());
    let (mut went, mut came) = (Vec::new(), Vec::new());
    let whole = |line| Cell {
        line,
        spans: Vec::new(),
    };
    let flush = |went: &mut Vec<usize>, came: &mut Vec<usize>, pairs: &mut Vec<Pair>| {
        let count = went.len().max(came.len());
        let (mut left, mut right) = (went.drain(..), came.drain(..));
        for _ in 0..count {
            pairs.push(Pair {
                left: left.next().map(whole),
                right: right.next().map(whole),
                same: false,
            });
        }
    };
    for row in rows {
        match row {
            Row::Removed { left } => went.push(left),
            Row::Added { right } => came.push(right),
            Row::Same { left, right } => {
                flush(&mut went, &mut came, &mut pairs);
                pairs.push(Pair {
                    left: Some(whole(left)),
                    right: Some(whole(right)),
                    same: true,
                });
            }
            Row::Changed {
                left,
                right,
                left_spans,
                right_spans,
            } => {
                flush(&mut went, &mut came, &mut pairs);
                pairs.push(Pair {
                    left: Some(Cell {
                        line: left,
                        spans: left_spans,
                    }),
                    right: Some(Cell {
                        line: right,
                        spans: right_spans,
                    }),
                    same: false,
                });
            }
        }
    }
    flush(&mut went, &mut came, &mut pairs);
    pairs
}

fn changes(pairs: &[Pair]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, _) in pairs.iter().enumerate().filter(|(_, pair)| !pair.same) {
        match found.last_mut() {
            Some(run) if run.end == at => run.end = at + 1,
            _ => found.push(at..at + 1),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> Contents {
        Contents {
            main: text.into(),
            alternate: None,
        }
    }

    fn compared(a: &str, b: &str) -> Compared {
        Compared::new(Some(&text(a)), Some(&text(b)), false)
    }

    #[test]
    fn lines_without_a_word_in_common_stand_beside_each_other() {
        let both = compared("a\nold one\nsize 8\nz", "a\nnew\nsize 32\nmore\nz");
        let sides = |pair: &Pair| {
            let line = |cell: &Option<Cell>| cell.as_ref().map(|cell| cell.line);
            (line(&pair.left), line(&pair.right), pair.same)
        };
        let pairs: Vec<_> = both.pairs.iter().map(sides).collect();
        assert_eq!(
            pairs,
            [
                (Some(0), Some(0), true),
                (Some(1), Some(1), false),
                (Some(2), Some(2), false),
                (None, Some(3), false),
                (Some(3), Some(4), true),
            ]
        );
        assert_eq!(both.changes.as_slice(), std::slice::from_ref(&(1..4)));
        assert_eq!(both.tally().to_string(), "+1 line, 2 edited");
    }

    #[test]
    fn equal_lines_fold_and_open() {
        let long = "1\n2\n3\n4\n5\n6\n7\n8\n9";
        let both = compared(long, &format!("{long}\nnew"));
        let fold = Line::Fold { first: 0, count: 7 };
        let shown = both.lines(2, &BTreeSet::new(), false);
        assert_eq!(shown, [fold, Line::Pair(7), Line::Pair(8), Line::Pair(9)]);
        assert_eq!(both.lines(2, &[0].into(), false).len(), 10);
        assert_eq!(both.lines(2, &BTreeSet::new(), true).len(), 10);
    }

    #[test]
    fn white_space_can_be_ignored() {
        let (a, b) = (text("let  x = 1;\nend"), text("  let x = 1;\nend."));
        let both = Compared::new(Some(&a), Some(&b), true);
        assert_eq!(both.changes.as_slice(), std::slice::from_ref(&(1..2)));
        assert_eq!(both.left, ["let  x = 1;", "end"]);
    }

    #[test]
    fn a_pane_that_is_only_on_one_side_has_all_its_lines() {
        let both = Compared::new(None, Some(&text("a\nb\n\n")), false);
        assert_eq!(
            both.tally(),
            Tally {
                added: 2,
                ..Tally::default()
            }
        );
    }

    #[test]
    fn of_long_texts_the_end_is_compared() {
        let long = |last: &str| format!("{}{last}", "x\n".repeat(LINES * 2));
        let both = compared(&long("a"), &long("b"));
        assert_eq!(both.left.len(), LINES);
        assert_eq!(both.left_before, LINES + 1);
        assert_eq!(both.changes.len(), 1);
    }

    proptest! {
        #[test]
        fn every_line_is_shown_once(
            a in "([a-d]{0,2}\n){0,20}", b in "([a-d]{0,2}\n){0,20}", context in 0usize..4, blank: bool,
        ) {
            let both = Compared::new(Some(&text(&a)), Some(&text(&b)), blank);
            let lefts: Vec<usize> =
                both.pairs.iter().filter_map(|pair| Some(pair.left.as_ref()?.line)).collect();
            let rights: Vec<usize> =
                both.pairs.iter().filter_map(|pair| Some(pair.right.as_ref()?.line)).collect();
            prop_assert!(lefts.into_iter().eq(0..both.left.len()));
            prop_assert!(rights.into_iter().eq(0..both.right.len()));
            let mut covered = Vec::new();
            for line in both.lines(context, &BTreeSet::new(), false) {
                match line {
                    Line::Pair(at) => covered.push(at),
                    Line::Fold { first, count } => covered.extend(first..first + count),
                }
            }
            prop_assert!(covered.into_iter().eq(0..both.pairs.len()));
        }
    }
}
