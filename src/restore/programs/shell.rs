//! Telling a shell that waits for its user from a program.

use bstr::BString;

use crate::model::program::program_name;

/// The shells that are known: a pane whose own process is one of them is a pane with a shell, any
/// other is a pane with a program.
const SHELLS: &[&str] = &[
    "sh", "bash", "zsh", "fish", "dash", "ash", "ksh", "mksh", "ksh93", "oksh", "yash", "tcsh",
    "csh", "nu", "elvish", "xonsh", "pwsh",
];

/// Whether this is a shell that waits for its user: not one that was given a script or a command,
/// which would be run again.
pub(in crate::restore) fn is_interactive_shell(argv: &[BString]) -> bool {
    let name = program_name(argv);
    if !SHELLS.iter().any(|shell| name == *shell) {
        return false;
    }
    let mut rest = argv.iter().skip(1);
    while let Some(arg) = rest.next() {
        match arg.as_slice() {
            b"--rcfile" | b"--init-file" | b"-o" | b"+o" | b"-O" | b"+O" => {
                rest.next();
            }
            [b'-', b'-', _, ..] => {
                if arg.starts_with(b"--command") || arg.starts_with(b"--execute") {
                    return false;
                }
            }
            [b'-' | b'+', flags @ ..] if !flags.is_empty() && flags != b"-" => {
                let harmless = b"ilmvxpfhbBHEPTu";
                if !flags.iter().all(|flag| harmless.contains(flag)) {
                    return false;
                }
            }
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_with_a_task_is_a_program() {
        let shell = |line: &str| {
            let argv: Vec<BString> = line.split(' ').map(BString::from).collect();
            is_interactive_shell(&argv)
        };
        assert!(shell("-zsh"));
        assert!(shell("/bin/bash --norc --noprofile -i"));
        assert!(shell("bash --rcfile /x -o vi"));
        assert!(!shell("bash -c x"));
        assert!(!shell("bash -lc x"));
        assert!(!shell("sh script.sh"));
        assert!(!shell("htop"));
        assert!(!is_interactive_shell(&[]));
    }
}
