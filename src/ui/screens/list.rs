//! A row of the tape's list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::library::Entry;
use crate::app::rows::Row;
use crate::app::words;
use crate::model::ansi::label;
use crate::model::snapshot::{Cause, ChangeCount, EndCause};
use crate::ui::draw::{Look, line};
use crate::ui::theme::Role;
use crate::ui::widgets::text::{exactly, width};

/// Draws a row over one line.
pub(super) fn row(look: &Look<'_>, row: &Row, chosen: bool, area: Rect, buf: &mut Buffer) {
    match row {
        Row::Day {
            day, count, open, ..
        } => {
            let (start, _) = look.shared.day_bounds(*day);
            let (name, date) = words::day_parts(start, look.shared.now, &look.shared.zone);
            let sign = if *open { "▾" } else { "▸" };
            let count = words::number(*count);
            let left = vec![
                look.span(Role::Strong, format!("{sign} {name}")),
                look.span(Role::Dim, format!("  {date}")),
            ];
            ends(
                &left,
                &[look.span(Role::Dim, format!("{count} "))],
                area,
                buf,
            );
        }
        Row::Entry(at) => {
            if let Some(entry) = look.shared.library.entries().get(*at) {
                snapshot(look, entry, chosen, area, buf);
            }
        }
        Row::Unchanged { count, .. } => {
            let words = look.span(
                Role::Dim,
                format!("  ⋯ {} unchanged", words::number(*count)),
            );
            line(&Line::from(words), area, 0, buf);
        }
        Row::End { time, cause, .. } => {
            let time = words::clock(*time, &look.shared.zone);
            let (sign, what, role) = match cause {
                Some(EndCause::Reboot) => ("✖", "rebooted", Role::Died),
                Some(EndCause::ServerGone) => ("✖", "server died", Role::Died),
                Some(EndCause::Closed) => ("○", "server closed", Role::Dim),
                None => ("✖", "server ended", Role::Died),
            };
            let spans = vec![
                look.span(Role::Dim, format!("  {time} ")),
                look.span(role, format!("{sign} {what}")),
            ];
            line(&Line::from(spans), area, 0, buf);
        }
        Row::Gap { length, .. } => {
            let words = format!("  ┄ not recording {}", words::age(*length));
            line(&Line::from(look.span(Role::Dim, words)), area, 0, buf);
        }
    }
    if chosen {
        buf.set_style(area, look.style(Role::Selected));
    }
}

/// `▌ 14:31:52 · api      +1 ~2         ▆`
fn snapshot(look: &Look<'_>, entry: &Entry, chosen: bool, area: Rect, buf: &mut Buffer) {
    let shared = look.shared;
    let (sign, role) = sign(entry);
    let mark = match (shared.mark == Some(entry.id), chosen) {
        (true, _) => "A ",
        (false, true) => "▌ ",
        (false, false) => "  ",
    };
    let time = words::clock(entry.time, &shared.zone);
    let left = vec![
        look.span(Role::Marker, mark),
        look.span(Role::Text, format!("{time} ")),
        look.span(role, format!("{sign} ")),
    ];
    let what = about(entry);
    let bar = [
        Span::raw("  "),
        look.span(Role::Bar, bar(entry.changes.total())),
        Span::raw(" "),
    ];
    let mut right = signs(look, entry.changes);
    right.extend(bar.clone());
    let room_beside = |right: &[Span<'_>]| {
        let taken: usize = left.iter().chain(right).map(Span::width).sum();
        let taken = u16::try_from(taken).unwrap_or(u16::MAX);
        area.width.saturating_sub(taken).saturating_sub(1)
    };
    // A name that somebody gave says more than numbers.
    if entry.is_marked() && width(&what) > room_beside(&right) {
        right = bar.to_vec();
    }
    let what = exactly(&what, room_beside(&right));
    let style = if entry.is_marked() {
        look.style(Role::Named)
    } else {
        Style::new()
    };
    let mut all = left;
    all.push(Span::styled(what, style));
    ends(&all, &right, area, buf);
}

