//! Which programs a restore may start: the rules of `assets/rules/programs.toml`.

use std::sync::LazyLock;

use bstr::{BString, ByteSlice};
use serde::Deserialize;

use super::policy::Programs;
use crate::model::program::{Program, program_name};

/// What may be done with a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Class {
    /// Typed and run.
    Run,
    /// Typed.
    Type,
    /// Neither.
    Never,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    names: Vec<String>,
    class: Class,
    #[serde(default)]
    bare: bool,
    #[serde(default)]
    runs_arguments: bool,
    #[serde(default)]
    run: Vec<String>,
    #[serde(default)]
    never: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Rules {
    #[expect(dead_code, reason = "read by the test that watches over the file")]
    schema: u32,
    program: Vec<Rule>,
}

/// The built-in rules. They are part of the program and a test reads them; were they broken
/// nevertheless, nothing would be run.
static RULES: LazyLock<Option<Rules>> =
    LazyLock::new(|| toml::from_str(include_str!("../../assets/rules/programs.toml")).ok());

/// The class of a command line, with the user's own list of programs that may be run.
pub(super) fn class(argv: &[BString], allow: &[String]) -> Class {
    let Some(rules) = RULES.as_ref() else {
        return Class::Never;
    };
    let name = program_name(argv);
    let mut class = None;
    let mut runs_arguments = false;
    for rule in rules.program.iter().filter(|rule| rule.has(name)) {
        runs_arguments |= rule.runs_arguments;
        let own = rule.of(argv);
        class = Some(class.map_or(own, |class: Class| class.max(own)));
    }
    let class = class.unwrap_or(Class::Type);
    if class == Class::Never || runs_arguments && rules.never_in(argv) {
        Class::Never
    } else if allow.iter().any(|allowed| name == allowed.as_str()) {
        Class::Run
    } else {
        class
    }
}

impl Rule {
    fn has(&self, name: &[u8]) -> bool {
        self.names.iter().any(|own| own.as_bytes() == name)
    }

    fn of(&self, argv: &[BString]) -> Class {
        let starts = |lines: &[String]| lines.iter().any(|line| starts_with(argv, line));
        if starts(&self.never) {
            Class::Never
        } else if starts(&self.run) {
            Class::Run
        } else if self.bare && argv.iter().skip(1).any(|arg| !arg.starts_with(b"-")) {
            self.class.max(Class::Type)
        } else {
            self.class
        }
    }
}

impl Rules {
    /// Whether a program that is never run stands somewhere in the arguments, alone or in a script.
    fn never_in(&self, argv: &[BString]) -> bool {
        let split = |byte: &u8| !(byte.is_ascii_alphanumeric() || b"_-./+".contains(byte));
        argv.iter()
            .skip(1)
            .flat_map(|arg| arg.split(move |byte| split(byte)))
            .map(|word| word.rsplit(|&byte| byte == b'/').next().unwrap_or(word))
            .any(|word| {
                let mut rules = self.program.iter();
                rules.any(|rule| rule.class == Class::Never && rule.has(word))
            })
    }
}

/// Whether a command line begins with these words; options between them do not count.
fn starts_with(argv: &[BString], line: &str) -> bool {
    let name = program_name(argv);
    let rest = argv.iter().skip(1).map(|arg| arg.as_bstr());
    let mut own = std::iter::once(name).chain(rest.filter(|arg| !arg.starts_with(b"-")));
    line.split(' ')
        .all(|word| own.next().is_some_and(|own| own == word))
}

/// What becomes of a program under a policy.
pub(super) fn start(program: &Program, policy: Programs, allow: &[String]) -> Class {
    match (policy, class(&program.argv, allow)) {
        (_, Class::Never) | (Programs::Shell, _) => Class::Never,
        (Programs::Type, _) | (Programs::Allow, Class::Type) => Class::Type,
        (Programs::Allow, Class::Run) | (Programs::All, _) => Class::Run,
    }
}

/// The shells that are known: a pane whose own process is one of them is a pane with a shell, any
/// other is a pane with a program.
const SHELLS: &[&str] = &[
    "sh", "bash", "zsh", "fish", "dash", "ash", "ksh", "mksh", "ksh93", "oksh", "yash", "tcsh",
    "csh", "nu", "elvish", "xonsh", "pwsh",
];

/// Whether this is a shell that waits for its user: not one that was given a script or a command,
/// which would be run again.
pub(super) fn is_interactive_shell(argv: &[BString]) -> bool {
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

    fn argv(line: &str) -> Vec<BString> {
        line.split(' ').map(BString::from).collect()
    }

    #[test]
    fn the_rules_can_be_read() {
        let rules = RULES.as_ref().unwrap();
        assert!(rules.program.len() > 5);
    }

    #[test]
    fn programs_have_classes() {
        let class = |line: &str| class(&argv(line), &["mytool".to_owned()]);
        assert_eq!(class("/usr/bin/nvim a.rs"), Class::Run);
        assert_eq!(class("python3"), Class::Run);
        assert_eq!(class("python3 train.py"), Class::Type);
        assert_eq!(class("npm run dev"), Class::Run);
        assert_eq!(class("npm --silent run dev"), Class::Run);
        assert_eq!(class("npm publish"), Class::Never);
        assert_eq!(class("unknown"), Class::Type);
        assert_eq!(class("mytool x"), Class::Run);
        assert_eq!(class("/usr/bin/sudo vi"), Class::Never);
    }

    #[test]
    fn what_is_never_run_is_not_run_by_another_program_either() {
        let class = |line: &str| class(&argv(line), &["watch".to_owned(), "rm".to_owned()]);
        assert_eq!(class("env A=1 /bin/rm -r x"), Class::Never);
        assert_eq!(class("watch date;rm x"), Class::Never);
        assert_eq!(class("watch date"), Class::Run);
        assert_eq!(class("rm x"), Class::Never);
        assert_eq!(class("ssh host reboot"), Class::Never);
    }

    #[test]
    fn a_shell_with_a_task_is_a_program() {
        assert!(is_interactive_shell(&argv("-zsh")));
        assert!(is_interactive_shell(&argv(
            "/bin/bash --norc --noprofile -i"
        )));
        assert!(is_interactive_shell(&argv("bash --rcfile /x -o vi")));
        assert!(!is_interactive_shell(&argv("bash -c x")));
        assert!(!is_interactive_shell(&argv("bash -lc x")));
        assert!(!is_interactive_shell(&argv("sh script.sh")));
        assert!(!is_interactive_shell(&argv("htop")));
        assert!(!is_interactive_shell(&[]));
    }
}
