//! Saved text as bytes for a terminal: rows land where they were, and nothing but text and colours is
//! sent.

use bstr::{BString, ByteSlice};
use unicode_width::UnicodeWidthStr;

use crate::model::ansi::{self, Token};

/// Where the cursor was, and what it stood on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Rows of the screen below the cursor.
    pub(super) below: u16,
    /// Whether the cursor's line is a prompt, which the shell will write again: it is left out.
    pub(super) prompt: bool,
}

/// Selects the line drawing characters as G1, to which SO switches (ISO 2022; DEC special graphics).
const LINE_DRAWING_ON: &[u8] = b"\x1b)0";
/// Selects ASCII as G1 again, G0, and no colours.
const PLAIN_AGAIN: &[u8] = b"\x0f\x1b)B\x1b[0m";

/// The bytes that make an empty terminal of `width` columns show a text, scrollback included.
pub(super) fn bytes(text: &[u8], place: Place, width: u16) -> Vec<u8> {
    // Stored text is clean; what is sent to a terminal is made so again.
    let text = ansi::sanitised(text);
    let lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
    let (cursor, below) = cursor_line(&lines, place.below, width);
    let mut out = Vec::with_capacity(text.len() + lines.len() * 2 + 64);
    out.extend_from_slice(LINE_DRAWING_ON);
    let mut colours = Colours::default();
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            // Without colours, or a scrolling screen fills the new row with the background.
            if !colours.is_plain() {
                out.extend_from_slice(b"\x1b[0m");
            }
            out.extend_from_slice(b"\r\n");
            colours.emit(&mut out);
        }
        let shown = at != cursor || !place.prompt;
        for token in ansi::tokens(line) {
            match token {
                Token::Text(run) if shown => out.extend_from_slice(run),
                Token::LineDrawing(on) if shown => out.push(if on { 0x0e } else { 0x0f }),
                Token::Sgr(params) => {
                    colours.take(params);
                    if shown {
                        push_sgr(&mut out, params);
                    }
                }
                Token::Text(_) | Token::LineDrawing(_) | Token::Newline => {}
            }
        }
    }
    out.extend_from_slice(PLAIN_AGAIN);
    if below > 0 {
        out.extend_from_slice(format!("\x1b[{below}A").as_bytes());
    }
    out.push(b'\r');
    let empty = |line: &&[u8]| ansi::plain(line).trim().is_empty();
    if !place.prompt && !lines.get(cursor).is_none_or(empty) {
        // The prompt that comes now belongs on a line of its own.
        out.extend_from_slice(if below > 0 { b"\x1b[B" } else { b"\r\n" });
    }
    out
}

/// The line that the cursor is on, and the rows that the lines after it fill.
fn cursor_line(lines: &[&[u8]], below: u16, width: u16) -> (usize, u32) {
    let (mut left, mut passed) = (u32::from(below), 0);
    for (at, line) in lines.iter().enumerate().rev() {
        let rows = rows(line, width);
        if left < rows {
            return (at, passed);
        }
        left -= rows;
        passed += rows;
    }
    (0, passed.saturating_sub(1))
}

/// Rows that a line fills.
fn rows(line: &[u8], width: u16) -> u32 {
    if line.is_empty() {
        return 1;
    }
    let columns = u32::try_from(ansi::plain(line).width()).unwrap_or(u32::MAX);
    columns.div_ceil(u32::from(width).max(1)).max(1)
}

fn push_sgr(out: &mut Vec<u8>, params: &[u8]) {
    out.extend_from_slice(b"\x1b[");
    out.extend_from_slice(params);
    out.push(b'm');
}

/// Which kind of colour a sequence sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Foreground,
    Background,
    Underline,
    Other,
}

/// The colours that are in force: the sequences since the last reset, those that later ones replace
/// left out.
#[derive(Debug, Default)]
struct Colours {
    set: Vec<(Kind, BString)>,
}

impl Colours {
    fn is_plain(&self) -> bool {
        self.set.is_empty()
    }

