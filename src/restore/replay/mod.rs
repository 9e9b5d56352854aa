//! Saved text as bytes for a terminal: rows land where they were, and nothing but text and colours
//! is sent.

mod prompt;
mod rows;
mod seam;
mod style;

use std::ops::Range;

use bstr::{BString, ByteSlice};
use serde::{Deserialize, Serialize};

use crate::model::ansi::{self, Token};
use crate::model::geometry::Size;
use crate::model::tree::Screen;
use rows::rows;
use style::Style;

pub(super) use prompt::{Evidence, evidence};
pub(super) use seam::{Correction, Drawn, Seam, Verdict, seam};

/// What comes behind the text when it is there again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Next {
    /// The shell was idle and writes its prompt again: the saved one is left out.
    Prompt,
    /// The shell writes a prompt and the line of a program with this name: those that are saved
    /// directly above the cursor are left out.
    Command(BString),
    /// Something new: it comes below all that is there.
    New,
    /// Nothing: the cursor stays where it was.
    Nothing,
}

/// How the text was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Width and height of the screen.
    pub(super) size: Size,
    /// Where the cursor was.
    pub(super) screen: Screen,
    /// What comes now.
    pub(super) next: Next,
    /// Whether what comes erases all below the cursor first: see [`Laid::spare`].
    pub(super) erases: bool,
}

/// Selects the line drawing characters as G1, to which SO switches (ISO 2022; DEC special
/// graphics).
const LINE_DRAWING_ON: &[u8] = b"\x1b)0";
/// Selects ASCII as G1 again, G0, and no colours.
const PLAIN_AGAIN: &[u8] = b"\x0f\x1b)B\x1b[0m";

/// A saved text as lines, and where in them the shell goes on.
#[derive(Debug)]
struct Laid<'a> {
    lines: Vec<&'a [u8]>,
    /// The size that the screen had when it was saved.
    saved: Size,
    /// The line that the cursor is on.
    cursor: usize,
    /// Lines that the shell will write again.
    left_out: Range<usize>,
    /// Whether a row stays free in front of what the shell writes, because that would begin in the
    /// topmost row of the screen: a shell that erases the screen from there moves it into the
    /// history, as tmux does with whatever is erased from its first cell on, and each restore would
    /// add a row. [`Seam`] tells whoever takes the row away again.
    spare: bool,
}

impl<'a> Laid<'a> {
    fn new(text: &'a [u8], place: &Place, size: Size) -> Self {
        let mut lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
        let saved = saved_size(&lines, place, size);
        let (cursor, mut left_out) = left_out(&lines, place, saved);
        // No prompt begins in the scrollback: that a shell erased the screen has moved a row there.
        let all: u32 = lines.iter().map(|line| rows(line, saved.width)).sum();
        let mut scrolled = all.saturating_sub(saved.height.into());
        let seen = lines.iter().position(|line| {
            let hidden = scrolled > 0;
            scrolled = scrolled.saturating_sub(rows(line, saved.width));
            !hidden
        });
        left_out.start = left_out
            .start
            .clamp(seen.unwrap_or(0).min(cursor), left_out.end);
        if size.height != saved.height {
            let written = |line: &&[u8]| !ansi::plain(line).trim().is_empty();
            let end = lines.iter().rposition(written).map_or(0, |at| at + 1);
            lines.truncate(end.max(cursor + 1));
        }
        let total = |lines: &[&[u8]]| lines.iter().map(|line| rows(line, size.width)).sum::<u32>();
        let above = total(lines.get(..left_out.start).unwrap_or(&[]));
        let hidden = total(&lines).saturating_sub(size.height.into());
        let own = total(lines.get(left_out.clone()).unwrap_or(&[]));
        let room = u32::from(size.height) > own;
        Self {
            spare: place.erases && !left_out.is_empty() && above == hidden && room,
            lines,
            saved,
            cursor,
            left_out,
        }
    }
}

