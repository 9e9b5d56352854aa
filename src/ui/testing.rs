//! Drawing into memory, for tests: the text of the screen, and beside it which cells have which
//! look.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use crate::app::State;
pub(crate) use crate::app::rig::shared;
use crate::app::theme::Theme;
use crate::config::ThemeName;

/// The theme that is not coloured by settings.
pub(crate) fn dark() -> Theme {
    Theme::built_in(ThemeName::Dark)
}

/// Draws a state at a size, and takes over what was drawn where, as the event loop does.
pub(crate) fn render(state: &mut State, width: u16, height: u16) -> String {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    let mut drawn = super::draw::Drawn::default();
    super::draw::draw(state, area, &mut buffer, &mut drawn);
    state.shared.view = drawn.view;
    show(&buffer)
}

/// The text of a buffer, then a map of its looks: one letter a cell, `.` where nothing is special.
pub(crate) fn show(buffer: &Buffer) -> String {
    let mut letters: BTreeMap<String, char> = BTreeMap::new();
    let (mut text, mut map) = (String::new(), String::new());
    for y in buffer.area.top()..buffer.area.bottom() {
        let (mut row, mut looks) = (String::new(), String::new());
        let mut skip = 0;
        for x in buffer.area.left()..buffer.area.right() {
            let cell = &buffer[(x, y)];
            if skip == 0 {
                row.push_str(cell.symbol());
                skip = unicode_width::UnicodeWidthStr::width(cell.symbol());
            }
            skip = skip.saturating_sub(1);
            let look = words(cell.style());
            let next = char::from(b'A' + u8::try_from(letters.len() % 58).unwrap_or(0));
            looks.push(if look.is_empty() {
                '.'
            } else {
                *letters.entry(look).or_insert(next)
            });
        }
        text.push_str(row.trim_end());
        text.push('\n');
        map.push_str(looks.trim_end_matches('.'));
        map.push('\n');
    }
    let mut legend: Vec<(char, String)> = letters.into_iter().map(|(l, c)| (c, l)).collect();
    legend.sort();
    let legend: Vec<String> = legend.iter().map(|(c, l)| format!("{c} = {l}")).collect();
    format!("{text}\n{map}\n{}\n", legend.join("\n"))
}

fn words(style: Style) -> String {
    let mut words = Vec::new();
    for (name, colour) in [("on", style.bg), ("in", style.fg)] {
        if let Some(colour) = colour.filter(|colour| *colour != Color::Reset) {
            words.push(format!("{name} {colour}"));
        }
    }
    if style.add_modifier != Modifier::empty() {
        words.push(format!("{:?}", style.add_modifier));
    }
    words.join(" ")
}
