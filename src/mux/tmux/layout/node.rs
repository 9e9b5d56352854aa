//! What both notations of layouts are read into: a tree in which floating panes still stand.
//!
//! tmux 3.7 and newer keep a pane that floats above the others in the split tree, beside the panes
//! that it belongs to, though it takes no room there. Without it a split can be left with a single
//! part.

use super::{GAP, LayoutError};
use crate::model::detail::Floating;
use crate::model::geometry::{Axis, Cell, GeometryError, Layout, Rect};

/// A place; floating panes can lie partly outside of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) left: i32,
    pub(super) top: i32,
    pub(super) width: u16,
    pub(super) height: u16,
}

/// A node of the tree.
#[derive(Debug)]
pub(super) enum Node {
    Pane {
        place: Place,
        pane: u32,
        /// How many floating panes are in front of it; `None` for one that does not float.
        floats: Option<u16>,
    },
    Split {
        place: Place,
        axis: Axis,
        children: Vec<Node>,
    },
}

/// A window's layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowLayout {
    /// The panes that share the room, named by the numbers of tmux. Where all panes float, the one
    /// that is furthest back has it all.
    pub tiled: Layout,
    /// The panes that float above them, by the numbers of tmux.
    pub floating: Vec<(u32, Floating)>,
}

impl Place {
    fn rect(self) -> Option<Rect> {
        Some(Rect {
            left: self.left.try_into().ok()?,
            top: self.top.try_into().ok()?,
            width: self.width,
            height: self.height,
        })
    }
}

/// Takes the floating panes out of a tree; what is left tiles.
pub(super) fn window(root: Node) -> Result<WindowLayout, LayoutError> {
    let mut floating = Vec::new();
    let tiled = tiled(root, &mut floating)?;
    floating.sort_by_key(|(_, floating)| floating.behind);
    let root = match tiled {
        Some(root) => root,
        None => {
            let (pane, place) = floating.pop().ok_or(LayoutError::Malformed { at: 0 })?;
            let rect = Rect {
                left: 0,
                top: 0,
                width: place.width,
                height: place.height,
            };
            Cell::Pane { rect, pane }
        }
    };
    let tiled = Layout { gap: GAP, root };
    tiled.check()?;
    Ok(WindowLayout { tiled, floating })
}

fn tiled(node: Node, floating: &mut Vec<(u32, Floating)>) -> Result<Option<Cell>, LayoutError> {
    let outside = || LayoutError::Malformed { at: 0 };
    match node {
        Node::Pane {
            place,
            pane,
            floats: Some(behind),
        } => {
            let floats = Floating {
                left: place.left,
                top: place.top,
                width: place.width,
                height: place.height,
                behind: Some(behind),
            };
            floating.push((pane, floats));
            Ok(None)
        }
        Node::Pane { place, pane, .. } => {
            let rect = place.rect().ok_or_else(outside)?;
            Ok(Some(Cell::Pane { rect, pane }))
        }
        Node::Split {
            place,
            axis,
            children,
        } => {
            let rect = place.rect().ok_or_else(outside)?;
            let count = children.len();
            let mut left = Vec::with_capacity(count);
            for child in children {
                left.extend(tiled(child, floating)?);
            }
            match left.pop() {
                None if count > 0 => Ok(None),
                Some(last) if left.is_empty() && count > 1 => {
                    if last.rect() != rect {
                        return Err(GeometryError::DoesNotTile(rect).into());
                    }
                    Ok(Some(last))
                }
                last => {
                    left.extend(last);
                    Ok(Some(Cell::Split {
                        rect,
                        axis,
                        children: left,
                    }))
                }
            }
        }
    }
}
