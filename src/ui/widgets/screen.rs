//! Captured text as the cells of a terminal, and a small cache of them.
//!
//! Text is fed to an emulator of the pane's real size and only its cells are ever drawn, so that
//! nothing captured can act on the terminal that shows it. Only the last screenful is fed: what
//! came before it matters by its colours alone, and those are looked up by going back to the last
//! reset.

use std::num::NonZeroU16;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr;

use crate::model::ansi::{self, Token};
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::geometry::Size;

/// The widest and highest screens that are emulated; larger panes are drawn as if they were this
/// big.
const WIDEST: u16 = 2_000;
const HIGHEST: u16 = 500;
/// Bytes of text a cell at the most, for the bound of what is fed: a character with truecolour
/// foreground and background. A line longer than that many screens is cut.
const BYTES_PER_CELL: usize = 48;
/// Colour sequences that are gone back through at the most. Later ones override earlier ones, so
/// that of older ones hardly anything can be left; and a frame does not wait for them.
const SEQUENCES: usize = 4_096;
const ESC: u8 = 0x1b;
const SHIFT_OUT: u8 = 0x0e;
const SHIFT_IN: u8 = 0x0f;

/// The last screen of a pane, ready to be drawn from.
pub struct Screen {
    parser: vt100::Parser,
    /// Whether a full-screen program had it.
    alternate: bool,
    /// One past the last row with anything on it.
    used: u16,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen")
            .field("size", &self.size())
            .field("used", &self.used)
            .finish_non_exhaustive()
    }
}

impl Screen {
    /// The screen that a text leaves on a terminal of `size`.
    #[must_use]
    pub fn new(contents: &Contents, size: Size) -> Self {
        // Two columns at the least: a wide character has no place on fewer.
        let columns = size.width.clamp(2, WIDEST);
        let rows = size.height.clamp(1, HIGHEST);
        let (rows_, columns_) = (
            NonZeroU16::new(rows).unwrap_or(NonZeroU16::MIN),
            NonZeroU16::new(columns).unwrap_or(NonZeroU16::MIN),
        );
        let mut parser = vt100::Parser::new(rows_, columns_, 0);
        parser.process(&feed(contents.visible(), rows, columns));
        let used = (0..rows)
            .rev()
            .find(|row| (0..columns).any(|column| is_used(parser.screen(), *row, column)))
            .map_or(0, |row| row + 1);
        Self {
            parser,
            alternate: contents.alternate.is_some(),
            used,
        }
    }

    /// Columns and rows.
    #[must_use]
    pub fn size(&self) -> Size {
        let (rows, columns) = self.parser.screen().size();
        Size {
            width: columns.get(),
            height: rows.get(),
        }
    }

    /// Draws what fits. Of a shell, the end of what it said; of a full-screen program, its first
    /// rows and, below them, its last one, where such programs have their status line. `colour`:
    /// whether the colours are drawn too; bold, underlined and reversed always are.
    pub fn draw(&self, area: Rect, buffer: &mut Buffer, colour: bool) {
        let area = area.intersection(buffer.area);
        for line in 0..area.height {
            let Some(row) = self.row_at(line, area.height) else {
                continue;
            };
            self.draw_row(
                row,
                Rect::new(area.x, area.y + line, area.width, 1),
                buffer,
                colour,
            );
        }
    }

    /// The row that is shown on a line of a drawing that is `height` lines high.
    fn row_at(&self, line: u16, height: u16) -> Option<u16> {
        let row = if self.used <= height {
            line
        } else if !self.alternate {
            self.used - height + line
        } else if line + 1 == height {
            self.used - 1
        } else {
            line
        };
        (row < self.used).then_some(row)
    }

