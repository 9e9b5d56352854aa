//! Where panes are: rectangles, and the tree of splits that tiles a tab exactly.
//!
//! Units are terminal cells; the origin is the tab's upper left corner. Between two neighbours of a
//! split there are [`Layout::gap`] cells: one (the border) in tmux, none in zellij.

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
}

/// The layout of a tab: a split tree over the whole of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Cells between two neighbours of a split.
    pub gap: u16,
    /// The tree; its rectangle is the tab.
    pub root: Cell,
}

/// The deepest split tree that is accepted. No screen has room for more: every two levels at least
/// halve a side.
pub const MAX_DEPTH: usize = 64;

/// Reads the parts of a split. What is nested deeper than [`MAX_DEPTH`] is refused at once: a few bytes a level
/// would otherwise use up the stack.
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
    /// A split with fewer than two children.
    #[error("the split at {0:?} has {1} parts; it needs two or more")]
    TooFewChildren(Rect, usize),
    /// A rectangle without area.
    #[error("the cell at {0:?} has no area")]
    Empty(Rect),
    /// The tree is deeper than [`MAX_DEPTH`].
    #[error("the split tree is deeper than {MAX_DEPTH} levels")]
    TooDeep,
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
            Cell::Pane { rect, .. } | Cell::Split { rect, .. } => *rect,
        }
    }

    fn collect(&self, into: &mut Vec<(u32, Rect)>) {
        match self {
            Cell::Pane { rect, pane } => into.push((*pane, *rect)),
            Cell::Split { children, .. } => children.iter().for_each(|child| child.collect(into)),
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
        let Cell::Split { axis, children, .. } = self else {
            return Ok(());
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

    /// Every pane with its rectangle, in reading order of the tree.
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
            })
        }
        Some(Layout {
            gap: self.gap,
            root: walk(&self.root, name)?,
        })
    }

    /// The layout scaled to `size`, still tiling exactly, for drawing it smaller or larger than it
    /// was. `None` where `size` has no room for every pane.
    #[must_use]
    pub fn scaled(&self, size: Size) -> Option<Layout> {
        let rect = Rect {
            left: 0,
            top: 0,
            width: size.width,
            height: size.height,
        };
        Some(Layout {
            gap: self.gap,
            root: scale(&self.root, rect, self.gap)?,
        })
    }
}

fn scale(cell: &Cell, into: Rect, gap: u16) -> Option<Cell> {
    if into.width == 0 || into.height == 0 {
        return None;
    }
    let Cell::Split { axis, children, .. } = cell else {
        let Cell::Pane { pane, .. } = cell else {
            return None;
        };
        return Some(Cell::Pane {
            rect: into,
            pane: *pane,
        });
    };
    let count = u32::try_from(children.len()).ok()?;
    let ((start, length), _) = project(into, *axis);
    let room = u32::from(length).checked_sub(u32::from(gap) * count.checked_sub(1)?)?;
    // Every part keeps at least what its own subtree needs; the rest is shared in proportion.
    let needs: Vec<u32> = children
        .iter()
        .map(|child| least(child, *axis, gap))
        .collect();
    let free = room.checked_sub(needs.iter().sum())?;
    let lengths: Vec<u32> = children
        .iter()
        .map(|child| u32::from(project(child.rect(), *axis).0.1))
        .collect();
    let total: u64 = lengths
        .iter()
        .map(|&len| u64::from(len))
        .sum::<u64>()
        .max(1);
    let mut placed = Vec::with_capacity(children.len());
    let (mut at, mut seen, mut given) = (u32::from(start), 0u64, 0u32);
    for ((child, need), len) in children.iter().zip(needs).zip(lengths) {
        seen += u64::from(len);
        // Cumulative rounding: the parts always add up to all that is free.
        let upto = u32::try_from((u64::from(free) * seen + total / 2) / total)
            .ok()?
            .min(free);
        let part = need + (upto - given);
        given = upto;
        let (begin, size) = (u16::try_from(at).ok()?, u16::try_from(part).ok()?);
        let rect = match axis {
            Axis::Columns => Rect {
                left: begin,
                width: size,
                ..into
            },
            Axis::Rows => Rect {
                top: begin,
                height: size,
                ..into
            },
        };
        placed.push(scale(child, rect, gap)?);
        at += part + u32::from(gap);
    }
    Some(Cell::Split {
        rect: into,
        axis: *axis,
        children: placed,
    })
}