    fn take(&mut self, params: &[u8]) {
        let first = params.split(|b| matches!(b, b';' | b':')).next();
        let number = first.and_then(|first| first.to_str().ok()?.parse::<u16>().ok());
        match number {
            None | Some(0) => {
                self.set.clear();
                // A reset can stand before other attributes in one sequence.
                if params.len() > 1 {
                    self.set.push((Kind::Other, params.into()));
                }
            }
            Some(number) => {
                let kind = Self::kind(number, params);
                self.set.retain(|(old, same)| {
                    if kind == Kind::Other {
                        *same != params
                    } else {
                        *old != kind
                    }
                });
                self.set.push((kind, params.into()));
            }
        }
    }

    /// The kind of a sequence that sets one thing only; [`Kind::Other`] for all that may set more.
    fn kind(number: u16, params: &[u8]) -> Kind {
        let single = !params.contains(&b';');
        let extended = params.get(2..).is_some_and(|rest| {
            // 38;5;N and 38;2;R;G;B, and nothing behind.
            let count = rest.iter().filter(|b| matches!(b, b';' | b':')).count();
            match rest.get(1) {
                Some(b'5') => count == 2,
                Some(b'2') => count >= 4,
                _ => false,
            }
        });
        match number {
            30..=37 | 39 | 90..=97 if single => Kind::Foreground,
            40..=47 | 49 | 100..=107 if single => Kind::Background,
            59 if single => Kind::Underline,
            38 if extended => Kind::Foreground,
            48 if extended => Kind::Background,
            58 if extended => Kind::Underline,
            _ => Kind::Other,
        }
    }

    fn emit(&self, out: &mut Vec<u8>) {
        for (_, params) in &self.set {
            push_sgr(out, params);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn screen(bytes: &[u8], rows: u16, columns: u16) -> vt100::Parser {
        let mut parser =
            vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 100);
        parser.process(bytes);
        parser
    }

    #[test]
    fn the_cursor_comes_back_to_its_row_and_the_prompt_is_left_to_the_shell() {
        let place = Place {
            below: 3,
            prompt: true,
        };
        let text = b"one\ntwo\n$ half typed\n\n\n";
        let parser = screen(&bytes(text, place, 20), 6, 20);
        assert_eq!(parser.screen().cursor_position(), (2, 0));
        assert_eq!(parser.screen().contents(), "one\ntwo");
    }

    #[test]
    fn a_program_that_wrote_half_a_line_leaves_the_next_one_to_the_prompt() {
        let place = Place {
            below: 1,
            prompt: false,
        };
        let parser = screen(&bytes(b"one\nloading 3 %\n", place, 20), 3, 20);
        assert_eq!(parser.screen().cursor_position(), (2, 0));
        assert_eq!(parser.screen().contents(), "one\nloading 3 %");
    }

    #[test]
    fn backgrounds_do_not_smear_and_go_on_after_the_line() {
        let place = Place {
            below: 0,
            prompt: false,
        };
        let text = b"\x1b[41mred\nstill red\x1b[49m\n\n\n\n";
        let parser = screen(&bytes(text, place, 20), 3, 20);
        let out = bytes(text, place, 20);
        assert!(out.windows(6).any(|w| w == b"\x1b[0m\r\n"));
        assert!(out.find(b"\r\n\x1b[41mstill").is_some());
        let right = parser.screen().cell(0, 19).unwrap();
        assert_eq!(right.bgcolor(), vt100::Color::Default);
    }

    #[test]
    fn colours_in_force_do_not_pile_up() {
        let mut colours = Colours::default();
        for at in 0..1000u32 {
            colours.take(format!("{}", 30 + at % 8).as_bytes());
            colours.take(format!("48;5;{}", at % 256).as_bytes());
        }
        assert_eq!(colours.set.len(), 2);
        colours.take(b"0;1");
        assert_eq!(colours.set, [(Kind::Other, "0;1".into())]);
        colours.take(b"");
        assert!(colours.is_plain());
    }

    proptest! {
        #[test]
        fn nothing_but_text_and_colours_is_sent(
            text in proptest::collection::vec(any::<u8>(), 0..300),
            below in 0u16..10,
            prompt: bool,
        ) {
            let out = bytes(&text, Place { below, prompt }, 40);
            let own = out.strip_prefix(LINE_DRAWING_ON).unwrap();
            let end = own.rfind(PLAIN_AGAIN).unwrap();
            let body: Vec<u8> = own[..end].iter().copied().filter(|byte| *byte != b'\r').collect();
            prop_assert_eq!(ansi::sanitised(&body), body);
        }
    }
}
