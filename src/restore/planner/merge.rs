//! Adds to a living session what is missing of the saved one: tabs, and panes of tabs that are
//! alive.
//!
//! Everything is made in a session of its own first, and moved over at one stroke. Nothing that is
//! alive is closed, renamed or focused; a pane that gets a neighbour gives it room, and that is
//! all.

use std::collections::{BTreeMap, BTreeSet};

use super::{Planner, reference};
use crate::model::ansi::label;
use crate::model::geometry::{Cell, Layout, Rect};
use crate::model::target::Target;
use crate::model::tree::{AutomaticRename, Pane, Session, SessionId, Tab, TabId};
use crate::model::words;
use crate::restore::judge::Judged;
use crate::restore::matching::{Found, Living};
use crate::restore::plan::{Item, Level, LivingTab, Member, Merge, Outlook, Warning, WarningLevel};
use crate::restore::policy::Chosen;
use crate::restore::profile::ByHand;
use crate::restore::reference::{PaneRef, SessionRef, TabRef};

/// A saved tab, and what is there of it.
struct Part<'a> {
    tab: &'a Tab,
    found: Found<'a, Tab>,
    panes: Vec<Found<'a, Pane>>,
    judged: Vec<Judged>,
}

impl<'a> Planner<'a> {
    /// Plans what is added to the living session `alive`, whose number is `id`.
    pub(super) fn merge(
        &mut self,
        session: &'a Session,
        alive: &'a Session,
        id: SessionId,
        chosen: Chosen,
    ) {
        let parts = self.parts(session, alive);
        let any = parts
            .iter()
            .any(|part| part.judged.iter().any(|judged| judged.made));
        let made = any.then(|| self.name_into(session, alive, id));
        self.plan.items.push(Item {
            level: Level::Session,
            target: Target {
                session: session.name.clone(),
                tab: None,
                pane: None,
            },
            label: label(&session.name),
            detail: match made {
                Some(_) => "what is missing is added".to_owned(),
                None => "nothing is missing".to_owned(),
            },
            outlook: match made {
                Some(_) => Outlook::Merge,
                None => Outlook::Skip,
            },
            start: None,
            chosen: if made.is_some() { chosen } else { Chosen::No },
            warnings: Vec::new(),
            steps: Vec::new(),
            tab: None,
            pane: None,
        });
        let mut taken: BTreeSet<u32> = alive.tabs.iter().map(|tab| tab.index).collect();
        // Saved tabs that find their number free have it before those that have to take another
        // one.
        for part in &parts {
            if part.found == Found::Missing && part.judged.iter().any(|judged| judged.made) {
                taken.insert(part.tab.index);
            }
        }
        for part in &parts {
            let wanted = made.filter(|_| part.judged.iter().any(|judged| judged.made));
            match (wanted, part.found) {
                (Some(made), Found::Missing) => {
                    self.add_tab(session, alive, part, made, &mut taken);
                }
                (Some(made), Found::Alive(own)) => {
                    self.add_panes(session, own, part, made, &mut taken);
                }
                _ => self.tab_that_stays(session, part),
            }
        }
        if made.is_some() {
            self.plan.relies.sessions.insert(id);
        }
    }