    fn draw_row(&self, row: u16, area: Rect, buffer: &mut Buffer, colour: bool) {
        let screen = self.parser.screen();
        for column in 0..area.width {
            let Some(from) = screen.cell(row, column) else {
                break;
            };
            if from.is_wide_continuation() {
                continue;
            }
            let room = if from.is_wide() { 2 } else { 1 };
            let style = style_of(from, colour);
            for extra in 0..room.min(area.width - column) {
                if let Some(to) = buffer.cell_mut((area.x + column + extra, area.y)) {
                    *to = Cell::EMPTY;
                    to.set_style(style);
                }
            }
            // Half a wide character at the right edge stays a blank.
            if column + room <= area.width
                && let Some(to) = buffer.cell_mut((area.x + column, area.y))
            {
                to.set_symbol(symbol_of(from, room));
            }
        }
    }

    /// Draws a map of the screen: two rows of it in every line, a block where there is text.
    pub fn draw_map(&self, area: Rect, buffer: &mut Buffer, style: Style) {
        let area = area.intersection(buffer.area);
        let size = self.size();
        let (halves, columns) = (u32::from(area.height) * 2, u32::from(area.width));
        let filled = |half: u32, column: u32| {
            let span = |at: u32, of: u32, len: u16| {
                let (of, len) = (of.max(1), u32::from(len));
                (at * len / of)..((at + 1) * len / of).max(at * len / of + 1)
            };
            span(half, halves, size.height).any(|row| {
                span(column, columns, size.width).any(|column| {
                    let at = u16::try_from(row).ok().zip(u16::try_from(column).ok());
                    at.is_some_and(|(row, column)| is_used(self.parser.screen(), row, column))
                })
            })
        };
        for line in 0..area.height {
            for column in 0..area.width {
                let (half, x) = (u32::from(line) * 2, u32::from(column));
                let symbol = match (filled(half, x), filled(half + 1, x)) {
                    (true, true) => "█",
                    (true, false) => "▀",
                    (false, true) => "▄",
                    (false, false) => " ",
                };
                if let Some(cell) = buffer.cell_mut((area.x + column, area.y + line)) {
                    cell.set_symbol(symbol).set_style(style);
                }
            }
        }
    }
}

fn is_used(screen: &vt100::Screen, row: u16, column: u16) -> bool {
    screen.cell(row, column).is_some_and(|cell| {
        !matches!(cell.contents(), "" | " ")
            || cell.bgcolor() != vt100::Color::Default
            || cell.inverse()
    })
}

/// The text of a cell, where it takes exactly the room that the emulator gave it.
fn symbol_of(cell: &vt100::Cell, room: u16) -> &str {
    let text = cell.contents();
    match text.width() {
        0 => " ",
        width if width == usize::from(room) => text,
        _ => "\u{fffd}",
    }
}

fn style_of(cell: &vt100::Cell, coloured: bool) -> Style {
    let modifiers = [
        (cell.bold(), Modifier::BOLD),
        (cell.dim(), Modifier::DIM),
        (cell.italic(), Modifier::ITALIC),
        (cell.underline(), Modifier::UNDERLINED),
        (cell.inverse(), Modifier::REVERSED),
    ];
    let modifier = modifiers
        .into_iter()
        .filter(|(on, _)| *on)
        .fold(Modifier::empty(), |all, (_, one)| all | one);
    let style = Style::new().add_modifier(modifier);
    if coloured {
        style.fg(colour(cell.fgcolor())).bg(colour(cell.bgcolor()))
    } else {
        style
    }
}

/// The first sixteen colours by their names, so that a terminal with no more of them has them
/// right.
fn colour(colour: vt100::Color) -> Color {
    const NAMED: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    match colour {
        vt100::Color::Default => Color::Reset,
        vt100::Color::Idx(index) => NAMED
            .get(usize::from(index))
            .copied()
            .unwrap_or(Color::Indexed(index)),
        vt100::Color::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
    }
}

