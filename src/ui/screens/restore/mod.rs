//! The restore preview: what would be done, before anything is done.

mod commands;
mod likeness;
mod plan;
#[cfg(test)]
mod tests;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::keys::Action;
use crate::app::keys::action::{PolicyPart, RestoreAction};
use crate::app::mouse::MouseTarget;
use crate::app::msg::Preview;
use crate::app::screens::restore::{Panel, Restore, server_words};
use crate::app::words;
use crate::app::words::plural;
use crate::restore::{Phase, Programs};
use crate::ui::draw::{self, Drawn, Look, split_bottom, split_top};
use crate::ui::theme::Role;
use crate::ui::widgets::dialog::Dialog;
use crate::ui::widgets::progress::Progress;
use crate::ui::widgets::text::put;

use commands::commands;
use likeness::likeness;
use plan::plan;

/// From this width on there is a drawing of what it will look like.
const BESIDE: u16 = 120;

/// Draws the screen.
pub(crate) fn draw(
    screen: &Restore,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let [top, rest] = split_top(area, 1);
    header(screen, look, top, buf, drawn);
    let Some(preview) = &screen.preview else {
        let (words, role) = match &screen.failure {
            Some(failure) => (format!("! {}", failure.message), Role::Error),
            None => ("Planning…".to_owned(), Role::Dim),
        };
        put(buf, rest, rest.x + 1, rest.y, &words, look.style(role));
        return;
    };
    let rest = summary(screen, preview, look, rest, buf, drawn);
    if rest.width >= BESIDE {
        let wide = rest.width * 3 / 5;
        let left = Rect {
            width: wide,
            ..rest
        };
        let right = Rect {
            x: rest.x + wide,
            width: rest.width - wide,
            ..rest
        };
        plan(screen, preview, look, left, buf, drawn);
        let [upper, lower] = split_top(right, right.height / 2);
        likeness(screen, preview, look, upper, buf, drawn);
        commands(screen, preview, look, lower, buf, drawn);
    } else {
        let [upper, lower] = split_bottom(rest, panel_rows(screen, preview, rest.height));
        plan(screen, preview, look, upper, buf, drawn);
        if lower.height > 0 {
            commands(screen, preview, look, lower, buf, drawn);
        }
    }
    if let Some(progress) = &screen.running {
        running(preview, *progress, look, area, buf);
    }
}

/// Rows for the lower panel: what the plan leaves over, a third at the least.
fn panel_rows(screen: &Restore, preview: &Preview, height: u16) -> u16 {
    if screen.panel == Panel::All {
        return height * 2 / 3;
    }
    if height < 12 && screen.panel == Panel::Commands {
        return 0;
    }
    let items = u16::try_from(preview.plan.items.len()).unwrap_or(u16::MAX);
    let left = height.saturating_sub(items.saturating_add(2));
    left.clamp(height / 3, height / 2)
}

fn header(screen: &Restore, look: &Look<'_>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let clock = match screen.time() {
        Some(time) => words::clock(time, &look.shared.zone),
        None => screen.snapshot.short(),
    };
    let to = screen.preview.as_ref().map_or_else(String::new, |preview| {
        format!(" → {}", server_words(preview))
    });
    let left = |to: &str| {
        Line::from(vec![
            Span::raw(" "),
            look.span(Role::Selected, " DRY RUN "),
            Span::raw(" "),
            look.span(Role::Strong, format!("restore {clock}{to}")),
        ])
    };
    // Half a name of a server is worse than none.
    let left = match left(&to) {
        whole if whole.width() <= usize::from(area.width) => whole,
        _ => left(""),
    };
    let said = if screen.planning && screen.preview.is_some() {
        "planning…"
    } else {
        "nothing has been changed"
    };
    let right = Line::from(vec![
        look.span(Role::Good, said),
        look.span(Role::Dim, "  ?:keys "),
    ]);
    draw::line(&left, area, 0, buf);
    let wide = u16::try_from(right.width()).unwrap_or(u16::MAX);
    if usize::from(area.width) >= left.width() + usize::from(wide) {
        draw::line(&right, area, area.width - wide, buf);
        let keys = Rect::new(area.right().saturating_sub(8), area.y, 8, 1);
        drawn.target(keys.intersection(area), draw::HELP);
    }
}

