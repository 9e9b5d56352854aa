//! tmux's numbers of what has been built, as targets of commands.

use std::collections::BTreeMap;

use bstr::BString;

use super::clients::{self, Client};
use crate::model::tree::SessionId;
use crate::mux::tmux::command::Command;
use crate::mux::tmux::ids;
use crate::restore::built::Built;
use crate::restore::pane;
use crate::restore::plan::Plan;
use crate::restore::reference::{PaneRef, SessionRef, TabRef};
use crate::restore::tmux::commands::Names;
use crate::restore::workdir::Workdir;

/// Which session is made in the place of which living one, the old one first.
pub(super) fn replacements(built: &Built, plan: &Plan) -> BTreeMap<SessionId, SessionId> {
    let planned = (0u32..).map(SessionRef).zip(&plan.sessions);
    let both = planned
        .filter_map(|(at, planned)| Some((planned.replaces()?.id, *built.sessions.get(&at)?)));
    both.collect()
}

/// tmux's numbers, as targets.
pub(super) struct Ids<'a> {
    pub(super) built: &'a Built,
    pub(super) work: &'a Workdir,
    pub(super) program: &'a BString,
    pub(super) plan: &'a Plan,
    /// Who was attached just before the switch-over.
    pub(super) clients: &'a [Client],
}

impl Names for Ids<'_> {
    fn session(&self, session: SessionRef) -> String {
        // In the call that makes it, a session has a name of its own, but no number yet.
        let temporary = || {
            let planned = self.plan.session(session);
            planned.map_or_else(
                || "=".to_owned(),
                |planned| format!("={}", planned.temporary),
            )
        };
        let id = self.built.sessions.get(&session);
        id.map_or_else(temporary, |id| ids::session(*id))
    }

    fn tab(&self, tab: TabRef) -> String {
        let id = self.built.tabs.get(&tab);
        id.map_or_else(|| "=".to_owned(), |id| ids::window(*id))
    }

    fn pane(&self, pane: PaneRef) -> String {
        let own = self.built.panes.get(&pane).copied();
        // Where the pane that is to be divided could not be made, another one of the tab is.
        let id = own.or_else(|| {
            let tab = self.plan.pane(pane)?.tab;
            let mut others = self.built.panes.iter();
            let other =
                others.find(|(other, _)| self.plan.pane(**other).is_some_and(|p| p.tab == tab));
            other.map(|(_, id)| *id)
        });
        id.map_or_else(|| "=".to_owned(), ids::pane)
    }

    fn number(&self, pane: PaneRef) -> u32 {
        let id = self.built.panes.get(&pane);
        id.map_or(0, |id| ids::in_layout(*id))
    }

    fn printed(&self, pane: PaneRef) -> String {
        format!(
            "{} #{{session_id}} #{{window_id}} #{{pane_id}} #{{window_index}} #{{window_width}} #{{window_height}}",
            pane.0
        )
    }

    fn hosted(&self, session: SessionRef) -> String {
        format!("host {} #{{session_id}}", session.0)
    }

    fn take_clients(&self, session: SessionRef) -> Vec<Command> {
        let planned = self.plan.session(session);
        let (Some(old), Some(new)) = (
            planned.and_then(|planned| planned.replaces()),
            self.built.sessions.get(&session),
        ) else {
            return Vec::new();
        };
        let mut looking = self.clients.iter();
        let looking = looking.find(|client| client.session == old.id);
        let tab = looking.map(|client| client.tab);
        // The tab that they looked at, where the restored session has it.
        let tabs = (0u32..).map(TabRef).zip(&self.plan.tabs);
        let mut here =
            tabs.filter(|(at, tab)| tab.session == session && self.built.tabs.contains_key(at));
        let tab = tab.filter(|index| here.any(|(_, tab)| tab.index == *index));
        let select = tab.map(|index| {
            let select =
                Command::new("select-window").opt("-t", format!("{}:{index}", ids::session(*new)));
            select.if_it_can_be()
        });
        let now = replacements(self.built, self.plan);
        let take = clients::take(self.clients, old.id, &now);
        select.into_iter().chain(take).collect()
    }

    fn body(&self, pane: PaneRef) -> (Option<BString>, Vec<BString>) {
        let token = self.work.token(pane.0);
        // The pane goes there by itself; tmux remembers it for when the pane is started anew.
        let planned = self.plan.pane(pane);
        let dir = planned.map(|planned| planned.dir.clone());
        (dir, vec![self.program.clone(), pane::COMMAND.into(), token])
    }
}
