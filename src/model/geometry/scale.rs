//! Layouts of another size.

use super::{Axis, Cell, Layout, Rect, Size, project};

impl Layout {
    /// The layout scaled to `size`, still tiling exactly, for drawing it smaller or larger than it
    /// was. `None` where `size` has no room for every pane.
    #[must_use]
    pub fn scaled(&self, size: Size) -> Option<Layout> {
        // One with a hole in it is closed at the same size, too.
        if size == self.size() && self.check().is_ok() {
            return Some(self.clone());
        }
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
    let (axis, children) = match cell {
        Cell::Split { axis, children, .. } => (axis, children),
        Cell::Pane { pane, .. } => {
            return Some(Cell::Pane {
                rect: into,
                pane: *pane,
            });
        }
        Cell::Stack {
            panes, expanded, ..
        } => {
            return Some(Cell::Stack {
                rect: into,
                panes: panes.clone(),
                expanded: *expanded,
            });
        }
        Cell::Pinwheel { rect, children } => return scale_pinwheel(*rect, children, into, gap),
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

/// Every edge moves in proportion; `None` where two of them would meet. Of a smaller one it is not
/// checked whether a straight cut divides it: it is to be drawn.
fn scale_pinwheel(rect: Rect, children: &[Cell], into: Rect, gap: u16) -> Option<Cell> {
    let edge = |at: u32, from: (u16, u16), to: (u16, u16)| {
        let along = u64::from(at.saturating_sub(u32::from(from.0)));
        let moved = along * u64::from(to.1) + u64::from(from.1) / 2;
        u16::try_from(u64::from(to.0) + moved / u64::from(from.1.max(1))).ok()
    };
    let span = |part: Rect, axis| {
        let (from, to) = (project(rect, axis).0, project(into, axis).0);
        let (start, len) = project(part, axis).0;
        let begin = edge(u32::from(start), from, to)?;
        let end = edge(u32::from(start) + u32::from(len), from, to)?;
        Some((begin, end.checked_sub(begin)?))
    };
    let children = children.iter().map(|child| {
        let (left, width) = span(child.rect(), Axis::Columns)?;
        let (top, height) = span(child.rect(), Axis::Rows)?;
        let into = Rect {
            left,
            top,
            width,
            height,
        };
        scale(child, into, gap)
    });
    Some(Cell::Pinwheel {
        rect: into,
        children: children.collect::<Option<_>>()?,
    })
}

/// The fewest cells that a subtree needs along an axis.
fn least(cell: &Cell, along: Axis, gap: u16) -> u32 {
    match cell {
        Cell::Pane { .. } | Cell::Stack { .. } => 1,
        Cell::Pinwheel { children, .. } => {
            let parts = children.iter().map(|child| least(child, along, gap));
            parts.sum()
        }
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
