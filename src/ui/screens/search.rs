//! Search: the prompt, the matches, the chosen one where it stands.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::app::effect::Scope;
use crate::app::screens::search::{Contents, Search};
use crate::app::words;
use crate::app::words::plural;
use crate::model::ansi::label;
use crate::store::{HitKind, SearchHit};
use crate::ui::draw::{self, Drawn, Look, line, split_bottom, split_top};
use crate::ui::theme::Role;
use crate::ui::widgets::slider::{Range, Slider, Tick};
use crate::ui::widgets::text::{broken, put, put_right};

use super::excerpt;

/// Draws the screen.
pub(crate) fn draw(
    screen: &Search,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let rest = draw::header(look, area, buf, drawn);
    let [top, rest] = split_top(rest, 1);
    prompt(screen, look, top, buf, drawn);
    let [scopes, rest] = split_top(rest, 1);
    scope(screen, look, scopes, buf);
    let roomy = rest.height >= 18;
    let [rest, below] = split_bottom(rest, if roomy { 3 } else { 0 });
    times(screen, look, below, buf);
    if rest.width >= 120 {
        let half = rest.width / 2;
        let left = Rect {
            width: half,
            ..rest
        };
        let right = Rect {
            x: rest.x + half,
            width: rest.width - half,
            ..rest
        };
        matches(screen, look, left, buf, drawn);
        return preview(screen, look, right, buf);
    }
    let [upper, lower] = split_top(rest, rest.height.div_ceil(2));
    matches(screen, look, upper, buf, drawn);
    preview(screen, look, lower, buf);
}

fn prompt(screen: &Search, look: &Look<'_>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let snapshots: u32 = screen.hits().map(|hit| hit.snapshots).sum();
    let count = screen.hits().len();
    let note = match (screen.is_waiting(), screen.took()) {
        (true, _) => "searching… ".to_owned(),
        (false, None) => String::new(),
        (false, Some(_)) if count == 0 => "nothing found ".to_owned(),
        (false, Some(took)) => {
            let found = plural(count, "match");
            let snapshots = plural(usize::try_from(snapshots).unwrap_or(usize::MAX), "snapshot");
            format!("{found} in {snapshots} · {took} ms ")
        }
    };
    let x = put_right(buf, area, area.y, &note, look.style(Role::Dim));
    let room = x.saturating_sub(area.x + 4);
    let scroll = screen.input.visual_scroll(usize::from(room));
    let shown: String = screen.input.value().chars().skip(scroll).collect();
    let area = Rect {
        width: x.saturating_sub(area.x),
        ..area
    };
    let words = vec![look.span(Role::Key, " / "), look.span(Role::Strong, shown)];
    line(&Line::from(words), area, 0, buf);
    if !screen.in_results() {
        let column = screen.input.visual_cursor().saturating_sub(scroll);
        let column = u16::try_from(column).unwrap_or(0) + 3;
        drawn.cursor = Some(Position::new(area.x + column.min(area.width), area.y));
    }
}

fn scope(screen: &Search, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
    let scopes = [
        (Scope::All, "all"),
        (Scope::Names, "names"),
        (Scope::Commands, "commands"),
        (Scope::Directories, "dirs"),
        (Scope::Text, "text"),
    ];
    let mut spans = vec![look.span(Role::Dim, " in:")];
    let blank = if area.width < 60 { "" } else { " " };
    for (scope, name) in scopes {
        if scope == screen.scope {
            spans.push(look.span(Role::Strong, format!(" [{name}]")));
        } else {
            spans.push(look.span(Role::Dim, format!(" {blank}{name}{blank}")));
        }
    }
    let text = match screen.contents {
        Contents::Searched => "text too",
        Contents::Left => "text left out",
    };
    let toggle = look.span(Role::Dim, format!("   Ctrl-T {text}"));
    let taken: usize = spans.iter().map(Span::width).sum();
    if taken + toggle.width() <= usize::from(area.width) {
        spans.push(toggle);
    }
    line(&Line::from(spans), area, 0, buf);
}

fn matches(screen: &Search, look: &Look<'_>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let inside = look
        .frame_of("Matches, newest first", "", screen.in_results())
        .draw(area, buf);
    if screen.hits().len() == 0 {
        let words = if screen.input.value().is_empty() {
            "Type what you remember: a name, a command, a directory, something on a screen."
        } else if screen.is_waiting() {
            ""
        } else {
            "Nothing like that was ever recorded here."
        };
        let lines = broken(words, inside.width.saturating_sub(2));
        for (y, text) in (inside.y..inside.bottom()).zip(lines) {
            put(buf, inside, inside.x + 1, y, text, look.style(Role::Dim));
        }
        return;
    }
    // Two lines each: when and where; then what.
    let hits: Vec<&SearchHit> = screen.hits().collect();
    for (at, place) in drawn.list(Some(screen.chosen()), hits.len(), inside, 2) {
        if let Some(hit) = hits.get(at) {
            one(look, hit, at == screen.chosen(), place, buf);
        }
    }
}

