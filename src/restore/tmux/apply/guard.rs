//! What of the server's own settings could disturb a restore, and what keeps it off.

use bstr::{BString, ByteSlice};

use super::Site;
use crate::mux::tmux::Tmux;
use crate::mux::tmux::capabilities::Capabilities;
use crate::mux::tmux::command::Command;
use crate::mux::tmux::ids;
use crate::restore::RestoreError;
use crate::restore::reference::SessionRef;
use crate::restore::tmux::commands::HOST;
use crate::restore::tmux::step::Action;

/// Settings of a server that could disturb.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Dangers {
    /// Sessions end when nobody looks at them.
    unattached_end: bool,
    /// Hooks for all sessions.
    hooks: Vec<BString>,
}

impl Dangers {
    /// Looks at a server that runs.
    ///
    /// # Errors
    ///
    /// [`RestoreError::WouldEnd`] where making a tab would end it.
    pub(super) fn look(tmux: &Tmux) -> Result<Self, RestoreError> {
        let version = tmux.server()?.version;
        let value = |flags, name: &str| Command::new("show-options").flag(flags).arg(name);
        let commands = [
            value("-gwv", "window-size"),
            value("-gv", "destroy-unattached"),
            Command::new("show-hooks").flag("-g"),
        ];
        let answer = tmux.run("its settings", &commands)?;
        let mut lines = answer.lines();
        let manual = lines.next() == Some(b"manual");
        if manual && Capabilities::of(&version).manual_size_ends {
            return Err(RestoreError::WouldEnd {
                why: format!(
                    "tmux {version} ends when a tab is made while window-size is manual for all tabs"
                ),
                mend: "tmux set -g window-size latest",
            });
        }
        Ok(Self {
            unattached_end: lines.next() != Some(b"off"),
            // Those that do nothing are listed without an index.
            hooks: lines
                .filter_map(|line| line.split_once_str("["))
                .map(|(name, _)| name.into())
                .collect(),
        })
    }

    /// Adds what keeps hooks off a session, or takes it away; leaves a session that would end as it
    /// is.
    pub(super) fn adapt(&self, action: &Action, session: &str, commands: &mut Vec<Command>) {
        let released = matches!(action, Action::Release { .. });
        if released && self.unattached_end {
            let ends = |command: &Command| command.words().contains(&"destroy-unattached".into());
            commands.retain(|command| !ends(command));
        }
        let hooks = self.hooks.iter().map(|hook| {
            let command = Command::new("set-option")
                .flag_if(released, "-u")
                .opt("-t", format!("{session}:"))
                .arg(hook);
            // An empty list of its own hides the list for all.
            if released { command } else { command.arg("") }
        });
        commands.extend(hooks);
    }
}

impl Site<'_, '_> {
    /// After a round: learns about a server that was just started, and removes what hooks have put
    /// into new sessions, before it could be in the way.
    pub(super) fn guard(&mut self, actions: &[&Action]) -> Result<(), RestoreError> {
        if self.dangers.is_none() {
            self.dangers = Some(Dangers::look(self.tmux)?);
            let sessions: Vec<SessionRef> = self.built.sessions.keys().copied().collect();
            let commands: Vec<Command> = sessions
                .iter()
                .flat_map(|session| self.commands(&Action::Protect { session: *session }))
                .collect();
            self.send("protection", &commands)?;
        }
        let hooks = self
            .dangers
            .as_ref()
            .is_some_and(|found| !found.hooks.is_empty());
        let new = actions.iter().any(|action| {
            matches!(
                action,
                Action::NewSession { .. }
                    | Action::Host { .. }
                    | Action::JoinGroup { .. }
                    | Action::FoundGroup { .. }
            )
        });
        if hooks && new {
            self.remove_strangers()?;
        }
        Ok(())
    }

    /// Closes panes in the sessions that are being made which are not of the plan.
    fn remove_strangers(&mut self) -> Result<(), RestoreError> {
        let list = Command::new("list-panes")
            .flag("-a")
            .opt("-F", "#{session_id} #{pane_id} #{window_index}");
        let (stdout, _) = self.send("its panes", &[list])?;
        let strangers: Vec<Command> = stdout
            .lines()
            .filter_map(|line| {
                let mut words = line.split_str(" ");
                let session = ids::read_session(words.next()?)?;
                let pane = ids::read_pane(words.next()?)?;
                let ours = self.built.sessions.values().any(|made| *made == session);
                let planned = self.built.panes.values().any(|made| *made == pane);
                let host = words.next()? == HOST.to_string().as_bytes();
                (ours && !planned && !host).then_some(pane)
            })
            .map(|pane| Command::new("kill-pane").opt("-t", ids::pane(pane)))
            .collect();
        if !strangers.is_empty() {
            self.send("panes of hooks", &strangers)?;
        }
        Ok(())
    }

    /// Tells which sessions were kept from ending.
    pub(super) fn tell_kept(&mut self) {
        if !self
            .dangers
            .as_ref()
            .is_some_and(|found| found.unattached_end)
        {
            return;
        }
        let names: Vec<String> = self
            .built
            .made
            .iter()
            .map(|made| crate::model::ansi::label(&made.to))
            .collect();
        for name in names {
            self.built.inform(
                "kept from ending",
                name,
                "the server ends sessions at which nobody looks (destroy-unattached)".to_owned(),
                "switched off for this session",
                "set-option -u destroy-unattached, when you have attached to it",
            );
        }
    }
}
