//! From a split tree to the splits that make it.

use crate::model::geometry::{Axis, Cell, Layout};

/// One split: `pane` is made by taking `length` cells from `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) pane: u32,
    pub(super) from: u32,
    pub(super) axis: Axis,
    pub(super) length: u16,
}

/// The pane that fills the tab at first, and the splits that make all others, in order.
///
/// In every split the last child is cut off first, so that each gets its exact length and panes are
/// numbered in the order of the tree.
pub(super) fn cuts(layout: &Layout) -> Option<(u32, Vec<Cut>)> {
    let first = first_pane(&layout.root)?;
    let mut cuts = Vec::new();
    divide(&layout.root, &mut cuts);
    Some((first, cuts))
}

fn first_pane(cell: &Cell) -> Option<u32> {
    match cell {
        Cell::Pane { pane, .. } => Some(*pane),
        Cell::Stack { panes, .. } => panes.first().copied(),
        Cell::Split { children, .. } | Cell::Pinwheel { children, .. } => {
            children.iter().find_map(first_pane)
        }
    }
}

fn divide(cell: &Cell, cuts: &mut Vec<Cut>) {
    let Some(from) = first_pane(cell) else {
        return;
    };
    let (axis, children) = match cell {
        Cell::Pane { .. } => return,
        Cell::Split { axis, children, .. } => (axis, children),
        // tmux has neither stacks nor pinwheels: their panes are made beside each other.
        Cell::Stack { rect, panes, .. } => {
            let count = u16::try_from(panes.len()).unwrap_or(u16::MAX);
            let length = (rect.height / count.max(1)).saturating_sub(1).max(1);
            cuts.extend(panes.iter().skip(1).map(|pane| Cut {
                pane: *pane,
                from,
                axis: Axis::Rows,
                length,
            }));
            return;
        }
        Cell::Pinwheel { children, .. } => (&Axis::Columns, children),
    };
    for child in children.iter().skip(1).rev() {
        if let Some(pane) = first_pane(child) {
            let rect = child.rect();
            cuts.push(Cut {
                pane,
                from,
                axis: *axis,
                length: match axis {
                    Axis::Columns => rect.width,
                    Axis::Rows => rect.height,
                },
            });
        }
    }
    children.iter().for_each(|child| divide(child, cuts));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::geometry::{Rect, Size, tests::any_layout};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_splits_give_every_pane_its_size(
            layout in (20u16..200, 10u16..80)
                .prop_flat_map(|(width, height)| any_layout(Size { width, height }, 1)),
        ) {
            let (first, cuts) = cuts(&layout).unwrap();
            let Size { width, height } = layout.size();
            let mut sizes = std::collections::BTreeMap::from([(first, (width, height))]);
            for cut in cuts {
                let from = sizes.get_mut(&cut.from).unwrap();
                let new = match cut.axis {
                    Axis::Columns => { let new = (cut.length, from.1); from.0 -= cut.length + 1; new }
                    Axis::Rows => { let new = (from.0, cut.length); from.1 -= cut.length + 1; new }
                };
                prop_assert!(sizes.insert(cut.pane, new).is_none());
            }
            for (pane, Rect { width, height, .. }) in layout.panes() {
                prop_assert_eq!(sizes.remove(&pane), Some((width, height)));
            }
            prop_assert!(sizes.is_empty());
        }
    }

    /// Random layouts made by a real server: the splits alone put every pane in its place, and the
    /// layout's text makes the tree. `MUXTAPE_TEST_ROUNDS` makes more of them.
    #[test]
    fn a_real_server_makes_every_layout_exactly() {
        use crate::mux::tmux::layout;
        use muxtape_testing::TmuxServer;
        use std::collections::BTreeMap;

        let rounds = std::env::var("MUXTAPE_TEST_ROUNDS");
        let server = TmuxServer::start();
        let make = |layout: &Layout| {
            let (first, cuts) = cuts(layout).unwrap();
            let Size { width, height } = layout.size();
            let quiet = ["cat", "-"];
            let id = ["-d", "-P", "-F", "#{pane_id}"];
            let new = [&["new-window"][..], &id, &["-t", "=main:7"], &quiet].concat();
            let mut ids = BTreeMap::from([(first, server.run(new))]);
            let (width, height) = (width.to_string(), height.to_string());
            server.run([
                "resize-window",
                "-t",
                "=main:7",
                "-x",
                &width,
                "-y",
                &height,
            ]);
            for cut in &cuts {
                let axis = match cut.axis {
                    Axis::Columns => "-h",
                    Axis::Rows => "-v",
                };
                let length = cut.length.to_string();
                let from = ids[&cut.from].clone();
                let split = ["split-window", axis, "-t", &from, "-l", &length];
                let made = server.run([&split[..], &id, &quiet].concat());
                ids.insert(cut.pane, made);
            }
            let number = |pane: u32| ids[&pane].trim_start_matches('%').parse().unwrap();
            let wanted = layout::print(layout, &number).unwrap();
            let shown =
                || server.run(["display-message", "-p", "-t", "=main:7", "#{window_layout}"]);
            let by_splits = shown();
            server.run(["select-layout", "-t", "=main:7", &wanted]);
            let in_the_end = shown();
            server.run(["kill-window", "-t", "=main:7"]);
            (wanted, by_splits, in_the_end)
        };
        let config = ProptestConfig {
            cases: rounds
                .ok()
                .and_then(|rounds| rounds.parse().ok())
                .unwrap_or(12),
            failure_persistence: None,
            max_shrink_iters: 40,
            ..ProptestConfig::default()
        };
        let layouts = (20u16..200, 10u16..80)
            .prop_flat_map(|(width, height)| any_layout(Size { width, height }, 1));
        proptest!(config, |(layout in layouts)| {
            let (wanted, by_splits, in_the_end) = make(&layout);
            // A split within one of the same direction is made as a part of that; the places are
            // the same.
            let places = |text: &str| layout::parse(text.as_bytes()).unwrap().tiled.panes();
            prop_assert_eq!(places(&wanted), places(&by_splits));
            prop_assert_eq!(&wanted, &in_the_end);
        });
    }
}
