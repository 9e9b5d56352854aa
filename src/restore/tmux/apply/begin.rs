//! What the panes begin with that do not become a shell of their own.

use std::collections::BTreeMap;

use super::Site;
use crate::model::tree::SessionId;
use crate::mux::NewPane;
use crate::mux::tmux::unquoted;
use crate::restore::pane::Beginnings;
use crate::restore::plan::PlannedSession;
use crate::restore::reference::{PaneRef, SessionRef};
use crate::restore::tmux::settings;

impl Site<'_, '_> {
    /// What each pane begins with that began as every new pane of its session does, or has no shell
    /// of its own; by its place in the plan. The server is asked now, because it may have been
    /// started by this restore.
    pub(super) fn beginnings(&mut self) -> Beginnings {
        let sessions = (0u32..).map(SessionRef).zip(&self.plan.sessions);
        let asked: Vec<(SessionRef, &PlannedSession, SessionId)> = sessions
            .filter_map(|(at, planned)| {
                let id = match planned.adds_to() {
                    Some(living) => living.id,
                    None => *self.built.sessions.get(&at)?,
                };
                Some((at, planned, id))
            })
            .collect();
        let ids: Vec<SessionId> = asked.iter().map(|(_, _, id)| *id).collect();
        let told = self.tmux.new_panes(&ids).unwrap_or_default();
        let new: BTreeMap<SessionRef, NewPane> = asked
            .into_iter()
            .zip(told)
            .filter_map(|((at, planned, _), new)| {
                // Those of a session that is added to are in what it told.
                let own: &[_] = match planned.adds_to() {
                    Some(_) => &[],
                    None => &planned.own.settings,
                };
                Some((at, settings::new_pane(new?, own)))
            })
            .collect();
        let mut all = Beginnings::new();
        for (at, pane) in (0u32..).map(PaneRef).zip(&self.plan.panes) {
            let tab = self.plan.tab(pane.tab);
            let Some(new) = tab.and_then(|tab| new.get(&tab.session)) else {
                continue;
            };
            if pane.still || !self.built.panes.contains_key(&at) {
                continue;
            }
            let as_new = pane
                .beginning
                .is_that_of(new, &unquoted(&pane.beginning.command));
            if as_new || pane.shell.is_empty() {
                all.insert(at.0, new.clone());
            }
            if as_new && pane.beginning.retyped {
                // What would be typed is what it begins with.
                self.built.begun.insert(at);
            }
        }
        all
    }
}
