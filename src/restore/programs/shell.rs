//! Telling a shell that waits for its user from a program, and which of its options are given to it
//! again.
//!
//! An option of a shell can run a file or a command. So only those are given again that are known
//! to run nothing: that it is a login shell, reads no startup file, edits its line like vi.
//! Whatever runs something, and whatever is not known, is left out and told.

use bstr::{BString, ByteSlice};

use crate::model::program::program_name;

/// How the options of a shell read. Letters stand together behind one dash; words are whole
/// arguments.
struct Grammar {
    names: &'static [&'static str],
    /// Letters that run nothing.
    letters: &'static [u8],
    /// Words that run nothing.
    words: &'static [&'static str],
    /// Letters with a value: the rest of their argument, or the next one.
    valued_letters: &'static [u8],
    /// Words with a value, the next argument.
    valued_words: &'static [&'static str],
    /// Words behind which there is something to run instead of waiting for the user.
    tasks: &'static [&'static str],
    /// Whether letters stand together; otherwise every argument is a word.
    clusters: bool,
}

/// What the others are derived from: `-c` runs, and nothing else is known.
const PLAIN: Grammar = Grammar {
    names: &[],
    letters: b"il",
    words: &["--interactive", "--login"],
    valued_letters: b"o",
    valued_words: &[],
    tasks: &[],
    clusters: true,
};

/// The shells that are known: a pane whose own process is one of them is a pane with a shell, any
/// other is a pane with a program.
const SHELLS: &[Grammar] = &[
    Grammar {
        names: &["bash", "rbash"],
        letters: b"ilmbvfhuprBCEHPT",
        // bash takes its long options behind one dash, too.
        words: &[
            "--login",
            "--noediting",
            "--noprofile",
            "--norc",
            "--posix",
            "--restricted",
            "--verbose",
            "-login",
            "-noediting",
            "-noprofile",
            "-norc",
            "-posix",
            "-restricted",
            "-verbose",
        ],
        valued_letters: b"oO",
        valued_words: &["--init-file", "--rcfile", "-init-file", "-rcfile"],
        ..PLAIN
    },
    Grammar {
        names: &["zsh"],
        letters: b"ildfmprvC",
        words: &[
            "--interactive",
            "--login",
            "--no-global-rcs",
            "--no-rcs",
            "--noglobalrcs",
            "--norcs",
        ],
        valued_words: &["--emulate"],
        ..PLAIN
    },
    Grammar {
        // The words are those of a bash that is called sh.
        names: &["sh"],
        letters: b"ilmbfuC",
        words: &["--login", "--noediting", "--noprofile", "--norc", "--posix"],
        valued_letters: b"oO",
        valued_words: &["--init-file", "--rcfile"],
        ..PLAIN
    },
    Grammar {
        names: &["dash", "ash"],
        letters: b"ilmbfuCEIV",
        words: &[],
        ..PLAIN
    },
    Grammar {
        // Their -E reads a file.
        names: &["ksh", "ksh93", "mksh", "oksh"],
        letters: b"ilmbfhuprC",
        words: &[],
        valued_letters: b"oART",
        ..PLAIN
    },
    Grammar {
        names: &["yash"],
        words: &["--interactive", "--login", "--noprofile", "--norcfile"],
        valued_words: &["--profile", "--rcfile"],
        ..PLAIN
    },
    Grammar {
        names: &["osh"],
        words: &["--login", "--norc"],
        valued_letters: b"oO",
        valued_words: &["--rcfile", "--rcdir"],
        ..PLAIN
    },
    Grammar {
        names: &["fish"],
        letters: b"ilNP",
        words: &["--interactive", "--login", "--no-config", "--private"],
        valued_letters: b"CDdfop",
        valued_words: &[
            "--debug",
            "--debug-output",
            "--debug-stack-frames",
            "--features",
            "--init-command",
            "--profile",
            "--profile-startup",
        ],
        tasks: &["--command"],
        ..PLAIN
    },
    Grammar {
        names: &["tcsh", "csh"],
        letters: b"fil",
        words: &[],
        valued_letters: b"",
        ..PLAIN
    },
    Grammar {
        names: &["nu"],
        letters: b"iln",
        words: &[
            "--interactive",
            "--login",
            "--no-config-file",
            "--no-history",
            "--no-std-lib",
        ],
        valued_letters: b"Iemt",
        valued_words: &[
            "--config",
            "--env-config",
            "--error-style",
            "--execute",
            "--include-path",
            "--log-level",
            "--log-target",
            "--plugin-config",
            "--plugins",
            "--table-mode",
            "--threads",
        ],
        tasks: &["--commands"],
        ..PLAIN
    },
    Grammar {
        names: &["xonsh"],
        words: &["--interactive", "--login", "--no-env", "--no-rc", "--norc"],
        valued_letters: b"D",
        valued_words: &["--def", "--rc", "--shell-type"],
        ..PLAIN
    },
    Grammar {
        names: &["elvish"],
        letters: b"",
        words: &["--norc", "-i", "-l", "-norc"],
        valued_letters: b"",
        valued_words: &[
            "--cpuprofile",
            "--db",
            "--log",
            "--rc",
            "--sock",
            "-cpuprofile",
            "-db",
            "-log",
            "-rc",
            "-sock",
        ],
        tasks: &["--c", "--compileonly", "-c", "-compileonly"],
        clusters: false,
    },
    Grammar {
        names: &["pwsh"],
        letters: b"",
        words: &["-l", "-login", "-nol", "-nologo", "-nop", "-noprofile"],
        valued_letters: b"",
        clusters: false,
        ..PLAIN
    },
];

