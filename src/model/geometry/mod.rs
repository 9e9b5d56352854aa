//! Where panes are: rectangles, and the tree of splits that tiles a tab exactly.
//!
//! Units are terminal cells; the origin is the tab's upper left corner. Between two neighbours of a
//! split there are [`Layout::gap`] cells: one (the border) in tmux, none in zellij.

mod pinwheel;
mod scale;
#[cfg(test)]
pub(crate) mod tests;

use serde::{Deserialize, Serialize};

/// Width and height in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Size {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// A rectangle of cells inside a tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Rect {
    /// Column of the left edge.
    pub left: u16,
    /// Row of the upper edge.
    pub top: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// The direction in which a split puts its children.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Axis {
    /// Side by side, from left to right (tmux `{…}`, `split-window -h`).
    Columns,
    /// One above the other, from top to bottom (tmux `[…]`, `split-window -v`).
    Rows,
}

/// A node of the split tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cell {
    /// A pane, named by its index in the tab.
    Pane {
        /// Where it is.
        rect: Rect,
        /// [`super::tree::Pane::index`] of the pane that fills it.
        pane: u32,
    },
    /// A rectangle divided among two or more children.
    Split {
        /// The whole rectangle.
        rect: Rect,
        /// Side by side or one above the other.
        axis: Axis,
        /// The parts, in reading order.
        #[serde(deserialize_with = "nested")]
        children: Vec<Cell>,
    },
    /// Panes of which one is shown at a time, each in the whole rectangle (zellij).
    Stack {
        /// Where it is.
        rect: Rect,
        /// Two or more panes, by their indexes, from top to bottom.
        panes: Vec<u32>,
        /// The one that is shown.
        expanded: u32,
    },
    /// A rectangle that its parts fill although no straight cut divides it: in the smallest one,
    /// four parts lie around a fifth (zellij). Never where there are cells between neighbours.
    Pinwheel {
        /// The whole rectangle.
        rect: Rect,
        /// The parts, in reading order of their upper left corners.
        #[serde(deserialize_with = "nested")]
        children: Vec<Cell>,
    },
}

/// The layout of a tab: a split tree over the whole of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Cells between two neighbours of a split.
    pub gap: u16,
    /// The tree; its rectangle is the tab.
    pub root: Cell,
}

/// The most parts of a pinwheel that are accepted; each is compared with every other one.
pub const MAX_PINWHEEL_PARTS: usize = 256;

/// The deepest split tree that is accepted. No screen has room for more: every two levels at least
/// halve a side.
pub const MAX_DEPTH: usize = 64;

/// Reads the parts of a split. What is nested deeper than [`MAX_DEPTH`] is refused at once: a few
/// bytes a level would otherwise use up the stack.
fn nested<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<Cell>, D::Error> {
    thread_local! {
        static DEPTH: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }
    struct Level;
    impl Drop for Level {
        fn drop(&mut self) {
            DEPTH.set(DEPTH.get().saturating_sub(1));
        }
    }
    if DEPTH.get() > MAX_DEPTH {
        return Err(serde::de::Error::custom(GeometryError::TooDeep));
    }
    DEPTH.set(DEPTH.get() + 1);
    let _level = Level;
    Vec::deserialize(from)
}

/// Why a layout does not tile its tab.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GeometryError {
    /// A split's children do not fill it exactly.
    #[error("the parts of the split at {0:?} do not fill it exactly")]
    DoesNotTile(Rect),
    /// A split or a stack with fewer than two parts.
    #[error("the cell at {0:?} has {1} parts; it needs two or more")]
    TooFewChildren(Rect, usize),
    /// A rectangle without area.
    #[error("the cell at {0:?} has no area")]
    Empty(Rect),
    /// The tree is deeper than [`MAX_DEPTH`].
    #[error("the split tree is deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// The pane of a stack that is shown is none of it.
    #[error("pane {0} is shown in a stack that it is not in")]
    NotStacked(u32),
    /// The parts of a pinwheel are too many, not in order, have cells between them, or a straight
    /// cut divides them.
    #[error("the parts at {0:?} are no pinwheel")]
    NoPinwheel(Rect),
    /// The same pane fills two cells.
    #[error("pane {0} stands in two places")]
    Duplicate(u32),
}

impl Rect {
    /// The size.
    #[must_use]
    pub fn size(self) -> Size {
        Size {
            width: self.width,
            height: self.height,
        }
    }

    /// Whether the cell at (`x`, `y`) lies inside.
    #[must_use]
    pub fn contains(self, x: u16, y: u16) -> bool {
        let inside = |at: u16, from: u16, len: u16| at >= from && at - from < len;
        inside(x, self.left, self.width) && inside(y, self.top, self.height)
    }
}

impl Cell {
    /// The rectangle of the node.
    #[must_use]
    pub fn rect(&self) -> Rect {
        match self {
            Cell::Pane { rect, .. }
            | Cell::Split { rect, .. }
            | Cell::Stack { rect, .. }
            | Cell::Pinwheel { rect, .. } => *rect,
        }
    }

