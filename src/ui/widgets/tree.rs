//! A list in the form of a tree: rows with a sign, a name, and columns beside it. Only the rows
//! that are seen are drawn.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::text::{fit, put, width};
use crate::ui::theme::{Role, Theme};

/// A row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// How deep it stands.
    pub depth: u16,
    /// The sign before the name: `▾`, `~`, `[x]`.
    pub sign: String,
    /// Style of the sign.
    pub sign_style: Style,
    /// The name.
    pub name: String,
    /// Style of the name and of what stands beside it.
    pub style: Style,
    /// What is said of it, in a column of its own.
    pub detail: String,
    /// What stands in the last column.
    pub note: String,
    /// Style of the last column.
    pub note_style: Style,
}

/// A list of rows.
#[derive(Debug, Clone, Copy)]
pub struct Tree<'a> {
    /// All the rows.
    pub rows: &'a [Row],
    /// The chosen one.
    pub selected: Option<usize>,
    /// Columns of the last column; 0 where there is none.
    pub note_width: u16,
}

impl Tree<'_> {
    /// Draws the rows that are `seen`, by their place in the list, each with its line in `area`.
    pub fn draw(&self, seen: &[(usize, Rect)], area: Rect, buffer: &mut Buffer, theme: Theme<'_>) {
        let area = area.intersection(buffer.area);
        let note_width = if area.width > self.note_width * 3 {
            self.note_width
        } else {
            0
        };
        let left = area.width - note_width;
        let detail_at = self.detail_column(seen).min(left * 3 / 5);
        for (at, line) in seen {
            let Some(row) = self.rows.get(*at) else {
                continue;
            };
            let chosen = self.selected == Some(*at);
            let names = Rect::new(line.x, line.y, left, 1);
            let mut x = line.x + (row.depth * 2).min(left / 2);
            if chosen {
                put(
                    buffer,
                    names,
                    x.saturating_sub(2).max(line.x),
                    line.y,
                    "▌",
                    theme.style(Role::FrameFocus),
                );
                x = x.max(line.x + 2).min(x + 2);
            }
            x = put(buffer, names, x, line.y, &row.sign, row.sign_style);
            x = if row.sign.is_empty() { x } else { x + 1 };
            let style = if chosen {
                row.style.patch(theme.style(Role::Title))
            } else {
                row.style
            };
            let detail_at = (line.x + detail_at).max(x);
            let room = if row.detail.is_empty() {
                names.right()
            } else {
                names.right().min(detail_at.saturating_sub(1))
            };
            let name = fit(&row.name, room.saturating_sub(x));
            let after = put(buffer, names, x, line.y, &name, style);
            let x = detail_at.max(after + 1);
            put(buffer, names, x, line.y, &row.detail, row.style);
            if note_width > 0 {
                let notes = Rect::new(names.right(), line.y, note_width, 1);
                put(buffer, notes, notes.x, line.y, &row.note, row.note_style);
            }
        }
    }

    /// The column at which details start: two after the longest name that is seen.
    fn detail_column(&self, seen: &[(usize, Rect)]) -> u16 {
        let rows = seen.iter().filter_map(|(at, _)| self.rows.get(*at));
        let end = |row: &Row| row.depth * 2 + width(&row.sign) + 1 + width(&row.name) + 2;
        let with_details = rows.filter(|row| !row.detail.is_empty());
        with_details.map(end).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::draw::visible;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_rows_draw_at_any_size(
            names in proptest::collection::vec((".{0,20}", ".{0,20}", 0u16..99), 0..20),
            (width, height, note_width, selected) in (0u16..60, 0u16..12, 0u16..20, 0usize..30),
        ) {
            let rows: Vec<Row> = names
                .into_iter()
                .map(|(name, detail, depth)| Row {
                    depth, sign: "[x]".into(), note: name.clone(), name, detail, ..Row::default()
                })
                .collect();
            let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
            let tree = Tree { rows: &rows, selected: Some(selected), note_width };
            let mut window = Default::default();
            let seen = visible(&mut window, tree.selected, rows.len(), buffer.area, 1);
            tree.draw(&seen, buffer.area, &mut buffer, Theme::new(&crate::ui::testing::dark()));
        }
    }
}