/// Values of `-o` that run nothing, in every shell that knows them.
const OPTIONS: &[&str] = &[
    "emacs",
    "gmacs",
    "ignoreeof",
    "monitor",
    "noclobber",
    "noglob",
    "noglobalrcs",
    "norcs",
    "notify",
    "nounset",
    "physical",
    "pipefail",
    "posix",
    "privileged",
    "restricted",
    "vi",
    "viraw",
];

/// The arguments of a shell that waits for its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::restore) struct ShellLine {
    /// Its name, and those of its options that run nothing.
    pub(in crate::restore) kept: Vec<BString>,
    /// Its other arguments, each with its value.
    pub(in crate::restore) dropped: Vec<BString>,
}

/// Whether this is a shell that waits for its user: not one that was given a script or a command,
/// which would be run again.
pub(in crate::restore) fn is_interactive_shell(argv: &[BString]) -> bool {
    read(argv).is_some()
}

/// Whether a shell has this name.
pub(in crate::restore) fn is_shell_name(name: &[u8]) -> bool {
    grammar(name).is_some()
}

fn grammar(name: &[u8]) -> Option<&'static Grammar> {
    let is = |grammar: &&Grammar| grammar.names.iter().any(|own| own.as_bytes() == name);
    SHELLS.iter().find(is)
}

/// Reads the arguments of a shell that waits for its user; `None` for everything else.
pub(in crate::restore) fn read(argv: &[BString]) -> Option<ShellLine> {
    let grammar = grammar(program_name(argv))?;
    let (name, arguments) = argv.split_first()?;
    let mut line = ShellLine {
        kept: vec![name.clone()],
        dropped: Vec::new(),
    };
    if grammar.names.contains(&"pwsh") {
        return power(grammar, line, arguments);
    }
    let mut rest = arguments.iter();
    while let Some(arg) = rest.next() {
        if matches!(arg.as_slice(), b"-" | b"--") {
            // What follows is a script with its arguments.
            return rest.next().is_none().then_some(line);
        }
        let among = |list: &[&str]| list.iter().any(|word| arg == word);
        if among(grammar.words) {
            line.kept.push(arg.clone());
        } else if among(grammar.valued_words) {
            line.drop_with(arg, rest.next());
        } else if among(grammar.tasks) {
            return None;
        } else if grammar.clusters && is_cluster(arg) {
            if !line.cluster(grammar, arg, &mut rest)? {
                // The rest are names for its arguments.
                line.dropped.extend(rest.cloned());
                return Some(line);
            }
        } else if arg.starts_with(b"-") {
            let task = arg.split_once_str("=").map(|(name, _)| name);
            if task.is_some_and(|name| grammar.tasks.iter().any(|task| name == task.as_bytes())) {
                return None;
            }
            line.dropped.push(arg.clone());
        } else {
            return None;
        }
    }
    Some(line)
}

