//! What a real zellij reports (`tests/samples/zellij`), in the model: it is accepted, and what is a
//! little otherwise is refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::model::detail::{Floating, PaneDetail};
use crate::model::geometry::{Axis, Cell, GeometryError, Layout, Rect};
use crate::model::snapshot::LifeId;
use crate::model::tree::{
    AutomaticRename, InvalidState, Pane, PaneHandle, PaneId, Screen, ServerState, Session, Tab,
    TabId,
};

#[derive(Deserialize)]
struct Sample {
    tabs: Vec<ListedTab>,
    panes: Vec<ListedPane>,
}

#[derive(Deserialize)]
struct ListedTab {
    position: u32,
    active: bool,
}

#[derive(Deserialize)]
struct ListedPane {
    id: u64,
    is_plugin: bool,
    tab_position: u32,
    is_focused: bool,
    is_floating: bool,
    is_suppressed: bool,
    pane_x: u16,
    pane_y: u16,
    pane_columns: u16,
    pane_rows: u16,
}

impl ListedPane {
    fn rect(&self) -> Rect {
        Rect {
            left: self.pane_x,
            top: self.pane_y,
            width: self.pane_columns,
            height: self.pane_rows,
        }
    }
}

/// The samples by name.
fn samples() -> BTreeMap<String, ServerState> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/zellij");
    let mut samples = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ext| ext == "json") {
            let sample = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            samples.insert(name, state(&sample));
        }
    }
    samples
}

fn state(sample: &Sample) -> ServerState {
    let tabs = sample.tabs.iter().map(|listed| {
        let panes = sample.panes.iter();
        let own: Vec<_> = panes
            .filter(|pane| pane.tab_position == listed.position)
            .collect();
        tab(listed, &own)
    });
    ServerState {
        sessions: vec![Session {
            handle: None,
            life: LifeId(1),
            name: "sample".into(),
            cwd: "".into(),
            group: None,
            tabs: tabs.collect(),
            detail: Default::default(),
        }],
        buffers: Vec::new(),
    }
}

/// Panes of one rectangle: one, or a stack of which one is shown.
struct Spot {
    rect: Rect,
    panes: Vec<u32>,
    shown: u32,
}

fn tab(listed: &ListedTab, all: &[&ListedPane]) -> Tab {
    let shown = |pane: &&&ListedPane| !pane.is_floating && !pane.is_suppressed;
    let places: Vec<Rect> = all.iter().filter(shown).map(|pane| pane.rect()).collect();
    // What is hidden and in no stack is no part of the layout: a plugin that waits in the
    // background.
    let there = |pane: &&&ListedPane| pane.is_floating || places.contains(&pane.rect());
    let own: Vec<&ListedPane> = all.iter().filter(there).copied().collect();
    let mut spots: Vec<Spot> = Vec::new();
    for (index, pane) in (0..).zip(&own).filter(|(_, pane)| !pane.is_floating) {
        let rect = pane.rect();
        let at = spots.iter().position(|spot| spot.rect == rect);
        let at = at.unwrap_or(spots.len());
        if at == spots.len() {
            spots.push(Spot {
                rect,
                panes: Vec::new(),
                shown: index,
            });
        }
        spots[at].panes.push(index);
        if !pane.is_suppressed {
            spots[at].shown = index;
        }
    }
    // Tiled and floating panes have a focus each; the floating one is in front.
    let focus = |floating| {
        let mut panes = own.iter();
        panes.position(|pane| pane.is_focused && pane.is_floating == floating)
    };
    let active = focus(true).or(focus(false));
    let panes = own.iter().enumerate();
    Tab {
        handle: Some(TabId::of(listed.position.into())),
        index: listed.position,
        name: "".into(),
        active: listed.active,
        last: false,
        zoomed: false,
        synchronized: false,
        automatic_rename: AutomaticRename::Unset,
        layout: Layout {
            gap: 0,
            root: cell(&spots.iter().collect::<Vec<_>>()),
        },
        panes: panes
            .map(|(at, own)| pane(at, own, Some(at) == active))
            .collect(),
        detail: Default::default(),
    }
}