    /// What is there of each tab, and what becomes of the panes that are not.
    fn parts(&self, session: &'a Session, alive: &'a Session) -> Vec<Part<'a>> {
        let living = Living::new(&self.live.state, session.life == alive.life);
        let asked = |tab: &Tab, pane: u32| {
            self.selection
                .asked_for_pane(&session.name, tab.index, pane)
        };
        let new = self.new_pane(&alive.detail.settings);
        let asked_tab = |tab: &Tab| self.selection.asked_for_tab(&session.name, tab.index);
        let found = living.tabs(session, alive, &asked_tab);
        let parts = session.tabs.iter().zip(found).map(|(tab, mut found)| {
            // A tab that two sessions shared, and only one has now, is shared again.
            if matches!(found, Found::Elsewhere(..)) && self.is_shared(tab) {
                found = Found::Missing;
            }
            let panes = match found {
                Found::Alive(own) => living.panes(tab, own, &|pane| asked(tab, pane.index)),
                Found::Elsewhere(name, index) => {
                    vec![Found::Elsewhere(name, index); tab.panes.len()]
                }
                Found::Missing => vec![Found::Missing; tab.panes.len()],
            };
            let judged = tab.panes.iter().zip(&panes).map(|(pane, found)| {
                let missing = *found == Found::Missing;
                let mut judged = self.judge(session, tab, pane, !missing, new.as_ref());
                let chosen = self.selection.has(&session.name, tab.index, pane.index);
                match found {
                    Found::Alive(own) if chosen => {
                        judged.detail = match own.handle {
                            Some(handle) => format!("alive as {}", self.profile.pane(handle.id)),
                            None => "alive".to_owned(),
                        };
                    }
                    Found::Elsewhere(session, tab) if chosen => {
                        judged.detail = format!("alive in {}:{tab}", label(session));
                    }
                    _ => {}
                }
                judged
            });
            Part {
                tab,
                found,
                judged: judged.collect(),
                panes,
            }
        });
        parts.collect()
    }

    /// Whether several saved sessions had the tab.
    fn is_shared(&self, tab: &Tab) -> bool {
        let sessions = self.snapshot.state.sessions.iter();
        let having = sessions.filter(|session| {
            let mut tabs = session.tabs.iter();
            tabs.any(|own| own.handle.is_some() && own.handle == tab.handle)
        });
        having.count() > 1
    }

    /// Rows for a tab of which nothing is added.
    fn tab_that_stays(&mut self, session: &Session, part: &Part<'_>) {
        let detail = match part.found {
            Found::Alive(own) => format!("alive as {}", own.index),
            Found::Elsewhere(session, tab) => format!("alive in {}:{tab}", label(session)),
            Found::Missing => String::new(),
        };
        self.tab_row(session, part, detail, Outlook::Skip);
        self.rows_of(part.tab, &part.judged, |_| None, None);
    }

    fn tab_row(&mut self, session: &Session, part: &Part<'_>, detail: String, outlook: Outlook) {
        let made = part.judged.iter().filter(|judged| judged.made).count();
        self.plan.items.push(Item {
            level: Level::Tab,
            target: tab_target(session, part.tab),
            label: format!("{} {}", part.tab.index, label(&part.tab.name)),
            detail,
            outlook,
            start: None,
            chosen: match made {
                0 => Chosen::No,
                some if some == part.judged.len() => Chosen::Yes,
                _ => Chosen::Partly,
            },
            warnings: Vec::new(),
            steps: Vec::new(),
            tab: None,
            pane: None,
        });
    }

    /// Adds a tab that is missing.
    fn add_tab(
        &mut self,
        session: &'a Session,
        alive: &Session,
        part: &Part<'a>,
        made: SessionRef,
        taken: &mut BTreeSet<u32>,
    ) {
        let tab = part.tab;
        let there = alive.tabs.iter().any(|own| own.index == tab.index);
        let index = if there {
            next_free(tab.index, taken)
        } else {
            tab.index
        };
        taken.insert(index);
        let known = tab
            .handle
            .and_then(|handle| self.tabs.get(&handle))
            .copied();
        if let Some((shared, _)) = known {
            return self.share_tab(session, alive, part, made, shared, index);
        }
        let row = self.plan.items.len();
        let count = part.judged.iter().filter(|judged| judged.made).count();
        let panes = words::count(count as u64, "pane");
        let number = if there {
            format!(", as {index}")
        } else {
            String::new()
        };
        self.tab_row(session, part, format!("{panes}{number}"), Outlook::Create);
        let own = self.new_tab(tab, &part.judged, made, tab_target(session, tab), row);
        if let Some(planned) = self
            .plan
            .tabs
            .get_mut(usize::try_from(own.0).unwrap_or(usize::MAX))
        {
            planned.index = index;
        }
        if let Some(handle) = tab.handle {
            self.tabs.entry(handle).or_insert((own, tab));
        }
        self.add_member(made, Member::Tab { tab: own, index });
        if there {
            self.number_taken(session, tab, index);
        }
    }

    fn number_taken(&mut self, session: &Session, tab: &Tab, index: u32) {
        self.plan.warnings.push(Warning {
            level: WarningLevel::Info,
            kind: "number taken",
            component: tab_target(session, tab).to_string(),
            issue: format!("the number {} belongs to another tab now", tab.index),
            fallback: format!("added as {index}"),
            suggestion: format!("move it with {}", self.profile.by_hand(ByHand::MoveTab)),
        });
    }

    /// Adds a tab that was already added to another session.
    fn share_tab(
        &mut self,
        session: &Session,
        alive: &Session,
        part: &Part<'_>,
        made: SessionRef,
        shared: TabRef,
        index: u32,
    ) {
        self.tab_row(
            session,
            part,
            "shared with another session".to_owned(),
            Outlook::Create,
        );
        if let Some(item) = self.plan.items.last_mut() {
            item.tab = Some(shared);
        }
        self.rows_of(part.tab, &part.judged, |_| None, Some(shared));
        // A session of the same group has it already.
        let owner = self.plan.tab(shared).map(|tab| tab.session);
        let owner = owner.and_then(|owner| self.plan.session(owner)?.adds_to());
        let owner = owner.and_then(|owner| self.live.state.session(&owner.name));
        let grouped =
            owner.is_some_and(|owner| owner.group.is_some() && owner.group == alive.group);
        if !grouped {
            self.add_member(made, Member::Tab { tab: shared, index });
        }
    }

    /// Adds panes that are missing in a living tab. Each is made in a tab of its own first.
    fn add_panes(
        &mut self,
        session: &Session,
        alive: &'a Tab,
        part: &Part<'a>,
        made: SessionRef,
        taken: &mut BTreeSet<u32>,
    ) {
        let Some(window) = alive.handle else {
            return self.tab_that_stays(session, part);
        };
        let back: BTreeSet<u32> = part
            .tab
            .panes
            .iter()
            .zip(&part.judged)
            .filter(|(_, judged)| judged.made)
            .map(|(pane, _)| pane.index)
            .collect();
        let known = part.tab.panes.iter().zip(&part.panes);
        let known = known.filter_map(|(pane, found)| match found {
            Found::Alive(own) => Some((pane.index, own.index)),
            _ => None,
        });
        let active = alive.panes.iter().find(|pane| pane.active);
        let into = LivingTab {
            id: window,
            saved: part.tab.layout.clone(),
            alive: alive.layout.clone(),
            known: known.collect(),
            living: alive
                .panes
                .iter()
                .map(|pane| (pane.index, pane.handle.map(|handle| handle.id)))
                .collect(),
            zoomed: active
                .and_then(|pane| pane.handle)
                .filter(|_| alive.zoomed)
                .map(|handle| handle.id),
        };
        let fit = self.profile.fit(&into, &back);
        let count = back.len();
        let panes = words::count(count as u64, "pane");
        let detail = format!("alive as {}; {panes} put back", alive.index);
        self.tab_row(session, part, detail, Outlook::Merge);
        let mut carried = BTreeMap::new();
        for (pane, judged) in part.tab.panes.iter().zip(&part.judged) {
            if judged.made {
                let room = !fit.no_room.contains(&pane.index);
                let joins = room.then_some(window);
                let pane_ref = self.carry(session, part.tab, pane, judged, made, taken, joins);
                carried.insert(pane.index, pane_ref);
            }
        }
        self.rows_of(
            part.tab,
            &part.judged,
            |pane| carried.get(&pane).copied(),
            None,
        );
        self.plan.relies.tabs.insert(window);
        let panes = carried;
        self.add_member(made, Member::Panes(Merge { into, panes }));
        if !fit.exact {
            self.plan.warnings.push(Warning {
                level: WarningLevel::Info,
                kind: "changed tab",
                component: tab_target(session, part.tab).to_string(),
                issue: "the living tab is laid out otherwise than the saved one".into(),
                fallback: "put back at the nearest place".into(),
                suggestion: format!("move it with {}", self.profile.by_hand(ByHand::MovePane)),
            });
        }
    }

    /// Plans a pane in a tab of its own, in which it waits until it is put into the living tab
    /// `joins`; where there is no room for it, that tab is added.
    #[expect(
        clippy::too_many_arguments,
        reason = "a pane is told by its tab and session"
    )]
    fn carry(
        &mut self,
        session: &Session,
        tab: &Tab,
        pane: &Pane,
        judged: &Judged,
        made: SessionRef,
        taken: &mut BTreeSet<u32>,
        joins: Option<TabId>,
    ) -> PaneRef {
        let rect = Rect {
            left: 0,
            top: 0,
            ..pane.rect
        };
        let alone = Tab {
            handle: None,
            index: next_free(tab.index, taken),
            name: tab.name.clone(),
            active: false,
            last: false,
            zoomed: false,
            synchronized: false,
            automatic_rename: AutomaticRename::default(),
            layout: Layout {
                gap: tab.layout.gap,
                root: Cell::Pane {
                    rect,
                    pane: pane.index,
                },
            },
            panes: vec![Pane {
                rect,
                active: true,
                last: false,
                ..pane.clone()
            }],
            detail: Default::default(),
        };
        taken.insert(alone.index);
        let pane_ref = PaneRef(reference(self.plan.panes.len()));
        let rows = self.plan.items.len();
        let warnings = self.plan.warnings.len();
        let own = self.new_tab(
            &alone,
            std::slice::from_ref(judged),
            made,
            tab_target(session, tab),
            usize::MAX,
        );
        // Its row and its warnings stand with those of its own tab.
        self.plan.items.truncate(rows);
        self.plan.warnings.truncate(warnings);
        if let Some(planned) = self
            .plan
            .tabs
            .get_mut(usize::try_from(own.0).unwrap_or(usize::MAX))
        {
            planned.joins = joins;
        }
        if joins.is_none() {
            self.plan.warnings.push(Warning {
                level: WarningLevel::Warning,
                kind: "no room",
                component: tab_target(session, tab).to_string(),
                issue: "the living tab has no room for another pane".into(),
                fallback: format!("added as a tab of its own, {}", alone.index),
                suggestion: format!(
                    "make the terminal larger and use {}",
                    self.profile.by_hand(ByHand::JoinPane)
                ),
            });
        }
        pane_ref
    }
}

fn tab_target(session: &Session, tab: &Tab) -> Target {
    Target {
        session: session.name.clone(),
        tab: Some(tab.index),
        pane: None,
    }
}

/// The first number after this one that is free.
fn next_free(index: u32, taken: &BTreeSet<u32>) -> u32 {
    let mut numbers = index.saturating_add(1)..u32::MAX;
    numbers
        .find(|number| !taken.contains(number))
        .unwrap_or(u32::MAX)
}
