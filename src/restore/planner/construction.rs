//! How a tab is made: its panes by splits, then its exact layout, its titles and its focus.

use std::collections::{BTreeMap, BTreeSet};

use super::{Planner, reference, step};
use crate::model::geometry::{Axis, Layout};
use crate::model::target::Target;
use crate::model::tree::{AutomaticRename, Pane, Tab};
use crate::restore::judge::Judged;
use crate::restore::plan::{Own, PlannedPane, PlannedTab, Start};
use crate::restore::policy::Text;
use crate::restore::step::{Action, PaneRef, Part, SessionRef, Step, TabRef};
use crate::restore::{settings, splits};

impl Planner<'_> {
    /// Plans a tab that is made.
    pub(super) fn new_tab(
        &mut self,
        tab: &Tab,
        judged: &[Judged],
        session: SessionRef,
        target: Target,
        row: usize,
    ) {
        let tab_ref = TabRef(reference(self.plan.tabs.len()));
        let (of_session, hosted) = self.plan.session(session).map_or_else(
            || (Own::default(), false),
            |planned| (planned.own.clone(), planned.hosted),
        );
        let first_of_session = !hosted && !self.plan.tabs.iter().any(|tab| tab.session == session);
        let made: Vec<(&Pane, &Judged)> = tab
            .panes
            .iter()
            .zip(judged)
            .filter(|(_, judged)| judged.made)
            .collect();
        let wanted: BTreeSet<u32> = made.iter().map(|(pane, _)| pane.index).collect();
        let layout = splits::kept(&tab.layout, &|pane| wanted.contains(&pane));
        // Places in the order of the split tree; panes that it lost (no sound snapshot has them)
        // come after it.
        let mut order: Vec<u32> = layout
            .iter()
            .flat_map(Layout::panes)
            .map(|(pane, _)| pane)
            .collect();
        for pane in &wanted {
            if !order.contains(pane) {
                order.push(*pane);
            }
        }
        let base = self.plan.panes.len();
        let refs: BTreeMap<u32, PaneRef> = order
            .iter()
            .enumerate()
            .map(|(at, pane)| (*pane, PaneRef(reference(base + at))))
            .collect();
        for (place, index) in order.iter().enumerate() {
            let Some((pane, judged)) = made.iter().find(|(pane, _)| pane.index == *index) else {
                continue;
            };
            let own = self.own_of_pane(&of_session, pane);
            let target = Target {
                pane: Some(*index),
                ..target.clone()
            };
            self.tell_piped(pane, &target);
            let mode = self.mode(pane);
            self.plan.panes.push(PlannedPane {
                target,
                tab: tab_ref,
                place: reference(place),
                title: pane.title.clone(),
                dir: judged.dir.clone(),
                shell: judged.shell.clone(),
                text: match self.policy.text {
                    Text::Replay => pane.contents.map(|text| text.digest),
                    Text::None => None,
                },
                screen: pane.screen,
                // A zoomed pane has the whole tab.
                size: if tab.zoomed && pane.active {
                    tab.size()
                } else {
                    pane.rect.size()
                },
                idle: judged.idle,
                start: judged.start,
                still: pane.exit.is_some(),
                exit: pane.exit,
                mode,
                own,
                started: judged.line.as_ref().and_then(|_| {
                    let program = pane.program.as_ref();
                    program.map(|program| program.name().to_owned())
                }),
            });
        }
        let numbered = layout
            .as_ref()
            .and_then(|layout| layout.renumbered(&|pane| refs.get(&pane).map(|pane| pane.0)));
        let size = tab.size();
        let own = self.own(&tab.detail.settings, &tab.detail.hooks, &[]);
        let keep = own
            .settings
            .iter()
            .any(|setting| settings::is(setting, "window-size") && setting.value == "manual");
        self.plan.tabs.push(PlannedTab {
            target,
            session,
            index: tab.index,
            name: tab.name.clone(),
            size,
            layout: numbered.clone().unwrap_or_else(|| tab.layout.clone()),
            own,
            joins: None,
        });
        self.rows_of(tab, judged, |pane| refs.get(&pane).copied(), Some(tab_ref));

        let first_step = self.plan.steps.len();
        let Some(first) = order.first().and_then(|pane| refs.get(pane)).copied() else {
            return;
        };
        if first_of_session {
            self.plan.steps.push(step(Action::NewSession {
                session,
                tab: tab_ref,
                pane: first,
                size,
            }));
            self.protect(session);
            self.plan.steps.push(step(Action::MoveTab { tab: tab_ref }));
        } else {
            let action = Action::NewTab {
                tab: tab_ref,
                pane: first,
            };
            self.plan.steps.push(step(action));
        }
        // A new tab gets the size of any client that is attached, whatever its session's size is.
        self.plan.steps.push(step(Action::ResizeTab {
            tab: tab_ref,
            size,
            keep,
        }));
        self.splits(numbered.as_ref(), &order, &refs, first);
        if let Some(item) = self.plan.items.get_mut(row) {
            item.tab = Some(tab_ref);
            item.steps.extend(first_step..self.plan.steps.len());
        }
        let complete = numbered.filter(|layout| {
            layout.check().is_ok() && layout.panes().len() == order.len() && order.len() > 1
        });
        if let Some(layout) = complete {
            let action = Action::Arrange {
                tab: tab_ref,
                layout,
            };
            self.arrange.push(step(action));
        }
        self.dress(tab, tab_ref, &refs);
        for (pane, judged) in &made {
            if let (Some(pane), Some(line)) = (refs.get(&pane.index), &judged.line) {
                self.start.push(Step {
                    action: Action::TypeCommand {
                        pane: *pane,
                        line: line.clone(),
                        run: judged.start == Start::Run,
                    },
                    note: judged.why.clone(),
                });
            }
        }
    }

    /// Keeps a session from ending while it is made, and sets its variables before its panes are there.
    pub(super) fn protect(&mut self, session: SessionRef) {
        self.plan.steps.push(step(Action::Protect { session }));
        let planned = self.plan.session(session);
        if planned.is_some_and(|planned| !planned.own.environment.is_empty()) {
            self.plan.steps.push(step(Action::Environment { session }));
        }
    }

    /// The splits that make the panes of a tab beside the first one.
    fn splits(
        &mut self,
        layout: Option<&Layout>,
        order: &[u32],
        refs: &BTreeMap<u32, PaneRef>,
        first: PaneRef,
    ) {
        let mut there = BTreeSet::from([first]);
        let cuts = layout
            .and_then(splits::cuts)
            .map_or(Vec::new(), |(_, cuts)| cuts);
        for cut in cuts {
            there.insert(PaneRef(cut.pane));
            self.plan.steps.push(step(Action::Split {
                pane: PaneRef(cut.pane),
                from: PaneRef(cut.from),
                axis: cut.axis,
                length: cut.length,
            }));
        }
        for pane in order.iter().filter_map(|pane| refs.get(pane)) {
            if there.insert(*pane) {
                self.plan.steps.push(step(Action::Split {
                    pane: *pane,
                    from: first,
                    axis: Axis::Rows,
                    length: 1,
                }));
            }
        }
    }

    /// Titles, focus, marks, zoom and options of a tab.
    fn dress(&mut self, tab: &Tab, tab_ref: TabRef, refs: &BTreeMap<u32, PaneRef>) {
        for pane in &tab.panes {
            let withheld = pane.detail.withheld.is_some();
            if let Some(made) = refs.get(&pane.index).filter(|_| !withheld) {
                self.arrange.push(step(Action::Title { pane: *made }));
            }
        }
        let find = |wanted: &dyn Fn(&Pane) -> bool| {
            let pane = tab.panes.iter().find(|pane| wanted(pane))?;
            refs.get(&pane.index).copied()
        };
        if refs.len() > 1 {
            for pane in [find(&|pane| pane.last), find(&|pane| pane.active)] {
                let pane = pane.map(|pane| Action::SelectPane { pane });
                self.arrange.extend(pane.map(step));
            }
        }
        // There is one mark in a server: one that is alive stays where it is.
        let marked = self.live.state.panes().any(|(_, _, pane)| pane.marked);
        if let Some(pane) = find(&|pane| pane.marked).filter(|_| !marked) {
            self.arrange.push(step(Action::Mark { pane }));
        }
        if let Some(pane) = find(&|pane| pane.active).filter(|_| tab.zoomed && refs.len() > 1) {
            self.arrange.push(step(Action::Zoom { pane }));
        }
        self.dress_panes(tab, refs);
        if let Some(own) = self.plan.tab(tab_ref).map(|tab| tab.own.clone()) {
            self.set_up(Part::Tab(tab_ref), &own);
        }
        let on = match tab.automatic_rename {
            AutomaticRename::On => Some(true),
            AutomaticRename::Off => Some(false),
            AutomaticRename::Unset => None,
        };
        let action = Action::AutomaticRename { tab: tab_ref, on };
        self.start.push(step(action));
        if tab.synchronized {
            self.start.push(step(Action::Synchronize { tab: tab_ref }));
        }
    }

    /// Ends, settings and modes of the panes of a tab.
    fn dress_panes(&mut self, tab: &Tab, refs: &BTreeMap<u32, PaneRef>) {
        for pane in &tab.panes {
            let Some(made) = refs.get(&pane.index).copied() else {
                continue;
            };
            let planned = self.plan.pane(made);
            let (own, mode) = planned.map_or_else(Default::default, |planned| {
                (planned.own.clone(), planned.mode.clone())
            });
            if pane.exit.is_some() {
                self.switch.push(step(Action::LetDie { pane: made }));
                self.start.push(step(Action::Bury { pane: made }));
            }
            self.set_up(Part::Pane(made), &own);
            if pane.detail.input_off {
                self.start.push(step(Action::InputOff { pane: made }));
            }
            if mode.is_some() {
                self.start.push(step(Action::EnterMode { pane: made }));
            }
        }
    }
}
