//! What sessions, tabs and panes have beyond their place: settings, hooks, variables, modes; and
//! what of it cannot come back.

use std::collections::BTreeSet;

use crate::model::ansi::label;
use crate::model::detail::{Hook, Setting, TerminalModes, Variable, Withheld};
use crate::model::target::Target;
use crate::model::tree::{Pane, Session};

use super::Planner;
use crate::redact::is_marked;
use crate::restore::plan::{Mode, Own, Warning, WarningLevel};
use crate::restore::policy::{Selection, Settings, Text};
use crate::restore::profile::ByHand;

impl Planner<'_> {
    /// What the policy lets be set again; what it does not is told with the session.
    pub(super) fn own(
        &mut self,
        settings: &[Setting],
        hooks: &[Hook],
        environment: &[Variable],
    ) -> Own {
        let (policy, listed) = (self.policy.settings, &self.facts.environment);
        let profile = self.profile;
        let (own, mut left) = profile.allowed(policy, listed, settings, hooks, environment);
        self.left.append(&mut left);
        own
    }

    /// What a pane's shell gets: the variables of its session, and over them its own.
    pub(super) fn own_of_pane(&mut self, session: &Own, pane: &Pane) -> Own {
        let detail = &pane.detail;
        let mut own = self.own(&detail.settings, &detail.hooks, &detail.environment);
        if detail.withheld == Some(Withheld::Private) {
            own.settings.push(self.profile.private());
        }
        let inherited = session.environment.iter().filter(|of_session| {
            let mut of_pane = own.environment.iter();
            !of_session.hidden && !of_pane.any(|variable| variable.name == of_session.name)
        });
        let mut all: Vec<Variable> = inherited.cloned().collect();
        all.append(&mut own.environment);
        own.environment = all;
        own
    }

    /// The mode that a pane is put into, where it can be.
    pub(super) fn mode(&self, pane: &Pane) -> Option<Mode> {
        match (&pane.detail.mode[..], pane.screen.scroll) {
            (b"clock-mode", _) => Some(Mode::Clock),
            // Without its text there is no history to look at.
            (b"copy-mode" | b"", Some(scroll))
                if scroll <= pane.screen.history
                    && pane.contents.is_some()
                    && self.policy.text == Text::Replay =>
            {
                Some(Mode::Copy {
                    scroll,
                    search: pane.detail.search.clone(),
                })
            }
            _ => None,
        }
    }

    /// Paste buffers come back with the whole of a snapshot. One that is alive keeps its name and
    /// what it holds.
    pub(super) fn buffers(&mut self) {
        let (saved, alive) = (&self.snapshot.state.buffers, &self.live.state.buffers);
        // Somebody would paste them, taking them for his own.
        let foreign = self.plan.foreign;
        if foreign || self.plan.is_empty() || *self.selection != Selection::all() {
            return;
        }
        let mut taken = Vec::new();
        for buffer in saved.iter().rev() {
            let automatic = self.profile.is_own_buffer_name(&buffer.name);
            let known = alive.iter().any(|one| match automatic {
                true => one.data == buffer.data,
                false => one.name == buffer.name && one.data == buffer.data,
            });
            if known || is_marked(&buffer.data) {
                continue;
            }
            if !automatic && alive.iter().any(|one| one.name == buffer.name) {
                taken.push(label(&buffer.name));
                continue;
            }
            self.plan.buffers.push(buffer.clone());
        }
        if !taken.is_empty() {
            self.plan.warnings.push(Warning {
                level: WarningLevel::Info,
                kind: "buffers left out",
                component: "server".into(),
                issue: format!(
                    "paste buffers of these names are alive: {}",
                    taken.join(", ")
                ),
                fallback: "the live ones stay as they are".into(),
                suggestion: "rename them and restore again".into(),
            });
        }
    }

    /// Tells which settings of a session were left out, and which of its panes had something that
    /// belongs to a program.
    pub(super) fn tell_left_out(&mut self, session: &Session) {
        let mut told_once = BTreeSet::new();
        let mut left = std::mem::take(&mut self.left);
        // Each pane has its own, and they are mostly the same.
        left.retain(|name| told_once.insert(name.clone()));
        let told = self.plan.foreign || self.policy.settings != Settings::None;
        let suggestion = match self.plan.foreign {
            true => "restore with --trust, if you trust where the snapshot comes from",
            false => "restore with --settings all, if you trust what they run",
        };
        let mut tell = |kind, issue: String, fallback: &str, suggestion: &str| {
            self.plan.warnings.push(Warning {
                level: WarningLevel::Info,
                kind,
                component: label(&session.name),
                issue,
                fallback: fallback.to_owned(),
                suggestion: suggestion.to_owned(),
            });
        };
        if !left.is_empty() && told {
            tell(
                "settings left out",
                format!("not set again: {}", left.join(", ")),
                "the server's own are in force",
                suggestion,
            );
        }
        let panes = || session.tabs.iter().flat_map(|tab| &tab.panes);
        let modes = panes()
            .filter(|pane| pane.detail.terminal != TerminalModes::default())
            .count();
        if modes > 0 {
            tell(
                "terminal modes",
                format!("programs in {modes} of its panes had switched modes of their terminals"),
                "they switch them on again when they are started",
                "",
            );
        }
    }

    /// Tells that a pane was piped.
    pub(super) fn tell_piped(&mut self, pane: &Pane, target: &Target) {
        if pane.detail.piped {
            self.plan.warnings.push(Warning {
                level: WarningLevel::Info,
                kind: "piped pane",
                component: target.to_string(),
                issue: "what it showed went into a command, too; it is not known which".into(),
                fallback: "not piped".into(),
                suggestion: format!(
                    "start it again with {}",
                    self.profile.by_hand(ByHand::PipePane)
                ),
            });
        }
    }
}
