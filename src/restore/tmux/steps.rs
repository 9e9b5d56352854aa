//! From a plan to the steps in which tmux does it.
//!
//! Each part of the plan adds to the steps of every phase: sessions are made one after the other,
//! each with its tabs, and what comes later is kept apart until all are there. Pure: what is shown
//! is what is done.

use std::collections::BTreeSet;

use super::rejoin::{self, Rejoin, Who};
use super::settings;
use super::splits;
use super::step::{Action, Beside, Part, Step};
use crate::model::geometry::{Axis, Layout};
use crate::model::tree::AutomaticRename;
use crate::restore::plan::{
    Member, Merge, Own, Plan, PlannedPane, PlannedSession, PlannedTab, Start,
};
use crate::restore::reference::{About, PaneRef, SessionRef, TabRef};

/// The steps of a plan, in order.
pub(super) fn steps(plan: &Plan) -> Vec<Step> {
    let mut writer = StepsWriter {
        plan,
        begun: BTreeSet::new(),
        resized: Vec::new(),
        build: Vec::new(),
        arrange: Vec::new(),
        switch: Vec::new(),
        start: Vec::new(),
    };
    for (at, session) in (0u32..).map(SessionRef).zip(&plan.sessions) {
        writer.session(at, session);
    }
    let buffers = (0u32..).zip(&plan.buffers);
    let buffers = buffers.map(|(buffer, _)| step(Action::AddBuffer { buffer }));
    writer.start.extend(buffers);
    writer.finish()
}

/// Whether a session is made with a tab that holds the place of others, because none of its own can
/// be the first: all are shared with sessions before it, or new panes have to find a setting.
pub(super) fn is_hosted(plan: &Plan, at: SessionRef) -> bool {
    let Some(session) = plan.session(at) else {
        return false;
    };
    if session.leader.is_some() || session.adds_to().is_some() {
        return false;
    }
    let owns = |member: &Member| match member {
        Member::Tab { tab, .. } => plan.tab(*tab).is_some_and(|tab| tab.session == at),
        Member::Panes(_) => false,
    };
    let mut settings = session.own.settings.iter();
    !session.members.iter().any(owns) || settings.any(|one| settings::is(one, "history-limit"))
}

fn step(action: Action) -> Step {
    Step {
        action,
        note: None,
        about: None,
    }
}

fn noted(action: Action, note: &str) -> Step {
    Step {
        note: Some(note.to_owned()),
        ..step(action)
    }
}

struct StepsWriter<'a> {
    plan: &'a Plan,
    /// Sessions that have their first tab.
    begun: BTreeSet<SessionRef>,
    /// Tabs of the session at hand that get the size of their clients in the end.
    resized: Vec<TabRef>,
    build: Vec<Step>,
    arrange: Vec<Step>,
    switch: Vec<Step>,
    start: Vec<Step>,
}

impl<'a> StepsWriter<'a> {
    fn session(&mut self, at: SessionRef, session: &'a PlannedSession) {
        let hosted = is_hosted(self.plan, at);
        if let Some(leader) = session.leader {
            let action = Action::JoinGroup {
                session: at,
                leader,
            };
            self.build.push(Step {
                about: Some(About::Session(at)),
                ..step(action)
            });
            self.protect(at, session);
        } else if hosted {
            let size = session.size;
            self.build.push(step(Action::Host { session: at, size }));
            self.begun.insert(at);
            self.protect(at, session);
        }
        for member in &session.members {
            match member {
                Member::Tab { tab, index } => self.member(at, session, *tab, *index),
                Member::Panes(merge) => self.merge(merge),
            }
        }
        let tabs = std::mem::take(&mut self.resized);
        if session.adds_to().is_some() {
            if !tabs.is_empty() {
                self.switch
                    .push(step(Action::FreeSize { session: at, tabs }));
            }
            return;
        }
        if hosted {
            self.build.push(step(Action::Evict { session: at }));
        }
        // Somebody alive may have the group's name: then there is none to be made.
        if session.group.is_some() && session.alone {
            self.build.push(step(Action::FoundGroup { session: at }));
        }
        self.visit(at, session, hosted);
        if session.replaces().is_some() {
            self.instead(at);
        }
        self.switch
            .push(step(Action::RenameSession { session: at }));
        self.switch.push(step(Action::Release { session: at }));
        self.switch
            .push(step(Action::FreeSize { session: at, tabs }));
        self.set_up(Part::Session(at), &session.own);
    }

    /// Keeps a session from ending while it is made, and sets its variables before its panes are
    /// there.
    fn protect(&mut self, at: SessionRef, session: &PlannedSession) {
        self.build.push(step(Action::Protect { session: at }));
        if !session.own.environment.is_empty() {
            self.build.push(step(Action::Environment { session: at }));
        }
    }

    /// The steps that put a session in the place of a living one.
    fn instead(&mut self, at: SessionRef) {
        self.switch.push(step(Action::SetAside { session: at }));
        self.switch.push(noted(
            Action::TakeClients { session: at },
            "clients that look at it stay, and look at the restored one",
        ));
        self.switch.push(noted(
            Action::CloseReplaced { session: at },
            "the living session ends; it is in the undo point",
        ));
    }

