//! What it will look like.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::msg::Preview;
use crate::app::screens::restore::Restore;
use crate::model::tree::Tab;
use crate::restore::{Item, PaneRef, Text};
use crate::ui::draw::{Drawn, Look};
use crate::ui::theme::Role;
use crate::ui::widgets::text::put;
use crate::ui::widgets::thumb::{Inside, Thumb};

/// What the tab of the chosen row will look like.
pub(super) fn likeness(
    screen: &Restore,
    preview: &Preview,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let Some(item) = screen.item() else {
        return;
    };
    let planned = planned_tab(preview, item);
    let place = match &planned {
        Some((name, tab)) => format!(" · {name}:{}", tab.index),
        None => String::new(),
    };
    let title = format!("What it will look like{place}");
    let inside = look.frame(&title, "").draw(area, buf);
    let Some((_, tab)) = planned else {
        put(
            buf,
            inside,
            inside.x + 1,
            inside.y,
            "It is left out",
            look.style(Role::Dim),
        );
        return;
    };
    let thumb = Thumb {
        tab: &tab,
        texts: &|digest| preview.texts.get(digest).map(std::convert::AsRef::as_ref),
        focus: item.target.pane,
        signs: &BTreeMap::new(),
        inside: match screen.policy.text {
            Text::Replay => Inside::Text,
            Text::None => Inside::Labels,
        },
        single: false,
        home: Some(&look.shared.home),
    };
    thumb.draw(inside, buf, &mut drawn.screens, look.theme);
}

/// The tab that a row becomes or is in, as it is planned, with the name of its session; of a
/// session, its current tab.
fn planned_tab(preview: &Preview, item: &Item) -> Option<(String, Tab)> {
    let plan = &preview.plan;
    let session = preview.snapshot.state.session(&item.target.session)?;
    let index = item
        .target
        .tab
        .or_else(|| Some(session.active_tab()?.index))?;
    let planned = plan
        .tabs
        .iter()
        .find(|tab| tab.target.session == item.target.session && tab.target.tab == Some(index))?;
    let mut tab = session.tab(index)?.clone();
    tab.layout = planned
        .layout
        .as_ref()?
        .renumbered(&|pane| plan.pane(PaneRef(pane))?.target.pane)?;
    let left: Vec<u32> = tab
        .layout
        .panes()
        .into_iter()
        .map(|(pane, _)| pane)
        .collect();
    tab.panes.retain(|pane| left.contains(&pane.index));
    let name = plan.session(planned.session)?;
    Some((crate::model::ansi::label(&name.to), tab))
}