/// The size that the screen had when it was saved. What is planned is the room in the layout, of
/// which a border with the pane's title takes a row, and a scrollbar some columns: the text tells,
/// as its rows are those of the history and of the screen. `now` is the size of the pane that shows
/// it again.
fn saved_size(lines: &[&[u8]], place: &Place, now: Size) -> Size {
    let planned = place.size;
    let below_title = Size {
        height: planned.height.saturating_sub(1),
        ..planned
    };
    let fills = |size: &Size| {
        let rows: u32 = lines.iter().map(|line| rows(line, size.width)).sum();
        rows == place.screen.history.saturating_add(size.height.into())
    };
    let fitting = [now, planned, below_title].into_iter().find(fills);
    // Of a text that was cut short it cannot be told; most likely the server has the same borders
    // again.
    fitting.unwrap_or(if now == below_title { now } else { planned })
}

/// The bytes that make an empty terminal of a size show a text, scrollback included.
///
/// In a terminal of another width the lines wrap anew, without the spaces at their ends; in one of
/// another height the empty rows at the bottom are left out. The cursor is left where the shell is
/// to write.
pub(super) fn bytes(text: &[u8], place: &Place, size: Size) -> Vec<u8> {
    // Stored text is clean; what is sent to a terminal is made so again.
    let text = ansi::sanitised(text);
    let Laid {
        lines,
        saved,
        cursor,
        left_out,
        spare,
    } = Laid::new(&text, place, size);
    let mut out = Vec::with_capacity(text.len() + lines.len() * 2 + 64);
    out.extend_from_slice(LINE_DRAWING_ON);
    let mut style = Style::default();
    let mut coloured = false;
    let mut shown_to = 0;
    for (at, line) in lines.iter().enumerate() {
        let shown = !left_out.contains(&at);
        if at > 0 {
            // Without colours, or a scrolling screen fills the new row with the background.
            if std::mem::take(&mut coloured) {
                out.extend_from_slice(b"\x1b[0m");
            }
            out.extend_from_slice(b"\r\n");
        }
        if shown {
            style.emit(&mut out);
            coloured = !style.is_plain();
        } else {
            // Its rows stay, so that all others are where they were.
            (1..rows(line, size.width)).for_each(|_| out.extend_from_slice(b"\r\n"));
        }
        let start = out.len();
        if shown {
            let sent = push_line(&mut out, line, &mut style);
            coloured |= sent.coloured;
            if sent.seen {
                shown_to = at + 1;
            }
        } else {
            pass_over(line, &mut style);
        }
        if size.width != saved.width && !style.shows_spaces() {
            let written = out.get(start..).unwrap_or(&[]);
            let kept = written.trim_end_with(|c| c == ' ').len();
            out.truncate(start + kept);
        }
    }
    out.extend_from_slice(PLAIN_AGAIN);
    if place.next == Next::Nothing {
        let (row, column) = (place.screen.cursor_y, place.screen.cursor_x);
        out.extend_from_slice(format!("\x1b[{};{}H", row + 1, column + 1).as_bytes());
        return out;
    }
    let next = if left_out.is_empty() {
        cursor.max(shown_to)
    } else {
        left_out.start
    };
    match lines.get(next..) {
        Some(below @ [_, ..]) => {
            let rows: u32 = below.iter().map(|line| rows(line, size.width)).sum();
            if rows > 1 {
                out.extend_from_slice(format!("\x1b[{}A", rows - 1).as_bytes());
            }
            out.push(b'\r');
            if spare {
                out.extend_from_slice(b"\r\n");
            }
        }
        _ => out.extend_from_slice(b"\r\n"),
    }
    out
}

/// What was sent of a line.
struct Sent {
    /// Something that can be seen.
    seen: bool,
    /// A change of colours.
    coloured: bool,
}

/// Adds a line as it is sent to a terminal.
fn push_line(out: &mut Vec<u8>, line: &[u8], style: &mut Style) -> Sent {
    let mut sent = Sent {
        seen: false,
        coloured: false,
    };
    for token in ansi::tokens(line) {
        match token {
            Token::Sgr(params) => {
                style.take(params);
                sent.coloured = true;
                push_sgr(out, params);
            }
            Token::Text(run) => {
                out.extend_from_slice(run);
                sent.seen |= style.shows_spaces() || run.iter().any(|byte| *byte != b' ');
            }
            Token::LineDrawing(on) => out.push(if on { 0x0e } else { 0x0f }),
            Token::Newline => {}
        }
    }
    sent
}

