//! What stands before the first line of a block, followed down its lines.
//!
//! Tools put something before each line of a key: line numbers, times, names of files, hosts and
//! containers, marks of comments and diffs, the start of a JSON object. It varies from line to line
//! in its words and numbers, and mostly not in its signs. So it is known by its shape: words, gaps
//! and signs.
//!
//! `12:04:31 web-1 | -----BEGIN …` has the shape `w:w:w w-w | `, and so has `12:04:32 web-1 |
//! MIIE…`.

use std::ops::Range;

/// One part of a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FrontPart<'a> {
    /// Letters and digits.
    Word,
    /// A word that has to stand as it is: nothing tells where it ends but what it is.
    Same(&'a [u8]),
    /// White space; behind the last one indentation may follow, so it has a length.
    Gap(usize),
    Sign(u8),
}

/// What stands around the text in the first line of a block.
#[derive(Debug)]
pub(super) struct Front<'a> {
    parts: Vec<FrontPart<'a>>,
    /// How long it is in the first line.
    length: usize,
    /// What comes first behind the text.
    behind: &'a [u8],
}

/// So many parts at the end tell where the front ends in lines of another shape, as where an
/// author's name has more words.
const LAST_PARTS: usize = 3;
/// What is compared of the text behind.
const BEHIND: usize = 4;

impl<'a> Front<'a> {
    pub(super) fn new(before: &'a [u8], behind: &'a [u8]) -> Self {
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some(&byte) = before.get(at) {
            let rest = before.get(at..).unwrap_or(&[]);
            let length = run_length(rest);
            parts.push(match byte {
                _ if is_word(byte) && at + length == before.len() => FrontPart::Same(rest),
                _ if is_word(byte) => FrontPart::Word,
                _ if byte.is_ascii_whitespace() => FrontPart::Gap(length),
                sign => FrontPart::Sign(sign),
            });
            at += length;
        }
        let behind = behind.trim_ascii_end();
        Self {
            parts,
            length: before.len(),
            behind: behind.get(..BEHIND.min(behind.len())).unwrap_or(&[]),
        }
    }

    /// Whether there is more in front than white space.
    pub(super) fn is_blank(&self) -> bool {
        self.parts
            .iter()
            .all(|part| matches!(part, FrontPart::Gap(_)))
    }

    /// The part of a line between what stands in front and what stands behind. All of a line in
    /// which neither can be told.
    pub(super) fn inner(&self, line: &[u8]) -> Range<usize> {
        let start = self.end_in(line).unwrap_or(0);
        let rest = line.get(start..).unwrap_or(&[]);
        let length = match self.behind.first() {
            None => rest.len(),
            // A border, or the next column.
            Some(first) if first.is_ascii_whitespace() => {
                let text = rest.iter().position(|byte| !byte.is_ascii_whitespace());
                let text = text.unwrap_or(0);
                let gap = rest.iter().skip(text).position(u8::is_ascii_whitespace);
                gap.map_or(rest.len(), |gap| text + gap)
            }
            Some(_) => memchr::memmem::find(rest, self.behind).unwrap_or(rest.len()),
        };
        start..start + length
    }

    /// Where the front ends in a line; `None` where there is nothing of its shape.
    pub(super) fn end_in(&self, line: &[u8]) -> Option<usize> {
        if let Some(end) = matched(&self.parts, line, 0) {
            return Some(end);
        }
        let tail = self.parts.len().saturating_sub(LAST_PARTS);
        let tail = self.parts.get(tail..)?;
        let starts = (0..line.len()).filter(|&at| {
            let before = at.checked_sub(1).and_then(|before| line.get(before));
            let same = |class: fn(u8) -> bool| {
                line.get(at).is_some_and(|byte| class(*byte))
                    && before.is_some_and(|byte| class(*byte))
            };
            !same(is_word) && !same(|byte| byte.is_ascii_whitespace())
        });
        let ends = starts.filter_map(|start| matched(tail, line, start));
        ends.min_by_key(|end| end.abs_diff(self.length))
    }
}