    /// Goes through the tabs that were looked at, the current one last.
    fn visit(&mut self, at: SessionRef, session: &PlannedSession, hosted: bool) {
        let visited = session.visited.iter().map(|index| Action::SelectTab {
            session: at,
            index: *index,
        });
        self.arrange.extend(visited.map(step));
        // The tab that a session begins with counts as looked at. In a group it would go from all
        // stacks.
        let numbers: BTreeSet<u32> = session
            .members
            .iter()
            .filter_map(|member| match member {
                Member::Tab { index, .. } => Some(*index),
                Member::Panes(_) => None,
            })
            .collect();
        let first = match hosted {
            true => numbers.last(),
            false => numbers.first(),
        };
        if let Some(index) = first.filter(|first| !session.visited.contains(first))
            && session.only_visited
        {
            self.arrange.push(step(Action::Unvisit {
                session: at,
                index: *index,
            }));
        }
    }

    /// A tab of a session: one that is made for it, or that it shows, too.
    fn member(&mut self, at: SessionRef, session: &PlannedSession, tab: TabRef, index: u32) {
        let added = session.adds_to().is_some();
        match self.plan.tab(tab) {
            Some(planned) if planned.session == at => {
                self.tab(tab, planned);
                if added {
                    self.add_tab(at, tab);
                }
            }
            _ if added => self.switch.push(step(Action::ShareTab {
                tab,
                session: at,
                index,
            })),
            _ => {
                let action = Action::LinkTab {
                    tab,
                    session: at,
                    index,
                };
                self.build.push(Step {
                    about: Some(About::Tab(at, tab)),
                    ..step(action)
                });
            }
        }
    }

    fn add_tab(&mut self, at: SessionRef, tab: TabRef) {
        self.switch.push(Step {
            about: Some(About::Tab(at, tab)),
            ..step(Action::AddTab { tab })
        });
    }

    /// Makes a tab: its panes by splits, then its exact layout, its titles and its focus.
    fn tab(&mut self, tab: TabRef, planned: &'a PlannedTab) {
        let Some(first) = planned.panes.first().copied() else {
            return;
        };
        let session = planned.session;
        let from = self.build.len();
        if self.begun.insert(session) {
            self.build.push(step(Action::NewSession {
                session,
                tab,
                pane: first,
                size: planned.size,
            }));
            if let Some(of) = self.plan.session(session) {
                self.protect(session, of);
            }
            self.build.push(step(Action::MoveTab { tab }));
        } else {
            self.build.push(step(Action::NewTab { tab, pane: first }));
        }
        // A new tab gets the size of any client that is attached, whatever its session's size is.
        let mut settings = planned.own.settings.iter();
        let keep = settings
            .any(|setting| settings::is(setting, "window-size") && setting.value == "manual");
        self.build.push(step(Action::ResizeTab {
            tab,
            size: planned.size,
            keep,
        }));
        if !keep && planned.joins.is_none() {
            self.resized.push(tab);
        }
        self.splits(planned, first);
        for step in self.build.iter_mut().skip(from) {
            step.about = Some(About::Tab(session, tab));
        }
        let several = planned.panes.len() > 1;
        let layout = planned.layout.clone().filter(|layout| {
            let complete = layout.panes().len() == planned.panes.len();
            several && complete && layout.check().is_ok()
        });
        let arrange = layout.map(|layout| Action::Arrange { tab, layout });
        self.arrange.extend(arrange.map(step));
        self.dress(tab, planned, several);
        for (pane, of) in self.panes(planned) {
            if let Some(line) = &of.line {
                self.start.push(Step {
                    note: of.why.clone(),
                    ..step(Action::TypeCommand {
                        pane,
                        line: line.clone(),
                        run: of.start == Start::Run,
                    })
                });
            }
        }
    }

