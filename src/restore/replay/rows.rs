//! How many rows of a terminal a line fills.

use unicode_width::UnicodeWidthChar;

use crate::model::ansi::{self, Token};

/// Columns between two tab stops.
const TAB: u32 = 8;

/// Rows that a line of text fills in a terminal of `width` columns, as a terminal wraps: a
/// character of two columns does not begin in the last one, and joined characters have the room of
/// the first.
pub(super) fn rows(line: &[u8], width: u16) -> u32 {
    let width = u32::from(width).max(1);
    let (mut rows, mut column) = (1u32, 0u32);
    let mut joined = false;
    for token in ansi::tokens(line) {
        let Token::Text(run) = token else { continue };
        if run.is_ascii() && !run.contains(&b'\t') {
            // Most of all text.
            column = column.saturating_add(u32::try_from(run.len()).unwrap_or(u32::MAX));
            let more = column.saturating_sub(1) / width;
            rows = rows.saturating_add(more);
            column -= more * width;
            continue;
        }
        for c in String::from_utf8_lossy(run).chars() {
            if c == '\t' {
                column = (column / TAB + 1).saturating_mul(TAB).min(width - 1);
                continue;
            }
            let room = match c.width() {
                _ if std::mem::take(&mut joined) => 0,
                Some(room) => u32::try_from(room).unwrap_or(0),
                None => 0,
            };
            joined = c == '\u{200d}';
            if room > 0 && column + room > width {
                rows = rows.saturating_add(1);
                column = 0;
            }
            column += room;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_wrap_as_in_a_terminal() {
        assert_eq!(rows(b"", 10), 1);
        assert_eq!(rows(b"0123456789", 10), 1);
        assert_eq!(rows(b"01234\x1b[1m567890", 10), 2);
        assert_eq!(rows("012345678漢".as_bytes(), 10), 2);
        assert_eq!(rows("漢漢漢漢漢".as_bytes(), 10), 1);
        assert_eq!(rows("漢漢漢漢漢漢".as_bytes(), 11), 2);
        assert_eq!(rows("ünï012345678901".as_bytes(), 5), 3);
        assert_eq!(rows(b"a\tb\tc", 10), 1);
        assert_eq!(rows(b"a\tb\tcd", 10), 2);
        assert_eq!(rows(b"abc", 0), 3);
    }

    #[test]
    fn joined_and_combining_characters_take_no_room_of_their_own() {
        assert_eq!(rows("👩\u{200d}👩\u{200d}👧".as_bytes(), 2), 1);
        assert_eq!(rows("e\u{301}e\u{301}".as_bytes(), 2), 1);
    }

    #[test]
    fn it_is_what_the_emulator_does() {
        for text in [
            "abc漢defg漢字hi",
            "0123456789",
            "01234567漢",
            "a\u{301}bcdefghijk",
        ] {
            for width in 2u16..12 {
                let mut parser =
                    vt100::Parser::new(40.try_into().unwrap(), width.try_into().unwrap(), 0);
                parser.process(text.as_bytes());
                let row = u32::from(parser.screen().cursor_position().0);
                assert_eq!(rows(text.as_bytes(), width), row + 1, "{text} in {width}");
            }
        }
    }
}
