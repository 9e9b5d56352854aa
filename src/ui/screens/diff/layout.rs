//! Where the panes of a tab were, on both sides.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::msg::SideState;
use crate::app::screens::diff::Diff;
use crate::app::screens::diff::structure::Kind;
use crate::model::changes::ChangeKind;
use crate::model::target::Target;
use crate::model::tree::{Pane, Tab};
use crate::ui::draw::{Drawn, Look};
use crate::ui::theme::Role;
use crate::ui::widgets::text::{put, put_right};
use crate::ui::widgets::thumb::{Inside, Thumb};

/// Draws the layouts.
pub(super) fn layout(
    screen: &Diff,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let inside = look.frame("Layout  A → B", "v: hide").draw(area, buf);
    let (Some(comparison), Some(both)) = (&screen.comparison, screen.pane()) else {
        return;
    };
    let tab = |side: &SideState, pane: &Option<(Target, Pane)>| -> Option<Tab> {
        let (at, _) = pane.as_ref().or(both.b.as_ref()).or(both.a.as_ref())?;
        let session = side.state.session(&at.session)?;
        session.tab(at.tab?).cloned()
    };
    let [a, b] = [tab(&comparison.a, &both.a), tab(&comparison.b, &both.b)];
    let half = inside.width.saturating_sub(3) / 2;
    for (at, (tab, pane)) in [(a, &both.a), (b, &both.b)].into_iter().enumerate() {
        let x = inside.x + if at == 0 { 0 } else { inside.width - half };
        let place = Rect {
            x,
            width: half,
            ..inside
        };
        match tab {
            Some(tab) => {
                let thumb = Thumb {
                    tab: &tab,
                    texts: &|_| None,
                    focus: pane.as_ref().and_then(|(at, _)| at.pane),
                    signs: &signs(screen, &tab, at == 0),
                    inside: Inside::Labels,
                    single: false,
                    home: Some(&look.shared.home),
                };
                thumb.draw(place, buf, &mut drawn.screens, look.theme);
            }
            None => {
                put(
                    buf,
                    place,
                    place.x + 1,
                    place.y,
                    "not there",
                    look.style(Role::Dim),
                );
            }
        }
    }
    if inside.width > half * 2 {
        let arrow = Rect {
            x: inside.x + half,
            width: inside.width - half * 2,
            ..inside
        };
        put_right(
            buf,
            arrow,
            inside.y + inside.height / 2,
            "→ ",
            look.style(Role::Dim),
        );
    }
}

/// The signs for the panes of a tab that differ, on one of the sides.
fn signs(screen: &Diff, tab: &Tab, of_a: bool) -> BTreeMap<u32, ChangeKind> {
    let found = screen.nodes.iter().filter_map(|node| {
        let Kind::Change(kind) = node.kind else {
            return None;
        };
        let both = node.pane.as_ref()?;
        let (at, pane) = if of_a {
            both.a.as_ref()
        } else {
            both.b.as_ref()
        }?;
        let known = tab.pane(pane.index)?;
        (at.tab == Some(tab.index) && known == pane).then_some((pane.index, kind))
    });
    found.collect()
}