/// What is fed to the emulator: the state that the text before left behind, and the last screenful.
fn feed(text: &[u8], rows: u16, columns: u16) -> Vec<u8> {
    let from = memchr::memrchr_iter(b'\n', text)
        .nth(usize::from(rows).saturating_sub(1))
        .map_or(0, |newline| newline + 1);
    let most = usize::from(rows) * usize::from(columns) * BYTES_PER_CELL;
    let from = from.max(text.len().saturating_sub(most));
    let (before, last) = text.split_at_checked(from).unwrap_or((&[], text));
    let mut raw = colours_after(before);
    raw.extend_from_slice(last);
    let shown = ansi::coloured(&raw);
    let mut fed = Vec::with_capacity(shown.len() + usize::from(rows));
    for (at, line) in shown.split('\n').enumerate() {
        if at > 0 {
            fed.extend_from_slice(b"\r\n");
        }
        fed.extend_from_slice(line.as_bytes());
    }
    fed
}

/// The sequences that bring a terminal into the state that `text` leaves: every colour since the
/// last reset (or the last [`SEQUENCES`] of them), and whether line drawing is on.
fn colours_after(text: &[u8]) -> Vec<u8> {
    let sgr = |at: usize| match ansi::tokens(text.get(at..).unwrap_or(&[])).next() {
        Some(Token::Sgr(params)) => Some(params),
        _ => None,
    };
    let is_reset = |params: &[u8]| matches!(params, [] | [b'0'] | [b'0', b';', ..]);
    let mut from = text.len();
    for at in memchr::memrchr_iter(ESC, text).take(SEQUENCES) {
        from = at;
        if sgr(at).is_some_and(is_reset) {
            break;
        }
    }
    let mut state = Vec::new();
    for at in memchr::memchr_iter(ESC, text.get(from..).unwrap_or(&[])) {
        if let Some(params) = sgr(from + at) {
            state.extend_from_slice(b"\x1b[");
            state.extend_from_slice(params);
            state.push(b'm');
        }
    }
    let shift = memchr::memrchr2(SHIFT_OUT, SHIFT_IN, text).and_then(|at| text.get(at));
    if shift == Some(&SHIFT_OUT) {
        state.push(SHIFT_OUT);
    }
    state
}

/// The screens drawn last, by text and size. Scrubbing shows the same panes again and again, and
/// parsing is what costs.
#[derive(Debug)]
pub struct Screens {
    /// The one used last at the end.
    entries: Vec<(Digest, Size, Screen)>,
    /// Cells of all entries.
    cells: usize,
    /// Cells kept at the most (about 32 bytes each).
    most: usize,
}

impl Default for Screens {
    /// About eight megabytes: two dozen full screens.
    fn default() -> Self {
        Self::new(250_000)
    }
}

impl Screens {
    /// An empty cache that keeps up to `most` cells.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            entries: Vec::new(),
            cells: 0,
            most,
        }
    }

    /// The screen of a text at a size; `digest` is the text's own.
    pub fn get(&mut self, digest: Digest, contents: &Contents, size: Size) -> Option<&Screen> {
        let known = self
            .entries
            .iter()
            .rposition(|(text, at, _)| *text == digest && *at == size);
        let entry = match known {
            Some(at) => self.entries.remove(at),
            None => {
                let screen = Screen::new(contents, size);
                self.cells += cells(screen.size());
                (digest, size, screen)
            }
        };
        self.entries.push(entry);
        while self.cells > self.most && self.entries.len() > 1 {
            let (_, _, oldest) = self.entries.remove(0);
            self.cells = self.cells.saturating_sub(cells(oldest.size()));
        }
        self.entries.last().map(|(_, _, screen)| screen)
    }
}

