//! Tokens that a program broke at its own width, so that they go on in the next lines.
//!
//! Lines that the terminal wrapped are joined before they come here. What a program wrapped cannot
//! be told from a line that ends there, so only tokens of a known shape are followed, and only
//! where the line ends within one and the next goes on without a gap, is no wider, and makes the
//! shape whole. A token that is whole before goes on only where the next piece looks like the rest
//! of it.

use std::ops::Range;

use super::RedactError;
use super::pattern::Ready;
use super::rules::{Compiled, Rules};
use super::scan::{line_after, line_around, line_before};

/// Tokens go over so many lines at the most.
const MAX_TOKEN_LINES: usize = 16;
/// Lines longer than this are not wrapped at the width of a terminal.
const WIDEST: usize = 4096;
/// A token that is whole by its shape goes on only behind a line that is so wide, in cells.
const WIDE: usize = 40;
/// Other text may follow the rest of a token behind a line that is so wide.
const NARROWEST: usize = 24;
/// And the rest of a whole token has to be so long then.
const LONG_REST: usize = 8;

/// The tokens of a rule of which a keyword stands in this line, where they go over one of its ends.
pub(super) fn continued(
    rule: &Compiled,
    text: &[u8],
    line: &Range<usize>,
) -> Result<Vec<Range<usize>>, RedactError> {
    let shown = text.get(line.clone()).unwrap_or(&[]).trim_ascii_end();
    let has_keyword = |part| {
        let mut words = rule.keywords().iter();
        words.any(|word| holds(part, word.as_bytes()))
    };
    let mut found = Vec::new();
    if shown.len() > WIDEST {
        return Ok(found);
    }
    if has_keyword(tail(shown)) {
        found.extend(behind(rule, text, line.clone())?);
    }
    // The token may begin in the line before.
    if has_keyword(head(shown))
        && let Some(before) = line_before(text, line.start)
        && goes_over(text, &before)
    {
        found.extend(behind(rule, text, before)?);
    }
    Ok(found)
}

/// The token that begins in a line and ends in one of the next.
pub(super) fn behind(
    rule: &Compiled,
    text: &[u8],
    line: Range<usize>,
) -> Result<Option<Range<usize>>, RedactError> {
    let first = text.get(line.clone()).unwrap_or(&[]).trim_ascii_end();
    if first.len() > WIDEST || !goes_over(text, &line) {
        return Ok(None);
    }
    let mut joined = Joined::new(first, line.start);
    let mut ready = None;
    let mut secret = None;
    let width = cells(first);
    let mut end = line.end;
    for _ in 0..MAX_TOKEN_LINES {
        let Some(next) = line_after(text, end) else {
            break;
        };
        let full = text.get(next.clone()).unwrap_or(&[]).trim_ascii_end();
        let indented = full.trim_ascii_start();
        let piece = head(indented);
        let alone = piece.len() == indented.len();
        let indent = full.len() - indented.len();
        let fits = alone || (indent == 0 && width >= NARROWEST);
        if piece.is_empty() || !fits || cells(full) > width {
            break;
        }
        joined.add(piece, next.start + indent);
        if rule.may_match(&joined.text) {
            let ready: &Ready = match ready {
                Some(ready) => ready,
                None => ready.insert(rule.ready()?),
            };
            // Padding is the end of a token.
            let whole_before = ready.all(first).any(|(range, _)| range.end == first.len());
            if whole_before && first.ends_with(b"=") {
                break;
            }
            let known = || ready.all(first).map(|(range, _)| range);
            let goes_on = |range: &Range<usize>| {
                // Behind a whole token, all of the piece has to be the rest of it.
                let rest = joined.text.get(joined.last()..range.end).unwrap_or(&[]);
                let ends = joined
                    .text
                    .get(range.end)
                    .is_none_or(|byte| !byte.is_ascii_alphanumeric());
                let all = alone && range.end == joined.text.len();
                let fits = all || rest.len() >= LONG_REST && width >= NARROWEST;
                let likely = secret.is_some() || width >= WIDE && looks_random(rest);
                ends && fits && likely
            };
            let token = ready
                .all(&joined.text)
                .map(|(range, _)| range)
                .find(|range| {
                    let new = !known().any(|known| known == *range);
                    let over = !whole_before || range.end > joined.last() && goes_on(range);
                    new && over
                });
            match token {
                Some(range) => secret = Some(joined.place(&range)),
                None if whole_before => break,
                None => {}
            }
        }
        if !alone || cells(full) < width {
            break;
        }
        end = next.end;
    }
    Ok(secret)
}

