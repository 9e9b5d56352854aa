//! A frame: the screen, the footer, and what stands before them; with the helpers that all screens
//! draw by.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::Screen;
use crate::app::keys::action::Everywhere;
use crate::app::keys::{Action, Binding, Context};
use crate::app::light::{Lamp, Light, light};
use crate::app::list::Window;
use crate::app::mouse::MouseTarget;
use crate::app::shared::{Shared, View};
use crate::app::state::State;

use super::theme::{Role, Theme};
use super::widgets::frame::Frame;
use super::widgets::screen::Screens;
use super::widgets::tree::Tree;
use super::{overlays, screens};

/// The smallest terminal in which the screens work.
pub(crate) const MIN_TERMINAL_CELLS: (u16, u16) = (40, 12);

/// What clicking `?:keys` does.
pub(crate) const HELP: MouseTarget = MouseTarget::Action(Action::Everywhere(Everywhere::Help));

/// What drawing reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look<'a> {
    /// What all screens share.
    pub(crate) shared: &'a Shared,
    /// How it looks.
    pub(crate) theme: Theme<'a>,
    /// The view that is on, marked in the header.
    pub(crate) view: Everywhere,
}

impl Look<'_> {
    /// The look of a role.
    pub(crate) fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// A piece of text in a role.
    pub(crate) fn span(&self, role: Role, text: impl Into<String>) -> Span<'static> {
        Span::styled(text.into(), self.style(role))
    }

    /// A frame around a panel, with a title and a note (empty for none), that has not the focus.
    pub(crate) fn frame<'a>(&self, title: &'a str, note: &'a str) -> Frame<'a> {
        self.frame_of(title, note, false)
    }

    /// The same around a panel that has the focus, or not.
    pub(crate) fn frame_of<'a>(&self, title: &'a str, note: &'a str, focus: bool) -> Frame<'a> {
        let line = if focus { Role::FrameFocus } else { Role::Frame };
        Frame {
            title,
            note,
            heavy: focus,
            line: self.style(line),
            title_style: self.style(Role::Title),
            note_style: self.style(Role::Dim),
            ..Frame::default()
        }
    }
}

/// What was drawn where; kept from frame to frame.
#[derive(Debug)]
pub(crate) struct Drawn {
    /// Captured screens that were drawn lately.
    pub(crate) screens: Screens,
    /// What the mouse can meet; later ones lie above earlier ones.
    pub(crate) targets: Vec<(Rect, MouseTarget)>,
    /// How much of lists and texts is seen.
    pub(crate) view: View,
    /// Where the cursor stands, while something is typed.
    pub(crate) cursor: Option<Position>,
}

/// Cells of captured screens that are kept: some dozen large ones.
const CELLS: usize = 500_000;

impl Default for Drawn {
    fn default() -> Self {
        Self {
            screens: Screens::new(CELLS),
            targets: Vec::new(),
            view: View::default(),
            cursor: None,
        }
    }
}

impl Drawn {
    /// Notes what the mouse can meet.
    pub(crate) fn target(&mut self, area: Rect, target: MouseTarget) {
        if !area.is_empty() {
            self.targets.push((area, target));
        }
    }

    /// The rows of the screen's list that are seen in `area`, by their place in the list, each
    /// `height` lines high; noted for the mouse and for paging.
    pub(crate) fn list(
        &mut self,
        cursor: Option<usize>,
        all: usize,
        area: Rect,
        height: u16,
    ) -> Vec<(usize, Rect)> {
        let seen = visible(&mut self.view.list, cursor, all, area, height);
        self.rows(&seen, 0);
        seen
    }

    /// The same for a column of what stands before the screen, whose first row is the one at `base`
    /// of all columns.
    pub(crate) fn menu(
        &mut self,
        column: usize,
        base: usize,
        cursor: Option<usize>,
        all: usize,
        area: Rect,
    ) -> Vec<(usize, Rect)> {
        let Some(window) = self.view.menu.get_mut(column) else {
            return Vec::new();
        };
        let seen = visible(window, cursor, all, area, 1);
        self.rows(&seen, base);
        seen
    }

    fn rows(&mut self, seen: &[(usize, Rect)], base: usize) {
        for (at, place) in seen {
            self.target(*place, MouseTarget::Row(base + at));
        }
    }

