//! What a pane begins with that is made without a command.

use bstr::{BStr, BString, ByteSlice};
use serde::{Deserialize, Serialize};

/// What a pane of a session begins with that is made without a command: `command` in a shell (tmux
/// `default-command` and `default-shell`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NewPane {
    /// The path of the shell.
    pub shell: BString,
    /// What the shell is given to run; empty for a login shell.
    pub command: BString,
}

impl NewPane {
    /// The shell's name.
    #[must_use]
    pub fn shell_name(&self) -> &BStr {
        let name = self.shell.rsplit(|&byte| byte == b'/').next();
        name.unwrap_or_default().as_bstr()
    }

    /// The arguments that tmux gives to the shell: its name first, with a dash for a login shell.
    #[must_use]
    pub fn argv(&self) -> Vec<BString> {
        let name = self.shell_name();
        match self.command.is_empty() {
            true => vec![[b"-", name.as_bytes()].concat().into()],
            false => vec![name.to_owned(), "-c".into(), self.command.clone()],
        }
    }
}
