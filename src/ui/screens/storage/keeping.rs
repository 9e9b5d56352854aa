//! What is kept and what would go.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::figures::Figures;
use crate::app::keys::action::StorageAction;
use crate::app::screens::storage::Storage;
use crate::app::upkeep::Preview;
use crate::app::words;
use crate::model::ansi::label;
use crate::model::time::Millis;
use crate::store::{Keep, KeepUndo, Retention};
use crate::ui::draw::{Drawn, Look, line};
use crate::ui::theme::Role;
use crate::ui::widgets::spark::bar;
use crate::ui::widgets::text::{exactly, fit, width};

use super::{Fact, WIDE, as_many, facts, split_left};

/// Rules for sessions that are told; the rest is in the settings.
const RULES: usize = 3;
const DAY_SECS: u64 = 24 * 60 * 60;

/// Rows that it needs, frame included.
pub(super) fn rows(screen: &Storage, look: &Look<'_>, wide: bool) -> u16 {
    let all = all(screen, look, (!wide).then_some(u16::MAX)).len();
    let kept = screen.preview().map_or(0, |preview| preview.kept.len());
    let most = if wide { all.max(kept) } else { all };
    u16::try_from(most).unwrap_or(u16::MAX).saturating_add(2)
}

/// Draws it; beside it why snapshots are kept, where there is room.
pub(super) fn draw(
    screen: &Storage,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let wide = area.width >= WIDE;
    let columns = if wide { area.width * 2 / 3 } else { area.width };
    let [left, right] = split_left(area, columns);
    let note = "the recorder prunes by itself";
    let inside = look.frame("Retention", note).draw(left, buf);
    let room = inside.width.saturating_sub(super::NAMES + 2);
    let all = all(screen, look, (!wide).then_some(room));
    facts(look, &all, inside, buf, drawn);
    if let Some(preview) = screen.preview().filter(|_| wide) {
        why(look, preview, right, buf);
    }
}

/// What matters most of it.
pub(super) fn short(screen: &Storage, look: &Look<'_>) -> Vec<Fact> {
    let Some(preview) = screen.preview() else {
        return Vec::new();
    };
    let would = if preview.is_idle() {
        look.span(Role::Dim, "nothing")
    } else {
        let going = words::count(preview.going.len() as u64, "snapshot");
        look.span(Role::Warning, going)
    };
    let mut short = vec![Fact::new("prune removes", vec![would]).does(StorageAction::PrunePreview)];
    short.extend(screen.figures().and_then(|figures| trash(look, figures)));
    short
}

/// All of it; `room` is what there is for the reasons, where they have no panel of their own.
fn all(screen: &Storage, look: &Look<'_>, room: Option<u16>) -> Vec<Fact> {
    let retention = look.shared.settings.retention.policy();
    let mut all = policy(look, retention);
    all.push(Fact::blank());
    match screen.preview() {
        Some(preview) => all.extend(pruning(look, preview, room)),
        None => all.push(Fact::new(
            "prune preview",
            vec![look.span(Role::Dim, "deciding…")],
        )),
    }
    all.extend(screen.figures().and_then(|figures| trash(look, figures)));
    all
}

/// The rules, in words.
fn policy(look: &Look<'_>, retention: &Retention) -> Vec<Fact> {
    let text = |words: String| vec![look.span(Role::Text, words)];
    let mut all = Vec::new();
    for (at, rule) in retention.rules.iter().take(RULES).enumerate() {
        let name = if at == 0 { "each session" } else { "" };
        let words = format!("{}: {}", label(rule.session.text()), keep(&rule.keep));
        all.push(Fact::new(name, text(words)));
    }
    let more = retention.rules.len().saturating_sub(RULES);
    if more > 0 {
        let words = format!("and {} more", words::count(more as u64, "rule"));
        all.push(Fact::new("", vec![look.span(Role::Dim, words)]));
    }
    let others = if all.is_empty() {
        "each session"
    } else {
        "each other one"
    };
    all.push(Fact::new(others, text(keep(&retention.other))));
    let KeepUndo { last, max_age } = retention.undo_points;
    let undo = keep(&Keep {
        last,
        max_age,
        ..Keep::NONE
    });
    all.push(Fact::new("undo points", text(undo)));
    let until = match retention.quota {
        Some(quota) if quota.chosen_too => "until quota",
        _ => "for ever",
    };
    let chosen = "what you made, named, tagged, pinned or archived";
    all.push(Fact::new(until, text(chosen.to_owned())));
    all
}

