//! The first phase: sessions, tabs and panes under temporary names, in as few calls as can be.

use std::collections::{BTreeMap, VecDeque};

use bstr::ByteSlice;

use super::Site;
use crate::model::geometry::Size;
use crate::mux::tmux::ids;
use crate::restore::RestoreError;
use crate::restore::reference::{PaneRef, SessionRef, TabRef};
use crate::restore::report::Phase;
use crate::restore::tmux::step::Action;
use crate::restore::tmux::steps::is_hosted;

/// Creations in one call: few enough that the server stays responsive.
const MAX_CREATIONS_PER_CALL: usize = 8;

/// Steps that are done one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Queue {
    /// Those that make a session without a tab of its own.
    Host(SessionRef),
    /// Those that make a tab.
    Tab(TabRef),
}

/// Whether a step belongs to the one before it, in the same call.
fn is_guard(action: &Action) -> bool {
    matches!(action, Action::Protect { .. } | Action::Environment { .. })
}

impl Site<'_, '_> {
    /// Phase one: sessions, tabs, panes.
    ///
    /// A command can only name what has been made before it was sent, so the steps of each tab wait
    /// in a queue of their own, and every round takes from all queues what can be done.
    pub(super) fn make(&mut self) -> Result<(), RestoreError> {
        let mut queues: BTreeMap<Queue, VecDeque<&Action>> = BTreeMap::new();
        let mut later: Vec<Vec<&Action>> = Vec::new();
        for step in self.steps {
            let action = &step.action;
            if action.phase() != Phase::Build {
                continue;
            }
            match self.queue(action) {
                Some(queue) => queues.entry(queue).or_default().push_back(action),
                None if is_guard(action) => later
                    .last_mut()
                    .into_iter()
                    .for_each(|all| all.push(action)),
                None => later.push(vec![action]),
            }
        }
        while queues.values().any(|queue| !queue.is_empty()) {
            let mut round = Vec::new();
            for queue in queues.values_mut() {
                while round.len() < MAX_CREATIONS_PER_CALL
                    && let Some(action) = queue.front().copied()
                    && self.can_do(action)
                {
                    queue.pop_front();
                    round.push(action);
                    // The number of the first tab decides what comes next.
                    if matches!(action, Action::NewSession { .. } | Action::Host { .. }) {
                        // Without its guard, a session could end with this call.
                        while let Some(guard) = queue.pop_front_if(|action| is_guard(action)) {
                            round.push(guard);
                        }
                        break;
                    }
                }
            }
            if round.is_empty() {
                // What is left waits for something that could not be made.
                for action in queues.values().flatten() {
                    if let Some(pane) = action.makes() {
                        let why = "its tab could not be made".to_owned();
                        self.built.failed.entry(pane).or_insert(why);
                    }
                }
                break;
            }
            self.round(&round)?;
        }
        for actions in later {
            self.join(&actions)?;
        }
        Ok(())
    }

    /// What has to be made one after the other with a step; `None` where all else has to be there.
    fn queue(&self, action: &Action) -> Option<Queue> {
        Some(match action {
            Action::NewSession { tab, .. }
            | Action::NewTab { tab, .. }
            | Action::MoveTab { tab }
            | Action::ResizeTab { tab, .. } => Queue::Tab(*tab),
            Action::Split { pane, .. } => Queue::Tab(self.plan.pane(*pane)?.tab),
            Action::Host { session, .. } => Queue::Host(*session),
            Action::Protect { session } | Action::Environment { session } => {
                if is_hosted(self.plan, *session) {
                    return Some(Queue::Host(*session));
                }
                let mut tabs = (0u32..).zip(&self.plan.tabs);
                let (first, _) = tabs.find(|(_, tab)| tab.session == *session)?;
                Queue::Tab(TabRef(first))
            }
            _ => return None,
        })
    }

