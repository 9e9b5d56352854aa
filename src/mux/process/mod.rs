//! A look at the processes of the machine: which program runs in a pane, and which boot this is.
//!
//! On Linux `/proc` is read, elsewhere `ps` is asked; what those do not see the multiplexer itself tells by
//! name. Nothing here fails: a process can end at any moment, and what cannot be seen is simply not told.
//!
//! Known limits: of a shell without job control, and of fish where it runs a part of a pipeline itself, what
//! runs is in the shell's own process group, and looks like an idle shell. A list of commands (`a; b`) is
//! the one that runs now.

use bstr::BString;

use crate::model::detail::Variable;
use crate::model::program::Program;
use crate::model::snapshot::BootId;

mod by_name;
mod honest;
#[cfg(target_os = "linux")]
mod linux;
mod look;
#[cfg(not(target_os = "linux"))]
mod other;
mod pipes;
#[cfg(any(test, not(target_os = "linux")))]
mod ps;
mod shell;
mod source;

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
    /// The shells within the pane's own process, outermost first, down to the one that is in front or has
    /// the program in front: the arguments of each. Empty where there is only one shell.
    pub shells: Vec<Vec<BString>>,
    /// The working directory of the innermost shell, or of the pane's own process where it has none.
    pub cwd: Option<BString>,
    /// The program in the foreground; `None` when a shell waits for a command.
    pub program: Option<Program>,
    /// Variables that the pane's own process was started with: those of the names that were asked for, by
    /// name. What a shell has set since cannot be seen.
    pub environment: Vec<Variable>,
}

/// What runs in each of these panes, in their order. Of their environment only variables of these names
/// are read.
#[must_use]
pub fn running(roots: &[Root], names: &[String]) -> Vec<Running> {
    system::running(roots, names)
}

/// Identifies this boot of the machine; empty where the system does not tell.
#[must_use]
pub fn boot_id() -> BootId {
    BootId(system::boot_id().unwrap_or_default())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
