//! Which programs a restore may start, and how.

mod doubt;
mod grammar;
#[cfg(test)]
mod manuals;
mod rules;
mod shell;
mod strategies;

use bstr::{BStr, BString, ByteSlice};

use crate::model::ansi::label;
use crate::model::pattern::Pattern;
use crate::model::program::{Program, program_name};
use rules::{Class, Rule};

pub use doubt::Doubt;
pub use rules::{Rules, RulesError};
pub(super) use shell::{ShellLine, is_interactive_shell, is_shell_name, read as read_shell};
pub use strategies::Traces;
pub(super) use strategies::{Strategy, dir_of};

/// What the rules say of a program, whatever its command line is allowed to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Whether it is never started.
    pub(super) never: bool,
    /// Whether only its user may press Enter, under every policy.
    pub(super) by_hand: bool,
    /// How it is started, where its arguments alone are not the best way.
    pub(super) strategy: Option<&'static dyn Strategy>,
}

impl Rules {
    /// What the rules forbid of a program: asked of every reading of it. How it is started again is
    /// told by the reading that is shown.
    pub(super) fn verdict(&self, program: &Program) -> Verdict {
        let readings = program.readings();
        let mut verdict = Verdict {
            never: program.argv.is_empty(),
            by_hand: false,
            strategy: readings
                .first()
                .and_then(|argv| self.strategy(program_name(argv))),
        };
        for argv in &readings {
            let (never, by_hand) = self.forbids(argv);
            verdict.never |= never;
            verdict.by_hand |= by_hand;
        }
        verdict
    }

    /// Whether exactly these words may be typed and entered, with the user's own list of names that
    /// may be run; then the words that must be the names of plain files.
    ///
    /// It asks about the words alone: not about what the name stands for, nor about files.
    pub(super) fn allows<'a>(
        &self,
        argv: &'a [BString],
        listed: &[String],
    ) -> Result<Vec<&'a BString>, Doubt> {
        let name = command_name(argv);
        let program = || label(name);
        if listed.iter().any(|own| own.as_bytes() == name) {
            return Ok(Vec::new());
        }
        let mut rules: Vec<&Rule> = self.about(name).collect();
        if rules.iter().any(|rule| rule.of_user) {
            rules.retain(|rule| rule.of_user);
        }
        if name.is_empty() || rules.is_empty() {
            return Err(Doubt::NotListed { program: program() });
        }
        let mut files = Vec::new();
        for rule in rules {
            if rule.class_of(argv) != Class::Allow {
                return Err(Doubt::NotListed { program: program() });
            }
            let word = |word: &BString| Doubt::Word {
                program: program(),
                word: label(word),
            };
            if let Some(arg) = rule.runs_option(argv) {
                return Err(word(arg));
            }
            // A command line that a user's rule names is allowed as it is.
            let named = rule.class_of_line(argv).is_some();
            if let Some(grammar) = rule.grammar.as_ref().filter(|_| !named) {
                let arguments = argv.get(1..).unwrap_or_default();
                files.extend(grammar.admits(arguments).map_err(word)?);
            }
        }
        Ok(files)
    }

    /// Whether a file of this name may act on a program that is started in its directory, or in one
    /// below it: on this one, or on its shell.
    pub(super) fn acts_on(&self, argv: &[BString], name: &BStr) -> bool {
        let own = self.about(program_name(argv)).flat_map(|rule| &rule.reads);
        self.acts_on_shells(name) || fits(own, name)
    }

    /// The same for any program.
    pub(super) fn may_act(&self, name: &BStr) -> bool {
        let own = self.0.programs.iter().flat_map(|rule| &rule.reads);
        self.acts_on_shells(name) || fits(own, name)
    }

    /// Nobody knows all names that hooks of shells read, but most begin with a point.
    fn acts_on_shells(&self, name: &BStr) -> bool {
        fits(self.0.reads.iter(), name)
            || name.starts_with(b".") && !fits(self.0.ignored.iter(), name)
    }

    /// Whether it is known that a variable makes no program do anything else.
    pub(super) fn is_harmless_variable(&self, name: &[u8]) -> bool {
        self.0.variables.iter().any(|own| own.as_bytes() == name)
    }

    fn about(&self, name: &[u8]) -> impl Iterator<Item = &Rule> {
        self.0.programs.iter().filter(move |rule| rule.has(name))
    }

    fn strategy(&self, name: &[u8]) -> Option<&'static dyn Strategy> {
        self.about(name).filter_map(|rule| rule.strategy).last()
    }

    /// Whether a reading of a command line is never started, and whether it may run something that
    /// is.
    fn forbids(&self, argv: &[BString]) -> (bool, bool) {
        let rules: Vec<&Rule> = self.about(program_name(argv)).collect();
        if rules.iter().any(|rule| rule.class_of(argv) == Class::Never) {
            return (true, false);
        }
        let runs = |rule: &&Rule| rule.runs_arguments || rule.runs_option(argv).is_some();
        // Of what is not known to run its arguments it may be a file's name.
        match self.never_in(argv) {
            true if rules.iter().any(runs) => (true, false),
            named => (false, named && rules.is_empty()),
        }
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
                let mut rules = self.about(program_name(line));
                rules.any(|rule| rule.class_of(line) == Class::Never)
            })
    }
}

/// Whether a name is one of these, in capital or small letters.
fn fits<'a>(mut names: impl Iterator<Item = &'a Pattern>, name: &BStr) -> bool {
    let name = name.to_ascii_lowercase();
    names.any(|known| known.fits(name.as_bstr()))
}