/// `the last 10 · 24 hourly · 30 daily · none older than 30 days`
fn keep(keep: &Keep) -> String {
    let mut parts = Vec::new();
    if keep.last > 0 {
        parts.push(format!("the last {}", keep.last));
    }
    for (count, unit) in [
        (keep.hourly, "hourly"),
        (keep.daily, "daily"),
        (keep.weekly, "weekly"),
        (keep.monthly, "monthly"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {unit}"));
        }
    }
    if let Some(age) = keep.max_age {
        let days = words::count(age.as_secs() / DAY_SECS, "day");
        parts.push(format!("none older than {days}"));
    }
    parts.join(" · ")
}

fn pruning(look: &Look<'_>, preview: &Preview, room: Option<u16>) -> Vec<Fact> {
    let staying = words::number(preview.staying());
    let would = if preview.going.is_empty() {
        vec![
            look.span(Role::Good, "✓ nothing to remove"),
            look.span(Role::Dim, format!("   keep {staying}")),
        ]
    } else {
        let bytes = words::bytes(preview.plan.bytes);
        let going = words::number(preview.going.len());
        vec![
            look.span(Role::Warning, format!("remove {going}")),
            look.span(Role::Text, format!("   keep {staying}")),
            look.span(Role::Dim, format!("   free up to {bytes}")),
        ]
    };
    let mut all = vec![Fact::new("prune preview", would).does(StorageAction::PrunePreview)];
    let kept = preview.kept.iter();
    let kept: Vec<String> = kept
        .map(|(reason, count)| format!("{reason} {}", words::number(*count)))
        .collect();
    if let Some(room) = room.filter(|_| !kept.is_empty()) {
        let kept = as_many(&kept, "   ", room);
        all.push(Fact::new("  why kept", vec![look.span(Role::Text, kept)]));
    }
    if preview.plan.spare > 0 {
        let spare = words::bytes(preview.plan.spare);
        let words = format!("{spare} of the file: C gives them back");
        all.push(
            Fact::new("  free", vec![look.span(Role::Text, words)]).does(StorageAction::Compact),
        );
    }
    all
}

/// `88 snapshots, none goes before 22 Oct`; nothing where it is empty.
fn trash(look: &Look<'_>, figures: &Figures) -> Option<Fact> {
    let trash = &figures.trash;
    let oldest = trash.oldest?;
    let mut spans = vec![look.span(Role::Text, words::count(trash.snapshots as u64, "snapshot"))];
    let age = look.shared.settings.retention.policy().trash;
    let until = match age {
        Some(age) => {
            let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
            let until = Millis(oldest.0.saturating_add(age));
            let day = look.shared.zoned(until).strftime("%-d %b").to_string();
            format!(", none goes before {day}")
        }
        None => ", until it is emptied".to_owned(),
    };
    spans.push(look.span(Role::Dim, until));
    let last = words::number(trash.last.len());
    spans.push(look.span(Role::Dim, format!("  (u brings {last} back)")));
    Some(Fact::new("  trash", spans))
}

/// Why snapshots stay, a bar for each reason.
fn why(look: &Look<'_>, preview: &Preview, area: Rect, buf: &mut Buffer) {
    let inside =
        super::frame_with_foot(look, "Why kept", "one can have several reasons").draw(area, buf);
    let names = preview.kept.iter().map(|(name, _)| width(name)).max();
    let names = names.unwrap_or(0).min(inside.width / 2);
    let room = inside.width.saturating_sub(names + 12);
    let whole = preview.staying() as u64;
    for (place, (name, count)) in inside.rows().zip(&preview.kept) {
        let filled = bar(*count as u64, whole, room);
        let words = vec![
            look.span(
                Role::Dim,
                format!(" {} ", exactly(&fit(name, names), names)),
            ),
            look.span(Role::Bar, filled),
            look.span(Role::Text, format!(" {}", words::number(*count))),
        ];
        line(&Line::from(words), place, 0, buf);
    }
}
