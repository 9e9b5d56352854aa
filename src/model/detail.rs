//! What a session, tab or pane has beyond what every multiplexer has: settings, modes, and what was
//! found out about its surroundings. All of it is optional; what is empty is not part of a digest,
//! so that states are equal that were captured before a field was known.

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::geometry::Rect;
use super::launch::Launch;
use super::time::Millis;

/// A setting of a session, tab or pane that differs from what it would inherit (tmux: an option).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Setting {
    /// The name; of a member of an array with its index, for example `update-environment[3]`.
    pub name: BString,
    /// The value as it was set, without any quoting.
    pub value: BString,
}

/// A command that the multiplexer runs when something happens (tmux: a hook).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hook {
    /// The event with its place in the list, for example `after-split-window[0]`.
    pub event: BString,
    /// The command in the multiplexer's own language.
    pub command: BString,
}

/// An environment variable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Variable {
    /// The name.
    pub name: BString,
    /// The value; `None` where the variable is taken out of the environment (tmux: `-r`).
    pub value: Option<BString>,
    /// Not handed on to new panes (tmux: `-h`).
    pub hidden: bool,
}

/// A paste buffer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Buffer {
    /// The name.
    pub name: BString,
    /// What it holds.
    pub data: BString,
}

/// What a session has beyond its tabs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SessionDetail {
    /// Settings of its own, by name.
    pub settings: Vec<Setting>,
    /// Hooks of its own, by event.
    pub hooks: Vec<Hook>,
    /// Variables of its own, by name; only names that the user allows.
    pub environment: Vec<Variable>,
    /// The indexes of its tabs, the one looked at last first (tmux: the window stack).
    pub recent: Vec<u32>,
    /// When it was made; not part of the digest.
    pub created: Option<Millis>,
    /// When somebody last came to it; not part of the digest.
    pub last_attached: Option<Millis>,
}

impl SessionDetail {
    /// The same without times: those are part of no digest.
    #[must_use]
    pub fn timeless(&self) -> Self {
        Self {
            created: None,
            last_attached: None,
            ..self.clone()
        }
    }
}

/// What a tab has beyond its panes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TabDetail {
    /// Settings of its own, by name; without those that have a field of their own.
    pub settings: Vec<Setting>,
    /// Hooks of its own, by event.
    pub hooks: Vec<Hook>,
}

/// What a pane has beyond its text and its program.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PaneDetail {
    /// Settings of its own, by name.
    pub settings: Vec<Setting>,
    /// Hooks of its own, by event.
    pub hooks: Vec<Hook>,
    /// Variables of its shell; only names that the user allows.
    pub environment: Vec<Variable>,
    /// The command that it was made with, in the multiplexer's own notation; the default one, where
    /// it was made without.
    pub start_command: BString,
    /// Shells within the pane's own process, outermost first, down to the one that is in front or
    /// has the program in front: the arguments of each. Empty where there is only one shell.
    pub shells: Vec<Vec<BString>>,
    /// The working tree that its directory is in.
    pub checkout: Option<Checkout>,
    /// Which mode it is in (tmux: `copy-mode`, `view-mode`, `tree-mode`, …); empty for none.
    pub mode: BString,
    /// What was searched for in copy mode.
    pub search: BString,
    /// Whether typing into it does nothing (tmux `select-pane -d`).
    pub input_off: bool,
    /// Whether what it shows goes into a command, too (tmux `pipe-pane`); which one cannot be
    /// known.
    pub piped: bool,
    /// What its program has switched on in the terminal.
    pub terminal: TerminalModes,
    /// Where it floats; such a pane is not part of the tab's layout.
    pub floating: Option<Floating>,
    /// Why nothing but its place is kept; `None` for a pane that is kept.
    pub withheld: Option<Withheld>,
    /// How its program was started, beyond the arguments.
    pub launch: Launch,
}

/// Why a pane is no more than a place in a layout: there is no text, title, command, directory,
/// setting, hook nor variable of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Withheld {
    /// Somebody marked it, its tab or its session as private.
    Private,
    /// What runs in it, or where, is never recorded by the user's settings.
    Excluded,
}

/// Where a pane lies that floats above the others of its tab (zellij; tmux 3.7 and newer).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Floating {
    /// Cells from the tab's left side; below 0 for a pane that begins outside.
    pub left: i32,
    /// Rows from the tab's top.
    pub top: i32,
    /// Columns, without a border.
    pub width: u16,
    /// Rows, without a border.
    pub height: u16,
    /// How many floating panes of the tab are in front of it, where the multiplexer tells.
    pub behind: Option<u16>,
}

impl Withheld {
    /// A word or two for it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Withheld::Private => "private",
            Withheld::Excluded => "not recorded",
        }
    }
}

impl Floating {
    /// The rectangle that it covers, moved to begin within the tab.
    #[must_use]
    pub fn rect(&self) -> Rect {
        let within = |at: i32| u16::try_from(at.max(0)).unwrap_or(u16::MAX);
        Rect {
            left: within(self.left),
            top: within(self.top),
            width: self.width,
            height: self.height,
        }
    }
}

/// A working tree of git.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Checkout {
    /// The directory at its top.
    pub root: BString,
    /// The branch; `None` for a detached head.
    pub branch: Option<BString>,
    /// The commit of a detached head, in hexadecimal; else empty.
    pub commit: BString,
    /// The repository's own directory, for a linked worktree or a submodule; else `None`.
    pub repository: Option<BString>,
}

/// What a program has switched on in its terminal. It belongs to the program, which switches it on
/// again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct TerminalModes {
    /// The cursor is hidden.
    pub cursor_hidden: bool,
    /// New text pushes old text aside (IRM).
    pub insert: bool,
    /// Cursor keys send application sequences (DECCKM).
    pub keypad_cursor: bool,
    /// The keypad sends application sequences (DECKPAM).
    pub keypad: bool,
    /// Rows are counted from the scroll region (DECOM).
    pub origin: bool,
    /// Long lines do not wrap (DECAWM is off).
    pub no_wrap: bool,
    /// Some kind of mouse report is on.
    pub mouse: bool,
    /// First and last row of the scroll region, where it is not the whole screen.
    pub scroll_region: Option<(u16, u16)>,
}
