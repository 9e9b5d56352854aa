//! Thinks a restore through: pure and total. Whatever the snapshot and the live state hold, there is a
//! plan, and no step of it touches anything that is alive.

use std::collections::{BTreeMap, BTreeSet};

use bstr::{BString, ByteSlice};

use super::facts::{Facts, LiveState};
use super::judge::{Judged, judge};
use super::plan::{
    Item, Level, Outlook, Plan, PlannedPane, PlannedSession, PlannedTab, Start, Warning,
    WarningLevel,
};
use super::policy::{Chosen, OnConflict, Policy, Selection, Text};
use super::splits;
use super::step::{Action, PaneRef, SessionRef, Step, TabRef};
use crate::model::ansi::label;
use crate::model::digest::DigestBuilder;
use crate::model::geometry::{Axis, Layout};
use crate::model::snapshot::Snapshot;
use crate::model::target::Target;
use crate::model::tree::{AutomaticRename, Pane, Session, Tab};

/// Plans a restore of the chosen parts of a snapshot beside what is alive.
///
/// [`OnConflict::Merge`] and [`OnConflict::Replace`] are treated as [`OnConflict::Skip`];
/// [`super::prepare`] refuses them before it comes to this.
#[must_use]
pub fn plan(
    snapshot: &Snapshot,
    live: &LiveState,
    facts: &Facts,
    policy: &Policy,
    selection: &Selection,
) -> Plan {
    let mut planner = Planner::new(snapshot, live, facts, policy, selection);
    planner.general();
    for session in &snapshot.state.sessions {
        planner.session(session);
    }
    planner.finish()
}

struct Planner<'a> {
    snapshot: &'a Snapshot,
    live: &'a LiveState,
    facts: &'a Facts,
    policy: &'a Policy,
    selection: &'a Selection,
    plan: Plan,
    /// Names that are taken, by what is alive or by this plan.
    taken: BTreeSet<BString>,
    /// The session that founds each group.
    leaders: BTreeMap<&'a BString, SessionRef>,
    /// Tabs that are made, by tmux's number, for linking them into other sessions.
    tabs: BTreeMap<u32, (TabRef, &'a Tab)>,
    /// Rows of the preview that belong to the pane.
    rows: BTreeMap<PaneRef, usize>,
    /// Steps of the later phases.
    arrange: Vec<Step>,
    switch: Vec<Step>,
    start: Vec<Step>,
}