fn pane(index: usize, listed: &ListedPane, active: bool) -> Pane {
    let rect = listed.rect();
    let floating = listed.is_floating.then_some(Floating {
        left: rect.left.into(),
        top: rect.top.into(),
        width: rect.width,
        height: rect.height,
        behind: None,
    });
    Pane {
        handle: Some(PaneHandle {
            id: PaneId::of(listed.id << 1 | u64::from(listed.is_plugin)),
            pid: None,
        }),
        index: u32::try_from(index).unwrap(),
        title: "".into(),
        cwd: "".into(),
        active,
        last: false,
        marked: false,
        rect,
        shell: Vec::new(),
        program: None,
        exit: None,
        screen: Screen::default(),
        contents: None,
        attachments: Vec::new(),
        detail: PaneDetail {
            floating,
            ..PaneDetail::default()
        },
    }
}

/// The tree over some spots: cut wherever a straight cut goes through, else a pinwheel.
fn cell(spots: &[&Spot]) -> Cell {
    if let [spot] = spots {
        let rect = spot.rect;
        return match spot.panes[..] {
            [pane] => Cell::Pane { rect, pane },
            _ => Cell::Stack {
                rect,
                panes: spot.panes.clone(),
                expanded: spot.shown,
            },
        };
    }
    let rect = around(spots);
    for axis in [Axis::Columns, Axis::Rows] {
        let parts = cut(spots, axis);
        if parts.len() > 1 {
            return Cell::Split {
                rect,
                axis,
                children: parts.iter().map(|part| cell(part)).collect(),
            };
        }
    }
    let mut ordered = spots.to_vec();
    ordered.sort_by_key(|spot| (spot.rect.top, spot.rect.left));
    Cell::Pinwheel {
        rect,
        children: ordered.into_iter().map(|spot| cell(&[spot])).collect(),
    }
}

fn around(spots: &[&Spot]) -> Rect {
    let rects = || spots.iter().map(|spot| spot.rect);
    let left = rects().map(|rect| rect.left).min().unwrap();
    let top = rects().map(|rect| rect.top).min().unwrap();
    Rect {
        left,
        top,
        width: rects().map(|rect| rect.left + rect.width).max().unwrap() - left,
        height: rects().map(|rect| rect.top + rect.height).max().unwrap() - top,
    }
}

fn cut<'a>(spots: &[&'a Spot], axis: Axis) -> Vec<Vec<&'a Spot>> {
    let span = |spot: &Spot| match axis {
        Axis::Columns => (spot.rect.left, spot.rect.left + spot.rect.width),
        Axis::Rows => (spot.rect.top, spot.rect.top + spot.rect.height),
    };
    let mut ordered = spots.to_vec();
    ordered.sort_by_key(|spot| span(spot));
    let mut parts: Vec<Vec<&Spot>> = Vec::new();
    let mut end = 0;
    for spot in ordered {
        let (from, to) = span(spot);
        match parts.last_mut() {
            Some(part) if from < end => part.push(spot),
            _ => parts.push(vec![spot]),
        }
        end = end.max(to);
    }
    parts
}

/// Every cell of a tree, the root first.
fn cells<'c>(cell: &'c Cell, into: &mut Vec<&'c Cell>) {
    into.push(cell);
    if let Cell::Split { children, .. } | Cell::Pinwheel { children, .. } = cell {
        children.iter().for_each(|child| cells(child, into));
    }
}

/// How many stacks, pinwheels and floating panes there are, and how many panes.
fn counts(state: &ServerState) -> [usize; 4] {
    let mut counts = [0; 4];
    for tab in &state.sessions[0].tabs {
        let mut all = Vec::new();
        cells(&tab.layout.root, &mut all);
        counts[0] += all
            .iter()
            .filter(|cell| matches!(cell, Cell::Stack { .. }))
            .count();
        counts[1] += all
            .iter()
            .filter(|cell| matches!(cell, Cell::Pinwheel { .. }))
            .count();
        let floating = |pane: &&Pane| pane.detail.floating.is_some();
        counts[2] += tab.panes.iter().filter(floating).count();
        counts[3] += tab.panes.len();
    }
    counts
}