/// The program that a shell starts for a command line: its first word, or the last part of that
/// path.
fn command_name(argv: &[BString]) -> &[u8] {
    let first = argv.first().map_or(&b""[..], |name| name.as_slice());
    first.rsplit(|&byte| byte == b'/').next().unwrap_or(first)
}

/// The arguments that are not options.
fn operands(argv: &[BString]) -> Vec<&[u8]> {
    let arguments = argv.iter().skip(1).map(|arg| arg.as_slice());
    arguments.filter(|arg| !arg.starts_with(b"-")).collect()
}

impl Rule {
    fn has(&self, name: &[u8]) -> bool {
        self.names.iter().any(|own| own.as_bytes() == name)
    }

    fn class_of(&self, argv: &[BString]) -> Class {
        let bare = || operands(argv).is_empty();
        match self.class_of_line(argv) {
            Some(class) => class,
            None if self.bare && !bare() => self.class.max(Class::Offer),
            None => self.class,
        }
    }

    /// The class of a command line that the rule names.
    fn class_of_line(&self, argv: &[BString]) -> Option<Class> {
        let operands = operands(argv);
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
            Some(Class::Never)
        } else if self.offer.iter().any(starts) {
            Some(Class::Offer)
        } else {
            self.allow.iter().any(starts).then_some(Class::Allow)
        }
    }

    /// The first argument that makes it run code.
    fn runs_option<'a>(&self, argv: &'a [BString]) -> Option<&'a BString> {
        argv.iter().skip(1).find(|arg| {
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

    fn verdict(line: &str) -> Verdict {
        Rules::built_in().verdict(&program(line))
    }

    /// Whether a line may be entered, with a list of names that may be run.
    fn enters(line: &str) -> bool {
        let allow = ["mytool", "watch", "rm"].map(str::to_owned);
        let program = program(line);
        let verdict = Rules::built_in().verdict(&program);
        let allows = Rules::built_in().allows(&program.argv, &allow).is_ok();
        allows && !verdict.never && !verdict.by_hand
    }

    #[test]
    fn what_is_entered_is_known_word_by_word() {
        for line in [
            "htop",
            "/usr/bin/htop -tC -d5 --sort-key=PERCENT_CPU",
            "top -bd 1.5 -w100",
            "less +F -RN a.log",
            "tail -100f a b",
            "tail -F --lines=+5 /var/log/syslog",
            "man -a 3 printf",
            "journalctl -fu nginx -n 20 _PID=1",
            "nano +12 notes",
            "mytool x -S y",
            "watch date",
        ] {
            assert!(enters(line), "{line}");
        }
        for line in [
            "vim",
            "nvim a.rs",
            "python3",
            "python3 -Ic 1",
            "npm run dev",
            "cargo watch",
            "unknown",
            "-htop",
            ".htop-wrapped",
            "python3 /usr/bin/htop",
            "busybox top",
            "less a.zip",
            "less a.log -R",
            "less +F/x a",
            "less -",
            "less -- a",
            "tail --follow=x a",
            "tail --lin=5 a",
            "top x",
            "man ./a",
            "man -aP x ls",
            "",
        ] {
            assert!(!enters(line), "{line}");
        }
    }

    #[test]
    fn what_a_user_allows_is_allowed_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("programs.toml");
        let text = "schema = 1\n\
            [[program]]\nid = \"vim\"\nclass = \"allow\"\n\
            [[program]]\nid = \"less\"\nstrategy = \"plain\"\n\
            [[program]]\nid = \"mine\"\nnames = [\"npm\", \"rm\", \"both\"]\nclass = \"offer\"\n\
            allow = [[\"npm\", \"run\"]]\n\
            [[program]]\nid = \"also\"\nnames = [\"both\", \"python3\"]\nclass = \"run\"\n\
            [[program]]\nid = \"own\"\nnames = [\"own\"]\nclass = \"run\"\noptions = [\"-x\"]\n";
        std::fs::write(&path, text).unwrap();
        let rules = Rules::load(&path).unwrap();
        let enters = |line: &str| {
            let program = program(line);
            rules.allows(&program.argv, &[]).is_ok() && !rules.verdict(&program).never
        };
        for line in [
            "vim -R a.zip",
            "less -S a",
            "npm --x run dev",
            "python3 a.py",
            "own -x",
        ] {
            assert!(enters(line), "{line}");
        }
        for line in [
            "less -r a",
            "npm x",
            "rm x",
            "both",
            "vim -c q",
            "own -y",
            "own x",
        ] {
            assert!(!enters(line), "{line}");
        }
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
            assert!(verdict(line).never, "{line}");
        }
        for line in ["watch date", "man rm", "vim rm"] {
            let verdict = verdict(line);
            assert!(!verdict.never && !verdict.by_hand, "{line}");
        }
        assert!(verdict("unknown --then rm").by_hand);
    }

    #[test]
    fn another_name_does_not_help() {
        let hidden = Program {
            exe: Some("/usr/bin/rm".into()),
            ..program("mytool x")
        };
        assert!(Rules::built_in().verdict(&hidden).never);
    }

    #[test]
    fn no_program_is_no_program() {
        let none = Program {
            argv: Vec::new(),
            ..program("x")
        };
        assert!(Rules::built_in().verdict(&none).never);
        assert!(Rules::built_in().allows(&[], &[]).is_err());
    }
}
