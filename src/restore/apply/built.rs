//! What has been built so far, and tmux's numbers for it.

use std::collections::{BTreeMap, BTreeSet};

use bstr::BString;

use super::clients::{self, Client};
use crate::mux::tmux::command::Command;
use crate::restore::build::Names;
use crate::restore::pane;
use crate::restore::plan::{Plan, Warning, WarningLevel};
use crate::restore::report::{Made, MadePane};
use crate::restore::step::{PaneRef, SessionRef, TabRef};
use crate::restore::workdir::Workdir;

/// What has been built so far.
#[derive(Debug, Default)]
pub(in crate::restore) struct Built {
    /// tmux's number of each session.
    pub(in crate::restore) sessions: BTreeMap<SessionRef, u32>,
    /// tmux's number of each tab.
    pub(in crate::restore) tabs: BTreeMap<TabRef, u32>,
    /// tmux's number of each pane.
    pub(in crate::restore) panes: BTreeMap<PaneRef, u32>,
    /// Panes that could not be made, and why.
    pub(in crate::restore) failed: BTreeMap<PaneRef, String>,
    /// Panes that never said that they were ready.
    pub(in crate::restore) silent: BTreeSet<PaneRef>,
    /// Programs that could not be typed.
    pub(in crate::restore) untyped: BTreeSet<PaneRef>,
    /// What came up on the way.
    pub(in crate::restore) warnings: Vec<Warning>,
    /// What failed besides panes.
    pub(in crate::restore) errors: Vec<String>,
    /// Sessions that have their name.
    pub(in crate::restore) made: Vec<Made>,
    /// Panes that are in their place.
    pub(in crate::restore) made_panes: Vec<MadePane>,
    /// The processes of panes, by tmux's number.
    pub(super) pids: BTreeMap<u32, i32>,
    /// Who was attached just before the switch-over.
    pub(super) clients: Vec<Client>,
}

impl Built {
    /// Which session is made in the place of which living one, by tmux's numbers: the old one's first.
    pub(super) fn replacements(&self, plan: &Plan) -> BTreeMap<u32, u32> {
        let planned = (0u32..).map(SessionRef).zip(&plan.sessions);
        let both = planned
            .filter_map(|(at, planned)| Some((planned.replaces()?.id, *self.sessions.get(&at)?)));
        both.collect()
    }

    /// Adds something that is good to know.
    pub(super) fn inform(
        &mut self,
        kind: &'static str,
        component: String,
        issue: String,
        fallback: &str,
        suggestion: &str,
    ) {
        self.warnings.push(Warning {
            level: WarningLevel::Info,
            kind,
            component,
            issue,
            fallback: fallback.to_owned(),
            suggestion: suggestion.to_owned(),
        });
    }

    /// Adds a warning.
    pub(super) fn warn(&mut self, component: String, issue: String, fallback: &str) {
        self.warnings.push(Warning {
            level: WarningLevel::Warning,
            kind: "came up",
            component,
            issue,
            fallback: fallback.to_owned(),
            suggestion: "look at it in tmux".to_owned(),
        });
    }
}

/// tmux's numbers, as targets.
pub(super) struct Ids<'a> {
    pub(super) built: &'a Built,
    pub(super) work: &'a Workdir,
    pub(super) program: &'a BString,
    pub(super) plan: &'a Plan,
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
        id.map_or_else(temporary, |id| format!("${id}"))
    }

    fn tab(&self, tab: TabRef) -> String {
        let id = self.built.tabs.get(&tab);
        id.map_or_else(|| "=".to_owned(), |id| format!("@{id}"))
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
        id.map_or_else(|| "=".to_owned(), |id| format!("%{id}"))
    }

    fn number(&self, pane: PaneRef) -> u32 {
        self.built.panes.get(&pane).copied().unwrap_or(0)
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
        let mut looking = self.built.clients.iter();
        let looking = looking.find(|client| client.session == old.id);
        let tab = looking.map(|client| client.tab);
        // The tab that they looked at, where the restored session has it.
        let tabs = (0u32..).map(TabRef).zip(&self.plan.tabs);
        let mut here =
            tabs.filter(|(at, tab)| tab.session == session && self.built.tabs.contains_key(at));
        let tab = tab.filter(|index| here.any(|(_, tab)| tab.index == *index));
        let select = tab.map(|index| {
            let select = Command::new("select-window").opt("-t", format!("${new}:{index}"));
            select.if_it_can_be()
        });
        let now = self.built.replacements(self.plan);
        let take = clients::take(&self.built.clients, old.id, &now);
        select.into_iter().chain(take).collect()
    }

    fn body(&self, pane: PaneRef) -> (Option<BString>, Vec<BString>) {
        let token = self.work.token(pane.0);
        // The pane goes there by itself; tmux remembers it for when the pane is started anew.
        let dir = self.plan.pane(pane).map(|planned| planned.dir.clone());
        (dir, vec![self.program.clone(), pane::COMMAND.into(), token])
    }
}
