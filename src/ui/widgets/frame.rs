//! Frames around panels and panes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::text::{fit, put, width};

/// A frame: `┌ title ───── note ┐`, heavy (`┏━┓`) where it has the focus.
#[derive(Debug, Clone, Copy, Default)]
pub struct Frame<'a> {
    /// Stands at the upper left.
    pub title: &'a str,
    /// Stands at the upper right.
    pub note: &'a str,
    /// Stands at the lower right.
    pub foot: &'a str,
    /// Whether it is drawn with heavy lines.
    pub heavy: bool,
    /// Style of the lines.
    pub line: Style,
    /// Style of the title.
    pub title_style: Style,
    /// Style of the notes.
    pub note_style: Style,
}

impl Frame<'_> {
    /// Draws the frame and returns what is inside; blanks the inside. Where `area` has no room for
    /// a frame nothing is drawn, and the inside is empty.
    pub fn draw(&self, area: Rect, buffer: &mut Buffer) -> Rect {
        let area = area.intersection(buffer.area);
        if area.width < 2 || area.height < 2 {
            return Rect::new(area.x, area.y, 0, 0);
        }
        let [across, down, left_top, right_top, left_bottom, right_bottom] = if self.heavy {
            ["━", "┃", "┏", "┓", "┗", "┛"]
        } else {
            ["─", "│", "┌", "┐", "└", "┘"]
        };
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        for y in area.y..=bottom {
            for x in area.x..=right {
                let symbol = match (x == area.x, x == right, y == area.y, y == bottom) {
                    (true, _, true, _) => left_top,
                    (_, true, true, _) => right_top,
                    (true, _, _, true) => left_bottom,
                    (_, true, _, true) => right_bottom,
                    (true, ..) | (_, true, ..) => down,
                    (_, _, true, _) | (_, _, _, true) => across,
                    _ => " ",
                };
                if let Some(cell) = buffer.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_symbol(symbol).set_style(self.line);
                }
            }
        }
        self.words(area, buffer);
        let inside = Rect::new(area.x + 1, area.y + 1, area.width - 2, area.height - 2);
        buffer.set_style(inside, Style::reset());
        inside
    }

    fn words(&self, area: Rect, buffer: &mut Buffer) {
        // What stands in the line does not take its colour from it.
        let title_style = Style::reset().patch(self.title_style);
        let note_style = Style::reset().patch(self.note_style);
        let room = area.width - 2;
        let top = Rect::new(area.x + 1, area.y, room, 1);
        // A short note says what is to be known, and the title gives way to it; a long one gives
        // way.
        let note = width(self.note) + 2;
        let title = width(self.title) + 2;
        let fits = note + title <= room || note <= room / 2;
        let shows_note = !self.note.is_empty() && note < room && fits;
        if shows_note {
            let text = format!(" {} ", self.note);
            put(buffer, top, top.right() - note, area.y, &text, note_style);
        }
        let left = if shows_note { room - note } else { room };
        if !self.title.is_empty() && left >= 4 {
            let text = format!(" {} ", fit(self.title, left - 2));
            put(buffer, top, top.x, area.y, &text, title_style);
        }
        let foot = width(self.foot) + 2;
        if !self.foot.is_empty() && foot < room {
            let bottom = Rect::new(area.x + 1, area.bottom() - 1, room, 1);
            let (text, x) = (format!(" {} ", self.foot), bottom.right() - foot);
            put(buffer, bottom, x, bottom.y, &text, note_style);
        }
    }
}