/// Lines put together.
struct Joined {
    text: Vec<u8>,
    /// Where each piece starts, here and in the whole text.
    pieces: Vec<(usize, usize)>,
}

impl Joined {
    fn new(first: &[u8], at: usize) -> Self {
        Self {
            text: first.to_vec(),
            pieces: vec![(0, at)],
        }
    }

    fn add(&mut self, piece: &[u8], at: usize) {
        // What a shell, and what a mail, puts at the end of a line that goes on.
        if matches!(self.text.last(), Some(b'\\' | b'=')) {
            self.text.pop();
        }
        self.pieces.push((self.text.len(), at));
        self.text.extend_from_slice(piece);
    }

    /// Where the last piece starts.
    fn last(&self) -> usize {
        self.pieces.last().map_or(0, |piece| piece.0)
    }

    /// Where a part of the lines stands in the whole text, with the ends of lines in it.
    fn place(&self, range: &Range<usize>) -> Range<usize> {
        let at = |offset: usize| {
            let piece = self.pieces.partition_point(|(start, _)| *start <= offset);
            let (start, at) = piece
                .checked_sub(1)
                .and_then(|piece| self.pieces.get(piece).copied())
                .unwrap_or((0, 0));
            at + offset.saturating_sub(start)
        };
        at(range.start)..at(range.end.saturating_sub(1)) + 1
    }
}

/// Whether a line ends in letters of a token, and the next begins with some.
fn goes_over(text: &[u8], line: &Range<usize>) -> bool {
    let ends = !tail(text.get(line.clone()).unwrap_or(&[])).is_empty();
    ends && line_after(text, line.end).is_some_and(|next| {
        let next = text.get(next).unwrap_or(&[]).trim_ascii_start();
        !head(next).is_empty()
    })
}

/// The rules that may have a token broken within the word by which it is known, at the end of the
/// line that ends at `end`.
pub(super) fn across<'a>(
    rules: &'a Rules,
    text: &'a [u8],
    end: usize,
) -> impl Iterator<Item = usize> + 'a {
    rules.broken.at(text, end).flat_map(move |(word, split)| {
        let whole = rules.keywords.get(word).filter(|keyword| {
            let (first, rest) = keyword.word.split_at_checked(split).unwrap_or_default();
            let before = end.checked_sub(split).and_then(|at| text.get(at..end));
            let after = text.get(end + 1..end + 1 + rest.len());
            before.is_some_and(|before| before.eq_ignore_ascii_case(first))
                && after.is_some_and(|after| after.eq_ignore_ascii_case(rest))
        });
        whole
            .into_iter()
            .flat_map(|keyword| rules.wrapping(keyword))
    })
}

/// The start of a line before `at` in which a token begins that may go on behind that place.
pub(super) fn open_at(rules: &Rules, text: &[u8], at: usize) -> Option<usize> {
    let known = |part: &[u8]| {
        let mut hits = rules.finder.find_overlapping_iter(part);
        hits.any(|hit| {
            let keyword = rules.keywords.get(hit.pattern().as_usize());
            keyword.is_some_and(|keyword| rules.wrapping(keyword).next().is_some())
        })
    };
    let here = text.get(line_around(text, at)).unwrap_or(&[]);
    let mut first = known(head(here.trim_ascii_start()));
    let mut start = at;
    for _ in 0..=MAX_TOKEN_LINES {
        let line = line_before(text, start)?;
        let shown = text.get(line.clone()).unwrap_or(&[]).trim_ascii_end();
        let tail = tail(shown);
        if tail.is_empty() {
            return None;
        }
        if first || known(tail) || across(rules, text, line.end).next().is_some() {
            return Some(line.start);
        }
        if tail.len() < shown.trim_ascii_start().len() {
            return None;
        }
        first = false;
        start = line.start;
    }
    None
}

