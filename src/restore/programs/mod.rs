//! Which programs a restore may start, and how.

mod rules;
mod shell;
mod strategy;

use bstr::{BString, ByteSlice};

use super::policy::Programs;
use crate::model::program::{Program, program_name};
use rules::Rule;

pub(super) use rules::Class;
pub use rules::{Rules, RulesError};
pub(super) use shell::is_interactive_shell;
pub(super) use strategy::{Strategy, Traces, VIM_SESSION, less_line};

/// What the rules say of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    /// What may be done with it.
    pub(super) class: Class,
    /// Whether only its user may press Enter, under every policy.
    pub(super) by_hand: bool,
    /// How it is started.
    pub(super) strategy: Strategy,
}

impl Verdict {
    /// What becomes of the program under a policy.
    pub(super) fn under(&self, policy: Programs) -> Class {
        match (policy, self.class) {
            (_, Class::Never) | (Programs::Shell, _) => Class::Never,
            (Programs::Type, _) | (Programs::Allow, Class::Offer) => Class::Offer,
            (Programs::All, _) if self.by_hand => Class::Offer,
            (Programs::Allow, Class::Allow) | (Programs::All, _) => Class::Allow,
        }
    }
}

impl Rules {
    /// What the rules say of a program, with the user's own list of names that may be run.
    ///
    /// What allows is asked of the program as it is shown; what forbids, of every reading of it.
    pub(super) fn verdict(&self, program: &Program, allow: &[String]) -> Verdict {
        let readings = program.readings();
        let all: Vec<Read> = readings.iter().map(|argv| self.read(argv)).collect();
        let Some(first) = all.first() else {
            return Verdict {
                class: Class::Never,
                by_hand: true,
                strategy: Strategy::Plain,
            };
        };
        let name = readings
            .first()
            .map_or(b"".as_bstr(), |argv| program_name(argv));
        let listed = allow.iter().any(|allowed| name == allowed.as_str());
        let by_hand = all.iter().any(|read| read.runs_other);
        let class = if all.iter().any(|read| read.class == Class::Never) {
            Class::Never
        } else if listed && !by_hand {
            Class::Allow
        } else {
            first.class
        };
        Verdict {
            class,
            by_hand,
            strategy: first.strategy,
        }
    }

    /// What the rules say of one way to read a command line.
    fn read(&self, argv: &[BString]) -> Read {
        let name = program_name(argv);
        let mut read = Read {
            class: Class::Allow,
            runs_other: false,
            strategy: Strategy::Plain,
        };
        let (mut known, mut runs_arguments, mut runs_options) = (false, false, false);
        for rule in self.0.iter().filter(|rule| rule.has(name)) {
            known = true;
            read.class = read.class.max(rule.class_of(argv));
            runs_arguments |= rule.runs_arguments;
            runs_options |= rule.runs_options(argv);
            if rule.strategy != Strategy::Plain {
                read.strategy = rule.strategy;
            }
        }
        if !known || runs_options {
            read.class = read.class.max(Class::Offer);
        }
        if read.class < Class::Never && self.never_in(argv) {
            // Of what is not known to run its arguments it may be a file's name.
            if runs_arguments || runs_options {
                read.class = Class::Never;
            } else {
                read.runs_other = !known;
            }
        }
        read
    }

    /// Whether something that is never started stands in the arguments, alone or in a script.
    fn never_in(&self, argv: &[BString]) -> bool {
        let split = |byte: &u8| !(byte.is_ascii_alphanumeric() || b"_-./+".contains(byte));
        let words = argv.iter().skip(1);
        let words = words.flat_map(|arg| arg.split(move |byte| split(byte)));
        let words: Vec<BString> = words
            .filter(|word| !word.is_empty())
            .map(BString::from)
            .collect();
        (0..words.len())
            .filter_map(|at| words.get(at..))
            .any(|line| {
                let name = program_name(line);
                let mut rules = self.0.iter().filter(|rule| rule.has(name));
                rules.any(|rule| rule.class_of(line) == Class::Never)
            })
    }
}

/// What the rules say of one way to read a command line.
struct Read {
    class: Class,
    /// Whether it may run something that is never started.
    runs_other: bool,
    strategy: Strategy,
}

impl Rule {
    fn has(&self, name: &[u8]) -> bool {
        self.names.iter().any(|own| own.as_bytes() == name)
    }

