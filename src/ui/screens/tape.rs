//! The tape: the list of snapshots, the selected one in its true geometry, what changed, the
//! slider.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::mouse::MouseTarget;
use crate::app::screens::tape::Tape;
use crate::app::words;
use crate::model::ansi::label;
use crate::ui::draw::{self, Drawn, Look, line, split_bottom, split_left, split_top};
use crate::ui::theme::Role;
use crate::ui::widgets::frame::Frame;

use super::{facts, list, timeline};

/// Columns of the list, of the list where there is room, and of the facts.
const LIST: u16 = 33;
const WIDE_LIST: u16 = 40;
const FACTS: u16 = 34;
/// From these widths on there is a list, a wide list with a framed drawing, and the facts.
const TWO_COLUMNS: u16 = 72;
const WIDE: u16 = 110;
const THREE_COLUMNS: u16 = 140;

/// Draws the screen.
pub(crate) fn draw(
    screen: &Tape,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let narrow = area.width < TWO_COLUMNS || area.height < 16;
    if narrow {
        return tiny(look, area, buf, drawn);
    }
    let rest = draw::header(look, area, buf, drawn);
    let [rest, slider] = split_bottom(rest, 3);
    let [rest, rule] = split_bottom(rest, 1);
    let across = format!(
        "├{}┤",
        "─".repeat(usize::from(rule.width.saturating_sub(2)))
    );
    line(&Line::from(look.span(Role::Frame, across)), rule, 0, buf);
    timeline::slider(look, slider, buf, drawn);
    if screen.is_zoomed() {
        return snapshot(look, rest, false, buf, drawn);
    }
    let wide = rest.width >= WIDE;
    let [left, mut right] = split_left(rest, if wide { WIDE_LIST } else { LIST });
    the_list(screen, look, left, buf, drawn);
    if rest.width >= THREE_COLUMNS {
        let [middle, third] = split_left(right, right.width - FACTS);
        right = middle;
        facts::draw(look, third, buf);
    }
    snapshot(look, right, wide, buf, drawn);
}

fn the_list(screen: &Tape, look: &Look<'_>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let shared = look.shared;
    let filter = match &shared.filter {
        Some(name) => format!("only {}", label(name)),
        None => "all sessions".to_owned(),
    };
    let cursor = screen.cursor(shared);
    let total = shared.library.entries().len();
    let here = shared.at.and_then(|id| shared.library.position(id));
    let foot = match here {
        Some(here) => format!("{}/{}", words::number(here + 1), words::number(total)),
        None => String::new(),
    };
    let more = if shared.library.is_complete() {
        ""
    } else {
        "+"
    };
    let inside = Frame {
        foot: &format!("{foot}{more}"),
        ..look.frame("Tape", &filter)
    }
    .draw(area, buf);
    drawn.target(inside, MouseTarget::List);
    let all = screen.rows().len();
    for (at, place) in drawn.list(cursor, all, inside, 1) {
        if let Some(row) = screen.rows().get(at) {
            list::row(look, row, cursor == Some(at), place, buf);
        }
    }
    if all == 0 {
        timeline::nothing(look, inside, buf);
    }
}

/// The selected snapshot: tabs and moment, and the drawing below them or within their frame.
fn snapshot(look: &Look<'_>, area: Rect, framed: bool, buf: &mut Buffer, drawn: &mut Drawn) {
    let shared = look.shared;
    let Some(entry) = shared.entry() else {
        return timeline::nothing(look, area, buf);
    };
    let moment = timeline::moment(look, entry);
    let width = u16::try_from(moment.width()).unwrap_or(0);
    let inside = if framed {
        Frame {
            line: look.style(Role::Frame),
            ..Frame::default()
        }
        .draw(area, buf)
    } else {
        split_top(area, 1)[1]
    };
    let edge = u16::from(framed);
    let top = Rect {
        x: area.x + edge,
        width: area.width.saturating_sub(2 * edge),
        height: 1,
        ..area
    };
    let left = top.width.saturating_sub(width + 2);
    line(&moment, top, left + 2, buf);
    if framed {
        line(&Line::raw(" "), top, left + 1, buf);
    }
    let Some(seen) = shared.seen() else {
        return timeline::nothing(look, inside, buf);
    };
    if let Some(shown) = shared.focus.tab_of(&seen.snapshot.state) {
        let room = Rect { width: left, ..top };
        timeline::tabs(look, shown, room, buf, drawn);
    }
    timeline::thumb(look, seen, false, inside, buf, drawn);
}

/// One pane, one line above it, the slider below it.
fn tiny(look: &Look<'_>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let shared = look.shared;
    let [top, rest] = split_top(area, 1);
    let [middle, slider] = split_bottom(rest, 3);
    timeline::slider(look, slider, buf, drawn);
    let Some(entry) = shared.entry() else {
        draw::header(look, area, buf, drawn);
        return timeline::nothing(look, middle, buf);
    };
    let time = words::clock(entry.time, &shared.zone);
    line(
        &Line::from(look.span(Role::Marker, format!(" {time}"))),
        top,
        0,
        buf,
    );
    let signs = list::signs(look, entry.changes);
    let signs = Line::from(draw::short_recorder(look, signs));
    let width = u16::try_from(signs.width()).unwrap_or(0) + 3;
    let right = top.width.saturating_sub(width);
    line(&signs, top, right, buf);
    line(
        &Line::from(look.span(Role::Dim, "?")),
        top,
        top.width.saturating_sub(2),
        buf,
    );
    let Some(seen) = shared.seen() else {
        return timeline::nothing(look, middle, buf);
    };
    if let Some((session, tab)) = shared.focus.tab_of(&seen.snapshot.state) {
        let words = format!(
            "{}:{} {}",
            label(&session.name),
            tab.index,
            label(&tab.name)
        );
        let room = Rect {
            width: right.saturating_sub(1),
            ..top
        };
        line(&Line::raw(words), room, 10, buf);
    }
    timeline::thumb(look, seen, area.width < TWO_COLUMNS, middle, buf, drawn);
}
