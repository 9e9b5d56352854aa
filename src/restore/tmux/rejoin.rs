//! Where panes go that are put back into a living tab.
//!
//! Where the living tab is the saved one without them, the whole gets the saved layout. Where
//! somebody has changed it meanwhile, each gets its room from the living pane that is nearest to
//! where it was, and no other pane is touched.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::geometry::{Axis, Cell, Layout, Size};
use crate::restore::plan::LivingTab;
use crate::restore::prune;

/// Whom a pane is put beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// A living pane, by its index in the living tab.
    Living(u32),
    /// A pane that is put back, by its index in the saved tab.
    Back(u32),
}

/// How a pane is put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Join {
    /// Its index in the saved tab.
    pub(super) pane: u32,
    /// From whom it gets its room.
    pub(super) beside: Who,
    /// Beside it or below it.
    pub(super) axis: Axis,
    /// On the left or above, instead.
    pub(super) before: bool,
    /// Along the whole side of the tab.
    pub(super) full: bool,
    /// Columns or rows.
    pub(super) length: u16,
}

/// How panes are put back into a tab.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Rejoin {
    /// One after the other.
    pub(super) joins: Vec<Join>,
    /// The layout for the whole in the end, its panes named by their place in `order`; `None` where
    /// the living tab is not the saved one without them.
    pub(super) layout: Option<Layout>,
    /// The panes of that layout.
    pub(super) order: Vec<Who>,
    /// Panes for which there is no room.
    pub(super) no_room: Vec<u32>,
}

/// Finds a place for each of the saved panes `back`.
pub(super) fn rejoin(place: &LivingTab, back: &BTreeSet<u32>) -> Rejoin {
    exact(place, back).unwrap_or_else(|| nearest(place, back))
}

/// The saved layout for the whole, where nothing else has changed.
fn exact(place: &LivingTab, back: &BTreeSet<u32>) -> Option<Rejoin> {
    let in_order: Vec<u32> = place.alive.panes().iter().map(|(pane, _)| *pane).collect();
    let living: Vec<u32> = place.living.iter().map(|(pane, _)| *pane).collect();
    if place.known.len() != living.len() || in_order != living {
        return None;
    }
    let before = prune::kept(&place.saved, &|pane| place.known.contains_key(&pane))?;
    let before = before.renumbered(&|pane| place.known.get(&pane).copied())?;
    if shape(&before.root) != shape(&place.alive.root) {
        return None;
    }
    let wanted = |pane: u32| place.known.contains_key(&pane) || back.contains(&pane);
    let target = prune::kept(&place.saved, &wanted)?;
    let target = match target.size() == place.alive.size() {
        true => target,
        false => target.scaled(place.alive.size())?,
    };
    target.check().ok()?;
    let places = target.panes();
    let who = |pane: u32| match place.known.get(&pane) {
        Some(living) => Who::Living(*living),
        None => Who::Back(pane),
    };
    let order: Vec<Who> = places.iter().map(|(pane, _)| who(*pane)).collect();
    let mut room = Room::of(&place.alive);
    let mut joins = Vec::new();
    for (at, (pane, rect)) in places.iter().enumerate() {
        if !back.contains(pane) {
            continue;
        }
        // tmux fills a layout with its panes in their order: each has to stand right in it.
        let previous = at.checked_sub(1).and_then(|at| order.get(at)).copied();
        let mut later = order.iter().skip(at + 1);
        let next = later.find(|who| matches!(who, Who::Living(_))).copied();
        let axis = parent_axis(&target.root, *pane);
        let other = match axis {
            Axis::Columns => Axis::Rows,
            Axis::Rows => Axis::Columns,
        };
        let tries = [
            (previous, axis, false),
            (next, axis, true),
            (previous, other, false),
            (next, other, true),
        ];
        let join = tries.into_iter().find_map(|(beside, axis, before)| {
            let beside = beside?;
            let length = along(rect.size(), axis);
            let length = room.take(beside, Who::Back(*pane), axis, length)?;
            Some(Join {
                pane: *pane,
                beside,
                axis,
                before,
                full: false,
                length,
            })
        })?;
        joins.push(join);
    }
    let numbers: BTreeMap<u32, u32> = places
        .iter()
        .zip(0u32..)
        .map(|((pane, _), at)| (*pane, at))
        .collect();
    Some(Rejoin {
        joins,
        layout: Some(target.renumbered(&|pane| numbers.get(&pane).copied())?),
        order,
        no_room: Vec::new(),
    })
}

