//! Two texts beside each other, or one below the other in a single column: line numbers, a sign for
//! what came and went, the words that differ, and folds. Only the lines that are seen are
//! formatted.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::screens::diff::text::{Cell, Compared, Line};
use crate::model::words::count;
use crate::ui::theme::{Role, Theme};

use super::text::{put, start, width};

/// Columns of a tab stop.
const TAB: usize = 8;

/// A comparison, drawn.
#[derive(Debug, Clone, Copy)]
pub struct SideBySide<'a> {
    /// What is compared.
    pub text: &'a Compared,
    /// What of it is shown.
    pub lines: &'a [Line],
    /// The first line that is seen.
    pub first: usize,
    /// The change that the user stands on.
    pub change: usize,
    /// Whether long lines go on below; otherwise they are cut.
    pub wrap: bool,
}

/// Which side of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// One line as it is written: its number, its sign, and pieces of text.
struct Written<'a> {
    number: String,
    sign: &'static str,
    pieces: Vec<(&'a str, bool)>,
    style: Style,
    words: Style,
    here: bool,
}

impl SideBySide<'_> {
    /// Draws both sides, each into its own column.
    pub fn draw(&self, left: Rect, right: Rect, buffer: &mut Buffer, theme: Theme<'_>) {
        let height = left.height.min(right.height);
        let mut y = 0;
        for line in self.lines.iter().skip(self.first) {
            if y >= height {
                break;
            }
            let [on_left, on_right] = [left, right].map(|side| below(side, y));
            y += match *line {
                Line::Fold { count, .. } => {
                    let words = same_lines(count);
                    self.fold(on_left, &format!("{words}   z: open"), buffer, theme);
                    self.fold(on_right, &words, buffer, theme)
                }
                Line::Pair(at) => {
                    let on_left = self.side(at, Side::Left, on_left, buffer, theme);
                    let on_right = self.side(at, Side::Right, on_right, buffer, theme);
                    on_left.max(on_right).max(1)
                }
            };
        }
    }

    /// Draws both sides in one column: of a line that differs, first what went, then what came.
    pub fn draw_inline(&self, area: Rect, buffer: &mut Buffer, theme: Theme<'_>) {
        let mut y = 0;
        for line in self.lines.iter().skip(self.first) {
            if y >= area.height {
                break;
            }
            match *line {
                Line::Fold { count, .. } => {
                    let words = format!("{}   z: open", same_lines(count));
                    y += self.fold(below(area, y), &words, buffer, theme);
                }
                Line::Pair(at) => {
                    let same = self.text.pairs.get(at).is_none_or(|pair| pair.same);
                    if !same {
                        y += self.side(at, Side::Left, below(area, y), buffer, theme);
                    }
                    y += self.side(at, Side::Right, below(area, y), buffer, theme);
                }
            }
        }
    }

    fn fold(&self, area: Rect, words: &str, buffer: &mut Buffer, theme: Theme<'_>) -> u16 {
        let x = area.x + self.gutter().min(area.width);
        put(buffer, area, x, area.y, words, theme.style(Role::Dim));
        1
    }

    /// Columns before the text: a mark, the number, a blank, the sign.
    fn gutter(&self) -> u16 {
        let text = self.text;
        let last = (text.left.len() + text.left_before).max(text.right.len() + text.right_before);
        width(&last.to_string()).max(3) + 3
    }

    /// Draws one side of a pair; how many lines it took.
    fn side(
        &self,
        at: usize,
        side: Side,
        area: Rect,
        buffer: &mut Buffer,
        theme: Theme<'_>,
    ) -> u16 {
        let Some(pair) = self.text.pairs.get(at) else {
            return 0;
        };
        let (cell, lines, before) = match side {
            Side::Left => (&pair.left, &self.text.left, self.text.left_before),
            Side::Right => (&pair.right, &self.text.right, self.text.right_before),
        };
        let Some(cell) = cell else {
            return 0;
        };
        let line = lines.get(cell.line).map_or("", String::as_str);
        let (sign, role, words) = match (pair.same, side) {
            (true, _) => (" ", Role::Text, Role::Text),
            (false, Side::Left) => ("-", Role::Removed, Role::RemovedWord),
            (false, Side::Right) => ("+", Role::Added, Role::AddedWord),
        };
        let here = self.text.changes.get(self.change);
        let written = Written {
            number: (cell.line + before + 1).to_string(),
            sign,
            pieces: pieces(line, cell),
            style: theme.style(role),
            words: theme.style(words),
            here: !pair.same && here.is_some_and(|change| change.contains(&at)),
        };
        self.write(&written, area, buffer, theme)
    }

    fn write(&self, line: &Written<'_>, area: Rect, buffer: &mut Buffer, theme: Theme<'_>) -> u16 {
        let gutter = self.gutter();
        if area.is_empty() {
            return 1;
        }
        if line.here {
            put(buffer, area, area.x, area.y, "▌", theme.style(Role::Marker));
        }
        let number_at = area.x + gutter.saturating_sub(2 + width(&line.number));
        put(
            buffer,
            area,
            number_at,
            area.y,
            &line.number,
            theme.style(Role::Dim),
        );
        let from = area.x + gutter;
        put(buffer, area, from - 1, area.y, line.sign, line.style);
        if from >= area.right() {
            return 1;
        }
        let (mut x, mut y, mut column) = (from, area.y, 0);
        for (piece, differs) in &line.pieces {
            let style = if *differs { line.words } else { line.style };
            let spread = without_tabs(piece, &mut column);
            let mut rest = spread.as_str();
            while !rest.is_empty() {
                let part = start(rest, area.right() - x);
                if part.is_empty() && x == from {
                    break;
                }
                x = put(buffer, area, x, y, part, style);
                rest = rest.get(part.len()..).unwrap_or("");
                if rest.is_empty() {
                    break;
                }
                if !self.wrap || y + 1 >= area.bottom() {
                    put(
                        buffer,
                        area,
                        area.right() - 1,
                        y,
                        "…",
                        theme.style(Role::Dim),
                    );
                    return y + 1 - area.y;
                }
                (x, y) = (from, y + 1);
            }
        }
        y + 1 - area.y
    }
}

