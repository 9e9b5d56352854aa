//! A server for a rehearsal: with a socket of its own in a private directory, and no configuration
//! of the user's.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::files::{self, FileError};
use crate::model::tree::ServerState;
use crate::mux::tmux::Tmux;
use crate::mux::tmux::command::Command;
use crate::mux::{Scope, ServerSelect};
use crate::restore::RestoreError;
use crate::restore::restorer::{Rehearsal, Restorer};

/// How long the server may take to end.
const MAX_END_WAIT: Duration = Duration::from_secs(5);
/// Between two looks.
const PAUSE: rustix::event::Timespec = rustix::event::Timespec {
    tv_sec: 0,
    tv_nsec: 4_000_000,
};

/// A server of its own; it goes when this does.
pub(super) struct Scratch(Tmux);

impl Scratch {
    pub(super) fn new(like: &Tmux, dir: &Path, state: &ServerState) -> Result<Self, RestoreError> {
        let config = dir.join("conf");
        let failed = |error: FileError| RestoreError::Files {
            path: config.display().to_string(),
            source: error.into(),
        };
        files::write_new(&config, configuration(state).as_bytes()).map_err(failed)?;
        let socket = dir.join("s").as_os_str().as_encoded_bytes().into();
        let scope = Scope {
            environment: names(state),
            buffers: true,
        };
        let select = ServerSelect::Path(socket);
        let tmux = Tmux::new(like.program().to_owned(), select, like.limits());
        Ok(Self(tmux.with_config(config).with_scope(scope)))
    }
}

impl Rehearsal for Scratch {
    fn restorer(&self) -> &dyn Restorer {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let Ok(server) = self.0.server() else {
            return;
        };
        let _ = self
            .0
            .ask("the end of the rehearsal", &[Command::new("kill-server")]);
        // Its panes write into the directory no more when it is gone.
        let Some(pid) = server.pid().and_then(rustix::process::Pid::from_raw) else {
            return;
        };
        let start = Instant::now();
        while rustix::process::test_kill_process(pid).is_ok() && start.elapsed() < MAX_END_WAIT {
            let _ = rustix::event::poll(&mut [], Some(&PAUSE));
        }
    }
}

/// The names of all variables of a state.
fn names(state: &ServerState) -> Vec<String> {
    let sessions = state.sessions.iter();
    let names = sessions.flat_map(|session| &session.detail.environment);
    let mut names: Vec<String> = names.map(|one| one.name.to_string()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What the server reads: numbers as they were counted, room for all history, and names that stay
/// though no program runs that they could follow.
fn configuration(state: &ServerState) -> String {
    let first = state.panes().map(|(_, _, pane)| pane.index).min();
    let history = state.panes().map(|(_, _, pane)| pane.screen.history).max();
    format!(
        "set -g pane-base-index {}\nset -g history-limit {}\nset -g automatic-rename off\n\
         set -g automatic-rename-format '#{{window_name}}'\nset -g status off\n\
         set -g default-shell /bin/sh\n",
        first.unwrap_or(0),
        history.unwrap_or(0).saturating_add(2_000),
    )
}
