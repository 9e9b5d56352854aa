//! What changed since the snapshot before, and what is told about the snapshot.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::library::Seen;
use crate::app::words;
use crate::model::ansi::label;
use crate::model::changes::{Change, Field};
use crate::model::snapshot::{Cause, SnapshotMeta};
use crate::ui::draw::{self, Look, line, split_bottom};
use crate::ui::theme::Role;
use crate::ui::widgets::text::fit;

/// Rules about secrets that are named.
const RULES: usize = 3;
/// Rows of the lower frame at the least.
const FACTS: u16 = 16;

/// Draws both frames, one above the other.
pub(super) fn draw(look: &Look<'_>, area: Rect, buf: &mut Buffer) {
    let seen = look.shared.seen();
    let told = seen.map_or_else(Vec::new, |seen| facts(look, seen));
    let rows = u16::try_from(told.len() + 2).unwrap_or(u16::MAX);
    let [upper, lower] = split_bottom(area, rows.clamp(FACTS, (area.height / 2).max(FACTS)));
    let since = seen
        .and_then(|seen| seen.snapshot.meta.parent)
        .and_then(|parent| look.shared.library.entry(parent))
        .map_or("Changes".to_owned(), |parent| {
            let time = words::clock(parent.time, &look.shared.zone);
            format!("Changes since {time}")
        });
    let inside = look.frame(&since, "").draw(upper, buf);
    let lines = seen.map_or_else(Vec::new, |seen| changes(look, seen, inside.width));
    put(&lines, inside, buf);
    let inside = look.frame("Snapshot", "").draw(lower, buf);
    put(&told, inside, buf);
}

fn put(lines: &[Line<'static>], area: Rect, buf: &mut Buffer) {
    let fits = usize::from(area.height);
    draw::lines(lines, area, buf);
    if lines.len() > fits && fits > 0 {
        let last = Rect {
            y: area.bottom() - 1,
            height: 1,
            ..area
        };
        let words = format!(" … {} more, d shows all ", lines.len() - fits + 1);
        line(&Line::raw(format!("{words:<40}")), last, 0, buf);
    }
}

/// Changes of focus and cursor come with everything that is done, and say little.
fn matters(change: &Change) -> bool {
    !matches!(
        change.field,
        Some(Field::Cursor | Field::Last | Field::Active | Field::Scroll | Field::Recent)
    )
}

fn changes(look: &Look<'_>, seen: &Seen, width: u16) -> Vec<Line<'static>> {
    let Some(all) = &seen.changes else {
        let words = match seen.snapshot.meta.parent {
            None => " the first of its kind",
            Some(_) => " the snapshot before is gone",
        };
        return vec![Line::from(look.span(Role::Dim, words))];
    };
    let mut lines: Vec<Line<'static>> = Vec::new();
    for change in all.iter().filter(|change| matters(change)) {
        let what = match (change.field, &change.from, &change.to) {
            (None, _, Some(to)) => to.clone(),
            (None, Some(from), None) => from.clone(),
            (Some(Field::Text), _, _) => "text".to_owned(),
            (Some(Field::Command), _, Some(to)) => format!("cmd {to}"),
            (Some(field), from, to) => {
                let value = to.as_ref().or(from.as_ref());
                let value = value.map_or("", String::as_str);
                format!("{} {value}", field.word())
            }
            (None, None, None) => String::new(),
        };
        let home = label(&look.shared.home);
        let what = if home.is_empty() {
            what
        } else {
            what.replace(&home, "~")
        };
        let at = change.at.to_string();
        let room = width.saturating_sub(u16::try_from(at.chars().count()).unwrap_or(0) + 6);
        lines.push(Line::from(vec![
            Span::styled(
                format!(" {} ", change.kind.sign()),
                look.theme.change(change.kind),
            ),
            look.span(Role::Text, at),
            look.span(Role::Dim, format!("  {}", fit(&what, room))),
        ]));
        if let (Some(Field::Command | Field::Name), Some(from)) = (change.field, &change.from) {
            let was = fit(from, width.saturating_sub(12));
            lines.push(Line::from(
                look.span(Role::Dim, format!("       was {was}")),
            ));
        }
    }
    let touched: Vec<&bstr::BString> = all.iter().map(|change| &change.at.session).collect();
    let same: Vec<String> = seen
        .snapshot
        .state
        .sessions
        .iter()
        .filter(|session| !touched.contains(&&session.name))
        .map(|session| label(&session.name))
        .collect();
    if !same.is_empty() {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        let names = fit(&same.join(", "), width.saturating_sub(13));
        lines.push(Line::from(
            look.span(Role::Dim, format!(" {names}  unchanged")),
        ));
    }
    lines
}

/// In how many places secrets were hidden, by rule: those that found most, and how many more there
/// are.
fn hidden(meta: &SnapshotMeta) -> impl Iterator<Item = (&'static str, String)> {
    let mut rules: Vec<_> = meta.redactions.iter().collect();
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.count));
    let more = rules.len().saturating_sub(RULES);
    let places: u64 = rules.iter().map(|rule| u64::from(rule.count)).sum();
    let total = match places {
        0 => "none hidden".to_owned(),
        places => format!("hidden in {}", words::count(places, "place")),
    };
    let each = rules.into_iter().take(RULES);
    let each: Vec<String> = each
        .map(|rule| format!("{} {}", words::number(rule.count as usize), rule.rule))
        .collect();
    let more = (more > 0).then(|| format!("{} more", words::count(more as u64, "rule")));
    let named = each.into_iter().chain(more).map(|words| ("", words));
    std::iter::once(("secrets", total)).chain(named)
}

