//! Systems without `/proc`: what the multiplexer itself says.

#[cfg(not(target_os = "linux"))]
use std::process::Command;

use super::shell::is_shell_name;
use super::{Root, Running};
use crate::model::program::Program;
#[cfg(not(target_os = "linux"))]
use crate::mux::run::{Limits, run};

/// The kernel's name for this boot (macOS and the BSDs).
#[cfg(not(target_os = "linux"))]
pub(super) fn boot_id() -> Option<String> {
    // macOS has a UUID for it; the BSDs have the moment of the boot.
    ["kern.bootsessionuuid", "kern.boottime"]
        .into_iter()
        .find_map(|name| {
            let mut sysctl = Command::new("sysctl");
            sysctl.args(["-n", name]);
            let output = run(&mut sysctl, b"", Limits::default()).ok()?;
            let id = String::from_utf8(output.stdout).ok()?.trim().to_owned();
            (output.status.success() && !id.is_empty()).then_some(id)
        })
}

/// What runs in each of these panes: only its name is known. It is told as a part of a pipeline whose
/// rest cannot be seen, so that nobody takes the name for the whole command.
pub(super) fn running(roots: &[Root]) -> Vec<Running> {
    roots
        .iter()
        .map(|root| {
            let name = root.command.strip_prefix(b"-").unwrap_or(&root.command);
            let program = !name.is_empty() && !is_shell_name(name);
            Running {
                shell: Vec::new(),
                cwd: None,
                program: program.then(|| Program {
                    argv: vec![name.into()],
                    exe: None,
                    cwd: None,
                    pipeline: vec![Vec::new()],
                    redacted: false,
                }),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_alone_is_never_a_whole_program() {
        let root = |command: &str| Root {
            pid: 1,
            command: command.into(),
        };
        let found = running(&[root("vim"), root("-zsh")]);
        let program = found.first().unwrap().program.clone().unwrap();
        assert_eq!(program.name(), "vim");
        assert!(!program.is_whole());
        assert_eq!(found.get(1).unwrap().program, None);
    }
}