/// The places between two letters of the words by which tokens are known: there a word may be
/// broken.
#[derive(Debug)]
pub(super) struct Broken {
    /// One bit for each two letters, so that most ends of lines cost nothing more.
    pairs: Vec<u64>,
    /// Two letters, the word's number, and how many of its letters stand before the break; in
    /// order.
    splits: Vec<(u16, usize, usize)>,
}

impl Broken {
    /// Of words, by their numbers.
    pub(super) fn new<'a>(words: impl Iterator<Item = (usize, &'a [u8])>) -> Self {
        let mut pairs = vec![0; (1 << 16) / 64];
        let mut splits = Vec::new();
        for (number, word) in words {
            for (at, pair) in word.windows(2).enumerate() {
                let &[one, two] = pair else { continue };
                let pair = Self::pair(one, two);
                if let Some(bits) = pairs.get_mut(usize::from(pair / 64)) {
                    *bits |= 1_u64 << (pair % 64);
                }
                splits.push((pair, number, at + 1));
            }
        }
        splits.sort_unstable();
        Self { pairs, splits }
    }

    /// The words, and the places in them, that may be broken at the end of the line that ends at
    /// `end`.
    fn at(&self, text: &[u8], end: usize) -> impl Iterator<Item = (usize, usize)> {
        let before = end.checked_sub(1).and_then(|at| text.get(at));
        let pair = before
            .zip(text.get(end + 1))
            .map(|(one, two)| Self::pair(*one, *two))
            .filter(|pair| {
                let bits = self.pairs.get(usize::from(pair / 64));
                bits.is_some_and(|bits| bits & (1_u64 << (pair % 64)) != 0)
            });
        let range = pair.map_or(0..0, |pair| {
            let start = self.splits.partition_point(|split| split.0 < pair);
            let end = self.splits.partition_point(|split| split.0 <= pair);
            start..end
        });
        let splits = self.splits.get(range).unwrap_or(&[]);
        splits.iter().map(|&(_, word, at)| (word, at))
    }

    fn pair(one: u8, two: u8) -> u16 {
        u16::from_be_bytes([one.to_ascii_lowercase(), two.to_ascii_lowercase()])
    }
}

/// Whether a word stands in a text, in small or capital letters.
fn holds(text: &[u8], word: &[u8]) -> bool {
    let (Some(first), Some(last)) = (word.first(), text.len().checked_sub(word.len())) else {
        return false;
    };
    let (small, capital) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    let starts = text.get(..=last).unwrap_or(&[]);
    memchr::memchr2_iter(small, capital, starts).any(|at| {
        let part = text.get(at..at + word.len());
        part.is_some_and(|part| part.eq_ignore_ascii_case(word))
    })
}

/// What a text starts with of letters that tokens and addresses are made of.
fn head(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| !of_token(*byte));
    text.get(..end.unwrap_or(text.len())).unwrap_or(&[])
}

/// What it ends with of them.
fn tail(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii_end();
    let start = text
        .iter()
        .rposition(|byte| !of_token(*byte) && *byte != b'\\');
    text.get(start.map_or(0, |at| at + 1)..).unwrap_or(&[])
}

fn of_token(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b'|' | b'\\')
}

/// Whether a piece looks like the rest of a token rather than like a word, a path, a number or a
/// hash.
fn looks_random(piece: &[u8]) -> bool {
    let of_letters = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'_' | b'+' | b'/' | b'=' | b'.' | b'%')
    };
    let any = |is: fn(&u8) -> bool| piece.iter().any(is);
    let digit = any(u8::is_ascii_digit);
    let lower = any(u8::is_ascii_lowercase);
    let upper = any(u8::is_ascii_uppercase);
    let capital = piece.iter().skip(1).any(u8::is_ascii_uppercase);
    let hash = matches!(piece.len(), 40 | 64) && piece.iter().all(u8::is_ascii_hexdigit);
    let uuid = piece.len() == 36 && piece.iter().filter(|&&byte| byte == b'-').count() == 4;
    let path = piece.contains(&b'/') && piece.contains(&b'.') || piece.first() == Some(&b'/');
    let mixed = (lower || upper) && digit || lower && capital;
    piece.iter().all(of_letters) && mixed && !hash && !uuid && !path
}

/// Columns, where none is wide or empty; it only has to be the same for lines of tokens.
fn cells(line: &[u8]) -> usize {
    line.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}
