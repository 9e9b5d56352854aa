//! Secrets in lines below the one that tells of them, where how the lines follow each other tells
//! which: the values of a manifest, the entries of a file of passwords.

use std::ops::Range;

use super::file::Side;
use super::front::Front;
use super::pattern::Ready;
use super::scan::{line_after, line_around};
use super::{kube, netrc};

/// What comes of looking on from a line.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    pub(super) values: Vec<Range<usize>>,
    /// How far it was necessary to look.
    pub(super) seen: usize,
}

/// So many lines are looked at, at the most.
pub(super) const LINES: usize = 256;
/// The secrets that stand below a line; `None` where it does not tell of any.
pub(super) fn look(side: Side, ready: &Ready, text: &[u8], line: Range<usize>) -> Option<Ahead> {
    match side {
        Side::Manifest => kube::look(ready, text, line),
        Side::Entry => netrc::look(ready, text, line),
        Side::After | Side::Before | Side::Below => None,
    }
}

/// The start of a line before `at` that tells of what may stand behind that place.
pub(super) fn open_at(
    side: Side,
    ready: &Ready,
    words: &[String],
    text: &[u8],
    at: usize,
) -> Option<usize> {
    let before = text.get(..at)?;
    let first = memchr::memrchr_iter(b'\n', before).nth(LINES + 1);
    let first = first.unwrap_or(0);
    let before = before.get(first..)?;
    words.iter().find_map(|word| {
        let mut hits = memchr::memmem::rfind_iter(before, word.as_bytes());
        hits.find_map(|hit| {
            let line = line_around(text, first + hit);
            let start = line.start;
            let ahead = look(side, ready, text, line)?;
            (start < at && ahead.seen > at).then_some(start)
        })
    })
}

/// Goes over the lines below `line`, `lines` at the most, each without what stands before and
/// behind it as `front` says; `each` says whether to go on. Up to `foreign` lines in a row may be
/// of another program. Tells how far that was.
pub(super) fn below(
    front: &Front<'_>,
    text: &[u8],
    line: &Range<usize>,
    (lines, foreign): (usize, usize),
    mut each: impl FnMut(Range<usize>, &[u8]) -> bool,
) -> usize {
    let mut last = line.end;
    let mut others = 0;
    for _ in 0..lines {
        let Some(next) = line_after(text, last) else {
            return text.len();
        };
        last = next.end;
        let shown = text.get(next.clone()).unwrap_or(&[]);
        if front.end_in(shown).is_none() {
            others += 1;
            if others > foreign {
                break;
            }
            continue;
        }
        others = 0;
        let inner = front.inner(shown);
        let place = next.start + inner.start..next.start + inner.end;
        if !each(place, shown.get(inner).unwrap_or(&[])) {
            break;
        }
    }
    last
}