fn facts(look: &Look<'_>, seen: &Seen) -> Vec<Line<'static>> {
    let meta = &seen.snapshot.meta;
    let fact = |name: &str, value: String| {
        Line::from(vec![
            look.span(Role::Dim, format!(" {name:<8} ")),
            look.span(Role::Text, value),
        ])
    };
    let trigger = match meta.cause {
        Cause::Manual => "by hand",
        Cause::Auto => "the recorder's clock",
        Cause::Event => "something changed",
        Cause::UndoPoint => "before a restore",
        Cause::Import => "import",
    };
    let lines: u64 = seen
        .snapshot
        .state
        .panes()
        .filter_map(|(_, _, pane)| pane.contents)
        .map(|text| u64::from(text.lines))
        .sum();
    let socket = label(&meta.server.socket);
    let socket = socket.rsplit('/').next().unwrap_or_default().to_owned();
    let or_dash = |text: String| {
        if text.is_empty() {
            "—".to_owned()
        } else {
            text
        }
    };
    let mut all = vec![
        fact("id", meta.id.short()),
        fact("trigger", trigger.to_owned()),
        fact(
            "mux",
            format!("{} {}  {socket}", meta.server.mux, meta.server.version),
        ),
        fact("host", or_dash(meta.host.clone())),
        fact(
            "holds",
            format!(
                "{}, {}",
                crate::app::words::plural(meta.sessions.len(), "session"),
                crate::app::words::plural(usize::try_from(meta.panes()).unwrap_or(0), "pane"),
            ),
        ),
        fact(
            "stored",
            format!(
                "{} new ({})",
                words::bytes(meta.stored_bytes),
                words::bytes(meta.logical_bytes)
            ),
        ),
        fact("took", format!("{} ms", meta.took_ms)),
        fact("text", format!("{} kept", words::count(lines, "line"))),
    ];
    all.extend(hidden(meta).map(|(name, value)| fact(name, value)));
    if let Some(name) = &meta.name {
        all.push(fact("name", name.clone()));
    }
    if let Some(note) = meta.description() {
        all.push(fact("note", note));
    }
    let mut tags = meta.tags.join(", ");
    if meta.pinned {
        tags = format!("{tags} pinned").trim().to_owned();
    }
    all.push(fact("tags", or_dash(tags)));
    all.push(Line::default());
    all.push(Line::from(
        look.span(Role::Dim, " t tag  p pin  y copy  x trash"),
    ));
    all
}
