//! What becomes of a session: left out, made, made under another name, put in the place of a living one, or
//! added to it; and which of its tabs are current.

use std::collections::BTreeSet;

use super::{Planner, step};
use crate::model::ansi::label;
use crate::model::target::Target;
use crate::model::tree::{Pane, Session, Tab};
use crate::restore::judge::{Judged, judge};
use crate::restore::matching::{is_nameless, is_place, same_programs};
use crate::restore::plan::{Item, Level, Outlook, Warning, WarningLevel};
use crate::restore::policy::{Chosen, OnConflict};
use crate::restore::settings;
use crate::restore::step::{Action, Part, SessionRef, Step};

impl<'a> Planner<'a> {
    /// Plans a session: its row, its tabs, and its steps of the later phases.
    pub(super) fn session(&mut self, session: &'a Session) {
        let target = Target {
            session: session.name.clone(),
            tab: None,
            pane: None,
        };
        let chosen = self.selection.chosen(&self.snapshot.state, &target);
        let fate = self.fate(session, chosen);
        if let Fate::Into(alive, id) = fate {
            return self.merge(session, alive, id, chosen);
        }
        // Directories can leave panes out, too: the session is made only if one is left.
        let judged: Vec<Vec<Judged>> = session
            .tabs
            .iter()
            .map(|tab| {
                let panes = tab.panes.iter();
                let skip = matches!(fate, Fate::Leave(_));
                panes
                    .map(|pane| self.judge(session, tab, pane, skip))
                    .collect()
            })
            .collect();
        let any = judged.iter().flatten().any(|judged| judged.made);
        let made = any.then(|| match fate {
            Fate::Instead(alive, id) => self.name_instead(session, alive, id),
            Fate::Beside => self.name(session, true),
            _ => self.name(session, false),
        });
        let planned = made.and_then(|made| self.plan.session(made));
        let renamed = planned.filter(|planned| planned.to != session.name);
        let (outlook, detail) = match (&made, renamed, &fate) {
            (Some(_), _, Fate::Instead(..)) => {
                (Outlook::Replace, "replaces the living one".to_owned())
            }
            (Some(_), Some(planned), _) => {
                (Outlook::Rename, format!("exists → {}", label(&planned.to)))
            }
            (Some(_), None, _) => (Outlook::Create, String::new()),
            (None, _, Fate::Leave(why)) => (Outlook::Skip, (*why).to_owned()),
            (None, _, _) => (Outlook::Skip, "no pane is left of it".to_owned()),
        };
        if let (Some(_), Fate::Instead(alive, id)) = (made, fate) {
            self.lose(alive, id);
        }
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
            self.protect(made);
            if let Some(item) = self.plan.items.get_mut(row) {
                item.steps.push(first);
            }
        } else if let Some(made) = made {
            self.host(session, &judged, made);
        }
        for (tab, judged) in session.tabs.iter().zip(&judged) {
            self.tab(session, tab, judged, made, leader.map(|(_, leader)| leader));
        }
        if let Some(made) = made {
            self.found_group(session, made);
            self.current_tabs(session, made);
            if matches!(fate, Fate::Instead(..)) {
                self.instead(made);
            }
            self.switch
                .push(step(Action::RenameSession { session: made }));
            self.switch.push(step(Action::Release { session: made }));
            let resized = self.plan.steps.iter().filter_map(|step| match step.action {
                Action::ResizeTab { tab, keep, .. } if !keep => Some(tab),
                _ => None,
            });
            let tabs = resized
                .filter(|tab| self.plan.tab(*tab).is_some_and(|tab| tab.session == made))
                .collect();
            self.switch.push(step(Action::FreeSize {
                session: made,
                tabs,
            }));
            let own = self.plan.session(made).map(|planned| planned.own.clone());
            self.set_up(Part::Session(made), &own.unwrap_or_default());
            self.tell_left_out(session);
        }
    }

    /// What becomes of a session.
    fn fate(&self, session: &Session, chosen: Chosen) -> Fate<'a> {
        if chosen == Chosen::No {
            return Fate::Leave("not chosen");
        }
        let Some(alive) = self.live.state.session(&session.name) else {
            return Fate::New;
        };
        if alike(alive, session) && !self.selection.asked_for(&session.name) {
            return Fate::Leave("live and identical");
        }
        let policy = if self
            .selection
            .is_of_parts(&self.snapshot.state, &session.name)
        {
            self.policy.parts.unwrap_or(OnConflict::Merge)
        } else {
            self.policy.on_conflict
        };
        match (policy, alive.handle) {
            (OnConflict::Rename, _) => Fate::Beside,
            (OnConflict::Merge, Some(id)) => Fate::Into(alive, id),
            (OnConflict::Replace, Some(id)) => Fate::Instead(alive, id),
            _ => Fate::Leave("exists"),
        }
    }

    /// The steps that put a session in the place of a living one.
    fn instead(&mut self, made: SessionRef) {
        self.switch.push(step(Action::SetAside { session: made }));
        self.switch.push(Step {
            action: Action::TakeClients { session: made },
            note: Some("clients that look at it stay, and look at the restored one".into()),
        });
        self.switch.push(Step {
            action: Action::CloseReplaced { session: made },
            note: Some("the living session ends; it is in the undo point".into()),
        });
    }

    /// Notes what is lost with a living session: panes with programs first. Tabs that another session has, too,
    /// stay.
    fn lose(&mut self, alive: &Session, id: u32) {
        self.plan.relies.sessions.insert(id);
        let elsewhere: BTreeSet<u32> = self
            .live
            .state
            .sessions
            .iter()
            .filter(|other| other.handle != alive.handle)
            .flat_map(|other| other.tabs.iter().filter_map(|tab| tab.handle))
            .collect();
        let ends = |tab: &&Tab| tab.handle.is_none_or(|id| !elsewhere.contains(&id));
        for tab in alive.tabs.iter().filter(ends) {
            for pane in &tab.panes {
                let place = Target {
                    session: alive.name.clone(),
                    tab: Some(tab.index),
                    pane: Some(pane.index),
                };
                let lost = match &pane.program {
                    Some(program) => {
                        format!("{} in {place}", label(&bstr::join(" ", &program.argv)))
                    }
                    None => format!("the shell in {place}"),
                };
                match &pane.program {
                    Some(_) => self.lost_programs.push(lost),
                    None => self.lost_shells.push(lost),
                }
            }
        }
        let left = alive.group.as_ref().filter(|group| {
            let mut others = self.live.state.sessions.iter();
            others.any(|other| other.handle != alive.handle && other.group.as_ref() == Some(*group))
        });
        if let Some(group) = left {
            self.plan.warnings.push(Warning {
                level: WarningLevel::Warning,
                kind: "session group",
                component: label(&alive.name),
                issue: format!(
                    "it shares its tabs with the sessions of the group {}",
                    label(group)
                ),
                fallback: "what takes its place has tabs of its own".into(),
                suggestion: "restore the other sessions of the group with it".into(),
            });
        }
    }

    pub(super) fn judge(&self, session: &Session, tab: &Tab, pane: &Pane, skip: bool) -> Judged {
        let chosen = self.selection.has(&session.name, tab.index, pane.index);
        judge(pane, chosen && !skip, self.facts, self.policy)
    }

    /// Makes a session with a tab that holds the place of others, where none of its own can be the first:
    /// all are shared with sessions before it, or new panes have to find a setting.
    fn host(&mut self, session: &Session, judged: &[Vec<Judged>], made: SessionRef) {
        let tabs = session.tabs.iter().zip(judged);
        let shared = tabs
            .filter(|(_, judged)| judged.iter().any(|judged| judged.made))
            .all(|(tab, _)| self.shared(tab).is_some());
        let at = usize::try_from(made.0).unwrap_or(usize::MAX);
        let Some(planned) = self.plan.sessions.get_mut(at) else {
            return;
        };
        let mut found = planned.own.settings.iter();
        planned.hosted = shared || found.any(|one| settings::is(one, "history-limit"));
        if planned.hosted {
            let size = session.active_tab().map(Tab::size).unwrap_or_default();
            self.plan.steps.push(step(Action::Host {
                session: made,
                size,
            }));
            self.protect(made);
        }
    }

    /// A group of which only one session is left is made as well; others join it.
    fn found_group(&mut self, session: &Session, made: SessionRef) {
        let planned = self.plan.session(made);
        if planned.is_some_and(|planned| planned.hosted) {
            self.plan.steps.push(step(Action::Evict { session: made }));
        }
        let sessions = self.snapshot.state.sessions.iter();
        let members = sessions.filter(|one| one.group == session.group).count();
        if session.group.is_some() && members == 1 {
            self.plan
                .steps
                .push(step(Action::FoundGroup { session: made }));
        }
    }

    /// Goes through the tabs that were looked at, the current one last.
    fn current_tabs(&mut self, session: &Session, made: SessionRef) {
        let there: BTreeSet<u32> = {
            let rows = self.plan.items.iter().filter(|item| {
                item.level == Level::Tab
                    && item.target.session == session.name
                    && item.outlook != Outlook::Skip
            });
            rows.filter_map(|item| item.target.tab).collect()
        };
        let wanted = |tab: &&Tab| there.contains(&tab.index);
        let recent = &session.detail.recent;
        let mut tabs: Vec<u32> = recent.iter().rev().copied().collect();
        for one in [
            session.tabs.iter().filter(wanted).find(|tab| tab.last),
            session.tabs.iter().filter(wanted).find(|tab| tab.active),
        ] {
            // What stands in the stack twice counts where it stands last.
            if let Some(tab) = one
                && (recent.is_empty() || tab.active && tabs.last() != Some(&tab.index))
            {
                tabs.push(tab.index);
            }
        }
        tabs.retain(|index| there.contains(index));
        for index in &tabs {
            self.arrange.push(step(Action::SelectTab {
                session: made,
                index: *index,
            }));
        }
        // The tab that a session begins with counts as looked at. In a group it would go from all stacks.
        let hosted = self.plan.session(made).is_some_and(|made| made.hosted);
        let first = match hosted {
            true => there.last(),
            false => there.first(),
        };
        if let Some(index) = first.filter(|first| !recent.is_empty() && !tabs.contains(first))
            && session.group.is_none()
        {
            self.arrange.push(step(Action::Unvisit {
                session: made,
                index: *index,
            }));
        }
    }
}

/// What becomes of a session.
#[derive(Debug, Clone, Copy)]
enum Fate<'a> {
    /// It is left out, and why.
    Leave(&'static str),
    /// It is made.
    New,
    /// It is made beside the living one, under another name.
    Beside,
    /// It takes the place of this living one; tmux's number.
    Instead(&'a Session, u32),
    /// What is missing is added to this living one.
    Into(&'a Session, u32),
}

/// Whether a live session is as the saved one was: focus, sizes and texts do not count.
fn alike(one: &Session, other: &Session) -> bool {
    let same_pane = |(one, other): (&Pane, &Pane)| {
        let known = || one.cwd == other.cwd && same_programs(one, other);
        one.index == other.index && (is_place(other) || known())
    };
    let same_tab = |(one, other): (&Tab, &Tab)| {
        (one.index, one.panes.len()) == (other.index, other.panes.len())
            && (one.name == other.name || is_nameless(other))
            && one.panes.iter().zip(&other.panes).all(same_pane)
    };
    one.tabs.len() == other.tabs.len() && one.tabs.iter().zip(&other.tabs).all(same_tab)
}
