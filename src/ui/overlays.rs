//! What stands before a screen: help, the palette, prompts, questions.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use crate::app::keys::{Binding, Context};
use crate::app::overlay::{Asking, Confirm, Menu, Overlay, Prompt};
use crate::model::ansi::label;

use super::draw::{Drawn, Look, line, split_top};
use super::theme::Role;
use super::widgets::dialog::Dialog;
use super::widgets::text::{broken, exactly};

/// Columns of a question, where there are as many.
const QUESTION: u16 = 62;
/// Columns of the keys in a list of bindings.
const KEYS: u16 = 11;

/// Draws it over the screen.
pub(crate) fn draw(
    overlay: &Overlay,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    // What lies under it cannot be met by the mouse.
    drawn.targets.clear();
    match overlay {
        Overlay::Help(menu) => help(menu, look, area, buf, drawn),
        Overlay::Palette(menu) => palette(menu, look, area, buf, drawn),
        Overlay::Prompt(prompt) => ask(prompt, look, area, buf, drawn),
        Overlay::Copy => copy(look, area, buf),
        Overlay::Confirm(question) => confirm(question, look, area, buf),
    }
}

fn middle(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}

fn row(area: Rect, at: u16) -> Rect {
    Rect {
        y: area.y.saturating_add(at),
        height: u16::from(at < area.height),
        ..area
    }
}

/// `> restore█`
fn typed(
    input: &tui_input::Input,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let room = usize::from(area.width.saturating_sub(4));
    let scroll = input.visual_scroll(room);
    let shown: String = input.value().chars().skip(scroll).collect();
    let words = vec![look.span(Role::Key, " > "), look.span(Role::Text, shown)];
    line(&Line::from(words), area, 0, buf);
    let column = input.visual_cursor().saturating_sub(scroll);
    let column = u16::try_from(column).unwrap_or(0) + 3;
    if area.height > 0 && column < area.width {
        drawn.cursor = Some(Position::new(area.x + column, area.y));
    }
}