/// Where the parts end that stand in `line` from `start` on.
fn matched(parts: &[FrontPart<'_>], line: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    for (number, part) in parts.iter().enumerate() {
        let rest = line.get(at..).unwrap_or(&[]);
        let first = rest.first().copied();
        let length = run_length(rest);
        at += match *part {
            FrontPart::Word => first.is_some_and(is_word).then_some(length)?,
            FrontPart::Same(word) => rest.starts_with(word).then_some(word.len())?,
            FrontPart::Gap(wanted) => {
                let found = match first {
                    Some(byte) if byte.is_ascii_whitespace() => length,
                    // The context of a diff.
                    Some(b'+' | b'-') if number == 0 => 1 + run_of_space(rest.get(1..)),
                    // Numbers that grow to the left; white space at the end that is not kept.
                    _ if number == 0 || first.is_none() => 0,
                    _ => return None,
                };
                if number + 1 == parts.len() {
                    found.min(wanted)
                } else {
                    found
                }
            }
            FrontPart::Sign(sign) => {
                let same = first == Some(sign)
                    // A diff, and what `grep` puts before lines that do not match.
                    || (number == 0 && is_change(sign) && first.is_some_and(|byte| byte == b' ' || is_change(byte)))
                    || (matches!(sign, b':' | b'-') && matches!(first, Some(b':' | b'-')));
                same.then_some(1)?
            }
        };
    }
    Some(at)
}

fn run_of_space(text: Option<&[u8]>) -> usize {
    let text = text.unwrap_or(&[]).iter();
    text.take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// How many bytes of one class a text starts with; signs stand alone.
fn run_length(text: &[u8]) -> usize {
    let class: fn(u8) -> bool = match text.first() {
        Some(&byte) if is_word(byte) => is_word,
        Some(byte) if byte.is_ascii_whitespace() => |byte| byte.is_ascii_whitespace(),
        other => return usize::from(other.is_some()),
    };
    text.iter().take_while(|byte| class(**byte)).count()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_change(byte: u8) -> bool {
    matches!(byte, b'+' | b'-' | b'<' | b'>')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inner<'a>(before: &str, behind: &str, line: &'a str) -> &'a str {
        let front = Front::new(before.as_bytes(), behind.as_bytes());
        &line[front.inner(line.as_bytes())]
    }

    #[test]
    fn what_stands_around_is_known_though_it_varies() {
        for (before, behind, line) in [
            ("", "", "x y"),
            (
                "2024-01-02T03:04:05.6Z ",
                "",
                "2024-01-02T03:04:05.71238Z x y",
            ),
            (" 9:", "", "10:x y"),
            ("a-b.c:9:", "", "a-b.c-10-x y"),
            ("+", "", " x y"),
            (
                "^3f2 (Me 2024-01-02 12:00:01 +0100  9) ",
                "",
                "45ab6c7 (You Two 2023-10-02 2:0:01 -0100 10) x y",
            ),
            (
                "{\"log\":\"",
                "\\n\",\"time\":\"1:2\"}",
                "{\"log\":\"x y\\n\",\"time\":\"3:14\"}",
            ),
            ("web_1  | ", "", "db_12 | x y"),
            (" ", "", "+x y"),
            (
                "[1.2, \"o\", \"",
                "\\r\\n\"]",
                "[17.233, \"o\", \"x y\\r\\n\"]",
            ),
        ] {
            assert_eq!(inner(before, behind, line), "x y", "{before:?}");
        }
        assert_eq!(inner("1:00 ", "", "2:00   x"), "  x");
        assert_eq!(inner("│ ", "     │", "│ x    y │"), "x");
        assert_eq!(inner("1:00 ", "", "2:00"), "");
        assert_eq!(inner("a> ", "", "no such thing"), "no such thing");
    }
}
