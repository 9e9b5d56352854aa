//! A layout without some of its panes.

use std::collections::BTreeSet;

use crate::model::geometry::{Axis, Cell, Layout};

/// The layout with only those panes for which `keep` says so; the others leave their room to their
/// neighbours. A pane that stands twice stays where it stands first. `None` when no pane is left.
pub(super) fn kept(layout: &Layout, keep: &dyn Fn(u32) -> bool) -> Option<Layout> {
    let root = prune(&layout.root, keep, &mut BTreeSet::new())?;
    if root == layout.root {
        return Some(layout.clone());
    }
    let pruned = Layout {
        gap: layout.gap,
        root,
    };
    // The parts do not fill their room any more; scaling to the old size makes them.
    Some(pruned.scaled(layout.size()).unwrap_or(pruned))
}

fn prune(cell: &Cell, keep: &dyn Fn(u32) -> bool, seen: &mut BTreeSet<u32>) -> Option<Cell> {
    match cell {
        Cell::Pane { pane, .. } => (keep(*pane) && seen.insert(*pane)).then(|| cell.clone()),
        Cell::Split {
            rect,
            axis,
            children,
        } => {
            let mut left: Vec<Cell> = children
                .iter()
                .filter_map(|child| prune(child, keep, seen))
                .collect();
            match left.len() {
                0 | 1 => left.pop(),
                _ => Some(Cell::Split {
                    rect: *rect,
                    axis: *axis,
                    children: left,
                }),
            }
        }
        Cell::Stack {
            rect,
            panes,
            expanded,
        } => {
            let left = panes.iter().copied();
            let left: Vec<u32> = left
                .filter(|pane| keep(*pane) && seen.insert(*pane))
                .collect();
            match left[..] {
                [] => None,
                [pane] => Some(Cell::Pane { rect: *rect, pane }),
                [first, ..] => Some(Cell::Stack {
                    rect: *rect,
                    expanded: if left.contains(expanded) {
                        *expanded
                    } else {
                        first
                    },
                    panes: left,
                }),
            }
        }
        Cell::Pinwheel { rect, children } => {
            let mut left: Vec<Cell> = children
                .iter()
                .filter_map(|child| prune(child, keep, seen))
                .collect();
            match left.len() {
                0 | 1 => left.pop(),
                all if all == children.len() => Some(Cell::Pinwheel {
                    rect: *rect,
                    children: left,
                }),
                // What is left of it is none any more.
                _ => Some(Cell::Split {
                    rect: *rect,
                    axis: Axis::Columns,
                    children: left,
                }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::geometry::{Size, tests::any_layout};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_left_tiles(
            layout in (60u16..200, 40u16..80)
                .prop_flat_map(|(width, height)| any_layout(Size { width, height }, 1)),
            mask: u32,
        ) {
            let keep = |pane: u32| mask >> (pane % 32) & 1 == 1;
            let wanted: Vec<u32> = layout.panes().into_iter().map(|(pane, _)| pane).filter(|pane| keep(*pane)).collect();
            match kept(&layout, &keep) {
                None => prop_assert!(wanted.is_empty()),
                Some(left) => {
                    left.check().unwrap();
                    prop_assert_eq!(left.size(), layout.size());
                    let panes: Vec<u32> = left.panes().into_iter().map(|(pane, _)| pane).collect();
                    prop_assert_eq!(panes, wanted);
                }
            }
        }
    }
}
