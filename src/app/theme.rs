//! Roles of what is drawn, and the style of each. Colours are those of the terminal's own palette
//! on its own background; a sign always stands beside a colour, so that nothing is lost without
//! colour.

use std::collections::BTreeMap;

use crate::config::ThemeName;

/// What something on the screen is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// A colour of the terminal's palette.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "colours are called what they are")]
pub enum Colour {
    /// That of plain text, or of the background.
    Default,
    Red,
    Green,
    Yellow,
    Magenta,
    Cyan,
    /// One of the 256.
    Indexed(u8),
}

/// How something is drawn over what is there already: `None` leaves a part of it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs, reason = "each is the attribute of its name")]
pub struct RoleStyle {
    pub foreground: Option<Colour>,
    pub background: Option<Colour>,
    pub bold: Option<bool>,
    pub dim: Option<bool>,
    pub underlined: Option<bool>,
    pub reversed: Option<bool>,
}

/// A style for every role: a value of the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    /// The built-in theme that it is made of.
    pub name: ThemeName,
    /// Roles that look otherwise than there.
    pub changed: BTreeMap<Role, RoleStyle>,
}

impl Theme {
    /// The built-in theme of this name.
    #[must_use]
    pub fn built_in(name: ThemeName) -> Self {
        let changed = BTreeMap::new();
        Self { name, changed }
    }

    /// The built-in theme after this one.
    #[must_use]
    pub fn next(&self) -> Self {
        Self::built_in(match self.name {
            ThemeName::Dark => ThemeName::Light,
            ThemeName::Light => ThemeName::Ansi,
            ThemeName::Ansi => ThemeName::Mono,
            ThemeName::Mono => ThemeName::Dark,
        })
    }

    /// What it is called.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self.name {
            ThemeName::Dark => "dark",
            ThemeName::Light => "light",
            ThemeName::Ansi => "ansi",
            ThemeName::Mono => "mono",
        }
    }

    /// Whether captured text may be drawn in its colours.
    #[must_use]
    pub fn has_colour(&self) -> bool {
        self.name != ThemeName::Mono
    }

    /// The style of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> RoleStyle {
        let changed = self.changed.get(&role);
        changed.copied().unwrap_or_else(|| style(self.name, role))
    }
}

/// The style of a role in a built-in theme.
fn style(name: ThemeName, role: Role) -> RoleStyle {
    let weight = weight(role);
    let foreground = ansi(role).or(weight.foreground);
    let coloured = RoleStyle {
        foreground,
        ..weight
    };
    match name {
        ThemeName::Mono => weight,
        ThemeName::Ansi => coloured,
        ThemeName::Dark => tuned(role, coloured, DARK),
        ThemeName::Light => tuned(role, coloured, LIGHT),
    }
}

/// What tells a role from others without colour.
fn weight(role: Role) -> RoleStyle {
    let plain = RoleStyle::default();
    // These lie over frames and rows of other looks, and take nothing of them over.
    let own = RoleStyle {
        foreground: Some(Colour::Default),
        dim: Some(false),
        ..plain
    };
    match role {
        Role::Dim | Role::Frame => RoleStyle {
            dim: Some(true),
            ..plain
        },
        Role::Text => own,
        Role::Strong | Role::Title => RoleStyle {
            bold: Some(true),
            ..own
        },
        Role::Selected | Role::Match => RoleStyle {
            background: Some(Colour::Default),
            reversed: Some(true),
            ..own
        },
        Role::AddedWord | Role::RemovedWord => RoleStyle {
            bold: Some(true),
            underlined: Some(true),
            ..plain
        },
        Role::Key | Role::FrameFocus | Role::Marker | Role::Error | Role::Died => RoleStyle {
            bold: Some(true),
            ..plain
        },
        Role::Added
        | Role::Removed
        | Role::Changed
        | Role::Named
        | Role::Undo
        | Role::Bar
        | Role::Good
        | Role::Warning => plain,
    }
}

/// One of the terminal's sixteen colours.
fn ansi(role: Role) -> Option<Colour> {
    Some(match role {
        Role::Added | Role::AddedWord | Role::Good => Colour::Green,
        Role::Removed | Role::RemovedWord | Role::Died | Role::Error => Colour::Red,
        Role::Changed | Role::Warning | Role::Marker => Colour::Yellow,
        Role::Named => Colour::Magenta,
        Role::Undo | Role::FrameFocus | Role::Key | Role::Bar => Colour::Cyan,
        _ => return None,
    })
}

/// The sixteen colours, with greys and backgrounds of the 256 that suit the background.
fn tuned(role: Role, coloured: RoleStyle, tones: Tones) -> RoleStyle {
    // A grey of its own reads better than what terminals make of "dim".
    let grey = |tone| RoleStyle {
        foreground: Some(Colour::Indexed(tone)),
        ..RoleStyle::default()
    };
    let word = |tone| RoleStyle {
        background: Some(Colour::Indexed(tone)),
        underlined: Some(false),
        ..coloured
    };
    match role {
        Role::Dim => grey(tones.dim),
        Role::Frame => grey(tones.frame),
        Role::Bar => grey(tones.bar),
        Role::AddedWord => word(tones.added),
        Role::RemovedWord => word(tones.removed),
        _ => coloured,
    }
}

/// Colours of the 256 that depend on the background.
#[derive(Clone, Copy)]
struct Tones {
    dim: u8,
    frame: u8,
    bar: u8,
    added: u8,
    removed: u8,
}

const DARK: Tones = Tones {
    dim: 245,
    frame: 240,
    bar: 67,
    added: 22,
    removed: 52,
};

const LIGHT: Tones = Tones {
    dim: 243,
    frame: 249,
    bar: 67,
    added: 194,
    removed: 224,
};

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [ThemeName; 4] = [
        ThemeName::Dark,
        ThemeName::Light,
        ThemeName::Ansi,
        ThemeName::Mono,
    ];

    #[test]
    fn without_colour_nothing_is_coloured() {
        let theme = Theme::built_in(ThemeName::Mono);
        let plain = [None, Some(Colour::Default)];
        for role in [
            Role::Text,
            Role::Added,
            Role::Error,
            Role::Bar,
            Role::AddedWord,
            Role::Dim,
        ] {
            let style = theme.style(role);
            assert!(plain.contains(&style.foreground), "{role:?}");
            assert!(plain.contains(&style.background), "{role:?}");
        }
    }

    #[test]
    fn the_selection_is_reverse_video_everywhere() {
        for name in NAMES {
            let style = Theme::built_in(name).style(Role::Selected);
            assert_eq!(style.reversed, Some(true));
        }
    }

    #[test]
    fn a_role_can_be_given_another_style() {
        let mut theme = Theme::built_in(ThemeName::Dark);
        let red = RoleStyle {
            foreground: Some(Colour::Red),
            ..RoleStyle::default()
        };
        theme.changed.insert(Role::Key, red);
        assert_eq!(theme.style(Role::Key), red);
        assert_ne!(theme.style(Role::Bar), red);
    }

    #[test]
    fn the_next_theme_leads_round() {
        let mut theme = Theme::built_in(ThemeName::Dark);
        let met = NAMES.map(|_| {
            theme = theme.next();
            theme.name
        });
        assert_eq!(met.last(), Some(&ThemeName::Dark));
        assert!(NAMES.iter().all(|name| met.contains(name)));
    }
}
