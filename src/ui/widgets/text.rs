//! Writing into a buffer: cut to the room there is, and never outside of it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The columns that a text takes.
#[must_use]
pub fn width(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// The text cut to `room` columns; what is cut is marked by `…`.
#[must_use]
pub fn fit(text: &str, room: u16) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut kept = start(text, room.saturating_sub(1)).to_owned();
    if room > 0 {
        kept.push('…');
    }
    kept
}

/// The text on as many lines of `room` columns as it needs, broken at blanks where there are any.
#[must_use]
pub fn broken(text: &str, room: u16) -> Vec<&str> {
    let (mut lines, mut rest) = (Vec::new(), text);
    while width(rest) > room {
        let fits = start(rest, room);
        let at = match fits.rfind(' ') {
            Some(blank) if blank > 0 => blank,
            _ => fits.len(),
        };
        // A room that holds not even one letter.
        if at == 0 {
            break;
        }
        let (line, later) = rest.split_at_checked(at).unwrap_or((rest, ""));
        lines.push(line);
        rest = later.trim_start();
    }
    lines.push(rest);
    lines
}

/// The start of a text, as much as `room` columns hold.
#[must_use]
pub fn start(text: &str, room: u16) -> &str {
    let mut taken = 0;
    for (at, c) in text.char_indices() {
        taken += c.width().unwrap_or(0);
        if taken > usize::from(room) {
            return text.get(..at).unwrap_or(text);
        }
    }
    text
}

/// The text cut or filled with blanks to exactly `room` columns.
#[must_use]
pub fn exactly(text: &str, room: u16) -> String {
    let mut cut = fit(text, room);
    let missing = room.saturating_sub(width(&cut));
    cut.extend(std::iter::repeat_n(' ', usize::from(missing)));
    cut
}

/// Writes a text at (`x`, `y`) as far as it lies in `area`, cut with `…`; returns the column after
/// it.
pub fn put(buffer: &mut Buffer, area: Rect, x: u16, y: u16, text: &str, style: Style) -> u16 {
    let area = area.intersection(buffer.area);
    if y < area.y || y >= area.bottom() || x < area.x || x >= area.right() {
        return x;
    }
    let room = area.right() - x;
    let (after, _) = buffer.set_stringn(x, y, fit(text, room), usize::from(room), style);
    after
}

/// Writes a text so that it ends at the right edge of `area`; returns the column where it starts.
pub fn put_right(buffer: &mut Buffer, area: Rect, y: u16, text: &str, style: Style) -> u16 {
    let x = area.right().saturating_sub(width(text)).max(area.x);
    put(buffer, area, x, y, text, style);
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_cut_is_marked() {
        assert_eq!(fit("abcdef", 6), "abcdef");
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(exactly("日本語", 4), "日… ");
        assert_eq!(fit("a", 0), "");
    }

    proptest! {
        #[test]
        fn nothing_is_written_outside(
            text: String,
            (x, y) in (0u16..12, 0u16..6),
            (left, top, wide, high) in (0u16..8, 0u16..4, 0u16..8, 0u16..4),
        ) {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 10, 5));
            let area = Rect::new(left, top, wide, high);
            put(&mut buffer, area, x, y, &text, Style::new());
            put_right(&mut buffer, area, y, &text, Style::new());
            for row in 0..5 {
                for column in 0..10 {
                    let inside = area.contains((column, row).into());
                    let blank = buffer.cell((column, row)).unwrap().symbol() == " ";
                    prop_assert!(inside || blank);
                }
            }
        }

        #[test]
        fn broken_text_fits_and_is_whole(text in "[a-z日 ]{0,40}", room in 2u16..20) {
            let lines = broken(&text, room);
            prop_assert!(lines.iter().all(|line| width(line) <= room));
            let letters = |text: &str| text.replace(' ', "");
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }

        #[test]
        fn exactly_is_exact(text in "[a-z日\u{301} ]{0,20}", room in 0u16..30) {
            prop_assert_eq!(width(&exactly(&text, room)), room);
        }
    }
}
