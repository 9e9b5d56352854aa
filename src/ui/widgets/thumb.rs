//! A tab as it looked: its panes in their real geometry, with what they showed, in the colours that
//! they showed it in.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::ansi::{label, path_label};
use crate::model::changes::ChangeKind;
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::geometry::{Layout, Size};
use crate::model::program::program_name;
use crate::model::tree::{Pane, Tab};

use super::frame::Frame;
use super::screen::Screens;
use super::text::put;
use crate::ui::theme::{Role, Theme};

/// What is drawn inside the frames of panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Inside {
    /// The text, with its colours.
    #[default]
    Text,
    /// A map of where there is text.
    Map,
    /// Nothing: the frames and their titles alone.
    Labels,
}

/// A drawing of a tab.
#[derive(Clone, Copy)]
pub struct Thumb<'a> {
    /// The tab.
    pub tab: &'a Tab,
    /// Finds the text of a pane, where it is loaded already.
    pub texts: &'a dyn Fn(&Digest) -> Option<&'a Contents>,
    /// The pane with the heavy frame; the active one where this is `None` or names none.
    pub focus: Option<u32>,
    /// What to say of panes that changed, by their index.
    pub signs: &'a BTreeMap<u32, ChangeKind>,
    /// What is drawn inside.
    pub inside: Inside,
    /// Whether only the pane with the focus is drawn, over the whole area.
    pub single: bool,
    /// The home directory, shown as `~`.
    pub home: Option<&'a [u8]>,
}

impl std::fmt::Debug for Thumb<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Thumb")
            .field("tab", &self.tab.index)
            .field("focus", &self.focus)
            .field("inside", &self.inside)
            .finish_non_exhaustive()
    }
}

impl Thumb<'_> {
    /// Draws it over the whole of `area`.
    pub fn draw(&self, area: Rect, buffer: &mut Buffer, screens: &mut Screens, theme: Theme<'_>) {
        let area = area.intersection(buffer.area);
        for (index, place) in self.places(area) {
            if let Some(pane) = self.tab.pane(index) {
                self.pane(pane, place, buffer, screens, theme);
            }
        }
    }

    /// The pane that has the heavy frame.
    #[must_use]
    pub fn focused(&self) -> Option<&Pane> {
        self.focus
            .and_then(|index| self.tab.pane(index))
            .or_else(|| self.tab.active_pane())
    }

    /// Where each pane is drawn: what a mouse that points there points at. Panes that are behind a
    /// zoomed one, or that there is no room for, are missing.
    #[must_use]
    pub fn places(&self, area: Rect) -> Vec<(u32, Rect)> {
        if area.is_empty() {
            return Vec::new();
        }
        let size = Size {
            width: area.width,
            height: area.height,
        };
        // Every pane has a frame of its own here, so there is nothing between two neighbours.
        let layout = Layout {
            gap: 0,
            root: self.tab.layout.root.clone(),
        };
        let scaled = layout.scaled(size).filter(|_| !self.alone());
        match (scaled, self.focused()) {
            (Some(layout), _) => layout
                .panes()
                .into_iter()
                .map(|(pane, rect)| {
                    let (x, y) = (area.x + rect.left, area.y + rect.top);
                    (pane, Rect::new(x, y, rect.width, rect.height))
                })
                .collect(),
            (None, Some(pane)) => vec![(pane.index, area)],
            (None, None) => Vec::new(),
        }
    }

    fn alone(&self) -> bool {
        self.single || self.tab.zoomed
    }

    fn pane(
        &self,
        pane: &Pane,
        place: Rect,
        buffer: &mut Buffer,
        screens: &mut Screens,
        theme: Theme<'_>,
    ) {
        let focused = self
            .focused()
            .is_some_and(|other| other.index == pane.index);
        let sign = self.signs.get(&pane.index);
        let note = self.note(pane, sign.copied());
        // In a narrow frame a number says more than the first letters of a name.
        let title = if place.width < 14 {
            pane.index.to_string()
        } else {
            pane_title(pane, self.home)
        };
        if place.width < 4 || place.height < 2 {
            let style = if focused {
                theme.style(Role::Selected)
            } else {
                theme.style(Role::Dim)
            };
            buffer.set_style(place, style);
            put(buffer, place, place.x, place.y, &title, style);
            return;
        }
        let frame = Frame {
            title: &title,
            note: &note,
            heavy: focused,
            line: if focused {
                theme.style(Role::FrameFocus)
            } else {
                theme.style(Role::Frame)
            },
            title_style: if focused {
                theme.style(Role::Title)
            } else {
                theme.style(Role::Text)
            },
            note_style: sign.map_or(theme.style(Role::Dim), |kind| theme.change(*kind)),
            ..Frame::default()
        };
        let inside = frame.draw(place, buffer);
        self.contents(pane, inside, buffer, screens, theme);
    }

    /// The sign for what changed and, where one pane stands for all, which of how many it is.
    fn note(&self, pane: &Pane, sign: Option<ChangeKind>) -> String {
        let mut words = Vec::new();
        if self.tab.zoomed {
            words.push("zoomed".to_owned());
        }
        if self.alone() && self.tab.panes.len() > 1 {
            let at = self.tab.panes.iter().position(|p| p.index == pane.index);
            words.push(format!(
                "{}/{}",
                at.map_or(0, |at| at + 1),
                self.tab.panes.len()
            ));
        }
        words.extend(sign.map(|kind| kind.sign().to_string()));
        words.join(" ")
    }

    fn contents(
        &self,
        pane: &Pane,
        inside: Rect,
        buffer: &mut Buffer,
        screens: &mut Screens,
        theme: Theme<'_>,
    ) {
        if inside.is_empty() || self.inside == Inside::Labels {
            return;
        }
        let Some(reference) = pane.contents else {
            put(
                buffer,
                inside,
                inside.x,
                inside.y,
                "(text not recorded)",
                theme.style(Role::Dim),
            );
            return;
        };
        let Some(text) = (self.texts)(&reference.digest) else {
            return;
        };
        // A zoomed pane was as large as the whole tab when it was captured.
        let size = if self.tab.zoomed && pane.active {
            self.tab.size()
        } else {
            pane.rect.size()
        };
        let Some(screen) = screens.get(reference.digest, text, size) else {
            return;
        };
        match self.inside {
            Inside::Text => screen.draw(inside, buffer, theme.has_colour()),
            Inside::Map => screen.draw_map(inside, buffer, theme.style(Role::Dim)),
            Inside::Labels => {}
        }
    }
}

