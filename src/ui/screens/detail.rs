//! One tab of a snapshot, drawn large; or the full text of one of its panes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::library::Seen;
use crate::app::list::{Cursor, places};
use crate::app::screens::detail::{Detail, lines_of};
use crate::app::words;
use crate::model::ansi::label;
use crate::model::changes::command_words;
use crate::model::detail::Checkout;
use crate::ui::draw::{self, Drawn, Look, line, split_bottom, split_top};
use crate::ui::theme::Role;
use crate::ui::widgets::frame::Frame;
use crate::ui::widgets::text::put_right;
use crate::ui::widgets::thumb::pane_title;

use super::{excerpt, timeline};

/// Draws the screen.
pub(crate) fn draw(
    screen: &Detail,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let roomy = area.height >= 18;
    let rest = if roomy {
        draw::header(look, area, buf, drawn)
    } else {
        area
    };
    let shared = look.shared;
    let [rest, slider] = split_bottom(rest, 3);
    timeline::slider(look, slider, buf, drawn);
    let (Some(entry), Some(seen)) = (shared.entry(), shared.seen()) else {
        return timeline::nothing(look, rest, buf);
    };
    let shown = shared.focus.tab_of(&seen.snapshot.state);
    let session = shown.map(|(session, _)| label(&session.name));
    let [top, rest] = split_top(rest, 1);
    let mut crumbs = vec![
        look.span(Role::Dim, " ‹ Tape / "),
        look.span(Role::Marker, words::clock(entry.time, &shared.zone)),
        look.span(Role::Strong, format!(" {}", session.unwrap_or_default())),
    ];
    let hidden = seen.snapshot.meta.redactions.iter();
    let hidden: u64 = hidden.map(|rule| u64::from(rule.count)).sum();
    if hidden > 0 {
        let places = words::count(hidden, "place");
        crumbs.push(look.span(Role::Dim, format!("  secrets hidden in {places}")));
    }
    line(&Line::from(crumbs), top, 0, buf);
    let [rest, info] = if roomy {
        let [rest, below] = split_bottom(rest, 2);
        let [rule, info] = split_top(below, 1);
        let across = "─".repeat(usize::from(rule.width));
        line(&Line::from(look.span(Role::Frame, across)), rule, 0, buf);
        [rest, info]
    } else {
        [rest, Rect::default()]
    };
    pane_info(look, seen, info, buf);
    if let Some(full) = screen.full() {
        return full_text(look, seen, full, rest, buf, drawn);
    }
    let [bar, rest] = split_top(rest, 1);
    if let Some((session, tab)) = shown {
        timeline::tabs(look, (session, tab), bar, buf, drawn);
        let size = tab.size();
        let note = format!(
            "drawn {}×{} of {}×{} ",
            rest.width, rest.height, size.width, size.height
        );
        put_right(buf, top, top.y, &note, look.style(Role::Dim));
    }
    let single = rest.width < 60 || rest.height < 6;
    timeline::thumb(look, seen, single, rest, buf, drawn);
}

/// ` pane 1 · nvim src/main.rs · pid 41233 · cwd ~/src/api · 100×49 · 2 310 lines · git main`
fn pane_info(look: &Look<'_>, seen: &Seen, area: Rect, buf: &mut Buffer) {
    let shared = look.shared;
    let Some((_, _, pane)) = shared.focus.pane_of(&seen.snapshot.state) else {
        return;
    };
    let mut parts = vec![format!("pane {}", pane.index), command_words(pane)];
    parts.extend(
        pane.handle
            .and_then(|handle| Some(format!("pid {}", handle.pid?))),
    );
    parts.push(format!("cwd {}", words::path(&pane.cwd, &shared.home)));
    parts.push(format!("{}×{}", pane.rect.width, pane.rect.height));
    let lines = pane
        .contents
        .map(|text| words::count(text.lines.into(), "line"));
    parts.extend(lines);
    parts.extend(pane.detail.checkout.as_ref().map(branch));
    let words = parts.join(" · ");
    line(
        &Line::from(look.span(Role::Text, format!(" {words}"))),
        area,
        0,
        buf,
    );
}

/// What a working tree is on: `git main`, or the beginning of a commit.
fn branch(checkout: &Checkout) -> String {
    match &checkout.branch {
        Some(branch) => format!("git {}", label(branch)),
        None => format!("git {:.8}", label(&checkout.commit)),
    }
}

fn full_text(
    look: &Look<'_>,
    seen: &Seen,
    full: Cursor,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let shared = look.shared;
    let Some((_, _, pane)) = shared.focus.pane_of(&seen.snapshot.state) else {
        return;
    };
    let text = Detail::text(shared);
    let all = text.map_or(0, lines_of);
    let height = area.height.saturating_sub(2);
    let rows = usize::from(height);
    let first = full.within(places(all, rows));
    let title = pane_title(pane, Some(shared.home.as_slice()));
    let last = (first + rows).min(all);
    let foot = format!(
        "{}–{} of {}",
        first + 1,
        words::number(last),
        words::number(all)
    );
    let frame = Frame {
        foot: &foot,
        ..look.frame_of(&title, "full text", true)
    };
    let inside = frame.draw(area, buf);
    drawn.text(first, height, inside);
    match text {
        Some(text) => excerpt::from(look, text, first, inside, buf),
        None => timeline::nothing(look, inside, buf),
    }
}