    fn collect(&self, into: &mut Vec<(u32, Rect)>) {
        match self {
            Cell::Pane { rect, pane } => into.push((*pane, *rect)),
            Cell::Stack { rect, panes, .. } => into.extend(panes.iter().map(|pane| (*pane, *rect))),
            Cell::Split { children, .. } | Cell::Pinwheel { children, .. } => {
                children.iter().for_each(|child| child.collect(into));
            }
        }
    }

    fn check(&self, gap: u16, depth: usize) -> Result<(), GeometryError> {
        let rect = self.rect();
        if rect.width == 0 || rect.height == 0 {
            return Err(GeometryError::Empty(rect));
        }
        if depth > MAX_DEPTH {
            return Err(GeometryError::TooDeep);
        }
        let (axis, children) = match self {
            Cell::Pane { .. } => return Ok(()),
            Cell::Split { axis, children, .. } => (axis, children),
            Cell::Stack {
                panes, expanded, ..
            } => {
                return match panes.len() {
                    0 | 1 => Err(GeometryError::TooFewChildren(rect, panes.len())),
                    _ if panes.contains(expanded) => Ok(()),
                    _ => Err(GeometryError::NotStacked(*expanded)),
                };
            }
            Cell::Pinwheel { children, .. } => {
                pinwheel::check(rect, children, gap)?;
                let mut children = children.iter();
                return children.try_for_each(|child| child.check(gap, depth + 1));
            }
        };
        if children.len() < 2 {
            return Err(GeometryError::TooFewChildren(rect, children.len()));
        }
        let (along, across) = project(rect, *axis);
        let mut next = u32::from(along.0);
        for (at, child) in children.iter().enumerate() {
            if at > 0 {
                next += u32::from(gap);
            }
            let (child_along, child_across) = project(child.rect(), *axis);
            if u32::from(child_along.0) != next || child_across != across {
                return Err(GeometryError::DoesNotTile(rect));
            }
            next += u32::from(child_along.1);
            child.check(gap, depth + 1)?;
        }
        if next == u32::from(along.0) + u32::from(along.1) {
            Ok(())
        } else {
            Err(GeometryError::DoesNotTile(rect))
        }
    }
}

/// A rectangle as (start, length) along an axis and across it.
fn project(rect: Rect, axis: Axis) -> ((u16, u16), (u16, u16)) {
    let columns = (rect.left, rect.width);
    let rows = (rect.top, rect.height);
    match axis {
        Axis::Columns => (columns, rows),
        Axis::Rows => (rows, columns),
    }
}

impl Layout {
    /// The size of the tab.
    #[must_use]
    pub fn size(&self) -> Size {
        self.root.rect().size()
    }

    /// Every pane with its rectangle, in reading order of the tree. Those of a stack have the same
    /// one.
    #[must_use]
    pub fn panes(&self) -> Vec<(u32, Rect)> {
        let mut panes = Vec::new();
        self.root.collect(&mut panes);
        panes
    }

    /// Whether the tree tiles its rectangle exactly, with no pane in two places.
    pub fn check(&self) -> Result<(), GeometryError> {
        self.root.check(self.gap, 0)?;
        let mut seen: Vec<u32> = self.panes().into_iter().map(|(pane, _)| pane).collect();
        seen.sort_unstable();
        match seen.windows(2).find(|pair| pair.first() == pair.last()) {
            Some(pair) => Err(GeometryError::Duplicate(pair.first().copied().unwrap_or(0))),
            None => Ok(()),
        }
    }

    /// The layout with its pane numbers replaced; `None` for a pane that `name` does not know.
    #[must_use]
    pub fn renumbered(&self, name: &dyn Fn(u32) -> Option<u32>) -> Option<Layout> {
        fn walk(cell: &Cell, name: &dyn Fn(u32) -> Option<u32>) -> Option<Cell> {
            Some(match cell {
                Cell::Pane { rect, pane } => Cell::Pane {
                    rect: *rect,
                    pane: name(*pane)?,
                },
                Cell::Split {
                    rect,
                    axis,
                    children,
                } => Cell::Split {
                    rect: *rect,
                    axis: *axis,
                    children: children
                        .iter()
                        .map(|c| walk(c, name))
                        .collect::<Option<_>>()?,
                },
                Cell::Stack {
                    rect,
                    panes,
                    expanded,
                } => Cell::Stack {
                    rect: *rect,
                    panes: panes
                        .iter()
                        .map(|pane| name(*pane))
                        .collect::<Option<_>>()?,
                    expanded: name(*expanded)?,
                },
                Cell::Pinwheel { rect, children } => Cell::Pinwheel {
                    rect: *rect,
                    children: children
                        .iter()
                        .map(|c| walk(c, name))
                        .collect::<Option<_>>()?,
                },
            })
        }
        Some(Layout {
            gap: self.gap,
            root: walk(&self.root, name)?,
        })
    }
}
