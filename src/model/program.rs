//! Programs as argument lists. No shell ever sees one: quoting is for showing, and for typing into a
//! shell that a user will read.

use bstr::{BStr, BString, ByteSlice};
use serde::{Deserialize, Serialize};

/// A program in the foreground of a pane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// The exact arguments, the program's name first; never empty.
    pub argv: Vec<BString>,
    /// The executable's path, where it is known; `argv[0]` can lie.
    pub exe: Option<BString>,
    /// Its own working directory, where it differs from the shell's.
    pub cwd: Option<BString>,
    /// The other members of its pipeline, in order; when not empty, `argv` is only a part of what was
    /// typed, and it must not be run by itself.
    pub pipeline: Vec<Vec<BString>>,
    /// Whether a secret was taken out of an argument; such a program is never run by itself.
    pub redacted: bool,
}

impl Program {
    /// The last component of the program's name: `nvim` for `/usr/bin/nvim`.
    #[must_use]
    pub fn name(&self) -> &BStr {
        program_name(&self.argv)
    }

    /// Whether `argv` is all that is needed to start it again.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.pipeline.is_empty() && !self.redacted && !self.argv.is_empty()
    }
}

/// The last component of the first argument, without the dash of a login shell.
#[must_use]
pub fn program_name(argv: &[BString]) -> &BStr {
    let first: &[u8] = argv.first().map_or(&b""[..], |arg| arg.as_slice());
    let name = first.rsplit(|&byte| byte == b'/').next().unwrap_or(first);
    name.strip_prefix(b"-").unwrap_or(name).as_bstr()
}
