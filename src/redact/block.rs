//! Secrets that go over lines: blocks of base64 between a first and a last line.
//!
//! A block is recognised line by line, as it stands on a screen: what stands before its first line
//! is followed down the others ([`Front`]). It ends with its last line, where another block begins,
//! or where the lines are no base64 any more.

use std::ops::Range;

use super::body::{
    Kind, RANDOM_RUN, holds_hex, holds_random, is_base64, kind, longest_run, looks_random,
};
use super::front::Front;
use super::is_marked;
use super::pattern::Ready;
use super::scan::{line_after, line_around, line_before};

/// A block has so many lines at the most.
pub(super) const LINES: usize = 1024;
/// So many lines in a row may be something else in a block whose end is not there.
const DOUBTFUL: usize = 4;
/// And in one whose end follows: what other programs wrote in between.
const BETWEEN: usize = 8;
/// Base64 in a row that makes a key of a line that holds all of it.
const ONE_LINE: usize = 16;
/// Letters of short lines in a row that make a block of them.
const NARROW: usize = 20;
/// Lines of base64 without a first line are known by so many letters.
const RANDOM_BEFORE: usize = 40;
/// Between them, and before the last line, so many lines may be something else.
pub(super) const BEFORE_LAST: usize = 2;

/// The block after the first match in a line.
pub(super) fn after(ready: &Ready, text: &[u8], line: Range<usize>) -> Option<Range<usize>> {
    look_on(ready, text, line)?.secret
}

/// The block before a line that the pattern matches.
pub(super) fn before(ready: &Ready, text: &[u8], line: Range<usize>) -> Option<Range<usize>> {
    let shown = text.get(line.clone())?;
    let mark = ready.pattern.find(shown)?;
    // The end of a key that stands on one line, as in JSON.
    let here = shown.get(..mark.start())?;
    if is_edge(here) {
        return None;
    }
    if holds_random(here, RANDOM_BEFORE) {
        let front = Front::new(&[], &[]);
        let start = look_back(text, line.start, &front).map_or(line.start, |block| block.start);
        return Some(start..line.start + mark.start());
    }
    let behind = shown.get(mark.end()..)?;
    look_back(text, line.start, &Front::new(here, behind))
}

/// How far a block reaches whose first line is this one, whether it holds anything yet or not.
pub(super) fn reach(ready: &Ready, text: &[u8], line: Range<usize>) -> Option<usize> {
    Some(look_on(ready, text, line)?.seen)
}

/// What comes of looking on from a first line.
struct After {
    /// The secret: whole lines, but for what stands in the first and the last line themselves.
    secret: Option<Range<usize>>,
    /// How far it was necessary to look.
    seen: usize,
}

fn look_on(ready: &Ready, text: &[u8], line: Range<usize>) -> Option<After> {
    let shown = text.get(line.clone())?;
    let mark = ready.pattern.find(shown)?;
    let (front, mut rest) = (shown.get(..mark.start())?, shown.get(mark.end()..)?);
    let ends = |line: &[u8]| {
        let end = ready.end.as_ref().and_then(|end| end.find(line));
        end.map(|end| end.start())
    };
    let start = line.start + mark.end();
    if let Some(end) = ends(rest) {
        let (before, edge) = rest.split_at_checked(end)?;
        let holds = longest_run(before) >= ONE_LINE;
        if holds || !begins(edge) {
            // All of it on one line, as in JSON.
            return Some(After {
                secret: holds.then_some(start..start + end),
                seen: line.end,
            });
        }
        // Another one begins beside it, as where two files stand side by side.
        rest = before;
    }
    let here = starts_body(rest) && !is_marked(rest);
    let mut block = Block {
        start: if here { start } else { line.end + 1 },
        here,
        sure: here.then_some(line.end),
        any: here,
        others: 0,
        goes_on: true,
        pieces: Vec::new(),
        pure: true,
    };
    let front = Front::new(front, rest);
    let mut last = line.end;
    for _ in 0..LINES {
        let Some(next) = line_after(text, last) else {
            block.text_ends(last);
            return Some(After {
                secret: block.secret(),
                seen: text.len(),
            });
        };
        let line = text.get(next.clone()).unwrap_or(&[]);
        if let Some(end) = ends(line) {
            block.closes(last, next.start, line.get(..end).unwrap_or(&[]));
            last = next.end;
            break;
        }
        last = next.end;
        if is_marked(line) || !block.takes(&front, line, next.end) {
            break;
        }
    }
    Some(After {
        secret: block.secret(),
        seen: last,
    })
}

/// A block while its lines are looked at.
struct Block {
    start: usize,
    /// Whether it begins in the first line itself.
    here: bool,
    /// Where what surely belongs to it ends.
    sure: Option<usize>,
    /// Whether any line of base64 was met.
    any: bool,
    /// Lines in a row that are something else.
    others: usize,
    /// Whether it has not ended as one without an end does.
    goes_on: bool,
    /// Lines in a row that are too short to tell anything alone.
    pieces: Vec<u8>,
    /// Whether the text ends in what may be the last line of a key.
    pure: bool,
}