/// What a pane is called in a frame: its number and the program with its arguments, or the shell
/// and where it is; or why nothing of it is recorded.
#[must_use]
pub fn pane_title(pane: &Pane, home: Option<&[u8]>) -> String {
    if let Some(why) = pane.detail.withheld {
        return format!("{} ⊘ {}", pane.index, why.words());
    }
    let what = match &pane.program {
        Some(program) => {
            let words: Vec<String> = program.shown().iter().map(|arg| label(arg)).collect();
            words.join(" ")
        }
        None => {
            let shell = label(program_name(&pane.shell));
            let place = path_label(&pane.cwd, home.unwrap_or_default());
            format!("{shell} {place}").trim().to_owned()
        }
    };
    format!("{} {what}", pane.index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::any_state;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_tab_draws_at_any_size(
            state in any_state(),
            text: Vec<u8>,
            (x, y, width, height) in (0u16..20, 0u16..20, 0u16..90, 0u16..40),
            (inside, single, focus) in (0u8..3, any::<bool>(), proptest::option::of(0u32..9)),
        ) {
            let mut screens = Screens::new(5_000);
            let contents = Contents { main: text.into(), alternate: None };
            let signs: BTreeMap<u32, ChangeKind> =
                [(0, ChangeKind::Added), (1, ChangeKind::Moved)].into();
            for (_, tab, _) in state.panes() {
                let thumb = Thumb {
                    tab,
                    texts: &|_| Some(&contents),
                    focus,
                    signs: &signs,
                    inside: [Inside::Text, Inside::Map, Inside::Labels][usize::from(inside)],
                    single,
                    home: None,
                };
                let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
                let area = Rect::new(x, y, width, height);
                thumb.draw(area, &mut buffer, &mut screens, Theme::new(&crate::ui::testing::dark()));
                let inside = area.intersection(buffer.area);
                let covered: u32 = thumb.places(inside).iter().map(|(_, r)| r.area()).sum();
                prop_assert_eq!(covered, inside.area(), "panes tile the drawing");
            }
        }
    }
}
