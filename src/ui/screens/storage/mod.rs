//! What the store takes, what was hidden in it, what would be removed.

mod keeping;
mod lists;
mod store;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::figures::Figures;
use crate::app::keys::Action;
use crate::app::keys::action::StorageAction;
use crate::app::mouse::MouseTarget;
use crate::app::screens::storage::{Page, Storage};
use crate::ui::draw::{self, Drawn, Look, line, split_left, split_top};
use crate::ui::theme::Role;
use crate::ui::widgets::frame::Frame;
use crate::ui::widgets::text::{broken, exactly, fit, width};

/// From this width on there are three panels beside each other.
const WIDE: u16 = 120;
/// Below these there is one panel, with what matters most.
const ROOMY: (u16, u16) = (72, 18);
/// Rows of the upper panels at the most, and of the list of what would go at the least.
const ABOVE: u16 = 14;
const LIST: u16 = 6;
/// Columns of the names of facts.
const NAMES: u16 = 15;

/// Something that is known of the store.
pub(super) struct Fact {
    name: &'static str,
    words: Vec<Span<'static>>,
    /// What clicking it does.
    action: Option<StorageAction>,
}

impl Fact {
    fn new(name: &'static str, words: Vec<Span<'static>>) -> Self {
        Self {
            name,
            words,
            action: None,
        }
    }

    fn does(self, action: StorageAction) -> Self {
        Self {
            action: Some(action),
            ..self
        }
    }

    fn blank() -> Self {
        Self::new("", Vec::new())
    }
}

/// Draws the screen.
pub(crate) fn draw(
    screen: &Storage,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let roomy = area.width >= ROOMY.0 && area.height >= ROOMY.1;
    let rest = if area.height >= ROOMY.1 {
        draw::header(look, area, buf, drawn)
    } else {
        area
    };
    let Some(figures) = screen.figures() else {
        return unknown(screen, look, rest, buf);
    };
    match &screen.page {
        Page::Rules { chosen } => {
            return lists::rules(look, figures, Some(chosen.at()), rest, buf, drawn);
        }
        Page::Prune(listed) => {
            if let Some(preview) = screen.preview() {
                return lists::prune(look, preview, listed, rest, buf, drawn);
            }
        }
        Page::Overview => {}
    }
    if figures.stats.snapshots + figures.stats.damaged == 0 && figures.waiting == 0 {
        return empty(look, figures, rest, buf);
    }
    if roomy {
        panels(screen, figures, look, rest, buf, drawn);
    } else {
        let inside = look.frame("Storage", "").draw(rest, buf);
        let mut all = store::facts(look, figures, inside.width.saturating_sub(NAMES + 1));
        all.retain(|fact| !fact.name.is_empty());
        all.extend(keeping::short(screen, look));
        for fact in &mut all {
            fact.name = fact.name.trim_start();
        }
        facts(look, &all, inside, buf, drawn);
    }
}

fn panels(
    screen: &Storage,
    figures: &Figures,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let wide = area.width >= WIDE;
    let needed = keeping::rows(screen, look, wide);
    let above = area.height.saturating_sub(needed).clamp(11, ABOVE);
    let [above, below] = split_top(area, above);
    // What would go is listed where there is room for that, too.
    let (below, list) = if below.height >= needed + LIST {
        let [below, list] = split_top(below, needed);
        (below, list)
    } else {
        (below, Rect::default())
    };
    let first = if wide {
        area.width / 3
    } else {
        46.min(area.width * 3 / 5)
    };
    let [left, mut right] = split_left(above, first);
    let data = crate::app::words::path(&look.shared.data, &look.shared.home);
    let inside = look.frame("Store", &data).draw(left, buf);
    let all = store::facts(look, figures, inside.width.saturating_sub(NAMES + 1));
    facts(look, &all, inside, buf, drawn);
    if wide {
        let [middle, last] = split_left(right, right.width / 2);
        lists::rules(look, figures, None, last, buf, drawn);
        right = middle;
    }
    lists::sessions(look, figures, screen.first(), right, buf, drawn);
    keeping::draw(screen, look, below, buf, drawn);
    if let Some(preview) = screen.preview().filter(|_| list.height > 0) {
        lists::going(look, preview, list, buf, drawn);
    }
}

/// Draws facts, one a line.
fn facts(look: &Look<'_>, facts: &[Fact], area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    for (place, fact) in area.rows().zip(facts) {
        let name = look.span(Role::Dim, format!(" {}", exactly(fact.name, NAMES)));
        let mut words = vec![name];
        // Of what there is no room for, the rest is left out, but never half of it.
        let mut room = usize::from(area.width.saturating_sub(NAMES + 1));
        for span in &fact.words {
            let Some(left) = room.checked_sub(span.width()) else {
                if words.len() == 1 {
                    let most = u16::try_from(room).unwrap_or(u16::MAX);
                    words.push(Span::styled(fit(&span.content, most), span.style));
                }
                break;
            };
            words.push(span.clone());
            room = left;
        }
        line(&Line::from(words), place, 0, buf);
        if let Some(action) = fact.action {
            drawn.target(place, MouseTarget::Action(Action::Storage(action)));
        }
    }
}

/// Nothing is known yet, or nothing can be.
fn unknown(screen: &Storage, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
    let inside = look.frame("Storage", "").draw(area, buf);
    let (words, role) = match screen.trouble() {
        Some(failure) => (format!("! {}", failure.message), Role::Error),
        None => ("Counting…".to_owned(), Role::Dim),
    };
    let parts = broken(&words, inside.width.saturating_sub(2)).into_iter();
    let parts: Vec<Line<'_>> = parts
        .map(|part| Line::from(look.span(role, format!(" {part}"))))
        .collect();
    draw::lines(&parts, inside, buf);
}

/// Nothing is stored: what to do.
fn empty(look: &Look<'_>, figures: &Figures, area: Rect, buf: &mut Buffer) {
    let data = crate::app::words::path(&look.shared.data, &look.shared.home);
    let inside = look.frame("Storage", &data).draw(area, buf);
    let mut lines = vec![
        Line::default(),
        Line::from(look.span(Role::Strong, " Nothing is stored yet.")),
        Line::default(),
        Line::from(vec![
            look.span(Role::Key, " 1"),
            look.span(Role::Text, ", then "),
            look.span(Role::Key, "s"),
            look.span(Role::Text, ": a snapshot now"),
        ]),
        Line::from(vec![
            look.span(Role::Strong, " muxtape daemon run"),
            look.span(Role::Text, ": records by itself"),
        ]),
    ];
    if figures.trash.snapshots > 0 {
        let trash = crate::app::words::count(figures.trash.snapshots as u64, "snapshot");
        lines.push(Line::default());
        lines.push(Line::from(vec![
            look.span(Role::Key, " u "),
            look.span(
                Role::Text,
                format!("brings back what was deleted last ({trash} in the trash)"),
            ),
        ]));
    }
    draw::lines(&lines, inside, buf);
}

/// A frame whose lower edge says something.
fn frame_with_foot<'a>(look: &Look<'_>, title: &'a str, foot: &'a str) -> Frame<'a> {
    Frame {
        foot,
        ..look.frame(title, "")
    }
}

/// Words that stand beside each other as far as there is room, the rest left out.
fn as_many(parts: &[String], between: &str, room: u16) -> String {
    let mut all = String::new();
    for part in parts {
        let more = if all.is_empty() {
            part.clone()
        } else {
            format!("{between}{part}")
        };
        if width(&all) + width(&more) > room {
            break;
        }
        all.push_str(&more);
    }
    all
}