    fn can_do(&self, action: &Action) -> bool {
        match action {
            Action::NewTab { tab, .. } => self
                .plan
                .tab(*tab)
                .is_some_and(|tab| self.numbered.contains(&tab.session)),
            Action::Split { from, .. } => {
                self.built.panes.contains_key(from) || self.built.failed.contains_key(from)
            }
            Action::MoveTab { tab } | Action::ResizeTab { tab, .. } => {
                self.built.tabs.contains_key(tab)
            }
            _ => true,
        }
    }

    fn round(&mut self, actions: &[&Action]) -> Result<(), RestoreError> {
        let mut commands = Vec::new();
        for action in actions {
            match action {
                Action::MoveTab { tab } => {
                    let session = self.plan.tab(*tab).map(|tab| tab.session);
                    if session.is_none_or(|session| self.numbered.insert(session)) {
                        commands.extend(self.commands(action));
                    }
                }
                Action::ResizeTab { tab, size, keep } => {
                    if *keep || self.sizes.get(tab) != Some(size) {
                        commands.extend(self.commands(action));
                        self.resized.insert(*tab);
                    }
                }
                _ => commands.extend(self.commands(action)),
            }
        }
        let (stdout, complaints) = self.send("new panes", &commands)?;
        for line in stdout.lines() {
            if self.take(line).is_none() {
                self.take_host(line);
            }
        }
        self.guard(actions)?;
        for action in actions {
            if let Some(pane) = action.makes()
                && !self.built.panes.contains_key(&pane)
            {
                let why = complaints.first().cloned();
                let why = why.unwrap_or_else(|| "tmux did not make it".to_owned());
                self.built.failed.insert(pane, why);
            }
        }
        self.tell(Phase::Build, actions.len());
        Ok(())
    }

    /// Reads what a command printed that made a pane.
    fn take(&mut self, line: &[u8]) -> Option<()> {
        let mut words = line.to_str().ok()?.split(' ');
        let pane = PaneRef(words.next()?.parse().ok()?);
        let session = ids::read_session(words.next()?.as_bytes())?;
        let tab = ids::read_window(words.next()?.as_bytes())?;
        let id = ids::read_pane(words.next()?.as_bytes())?;
        let index: u32 = words.next()?.parse().ok()?;
        let size = Size {
            width: words.next()?.parse().ok()?,
            height: words.next()?.parse().ok()?,
        };
        let tab_ref = self.plan.pane(pane)?.tab;
        let planned = self.plan.tab(tab_ref)?;
        self.built.panes.insert(pane, id);
        self.built.tabs.insert(tab_ref, tab);
        self.sizes.insert(tab_ref, size);
        let first = self
            .built
            .sessions
            .insert(planned.session, session)
            .is_none();
        if first && index == planned.index {
            self.numbered.insert(planned.session);
        }
        Some(())
    }

    /// Reads what a command printed that made a session without a tab of its own.
    fn take_host(&mut self, line: &[u8]) -> Option<()> {
        let mut words = line.to_str().ok()?.strip_prefix("host ")?.split(' ');
        let session = SessionRef(words.next()?.parse().ok()?);
        let id = ids::read_session(words.next()?.as_bytes())?;
        self.built.sessions.insert(session, id);
        self.numbered.insert(session);
        Some(())
    }

    /// Tabs and groups that sessions share: a step with its guards.
    fn join(&mut self, actions: &[&Action]) -> Result<(), RestoreError> {
        let commands: Vec<_> = actions
            .iter()
            .flat_map(|action| self.commands(action))
            .collect();
        let (stdout, complaints) = self.send("shared tabs", &commands)?;
        if let Some(Action::JoinGroup { session, .. }) = actions.first()
            && let Some(id) = ids::read_session(stdout.trim())
        {
            self.built.sessions.insert(*session, id);
        }
        self.guard(actions)?;
        if let Some(why) = complaints.first() {
            self.built
                .errors
                .push(format!("a tab or session that is shared: {why}"));
        }
        self.tell(Phase::Build, actions.len());
        Ok(())
    }
}
