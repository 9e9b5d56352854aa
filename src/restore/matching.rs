//! Which saved tabs and panes are still there in a living session.
//!
//! Within one life handles tell. Otherwise a tab is known by its number and its name (or, where the
//! name follows the program, by what is in it), and a pane by its directory and program, or by its
//! place. What is taken for another one is never touched; what is not recognised comes back beside
//! it.

use std::collections::{BTreeMap, BTreeSet};

use bstr::BString;

use crate::model::program::program_name;
use crate::model::tree::{AutomaticRename, Pane, PaneId, ServerState, Session, Tab, TabId};

/// What a saved tab or pane has become.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a, T> {
    /// It is alive, in its place.
    Alive(&'a T),
    /// It is alive, but somebody has moved it: to this session and tab.
    Elsewhere(&'a BString, u32),
    /// It is not there.
    Missing,
}

/// Whether the saved one is taken for the living one.
type Same<'s, T> = dyn Fn(&T, &T) -> bool + 's;

impl<T> Clone for Found<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Found<'_, T> {}

/// What is alive, for looking things up in it.
#[derive(Debug)]
pub(super) struct Living<'a> {
    /// Whether the saved session is of the same life as the living one.
    same_life: bool,
    tabs: BTreeMap<TabId, (&'a Session, &'a Tab)>,
    panes: BTreeMap<PaneId, (&'a Session, &'a Tab)>,
}

impl<'a> Living<'a> {
    pub(super) fn new(state: &'a ServerState, same_life: bool) -> Self {
        let mut living = Self {
            same_life,
            tabs: BTreeMap::new(),
            panes: BTreeMap::new(),
        };
        for session in &state.sessions {
            for tab in &session.tabs {
                living
                    .tabs
                    .extend(tab.handle.map(|id| (id, (session, tab))));
                let panes = tab.panes.iter().filter_map(|pane| pane.handle);
                let panes = panes.map(|handle| (handle.id, (session, tab)));
                living.panes.extend(panes);
            }
        }
        living
    }

    /// What the tabs of a saved session have become, in their order, in the living session `alive`.
    /// Of a tab for which `asked` holds only itself counts, not one that is like it.
    pub(super) fn tabs(
        &self,
        saved: &Session,
        alive: &'a Session,
        asked: &dyn Fn(&Tab) -> bool,
    ) -> Vec<Found<'a, Tab>> {
        let mut found = vec![Found::Missing; saved.tabs.len()];
        let mut claimed = BTreeSet::new();
        if self.same_life {
            for (tab, found) in saved.tabs.iter().zip(&mut found) {
                let Some(id) = tab.handle else { continue };
                if let Some(own) = alive.tabs.iter().find(|own| own.handle == Some(id)) {
                    claimed.insert(own.index);
                    *found = Found::Alive(own);
                } else if let Some((session, other)) = self.tabs.get(&id) {
                    *found = Found::Elsewhere(&session.name, other.index);
                }
            }
        }
        let same: [&Same<'_, Tab>; 2] = [&same_place, &same_content];
        for same in same {
            for (tab, found) in saved.tabs.iter().zip(&mut found) {
                if *found != Found::Missing || self.same_life && asked(tab) {
                    continue;
                }
                let mut free = alive.tabs.iter();
                let own = free.find(|own| !claimed.contains(&own.index) && same(tab, own));
                if let Some(own) = own {
                    claimed.insert(own.index);
                    *found = Found::Alive(own);
                }
            }
        }
        found
    }