    /// Draws a tree as the screen's list.
    pub(crate) fn tree(&mut self, tree: &Tree<'_>, area: Rect, buf: &mut Buffer, theme: Theme<'_>) {
        let seen = self.list(tree.selected, tree.rows.len(), area, 1);
        tree.draw(&seen, area, buf, theme);
    }

    /// Notes the screen's text, of which the lines from `first` on are seen in `area`.
    pub(crate) fn text(&mut self, first: usize, rows: u16, area: Rect) {
        self.target(area, MouseTarget::Text);
        let rows = usize::from(rows);
        self.view.text = Window { first, rows };
    }

    /// What is at a place.
    pub(crate) fn at(&self, place: Position) -> Option<(Rect, MouseTarget)> {
        self.targets
            .iter()
            .rev()
            .find(|(area, _)| area.contains(place))
            .copied()
    }
}

/// The rows of a list that are seen in `area`, by their place in the list; the window follows the
/// cursor.
pub(crate) fn visible(
    window: &mut Window,
    cursor: Option<usize>,
    all: usize,
    area: Rect,
    height: u16,
) -> Vec<(usize, Rect)> {
    let fit = usize::from(area.height / height.max(1)).max(1);
    *window = window.following(cursor, fit, all);
    let lines = (area.y..area.bottom()).step_by(usize::from(height.max(1)));
    let place = |y| Rect { y, height, ..area }.intersection(area);
    (window.first..all)
        .zip(lines.map(place))
        .take(fit)
        .collect()
}

/// Draws everything.
pub(crate) fn draw(state: &State, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    drawn.targets.clear();
    drawn.cursor = None;
    drawn.view = state.shared.view;
    if state.overlay.is_none() {
        drawn.view.menu = Default::default();
    }
    let look = Look {
        shared: &state.shared,
        theme: Theme::new(&state.shared.theme),
        view: match state.screen() {
            Some(Screen::Search(_)) => Everywhere::ViewSearch,
            Some(Screen::Storage(_)) => Everywhere::ViewStorage,
            _ => Everywhere::ViewTape,
        },
    };
    if area.width < MIN_TERMINAL_CELLS.0 || area.height < MIN_TERMINAL_CELLS.1 {
        let words = format!(
            "muxtape needs {}x{}",
            MIN_TERMINAL_CELLS.0, MIN_TERMINAL_CELLS.1
        );
        line(&Line::raw(words), area, 0, buf);
        return;
    }
    let [body, foot] = split_bottom(area, 1);
    if let Some(screen) = state.screen() {
        screens::draw(screen, &look, body, buf, drawn);
        let context = match &state.overlay {
            Some(overlay) => overlay.context(),
            None => screen.context(),
        };
        if let Some(overlay) = &state.overlay {
            overlays::draw(overlay, &look, body, buf, drawn);
        }
        footer(state, &look, context, foot, buf, drawn);
    }
}

/// The first line of most screens: the name, the views, the recorder. What is left below it.
pub(crate) fn header(look: &Look<'_>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) -> Rect {
    let [top, rest] = split_top(area, 1);
    let mut right = recorder(look);
    right.push(look.span(Role::Dim, "  ?:keys "));
    let right = Line::from(right);
    let width = u16::try_from(right.width()).unwrap_or(0);
    line(&right, top, top.width.saturating_sub(width), buf);
    let keys = Rect::new(top.right().saturating_sub(8), top.y, 8, 1);
    drawn.target(keys.intersection(top), HELP);
    let room = top.width.saturating_sub(width + 2);
    line(&Line::from(look.span(Role::Title, " muxtape")), top, 0, buf);
    let mut x = 10;
    for (key, name, action) in [
        ("1", "Tape", Everywhere::ViewTape),
        ("2", "Search", Everywhere::ViewSearch),
        ("3", "Storage", Everywhere::ViewStorage),
    ] {
        let width = u16::try_from(key.len() + name.len() + 3).unwrap_or(0);
        if x + width > room {
            break;
        }
        let role = if look.view == action {
            Role::Marker
        } else {
            Role::Text
        };
        let words = vec![
            look.span(Role::Key, format!(" {key} ")),
            look.span(role, format!("{name} ")),
        ];
        line(&Line::from(words), top, x, buf);
        let place = Rect::new(top.x + x, top.y, width, 1);
        drawn.target(
            place.intersection(top),
            MouseTarget::Action(Action::Everywhere(action)),
        );
        x += width;
    }
    rest
}

