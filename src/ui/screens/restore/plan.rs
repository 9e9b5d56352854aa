//! What becomes of every session, tab and pane.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::msg::Preview;
use crate::app::screens::restore::Restore;
use crate::app::words::plural;
use crate::restore::{Chosen, Item, Level, Outlook};
use crate::ui::draw::{Drawn, Look};
use crate::ui::theme::Role;
use crate::ui::widgets::tree::{Row, Tree};

/// Columns of the last column of the plan.
const ACTION: u16 = 14;

/// Draws the plan.
pub(super) fn plan(
    screen: &Restore,
    preview: &Preview,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let meta = &preview.snapshot.meta;
    let note = format!(
        "{} · {} · {}",
        plural(meta.sessions.len(), "session"),
        plural(usize::try_from(meta.tabs()).unwrap_or(0), "window"),
        plural(usize::try_from(meta.panes()).unwrap_or(0), "pane")
    );
    let inside = look.frame("Plan", &note).draw(area, buf);
    let rows: Vec<Row> = screen
        .items()
        .iter()
        .map(|item| row(screen, item, look))
        .collect();
    let tree = Tree {
        rows: &rows,
        selected: Some(screen.selected.at()),
        note_width: ACTION,
    };
    let margin = Rect {
        x: inside.x + 1.min(inside.width),
        width: inside.width.saturating_sub(1),
        ..inside
    };
    drawn.tree(&tree, margin, buf, look.theme);
}

fn row(screen: &Restore, item: &Item, look: &Look<'_>) -> Row {
    let chosen = screen.chosen(item);
    let warned = !item.warnings.is_empty() && item.level == Level::Pane;
    let (sign, role) = match chosen {
        Chosen::No => ("[ ]", Role::Dim),
        _ if warned => ("[!]", Role::Warning),
        _ if item.outlook == Outlook::Skip => ("[ ]", Role::Dim),
        Chosen::Partly => ("[~]", Role::Changed),
        Chosen::Yes => ("[x]", Role::Good),
    };
    let left_out = chosen == Chosen::No || item.outlook == Outlook::Skip;
    let note_role = match item.action() {
        "warn" => Role::Warning,
        "skip" => Role::Dim,
        _ => Role::Text,
    };
    Row {
        depth: match item.level {
            Level::Session => 0,
            Level::Tab => 1,
            Level::Pane => 2,
        },
        sign: sign.to_owned(),
        sign_style: look.style(role),
        name: item.label.clone(),
        style: look.style(if left_out { Role::Dim } else { Role::Text }),
        detail: item.detail.clone(),
        note: item.action().to_owned(),
        note_style: look.style(note_role),
    }
}
