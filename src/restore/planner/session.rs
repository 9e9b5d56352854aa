//! What becomes of a session: left out, made, made under another name, put in the place of a living
//! one, or added to it; and which of its tabs are current.

use std::collections::BTreeSet;

use super::Planner;
use crate::model::ansi::label;
use crate::model::detail::Setting;
use crate::model::target::Target;
use crate::model::tree::{Pane, Session, SessionId, Tab, TabId};
use crate::mux::NewPane;
use crate::restore::judge::{Judged, Terms, hold, judge};
use crate::restore::matching::{is_nameless, is_place, same_programs};
use crate::restore::plan::{
    Item, Level, Member, Outlook, PlannedSession, Start, Warning, WarningLevel,
};
use crate::restore::policy::{Chosen, OnConflict, Programs};
use crate::restore::programs::Doubt;
use crate::restore::reference::SessionRef;
use crate::restore::variables::is_inert;

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
        let new = self.new_pane(&self.own_settings(session));
        // Directories can leave panes out, too: the session is made only if one is left.
        let judged: Vec<Vec<Judged>> = session
            .tabs
            .iter()
            .map(|tab| {
                let panes = tab.panes.iter();
                let skip = matches!(fate, Fate::Leave(_));
                panes
                    .map(|pane| self.judge(session, tab, pane, skip, new.as_ref()))
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
        if let Some((made, leader)) = leader
            && let Some(planned) = self.made_session(made)
        {
            planned.leader = Some(leader);
        }
        for (tab, judged) in session.tabs.iter().zip(&judged) {
            self.tab(session, tab, judged, made, leader.map(|(_, leader)| leader));
        }
        if let Some(made) = made {
            self.visits(session, made);
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

    /// Notes what is lost with a living session: panes with programs first. Tabs that another
    /// session has, too, stay.
    fn lose(&mut self, alive: &Session, id: SessionId) {
        self.plan.relies.sessions.insert(id);
        let elsewhere: BTreeSet<TabId> = self
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

    pub(super) fn judge(
        &self,
        session: &Session,
        tab: &Tab,
        pane: &Pane,
        skip: bool,
        new: Option<&NewPane>,
    ) -> Judged {
        let chosen = self.selection.has(&session.name, tab.index, pane.index);
        let terms = Terms {
            foreign: self.plan.foreign,
            new,
            profile: self.profile,
        };
        let mut judged = judge(pane, chosen && !skip, self.facts, self.policy, terms);
        let entered = judged.start == Start::Run && self.policy.programs == Programs::Allow;
        if let Some(name) = self.odd_variable(session, pane).filter(|_| entered) {
            hold(&mut judged, &Doubt::Variable { name });
        }
        judged
    }

    /// A variable that the pane's shell would get from the snapshot, and that could change what a
    /// program does.
    fn odd_variable(&self, session: &Session, pane: &Pane) -> Option<String> {
        let environments = [&session.detail.environment, &pane.detail.environment];
        let odd = environments.into_iter().find_map(|environment| {
            let (policy, listed) = (self.policy.settings, &self.facts.environment);
            let (own, _) = self.profile.allowed(policy, listed, &[], &[], environment);
            let rules = &self.facts.rules;
            let mut set = own.environment.into_iter();
            set.find(|one| !(is_inert(one) || rules.is_harmless_variable(&one.name)))
        });
        odd.map(|variable| label(&variable.name))
    }

    /// The settings that a session has of its own once it is made.
    fn own_settings(&self, session: &Session) -> Vec<Setting> {
        let (policy, listed) = (self.policy.settings, &self.facts.environment);
        let settings = &session.detail.settings;
        let allowed = self.profile.allowed(policy, listed, settings, &[], &[]);
        allowed.0.settings
    }

    /// What a new pane begins with in a session with these settings of its own, where that is
    /// known.
    pub(super) fn new_pane(&self, settings: &[Setting]) -> Option<NewPane> {
        let new = self.live.new_pane.clone()?;
        Some(self.profile.new_pane(new, settings))
    }

    /// Notes which tabs were looked at, the current one last, and whether the session comes back
    /// alone of its group.
    fn visits(&mut self, session: &Session, made: SessionRef) {
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
        let mut visited: Vec<u32> = recent.iter().rev().copied().collect();
        for one in [
            session.tabs.iter().filter(wanted).find(|tab| tab.last),
            session.tabs.iter().filter(wanted).find(|tab| tab.active),
        ] {
            // What stands in the stack twice counts where it stands last.
            if let Some(tab) = one
                && (recent.is_empty() || tab.active && visited.last() != Some(&tab.index))
            {
                visited.push(tab.index);
            }
        }
        visited.retain(|index| there.contains(index));
        let sessions = self.snapshot.state.sessions.iter();
        let members = sessions.filter(|one| one.group == session.group).count();
        if let Some(planned) = self.made_session(made) {
            planned.visited = visited;
            planned.only_visited = !recent.is_empty() && session.group.is_none();
            planned.alone = members == 1;
        }
    }

    pub(super) fn made_session(&mut self, made: SessionRef) -> Option<&mut PlannedSession> {
        let at = usize::try_from(made.0).ok()?;
        self.plan.sessions.get_mut(at)
    }

    pub(super) fn add_member(&mut self, made: SessionRef, member: Member) {
        if let Some(planned) = self.made_session(made) {
            planned.members.push(member);
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
    /// It takes the place of this living one; its number.
    Instead(&'a Session, SessionId),
    /// What is missing is added to this living one; its number.
    Into(&'a Session, SessionId),
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
