//! The first phase: sessions, tabs and panes under temporary names, in as few calls as can be.

use std::collections::{BTreeMap, VecDeque};

use bstr::ByteSlice;

use super::Site;
use crate::restore::RestoreError;
use crate::restore::step::{Action, PaneRef, Phase, TabRef};

/// Creations in one call: few enough that the server stays responsive.
const CREATIONS: usize = 8;

impl Site<'_, '_> {
    /// Phase one: sessions, tabs, panes.
    ///
    /// A command can only name what has been made before it was sent, so the steps of each tab wait in
    /// a queue of their own, and every round takes from all queues what can be done.
    pub(super) fn make(&mut self) -> Result<(), RestoreError> {
        let mut queues: BTreeMap<TabRef, VecDeque<&Action>> = BTreeMap::new();
        let mut later = Vec::new();
        for step in &self.plan.steps {
            let action = &step.action;
            if action.phase() != Phase::Build {
                continue;
            }
            let tab = match action {
                Action::NewSession { tab, .. }
                | Action::NewTab { tab, .. }
                | Action::MoveTab { tab }
                | Action::ResizeTab { tab, .. } => Some(*tab),
                Action::Split { pane, .. } => self.plan.pane(*pane).map(|pane| pane.tab),
                _ => None,
            };
            match tab {
                Some(tab) => queues.entry(tab).or_default().push_back(action),
                None => later.push(action),
            }
        }
        while queues.values().any(|queue| !queue.is_empty()) {
            let mut round = Vec::new();
            for queue in queues.values_mut() {
                while round.len() < CREATIONS
                    && let Some(action) = queue.front().copied()
                    && self.can_do(action)
                {
                    queue.pop_front();
                    round.push(action);
                    // The number of the first tab decides what comes next.
                    if matches!(action, Action::NewSession { .. }) {
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
        for action in later {
            self.join(action)?;
        }
        Ok(())
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
            let moved = match action {
                Action::MoveTab { tab } => self.plan.tab(*tab).map(|tab| tab.session),
                _ => None,
            };
            match moved {
                Some(session) if !self.numbered.insert(session) => {}
                _ => commands.extend(self.commands(action)),
            }
        }
        let (stdout, complaints) = self.send("new panes", &commands)?;
        for line in stdout.lines() {
            self.take(line);
        }
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
        let session: u32 = words.next()?.strip_prefix('$')?.parse().ok()?;
        let tab: u32 = words.next()?.strip_prefix('@')?.parse().ok()?;
        let id: u32 = words.next()?.strip_prefix('%')?.parse().ok()?;
        let index: u32 = words.next()?.parse().ok()?;
        let tab_ref = self.plan.pane(pane)?.tab;
        let planned = self.plan.tab(tab_ref)?;
        self.built.panes.insert(pane, id);
        self.built.tabs.insert(tab_ref, tab);
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

    /// Tabs and groups that sessions share.
    fn join(&mut self, action: &Action) -> Result<(), RestoreError> {
        let commands = self.commands(action);
        let (stdout, complaints) = self.send("shared tabs", &commands)?;
        if let Action::JoinGroup { session, .. } = action {
            let id = stdout
                .trim()
                .strip_prefix(b"$")
                .and_then(|id| id.to_str().ok()?.parse().ok());
            if let Some(id) = id {
                self.built.sessions.insert(*session, id);
            }
        }
        if let Some(why) = complaints.first() {
            self.built
                .errors
                .push(format!("a tab or session that is shared: {why}"));
        }
        self.tell(Phase::Build, 1);
        Ok(())
    }
}