/// A sample of which something was changed.
fn changed(name: &str, change: impl FnOnce(&mut Session)) -> Result<(), InvalidState> {
    let mut state = samples().remove(name).unwrap();
    change(&mut state.sessions[0]);
    state.check()
}

#[test]
fn what_zellij_reports_is_accepted() {
    let all = samples();
    let counted: Vec<_> = all
        .iter()
        .map(|(name, state)| (name.as_str(), counts(state)))
        .collect();
    let expected = [
        ("01-single", [0, 0, 0, 1]),
        ("02-two-split-cwd", [0, 0, 0, 2]),
        ("03-nested-percent", [0, 0, 0, 4]),
        ("04-stacked", [2, 0, 0, 7]),
        ("05-floating", [0, 0, 3, 4]),
        ("06-twelve", [0, 0, 0, 12]),
        ("07-tabs-unicode-commands", [0, 0, 0, 8]),
        ("08-plugins-swap", [0, 0, 1, 9]),
        ("09-pinwheel", [0, 1, 0, 6]),
        ("11-nested-stack", [2, 0, 0, 5]),
    ];
    assert_eq!(counted, expected);
    for (name, state) in all {
        assert_eq!(state.check(), Ok(()), "{name}");
    }
}

/// While nobody looks, zellij says of no tab that it is active.
#[test]
fn nobody_need_look_at_a_session() {
    for (name, mut state) in samples() {
        let tabs = &mut state.sessions[0].tabs;
        tabs.iter_mut().for_each(|tab| tab.active = false);
        assert_eq!(state.check(), Ok(()), "{name}");
        let tabs = &mut state.sessions[0].tabs;
        tabs.iter_mut()
            .flat_map(|tab| &mut tab.panes)
            .for_each(|pane| pane.active = false);
        assert_eq!(state.check(), Ok(()), "{name}");
        assert!(state.sessions[0].active_tab().is_some(), "{name}");
        // Where somebody looks, a pane has the focus.
        state.sessions[0].tabs[0].active = true;
        assert!(
            matches!(state.check(), Err(InvalidState::Focus { .. })),
            "{name}"
        );
    }
}

#[test]
fn a_pane_that_is_a_cell_larger_is_refused() {
    fn grow(cell: &mut Cell) -> u32 {
        match cell {
            Cell::Pane { rect, pane } => {
                rect.width += 1;
                *pane
            }
            Cell::Stack { rect, expanded, .. } => {
                rect.height += 1;
                *expanded
            }
            Cell::Split { children, .. } | Cell::Pinwheel { children, .. } => {
                grow(&mut children[0])
            }
        }
    }
    for (name, state) in samples() {
        let mut split = state.clone();
        let tab = &mut split.sessions[0].tabs[0];
        let pane = grow(&mut tab.layout.root);
        assert!(split.check().is_err(), "{name}");
        // Alone, it differs from what the pane says of itself.
        let mut own = state.clone();
        let tab = &mut own.sessions[0].tabs[0];
        let place = tab.panes.iter().position(|own| own.index == pane).unwrap();
        tab.panes[place].rect.height += 1;
        assert!(
            matches!(own.check(), Err(InvalidState::PanesDiffer { .. })),
            "{name}"
        );
        let mut two = state;
        let tabs = &mut two.sessions[0].tabs;
        tabs[0].panes.iter_mut().for_each(|pane| pane.active = true);
        let alone = tabs[0].panes.len() == 1;
        assert_eq!(two.check().is_ok(), alone, "{name}");
    }
}