/// The fewest cells that a subtree needs along an axis.
fn least(cell: &Cell, along: Axis, gap: u16) -> u32 {
    match cell {
        Cell::Pane { .. } => 1,
        Cell::Split { axis, children, .. } => {
            let parts = children.iter().map(|child| least(child, along, gap));
            if *axis == along {
                let gaps = u32::try_from(children.len().saturating_sub(1)).unwrap_or(0);
                parts.sum::<u32>() + gaps * u32::from(gap)
            } else {
                parts.max().unwrap_or(1)
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Any layout that tiles `size`, with panes numbered from 0 in reading order.
    pub(crate) fn any_layout(size: Size, gap: u16) -> impl Strategy<Value = Layout> {
        proptest::collection::vec(any::<(u8, u16)>(), 0..12).prop_map(move |cuts| {
            let rect = Rect {
                left: 0,
                top: 0,
                width: size.width,
                height: size.height,
            };
            let mut tree = Cell::Pane { rect, pane: 0 };
            for (which, at) in cuts {
                let count = panes(&tree);
                let target = usize::from(which >> 1) % count.max(1);
                let axis = if which & 1 == 0 {
                    Axis::Columns
                } else {
                    Axis::Rows
                };
                let mut seen = 0;
                tree = cut(&tree, target, &mut seen, axis, at, gap);
            }
            let mut next = 0;
            number(&mut tree, &mut next);
            Layout { gap, root: tree }
        })
    }

    fn panes(cell: &Cell) -> usize {
        match cell {
            Cell::Pane { .. } => 1,
            Cell::Split { children, .. } => children.iter().map(panes).sum(),
        }
    }

    fn number(cell: &mut Cell, next: &mut u32) {
        match cell {
            Cell::Pane { pane, .. } => {
                *pane = *next;
                *next += 1;
            }
            Cell::Split { children, .. } => children.iter_mut().for_each(|c| number(c, next)),
        }
    }

    fn cut(cell: &Cell, target: usize, seen: &mut usize, axis: Axis, at: u16, gap: u16) -> Cell {
        match cell {
            Cell::Pane { rect, pane } => {
                *seen += 1;
                let ((start, len), _) = project(*rect, axis);
                if *seen - 1 != target || len < 2 + gap {
                    return Cell::Pane {
                        rect: *rect,
                        pane: *pane,
                    };
                }
                let first = 1 + at % (len - gap - 1);
                let second = len - gap - first;
                let part = |from: u16, size: u16| match axis {
                    Axis::Columns => Rect {
                        left: from,
                        width: size,
                        ..*rect
                    },
                    Axis::Rows => Rect {
                        top: from,
                        height: size,
                        ..*rect
                    },
                };
                Cell::Split {
                    rect: *rect,
                    axis,
                    children: vec![
                        Cell::Pane {
                            rect: part(start, first),
                            pane: 0,
                        },
                        Cell::Pane {
                            rect: part(start + first + gap, second),
                            pane: 0,
                        },
                    ],
                }
            }
            Cell::Split {
                rect,
                axis: own,
                children,
            } => Cell::Split {
                rect: *rect,
                axis: *own,
                children: children
                    .iter()
                    .map(|child| cut(child, target, seen, axis, at, gap))
                    .collect(),
            },
        }
    }

    #[test]
    fn what_is_nested_too_deep_is_refused_while_it_is_read() {
        let rect = Rect::default();
        let deep = |levels: usize| {
            let pane = Cell::Pane { rect, pane: 0 };
            (0..levels).fold(pane, |cell, _| Cell::Split {
                rect,
                axis: Axis::Rows,
                children: vec![cell],
            })
        };
        let read = |bytes: &[u8]| postcard::from_bytes::<Cell>(bytes);
        let fits = deep(MAX_DEPTH);
        assert_eq!(read(&postcard::to_allocvec(&fits).unwrap()), Ok(fits));
        // Ten thousand levels, as bytes: they cannot be made as a value without using up the stack.
        let level = postcard::to_allocvec(&deep(1)).unwrap();
        let split = level.len() - postcard::to_allocvec(&deep(0)).unwrap().len();
        let hostile = level[..split].repeat(10_000);
        assert!(read(&hostile).is_err());
        assert!(read(&postcard::to_allocvec(&deep(1)).unwrap()).is_ok());
    }

    proptest! {
        #[test]
        fn layouts_tile_at_every_size(
            layout in (1u16..300, 1u16..120, 0u16..2)
                .prop_flat_map(|(width, height, gap)| any_layout(Size { width, height }, gap)),
            width in 1u16..300,
            height in 1u16..120,
        ) {
            layout.check().unwrap();
            let area: u64 = layout.panes().iter().map(|(_, r)| u64::from(r.width) * u64::from(r.height)).sum();
            let whole = layout.size();
            prop_assert!(area <= u64::from(whole.width) * u64::from(whole.height));
            if layout.gap == 0 {
                prop_assert_eq!(area, u64::from(whole.width) * u64::from(whole.height));
            }
            if let Some(scaled) = layout.scaled(Size { width, height }) {
                scaled.check().unwrap();
                prop_assert_eq!(scaled.size(), Size { width, height });
                prop_assert_eq!(scaled.panes().len(), layout.panes().len());
            }
        }

        #[test]
        fn scaling_to_the_same_size_changes_nothing(
            layout in (40u16..300, 20u16..120).prop_flat_map(|(width, height)| any_layout(Size { width, height }, 1)),
        ) {
            let same = layout.scaled(layout.size()).unwrap();
            prop_assert_eq!(same.panes().len(), layout.panes().len());
            same.check().unwrap();
        }
    }

    #[test]
    fn what_does_not_tile_is_refused() {
        let pane = |left, width, pane| Cell::Pane {
            rect: Rect {
                left,
                top: 0,
                width,
                height: 10,
            },
            pane,
        };
        let split = |children| Layout {
            gap: 1,
            root: Cell::Split {
                rect: Rect {
                    left: 0,
                    top: 0,
                    width: 80,
                    height: 10,
                },
                axis: Axis::Columns,
                children,
            },
        };
        assert!(split(vec![pane(0, 40, 0), pane(41, 39, 1)]).check().is_ok());
        assert!(matches!(
            split(vec![pane(0, 40, 0), pane(40, 40, 1)]).check(),
            Err(GeometryError::DoesNotTile(_))
        ));
        assert!(matches!(
            split(vec![pane(0, 80, 0)]).check(),
            Err(GeometryError::TooFewChildren(_, 1))
        ));
        assert!(matches!(
            split(vec![pane(0, 40, 7), pane(41, 39, 7)]).check(),
            Err(GeometryError::Duplicate(7))
        ));
    }
}
