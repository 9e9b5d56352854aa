//! A frame: the screen, the footer, and what stands before them; with the helpers that all screens
//! draw by.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::Screen;
use crate::app::input::Target;
use crate::app::keys::{self, Action, Context};
use crate::app::state::{RecorderStatus, Shared, State, View, Window};

use super::theme::{Role, Theme};
use super::widgets::frame::Frame;
use super::widgets::screen::Screens;
use super::widgets::tree::{self, Tree};
use super::{overlays, screens};

/// The smallest terminal in which the screens work.
pub(crate) const LEAST: (u16, u16) = (40, 12);

/// What drawing reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look<'a> {
    /// What all screens share.
    pub(crate) shared: &'a Shared,
    /// How it looks.
    pub(crate) theme: Theme,
    /// The view that is on, marked in the header.
    pub(crate) view: Action,
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
        Frame {
            title,
            note,
            line: self.style(Role::Frame),
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
    pub(crate) targets: Vec<(Rect, Target)>,
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
    pub(crate) fn target(&mut self, area: Rect, target: Target) {
        if !area.is_empty() {
            self.targets.push((area, target));
        }
    }

    /// Notes the rows of a tree that was drawn as the screen's list, for the mouse and for paging.
    pub(crate) fn list(&mut self, tree: &Tree<'_>, area: Rect) {
        for (at, line) in tree.seen(area) {
            self.target(line, Target::Row(at));
        }
        self.view.list = Window {
            first: tree::top(tree.selected.unwrap_or(0), tree.rows.len(), area.height),
            rows: usize::from(area.height),
        };
    }

    /// What is at a place.
    pub(crate) fn at(&self, place: Position) -> Option<(Rect, Target)> {
        self.targets
            .iter()
            .rev()
            .find(|(area, _)| area.contains(place))
            .copied()
    }
}

/// Draws everything.
pub(crate) fn draw(state: &State, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    drawn.targets.clear();
    drawn.cursor = None;
    drawn.view = state.shared.view;
    let look = Look {
        shared: &state.shared,
        theme: Theme::new(state.shared.theme),
        view: match state.screen() {
            Some(Screen::Search(_)) => Action::ViewSearch,
            Some(Screen::Storage(_)) => Action::ViewStorage,
            _ => Action::ViewTape,
        },
    };
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let words = format!("muxtape needs {}x{}", LEAST.0, LEAST.1);
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
    drawn.target(keys.intersection(top), Target::Action(Action::Help));
    let room = top.width.saturating_sub(width + 2);
    line(&Line::from(look.span(Role::Title, " muxtape")), top, 0, buf);
    let mut x = 10;
    for (key, name, action) in [
        ("1", "Tape", Action::ViewTape),
        ("2", "Search", Action::ViewSearch),
        ("3", "Storage", Action::ViewStorage),
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
        drawn.target(place.intersection(top), Target::Action(action));
        x += width;
    }
    rest
}

fn recorder(look: &Look<'_>) -> Vec<Span<'static>> {
    let now = look.shared.now;
    match &look.shared.recorder {
        RecorderStatus::Unknown => Vec::new(),
        RecorderStatus::Recording { seen } => vec![
            look.span(Role::Good, "● "),
            look.span(
                Role::Text,
                format!("rec {} ago", crate::app::words::age(now.since(*seen))),
            ),
        ],
        RecorderStatus::NoServer => vec![look.span(Role::Dim, "○ no server")],
        RecorderStatus::Other { pid: Some(pid) } => {
            vec![
                look.span(Role::Good, "● "),
                look.span(Role::Text, format!("rec by {pid}")),
            ]
        }
        RecorderStatus::Other { pid: None } => {
            vec![
                look.span(Role::Good, "● "),
                look.span(Role::Text, "rec by another"),
            ]
        }
        RecorderStatus::KeptAside => vec![look.span(Role::Error, "! kept aside")],
        RecorderStatus::Failed(_) => vec![look.span(Role::Error, "! not recording")],
        RecorderStatus::Off => vec![look.span(Role::Dim, "○ not recording")],
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
    let offered = |binding: &&'static keys::Binding| match (screen, binding.action()) {
        (Some(screen), Some(action)) => screen.offers(action, &state.shared),
        _ => true,
    };
    for binding in keys::hints(context).filter(offered) {
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
            drawn.target(place, Target::Action(action));
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
