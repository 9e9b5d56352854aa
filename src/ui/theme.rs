//! Roles of what is drawn, and the look of each. Colours are those of the terminal's own palette on its
//! own background; a sign always stands beside a colour, so that nothing is lost without colour.

use ratatui::style::{Color, Modifier, Style};

use crate::config::ThemeName;
use crate::model::changes::ChangeKind;

/// What something on the screen is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Ordinary text.
    Text,
    /// Text of less weight: ages, units, what is unchanged.
    Dim,
    /// Text of more weight.
    Strong,
    /// Titles of frames.
    Title,
    /// Frames.
    Frame,
    /// The frame that has the focus.
    FrameFocus,
    /// What is selected.
    Selected,
    /// What came.
    Added,
    /// What went.
    Removed,
    /// What differs.
    Changed,
    /// Within a line that came: the words that did.
    AddedWord,
    /// Within a line that went: the words that did.
    RemovedWord,
    /// A snapshot with a name or a tag.
    Named,
    /// An undo point.
    Undo,
    /// The end of a life.
    Died,
    /// Activity bars.
    Bar,
    /// The marker on the slider, and what else shows the moment.
    Marker,
    /// The name of a key.
    Key,
    /// What matches a search.
    Match,
    /// All is well.
    Good,
    /// Something to mind.
    Warning,
    /// Something went wrong.
    Error,
}

/// A look for every role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    name: ThemeName,
}

impl Theme {
    /// The theme of this name.
    #[must_use]
    pub fn new(name: ThemeName) -> Self {
        Self { name }
    }

    /// Whether captured text may be drawn in its colours.
    #[must_use]
    pub fn has_colour(self) -> bool {
        self.name != ThemeName::Mono
    }

    /// The look of a role.
    #[must_use]
    pub fn style(self, role: Role) -> Style {
        let plain = Style::new();
        let weight = match role {
            Role::Dim | Role::Frame => plain.add_modifier(Modifier::DIM),
            // These lie over frames and rows of other looks, and take nothing of them over.
            Role::Text => plain.fg(Color::Reset).remove_modifier(Modifier::DIM),
            Role::Strong | Role::Title => plain
                .fg(Color::Reset)
                .remove_modifier(Modifier::DIM)
                .add_modifier(Modifier::BOLD),
            Role::Selected | Role::Match => plain
                .fg(Color::Reset)
                .bg(Color::Reset)
                .remove_modifier(Modifier::DIM)
                .add_modifier(Modifier::REVERSED),
            Role::Key | Role::FrameFocus => plain.add_modifier(Modifier::BOLD),
            Role::AddedWord | Role::RemovedWord => {
                plain.add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
            }
            Role::Marker | Role::Error | Role::Died => plain.add_modifier(Modifier::BOLD),
            _ => plain,
        };
        match self.name {
            ThemeName::Mono => weight,
            ThemeName::Ansi => match Self::ansi(role) {
                Some(colour) => weight.fg(colour),
                None => weight,
            },
            ThemeName::Dark => Self::tuned(role, weight, DARK),
            ThemeName::Light => Self::tuned(role, weight, LIGHT),
        }
    }

    /// The look of a kind of change.
    #[must_use]
    pub fn change(self, kind: ChangeKind) -> Style {
        self.style(match kind {
            ChangeKind::Added => Role::Added,
            ChangeKind::Removed => Role::Removed,
            ChangeKind::Changed | ChangeKind::Moved => Role::Changed,
        })
    }

    /// One of the terminal's sixteen colours.
    fn ansi(role: Role) -> Option<Color> {
        Some(match role {
            Role::Added | Role::AddedWord | Role::Good => Color::Green,
            Role::Removed | Role::RemovedWord | Role::Died | Role::Error => Color::Red,
            Role::Changed | Role::Warning => Color::Yellow,
            Role::Named => Color::Magenta,
            Role::Undo | Role::FrameFocus | Role::Key | Role::Bar => Color::Cyan,
            Role::Marker => Color::Yellow,
            _ => return None,
        })
    }

    /// The sixteen colours, with greys and backgrounds of the 256 that suit the background.
    fn tuned(role: Role, weight: Style, greys: Greys) -> Style {
        match role {
            // A grey of its own reads better than what terminals make of "dim".
            Role::Dim => Style::new().fg(greys.dim),
            Role::Frame => Style::new().fg(greys.frame),
            Role::Bar => Style::new().fg(greys.bar),
            Role::AddedWord => weight
                .remove_modifier(Modifier::UNDERLINED)
                .fg(Color::Green)
                .bg(greys.added),
            Role::RemovedWord => weight
                .remove_modifier(Modifier::UNDERLINED)
                .fg(Color::Red)
                .bg(greys.removed),
            _ => match Self::ansi(role) {
                Some(colour) => weight.fg(colour),
                None => weight,
            },
        }
    }
}

/// Colours that depend on the background.
#[derive(Clone, Copy)]
struct Greys {
    dim: Color,
    frame: Color,
    bar: Color,
    added: Color,
    removed: Color,
}

const DARK: Greys = Greys {
    dim: Color::Indexed(245),
    frame: Color::Indexed(240),
    bar: Color::Indexed(67),
    added: Color::Indexed(22),
    removed: Color::Indexed(52),
};

const LIGHT: Greys = Greys {
    dim: Color::Indexed(243),
    frame: Color::Indexed(249),
    bar: Color::Indexed(67),
    added: Color::Indexed(194),
    removed: Color::Indexed(224),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_nothing_is_coloured() {
        let theme = Theme::new(ThemeName::Mono);
        for role in [
            Role::Added,
            Role::Error,
            Role::Bar,
            Role::AddedWord,
            Role::Dim,
        ] {
            let style = theme.style(role);
            assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
        }
    }

    #[test]
    fn the_selection_is_reverse_video_everywhere() {
        for name in [
            ThemeName::Dark,
            ThemeName::Light,
            ThemeName::Ansi,
            ThemeName::Mono,
        ] {
            let style = Theme::new(name).style(Role::Selected);
            assert!(style.add_modifier.contains(Modifier::REVERSED));
        }
    }
}
