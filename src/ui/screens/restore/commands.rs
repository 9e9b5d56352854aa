//! The exact commands, or why a row is as it is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::msg::Preview;
use crate::app::screens::restore::{Panel, Restore};
use crate::ui::draw::{Drawn, Look};
use crate::ui::theme::Role;
use crate::ui::widgets::text::{put, start, width};

/// Draws them.
pub(super) fn commands(
    screen: &Restore,
    preview: &Preview,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let place = screen
        .item()
        .map_or_else(String::new, |item| item.target.to_string());
    let (title, note) = match screen.panel {
        Panel::Commands => (
            format!("Exact commands · {place}"),
            format!("c: all {}", preview.plan.steps.len()),
        ),
        Panel::Why => (format!("Why · {place}"), "Enter: commands".to_owned()),
        Panel::All => (
            format!("All commands · {}", preview.plan.steps.len()),
            "c: back".to_owned(),
        ),
    };
    let inside = look.frame(&title, &note).draw(area, buf);
    let lines = screen.commands();
    let mut y = inside.y;
    for line in lines.iter().skip(screen.scrolled.at()) {
        let comment = line.starts_with('#');
        let style = look.style(if comment { Role::Warning } else { Role::Text });
        for part in wrapped(line, inside.width.saturating_sub(2)) {
            put(buf, inside, inside.x + 1, y, &part, style);
            y = y.saturating_add(1);
        }
        if y >= inside.bottom() {
            break;
        }
    }
    if lines.is_empty() {
        let words = "Nothing is done for this one by itself";
        put(
            buf,
            inside,
            inside.x + 1,
            inside.y,
            words,
            look.style(Role::Dim),
        );
    }
    drawn.text(screen.scrolled.at(), inside.height, area);
}

/// A command on as many lines as it needs, broken between its words as a shell allows: with a
/// backslash at the end.
pub(super) fn wrapped(line: &str, room: u16) -> Vec<String> {
    const INDENT: &str = "     ";
    let (comment, mut lines, mut rest) = (line.starts_with('#'), Vec::new(), line);
    loop {
        let indent = if lines.is_empty() { "" } else { INDENT };
        let free = room.saturating_sub(width(indent));
        if width(rest) <= free || free < 8 {
            lines.push(format!("{indent}{rest}"));
            return lines;
        }
        let fits = start(rest, free.saturating_sub(2));
        let at = breaks(fits, comment).unwrap_or(fits.len());
        let (now, later) = rest.split_at_checked(at).unwrap_or((rest, ""));
        if now.is_empty() {
            lines.push(format!("{indent}{rest}"));
            return lines;
        }
        let (end, indent) = match (comment, lines.is_empty()) {
            (true, true) => ("", ""),
            (true, false) => ("", "# "),
            // Not between two words: the line goes on as it is.
            (false, _) if at == fits.len() => ("", indent),
            (false, _) => (" \\", indent),
        };
        lines.push(format!("{indent}{}{end}", now.trim_end()));
        rest = later.trim_start();
        if comment && width(rest) + 2 <= room {
            lines.push(format!("# {rest}"));
            return lines;
        }
    }
}

/// The last blank of a text that is not inside quotes.
fn breaks(text: &str, comment: bool) -> Option<usize> {
    let (mut quote, mut found, mut escaped) = (None, None, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote != Some('\'') => escaped = true,
            '\'' | '"' if !comment && quote.is_none() => quote = Some(c),
            _ if quote == Some(c) => quote = None,
            ' ' if quote.is_none() && at > 0 => found = Some(at),
            _ => {}
        }
    }
    found
}