/// What is true of the recorder.
fn recorder(look: &Look<'_>) -> Vec<Span<'static>> {
    let shown = light(&look.shared.recorder, look.shared.now);
    let Some(Light { lamp, words }) = shown else {
        return Vec::new();
    };
    let words = match lamp {
        Lamp::On => look.span(Role::Text, words),
        Lamp::Off => look.span(Role::Dim, words),
        Lamp::Alarm => look.span(Role::Error, words),
    };
    vec![sign(look, lamp), Span::raw(" "), words]
}

/// The same where there is hardly any room: what is wrong in full, all else as its sign behind
/// `beside`.
pub(crate) fn short_recorder(look: &Look<'_>, beside: Vec<Span<'static>>) -> Vec<Span<'static>> {
    match light(&look.shared.recorder, look.shared.now) {
        None => beside,
        Some(Light {
            lamp: Lamp::Alarm, ..
        }) => recorder(look),
        Some(Light { lamp, .. }) => [beside, vec![Span::raw(" "), sign(look, lamp)]].concat(),
    }
}

fn sign(look: &Look<'_>, lamp: Lamp) -> Span<'static> {
    match lamp {
        Lamp::On => look.span(Role::Good, "●"),
        Lamp::Off => look.span(Role::Dim, "○"),
        Lamp::Alarm => look.span(Role::Error, "!"),
    }
}

/// The last line: what there is to read, or else the keys of the place.
fn footer(
    state: &State,
    look: &Look<'_>,
    context: Context,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    if let Some(notice) = &state.shared.notice {
        let role = if notice.bad {
            Role::Error
        } else {
            Role::Strong
        };
        let sign = if notice.bad { " ! " } else { " " };
        let words = look.span(role, format!("{sign}{}", notice.text));
        line(&Line::from(words), area, 0, buf);
        return;
    }
    let mut x = 1;
    if let Some(count) = state.count {
        let words = look.span(Role::Marker, format!("{count} "));
        let width = u16::try_from(words.width()).unwrap_or(0);
        line(&Line::from(words), area, x, buf);
        x += width;
    }
    let screen = state.screen().filter(|_| state.overlay.is_none());
    let offered = |binding: &&Binding| match (screen, binding.action()) {
        (Some(screen), Some(action)) => screen.offers(action, &state.shared),
        _ => true,
    };
    for binding in state.shared.keys.hints(context).filter(offered) {
        let keys = look.span(Role::Key, binding.hint_keys());
        let label = look.span(Role::Dim, format!(" {}", binding.hint));
        let hint = Line::from(vec![keys, label]);
        let width = u16::try_from(hint.width()).unwrap_or(u16::MAX);
        if x.saturating_add(width) > area.width {
            continue;
        }
        line(&hint, area, x, buf);
        if let Some(action) = binding.action() {
            let place = Rect::new(area.x + x, area.y, width, 1);
            drawn.target(place, MouseTarget::Action(action));
        }
        x += width + 2;
    }
}

/// Draws one line of text at a column of an area's first row; never beyond the area.
pub(crate) fn line(text: &Line<'_>, area: Rect, column: u16, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if column < area.width && area.height > 0 {
        buf.set_line(area.x + column, area.y, text, area.width - column);
    }
}

/// Draws one line of text in each row of an area, as many as fit.
pub(crate) fn lines(texts: &[Line<'_>], area: Rect, buf: &mut Buffer) {
    for (place, text) in area.rows().zip(texts) {
        line(text, place, 0, buf);
    }
}

/// The upper `rows` of an area, and the rest.
pub(crate) fn split_top(area: Rect, rows: u16) -> [Rect; 2] {
    let rows = rows.min(area.height);
    [
        Rect {
            height: rows,
            ..area
        },
        Rect {
            y: area.y + rows,
            height: area.height - rows,
            ..area
        },
    ]
}

/// The left `columns` of an area, and the rest.
pub(crate) fn split_left(area: Rect, columns: u16) -> [Rect; 2] {
    let columns = columns.min(area.width);
    [
        Rect {
            width: columns,
            ..area
        },
        Rect {
            x: area.x + columns,
            width: area.width - columns,
            ..area
        },
    ]
}

/// The part above the lower `rows` of an area, and those.
pub(crate) fn split_bottom(area: Rect, rows: u16) -> [Rect; 2] {
    split_top(area, area.height.saturating_sub(rows))
}