fn one(look: &Look<'_>, hit: &SearchHit, chosen: bool, area: Rect, buf: &mut Buffer) {
    let shared = look.shared;
    let day = words::day(hit.time_newest, shared.now, &shared.zone);
    let clock = |time| words::clock(time, &shared.zone);
    let when = if hit.snapshots > 1 {
        format!(
            "{day} {} → {}",
            clock(hit.time_oldest),
            clock(hit.time_newest)
        )
    } else {
        format!("{day} {}", clock(hit.time_newest))
    };
    let mut place = label(&hit.session);
    if let Some(tab) = hit.tab {
        place.push_str(&format!(":{tab}"));
    }
    if let Some(pane) = hit.pane {
        place.push_str(&format!(".{pane}"));
    }
    let what = match hit.what {
        HitKind::Name => "name",
        HitKind::Command => "command",
        HitKind::Directory => "directory",
        HitKind::Text => "text",
    };
    let mark = if chosen { "▌ " } else { "  " };
    let top = Rect { height: 1, ..area };
    let spans = vec![
        look.span(Role::Marker, mark),
        look.span(Role::Text, when),
        look.span(Role::Strong, format!("  {place}")),
        look.span(Role::Dim, format!("  {what}")),
    ];
    line(&Line::from(spans), top, 0, buf);
    let count = usize::try_from(hit.snapshots).unwrap_or(usize::MAX);
    let count = format!("{} ", plural(count, "snapshot"));
    if area.width > 60 {
        put_right(buf, top, top.y, &count, look.style(Role::Dim));
    }
    let [_, below] = split_top(area, 1);
    line(
        &Line::from(vec![
            Span::raw("    "),
            look.span(Role::Text, hit.line.trim().to_owned()),
        ]),
        below,
        0,
        buf,
    );
    if chosen {
        buf.set_style(top, look.style(Role::Selected));
    }
}

fn preview(screen: &Search, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
    let Some((hit, (id, focus))) = screen.hit().zip(screen.place()) else {
        return;
    };
    let shared = look.shared;
    let time = shared
        .library
        .entry(id)
        .map_or(hit.time_newest, |entry| entry.time);
    let title = format!(
        "{} at {}",
        label(&hit.session),
        words::clock(time, &shared.zone)
    );
    let note = format!("hit {}/{}", screen.chosen() + 1, screen.hits().len());
    let inside = look.frame(&title, &note).draw(area, buf);
    let text = shared.library.snapshot(id).and_then(|seen| {
        let (_, _, pane) = focus.pane_of(&seen.snapshot.state)?;
        shared.library.text(pane.contents?.digest)
    });
    match text {
        Some(text) => {
            let near = hit.line_number.and_then(|line| usize::try_from(line).ok());
            let wanted = (hit.what == HitKind::Text).then_some(hit.line.as_str());
            excerpt::around(look, text, near, wanted, screen.input.value(), inside, buf);
        }
        None => line(&Line::from(look.span(Role::Dim, " …")), inside, 0, buf),
    }
}

/// Where in time the matches are.
fn times(screen: &Search, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
    let shared = look.shared;
    let oldest = screen.hits().map(|hit| hit.time_oldest).min();
    let newest = screen.hits().map(|hit| hit.time_newest).max();
    let (Some(from), Some(to), Some(hit)) = (oldest, newest, screen.hit()) else {
        return;
    };
    let ticks: Vec<Tick> = screen
        .hits()
        .flat_map(|hit| [hit.time_oldest, hit.time_newest])
        .map(|time| Tick {
            time,
            weight: 1,
            mark: None,
        })
        .collect();
    let at = screen
        .place()
        .and_then(|(id, _)| shared.library.entry(id))
        .map_or(hit.time_newest, |entry| entry.time);
    let inner = Rect {
        x: area.x + 2,
        width: area.width.saturating_sub(4),
        ..area
    };
    Slider {
        ticks: &ticks,
        gaps: &[],
        range: Range::new(from, to),
        at: Some(at),
        a: None,
        zone: &shared.zone,
    }
    .draw(inner, buf, look.theme);
}
