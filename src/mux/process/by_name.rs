//! A pane whose processes cannot be seen: what the multiplexer itself says.

use super::shell::is_shell_name;
use super::{Root, Running};
use crate::model::program::Program;

/// What runs in the pane: only its name is known. It is told as a part of a pipeline whose rest cannot
/// be seen, so that nobody takes the name for the whole command.
pub(super) fn running(root: &Root) -> Running {
    let name = root.command.strip_prefix(b"-").unwrap_or(&root.command);
    let program = !name.is_empty() && !is_shell_name(name);
    Running {
        program: program.then(|| Program {
            argv: vec![name.into()],
            exe: None,
            cwd: None,
            pipeline: vec![Vec::new()],
            redacted: false,
        }),
        ..Running::default()
    }
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
        let program = running(&root("vim")).program.unwrap();
        assert_eq!(program.name(), "vim");
        assert!(!program.is_whole());
        assert_eq!(running(&root("-zsh")).program, None);
    }
}