fn cells(size: Size) -> usize {
    usize::from(size.width) * usize::from(size.height)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &[u8], size: (u16, u16), area: (u16, u16)) -> Vec<String> {
        let contents = Contents {
            main: text.into(),
            alternate: None,
        };
        lines(&draw(&contents, size, area))
    }

    fn draw(contents: &Contents, (width, height): (u16, u16), area: (u16, u16)) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, area.0, area.1));
        Screen::new(contents, Size { width, height }).draw(buffer.area, &mut buffer, true);
        buffer
    }

    fn lines(buffer: &Buffer) -> Vec<String> {
        let width = usize::from(buffer.area.width).max(1);
        let row = |row: &[Cell]| {
            let text: String = row.iter().map(Cell::symbol).collect();
            text.trim_end().to_owned()
        };
        buffer.content.chunks(width).map(row).collect()
    }

    #[test]
    fn a_small_drawing_shows_the_end_of_what_a_shell_said() {
        assert_eq!(shown(b"1\n2\n3\n4\n\n", (9, 6), (3, 2)), ["3", "4"]);
        assert_eq!(shown(b"old\n1\n2\n3", (9, 3), (3, 3)), ["1", "2", "3"]);
    }

    #[test]
    fn a_small_drawing_of_a_full_screen_program_keeps_its_status_line() {
        let contents = Contents {
            main: "shell".into(),
            alternate: Some("a\nb\nc\nd\nstatus".into()),
        };
        let drawn = draw(&contents, (9, 5), (6, 3));
        assert_eq!(lines(&drawn), ["a", "b", "status"]);
    }

    #[test]
    fn colours_and_line_drawing_set_before_the_last_screen_still_hold_on_it() {
        let contents = Contents {
            main: "\x1b[0;32m\x0ehistory\x1b[1m\nq\nx".into(),
            alternate: None,
        };
        let drawn = draw(&contents, (4, 2), (4, 2));
        let first = drawn.cell((0, 0)).unwrap();
        assert_eq!(first.symbol(), "─");
        assert_eq!(first.fg, Color::Green);
        assert!(first.modifier.contains(Modifier::BOLD));
    }

    #[test]
    fn wide_characters_and_marks_keep_their_cells() {
        assert_eq!(shown("日本語x".as_bytes(), (9, 1), (9, 1)), ["日 本 語 x"]);
        assert_eq!(shown("日本語".as_bytes(), (9, 1), (3, 1)), ["日"]);
        assert_eq!(shown("e\u{301}x".as_bytes(), (9, 1), (9, 1)), ["e\u{301}x"]);
    }

    #[test]
    fn what_is_used_again_is_kept_and_the_rest_goes() {
        let mut screens = Screens::new(30);
        let text = |text: &str| Contents {
            main: text.into(),
            alternate: None,
        };
        let size = Size {
            width: 10,
            height: 1,
        };
        for name in ["a", "b", "c", "a", "d"] {
            let contents = text(name);
            screens.get(contents.digest(), &contents, size).unwrap();
        }
        let kept: Vec<Digest> = screens.entries.iter().map(|(text, _, _)| *text).collect();
        assert_eq!(kept, ["c", "a", "d"].map(|name| text(name).digest()));
        assert_eq!(screens.cells, 30);
    }

    proptest! {
        #[test]
        fn any_bytes_draw_at_any_size(
            main: Vec<u8>,
            words in "[a日👩\u{200d}\u{fe0f}\u{301}\u{0}\u{9b}\t\r\n\u{1b}\\[0-9;m ]{0,200}",
            alternate: bool,
            size in (0u16..40, 0u16..20),
            area in (0u16..30, 0u16..20),
        ) {
            for text in [main, words.into_bytes()] {
                let contents = Contents {
                    alternate: alternate.then(|| text.clone().into()),
                    main: text.into(),
                };
                let buffer = draw(&contents, size, area);
                for cell in &buffer.content {
                    prop_assert!(!cell.symbol().chars().any(char::is_control));
                }
            }
        }

        #[test]
        fn the_end_alone_looks_like_the_whole(
            text in "([a-c ]{0,12}|\u{1b}\\[(0|1|31|44|0;32)m|日|\n|\u{e}q|\u{f}){0,80}",
            size in (2u16..12, 1u16..5),
        ) {
            let contents = Contents { main: text.clone().into(), alternate: None };
            let whole = {
                let mut parser = vt100::Parser::new(
                    NonZeroU16::new(size.1).unwrap(), NonZeroU16::new(size.0).unwrap(), 0);
                parser.process(ansi::coloured(text.as_bytes()).replace('\n', "\r\n").as_bytes());
                parser
            };
            let end = Screen::new(&contents, Size { width: size.0, height: size.1 });
            prop_assert_eq!(
                end.parser.screen().contents_formatted(),
                whole.screen().contents_formatted()
            );
        }
    }
}
