//! Whether a pane began as every new one does.
//!
//! What a pane without a command of its own begins with is the user's configuration: a wrapper that
//! sets a variable, a niceness or a umask, and then a shell. Of that a snapshot has only the
//! process that it became. So such a pane begins again with what a new pane of its session begins
//! with now, and one with a shell of its own with that.

use bstr::{BString, ByteSlice};

use super::programs::is_shell_name;
use crate::model::program::program_name;
use crate::model::tree::Pane;
use crate::mux::NewPane;

/// What is known of how a saved pane began.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Beginning {
    /// The command that it was made with, as the multiplexer tells it; empty for none.
    pub command: BString,
    /// The arguments of its own process; empty where they could not be seen.
    pub argv: Vec<BString>,
    /// Whether that process is typed again, as the program of the pane.
    pub retyped: bool,
}

impl Beginning {
    /// That of a saved pane.
    pub(super) fn of(pane: &Pane) -> Self {
        Self {
            command: pane.detail.start_command.clone(),
            argv: pane.shell.clone(),
            retyped: false,
        }
    }

    /// Whether the pane began as a new pane of its session does, `new`: it was made without a
    /// command, and its own process is what that leads to. Where its process has become another
    /// shell or program since (`exec`), or it was another shell then, it has a beginning of its
    /// own. `given` is the start command as it was given.
    pub(super) fn is_that_of(&self, new: &NewPane, given: &BString) -> bool {
        // tmux tells its default command as the start command of every pane that began with it.
        let given = self.command.is_empty() || self.command == new.command || *given == new.command;
        if !given {
            return false;
        }
        let name = program_name(&self.argv);
        let options = self.argv.get(1..).unwrap_or_default();
        if self.argv.is_empty() {
            return true;
        }
        if new.command.is_empty() {
            let login = ["-i", "-l", "-il", "-li", "--login", "--interactive"];
            let plain = |option: &BString| login.iter().any(|known| option == known);
            return name == new.shell_name() && options.iter().all(plain);
        }
        // The shell that tmux gave the command to is still there, because what it runs is not its
        // last word.
        if options == [BString::from("-c"), new.command.clone()] {
            return name == new.shell_name();
        }
        let words = || {
            let apart = |byte: &u8| !(byte.is_ascii_alphanumeric() || b"_-./+".contains(byte));
            let words = new.command.split(move |byte| apart(byte));
            let names = words.map(|word| word.rsplit(|&byte| byte == b'/').next().unwrap_or(word));
            names.map(|name| name.strip_prefix(b"-").unwrap_or(name))
        };
        let says = |option: &BString| new.command.contains_str(option);
        if words().any(|word| word == name.as_bytes()) {
            // Another command then has other options now.
            let same = self.command.is_empty() || self.has_options_behind(&new.command);
            return same && options.iter().all(says);
        }
        // A wrapper that chooses the shell itself.
        is_shell_name(name) && options.is_empty() && !words().any(is_shell_name)
    }

    /// Whether the process has the options that stand in a command behind its name.
    fn has_options_behind(&self, command: &BString) -> bool {
        let name = program_name(&self.argv);
        let behind = command
            .rfind(name)
            .and_then(|at| command.get(at + name.len()..));
        let words = behind.unwrap_or_default().fields();
        let words = words.map(|word| word.trim_with(|c| "'\";&|)".contains(c)));
        let mut asked = words.filter(|word| word.starts_with(b"-") && *word != b"-");
        let options = self.argv.get(1..).unwrap_or_default();
        asked.all(|word| options.iter().any(|own| own.contains_str(word)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_new(command: &str, argv: &str, new: &str) -> bool {
        let words = argv.split('|').filter(|word| !word.is_empty());
        let beginning = Beginning {
            command: command.into(),
            argv: words.map(BString::from).collect(),
            retyped: false,
        };
        let new = NewPane {
            shell: "/usr/bin/bash".into(),
            command: new.into(),
        };
        beginning.is_that_of(&new, &crate::mux::tmux::unquoted(&beginning.command))
    }

    #[test]
    fn a_pane_without_a_command_begins_as_new_ones_do_now() {
        for (command, argv, new) in [
            ("", "-bash", ""),
            ("", "bash", ""),
            ("", "/usr/bin/bash|-l", ""),
            ("", "", ""),
            (r#""env A=b bash""#, "bash", "env A=b bash"),
            (r#""nice -n 5 zsh""#, "zsh", "nice -n 5 zsh"),
            (
                r#""umask 027; export A=\"b\"; exec bash""#,
                "bash",
                "umask 027; export A=\"b\"; exec bash",
            ),
            (
                r#""reattach-to-user-namespace -l zsh""#,
                "-zsh",
                "reattach-to-user-namespace -l zsh",
            ),
            (
                r#""exec bash --norc -i""#,
                "bash|--norc|-i",
                "exec bash --norc -i",
            ),
            ("zsh", "zsh", "zsh"),
            ("/opt/bin/start", "fish", "/opt/bin/start"),
            // What wraps it stays.
            (
                r#""A=b; bash; true""#,
                "bash|-c|A=b; bash; true",
                "A=b; bash; true",
            ),
            (r#""script -q log""#, "script|-q|log", "script -q log"),
            // The configuration was another one then.
            ("", "-bash", "env A=b bash"),
            ("", "-zsh", "exec zsh"),
        ] {
            assert!(is_new(command, argv, new), "{command} {argv} {new}");
        }
    }

    #[test]
    fn a_pane_with_a_command_or_another_shell_has_its_own_beginning() {
        for (command, argv, new) in [
            ("zsh", "zsh", ""),
            ("bash", "bash", "env A=b bash"),
            (r#""env A=b bash""#, "bash", ""),
            ("vim", "vim", "env A=b bash"),
            ("", "-zsh", ""),
            ("", "bash|--norc", ""),
            ("", "vim|a", ""),
            (r#""env A=b bash""#, "fish", "env A=b bash"),
            (r#""env A=b bash""#, "bash|--norc", "env A=b bash"),
            (r#""exec bash --norc -i""#, "bash", "exec bash --norc -i"),
            (r#""exec bash --norc -i""#, "bash|-i", "exec bash --norc -i"),
            (r#""env A=b bash""#, "vim", "env A=b bash"),
            (r#""env A=b bash""#, "bash|-c|x", "env A=b bash"),
            ("/opt/bin/start", "fish|-C|x", "/opt/bin/start"),
            ("/opt/bin/start", "vim", "/opt/bin/start"),
            ("muxtape __pane /run/p0", "bash", "env A=b bash"),
        ] {
            assert!(!is_new(command, argv, new), "{command} {argv} {new}");
        }
    }
}
