//! A look at the processes of the machine: which program runs in a pane, and which boot this is.
//!
//! On Linux `/proc` is read, elsewhere `ps` is asked; what those do not see the multiplexer itself
//! tells by name. Nothing here fails: a process can end at any moment, and what cannot be seen is
//! simply not told.
//!
//! Known limits: of a shell without job control, and of fish where it runs a part of a pipeline
//! itself, what runs is in the shell's own process group, and looks like an idle shell. A list of
//! commands (`a; b`) is the one that runs now.

use bstr::BString;

use crate::model::detail::Variable;
use crate::model::launch::Launch;
use crate::model::program::Program;
use crate::model::snapshot::BootId;

mod by_name;
mod honest;
mod launch;
#[cfg(target_os = "linux")]
mod linux;
mod look;
mod named;
#[cfg(not(target_os = "linux"))]
mod other;
mod pipes;
#[cfg(any(test, not(target_os = "linux")))]
mod ps;
mod shell;
mod source;
mod typed;
#[cfg(target_os = "linux")]
mod waiting;
mod witness;

pub use witness::{EndedFirst, Witness};

pub(super) use shell::is_helper;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use other as system;

/// The process that a pane was made for, as the multiplexer tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Its process id.
    pub pid: i32,
    /// The name of what the multiplexer thinks is in the foreground.
    pub command: BString,
}

/// What runs in a pane.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Running {
    /// The arguments of the pane's own process; empty where they cannot be seen.
    pub shell: Vec<BString>,
    /// The shells within the pane's own process, outermost first, down to the one that is in front
    /// or has the program in front: the arguments of each. Empty where there is only one shell.
    pub shells: Vec<Vec<BString>>,
    /// The working directory of the innermost shell, or of the pane's own process where it has
    /// none.
    pub cwd: Option<BString>,
    /// The program in the foreground; `None` when a shell waits for a command.
    pub program: Option<Program>,
    /// How the program was started, beyond its arguments.
    pub launch: Launch,
    /// Variables that the pane's own process was started with: those of the names that were asked
    /// for, by name. What a shell has set since cannot be seen.
    pub environment: Vec<Variable>,
}

/// What runs in each of these panes, in their order. Of their environment only variables of these
/// names are read.
#[must_use]
pub fn running(roots: &[Root], names: &[String]) -> Vec<Running> {
    system::running(roots, names)
}

/// When a process began, in ticks of the system's clock; `None` where it is not there, or the
/// system does not tell.
#[must_use]
pub fn started(pid: i32) -> Option<u64> {
    system::started(pid)
}

/// Whether a process is what the terminal of another one shows: it belongs to the group in front of
/// that terminal. `started` is what [`started`] told of it, or 0. One that is there and cannot be
/// seen counts.
#[must_use]
pub fn is_in_front(root: i32, pid: i32, started: u64) -> bool {
    let now = system::started(pid);
    if now.is_some_and(|now| started != 0 && now != started) {
        return false;
    }
    match system::groups(root, pid) {
        Some((front, group)) => front == group,
        None => is_hidden(pid),
    }
}

/// Whether there is a process that only its owner may see.
fn is_hidden(pid: i32) -> bool {
    let asked = rustix::process::Pid::from_raw(pid).map(rustix::process::test_kill_process);
    asked == Some(Err(rustix::io::Errno::PERM))
}

/// The group in front of the terminal of `root`, and the group of `pid`; `None` where either cannot
/// be seen.
fn groups(system: &impl source::System, root: i32, pid: i32) -> Option<(i32, i32)> {
    let own = system.stat(pid).filter(|own| !own.zombie)?;
    Some((system.stat(root)?.foreground, own.group))
}

/// How a shell waits for what is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its arguments; empty where they cannot be seen.
    pub argv: Vec<BString>,
    /// Its process group is in front of its terminal.
    pub in_front: bool,
    /// It does not wait for a child in that group which reads from the terminal.
    pub alone: bool,
    /// It has a file open that it reads commands from, such as its start file.
    pub starting: bool,
    /// It computes, or has children.
    pub busy: bool,
    /// The directory that it is in, by its device and its number there.
    pub dir: Option<(u64, u64)>,
}

/// How the shell waits that is a pane's own process; `None` where the system does not tell.
#[must_use]
pub fn waiting(pid: i32) -> Option<Waiting> {
    system::waiting(pid)
}

/// Identifies this boot of the machine; empty where the system does not tell.
#[must_use]
pub fn boot_id() -> BootId {
    BootId(system::boot_id().unwrap_or_default())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