    /// What the panes of a saved tab have become, in their order, in the living tab `alive`. Of a
    /// pane for which `asked` holds only itself counts, not one that is like it.
    pub(super) fn panes(
        &self,
        saved: &Tab,
        alive: &'a Tab,
        asked: &dyn Fn(&Pane) -> bool,
    ) -> Vec<Found<'a, Pane>> {
        let mut found = vec![Found::Missing; saved.panes.len()];
        let mut claimed = BTreeSet::new();
        if self.same_life {
            for (pane, found) in saved.panes.iter().zip(&mut found) {
                let Some(id) = pane.handle.map(|handle| handle.id) else {
                    continue;
                };
                let mut own = alive.panes.iter();
                let own = own.find(|own| own.handle.is_some_and(|handle| handle.id == id));
                if let Some(own) = own {
                    claimed.insert(own.index);
                    *found = Found::Alive(own);
                } else if let Some((session, tab)) = self.panes.get(&id) {
                    *found = Found::Elsewhere(&session.name, tab.index);
                }
            }
        }
        // Where a pane is gone, those behind it have moved up: then a number tells nothing.
        let numbered = !self.same_life && saved.panes.len() == alive.panes.len();
        let by_place = |saved: &Pane, own: &Pane| numbered && saved.index == own.index;
        let same: [&Same<'_, Pane>; 3] = [&alike, &left_idle, &by_place];
        for same in same {
            for (pane, found) in saved.panes.iter().zip(&mut found) {
                if *found != Found::Missing || self.same_life && asked(pane) {
                    continue;
                }
                let mut free = alive.panes.iter();
                let own = free.find(|own| !claimed.contains(&own.index) && same(pane, own));
                if let Some(own) = own {
                    claimed.insert(own.index);
                    *found = Found::Alive(own);
                }
            }
        }
        found
    }
}

/// Whether the same runs in both: the program with all arguments, or else the shell. A program that
/// was the pane's own process has a shell around it once it was restored.
pub(super) fn same_programs(one: &Pane, other: &Pane) -> bool {
    match (&one.program, &other.program) {
        (Some(one), Some(other)) => one.argv == other.argv,
        (None, None) => one.shell == other.shell,
        _ => false,
    }
}

/// Whether nothing is known of a saved pane but its place: then any pane there is taken for it.
pub(super) fn is_place(saved: &Pane) -> bool {
    saved.detail.withheld.is_some()
}

/// Whether the name of a saved tab was left out with what is in one of its panes.
pub(super) fn is_nameless(saved: &Tab) -> bool {
    saved.name.is_empty() && saved.panes.iter().any(is_place)
}

fn alike(saved: &Pane, alive: &Pane) -> bool {
    if is_place(saved) {
        return saved.index == alive.index;
    }
    saved.cwd == alive.cwd && same_programs(saved, alive)
}

/// A program that has ended, or was typed by a restore and not run.
fn left_idle(saved: &Pane, alive: &Pane) -> bool {
    let place = (saved.index, &saved.cwd) == (alive.index, &alive.cwd);
    place && saved.shell == alive.shell && alive.program.is_none()
}

/// Whether a tab's name is that of what runs in it, and so tells nothing of itself.
fn follows(tab: &Tab) -> bool {
    let active = tab.panes.iter().find(|pane| pane.active);
    let named = active.is_some_and(|pane| {
        let program = pane.program.as_ref().map(|program| &program.argv);
        let name = |argv: &Vec<BString>| {
            let name = program_name(argv);
            name.strip_prefix(b"-").unwrap_or(name) == tab.name.as_slice()
        };
        name(program.unwrap_or(&pane.shell)) || name(&pane.shell)
    });
    tab.automatic_rename != AutomaticRename::Off && (named || is_nameless(tab))
}

fn same_place(saved: &Tab, alive: &Tab) -> bool {
    if saved.index != alive.index {
        return false;
    }
    if saved.name == alive.name && !follows(saved) {
        return true;
    }
    let known = |pane: &Pane| alive.panes.iter().any(|own| alike(pane, own));
    (saved.name == alive.name || follows(saved) || follows(alive)) && saved.panes.iter().any(known)
}

/// A tab that came back under another number, or was given one.
fn same_content(saved: &Tab, alive: &Tab) -> bool {
    let same_pane = |(saved, alive): (&Pane, &Pane)| {
        let known = same_programs(saved, alive) || left_idle(saved, alive);
        is_place(saved) || saved.cwd == alive.cwd && known
    };
    (saved.name == alive.name || is_nameless(saved))
        && saved.panes.len() == alive.panes.len()
        && saved.panes.iter().zip(&alive.panes).all(same_pane)
}
