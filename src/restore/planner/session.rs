//! What becomes of a session: left out, made, or made under another name; and which of its tabs are
//! current.

use std::collections::BTreeSet;

use bstr::BString;

use super::{Planner, step};
use crate::model::ansi::label;
use crate::model::target::Target;
use crate::model::tree::{Pane, Session, Tab};
use crate::restore::judge::{Judged, judge};
use crate::restore::plan::{Item, Level, Outlook};
use crate::restore::policy::{Chosen, OnConflict};
use crate::restore::settings;
use crate::restore::step::{Action, Part, SessionRef};

impl<'a> Planner<'a> {
    /// Plans a session: its row, its tabs, and its steps of the later phases.
    pub(super) fn session(&mut self, session: &'a Session) {
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

    fn judge(&self, session: &Session, tab: &Tab, pane: &Pane, skip: bool) -> Judged {
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