/// The nearest place for each, in a tab that has changed.
fn nearest(place: &LivingTab, back: &BTreeSet<u32>) -> Rejoin {
    let mut rejoin = Rejoin::default();
    let mut room = Room::of(&place.alive);
    let mut there: BTreeMap<u32, Who> = place
        .known
        .iter()
        .map(|(saved, living)| (*saved, Who::Living(*living)))
        .collect();
    for (pane, rect) in place.saved.panes() {
        if !back.contains(&pane) {
            continue;
        }
        let edge = whole_edge(place, pane).filter(|_| rejoin.joins.is_empty());
        let edge = edge.and_then(|(axis, before)| {
            let beside = match before {
                true => place.living.first(),
                false => place.living.last(),
            };
            let beside = beside.map(|(pane, _)| pane);
            let (from, to) = (place.saved.size(), place.alive.size());
            let length = scaled(along(rect.size(), axis), along(from, axis), along(to, axis));
            let beside = Who::Living(*beside?);
            let length = length.min(along(to, axis).checked_sub(3)? / 2).max(1);
            Some((beside, axis, before, true, length))
        });
        let found = edge.or_else(|| {
            let beside = neighbours(&place.saved.root, pane).into_iter();
            let mut beside = beside.filter_map(|(near, axis, before)| {
                Some((*there.get(&near)?, axis, before, along(rect.size(), axis)))
            });
            let own = beside.find_map(|(beside, axis, before, length)| {
                let length = room.take(beside, Who::Back(pane), axis, length)?;
                Some((beside, axis, before, false, length))
            });
            own.or_else(|| room.largest(Who::Back(pane)))
        });
        match found {
            Some((beside, axis, before, full, length)) => {
                there.insert(pane, Who::Back(pane));
                rejoin.joins.push(Join {
                    pane,
                    beside,
                    axis,
                    before,
                    full,
                    length,
                });
            }
            None => rejoin.no_room.push(pane),
        }
    }
    // Panes that the saved layout lost (no sound snapshot has them) are left to the caller as well.
    let placed: BTreeSet<u32> = rejoin.joins.iter().map(|join| join.pane).collect();
    for pane in back {
        if !placed.contains(pane) && !rejoin.no_room.contains(pane) {
            rejoin.no_room.push(*pane);
        }
    }
    rejoin
}

/// Whether a pane had one whole side of the tab: then along which axis, and whether the first.
fn whole_edge(place: &LivingTab, pane: u32) -> Option<(Axis, bool)> {
    let Cell::Split { axis, children, .. } = &place.saved.root else {
        return None;
    };
    let is =
        |cell: Option<&Cell>| matches!(cell, Some(Cell::Pane { pane: own, .. }) if *own == pane);
    let fits = along(place.alive.size(), *axis) >= 5;
    match (is(children.first()), is(children.last())) {
        (true, _) if fits => Some((*axis, true)),
        (_, true) if fits => Some((*axis, false)),
        _ => None,
    }
}

/// The panes around a pane, nearest first: each with the axis that lies between, and whether the
/// pane comes before it.
fn neighbours(root: &Cell, pane: u32) -> Vec<(u32, Axis, bool)> {
    let mut found = Vec::new();
    collect(root, pane, &mut found);
    found
}

/// Whether the pane is in the cell; what is found is added from the inside out.
fn collect(cell: &Cell, pane: u32, found: &mut Vec<(u32, Axis, bool)>) -> bool {
    let Cell::Split { axis, children, .. } = cell else {
        return panes(cell).contains(&pane);
    };
    let Some(at) = children
        .iter()
        .position(|child| collect(child, pane, found))
    else {
        return false;
    };
    for child in children.iter().take(at).rev() {
        let panes = panes(child).into_iter().rev();
        found.extend(panes.map(|near| (near, *axis, false)));
    }
    for child in children.iter().skip(at + 1) {
        let panes = panes(child).into_iter();
        found.extend(panes.map(|near| (near, *axis, true)));
    }
    true
}

fn panes(cell: &Cell) -> Vec<u32> {
    match cell {
        Cell::Pane { pane, .. } => vec![*pane],
        Cell::Stack { panes, .. } => panes.clone(),
        Cell::Split { children, .. } | Cell::Pinwheel { children, .. } => {
            children.iter().flat_map(panes).collect()
        }
    }
}

/// The axis of the split that a pane is a direct part of.
fn parent_axis(root: &Cell, pane: u32) -> Axis {
    let near = neighbours(root, pane);
    near.first().map_or(Axis::Rows, |(_, axis, _)| *axis)
}

/// The tree without sizes, with splits along one axis in one level.
#[derive(Debug, PartialEq, Eq)]
enum Shape {
    Pane(u32),
    Split(Axis, Vec<Shape>),
}

