//! Two moments side by side.

mod layout;
mod structure;
#[cfg(test)]
mod tests;
mod texts;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::effect::Side;
use crate::app::screens::diff::Diff;
use crate::app::screens::diff::structure::tally;
use crate::app::shared::Shared;
use crate::app::words;
use crate::model::snapshot::ChangeCount;
use crate::ui::draw::{self, Drawn, Look, split_top};
use crate::ui::theme::Role;
use crate::ui::widgets::text::put;
use layout::layout;
use structure::structure;
use texts::texts;

/// From this width on the tree stands beside the texts, below it above them.
const BESIDE: u16 = 120;

/// Draws the screen.
pub(crate) fn draw(
    screen: &Diff,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let [top, rest] = split_top(area, 1);
    header(screen, look, top, buf, drawn);
    if let Some(failure) = &screen.failure {
        let style = look.style(Role::Error);
        put(
            buf,
            rest,
            rest.x + 1,
            rest.y,
            &format!("! {}", failure.message),
            style,
        );
        return;
    }
    if screen.comparison.is_none() {
        put(
            buf,
            rest,
            rest.x + 1,
            rest.y,
            "Comparing…",
            look.style(Role::Dim),
        );
        return;
    }
    let rest = if rest.width >= BESIDE {
        beside(screen, look, rest, buf, drawn)
    } else {
        above(screen, look, rest, buf, drawn)
    };
    texts(screen, look, rest, buf, drawn);
}

/// The tree, and the layouts below it, at the left; what is left for the texts.
fn beside(screen: &Diff, look: &Look<'_>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) -> Rect {
    let layouts = screen.show.layout_seen(look.shared.size);
    if !screen.show.tree && !layouts {
        return area;
    }
    let side = Rect {
        width: 42.min(area.width / 3),
        ..area
    };
    let layout_rows = match (screen.show.tree, layouts) {
        (true, true) => (area.height / 3).clamp(8, 15),
        (true, false) => 0,
        (false, _) => area.height,
    };
    let [upper, lower] = draw::split_bottom(side, layout_rows);
    if screen.show.tree {
        structure(screen, look, upper, buf, drawn);
    }
    if layouts {
        layout(screen, look, lower, buf, drawn);
    }
    Rect {
        x: area.x + side.width,
        width: area.width - side.width,
        ..area
    }
}

/// The tree, or the layouts in its place, above the texts; what is left for them.
fn above(screen: &Diff, look: &Look<'_>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) -> Rect {
    // Nine lines of text are worth more than a tree.
    let most = area.height.saturating_sub(9);
    let (rows, layouts) = if screen.show.layout_seen(look.shared.size) {
        (area.height / 2, true)
    } else if screen.show.tree {
        let rows = u16::try_from(screen.nodes.len()).unwrap_or(u16::MAX);
        (
            rows.saturating_add(2).min((area.height * 2 / 5).max(5)),
            false,
        )
    } else {
        (0, false)
    };
    let rows = rows.min(most);
    if rows < 3 {
        return area;
    }
    let [upper, rest] = split_top(area, rows);
    if layouts {
        layout(screen, look, upper, buf, drawn);
    } else {
        structure(screen, look, upper, buf, drawn);
    }
    rest
}

fn header(screen: &Diff, look: &Look<'_>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let roomy = area.width >= 60;
    let side = |side| side_words(side, look.shared, roomy);
    let sides = [
        look.span(Role::Title, if roomy { " Diff  " } else { " " }),
        look.span(Role::Strong, format!("A {}", side(screen.a))),
        look.span(Role::Dim, if roomy { "  ⇄  " } else { " ⇄ " }),
        look.span(Role::Strong, format!("B {}", side(screen.b))),
    ];
    let mut right: Vec<Span<'static>> = Vec::new();
    if screen.loading {
        right.push(look.span(Role::Dim, "comparing… "));
    } else if let Some(comparison) = &screen.comparison {
        let count = comparison.diff.count();
        for (word, role) in tally(count).split(' ').zip(roles(count)) {
            right.push(look.span(role, format!("{word} ")));
        }
        let changes = screen.text.changes.len();
        if changes > 0 {
            let word = if roomy { " change " } else { "" };
            let at = format!("{word}{}/{changes} ", screen.change + 1);
            right.push(look.span(Role::Dim, at));
        }
    }
    right.push(look.span(Role::Dim, if roomy { " ?:keys " } else { "? " }));
    let right = Line::from(right);
    let wide = u16::try_from(right.width()).unwrap_or(u16::MAX);
    draw::line(&Line::from(sides.to_vec()), area, 0, buf);
    let left = Line::from(sides.to_vec()).width();
    if usize::from(area.width) >= left + usize::from(wide) {
        draw::line(&right, area, area.width - wide, buf);
        let keys = Rect::new(area.right().saturating_sub(8), area.y, 8, 1);
        drawn.target(keys.intersection(area), draw::HELP);
    }
}

/// The roles of the parts of a tally, in its order.
fn roles(count: ChangeCount) -> impl Iterator<Item = Role> {
    let parts = [
        (count.added, Role::Added),
        (count.changed, Role::Changed),
        (count.removed, Role::Removed),
    ];
    parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(_, role)| role)
}

/// A side in words: `11:40:02 today`, `live`.
fn side_words(side: Side, shared: &Shared, with_day: bool) -> String {
    let id = match side {
        Side::Live => return "live".to_owned(),
        Side::Snapshot(id) => id,
    };
    let Some(entry) = shared.library.entry(id) else {
        return id.short();
    };
    let clock = words::clock(entry.time, &shared.zone);
    if !with_day {
        return clock;
    }
    let day = words::day(entry.time, shared.now, &shared.zone);
    let day = match day.as_str() {
        "Today" => "today".to_owned(),
        "Yesterday" => "yesterday".to_owned(),
        _ => day,
    };
    format!("{clock} {day}")
}