/// The part of an area that starts `lines` below its top.
fn below(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect {
        y: area.y + lines,
        height: area.height - lines,
        ..area
    }
}

/// A line cut where it begins and ends to differ. A line without spans differs, or not, as a whole.
fn pieces<'a>(line: &'a str, cell: &Cell) -> Vec<(&'a str, bool)> {
    let mut found = Vec::with_capacity(cell.spans.len() * 2 + 1);
    let mut at = 0;
    for (from, to) in &cell.spans {
        found.push((line.get(at..*from).unwrap_or(""), false));
        found.push((line.get(*from..*to).unwrap_or(""), true));
        at = *to;
    }
    found.push((line.get(at..).unwrap_or(""), false));
    found
}

/// The text with tabs as blanks; `column` is where it starts, and then where it ends.
fn without_tabs(text: &str, column: &mut usize) -> String {
    let mut spread = String::with_capacity(text.len());
    for (at, part) in text.split('\t').enumerate() {
        if at > 0 {
            let blanks = TAB - *column % TAB;
            spread.extend(std::iter::repeat_n(' ', blanks));
            *column += blanks;
        }
        spread.push_str(part);
        *column += usize::from(width(part));
    }
    spread
}

fn same_lines(number: usize) -> String {
    format!("⋯ {}", count(number as u64, "same line"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::contents::Contents;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn compared(a: &str, b: &str) -> Compared {
        let contents = |text: &str| Contents {
            main: text.into(),
            alternate: None,
        };
        Compared::new(Some(&contents(a)), Some(&contents(b)), false)
    }

    fn drawn(text: &Compared, columns: u16, rows: u16, wrap: bool, inline: bool) -> Buffer {
        let lines = text.lines(1, &BTreeSet::new(), false);
        let view = SideBySide {
            text,
            lines: &lines,
            first: 0,
            change: 0,
            wrap,
        };
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        let dark = crate::ui::testing::dark();
        let theme = Theme::new(&dark);
        if inline {
            view.draw_inline(buffer.area, &mut buffer, theme);
        } else {
            let half = columns / 2;
            let (left, right) = (
                Rect::new(0, 0, half, rows),
                Rect::new(half, 0, columns - half, rows),
            );
            view.draw(left, right, &mut buffer, theme);
        }
        buffer
    }

    fn lines(buffer: &Buffer) -> Vec<String> {
        let rows = buffer.content.chunks(usize::from(buffer.area.width).max(1));
        rows.map(|row| {
            let row: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
            row.trim_end().to_owned()
        })
        .collect()
    }

    #[test]
    fn both_sides_have_numbers_signs_and_folds() {
        let text = compared("1\n2\n3\n4\nsize 8\nend", "1\n2\n3\n4\nsize 32\nmore\nend");
        assert_eq!(
            lines(&drawn(&text, 60, 5, false, false)),
            [
                "      ⋯ 3 same lines   z: open      ⋯ 3 same lines",
                "   4  4                          4  4",
                "▌  5 -size 8                  ▌  5 +size 32",
                "                              ▌  6 +more",
                "   6  end                        7  end",
            ]
        );
        assert_eq!(
            lines(&drawn(&text, 20, 6, false, true)),
            [
                "      ⋯ 3 same line…",
                "   4  4",
                "▌  5 -size 8",
                "▌  5 +size 32",
                "▌  6 +more",
                "   7  end",
            ]
        );
    }

    #[test]
    fn long_lines_are_cut_or_go_on_below() {
        let text = compared("", "a\tlong line of words\n日本語日本語");
        assert_eq!(
            lines(&drawn(&text, 20, 3, false, true)),
            ["▌  1 +a       long …", "▌  2 +日 本 語 日 本 語", ""]
        );
        let wrapped = lines(&drawn(&text, 18, 6, true, true));
        assert_eq!(
            wrapped[..3],
            ["▌  1 +a       long", "       line of wor", "      ds"]
        );
    }

    #[test]
    fn the_words_that_differ_stand_out() {
        let text = compared("pool size 8 now", "pool size 32 now");
        let buffer = drawn(&text, 40, 1, false, true);
        let dark = crate::ui::testing::dark();
        let theme = Theme::new(&dark);
        let style = |x: u16| buffer.cell((x, 0)).unwrap().style();
        let word = theme.style(Role::RemovedWord);
        assert_eq!(style(16).bg, word.bg);
        assert_ne!(style(6).bg, word.bg);
        assert_eq!(buffer.cell((16, 0)).unwrap().symbol(), "8");
    }

    proptest! {
        #[test]
        fn any_texts_draw_at_any_size(
            a in "([a-c日\t\u{301} ]{0,30}\n){0,12}",
            b in "([a-c日\t\u{301} ]{0,30}\n){0,12}",
            (columns, rows) in (0u16..70, 0u16..20),
            (wrap, inline) in any::<(bool, bool)>(),
        ) {
            drawn(&compared(&a, &b), columns, rows, wrap, inline);
        }
    }
}