/// Takes over the colours that a line leaves behind.
fn pass_over(line: &[u8], style: &mut Style) {
    for token in ansi::tokens(line) {
        if let Token::Sgr(params) = token {
            style.take(params);
        }
    }
}

fn push_sgr(out: &mut Vec<u8>, params: &[u8]) {
    out.extend_from_slice(b"\x1b[");
    out.extend_from_slice(&style::mended(params));
    out.push(b'm');
}

/// The line that the cursor is on, and the lines that the shell will write again.
fn left_out(lines: &[&[u8]], place: &Place, saved: Size) -> (usize, Range<usize>) {
    let (cursor, column) = cursor(lines, place, saved);
    let (end, column) = match &place.next {
        Next::Prompt => (cursor + 1, column),
        Next::Command(name) => {
            let blank = |line: &&[u8]| ansi::plain(line).trim().is_empty();
            let names = |line: &&[u8]| memchr::memmem::find(line, name).is_some();
            let before = cursor.checked_sub(1).and_then(|at| lines.get(at));
            if !lines.get(cursor).is_some_and(blank) || !before.is_some_and(names) {
                return (cursor, cursor..cursor);
            }
            (cursor, u32::MAX)
        }
        Next::New | Next::Nothing => return (cursor, cursor..cursor),
    };
    let height = prompt::height(lines.get(..end).unwrap_or(lines), column);
    (cursor, end.saturating_sub(height)..end)
}

