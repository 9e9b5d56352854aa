//! Restores onto tmux: from a plan to steps, from steps to exact commands, and how they are carried
//! out.

mod alive;
mod apply;
mod commands;
mod profile;
mod prompt;
mod rehearsal;
mod rejoin;
mod script;
mod settings;
mod splits;
mod step;
mod steps;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::process;
use std::sync::Arc;

use bstr::ByteSlice;

use super::built::Built;
use super::plan::Plan;
use super::profile::Profile;
use super::report::Progress;
use super::restorer::{AliveParts, NewPanes, Rehearsal, Restorer};
use super::{RestoreError, Workshop};
use crate::model::snapshot::ServerIdentity;
use crate::model::tree::ServerState;
use crate::model::tree::{PaneId, SessionId};
use crate::mux::tmux::Tmux;
use crate::mux::tmux::command::Command;
use crate::mux::tmux::ids;
use crate::mux::tmux::interface::TmuxPane;
use crate::mux::{Marked, MuxError, NewPane, OwnPane, Scope, ServerSelect, Variables};

pub use profile::TmuxProfile;

impl Restorer for Tmux {
    fn scoped(&self, scope: Scope) -> Arc<dyn Restorer> {
        Arc::new(self.clone().with_scope(scope))
    }

    fn profile(&self, server: Option<&ServerIdentity>) -> Result<Box<dyn Profile>, MuxError> {
        let profile = match server {
            Some(server) => TmuxProfile::of(&server.version),
            None => TmuxProfile::of(&self.program_version()?),
        };
        Ok(Box::new(profile))
    }

    fn new_panes(&self, state: &ServerState) -> Result<NewPanes, MuxError> {
        Ok(NewPanes {
            first: first_pane(self, state),
            search_path: self.search_path()?,
        })
    }

    fn script(&self, plan: &Plan) -> Result<String, MuxError> {
        let select = match self.select() {
            ServerSelect::Default if !plan.starts_server => {
                ServerSelect::Path(self.server()?.socket)
            }
            select => select.clone(),
        };
        Ok(script::script(plan, &select))
    }

    fn carry_out(
        &self,
        plan: &Plan,
        workshop: &Workshop<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Built, RestoreError> {
        apply::carry_out(self, plan, workshop, progress)
    }

    fn alive(&self) -> Result<AliveParts, RestoreError> {
        alive::look(self)
    }

    fn close(&self, sessions: &[SessionId], panes: &[PaneId]) -> String {
        let kill = |name, id: String| Command::new(name).opt("-t", id);
        let sessions = sessions.iter();
        let sessions = sessions.map(|id| kill("kill-session", ids::session(*id)));
        let panes = panes.iter();
        let panes = panes.map(|id| kill("kill-pane", ids::pane(*id)));
        let commands: Vec<Command> = sessions.chain(panes).collect();
        match self.ask("closing what was made", &commands) {
            Ok(reply) => reply.complaints.join("; "),
            Err(error) => error.to_string(),
        }
    }

    fn move_clients(&self, from: SessionId, to: SessionId) -> Result<usize, MuxError> {
        let clients = apply::clients::list(self)?.into_iter();
        let commands: Vec<Command> = clients
            .filter(|client| client.session == from)
            .map(|client| {
                let switch = Command::new("switch-client").opt("-c", &client.name);
                switch.opt("-t", ids::session(to))
            })
            .collect();
        if !commands.is_empty() {
            // One that has left meanwhile is no failure.
            self.ask("letting clients look at what was restored", &commands)?;
        }
        Ok(commands.len())
    }

    fn close_single(&self, session: SessionId) -> Result<(), MuxError> {
        let [_, _, _, target, alone, kill] = closing(session);
        let close = Command::new("if-shell").flag("-F").opt("-t", target);
        self.run("closing a blank session", &[close.arg(alone).arg(kill)])?;
        Ok(())
    }

    fn closing(&self, session: SessionId) -> Result<process::Command, MuxError> {
        let mut command = process::Command::new(self.program());
        command
            .arg("-S")
            .arg(self.server()?.socket.to_os_str_lossy())
            .args(closing(session));
        Ok(command)
    }

    fn own_pane(&self, variables: Variables<'_>) -> Option<Arc<dyn OwnPane>> {
        let around = variables("TMUX")?;
        let pane = variables("TMUX_PANE")?;
        let pane = TmuxPane::named(self, around.as_encoded_bytes(), pane.to_str()?)?;
        Some(Arc::new(pane))
    }

    fn set_private(
        &self,
        what: Marked,
        private: bool,
        state: &ServerState,
    ) -> Result<(), MuxError> {
        match private {
            true => self.mark(what),
            false => self.unmark(what, state),
        }
    }

    fn attaching(&self, session: SessionId, variables: Variables<'_>) -> Option<process::Command> {
        let around = variables("TMUX").filter(|around| !around.is_empty());
        let mut command = process::Command::new(self.program());
        let same = match self.select() {
            ServerSelect::Default => true,
            ServerSelect::Name(name) => {
                command.arg("-L").arg(name.to_os_str_lossy());
                false
            }
            ServerSelect::Path(path) => {
                command.arg("-S").arg(path.to_os_str_lossy());
                around.as_ref().is_some_and(|around| {
                    let around = around.as_encoded_bytes();
                    around.rsplitn(3, |byte| *byte == b',').last() == Some(path.as_bytes())
                })
            }
        };
        // The number is the session's own for as long as the server lives; a name need not be.
        let target = ids::session(session);
        match (around, same) {
            (None, _) => command.args(["attach-session", "-t", &target]),
            (Some(_), true) => command.args(["switch-client", "-t", &target]),
            (Some(_), false) => return None,
        };
        Some(command)
    }

    fn rehearsal(
        &self,
        dir: &Path,
        state: &ServerState,
    ) -> Result<Box<dyn Rehearsal>, RestoreError> {
        Ok(Box::new(rehearsal::Scratch::new(self, dir, state)?))
    }
}

/// What closes a session with a single pane, as arguments of tmux; nothing is done where something
/// was opened in it meanwhile.
fn closing(session: SessionId) -> [String; 6] {
    let session = ids::session(session);
    let target = format!("{session}:");
    let kill = format!("kill-session -t '{session}'");
    let alone = "#{==:#{session_windows}-#{window_panes},1-1}";
    ["if-shell", "-F", "-t", &target, alone, &kill].map(str::to_owned)
}

/// What a new pane begins with, told by a session that has no settings of its own for that.
fn first_pane(tmux: &Tmux, state: &ServerState) -> Option<NewPane> {
    let mut sessions = state.sessions.iter();
    let plain = sessions.find(|session| !settings::decide_new_panes(&session.detail.settings))?;
    let found = tmux.new_panes(&[plain.handle?]);
    found.unwrap_or_default().pop()?
}
