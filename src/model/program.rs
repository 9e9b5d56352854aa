//! Programs as argument lists. No shell ever sees one: quoting is for showing, and for typing into
//! a shell that a user will read.

use bstr::{BStr, BString, ByteSlice};
use serde::{Deserialize, Serialize};

use super::ssh::Ssh;

mod script;
mod wrapper;

/// A program in the foreground of a pane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// The exact arguments, the program's name first; never empty. Where the name was a lie (`exec
    /// -a`), the executable's path stands in its place.
    pub argv: Vec<BString>,
    /// The executable's path, where it is known; `argv[0]` can lie.
    pub exe: Option<BString>,
    /// Its own working directory, where it differs from the shell's.
    pub cwd: Option<BString>,
    /// The other members of its pipeline, in order; when not empty, `argv` is only a part of what
    /// was typed, and it must not be run by itself. An empty list stands for what could not be
    /// seen.
    pub pipeline: Vec<Vec<BString>>,
    /// Whether a secret was taken out of an argument; such a program is never run by itself.
    pub redacted: bool,
}

impl Program {
    /// The last component of the program's name, as a person would call it: `nvim` for
    /// `/usr/bin/nvim`, `.nvim-wrapped` and the script `/usr/bin/nvim` in an interpreter.
    #[must_use]
    pub fn name(&self) -> BString {
        let shown = self.shown();
        let name = program_name(&shown);
        match self.argv.as_slice() {
            // Of a title that is more than a command line: `gunicorn: master [app]`.
            [title] if title.contains(&b' ') && shown.len() > 1 => {
                let trimmed = name.trim_with(|c| "[](){}:;,".contains(c));
                trimmed.as_bstr().to_owned()
            }
            _ => name.to_owned(),
        }
    }

    /// Whether `argv` is all that is needed to start it again.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.pipeline.is_empty() && !self.redacted && !self.argv.is_empty()
    }

    /// Whether other programs are known to be in its pipeline; one that is neither whole nor
    /// redacted nor this is one of which only a part could be seen.
    #[must_use]
    pub fn is_pipeline(&self) -> bool {
        self.pipeline.iter().any(|member| !member.is_empty())
    }

    /// The arguments as the user is likely to have typed them, for showing: without interpreters,
    /// wrappers and the directories that commands are found in. What is run is [`Program::argv`].
    /// Never empty, unless that is.
    ///
    /// `/nix/store/HASH-vim/bin/.vim-wrapped a` is `vim a`, `python3 /usr/bin/http a` is `http a`,
    /// `python3 train.py` and `./run.sh` stay as they are.
    #[must_use]
    pub fn shown(&self) -> Vec<BString> {
        let mut stages = wrapper::stages(self);
        stages.pop().unwrap_or_default()
    }

    /// Every way in which a rule about programs has to read this one, each once: first as it is
    /// shown, then as it is, by its executable, and without each of its wrappers.
    ///
    /// A rule that *forbids* something must be asked about all of them, and one that holds is
    /// enough: so `rm` is found behind `busybox rm` and behind another name. A rule that *allows*
    /// something is asked about none of them, but about the words that will be typed.
    #[must_use]
    pub fn readings(&self) -> Vec<Vec<BString>> {
        let mut readings = wrapper::stages(self);
        readings.reverse();
        let arguments = self.argv.get(1..).unwrap_or_default();
        let by_exe = self.exe.iter().map(|exe| {
            let exe = std::iter::once(exe.clone());
            exe.chain(arguments.iter().cloned()).collect()
        });
        for reading in by_exe {
            if !readings.contains(&reading) {
                readings.push(reading);
            }
        }
        readings
    }

    /// The connection that it is, if it is one.
    #[must_use]
    pub fn ssh(&self) -> Option<Ssh> {
        Ssh::parse(&self.argv).or_else(|| Ssh::parse(&self.shown()))
    }
}

/// Whether this is the path of an open file other than the standard streams, as shells give it for
/// `<(…)`.
#[must_use]
pub fn is_open_file(arg: &[u8]) -> bool {
    let number = [&b"/dev/fd/"[..], b"/proc/self/fd/"]
        .iter()
        .find_map(|dir| arg.strip_prefix(*dir));
    number.is_some_and(|number| !matches!(number, b"0" | b"1" | b"2"))
}

/// The last component of the first argument, without the dash of a login shell.
#[must_use]
pub fn program_name(argv: &[BString]) -> &BStr {
    let first: &[u8] = argv.first().map_or(&b""[..], |arg| arg.as_slice());
    let name = last_component(first);
    name.strip_prefix(b"-").unwrap_or(name).as_bstr()
}

/// What stands behind the last slash.
fn last_component(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or(path)
}

/// Whether this is the path of something in a directory that commands are found in.
fn is_installed(path: &[u8]) -> bool {
    let dir = path.rsplitn(2, |&byte| byte == b'/').nth(1);
    path.starts_with(b"/")
        && dir.is_some_and(|dir| matches!(last_component(dir), b"bin" | b"sbin" | b"games"))
}