#[test]
fn stacks_that_cannot_be_are_refused() {
    let with = |change: &dyn Fn(&mut Vec<u32>, &mut u32)| {
        changed("11-nested-stack", |session| {
            fn first(cell: &mut Cell) -> Option<(&mut Vec<u32>, &mut u32)> {
                match cell {
                    Cell::Stack {
                        panes, expanded, ..
                    } => Some((panes, expanded)),
                    Cell::Split { children, .. } => children.iter_mut().find_map(first),
                    _ => None,
                }
            }
            let (panes, expanded) = first(&mut session.tabs[0].layout.root).unwrap();
            change(panes, expanded);
        })
    };
    assert_eq!(with(&|_, _| {}), Ok(()));
    let cause = |found: Result<(), InvalidState>| match found {
        Err(InvalidState::Geometry { cause, .. }) => cause,
        other => panic!("{other:?}"),
    };
    let outside = cause(with(&|_, expanded| *expanded = 0));
    assert_eq!(outside, GeometryError::NotStacked(0));
    let alone = cause(with(&|panes, expanded| {
        panes.retain(|pane| *pane == *expanded);
    }));
    assert!(matches!(alone, GeometryError::TooFewChildren(_, 1)));
    let twice = cause(with(&|panes, _| panes.push(panes[0])));
    assert!(matches!(twice, GeometryError::Duplicate(_)));
    let unknown = with(&|panes, _| panes.push(99));
    assert!(matches!(unknown, Err(InvalidState::PanesDiffer { .. })));
}

#[test]
fn pinwheels_that_cannot_be_are_refused() {
    let with = |name: &str, change: &dyn Fn(&mut Layout)| {
        changed(name, |session| change(&mut session.tabs[0].layout))
    };
    let refused = |found| matches!(found, Err(InvalidState::Geometry { .. }));
    let gap = with("09-pinwheel", &|layout| layout.gap = 1);
    assert!(refused(gap));
    let swapped = with("09-pinwheel", &|layout| {
        let Cell::Pinwheel { children, .. } = &mut layout.root else {
            panic!("no pinwheel");
        };
        children.swap(0, 1);
    });
    assert!(refused(swapped));
    // Whatever a straight cut divides is a split.
    let cut = with("02-two-split-cwd", &|layout| {
        let Cell::Split { rect, children, .. } = layout.root.clone() else {
            panic!("no split");
        };
        layout.root = Cell::Pinwheel { rect, children };
    });
    assert!(refused(cut));
}

#[test]
fn floating_panes_that_cannot_be_are_refused() {
    let with = |behind: [Option<u16>; 3]| {
        changed("05-floating", |session| {
            let floating = session.tabs[0].panes.iter_mut();
            let floating = floating.filter_map(|pane| pane.detail.floating.as_mut());
            floating
                .zip(behind)
                .for_each(|(own, behind)| own.behind = behind);
        })
    };
    // In front of each other in any order, or in an unknown one.
    assert_eq!(with([None; 3]), Ok(()));
    assert_eq!(with([Some(2), Some(0), Some(1)]), Ok(()));
    let refused = |found| matches!(found, Err(InvalidState::Floating { .. }));
    assert!(refused(with([Some(0), Some(1), Some(1)])));
    assert!(refused(with([Some(0), None, Some(1)])));
    let change = |change: fn(&mut Floating)| {
        changed("05-floating", |session| {
            let floating = session.tabs[0].panes[1].detail.floating.as_mut();
            change(floating.unwrap());
        })
    };
    assert!(refused(change(|own| own.width = 0)));
    assert!(refused(change(|own| own.left += 1)));
}

#[test]
fn what_zellij_shows_can_be_drawn_at_another_size() {
    for (name, state) in samples() {
        for tab in &state.sessions[0].tabs {
            let same = tab.layout.scaled(tab.size()).unwrap();
            assert_eq!(same, tab.layout, "{name}");
            let half = crate::model::geometry::Size {
                width: tab.size().width / 2,
                height: tab.size().height / 2,
            };
            let small = tab.layout.scaled(half);
            let small = small.filter(|small| small.panes().len() == tab.layout.panes().len());
            assert!(small.is_some(), "{name}");
        }
    }
}
