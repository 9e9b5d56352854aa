//! The mark that muxtape's interface sets on the pane that it runs in, so that whoever records
//! knows that what moves there is muxtape itself. It names a process, and holds only while that one
//! is in front of the pane's terminal: an interface that was killed or stopped leaves a mark that
//! says nothing.

use std::path::Path;
use std::time::Duration;

use super::client::Tmux;
use super::command::Command;
use super::ids;
use crate::model::snapshot::ServerIdentity;
use crate::model::tree::PaneId;
use crate::mux::run::Limits;
use crate::mux::{MuxError, OwnPane, ServerSelect, process};

/// The option, one of the pane's own.
pub const OPTION: &str = "@muxtape-interface";

/// How long the interface waits for tmux to take the mark or give it back.
const MARK_TIMEOUT: Duration = Duration::from_secs(1);

/// A mark: the process of an interface, and when that began, by the system's own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) pid: i32,
    started: u64,
}

impl Mark {
    fn own() -> Self {
        let pid = i32::try_from(std::process::id()).unwrap_or(0);
        let started = process::started(pid).unwrap_or(0);
        Self { pid, started }
    }

    /// Reads the option's value.
    pub(super) fn read(value: &[u8]) -> Option<Self> {
        let mut words = std::str::from_utf8(value).ok()?.split(' ');
        let mark = Self {
            pid: words.next()?.parse().ok().filter(|pid| *pid > 0)?,
            started: words.next()?.parse().ok()?,
        };
        words.next().is_none().then_some(mark)
    }

    /// Whether its interface is what the terminal of this process shows.
    pub(super) fn holds(self, root: i32) -> bool {
        process::is_in_front(root, self.pid, self.started)
    }

    fn value(self) -> String {
        format!("{} {}", self.pid, self.started)
    }
}

/// The pane that this process runs in, as its environment tells.
#[derive(Debug, Clone)]
pub struct TmuxPane {
    tmux: Tmux,
    pane: PaneId,
}

impl TmuxPane {
    /// The pane that `$TMUX` and `$TMUX_PANE` name, if they do.
    #[must_use]
    pub fn named(tmux: &Tmux, around: &[u8], pane: &str) -> Option<Self> {
        let socket = around.rsplitn(3, |byte| *byte == b',').last()?;
        if socket.is_empty() {
            return None;
        }
        let limits = Limits {
            time: MARK_TIMEOUT,
            ..Limits::default()
        };
        Some(Self {
            tmux: Tmux::new(
                tmux.program().to_owned(),
                ServerSelect::Path(socket.into()),
                limits,
            ),
            pane: PaneId::of(pane.strip_prefix('%')?.parse().ok()?),
        })
    }

    /// Does something to the pane where two formats are the same.
    fn change_if(&self, same: &str, change: &Command) -> Result<(), MuxError> {
        let command = Command::new("if-shell")
            .flag("-F")
            .opt("-t", self.target())
            .arg(format!("#{{==:{same}}}"))
            .arg(change.source_line());
        self.tmux
            .run("a change of the mark as the interface", &[command])
            .map(drop)
    }

    fn option(&self) -> Command {
        let set = Command::new("set-option").flag("-p");
        set.opt("-t", self.target())
    }

    fn target(&self) -> String {
        ids::pane(self.pane)
    }
}

impl OwnPane for TmuxPane {
    fn on(&self, server: &ServerIdentity) -> Option<PaneId> {
        let own = ServerSelect::Path(server.socket.clone());
        (*self.tmux.select() == own).then_some(self.pane)
    }

    fn mark(&self, terminal: &Path) -> Result<(), MuxError> {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-".contains(byte);
        let terminal = terminal.as_os_str().as_encoded_bytes();
        if !terminal.iter().all(plain) {
            return Ok(());
        }
        let terminal = String::from_utf8_lossy(terminal);
        let set = self.option().arg(OPTION).arg(Mark::own().value());
        self.change_if(&format!("#{{pane_tty}},{terminal}"), &set)
    }

    fn unmark(&self) -> Result<(), MuxError> {
        let unset = self.option().flag("-u").arg(OPTION);
        let own = Mark::own().value();
        self.change_if(&format!("#{{{OPTION}}},{own}"), &unset)
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::PANE;
    use super::*;

    #[test]
    fn only_what_the_interface_writes_is_a_mark() {
        let mark = Mark {
            pid: 42,
            started: 7,
        };
        assert_eq!(Mark::read(mark.value().as_bytes()), Some(mark));
        for value in [
            "", "42", "on", "0 7", "-1 7", "42 7 9", "42 x", "\u{e9}", " 42 7",
        ] {
            assert_eq!(Mark::read(value.as_bytes()), None, "{value:?}");
        }
        assert!(PANE.contains(OPTION));
    }
}
