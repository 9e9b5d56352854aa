//! A box in the middle of the screen that asks or tells something.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::frame::Frame;
use crate::ui::theme::{Role, Theme};

/// A dialog.
#[derive(Debug, Clone)]
pub struct Dialog<'a> {
    /// The title.
    pub title: &'a str,
    /// Stands at the upper right.
    pub note: &'a str,
    /// What it says.
    pub lines: &'a [Line<'a>],
    /// What can be done, in the last line of the box; empty where nothing is asked.
    pub choices: Line<'a>,
    /// Columns at the most, the frame included.
    pub width: u16,
    /// Style of the frame and the title.
    pub style: Style,
}

impl Dialog<'_> {
    /// Draws it in the middle of `area`; returns where it is. With less room than it needs, what it
    /// says is cut from below, the choices never.
    pub fn draw(&self, area: Rect, buffer: &mut Buffer, theme: Theme<'_>) -> Rect {
        let area = area.intersection(buffer.area);
        let lines = u16::try_from(self.lines.len()).unwrap_or(u16::MAX);
        // Frame, a blank line at either end, and the choices with a blank line before them.
        let asks = u16::from(self.choices.width() > 0);
        let height = lines.saturating_add(4 + 2 * asks).min(area.height);
        let wide = self.width.min(area.width);
        let place = Rect::new(
            area.x + (area.width - wide) / 2,
            area.y + (area.height - height) / 2,
            wide,
            height,
        );
        let frame = Frame {
            title: self.title,
            note: self.note,
            heavy: true,
            line: self.style,
            title_style: self.style.patch(theme.style(Role::Title)),
            note_style: theme.style(Role::Dim),
            ..Frame::default()
        };
        let inside = frame.draw(place, buffer);
        if inside.is_empty() {
            return place;
        }
        let margin = if inside.width > 20 { 2 } else { 0 };
        let room = inside.width - margin * 2;
        let spare = inside.height.saturating_sub(lines.saturating_add(asks));
        let first = inside.y + u16::from(spare > 1 + asks);
        let last = inside.bottom() - asks;
        for (y, line) in (first..last).zip(self.lines) {
            buffer.set_line(inside.x + margin, y, line, room);
        }
        let choices = u16::try_from(self.choices.width()).unwrap_or(u16::MAX);
        let x = inside.x + margin + room.saturating_sub(choices) / 2;
        let room = inside.right().saturating_sub(x);
        buffer.set_line(
            x,
            last.saturating_sub(u16::from(spare >= 4)),
            &self.choices,
            room,
        );
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_dialog_draws_at_any_size_and_never_hides_its_choices(
            texts in proptest::collection::vec(".{0,40}", 0..20),
            (width, height, wide) in (0u16..90, 0u16..30, 0u16..90),
        ) {
            let lines: Vec<Line<'_>> = texts.iter().map(|text| Line::raw(text.as_str())).collect();
            let dialog = Dialog {
                title: "Restore",
                note: "",
                lines: &lines,
                choices: Line::raw("No"),
                width: wide,
                style: Style::new(),
            };
            let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
            dialog.draw(buffer.area, &mut buffer, Theme::new(&crate::ui::testing::dark()));
            if width.min(wide) >= 12 && height >= 3 {
                let all: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
                prop_assert!(all.contains("No"));
            }
        }
    }
}