impl Block {
    /// Takes the next line in, which ends at `end`. `false` where the block is over.
    fn takes(&mut self, front: &Front<'_>, line: &[u8], end: usize) -> bool {
        let inner = line.get(front.inner(line)).unwrap_or(&[]).trim_ascii();
        let pure = !inner.is_empty() && inner.iter().all(is_base64);
        let (by_itself, within) = (kind(line), kind(inner));
        // Behind words a path is as likely as base64.
        let likely = front.is_blank() || holds_random(inner, NARROW);
        let mut body = by_itself == Kind::Body
            || within == Kind::Body && likely
            || holds_hex(line)
            || holds_random(line, RANDOM_RUN);
        if pure && !body {
            self.pieces.extend_from_slice(inner);
            body = self.pieces.len() >= NARROW && looks_random(&self.pieces);
        } else {
            self.pieces.clear();
        }
        if body {
            self.any = true;
            self.others = 0;
            self.pure = true;
            if self.goes_on {
                self.sure = Some(end);
            }
            return true;
        }
        self.others += 1;
        self.pure &= pure;
        let other = by_itself == Kind::Other && within == Kind::Other;
        // Where programs write before each line, lines of others may come between.
        if self.others > DOUBTFUL || other && front.is_blank() {
            self.goes_on = false;
        }
        self.others <= BETWEEN
    }

    /// The text ends, at `end`.
    fn text_ends(&mut self, end: usize) {
        if self.goes_on && self.pure && self.others > 0 && self.sure.is_some() {
            self.sure = Some(end);
        }
    }

    /// The last line has come. It starts at `start`, behind a line that ends at `before`, with this
    /// text before its mark.
    fn closes(&mut self, before: usize, start: usize, front: &[u8]) {
        // The end of a string that is broken over lines.
        let within = self.here
            || front.ends_with(b"\\n")
            || front.ends_with(b"\\r")
            || holds_random(front, RANDOM_RUN);
        if self.any {
            self.sure = Some(if within { start + front.len() } else { before });
        }
    }

    fn secret(&self) -> Option<Range<usize>> {
        let end = self.sure.filter(|_| self.any)?;
        (end > self.start).then_some(self.start..end)
    }
}

/// Whether the rest of the first line is where the base64 begins, as in a string with ends of lines
/// in it.
fn starts_body(rest: &[u8]) -> bool {
    let mut rest = rest;
    loop {
        let next = match rest {
            [b'\\', b'n' | b'r', after @ ..] => after,
            [b'\\' | b' ' | b'\t' | b'"' | b'\'', after @ ..] => after,
            _ => break,
        };
        rest = next;
    }
    let run = rest.iter().take_while(|byte| is_base64(byte)).count();
    let run = rest.get(..run).unwrap_or(&[]);
    run.len() >= ONE_LINE && (looks_random(run) || run.iter().any(u8::is_ascii_digit))
}

/// The lines before a last line, which starts at `start` and has this front.
fn look_back(text: &[u8], start: usize, front: &Front<'_>) -> Option<Range<usize>> {
    let mut first = None;
    let mut others = 0;
    let mut at = start;
    for _ in 0..LINES {
        let Some(line) = line_before(text, at) else {
            break;
        };
        let shown = text.get(line.clone()).unwrap_or(&[]);
        if is_marked(shown) || is_edge(shown) {
            break;
        }
        let inner = || shown.get(front.inner(shown)).unwrap_or(&[]).trim_ascii();
        if is_body(shown) || may_be_body(shown) && kind(inner()) == Kind::Body {
            first = Some(line.start);
            others = 0;
        } else if others < BEFORE_LAST && shown.iter().any(u8::is_ascii_alphanumeric) {
            others += 1;
        } else {
            break;
        }
        at = line.start;
    }
    first.map(|first| first..start - 1)
}

/// Whether a line belongs to a block by itself, whatever stands around it.
fn is_body(line: &[u8]) -> bool {
    kind(line) == Kind::Body || holds_random(line, RANDOM_BEFORE)
}

/// Whether a line may belong to one, by what stands before the last line.
pub(super) fn may_be_body(line: &[u8]) -> bool {
    is_body(line) || holds_random(line, NARROW)
}

/// Whether a line begins or ends a block of any kind.
pub(super) fn is_edge(line: &[u8]) -> bool {
    [
        &b"---- BEGIN "[..],
        b"-----BEGIN ",
        b"---- END ",
        b"-----END ",
    ]
    .iter()
    .any(|mark| memchr::memmem::find(line, mark).is_some())
}

/// Whether an edge is the first line of a block.
fn begins(edge: &[u8]) -> bool {
    let mut rest = edge.iter();
    let dashes = |byte: &&u8| matches!(byte, b'-' | b' ');
    while rest.clone().next().is_some_and(|byte| dashes(&byte)) {
        rest.next();
    }
    rest.as_slice().starts_with(b"BEGIN ")
}

/// The last line before `at` that is the first of a block, and how far that reaches. Between
/// `until` and `at` the word is known not to stand; that is moved to where it stands last.
pub(super) fn open_at(
    ready: &Ready,
    word: &[u8],
    text: &[u8],
    at: usize,
    until: &mut usize,
) -> Option<Range<usize>> {
    let mut end = at.min(*until);
    let last = memchr::memmem::rfind(text.get(..end)?, word);
    *until = last.map_or(0, |hit| hit + word.len());
    for _ in 0..LINES {
        let hit = memchr::memmem::rfind(text.get(..end)?, word)?;
        let line = line_around(text, hit);
        if let Some(seen) = reach(ready, text, line.clone()) {
            return Some(line.start..seen);
        }
        end = hit;
    }
    None
}
