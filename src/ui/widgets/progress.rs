//! How far something has come.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::{put, width};
use crate::ui::theme::{Role, Theme};

/// A bar with a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Steps done.
    pub done: usize,
    /// Steps in all.
    pub total: usize,
}

impl Progress {
    /// Draws the bar and, after it, the count: `██████▌       12/31`.
    pub fn draw(&self, line: Rect, buffer: &mut Buffer, theme: Theme<'_>) {
        let count = format!(" {}/{}", self.done.min(self.total), self.total);
        let columns = line.width.saturating_sub(width(&count));
        let eighths = usize::from(columns) * 8 * self.done.min(self.total) / self.total.max(1);
        for column in 0..columns {
            let filled = eighths.saturating_sub(usize::from(column) * 8);
            let (symbol, style) = match filled {
                0 => ("·", theme.style(Role::Dim)),
                filled => (part(filled), theme.style(Role::Good)),
            };
            put(buffer, line, line.x + column, line.y, symbol, style);
        }
        put(
            buffer,
            line,
            line.x + columns,
            line.y,
            &count,
            theme.style(Role::Title),
        );
    }
}

/// A block filled by so many eighths from the left.
fn part(eighths: usize) -> &'static str {
    const PARTS: [&str; 8] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];
    PARTS.get(eighths.clamp(1, 8) - 1).copied().unwrap_or("█")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_grows_by_eighths() {
        let drawn = |done, total| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 1));
            Progress { done, total }.draw(
                buffer.area,
                &mut buffer,
                Theme::new(&crate::ui::testing::dark()),
            );
            let cells = buffer.content.iter();
            cells.map(ratatui::buffer::Cell::symbol).collect::<String>()
        };
        assert_eq!(drawn(0, 4), "···· 0/4");
        assert_eq!(drawn(1, 4), "█··· 1/4");
        assert_eq!(drawn(3, 8), "█▌·· 3/8");
        assert_eq!(drawn(9, 4), "████ 4/4");
        assert_eq!(drawn(0, 0), "···· 0/0");
    }
}
