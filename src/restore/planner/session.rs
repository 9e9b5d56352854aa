//! What becomes of a session: left out, made, or made under another name; and which of its tabs are
//! current.

use bstr::BString;

use super::{Planner, reference, step};
use crate::model::ansi::label;
use crate::model::target::Target;
use crate::model::tree::{Pane, Session, Tab};
use crate::restore::judge::{Judged, judge};
use crate::restore::plan::{Item, Level, Outlook};
use crate::restore::policy::{Chosen, OnConflict};
use crate::restore::step::{Action, SessionRef, TabRef};

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