/// Policies and totals at the bottom; what is left above them.
fn summary(
    screen: &Restore,
    preview: &Preview,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) -> Rect {
    let roomy = area.height >= 14;
    let [rest, lines] = split_bottom(area, if roomy { 2 } else { 1 });
    let [policies, totals] = split_bottom(lines, 1);
    if roomy {
        let policy = &screen.policy;
        let programs = match policy.programs {
            Programs::Shell => "shell",
            _ if preview.plan.foreign => "typed, imported",
            Programs::Allow => "allow-list",
            other => other.word(),
        };
        let words = [
            (
                "e",
                format!("exists: {}", policy.on_conflict),
                PolicyPart::Conflict,
            ),
            ("p", format!("programs: {programs}"), PolicyPart::Programs),
            (
                "m",
                format!("no dir: {}", policy.missing_dir),
                PolicyPart::MissingDir,
            ),
            ("b", format!("text: {}", policy.text), PolicyPart::Text),
        ];
        let mut x = policies.x + 1;
        for (key, said, part) in words {
            let from = x;
            x = put(buf, policies, x, policies.y, key, look.style(Role::Key));
            x = put(buf, policies, x + 1, policies.y, &said, Style::new());
            let place = Rect::new(from, policies.y, x - from, 1);
            let action = Action::Restore(RestoreAction::Cycle(part));
            drawn.target(place.intersection(policies), MouseTarget::Action(action));
            x += 2;
        }
    }
    let counts = preview.plan.counts();
    let mark = |count: usize, role| if count > 0 { role } else { Role::Text };
    let made = if area.width >= 60 {
        format!(
            " make {} {} {}",
            plural(counts.sessions, "session"),
            plural(counts.tabs, "window"),
            plural(counts.panes, "pane")
        )
    } else {
        format!(" make {}", plural(counts.panes, "pane"))
    };
    let others = [
        ("lose", counts.loses, mark(counts.loses, Role::Error)),
        (
            "warn",
            counts.warnings,
            mark(counts.warnings, Role::Warning),
        ),
        ("type", counts.typed, Role::Text),
        ("run", counts.run, Role::Text),
        ("skip", counts.skipped, Role::Text),
    ];
    // Where there is little room, what there is none of is left out.
    let shown = |(_, count, _): &(&str, usize, Role)| *count > 0 || area.width >= 60;
    let others = others.into_iter().filter(shown);
    let others = others.map(|(word, count, role)| (format!("{word} {count}"), role));
    let parts = std::iter::once((made, Role::Strong)).chain(others);
    let mut spans = Vec::new();
    for (at, (said, role)) in parts.enumerate() {
        if at > 0 {
            spans.push(look.span(Role::Dim, " · "));
        }
        spans.push(look.span(role, said));
    }
    draw::line(&Line::from(spans), totals, 0, buf);
    rest
}

/// What is going on, while it does.
fn running(
    preview: &Preview,
    progress: Option<crate::restore::Progress>,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
) {
    let (doing, done, total) = match progress {
        Some(progress) => (phase_words(progress.phase), progress.done, progress.total),
        None => ("Saving an undo point", 0, preview.plan.steps.len()),
    };
    let lines = [
        Line::raw(format!("{doing}…")),
        Line::default(),
        Line::default(),
    ];
    let dialog = Dialog {
        title: "Restoring",
        note: "",
        lines: &lines,
        choices: look
            .span(Role::Dim, "What fails is reported; the rest goes on")
            .into(),
        width: 62,
        style: look.style(Role::FrameFocus),
    };
    let place = dialog.draw(area, buf, look.theme);
    let bar = Rect {
        x: place.x + 3,
        y: place.y + 4,
        width: place.width.saturating_sub(6),
        height: 1,
    };
    Progress { done, total }.draw(bar.intersection(area), buf, look.theme);
}

fn phase_words(phase: Phase) -> &'static str {
    match phase {
        Phase::Build => "Making sessions, windows and panes",
        Phase::Arrange => "Putting panes where they were",
        Phase::Replay => "Showing the saved text",
        Phase::Switch => "Giving sessions their names",
        Phase::Start => "Typing and starting programs",
    }
}
