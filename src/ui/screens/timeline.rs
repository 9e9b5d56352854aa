//! What the tape and the detail have in common: the slider, the tabs, the drawing of a snapshot.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::library::{Entry, Seen};
use crate::app::mouse::MouseTarget;
use crate::app::shared::Shared;
use crate::app::words;
use crate::model::ansi::label;
use crate::model::changes::{Change, ChangeKind};
use crate::model::snapshot::Cause;
use crate::model::tree::{Session, Tab};
use crate::ui::draw::{Drawn, Look, line};
use crate::ui::theme::Role;
use crate::ui::widgets::slider::{Mark, Range, Slider, Tick};
use crate::ui::widgets::thumb::{Inside, Thumb};

/// Draws the slider over three lines.
pub(super) fn slider(look: &Look<'_>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let shared = look.shared;
    let area = inner(area);
    let Some((from, to)) = shared.stretch() else {
        return;
    };
    let mut ticks: Vec<Tick> = shared.day_entries().map(tick).collect();
    let ends = shared.lives.values().filter(|life| life.end.is_some());
    ticks.extend(ends.map(|life| Tick {
        time: life.last_seen,
        weight: 0,
        mark: Some(Mark::Crash),
    }));
    let gaps: Vec<Range> = shared
        .gaps(from, to)
        .into_iter()
        .map(|(from, to)| Range { from, to })
        .collect();
    let time_of = |id| shared.library.entry(id).map(|entry: &Entry| entry.time);
    Slider {
        ticks: &ticks,
        gaps: &gaps,
        range: Range::new(from, to),
        at: shared.at.and_then(time_of),
        a: shared.mark.and_then(time_of),
        zone: &shared.zone,
    }
    .draw(area, buf, look.theme);
    drawn.target(
        area,
        MouseTarget::Slider {
            column: 0,
            width: area.width,
        },
    );
}

fn tick(entry: &Entry) -> Tick {
    let mark = if entry.is_marked() {
        Some(Mark::Named)
    } else {
        match entry.cause {
            Cause::Manual => Some(Mark::Manual),
            Cause::UndoPoint => Some(Mark::Undo),
            _ => None,
        }
    };
    Tick {
        time: entry.time,
        weight: entry.changes.total(),
        mark,
    }
}

/// Two blank columns at either side.
fn inner(area: Rect) -> Rect {
    let side = if area.width > 44 { 2 } else { 1 };
    Rect {
        x: area.x + side,
        width: area.width.saturating_sub(2 * side),
        ..area
    }
}

/// `api:1 editor  2 logs  3 db`: the tabs of the session that is looked at, the one that is seen
/// marked. Draws from `column`; returns the column after it.
pub(super) fn tabs(
    look: &Look<'_>,
    (session, shown): (&Session, &Tab),
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let name = look.span(Role::Strong, format!(" {}:", label(&session.name)));
    let mut x = u16::try_from(name.width()).unwrap_or(0);
    line(&Line::from(name), area, 0, buf);
    for tab in &session.tabs {
        let words = format!("{} {}", tab.index, label(&tab.name));
        let role = if tab.index == shown.index {
            Role::Marker
        } else {
            Role::Text
        };
        let words = look.span(role, words);
        let width = u16::try_from(words.width()).unwrap_or(u16::MAX);
        if x.saturating_add(width) > area.width {
            line(&Line::from(look.span(Role::Dim, "…")), area, x, buf);
            return;
        }
        line(&Line::from(vec![words, Span::raw("  ")]), area, x, buf);
        drawn.target(
            Rect::new(area.x + x, area.y, width, 1),
            MouseTarget::Tab(tab.index),
        );
        x += width + 2;
    }
}

/// `14:31:52  40s ago`, or `live` beside it where nothing newer is there.
pub(super) fn moment(look: &Look<'_>, entry: &Entry) -> Line<'static> {
    let shared = look.shared;
    let age = words::age(shared.now.since(entry.time));
    Line::from(vec![
        look.span(Role::Marker, words::clock(entry.time, &shared.zone)),
        look.span(Role::Dim, format!("  {age} ago ")),
    ])
}

/// Draws the tab that is looked at.
pub(super) fn thumb(
    look: &Look<'_>,
    seen: &Seen,
    single: bool,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let shared = look.shared;
    let Some((session, tab)) = shared.focus.tab_of(&seen.snapshot.state) else {
        let words = look.span(Role::Dim, " no sessions at this moment");
        return line(&Line::from(words), area, 0, buf);
    };
    let focus = shared.focus.pane_of(&seen.snapshot.state);
    let signs = signs(seen.changes.as_deref().unwrap_or(&[]), session, tab);
    let texts = |digest: &_| shared.library.text(*digest).map(AsRef::as_ref);
    let thumb = Thumb {
        tab,
        texts: &texts,
        focus: focus.map(|(_, _, pane)| pane.index),
        signs: &signs,
        inside: Inside::Text,
        single,
        home: Some(shared.home.as_slice()),
    };
    thumb.draw(area, buf, &mut drawn.screens, look.theme);
    for (pane, place) in thumb.places(area) {
        drawn.target(place, MouseTarget::Pane(pane));
    }
}

/// The strongest sign for each pane of a tab that changed.
fn signs(changes: &[Change], session: &Session, tab: &Tab) -> BTreeMap<u32, ChangeKind> {
    let mut signs = BTreeMap::new();
    for change in changes {
        let here = change.at.session == session.name && change.at.tab == Some(tab.index);
        if let (true, Some(pane)) = (here, change.at.pane) {
            let kind = match change.field {
                None => change.kind,
                Some(_) => ChangeKind::Changed,
            };
            let sign = signs.entry(pane).or_insert(kind);
            if change.field.is_none() {
                *sign = kind;
            }
        }
    }
    signs
}

/// What is shown while nothing can be drawn: why not.
pub(super) fn nothing(look: &Look<'_>, area: Rect, buf: &mut Buffer) {
    let shared: &Shared = look.shared;
    let words: Span<'_> = match (&shared.trouble, shared.at) {
        (Some(failure), _) => look.span(Role::Error, format!(" ! {}", failure.message)),
        (None, Some(_)) => look.span(Role::Dim, " …"),
        (None, None) if shared.library.is_complete() => {
            look.span(Role::Dim, " Nothing recorded yet. s takes a snapshot now.")
        }
        (None, None) => look.span(Role::Dim, " Reading the tape…"),
    };
    line(&Line::from(words), area, 0, buf);
}
