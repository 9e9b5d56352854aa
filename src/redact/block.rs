//! Secrets that go over lines: blocks of base64 between a first and a last line.
//!
//! A block is recognised line by line, as it stands on a screen: with line numbers, borders, quotes or
//! the name of a file in front of each line. It ends where another begins, so that where a text is cut
//! between blocks does not matter.

use std::ops::Range;

use super::is_marked;
use super::pattern::Ready;
use super::scan::{line_after, line_around, line_before};

/// A block has so many lines at the most.
pub(super) const LINES: usize = 1024;
/// Lines that may, but need not belong to a block follow each other so often at the most.
const DOUBTFUL: usize = 4;
/// Base64 in a row that makes a line one of a block.
const RUN: usize = 20;
/// Base64 in a row that makes a key of a line that holds all of it.
const ONE_LINE: usize = 16;

/// The block after the first match in a line.
pub(super) fn after(ready: &Ready, text: &[u8], line: Range<usize>) -> Option<Range<usize>> {
    let mark = ready.pattern.find(text.get(line.clone())?)?;
    look_on(ready, text, line.start + mark.end(), line.end).secret
}

/// The block before a line that the pattern matches.
pub(super) fn before(ready: &Ready, text: &[u8], line: Range<usize>) -> Option<Range<usize>> {
    ready.pattern.find(text.get(line.clone())?)?;
    look_back(text, line.start)
}

/// How far a block reaches whose first line is this one, whether it holds anything yet or not.
pub(super) fn reach(ready: &Ready, text: &[u8], line: Range<usize>) -> Option<usize> {
    let mark = ready.pattern.find(text.get(line.clone())?)?;
    Some(look_on(ready, text, line.start + mark.end(), line.end).seen)
}

/// What comes of looking on from a first line.
struct After {
    /// The secret: whole lines, but for what stands in the first line itself.
    secret: Option<Range<usize>>,
    /// How far it was necessary to look.
    seen: usize,
}

fn look_on(ready: &Ready, text: &[u8], start: usize, line_end: usize) -> After {
    let ends = |line: &[u8]| {
        let end = ready.end.as_ref().and_then(|end| end.find(line));
        end.map(|end| end.start())
    };
    let rest = text.get(start..line_end).unwrap_or(&[]);
    // All of it on one line, as in JSON.
    if let Some(end) = ends(rest) {
        let holds = longest_run(rest.get(..end).unwrap_or(&[])) >= ONE_LINE;
        return After {
            secret: holds.then_some(start..start + end),
            seen: line_end,
        };
    }
    let here = longest_run(rest) >= ONE_LINE && !is_marked(rest);
    let start = if here { start } else { line_end + 1 };
    let mut sure = if here { line_end } else { start };
    let mut doubtful = 0;
    // Where the text ends in what may be the last line of a key.
    let mut pure = true;
    let mut last = line_end;
    let mut closed = false;
    for _ in 0..LINES {
        let Some(next) = line_after(text, last) else {
            if pure && doubtful > 0 && sure > start {
                sure = last;
            }
            break;
        };
        let line = text.get(next.clone()).unwrap_or(&[]);
        let before = last;
        last = next.end;
        if ends(line).is_some() {
            closed = true;
            if sure > start {
                sure = before;
            }
            break;
        }
        match kind(line) {
            Kind::Body => {
                sure = next.end;
                doubtful = 0;
                pure = true;
            }
            Kind::Doubtful if doubtful < DOUBTFUL => {
                doubtful += 1;
                let line = line.trim_ascii();
                pure &= !line.is_empty() && line.iter().all(is_base64);
            }
            _ => {
                closed = true;
                break;
            }
        }
    }
    After {
        secret: (sure > start).then_some(start..sure),
        seen: if closed { last } else { text.len() },
    }
}

/// The lines before a last line, which starts at `start`.
fn look_back(text: &[u8], start: usize) -> Option<Range<usize>> {
    let mut first = None;
    let mut doubtful = 0;
    let mut at = start;
    for _ in 0..LINES {
        let Some(line) = line_before(text, at) else {
            break;
        };
        let shown = text.get(line.clone()).unwrap_or(&[]);
        match kind(shown) {
            Kind::Body => first = Some(line.start),
            // The last line of a key, and a checksum.
            Kind::Doubtful
                if first.is_none()
                    && doubtful < 2
                    && shown.iter().any(u8::is_ascii_alphanumeric) =>
            {
                doubtful += 1;
            }
            _ => break,
        }
        at = line.start;
    }
    first.map(|first| first..start - 1)
}

/// What a line is for a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A line of base64.
    Body,
    /// A short one, an empty one, a header: it belongs to a block if such a line follows.
    Doubtful,
    /// Anything else.
    Other,
}

fn kind(line: &[u8]) -> Kind {
    let mut rest = line.trim_ascii();
    // Behind base64: quotes, commas, borders, and the end of a line in a string.
    loop {
        let of_line = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'=';
        let end = rest.iter().rposition(of_line).map_or(0, |at| at + 1);
        rest = rest.get(..end).unwrap_or(&[]);
        match rest
            .strip_suffix(b"\\n")
            .or_else(|| rest.strip_suffix(b"\\r"))
        {
            Some(shorter) => rest = shorter,
            None => break,
        }
    }
    let run = rest.iter().rev().take_while(|byte| is_base64(byte)).count();
    let front = rest.get(..rest.len() - run).unwrap_or(&[]);
    let plain = !front
        .iter()
        .any(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'$' | b'#'));
    // The name of a file or a container.
    let named = {
        let name = front.trim_ascii_end();
        matches!(name.last(), Some(b':' | b'|'))
            && !name
                .get(..name.len().saturating_sub(1))
                .unwrap_or(&[])
                .trim_ascii()
                .contains(&b' ')
    };
    if is_marked(line) {
        Kind::Other
    } else if run >= RUN && (plain || named) {
        Kind::Body
    } else if plain || named || is_header(line) {
        Kind::Doubtful
    } else {
        Kind::Other
    }
}

/// Whether a line may belong to a block that begins in another.
pub(super) fn may_belong(line: &[u8]) -> bool {
    kind(line) != Kind::Other
}

/// Headers of PEM and OpenPGP armour.
fn is_header(line: &[u8]) -> bool {
    let start = line.iter().position(u8::is_ascii_alphabetic).unwrap_or(0);
    let line = line.get(start..).unwrap_or(&[]);
    let headers: [&[u8]; 7] = [
        b"Proc-Type:",
        b"DEK-Info:",
        b"Version:",
        b"Comment:",
        b"Hash:",
        b"Charset:",
        b"MessageID:",
    ];
    headers.iter().any(|header| line.starts_with(header))
}

fn longest_run(line: &[u8]) -> usize {
    line.split(|byte| !is_base64(byte))
        .map(<[u8]>::len)
        .max()
        .unwrap_or(0)
}

fn is_base64(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// The last line before `at` that is the first of a block, and how far that reaches. Between `until` and
/// `at` the word is known not to stand; that is moved to where it stands last.
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