/// The line that the cursor is on, and its column in it.
fn cursor(lines: &[&[u8]], place: &Place, saved: Size) -> (usize, u32) {
    let screen = &place.screen;
    let below = saved
        .height
        .saturating_sub(1)
        .saturating_sub(screen.cursor_y);
    let mut left = u32::from(below);
    for (at, line) in lines.iter().enumerate().rev() {
        let rows = rows(line, saved.width);
        if left < rows {
            let above = rows - 1 - left;
            return (
                at,
                above * u32::from(saved.width) + u32::from(screen.cursor_x),
            );
        }
        left -= rows;
    }
    (0, u32::from(screen.cursor_x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(height: u16, cursor_y: u16, next: Next) -> Place {
        Place {
            size: Size { width: 20, height },
            screen: Screen {
                cursor_x: 2,
                cursor_y,
                ..Screen::default()
            },
            next,
            erases: false,
        }
    }

    fn shown(text: &[u8], place: &Place, size: Size) -> vt100::Parser {
        let mut parser = vt100::Parser::new(
            size.height.try_into().unwrap(),
            size.width.try_into().unwrap(),
            100,
        );
        parser.process(&bytes(text, place, size));
        parser
    }

    fn same_size(text: &[u8], place: &Place) -> vt100::Parser {
        shown(text, place, place.size)
    }

    #[test]
    fn the_cursor_comes_back_to_its_row_and_the_prompt_is_left_to_the_shell() {
        let place = place(6, 2, Next::Prompt);
        let parser = same_size(b"one\ntwo\n$ half typed\n\n\n", &place);
        assert_eq!(parser.screen().cursor_position(), (2, 0));
        assert_eq!(parser.screen().contents(), "one\ntwo");
    }

    #[test]
    fn a_prompt_that_wraps_is_left_out_with_all_its_rows() {
        let place = place(4, 2, Next::Prompt);
        let text = b"one\n$ a command that is longer\n";
        let parser = same_size(text, &place);
        assert_eq!(parser.screen().cursor_position(), (1, 0));
        assert_eq!(parser.screen().contents(), "one");
    }

    #[test]
    fn a_prompt_of_two_lines_is_left_out_as_a_whole() {
        let text = b"\x1b[36m~\x1b[0m\n> ls\nfoo\n\x1b[36m~\x1b[0m\n> \n\n";
        let parser = same_size(text, &place(7, 4, Next::Prompt));
        assert_eq!(parser.screen().cursor_position(), (3, 0));
        assert_eq!(parser.screen().contents(), "~\n> ls\nfoo");
    }

    #[test]
    fn a_program_that_wrote_half_a_line_leaves_the_next_one_to_the_prompt() {
        let place = place(3, 1, Next::New);
        let parser = same_size(b"one\nloading 3 %\n", &place);
        assert_eq!(parser.screen().cursor_position(), (2, 0));
        assert_eq!(parser.screen().contents(), "one\nloading 3 %");
    }

    #[test]
    fn what_stands_below_the_cursor_is_not_written_over() {
        let place = place(4, 0, Next::New);
        let parser = same_size(b"menu\n one\n two\n", &place);
        assert_eq!(parser.screen().cursor_position(), (3, 0));
        let full = Place {
            size: Size {
                width: 20,
                height: 3,
            },
            ..place
        };
        let parser = same_size(b"menu\n one\n two", &full);
        assert_eq!(parser.screen().cursor_position(), (2, 0));
        assert_eq!(parser.screen().contents(), " one\n two");
    }

    #[test]
    fn the_line_that_started_a_full_screen_program_is_not_there_twice() {
        let text = b"$ ls\nfoo\n$ vim foo\n\n";
        let again = place(5, 3, Next::Command("vim".into()));
        let parser = same_size(text, &again);
        assert_eq!(parser.screen().cursor_position(), (2, 0));
        assert_eq!(parser.screen().contents(), "$ ls\nfoo");
        // By another name it cannot be told.
        let parser = same_size(text, &place(5, 3, Next::Command("nvim".into())));
        assert_eq!(parser.screen().cursor_position(), (3, 0));
        assert_eq!(parser.screen().contents(), "$ ls\nfoo\n$ vim foo");
    }

    #[test]
    fn backgrounds_do_not_smear_and_go_on_after_the_line() {
        let place = place(3, 2, Next::New);
        let text = b"\x1b[41mred\nstill red\x1b[49m\n\n\n\n";
        let out = bytes(text, &place, place.size);
        assert!(out.find(b"\x1b[0m\r\n\x1b[41mstill").is_some());
        let parser = same_size(text, &place);
        let right = parser.screen().cell(0, 19).unwrap();
        assert_eq!(right.bgcolor(), vt100::Color::Default);
    }

    #[test]
    fn another_size_wraps_anew_and_scrolls_nothing_away() {
        let saved = place(10, 2, Next::Prompt);
        let narrow = Size {
            width: 8,
            height: 5,
        };
        let text = b"one            \n0123456789\n$ \n\n\n\n\n\n\n";
        let parser = shown(text, &saved, narrow);
        assert_eq!(parser.screen().contents(), "one\n0123456789");
        assert_eq!(parser.screen().cursor_position(), (3, 0));
    }

    #[test]
    fn spaces_with_a_background_stay_in_another_width() {
        let text = b"\x1b[44mab   \n";
        let wide = Size {
            width: 30,
            height: 2,
        };
        let parser = shown(text, &place(2, 1, Next::New), wide);
        assert_eq!(
            parser.screen().cell(0, 4).unwrap().bgcolor(),
            vt100::Color::Idx(4)
        );
    }

    proptest! {
        #[test]
        fn nothing_but_text_and_colours_is_sent(
            text in proptest::collection::vec(any::<u8>(), 0..300),
            (height, cursor_y, cursor_x) in (1u16..10, 0u16..10, 0u16..50),
            (width, now) in (1u16..40, 1u16..10),
            next in 0..3,
        ) {
            let next = [Next::Prompt, Next::Command("a".into()), Next::New][next as usize].clone();
            let mut place = place(height, cursor_y, next);
            place.screen.cursor_x = cursor_x;
            let out = bytes(&text, &place, Size { width, height: now });
            let own = out.strip_prefix(LINE_DRAWING_ON).unwrap();
            let end = own.rfind(PLAIN_AGAIN).unwrap();
            let body: Vec<u8> = own[..end].iter().copied().filter(|byte| *byte != b'\r').collect();
            prop_assert_eq!(ansi::sanitised(&body), body);
        }
    }
}