fn entry(look: &Look<'_>, binding: &Binding, width: u16) -> Line<'static> {
    let keys = exactly(&binding.help_keys(), KEYS.saturating_sub(2));
    Line::from(vec![
        look.span(Role::Key, format!(" {keys} ")),
        look.span(
            Role::Text,
            exactly(binding.help, width.saturating_sub(KEYS)),
        ),
    ])
}

/// Two columns where there is room: what holds here, what holds everywhere.
fn help(menu: &Menu, look: &Look<'_>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let entries = menu.entries(&look.shared.keys);
    let here = entries
        .iter()
        .filter(|binding| binding.context == menu.context)
        .count();
    let two = area.width >= 76 && here > 0 && here < entries.len();
    let longer = if two {
        here.max(entries.len() - here)
    } else {
        entries.len()
    };
    let height = u16::try_from(longer).unwrap_or(u16::MAX).saturating_add(6);
    let place = middle(
        area,
        86.min(area.width.saturating_sub(2)),
        height.min(area.height.saturating_sub(1)),
    );
    let title = format!("Keys · {}", menu.context.title());
    // Nothing shows through: help is read, not looked past.
    Clear.render(area, buf);
    let inside = look
        .frame_of(&title, "type to filter", true)
        .draw(place, buf);
    typed(&menu.filter, look, row(inside, 0), buf, drawn);
    let body = Rect {
        y: inside.y.saturating_add(2).min(inside.bottom()),
        height: inside.height.saturating_sub(2),
        ..inside
    };
    if entries.is_empty() {
        let words = look.span(Role::Dim, " No key does that");
        return line(&Line::from(words), body, 0, buf);
    }
    if !two {
        return column((0, 0), &entries, menu.chosen.at(), look, body, buf, drawn);
    }
    let half = (body.width / 2).max(40).min(body.width);
    let left = Rect {
        width: half,
        ..body
    };
    let right = Rect {
        x: body.x + half,
        width: body.width - half,
        ..body
    };
    for (area, title) in [(left, "Here"), (right, "Everywhere")] {
        line(
            &Line::from(look.span(Role::Strong, format!(" {title}"))),
            area,
            0,
            buf,
        );
    }
    let below = |area: Rect| Rect {
        y: area.y + u16::from(area.height > 0),
        height: area.height.saturating_sub(1),
        ..area
    };
    let (own, others) = entries.split_at(here.min(entries.len()));
    column((0, 0), own, menu.chosen.at(), look, below(left), buf, drawn);
    column(
        (1, here),
        others,
        menu.chosen.at(),
        look,
        below(right),
        buf,
        drawn,
    );
}

/// A column of bindings; `base` is the place of its first one among all.
fn column(
    (at, base): (usize, usize),
    entries: &[&Binding],
    chosen: usize,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let own = chosen.checked_sub(base).filter(|at| *at < entries.len());
    for (row, place) in drawn.menu(at, base, own, entries.len(), area) {
        if let Some(binding) = entries.get(row) {
            line(&entry(look, binding, area.width), place, 0, buf);
        }
        if own == Some(row) {
            buf.set_style(place, look.style(Role::Selected));
        }
    }
}

fn palette(menu: &Menu, look: &Look<'_>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let entries = menu.entries(&look.shared.keys);
    let place = middle(area, 60, 18.min(area.height.saturating_sub(2)));
    let inside = look
        .frame_of("Commands", menu.context.title(), true)
        .draw(place, buf);
    typed(&menu.filter, look, row(inside, 0), buf, drawn);
    let body = Rect {
        y: inside.y.saturating_add(2).min(inside.bottom()),
        height: inside.height.saturating_sub(2),
        ..inside
    };
    if entries.is_empty() {
        line(
            &Line::from(look.span(Role::Dim, " Nothing is called that")),
            body,
            0,
            buf,
        );
    }
    column((0, 0), &entries, menu.chosen.at(), look, body, buf, drawn);
}

fn ask(prompt: &Prompt, look: &Look<'_>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let name: String;
    let (title, hint) = match &prompt.asking {
        Asking::Name(names) => {
            let first = names.first().map(|name| label(name)).unwrap_or_default();
            name = format!("type {first} to close it");
            ("Replace a living session", name.as_str())
        }
        Asking::Moment => ("Go to a time", "2h · 14:30 · yesterday · 2026-11-20"),
        Asking::Tag(_) => ("Add a tag", "-name takes a tag away"),
        Asking::Session(_) => ("List one session", "type to choose"),
    };
    let proposals = prompt.proposals();
    let rows = u16::try_from(proposals.len()).unwrap_or(u16::MAX).min(10);
    let place = middle(area, 54, rows.saturating_add(5));
    let inside = look.frame_of(title, "", true).draw(place, buf);
    typed(&prompt.input, look, row(inside, 0), buf, drawn);
    let below = match &prompt.problem {
        Some(problem) => look.span(Role::Error, format!(" ! {problem}")),
        None => look.span(Role::Dim, format!(" {hint}")),
    };
    line(&Line::from(below), row(inside, 1), 0, buf);
    let [_, list] = split_top(inside, 2);
    for (at, place) in drawn.menu(0, 0, Some(prompt.chosen.at()), proposals.len(), list) {
        let name = proposals.get(at).copied().flatten();
        let words = name.map_or("all sessions".to_owned(), |name| label(name));
        line(&Line::from(format!("   {words}")), place, 0, buf);
        if at == prompt.chosen.at() {
            buf.set_style(place, look.style(Role::Selected));
        }
    }
}

/// The letters that say what to copy.
fn copy(look: &Look<'_>, area: Rect, buf: &mut Buffer) {
    let entries: Vec<&Binding> = look.shared.keys.of(Context::Copy).collect();
    let height = u16::try_from(entries.len())
        .unwrap_or(u16::MAX)
        .saturating_add(2);
    let inside = look
        .frame_of("Copy", "", true)
        .draw(middle(area, 44, height), buf);
    for (at, binding) in (0..inside.height).zip(entries) {
        line(&entry(look, binding, inside.width), row(inside, at), 0, buf);
    }
}

fn confirm(question: &Confirm, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
    let wide = QUESTION.min(area.width);
    let lines: Vec<Line<'_>> = question
        .body
        .iter()
        .flat_map(|text| broken(text, wide.saturating_sub(6)))
        .map(Line::raw)
        .collect();
    let choices = Line::from(vec![
        look.span(Role::Selected, "[ No ]"),
        Span::raw("      "),
        look.span(Role::Key, "y"),
        Span::raw(format!("  {}", question.yes)),
    ]);
    Dialog {
        title: &question.title,
        note: "",
        lines: &lines,
        choices,
        width: QUESTION,
        style: look.style(Role::FrameFocus),
    }
    .draw(area, buf, look.theme);
}
