//! Tokens that a program broke at its own width, so that they go on in the next lines.
//!
//! Lines that the terminal wrapped are joined before they come here. What a program wrapped cannot be
//! told from a line that ends there, so only tokens of a known shape are followed, and only where the
//! line ends within one and the next holds nothing else, is no wider, and looks like the rest of it.

use std::ops::Range;

use super::pattern::Ready;
use super::scan::line_after;

/// Tokens go over so many lines at the most.
const LINES: usize = 16;
/// Lines longer than this are not wrapped at the width of a terminal.
const WIDEST: usize = 4096;
/// A token that is whole by its shape goes on only behind a line that is so wide, in cells.
const WIDE: usize = 40;

/// The token that the keyword at `hit` starts, where it goes on behind its line.
pub(super) fn continued(
    ready: &Ready,
    text: &[u8],
    line: Range<usize>,
    hit: &Range<usize>,
) -> Option<Range<usize>> {
    let first = text.get(line.clone())?.trim_ascii_end();
    if !may_continue(text, &line, hit) {
        return None;
    }
    let at = hit.start - line.start;
    let whole = |joined: &[u8]| {
        let mut found = ready.all(joined);
        found
            .find(|(range, _)| range.contains(&at) && range.end > first.len())
            .map(|(range, _)| range)
    };
    let mut complete = ready
        .all(first)
        .any(|(range, _)| range.contains(&at) && range.end == first.len());
    let width = cells(first);
    let mut joined = first.to_vec();
    let mut secret = None;
    let mut end = line.end;
    for _ in 0..LINES {
        let Some(next) = line_after(text, end) else {
            break;
        };
        let full = text.get(next.clone())?.trim_ascii_end();
        let piece = full.trim_ascii_start();
        if !is_solid(piece) || cells(full) > width {
            break;
        }
        // Behind a whole token any piece may be something else, unless it went over a line before.
        if complete && secret.is_none() && (width < WIDE || !looks_random(piece)) {
            break;
        }
        let before = joined.len();
        joined.extend_from_slice(piece);
        match whole(&joined) {
            // Of a line behind a whole token, all has to belong to it.
            Some(range) if range.end > before && (!complete || range.end == joined.len()) => {
                complete = true;
                let left = next.start + (full.len() - piece.len());
                secret = Some(range.start + line.start..left + (range.end - before));
            }
            _ if complete => break,
            _ => {}
        }
        if cells(full) < width {
            break;
        }
        end = next.end;
    }
    secret
}

/// Whether the line ends within what may be the token at `hit`.
pub(super) fn may_continue(text: &[u8], line: &Range<usize>, hit: &Range<usize>) -> bool {
    let line = text.get(hit.start..line.end).unwrap_or(&[]);
    let rest = line.trim_ascii_end();
    rest.len() <= WIDEST && is_solid(rest)
}

/// Whether a piece of text is made of the letters of tokens alone.
pub(super) fn is_solid(piece: &[u8]) -> bool {
    let of_token = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'_' | b'+' | b'/' | b'=' | b'.' | b'%')
    };
    !piece.is_empty() && piece.iter().all(of_token)
}

/// Whether a piece looks like the rest of a token rather than like a word, a path, a number or a hash.
fn looks_random(piece: &[u8]) -> bool {
    let any = |is: fn(&u8) -> bool| piece.iter().any(is);
    let digit = any(u8::is_ascii_digit);
    let lower = any(u8::is_ascii_lowercase);
    let upper = any(u8::is_ascii_uppercase);
    let capital = piece.iter().skip(1).any(u8::is_ascii_uppercase);
    let hash = matches!(piece.len(), 40 | 64) && piece.iter().all(u8::is_ascii_hexdigit);
    let uuid = piece.len() == 36 && piece.iter().filter(|&&byte| byte == b'-').count() == 4;
    let path = piece.contains(&b'/') && piece.contains(&b'.') || piece.first() == Some(&b'/');
    let mixed = (lower || upper) && digit || lower && capital;
    mixed && !hash && !uuid && !path
}

/// Columns, where none is wide or empty; it only has to be the same for lines of tokens.
fn cells(line: &[u8]) -> usize {
    line.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}
