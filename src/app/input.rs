//! What comes from the keyboard and the mouse, in words of our own: this room knows no terminal.

/// A key of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the keys are called what is printed on them")]
pub enum Key {
    Char(char),
    Enter,
    Esc,
    Backspace,
    Delete,
    Tab,
    BackTab,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
}

/// A key pressed, with what was held down. Shift is part of the character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyPress {
    /// The key.
    pub key: Key,
    /// Whether Ctrl was held.
    pub ctrl: bool,
    /// Whether Alt was held.
    pub alt: bool,
}

impl KeyPress {
    /// The key alone.
    #[must_use]
    pub const fn plain(key: Key) -> Self {
        Self {
            key,
            ctrl: false,
            alt: false,
        }
    }

    /// A character.
    #[must_use]
    pub const fn char(c: char) -> Self {
        Self::plain(Key::Char(c))
    }

    /// A character with Ctrl.
    #[must_use]
    pub const fn ctrl(c: char) -> Self {
        Self {
            key: Key::Char(c),
            ctrl: true,
            alt: false,
        }
    }

    /// The character that this types into a line, if it does.
    #[must_use]
    pub fn typed(self) -> Option<char> {
        match self.key {
            Key::Char(c) if !self.ctrl && !self.alt && !c.is_control() => Some(c),
            _ => None,
        }
    }
}

impl std::fmt::Display for KeyPress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.ctrl {
            f.write_str("Ctrl-")?;
        }
        if self.alt {
            f.write_str("Alt-")?;
        }
        let name = match self.key {
            Key::Char(' ') => "Space",
            Key::Char(c) if self.ctrl => return write!(f, "{}", c.to_ascii_uppercase()),
            Key::Char(c) => return write!(f, "{c}"),
            Key::Enter => "Enter",
            Key::Esc => "Esc",
            Key::Backspace => "Bksp",
            Key::Delete => "Del",
            Key::Tab => "Tab",
            Key::BackTab => "S-Tab",
            Key::Up => "↑",
            Key::Down => "↓",
            Key::Left => "←",
            Key::Right => "→",
            Key::Home => "Home",
            Key::End => "End",
            Key::PageUp => "PgUp",
            Key::PageDown => "PgDn",
        };
        f.write_str(name)
    }
}

/// What the mouse did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MouseKind {
    /// A click.
    Click,
    /// The second click of two at the same place.
    DoubleClick,
    /// Moved with the button held.
    Drag,
    /// The wheel, away from the user.
    ScrollUp,
    /// The wheel, towards the user.
    ScrollDown,
}

/// What the mouse met: drawing notes it beside every part of the screen that can be pointed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// A row of the screen's list, by its place in the whole list.
    Row(usize),
    /// The list itself, where it has no row.
    List,
    /// The slider, at this column of `width`.
    Slider {
        /// The column, from 0.
        column: u16,
        /// Columns in all.
        width: u16,
    },
    /// A pane in a drawing of a tab, by its index.
    Pane(u32),
    /// A tab, by its index.
    Tab(u32),
    /// Text that can be scrolled.
    Text,
    /// Something that does what an action does: a hint in the footer, a view in the header.
    Action(super::keys::Action),
}
