//! A pane whose processes cannot be seen: what the multiplexer itself says.

use super::shell::is_shell_name;
use super::{Root, Running};
use crate::model::program::Program;

/// What runs in the pane: only its name is known. It is told as a part of a pipeline whose rest
/// cannot be seen, so that nobody takes the name for the whole command.
pub(super) fn running(root: &Root) -> Running {
    Running {
        program: name(root).map(program),
        ..Running::default()
    }
}

/// A program that is there and cannot be seen: as the multiplexer calls it, or `?` where that
/// cannot see it either.
pub(super) fn unseen(root: &Root) -> Program {
    program(name(root).unwrap_or(b"?"))
}

/// What the multiplexer calls it, unless that is a shell.
fn name(root: &Root) -> Option<&[u8]> {
    let name = root.command.strip_prefix(b"-").unwrap_or(&root.command);
    (!name.is_empty() && !is_shell_name(name)).then_some(name)
}

fn program(name: &[u8]) -> Program {
    Program {
        argv: vec![name.into()],
        exe: None,
        cwd: None,
        pipeline: vec![Vec::new()],
        redacted: false,
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