fn shape(cell: &Cell) -> Shape {
    match cell {
        Cell::Pane { pane, .. } => Shape::Pane(*pane),
        Cell::Split { axis, children, .. } => {
            let mut parts = Vec::new();
            for child in children {
                match shape(child) {
                    Shape::Split(own, inner) if own == *axis => parts.extend(inner),
                    other => parts.push(other),
                }
            }
            Shape::Split(*axis, parts)
        }
        // tmux has neither: no living tab has the same shape.
        Cell::Stack { panes, .. } => {
            Shape::Split(Axis::Rows, panes.iter().copied().map(Shape::Pane).collect())
        }
        Cell::Pinwheel { children, .. } => {
            Shape::Split(Axis::Columns, children.iter().map(shape).collect())
        }
    }
}

fn along(size: Size, axis: Axis) -> u16 {
    match axis {
        Axis::Columns => size.width,
        Axis::Rows => size.height,
    }
}

fn scaled(length: u16, from: u16, to: u16) -> u16 {
    let scaled = u32::from(length) * u32::from(to) / u32::from(from.max(1));
    u16::try_from(scaled).unwrap_or(u16::MAX)
}

/// How large panes are while others are put beside them.
struct Room(BTreeMap<Who, Size>);

impl Room {
    fn of(layout: &Layout) -> Self {
        let panes = layout.panes().into_iter();
        Self(
            panes
                .map(|(pane, rect)| (Who::Living(pane), rect.size()))
                .collect(),
        )
    }

    /// Takes room for a new pane from another, a third of which stays at the least; how much, or
    /// `None` where there is too little.
    fn take(&mut self, from: Who, new: Who, axis: Axis, wanted: u16) -> Option<u16> {
        let size = *self.0.get(&from)?;
        let all = along(size, axis);
        // A cell for each, and the border.
        if all < 3 {
            return None;
        }
        let length = wanted.min(all - 1 - (all / 3).max(1)).max(1);
        let with = |length| match axis {
            Axis::Columns => Size {
                width: length,
                ..size
            },
            Axis::Rows => Size {
                height: length,
                ..size
            },
        };
        self.0.insert(from, with(all - 1 - length));
        self.0.insert(new, with(length));
        Some(length)
    }

    /// Half of the largest pane.
    fn largest(&mut self, new: Who) -> Option<(Who, Axis, bool, bool, u16)> {
        let area = |size: &Size| u32::from(size.width) * u32::from(size.height);
        let (from, size) = self.0.iter().max_by_key(|(_, size)| area(size))?;
        let (from, size) = (*from, *size);
        // Cells are about twice as high as they are wide.
        let axis = if size.width > size.height.saturating_mul(2) {
            Axis::Columns
        } else {
            Axis::Rows
        };
        let length = self.take(from, new, axis, along(size, axis) / 2)?;
        Some((from, axis, false, false, length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::geometry::tests::any_layout;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_lost_goes_back_to_where_it_was(
            saved in (60u16..200, 40u16..80)
                .prop_flat_map(|(width, height)| any_layout(Size { width, height }, 1)),
            mask: u32,
        ) {
            let lost = |pane: u32| mask >> (pane % 32) & 1 == 1;
            let all: Vec<u32> = saved.panes().into_iter().map(|(pane, _)| pane).collect();
            let back: BTreeSet<u32> = all.iter().copied().filter(|pane| lost(*pane)).collect();
            let Some(alive) = prune::kept(&saved, &|pane| !lost(pane)) else { return Ok(()); };
            let living: Vec<u32> = alive.panes().into_iter().map(|(pane, _)| pane).collect();
            let place = LivingTab {
                id: crate::model::tree::TabId::of(1),
                saved: saved.clone(),
                alive,
                known: living.iter().map(|pane| (*pane, *pane)).collect(),
                living: living.iter().map(|pane| (*pane, None)).collect(),
                zoomed: None,
            };
            if let Some(found) = exact(&place, &back) {
                prop_assert_eq!(found.joins.len(), back.len());
                let layout = found.layout.unwrap();
                let sizes = |layout: &Layout| layout.panes().into_iter().map(|(_, rect)| rect).collect::<Vec<_>>();
                prop_assert_eq!(sizes(&layout), sizes(&saved));
                // The list of panes that the joins make is the order of the layout.
                let mut list: Vec<Who> = living.iter().map(|pane| Who::Living(*pane)).collect();
                for join in &found.joins {
                    let at = list.iter().position(|who| *who == join.beside).unwrap();
                    list.insert(if join.before { at } else { at + 1 }, Who::Back(join.pane));
                }
                prop_assert_eq!(list, found.order);
            }
            let found = nearest(&place, &back);
            prop_assert_eq!(found.joins.len() + found.no_room.len(), back.len());
        }
    }
}