fn reference(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn step(action: Action) -> Step {
    Step { action, note: None }
}

/// Whether a live session is as the saved one was: focus, sizes and texts do not count.
fn alike(one: &Session, other: &Session) -> bool {
    fn argv(pane: &Pane) -> impl Iterator<Item = &BString> {
        let program = pane.program.iter();
        pane.shell
            .iter()
            .chain(program.flat_map(|program| &program.argv))
    }
    let same_pane = |(one, other): (&Pane, &Pane)| {
        (one.index, &one.cwd) == (other.index, &other.cwd) && argv(one).eq(argv(other))
    };
    let same_tab = |(one, other): (&Tab, &Tab)| {
        (one.index, &one.name, one.panes.len()) == (other.index, &other.name, other.panes.len())
            && one.panes.iter().zip(&other.panes).all(same_pane)
    };
    one.tabs.len() == other.tabs.len() && one.tabs.iter().zip(&other.tabs).all(same_tab)
}

impl<'a> Planner<'a> {
    fn new(
        snapshot: &'a Snapshot,
        live: &'a LiveState,
        facts: &'a Facts,
        policy: &'a Policy,
        selection: &'a Selection,
    ) -> Self {
        Self {
            snapshot,
            live,
            facts,
            policy,
            selection,
            plan: Plan {
                snapshot: snapshot.meta.id,
                starts_server: live.server.is_none(),
                policy: policy.clone(),
                sessions: Vec::new(),
                tabs: Vec::new(),
                panes: Vec::new(),
                steps: Vec::new(),
                items: Vec::new(),
                warnings: Vec::new(),
                loses: Vec::new(),
                fingerprint: live.fingerprint(),
            },
            taken: live
                .state
                .sessions
                .iter()
                .flat_map(|session| [Some(&session.name), session.group.as_ref()])
                .flatten()
                .cloned()
                .collect(),
            leaders: BTreeMap::new(),
            tabs: BTreeMap::new(),
            rows: BTreeMap::new(),
            arrange: Vec::new(),
            switch: Vec::new(),
            start: Vec::new(),
        }
    }

    /// What is to be known of the whole.
    fn general(&mut self) {
        let saved = &self.snapshot.meta.server.version;
        let now = self.live.server.as_ref().map(|server| &server.version);
        if let Some(now) = now.filter(|now| *now != saved) {
            self.plan.warnings.push(Warning {
                level: WarningLevel::Info,
                kind: "other version",
                component: "server".into(),
                issue: format!("the snapshot was made of version {saved}; the server is {now}"),
                fallback: "restored as far as both mean the same".into(),
                suggestion: "compare with `muxtape diff` afterwards".into(),
            });
        }
    }

    fn session(&mut self, session: &'a Session) {
        let target = Target {
            session: session.name.clone(),
            tab: None,
            pane: None,
        };
        let chosen = self.selection.chosen(&self.snapshot.state, &target);
        let alive = self.live.state.session(&session.name);
        let identical = alive.is_some_and(|alive| alike(alive, session));
        let skip = if chosen == Chosen::No {
            Some("not chosen".to_owned())
        } else if identical && !self.selection.asked_for(&session.name) {
            Some("live and identical".to_owned())
        } else if alive.is_some() && self.policy.on_conflict != OnConflict::Rename {
            Some("exists".to_owned())
        } else {
            None
        };
        // Directories can leave panes out, too: the session is made only if one is left.
        let judged: Vec<Vec<Judged>> = session
            .tabs
            .iter()
            .map(|tab| {
                let panes = tab.panes.iter();
                panes
                    .map(|pane| self.judge(session, tab, pane, skip.is_some()))
                    .collect()
            })
            .collect();
        let any = judged.iter().flatten().any(|judged| judged.made);
        let made = any.then(|| self.name(session, alive.is_some()));
        let renamed = made.and_then(|made| self.plan.session(made));
        let renamed = renamed.filter(|planned| planned.to != session.name);
        let (outlook, detail) = match (&made, renamed, skip) {
            (Some(_), Some(planned), _) => {
                (Outlook::Rename, format!("exists → {}", label(&planned.to)))
            }
            (Some(_), None, _) => (Outlook::Create, String::new()),
            (None, _, Some(why)) => (Outlook::Skip, why),
            (None, _, None) => (Outlook::Skip, "no pane is left of it".to_owned()),
        };
        let row = self.plan.items.len();
        self.plan.items.push(Item {
            level: Level::Session,
            target,
            label: label(&session.name),
            detail,
            outlook,
            start: None,
            chosen: if made.is_some() { chosen } else { Chosen::No },
            warnings: Vec::new(),
            steps: Vec::new(),
            tab: None,
            pane: None,
        });
        let first_tab = self.plan.tabs.len();
        let leader = session.group.as_ref().and_then(|group| {
            let made = made?;
            let leader = *self.leaders.entry(group).or_insert(made);
            (leader != made).then_some((made, leader))
        });
        if let Some((made, leader)) = leader {
            let first = self.plan.steps.len();
            let action = Action::JoinGroup {
                session: made,
                leader,
            };
            self.plan.steps.push(step(action));
            if let Some(item) = self.plan.items.get_mut(row) {
                item.steps.push(first);
            }
        }
        for (tab, judged) in session.tabs.iter().zip(&judged) {
            self.tab(session, tab, judged, made, leader.map(|(_, leader)| leader));
        }
        if let Some(made) = made {
            self.current_tabs(session, made);
            self.switch
                .push(step(Action::RenameSession { session: made }));
            let size = self.plan.tabs.get(first_tab).map(|tab| tab.size);
            let tabs = self.plan.tabs.iter().enumerate().skip(first_tab);
            let tabs = tabs
                .filter(|(_, tab)| Some(tab.size) != size)
                .map(|(at, _)| TabRef(reference(at)))
                .collect();
            self.switch.push(step(Action::FreeSize {
                session: made,
                tabs,
            }));
        }
    }

    fn judge(&self, session: &Session, tab: &Tab, pane: &Pane, skip: bool) -> Judged {
        let chosen = self.selection.has(&session.name, tab.index, pane.index);
        judge(pane, chosen && !skip, self.facts, self.policy)
    }

    /// Plans a session's names.
    fn name(&mut self, session: &Session, exists: bool) -> SessionRef {
        // What tmux itself would make of the name.
        let mut wanted = session.name.replace(":", "_").replace(".", "_");
        if wanted.is_empty() {
            wanted = b"unnamed".to_vec();
        }
        if exists {
            wanted.push(b'-');
            wanted.extend_from_slice(self.facts.suffix.as_bytes());
        }
        // A session that comes later keeps its name before one that is renamed.
        let later = &self.snapshot.state;
        let free = |name: &BString, taken: &BTreeSet<BString>| {
            !taken.contains(name) && (*name == session.name || later.session(name).is_none())
        };
        let to = unique(&wanted, |name| free(name, &self.taken));
        self.taken.insert(to.clone());
        let at = self.plan.sessions.len();
        let digest = DigestBuilder::new("muxtape.restore.temporary/1")
            .value(&self.snapshot.meta.id)
            .value(&self.plan.fingerprint)
            .finish();
        let temporary = format!("muxtape-{digest:.8}-{at}");
        let temporary = unique(temporary.as_bytes(), |name| free(name, &self.taken));
        self.taken.insert(temporary.clone());
        let group = session.group.clone().filter(|group| {
            !self.taken.contains(group) || *group == to && !self.leaders.contains_key(group)
        });
        self.plan.sessions.push(PlannedSession {
            from: session.name.clone(),
            to,
            temporary,
            group,
            dir: if self.facts.directories.contains(&session.cwd) {
                session.cwd.clone()
            } else {
                self.facts.home.clone()
            },
        });
        SessionRef(reference(at))
    }

    fn tab(
        &mut self,
        session: &'a Session,
        tab: &'a Tab,
        judged: &[Judged],
        made: Option<SessionRef>,
        shared_with: Option<SessionRef>,
    ) {
        let target = Target {
            session: session.name.clone(),
            tab: Some(tab.index),
            pane: None,
        };
        let some = judged.iter().any(|judged| judged.made);
        let made = made.filter(|_| some);
        let row = self.plan.items.len();
        let count = judged.iter().filter(|judged| judged.made).count();
        let plural = if count == 1 { "" } else { "s" };
        let zoomed = if tab.zoomed { ", zoomed" } else { "" };
        self.plan.items.push(Item {
            level: Level::Tab,
            chosen: match (some, judged.iter().all(|judged| judged.made)) {
                (true, true) => Chosen::Yes,
                (true, false) => Chosen::Partly,
                (false, _) => Chosen::No,
            },
            target: target.clone(),
            label: format!("{} {}", tab.index, label(&tab.name)),
            detail: match made {
                Some(_) => format!("{count} pane{plural}{zoomed}"),
                None => String::new(),
            },
            outlook: if made.is_some() {
                Outlook::Create
            } else {
                Outlook::Skip
            },
            start: None,
            warnings: Vec::new(),
            steps: Vec::new(),
            tab: None,
            pane: None,
        });
        let known = tab
            .handle
            .and_then(|handle| self.tabs.get(&handle))
            .copied();
        let shared = match shared_with {
            // Members of a group have the same tabs, and none of their own.
            Some(leader) => {
                let mut tabs = self.plan.tabs.iter();
                let at = tabs.position(|one| one.session == leader && one.index == tab.index);
                at.map(|at| (TabRef(reference(at)), tab))
            }
            None => known.filter(|(_, other)| {
                other.panes == tab.panes && other.layout == tab.layout && other.name == tab.name
            }),
        };
        let made = made.filter(|_| shared_with.is_none() || shared.is_some());
        match (made, shared) {
            (Some(made), Some((shared, _))) => {
                self.rows_of(tab, judged, |_| None, Some(shared));
                let steps = self.plan.steps.len();
                if shared_with.is_none() {
                    self.plan.steps.push(step(Action::LinkTab {
                        tab: shared,
                        session: made,
                        index: tab.index,
                    }));
                }
                if let Some(item) = self.plan.items.get_mut(row) {
                    item.detail = "shared with another session".to_owned();
                    item.tab = Some(shared);
                    item.steps.extend(steps..self.plan.steps.len());
                }
            }
            (Some(made), None) => self.new_tab(tab, judged, made, target, row),
            (None, _) => self.rows_of(tab, judged, |_| None, None),
        }
    }

    /// Rows for the panes of a tab.
    fn rows_of(
        &mut self,
        tab: &Tab,
        judged: &[Judged],
        pane_of: impl Fn(u32) -> Option<PaneRef>,
        tab_ref: Option<TabRef>,
    ) {
        let session = self
            .plan
            .items
            .last()
            .map(|item| item.target.session.clone());
        for (pane, judged) in tab.panes.iter().zip(judged) {
            let made = pane_of(pane.index);
            let target = Target {
                session: session.clone().unwrap_or_default(),
                tab: Some(tab.index),
                pane: Some(pane.index),
            };
            let warnings = judged.warnings.iter().filter(|_| made.is_some());
            let first = self.plan.warnings.len();
            for warning in warnings {
                let mut warning = warning.clone();
                warning.component = target.to_string();
                self.plan.warnings.push(warning);
            }
            if let Some(made) = made {
                self.rows.insert(made, self.plan.items.len());
            }
            self.plan.items.push(Item {
                level: Level::Pane,
                label: format!("{}.{} {}", tab.index, pane.index, judged.label),
                detail: judged.detail.clone(),
                outlook: if made.is_some() || tab_ref.is_some() && judged.made {
                    Outlook::Create
                } else {
                    Outlook::Skip
                },
                start: judged.made.then_some(judged.start),
                chosen: if judged.made { Chosen::Yes } else { Chosen::No },
                warnings: (first..self.plan.warnings.len()).collect(),
                steps: Vec::new(),
                tab: tab_ref,
                pane: made,
                target,
            });
        }
    }

    fn new_tab(
        &mut self,
        tab: &'a Tab,
        judged: &[Judged],
        session: SessionRef,
        target: Target,
        row: usize,
    ) {
        let tab_ref = TabRef(reference(self.plan.tabs.len()));
        let first_of_session = !self.plan.tabs.iter().any(|tab| tab.session == session);
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
            self.plan.panes.push(PlannedPane {
                target: Target {
                    pane: Some(*index),
                    ..target.clone()
                },
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
                rows: if tab.zoomed && pane.active {
                    tab.size().height
                } else {
                    pane.rect.height
                },
                idle: judged.idle,
                start: judged.start,
            });
        }
        let numbered = layout
            .as_ref()
            .and_then(|layout| layout.renumbered(&|pane| refs.get(&pane).map(|pane| pane.0)));
        let size = tab.size();
        self.plan.tabs.push(PlannedTab {
            target,
            session,
            index: tab.index,
            name: tab.name.clone(),
            size,
            layout: numbered.clone().unwrap_or_else(|| tab.layout.clone()),
        });
        if let Some(handle) = tab.handle {
            self.tabs.entry(handle).or_insert((tab_ref, tab));
        }
        self.rows_of(tab, judged, |pane| refs.get(&pane).copied(), Some(tab_ref));

        let first_step = self.plan.steps.len();
        let session_size = self.plan.tabs.iter().find(|tab| tab.session == session);
        let session_size = session_size.map_or(size, |tab| tab.size);
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
            self.plan.steps.push(step(Action::MoveTab { tab: tab_ref }));
        } else {
            let action = Action::NewTab {
                tab: tab_ref,
                pane: first,
            };
            self.plan.steps.push(step(action));
            if size != session_size {
                let action = Action::ResizeTab { tab: tab_ref, size };
                self.plan.steps.push(step(action));
            }
        }
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
            if let Some(made) = refs.get(&pane.index) {
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

    /// The tab that was current before, then the current one.
    fn current_tabs(&mut self, session: &Session, made: SessionRef) {
        let there = |tab: &&Tab| {
            let row = self.plan.items.iter().find(|item| {
                item.level == Level::Tab
                    && item.target.session == session.name
                    && item.target.tab == Some(tab.index)
            });
            row.is_some_and(|row| row.outlook != Outlook::Skip)
        };
        let tabs: Vec<u32> = [
            session.tabs.iter().filter(there).find(|tab| tab.last),
            session.tabs.iter().filter(there).find(|tab| tab.active),
        ]
        .into_iter()
        .flatten()
        .map(|tab| tab.index)
        .collect();
        for index in tabs {
            self.arrange.push(step(Action::SelectTab {
                session: made,
                index,
            }));
        }
    }

    fn finish(mut self) -> Plan {
        if self.plan.steps.is_empty() {
            return self.plan;
        }
        self.plan.steps.append(&mut self.arrange);
        self.plan.steps.push(Step {
            action: Action::OpenGate,
            note: Some("every pane shows its saved text and starts its shell".into()),
        });
        self.plan.steps.append(&mut self.switch);
        // Typing goes to one pane alone: panes are synchronised after it.
        self.start.sort_by_key(|step| match step.action {
            Action::TypeCommand { .. } => 0,
            _ => 1,
        });
        self.plan.steps.append(&mut self.start);
        for (at, step) in self.plan.steps.iter().enumerate() {
            let pane = match &step.action {
                Action::Title { pane }
                | Action::SelectPane { pane }
                | Action::Mark { pane }
                | Action::Zoom { pane }
                | Action::TypeCommand { pane, .. } => Some(*pane),
                action => action.makes(),
            };
            let row = pane.and_then(|pane| self.rows.get(&pane).copied());
            if let Some(item) = row.and_then(|row| self.plan.items.get_mut(row)) {
                item.steps.push(at);
            }
        }
        self.plan
    }
}

/// The name, or with a number behind it the first that is free.
fn unique(wanted: &[u8], free: impl Fn(&BString) -> bool) -> BString {
    let mut name = BString::from(wanted);
    let mut number = 2u32;
    while !free(&name) && number < u32::MAX {
        name = wanted.into();
        name.extend_from_slice(format!("-{number}").as_bytes());
        number += 1;
    }
    name
}