    fn class_of(&self, argv: &[BString]) -> Class {
        let operands: Vec<&[u8]> = argv
            .iter()
            .skip(1)
            .map(|arg| arg.as_slice())
            .filter(|arg| !arg.starts_with(b"-"))
            .collect();
        let name = program_name(argv);
        let same = |words: &[String], operands: &[&[u8]]| {
            words.len() == operands.len()
                && words
                    .iter()
                    .zip(operands)
                    .all(|(word, operand)| word.as_bytes() == *operand)
        };
        let parts = |line: &[String]| -> Option<Vec<String>> {
            let (own, words) = line.split_first()?;
            (name == own.as_str()).then(|| words.to_vec())
        };
        let anywhere = |line: &Vec<String>| {
            parts(line)
                .is_some_and(|words| operands.windows(words.len()).any(|some| same(&words, some)))
        };
        let starts = |line: &Vec<String>| {
            parts(line).is_some_and(|words| {
                operands
                    .get(..words.len())
                    .is_some_and(|some| same(&words, some))
            })
        };
        if self.never.iter().any(anywhere) {
            Class::Never
        } else if self.offer.iter().any(starts) {
            Class::Offer
        } else if self.allow.iter().any(starts) {
            Class::Allow
        } else if self.bare && !operands.is_empty() {
            self.class.max(Class::Offer)
        } else {
            self.class
        }
    }

    /// Whether an argument makes it run code.
    fn runs_options(&self, argv: &[BString]) -> bool {
        let mut arguments = argv.iter().skip(1);
        arguments.any(|arg| {
            self.runs_options
                .iter()
                .any(|option| arg.starts_with(option.as_bytes()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(line: &str) -> Program {
        Program {
            argv: line.split(' ').map(BString::from).collect(),
            exe: None,
            cwd: None,
            pipeline: Vec::new(),
            redacted: false,
        }
    }

    fn verdict(program: &Program) -> Verdict {
        let allow = ["mytool", "watch", "rm"].map(str::to_owned);
        Rules::built_in().verdict(program, &allow)
    }

    fn class(line: &str) -> Class {
        verdict(&program(line)).class
    }

    #[test]
    fn programs_have_classes() {
        assert_eq!(class("/usr/bin/nvim a.rs"), Class::Allow);
        assert_eq!(class("python3"), Class::Allow);
        assert_eq!(class("python3 -i"), Class::Allow);
        assert_eq!(class("python3 train.py"), Class::Offer);
        assert_eq!(class("python3 -cimport"), Class::Offer);
        assert_eq!(class("npm run dev"), Class::Allow);
        assert_eq!(class("npm --silent run dev"), Class::Allow);
        assert_eq!(class("npm publish"), Class::Never);
        assert_eq!(class("docker --context prod run x"), Class::Never);
        assert_eq!(class("unknown"), Class::Offer);
        assert_eq!(class("mytool x"), Class::Allow);
        assert_eq!(class("/usr/bin/sudo vi"), Class::Never);
        assert_eq!(class("ssh host"), Class::Offer);
        assert_eq!(class("vim -c q a"), Class::Offer);
        assert_eq!(class("less +F a.log"), Class::Allow);
    }

    #[test]
    fn what_is_never_run_is_not_run_by_another_program_either() {
        for line in [
            "env A=1 /bin/rm -r x",
            "watch date;rm x",
            "rm x",
            "ssh host reboot",
            "nice -n 5 rm x",
            "timeout 5 npm publish",
            "sh -c cd;\\rm x",
            "bash -c $(npm --silent publish)",
            "find . -exec rm {} +",
            "xargs -0 rm",
            "busybox rm x",
            "/nix/store/0123-coreutils/bin/.rm-wrapped x",
            "vim +!rm",
            "less +!rm a",
            "perl -e system('rm')",
            "python3 -c os.system('rm')",
            "sudo env vim",
        ] {
            assert_eq!(class(line), Class::Never, "{line}");
        }
        assert_eq!(class("watch date"), Class::Allow);
        assert_eq!(class("man rm"), Class::Allow);
        assert_eq!(class("vim rm"), Class::Allow);
    }

    #[test]
    fn another_name_does_not_help() {
        let hidden = Program {
            exe: Some("/usr/bin/rm".into()),
            ..program("mytool x")
        };
        assert_eq!(verdict(&hidden).class, Class::Never);
    }

    #[test]
    fn a_policy_cannot_run_what_its_rules_forbid() {
        let under = |line, policy| verdict(&program(line)).under(policy);
        for policy in [
            Programs::Shell,
            Programs::Type,
            Programs::Allow,
            Programs::All,
        ] {
            assert_eq!(under("rm x", policy), Class::Never);
            assert_eq!(under("sh -c rm", policy), Class::Never);
            assert_ne!(under("unknown --then rm", policy), Class::Allow);
        }
        assert_eq!(under("unknown x", Programs::All), Class::Allow);
        assert_eq!(under("unknown x", Programs::Allow), Class::Offer);
        assert_eq!(under("vim", Programs::Type), Class::Offer);
        assert_eq!(under("vim", Programs::Allow), Class::Allow);
        assert_eq!(under("vim", Programs::Shell), Class::Never);
    }

    #[test]
    fn no_program_is_no_program() {
        let none = Program {
            argv: Vec::new(),
            ..program("x")
        };
        assert_ne!(verdict(&none).class, Class::Allow);
    }
}