fn is_cluster(arg: &[u8]) -> bool {
    matches!(arg, [b'-', letter, ..] if *letter != b'-') || matches!(arg, [b'+', _, ..])
}

impl ShellLine {
    fn drop_with(&mut self, arg: &[u8], value: Option<&BString>) {
        let words = std::iter::once(arg).chain(value.map(|value| value.as_slice()));
        self.dropped.push(bstr::join(" ", words).into());
    }

    /// Reads letters that stand together; whether the arguments behind them are to be read, too,
    /// and `None` for those of a shell with a task.
    fn cluster<'a>(
        &mut self,
        grammar: &Grammar,
        arg: &BString,
        rest: &mut impl Iterator<Item = &'a BString>,
    ) -> Option<bool> {
        let (sign, letters) = arg.split_first()?;
        let mut kept = Vec::new();
        let mut dropped = Vec::new();
        let mut goes_on = true;
        let mut value = None;
        for (at, letter) in letters.iter().enumerate() {
            if *letter == b'c' && !grammar.valued_letters.contains(letter) {
                return None;
            }
            if grammar.valued_letters.contains(letter) {
                let attached = letters.get(at + 1..).filter(|rest| !rest.is_empty());
                let attached = attached.map(BString::from);
                value = Some((*letter, attached.or_else(|| rest.next().cloned())));
                break;
            }
            if *sign == b'-' && grammar.letters.contains(letter) {
                kept.push(*letter);
            } else {
                goes_on &= *letter != b's';
                dropped.push(*letter);
            }
        }
        let signed = |letters: &[u8]| BString::from([&[*sign], letters].concat());
        let whole = dropped.is_empty() && value.is_none();
        if whole {
            self.kept.push(arg.clone());
            return Some(true);
        }
        if !kept.is_empty() {
            self.kept.push(signed(&kept));
        }
        if !dropped.is_empty() {
            self.dropped.push(signed(&dropped));
        }
        if let Some((letter, value)) = value {
            let known = value.as_ref().filter(|value| {
                let mut options = OPTIONS.iter();
                *sign == b'-' && letter == b'o' && options.any(|option| *value == option)
            });
            match known {
                Some(value) => self.kept.extend([signed(&[letter]), value.clone()]),
                None => self.drop_with(&signed(&[letter]), value.as_ref()),
            }
        }
        Some(goes_on)
    }
}

/// PowerShell: words in any case. What it does not know as an option is a script, and what runs
/// takes all that follows; it waits for its user behind that only with `-NoExit`.
fn power(grammar: &Grammar, mut line: ShellLine, arguments: &[BString]) -> Option<ShellLine> {
    let mut stays = false;
    for (at, arg) in arguments.iter().enumerate() {
        let word = arg.to_ascii_lowercase();
        if grammar.words.iter().any(|known| word == known.as_bytes()) {
            line.kept.push(arg.clone());
        } else if [&b"-noexit"[..], b"-noe"].contains(&word.as_slice()) {
            stays = true;
            line.dropped.push(arg.clone());
        } else {
            let rest = arguments.get(at..).unwrap_or_default();
            line.dropped.extend(rest.iter().cloned());
            return stays.then_some(line);
        }
    }
    Some(line)
}

#[cfg(test)]
mod tests;
