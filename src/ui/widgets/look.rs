//! The styles that widgets draw with, by what they mean. The theme fills them in.

use ratatui::style::{Color, Modifier, Style};

use crate::model::changes::ChangeKind;

/// Styles by meaning. A sign always stands beside a colour, so every one of them may be plain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Lines of frames.
    pub line: Style,
    /// Lines of the frame that has the focus.
    pub focus: Style,
    /// Titles.
    pub title: Style,
    /// What is said beside: numbers, hints, what did not change.
    pub faint: Style,
    /// What is chosen in a list.
    pub selected: Style,
    /// Keys, and what can be done.
    pub key: Style,
    /// What came.
    pub added: Style,
    /// What went.
    pub removed: Style,
    /// What is another.
    pub changed: Style,
    /// The very words of a line that came.
    pub added_words: Style,
    /// The very words of a line that went.
    pub removed_words: Style,
    /// What went well.
    pub good: Style,
    /// What deserves a look.
    pub warning: Style,
    /// What went wrong.
    pub bad: Style,
}

impl Default for Look {
    /// The palette of a dark terminal.
    fn default() -> Self {
        let plain = Style::new();
        Self {
            line: plain.fg(Color::DarkGray),
            focus: plain.fg(Color::Cyan),
            title: plain.add_modifier(Modifier::BOLD),
            faint: plain.fg(Color::DarkGray),
            selected: plain.add_modifier(Modifier::REVERSED),
            key: plain.fg(Color::Cyan),
            added: plain.fg(Color::Green),
            removed: plain.fg(Color::Red),
            changed: plain.fg(Color::Yellow),
            added_words: plain.fg(Color::Green).add_modifier(Modifier::REVERSED),
            removed_words: plain.fg(Color::Red).add_modifier(Modifier::REVERSED),
            good: plain.fg(Color::Green),
            warning: plain.fg(Color::Yellow),
            bad: plain.fg(Color::Red).add_modifier(Modifier::BOLD),
        }
    }
}

impl Look {
    /// The style for a kind of change.
    #[must_use]
    pub fn change(&self, kind: ChangeKind) -> Style {
        match kind {
            ChangeKind::Added => self.added,
            ChangeKind::Removed => self.removed,
            ChangeKind::Changed | ChangeKind::Moved => self.changed,
        }
    }
}
