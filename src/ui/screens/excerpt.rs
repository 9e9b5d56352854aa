//! Parts of a captured text: each line on one row, in its colours, cut at the right edge.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::ansi;
use crate::model::composed::lowered;
use crate::model::contents::Contents;
use crate::model::geometry::Size;
use crate::ui::draw::Look;
use crate::ui::theme::Role;
use crate::ui::widgets::screen::Screen;

/// Lines before the first one that are looked through for colours that are still on.
const BEFORE: usize = 400;

/// The lines of a text: scrollback and screen, and a full-screen program's screen after them.
fn lines(text: &Contents) -> impl Iterator<Item = &[u8]> {
    let screen = text.alternate.as_ref().map(|screen| screen.as_slice());
    std::iter::once(text.main.as_slice())
        .chain(screen)
        .flat_map(|text| text.split(|byte| *byte == b'\n'))
}

/// Draws lines from `first` on, as many as fit.
pub(super) fn from(look: &Look<'_>, text: &Contents, first: usize, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let rows = usize::from(area.height);
    let start = first.saturating_sub(BEFORE);
    let fed: Vec<&[u8]> = lines(text).skip(start).take(first - start + rows).collect();
    let seen = fed.get(first - start..).unwrap_or(&[]);
    let widest = seen.iter().map(|line| line.len()).max().unwrap_or(0);
    let size = Size {
        // Wide enough that no line is wrapped: what is beyond the edge is cut.
        width: u16::try_from(widest).unwrap_or(u16::MAX).max(area.width),
        height: u16::try_from(seen.len()).unwrap_or(u16::MAX).max(1),
    };
    let shown = Contents {
        main: bstr::join("\n", &fed).into(),
        alternate: None,
    };
    let used = Rect {
        height: area.height.min(size.height),
        ..area
    };
    Screen::new(&shown, size).draw(used, buf, look.theme.has_colour());
}

/// Draws the lines around a hit, the hit in the middle, and marks the words that were searched for.
/// `near` is where the hit was said to be, `wanted` the line itself; without both, the end is
/// drawn.
pub(super) fn around(
    look: &Look<'_>,
    text: &Contents,
    near: Option<usize>,
    wanted: Option<&str>,
    query: &str,
    area: Rect,
    buf: &mut Buffer,
) {
    let all = crate::app::screens::detail::lines_of(text);
    let rows = usize::from(area.height);
    let is_it = |line: &[u8], wanted: &str| ansi::plain(line).contains(wanted.trim());
    let at = near.filter(|at| {
        wanted.is_none_or(|wanted| lines(text).nth(*at).is_some_and(|line| is_it(line, wanted)))
    });
    let at = at.or_else(|| {
        let wanted = wanted?;
        let found = lines(text)
            .enumerate()
            .filter(|(_, line)| is_it(line, wanted));
        found.last().map(|(at, _)| at)
    });
    let last = all.saturating_sub(rows);
    let first = at.map_or(last, |at| at.saturating_sub(rows / 2).min(last));
    from(look, text, first, area, buf);
    if let Some(row) = at.and_then(|at| u16::try_from(at - first).ok()) {
        mark(look, query, area, row, buf);
    }
}

/// Marks where a row has what was searched for; the whole row where that cannot be told.
fn mark(look: &Look<'_>, query: &str, area: Rect, row: u16, buf: &mut Buffer) {
    let y = area.y.saturating_add(row);
    if y >= area.bottom() {
        return;
    }
    let cells: Vec<(u16, String)> = (area.x..area.right())
        .filter_map(|x| Some((x, lowered(buf.cell((x, y))?.symbol()))))
        .collect();
    let style = look.style(Role::Match);
    let mut marked = false;
    for word in query.split_whitespace().map(lowered) {
        for start in 0..cells.len() {
            let mut rest = word.as_str();
            let mut end = start;
            while let Some((_, symbol)) = cells.get(end) {
                match rest.strip_prefix(symbol.as_str()) {
                    Some(left) if !symbol.is_empty() => rest = left,
                    _ => break,
                }
                end += 1;
                if rest.is_empty() {
                    break;
                }
            }
            if rest.is_empty() {
                marked = true;
                for (x, _) in cells.get(start..end).unwrap_or(&[]) {
                    if let Some(cell) = buf.cell_mut((*x, y)) {
                        cell.set_style(style);
                    }
                }
            }
        }
    }
    if !marked {
        buf.set_style(
            Rect {
                y,
                height: 1,
                ..area
            },
            style,
        );
    }
}
