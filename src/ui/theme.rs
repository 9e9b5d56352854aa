//! The styles of the state's theme in the words of ratatui.

use ratatui::style::{Color, Modifier, Style};

use crate::app::theme;
use crate::model::changes::ChangeKind;

pub use crate::app::theme::Role;

/// The theme of the state, as it is drawn with.
#[derive(Debug, Clone, Copy)]
pub struct Theme<'a>(&'a theme::Theme);

impl<'a> Theme<'a> {
    /// The theme, to draw with.
    #[must_use]
    pub fn new(theme: &'a theme::Theme) -> Self {
        Self(theme)
    }

    /// Whether captured text may be drawn in its colours.
    #[must_use]
    pub fn has_colour(self) -> bool {
        self.0.has_colour()
    }

    /// The style of a role.
    #[must_use]
    pub fn style(self, role: Role) -> Style {
        let of = self.0.style(role);
        let mut style = Style::new();
        (style.fg, style.bg) = (of.foreground.map(colour), of.background.map(colour));
        for (modifier, on) in [
            (Modifier::BOLD, of.bold),
            (Modifier::DIM, of.dim),
            (Modifier::UNDERLINED, of.underlined),
            (Modifier::REVERSED, of.reversed),
        ] {
            style = match on {
                Some(true) => style.add_modifier(modifier),
                Some(false) => style.remove_modifier(modifier),
                None => style,
            };
        }
        style
    }

    /// The style of a kind of change.
    #[must_use]
    pub fn change(self, kind: ChangeKind) -> Style {
        self.style(match kind {
            ChangeKind::Added => Role::Added,
            ChangeKind::Removed => Role::Removed,
            ChangeKind::Changed | ChangeKind::Moved => Role::Changed,
        })
    }
}

fn colour(colour: theme::Colour) -> Color {
    match colour {
        theme::Colour::Default => Color::Reset,
        theme::Colour::Red => Color::Red,
        theme::Colour::Green => Color::Green,
        theme::Colour::Yellow => Color::Yellow,
        theme::Colour::Magenta => Color::Magenta,
        theme::Colour::Cyan => Color::Cyan,
        theme::Colour::Indexed(index) => Color::Indexed(index),
    }
}
