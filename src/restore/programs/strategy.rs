//! How programs are started again: as they were, or better where that is known.

use bstr::BString;
use serde::Deserialize;

use crate::model::program::Program;

/// A way of starting a program again. There are only these: a file of rules can name one, not make one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::restore) enum Strategy {
    /// With the arguments that it had.
    #[default]
    Plain,
    /// With `-S` where its directory has a `Session.vim` and it was given no files: the session has them.
    VimSession,
    /// With `+LINE` where the saved screen tells which line it showed.
    LessLine,
}

/// The file that vim's `:mksession` writes when it is told no other.
pub(in crate::restore) const VIM_SESSION: &[u8] = b"Session.vim";

/// What a strategy is told of a program's surroundings.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::restore) struct Traces {
    /// Whether there is a [`VIM_SESSION`] in its directory.
    pub(in crate::restore) vim_session: bool,
    /// The line that it showed first.
    pub(in crate::restore) line: Option<u32>,
}

impl Strategy {
    /// The arguments to start a program with.
    pub(in crate::restore) fn argv(self, program: &Program, traces: Traces) -> Vec<BString> {
        let argv = program.argv.clone();
        let (Some(name), arguments) = (argv.first(), argv.get(1..).unwrap_or_default()) else {
            return argv;
        };
        let option = |arg: &BString| arg.starts_with(b"-") || arg.starts_with(b"+");
        match self {
            // vim knows its own options; with any of them it is left as it was.
            Strategy::VimSession if traces.vim_session && arguments.is_empty() => {
                vec![name.clone(), "-S".into()]
            }
            Strategy::LessLine => match traces.line {
                // `+` lines up with the file that is shown only where there is one.
                Some(line)
                    if line > 1 && arguments.iter().filter(|arg| !option(arg)).count() == 1 =>
                {
                    let kept = arguments.iter().filter(|arg| !arg.starts_with(b"+"));
                    let line = BString::from(format!("+{line}"));
                    [name.clone(), line]
                        .into_iter()
                        .chain(kept.cloned())
                        .collect()
                }
                _ => argv,
            },
            Strategy::Plain | Strategy::VimSession => argv,
        }
    }
}

/// The first line that `less` showed, from its screen: from a long prompt (`-M`: `file lines 21-40/99 40%`)
/// or from the numbers at the left (`-N`).
pub(in crate::restore) fn less_line(screen: &str) -> Option<u32> {
    let prompt = screen.lines().rev().find(|line| !line.trim().is_empty())?;
    let told = prompt.split(" lines ").nth(1).and_then(|rest| {
        let (first, rest) = rest.split_once('-')?;
        rest.starts_with(|c: char| c.is_ascii_digit())
            .then(|| first.parse().ok())?
    });
    told.or_else(|| {
        let number = |line: &str| -> Option<u32> {
            // Right-aligned in seven columns, then a space.
            let (number, rest) = line.split_at_checked(7)?;
            (rest.is_empty() || rest.starts_with(' ')).then(|| number.trim_start().parse().ok())?
        };
        let mut lines = screen.lines().filter(|line| !line.starts_with("        "));
        let (first, second) = (number(lines.next()?)?, number(lines.next()?)?);
        (second == first + 1).then_some(first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::ByteSlice;

    fn argv(strategy: Strategy, line: &str, traces: Traces) -> String {
        let program = Program {
            argv: line.split(' ').map(BString::from).collect(),
            exe: None,
            cwd: None,
            pipeline: Vec::new(),
            redacted: false,
        };
        bstr::join(" ", strategy.argv(&program, traces))
            .as_bstr()
            .to_string()
    }

    #[test]
    fn vim_takes_its_session_where_it_had_no_files() {
        let with = Traces {
            vim_session: true,
            line: None,
        };
        let vim = |line, traces| argv(Strategy::VimSession, line, traces);
        assert_eq!(vim("nvim", with), "nvim -S");
        assert_eq!(vim("nvim a.rs", with), "nvim a.rs");
        assert_eq!(vim("/usr/bin/vim -S", with), "/usr/bin/vim -S");
        assert_eq!(vim("nvim", Traces::default()), "nvim");
    }

    #[test]
    fn less_comes_back_at_its_line() {
        let at = |line| Traces {
            vim_session: false,
            line,
        };
        let less = |line, traces| argv(Strategy::LessLine, line, traces);
        assert_eq!(less("less -N a.log", at(Some(40))), "less +40 -N a.log");
        assert_eq!(less("less +F a.log", at(Some(40))), "less +40 a.log");
        assert_eq!(less("less a.log", at(Some(1))), "less a.log");
        assert_eq!(less("less a b", at(Some(40))), "less a b");
        assert_eq!(less("less a.log", at(None)), "less a.log");
    }

    #[test]
    fn the_line_of_less_is_told_by_its_prompt_or_its_numbers() {
        assert_eq!(
            less_line("text\n\n\n/var/log/a lines 21-40/99 40%\n"),
            Some(21)
        );
        assert_eq!(less_line("     12 one\n     13 two\n:"), Some(12));
        assert_eq!(
            less_line("     12 one\n        wrapped\n     13\n:"),
            Some(12)
        );
        assert_eq!(less_line("one\ntwo\n:"), None);
        assert_eq!(less_line("     12 apples\n     17 pears\n(END)"), None);
        assert_eq!(less_line("a lines of-code\n"), None);
        assert_eq!(less_line(""), None);
    }
}
