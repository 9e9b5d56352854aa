//! The sessions, the rules that hid something, the snapshots that would go.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::figures::Figures;
use crate::app::keys::Action;
use crate::app::keys::action::StorageAction;
use crate::app::list::Window;
use crate::app::mouse::MouseTarget;
use crate::app::screens::storage::Listed;
use crate::app::upkeep::Preview;
use crate::app::words;
use crate::model::ansi::label;
use crate::store::{KeepReason, Verdict};
use crate::ui::draw::{Drawn, Look, line, lines, split_bottom, split_top, visible};
use crate::ui::theme::Role;
use crate::ui::widgets::spark::bar;
use crate::ui::widgets::text::{exactly, fit, width};

/// Each session: how much text it has, and in how many snapshots it is.
pub(super) fn sessions(
    look: &Look<'_>,
    figures: &Figures,
    first: usize,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let rows = usize::from(area.height.saturating_sub(2));
    let all = figures.sessions.len();
    let foot = if all > rows {
        let last = (first + rows).min(all);
        format!("{}–{last} of {all}", first + 1)
    } else {
        "raw text, newest snapshot".to_owned()
    };
    let inside = super::frame_with_foot(look, "By session", &foot).draw(area, buf);
    drawn.view.list = Window { first, rows };
    drawn.target(inside, MouseTarget::List);
    let names = figures.sessions.iter().skip(first).take(rows);
    let names = names.map(|session| width(&label(&session.name))).max();
    let names = names.unwrap_or(0).min(inside.width / 3).max(4);
    let counts = if inside.width >= 44 { 12 } else { 0 };
    let room = inside.width.saturating_sub(names + counts + 14);
    let most = figures.sessions.iter().map(|one| one.bytes).max();
    for (place, session) in inside.rows().zip(figures.sessions.iter().skip(first)) {
        let name = exactly(&label(&session.name), names);
        let gone = session.bytes == 0;
        let size = if gone {
            "—".to_owned()
        } else {
            words::bytes(session.bytes)
        };
        let filled = bar(session.bytes, most.unwrap_or(0), room);
        let role = if gone { Role::Dim } else { Role::Text };
        let mut spans = vec![
            look.span(role, format!(" {name} ")),
            look.span(Role::Bar, exactly(&filled, room)),
            look.span(role, format!("{size:>11}")),
        ];
        if counts > 0 {
            let count = usize::try_from(session.snapshots).unwrap_or(usize::MAX);
            spans.push(look.span(Role::Dim, format!("  in {}", words::number(count))));
        }
        line(&Line::from(spans), place, 0, buf);
    }
}

/// Each rule: how often it hid something in the newest snapshot, and in how many snapshots it did.
pub(super) fn rules(
    look: &Look<'_>,
    figures: &Figures,
    chosen: Option<usize>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let rules = &figures.stats.redactions;
    let foot = match chosen {
        Some(chosen) => format!("{} of {}", chosen + 1, rules.len()),
        None => String::new(),
    };
    let inside = super::frame_with_foot(look, "Secrets hidden", &foot).draw(area, buf);
    if chosen.is_none() && !rules.is_empty() {
        drawn.target(
            inside,
            MouseTarget::Action(Action::Storage(StorageAction::Secrets)),
        );
    }
    if rules.is_empty() {
        let words = look.span(Role::Dim, " No rule has found a secret.");
        return line(&Line::from(words), inside, 0, buf);
    }
    let note = " What stays on a screen is in every snapshot of it.";
    let [inside, explain] = match inside.height > 6 && inside.width >= width(note) {
        true => split_bottom(inside, 1),
        false => [inside, Rect::default()],
    };
    line(&Line::from(look.span(Role::Dim, note)), explain, 0, buf);
    let (columns, now, all) = match inside.width >= 44 {
        true => ([11, 14], "places now", "in snapshots"),
        false => ([5, 8], "now", "in"),
    };
    let [first, second] = columns.map(usize::from);
    let names = inside
        .width
        .saturating_sub(columns.iter().sum::<u16>() + 4)
        .min(34);
    let [head, list] = split_top(inside, 1);
    let title = format!(" {} {now:>first$} {all:>second$}", exactly("rule", names));
    line(&Line::from(look.span(Role::Dim, title)), head, 0, buf);
    // In short, the list is only looked at.
    let seen = match chosen {
        Some(_) => drawn.list(chosen, rules.len(), list, 1),
        None => visible(&mut Window::default(), None, rules.len(), list, 1),
    };
    for (at, place) in seen {
        let Some(rule) = rules.get(at) else { continue };
        let number = |count: u64| words::number(usize::try_from(count).unwrap_or(usize::MAX));
        let newest = match rule.newest {
            0 => "–".to_owned(),
            count => number(count.into()),
        };
        let spans = [
            look.span(Role::Text, format!(" {} ", exactly(&rule.rule, names))),
            look.span(Role::Text, format!("{newest:>first$} ")),
            look.span(Role::Dim, format!("{:>second$}", number(rule.snapshots))),
        ];
        pick(look, &spans, chosen == Some(at), place, buf);
    }
}

