//! Layouts that can be, and those that cannot.

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
        Cell::Split { children, .. } | Cell::Pinwheel { children, .. } => {
            children.iter().map(panes).sum()
        }
        Cell::Stack { panes, .. } => panes.len(),
    }
}

fn number(cell: &mut Cell, next: &mut u32) {
    match cell {
        Cell::Pane { pane, .. } => {
            *pane = *next;
            *next += 1;
        }
        Cell::Split { children, .. } | Cell::Pinwheel { children, .. } => {
            children.iter_mut().for_each(|c| number(c, next));
        }
        Cell::Stack { .. } => unreachable!("cuts make none"),
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
        Cell::Stack { .. } | Cell::Pinwheel { .. } => unreachable!("cuts make none"),
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
