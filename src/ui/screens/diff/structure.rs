//! What differs, as a tree.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::screens::diff::Diff;
use crate::app::screens::diff::structure::{Kind, Node};
use crate::model::changes::ChangeKind;
use crate::ui::draw::{Drawn, Look};
use crate::ui::theme::Role;
use crate::ui::widgets::text::put;
use crate::ui::widgets::tree::{Row, Tree};

/// Draws the tree.
pub(super) fn structure(
    screen: &Diff,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let inside = look.frame("Structure", "t: hide").draw(area, buf);
    if screen.nodes.is_empty() {
        put(
            buf,
            inside,
            inside.x + 1,
            inside.y,
            "Nothing differs",
            look.style(Role::Dim),
        );
        return;
    }
    let rows: Vec<Row> = screen.nodes.iter().map(|node| row(node, look)).collect();
    let tree = Tree {
        rows: &rows,
        selected: Some(screen.selected.at()),
        note_width: 0,
    };
    drawn.tree(&tree, inside, buf, look.theme);
}

fn row(node: &Node, look: &Look<'_>) -> Row {
    let (sign, sign_style, style) = match node.kind {
        Kind::Branch => ("▾".to_owned(), look.style(Role::Dim), Style::new()),
        Kind::Change(kind) => {
            let style = look.theme.change(kind);
            let plain = if kind == ChangeKind::Changed {
                Style::new()
            } else {
                style
            };
            (kind.sign().to_string(), style, plain)
        }
        Kind::Same => {
            let dim = look.style(Role::Dim);
            ("=".to_owned(), dim, dim)
        }
    };
    Row {
        depth: node.depth,
        sign,
        sign_style,
        name: node.name.clone(),
        style,
        detail: match (&node.text, node.detail.is_empty()) {
            (Some(text), true) => text.clone(),
            (Some(text), false) => format!("{text}, {}", node.detail),
            (None, _) => node.detail.clone(),
        },
        ..Row::default()
    }
}
