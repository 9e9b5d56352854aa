//! How a program was started, as far as its arguments do not tell: what it wrote over them, where
//! its standard streams lead, and which variables it was started without.

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::detail::Variable;

/// Multiplexers, and the variable with which each knows that it is started within itself.
pub const NESTING: [(&str, &str); 3] = [("tmux", "TMUX"), ("screen", "STY"), ("zellij", "ZELLIJ")];

/// What belongs to the command line of a program beside its arguments. Empty for most.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Launch {
    /// That a title stands in the place of its arguments (setproctitle), and the arguments that it
    /// was started with, where the title and the room that they took prove them; else an empty
    /// list. Where an argument with a space ends is not proved: what stands here is never run by
    /// itself.
    pub titled: Option<Vec<BString>>,
    /// Its standard streams that led elsewhere than those of its shell, by stream.
    pub redirections: Vec<Redirection>,
    /// Variables of its shell that it was started without: only those of [`NESTING`]. The value is
    /// empty, or `None` where the variable was taken out.
    pub variables: Vec<Variable>,
}

impl Launch {
    /// Whether the arguments tell everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the system can have started a program so: names of variables are names, no argument,
    /// value or path holds a null byte, and standard output does not lead to itself.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        let whole = |text: &BString| !text.contains(&0);
        let variable = |one: &Variable| {
            let of_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            let named = !one.name.is_empty() && one.name.iter().all(of_name);
            named && one.value.as_ref().is_none_or(whole)
        };
        let redirection = |one: &Redirection| match &one.target {
            RedirectTarget::Read(path)
            | RedirectTarget::Write(path)
            | RedirectTarget::Append(path)
            | RedirectTarget::ReadWrite(path) => whole(path),
            RedirectTarget::Output => one.stream != StandardStream::Output,
            RedirectTarget::Lost(_) => true,
        };
        self.titled.iter().flatten().all(whole)
            && self.variables.iter().all(variable)
            && self.redirections.iter().all(redirection)
    }
}

/// Where one of the standard streams of a program led.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Redirection {
    /// The stream.
    pub stream: StandardStream,
    /// Where it led.
    pub target: RedirectTarget,
}

/// A standard stream; its number is its descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum StandardStream {
    /// Standard input.
    Input,
    /// Standard output.
    Output,
    /// Standard error.
    Errors,
}

impl StandardStream {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Input, Self::Output, Self::Errors];

    /// The words for it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Input => "standard input",
            Self::Output => "standard output",
            Self::Errors => "standard error",
        }
    }
}

/// What a standard stream was redirected to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RedirectTarget {
    /// A file that is read (`< path`).
    Read(BString),
    /// A file that is written; what was in it is lost when that is said again (`> path`).
    Write(BString),
    /// A file that is appended to (`>> path`).
    Append(BString),
    /// A file that is open for both (`<> path`).
    ReadWrite(BString),
    /// Where standard output leads (`2>&1`).
    Output,
    /// Something that cannot be opened again.
    Lost(LostTarget),
}

/// What cannot be opened again by a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LostTarget {
    /// A file that was deleted while it was open; also a here-document.
    Deleted,
    /// A socket.
    Socket,
    /// Another terminal than its own.
    Terminal,
    /// Anything else that has no path.
    Nameless,
}

impl LostTarget {
    /// The words for it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Deleted => "a file that is deleted, or a here-document",
            Self::Socket => "a socket",
            Self::Terminal => "another terminal",
            Self::Nameless => "something that has no path",
        }
    }
}