/// The sign of a snapshot, and its look.
pub(super) fn sign(entry: &Entry) -> (&'static str, Role) {
    if entry.is_marked() {
        return ("⚑", Role::Named);
    }
    match entry.cause {
        Cause::Manual => ("●", Role::Good),
        Cause::UndoPoint => ("↺", Role::Undo),
        Cause::Import => ("↧", Role::Undo),
        Cause::Auto | Cause::Event => ("·", Role::Dim),
    }
}

/// What a snapshot is called in the list: its name, its tags, why it was made, or what changed.
pub(super) fn about(entry: &Entry) -> String {
    if let Some(name) = &entry.name {
        return name.to_string();
    }
    if !entry.tags.is_empty() {
        return entry.tags.join(", ");
    }
    if entry.cause == Cause::UndoPoint {
        return "undo point".to_owned();
    }
    let touched: Vec<String> = entry.touched().map(|name| label(name)).collect();
    let what = match touched.len() {
        0 if entry.changes.removed > 0 => "closed".to_owned(),
        // Of another server, say, whose sessions are called the same.
        0 if entry.changes.total() > 0 => "changed".to_owned(),
        0 => "unchanged".to_owned(),
        all if all > 1 && all == entry.sessions.len() => "all".to_owned(),
        _ => touched.join(", "),
    };
    match entry.cause {
        // Its sign says already that it was made by hand.
        Cause::Manual if touched.is_empty() => "manual".to_owned(),
        _ if entry.pinned => format!("pinned, {what}"),
        _ => what,
    }
}

/// `+1 -2 ~3`, without what is zero.
pub(super) fn signs(look: &Look<'_>, count: ChangeCount) -> Vec<Span<'static>> {
    let parts = [
        (Role::Added, '+', count.added),
        (Role::Removed, '-', count.removed),
        (Role::Changed, '~', count.changed),
    ];
    let mut spans = Vec::new();
    for (role, sign, count) in parts.into_iter().filter(|(_, _, count)| *count > 0) {
        if !spans.is_empty() {
            spans.push(Span::raw(" "));
        }
        spans.push(look.span(role, format!("{sign}{count}")));
    }
    spans
}

/// A bar for how much changed: the first steps are small changes, the full bar is a dozen.
fn bar(changes: u32) -> &'static str {
    match changes {
        0 => " ",
        1 => "▁",
        2 => "▂",
        3 => "▃",
        4..=5 => "▄",
        6..=7 => "▅",
        8..=9 => "▆",
        10..=11 => "▇",
        _ => "█",
    }
}

/// Draws one part at the left, one at the right edge.
fn ends(left: &[Span<'static>], right: &[Span<'static>], area: Rect, buf: &mut Buffer) {
    line(&Line::from(left.to_vec()), area, 0, buf);
    let right = Line::from(right.to_vec());
    let taken = u16::try_from(right.width()).unwrap_or(0);
    line(&right, area, area.width.saturating_sub(taken), buf);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::rig::meta;
    use crate::app::samples::NOW;

    #[test]
    fn a_snapshot_with_changes_is_not_called_unchanged() {
        let one = |changes| {
            let mut library = crate::app::library::Library::default();
            library.append(&[meta(NOW, changes, &[])], false);
            let mut entry = library.entries()[0].clone();
            entry.touched = Box::default();
            about(&entry)
        };
        assert_eq!(one((0, 0, 0)), "unchanged");
        assert_eq!(one((1, 0, 0)), "changed");
    }

    #[test]
    fn bars_never_shrink() {
        let steps = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
        let mut last = 0;
        for changes in 1..40 {
            let at = steps.iter().position(|step| *step == bar(changes)).unwrap();
            assert!(at >= last);
            last = at;
        }
        assert_eq!(bar(0), " ");
    }
}