    fn panes(
        &self,
        tab: &'a PlannedTab,
    ) -> impl Iterator<Item = (PaneRef, &'a PlannedPane)> + use<'a> {
        let plan = self.plan;
        let panes = tab.panes.iter();
        panes.filter_map(move |pane| Some((*pane, plan.pane(*pane)?)))
    }

    /// The splits that make the panes of a tab beside the first one.
    fn splits(&mut self, tab: &PlannedTab, first: PaneRef) {
        let mut there = BTreeSet::from([first]);
        let cuts = tab.layout.as_ref().and_then(splits::cuts);
        for cut in cuts.map_or(Vec::new(), |(_, cuts)| cuts) {
            there.insert(PaneRef(cut.pane));
            self.build.push(step(Action::Split {
                pane: PaneRef(cut.pane),
                from: PaneRef(cut.from),
                axis: cut.axis,
                length: cut.length,
            }));
        }
        for pane in &tab.panes {
            if there.insert(*pane) {
                self.build.push(step(Action::Split {
                    pane: *pane,
                    from: first,
                    axis: Axis::Rows,
                    length: 1,
                }));
            }
        }
    }

    /// Titles, focus, marks, zoom and options of a tab.
    fn dress(&mut self, tab: TabRef, planned: &'a PlannedTab, several: bool) {
        let titled = self.panes(planned).filter(|(_, of)| of.title.is_some());
        let titles = titled.map(|(pane, _)| step(Action::Title { pane }));
        self.arrange.extend(titles.collect::<Vec<_>>());
        let focus = [planned.last, planned.active].into_iter().flatten();
        let focus = focus.filter(|_| several);
        self.arrange
            .extend(focus.map(|pane| step(Action::SelectPane { pane })));
        let mark = planned.marked.map(|pane| Action::Mark { pane });
        self.arrange.extend(mark.map(step));
        let zoom = planned.active.filter(|_| planned.zoomed && several);
        self.arrange
            .extend(zoom.map(|pane| step(Action::Zoom { pane })));
        for (pane, of) in self.panes(planned) {
            self.dress_pane(pane, of);
        }
        if planned.joins.is_some() {
            // What is said of the tab is said of one that will be gone.
            return;
        }
        self.set_up(Part::Tab(tab), &planned.own);
        let on = match planned.automatic_rename {
            AutomaticRename::On => Some(true),
            AutomaticRename::Off => Some(false),
            AutomaticRename::Unset => None,
        };
        self.start.push(step(Action::AutomaticRename { tab, on }));
        if planned.synchronized {
            self.start.push(step(Action::Synchronize { tab }));
        }
    }

    /// The end, the settings and the mode of a pane.
    fn dress_pane(&mut self, pane: PaneRef, planned: &PlannedPane) {
        if planned.exit.is_some() {
            self.switch.push(step(Action::LetDie { pane }));
            self.start.push(step(Action::Bury { pane }));
        }
        self.set_up(Part::Pane(pane), &planned.own);
        if planned.input_off {
            self.start.push(step(Action::InputOff { pane }));
        }
        if planned.mode.is_some() {
            self.start.push(step(Action::EnterMode { pane }));
        }
    }

    /// What is set for a part: what decides places before the text, the rest in the end.
    fn set_up(&mut self, part: Part, own: &Own) {
        if own.settings.iter().any(settings::is_of_place) {
            self.arrange.push(step(Action::Place { part }));
        }
        if !own.settings.iter().all(settings::is_of_place) {
            self.start.push(step(Action::Configure { part }));
        }
        if !own.hooks.is_empty() {
            self.start.push(step(Action::Hooks { part }));
        }
    }

    /// Makes panes, each in a tab of its own, and puts them into a living tab; where that has no
    /// room for one, its own tab is added.
    fn merge(&mut self, merge: &Merge) {
        for pane in merge.panes.values() {
            let tab = self.plan.pane(*pane).map(|pane| pane.tab);
            let planned = tab.and_then(|tab| Some((tab, self.plan.tab(tab)?)));
            if let Some((tab, planned)) = planned {
                self.tab(tab, planned);
                if planned.joins.is_none() {
                    self.add_tab(planned.session, tab);
                }
            }
        }
        let back = merge.panes.keys().copied().collect();
        let found = rejoin::rejoin(&merge.into, &back);
        self.join(merge, &found);
    }

    /// The steps that put panes into a living tab.
    fn join(&mut self, merge: &Merge, found: &Rejoin) {
        let beside = |who: &Who| match who {
            Who::Living(index) => {
                let mut panes = merge.into.living.iter();
                let (_, id) = panes.find(|(pane, _)| pane == index)?;
                id.map(Beside::Living)
            }
            Who::Back(index) => merge.panes.get(index).copied().map(Beside::Made),
        };
        for join in &found.joins {
            if let (Some(pane), Some(beside)) = (merge.panes.get(&join.pane), beside(&join.beside))
            {
                self.switch.push(step(Action::JoinPane {
                    pane: *pane,
                    beside,
                    axis: join.axis,
                    before: join.before,
                    full: join.full,
                    length: join.length,
                }));
            }
        }
        let panes: Option<Vec<Beside>> = found.order.iter().map(beside).collect();
        if let (Some(layout), Some(panes)) = (&found.layout, panes) {
            self.switch.push(noted(
                Action::Rearrange {
                    window: merge.into.id,
                    layout: Layout::clone(layout),
                    panes,
                },
                "everything where it was saved",
            ));
        }
        let zoomed = merge.into.zoomed.map(|pane| Action::ZoomAgain { pane });
        self.switch.extend(zoomed.map(step));
    }

    fn finish(mut self) -> Vec<Step> {
        if self.build.is_empty() {
            return Vec::new();
        }
        let mut all = self.build;
        all.append(&mut self.arrange);
        all.push(noted(
            Action::OpenGate,
            "every pane shows its saved text and starts its shell",
        ));
        self.switch
            .sort_by_key(|step| step.action.turn().unwrap_or(u8::MAX));
        all.append(&mut self.switch);
        self.start.sort_by_key(|step| step.action.order());
        all.append(&mut self.start);
        all
    }
}