/// Each snapshot that would go, or all of them, with the reasons.
pub(super) fn prune(
    look: &Look<'_>,
    preview: &Preview,
    listed: &Listed,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let going = words::number(preview.going.len());
    let staying = words::number(preview.staying());
    let note = format!("remove {going} · keep {staying}");
    let trash = preview.plan.trash.len();
    let mut foot = String::new();
    if trash > 0 {
        foot = format!(
            "and {} out of the trash",
            words::count(trash as u64, "snapshot")
        );
    }
    if preview.plan.more {
        foot.push_str(if foot.is_empty() {
            "more in the next run"
        } else {
            "; more in the next run"
        });
    }
    let title = match area.width >= 60 {
        true => "Prune preview · nothing has been removed",
        false => "Prune preview · nothing removed",
    };
    let frame = crate::ui::widgets::frame::Frame {
        foot: &foot,
        ..look.frame(title, &note)
    };
    let inside = frame.draw(area, buf);
    if listed.shown.is_empty() {
        let said = look.span(Role::Good, " ✓ Nothing is beyond what is to be kept.");
        let hint = vec![
            look.span(Role::Key, " a "),
            look.span(Role::Dim, "lists what stays, and why"),
        ];
        return lines(&[Line::from(said), Line::from(hint)], inside, buf);
    }
    let chosen = listed.chosen.at();
    for (at, place) in drawn.list(Some(chosen), listed.shown.len(), inside, 1) {
        if let Some(of) = listed.shown.get(at) {
            let spans = snapshot(look, preview, *of, inside.width);
            pick(look, &spans, at == chosen, place, buf);
        }
    }
}

/// The newest snapshots that would go, as many as there is room for.
pub(super) fn going(
    look: &Look<'_>,
    preview: &Preview,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let rows = usize::from(area.height.saturating_sub(2));
    let all = preview.going.len();
    let foot = match all.saturating_sub(rows) {
        0 => String::new(),
        more => format!("{} more: P", words::number(more)),
    };
    let inside = super::frame_with_foot(look, "Would be removed", &foot).draw(area, buf);
    drawn.target(
        inside,
        MouseTarget::Action(Action::Storage(StorageAction::PrunePreview)),
    );
    if all == 0 {
        let words = look.span(Role::Good, " ✓ Nothing is beyond what is to be kept.");
        line(&Line::from(words), inside, 0, buf);
    }
    for (place, at) in inside.rows().zip(&preview.going) {
        let spans = snapshot(look, preview, *at, inside.width);
        line(&Line::from(spans), place, 0, buf);
    }
}

/// `- Mon 19 Oct 14:02:41  api, web      beyond the counts`
fn snapshot(look: &Look<'_>, preview: &Preview, place: usize, width: u16) -> Vec<Span<'static>> {
    let Some((id, verdict)) = preview.plan.snapshots.get(place) else {
        return Vec::new();
    };
    let id = *id;
    let shared = look.shared;
    let entry = shared.library.entry(id);
    let time = entry.map_or_else(|| id.moment(), |entry| entry.time);
    let day = words::day(time, shared.now, &shared.zone);
    let clock = words::clock(time, &shared.zone);
    let what = entry.map_or_else(|| id.short(), super::super::list::about);
    let (sign, role, why) = match verdict {
        Verdict::Remove(reason) => ("-", Role::Removed, reason.to_string()),
        Verdict::Keep(reasons) => {
            let reasons: Vec<String> = reasons.iter().map(KeepReason::to_string).collect();
            (" ", Role::Dim, reasons.join(", "))
        }
    };
    // Where there is little room, why it goes matters more than what changed in it, and seconds.
    let narrow = width < 58;
    let (clock, columns) = match narrow {
        true => (clock.get(..5).unwrap_or(&clock), 16),
        false => (clock.as_str(), 20),
    };
    let when = exactly(&format!("{day} {clock}"), columns);
    let left = width.saturating_sub(columns + 4);
    let names = if narrow { 0 } else { (left * 2 / 5).min(30) };
    vec![
        look.span(role, format!(" {sign} ")),
        look.span(Role::Text, format!("{when} ")),
        look.span(Role::Text, exactly(&what, names)),
        look.span(
            Role::Dim,
            format!(" {}", fit(&why, left.saturating_sub(names + 1))),
        ),
    ]
}

/// Draws a row of a list, and marks it if it is the chosen one.
fn pick(look: &Look<'_>, spans: &[Span<'_>], chosen: bool, place: Rect, buf: &mut Buffer) {
    line(&Line::from(spans.to_vec()), place, 0, buf);
    if chosen {
        buf.set_style(place, look.style(Role::Selected));
    }
}
