//! Telling a shell that waits for commands from a program.

use bstr::BString;

use crate::model::program::program_name;

/// Shells that people type into.
const SHELLS: &[&str] = &[
    "ash", "bash", "csh", "dash", "elvish", "fish", "ksh", "ksh93", "mksh", "nu", "oksh", "osh",
    "pwsh", "rbash", "sh", "tcsh", "xonsh", "yash", "zsh",
];

/// Options of shells whose value is the next argument.
const WITH_VALUE: &[&str] = &[
    "--rcfile",
    "--init-file",
    "-o",
    "+o",
    "-O",
    "+O",
    "--config",
    "--env-config",
    "-C",
    "--init-command",
];

/// Whether the name is that of a shell.
pub(super) fn is_shell_name(name: &[u8]) -> bool {
    SHELLS.iter().any(|shell| shell.as_bytes() == name)
}

/// Whether these are the arguments of a shell that reads what is typed, and not of one that runs a
/// script or the text after `-c`.
pub(super) fn is_interactive(argv: &[BString]) -> bool {
    if !is_shell_name(program_name(argv)) {
        return false;
    }
    let mut rest = argv.iter().skip(1);
    while let Some(arg) = rest.next() {
        if WITH_VALUE.iter().any(|option| option.as_bytes() == *arg) {
            rest.next();
        } else if arg.starts_with(b"--") || arg.starts_with(b"+") {
            if *arg == "--command" || arg.starts_with(b"--command=") {
                return false;
            }
        } else if let Some(letters) = arg.strip_prefix(b"-") {
            if letters.contains(&b'c') || letters == b"Command" {
                return false;
            }
            if letters.contains(&b's') {
                // What follows are the shell's own arguments.
                return true;
            }
        } else {
            return false;
        }
    }
    true
}

/// Whether these are the arguments of muxtape's own helper, which is in a pane for a moment while
/// the pane is restored.
pub(in crate::mux) fn is_helper(argv: &[BString]) -> bool {
    program_name(argv) == "muxtape" && argv.get(1).is_some_and(|arg| arg == "__pane")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interactive(line: &str) -> bool {
        let argv: Vec<BString> = line.split(' ').map(BString::from).collect();
        is_interactive(&argv)
    }

    #[test]
    fn shells_that_wait_are_told_from_those_that_run_something() {
        for line in [
            "-bash",
            "bash",
            "/bin/zsh -l",
            "bash --norc --noprofile -i",
            "bash --rcfile /x -i",
            "fish --init-command x",
            "sh -s a b",
        ] {
            assert!(interactive(line), "{line}");
        }
        for line in [
            "bash -c x",
            "sh -ec x",
            "bash script.sh",
            "vim",
            "fish --command=x",
            "env bash",
        ] {
            assert!(!interactive(line), "{line}");
        }
    }

    #[test]
    fn the_helper_is_known_by_its_command() {
        let argv = |line: &str| line.split(' ').map(BString::from).collect::<Vec<_>>();
        assert!(is_helper(&argv("/usr/bin/muxtape __pane /run/x")));
        assert!(!is_helper(&argv("muxtape list")));
    }
}
