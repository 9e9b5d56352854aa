//! What a pane showed, on both sides.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::side_words;
use crate::app::effect::Side;
use crate::app::screens::diff::Diff;
use crate::model::target::Target;
use crate::model::tree::Pane;
use crate::ui::draw::{Drawn, Look};
use crate::ui::theme::Role;
use crate::ui::widgets::sidebyside::SideBySide;
use crate::ui::widgets::text::put;

/// Draws the texts.
pub(super) fn texts(
    screen: &Diff,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let two = !screen.show.inline_seen(look.shared.size);
    let frame = |title: &str, area: Rect, buf: &mut Buffer| look.frame(title, "").draw(area, buf);
    let both = screen.pane().cloned().unwrap_or_default();
    let title = |sign: &str, side: Side, pane: &Option<(Target, Pane)>| match pane {
        Some((at, _)) => format!("{sign} {}  {at}", side_words(side, look.shared, false)),
        None if screen.pane().is_none() => {
            format!("{sign} {}", side_words(side, look.shared, false))
        }
        None => format!("{sign} {}  not there", side_words(side, look.shared, false)),
    };
    let height = area.height.saturating_sub(2);
    let last = screen.last_first(usize::from(height), look.shared.size);
    let first = screen.first.within(last + 1);
    let view = SideBySide {
        text: &screen.text,
        lines: &screen.lines,
        first,
        change: screen.change,
        wrap: screen.show.wrap,
    };
    let left_title = title("A", screen.a, &both.a);
    let right_title = title("B", screen.b, &both.b);
    let inside = if two {
        let half = area.width / 2;
        let left = frame(
            &left_title,
            Rect {
                width: half,
                ..area
            },
            buf,
        );
        let right = Rect {
            x: area.x + half,
            width: area.width - half,
            ..area
        };
        let right = frame(&right_title, right, buf);
        view.draw(left, right, buf, look.theme);
        left
    } else {
        let sides = [screen.a, screen.b].map(|side| side_words(side, look.shared, false));
        let place = both.b.as_ref().or(both.a.as_ref());
        let place = place.map_or_else(String::new, |(at, _)| format!("{at}  "));
        let [a, b] = sides;
        let inside = frame(&format!("{place}A {a} → B {b}"), area, buf);
        view.draw_inline(inside, buf, look.theme);
        inside
    };
    note(screen, look, inside, buf);
    drawn.text(first, height, area);
}

/// What there is to say where the texts say nothing.
fn note(screen: &Diff, look: &Look<'_>, inside: Rect, buf: &mut Buffer) {
    let words = match screen.pane() {
        None if screen.nodes.is_empty() => "Both sides are the same",
        None if screen.nodes.iter().all(|node| node.pane.is_none()) => "No pane differs",
        None => "Choose a pane with Tab",
        Some(both) => {
            let recorded = |pane: &Option<(Target, Pane)>| {
                pane.as_ref()
                    .is_some_and(|(_, pane)| pane.contents.is_some())
            };
            if !recorded(&both.a) && !recorded(&both.b) {
                "No text was recorded"
            } else if both.same_text() {
                // Then it is not even read.
                "The same text on both sides"
            } else if screen.lines.is_empty() {
                "Empty on both sides"
            } else {
                return;
            }
        }
    };
    put(
        buf,
        inside,
        inside.x + 1,
        inside.y,
        words,
        look.style(Role::Dim),
    );
}
