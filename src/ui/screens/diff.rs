//! Two moments side by side.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::effect::Side;
use crate::app::input::Target as Met;
use crate::app::keys::Action;
use crate::app::msg::SideState;
use crate::app::screens::diff::Diff;
use crate::app::screens::diff::structure::{Kind, Node, tally};
use crate::app::state::{Shared, Window};
use crate::app::words;
use crate::model::changes::ChangeKind;
use crate::model::target::Target;
use crate::model::tree::{Pane, Tab};
use crate::ui::draw::{self, Drawn, Look, split_top};
use crate::ui::theme::Role;
use crate::ui::widgets::frame::Frame;
use crate::ui::widgets::sidebyside::SideBySide;
use crate::ui::widgets::text::{put, put_right};
use crate::ui::widgets::thumb::{Inside, Thumb};
use crate::ui::widgets::tree::{self, Row, Tree};

/// From this width on the tree stands beside the texts, below it above them.
const BESIDE: u16 = 120;

/// Draws the screen.
pub(crate) fn draw(
    screen: &Diff,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let [top, rest] = split_top(area, 1);
    header(screen, look, top, buf, drawn);
    if let Some(failure) = &screen.failure {
        let style = look.style(Role::Error);
        put(
            buf,
            rest,
            rest.x + 1,
            rest.y,
            &format!("! {}", failure.message),
            style,
        );
        return;
    }
    if screen.comparison.is_none() {
        put(
            buf,
            rest,
            rest.x + 1,
            rest.y,
            "Comparing…",
            look.style(Role::Dim),
        );
        return;
    }
    let rest = if rest.width >= BESIDE {
        beside(screen, look, rest, buf, drawn)
    } else {
        above(screen, look, rest, buf, drawn)
    };
    texts(screen, look, rest, buf, drawn);
}

/// The tree, and the layouts below it, at the left; what is left for the texts.
fn beside(screen: &Diff, look: &Look<'_>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) -> Rect {
    let layouts = screen.show.layout_seen(look.shared.size);
    if !screen.show.tree && !layouts {
        return area;
    }
    let side = Rect {
        width: 42.min(area.width / 3),
        ..area
    };
    let layout_rows = match (screen.show.tree, layouts) {
        (true, true) => (area.height / 3).clamp(8, 15),
        (true, false) => 0,
        (false, _) => area.height,
    };
    let [upper, lower] = draw::split_bottom(side, layout_rows);
    if screen.show.tree {
        structure(screen, look, upper, buf, drawn);
    }
    if layouts {
        layout(screen, look, lower, buf, drawn);
    }
    Rect {
        x: area.x + side.width,
        width: area.width - side.width,
        ..area
    }
}

/// The tree, or the layouts in its place, above the texts; what is left for them.
fn above(screen: &Diff, look: &Look<'_>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) -> Rect {
    // Nine lines of text are worth more than a tree.
    let most = area.height.saturating_sub(9);
    let (rows, layouts) = if screen.show.layout_seen(look.shared.size) {
        (area.height / 2, true)
    } else if screen.show.tree {
        let rows = u16::try_from(screen.nodes.len()).unwrap_or(u16::MAX);
        (
            rows.saturating_add(2).min((area.height * 2 / 5).max(5)),
            false,
        )
    } else {
        (0, false)
    };
    let rows = rows.min(most);
    if rows < 3 {
        return area;
    }
    let [upper, rest] = split_top(area, rows);
    if layouts {
        layout(screen, look, upper, buf, drawn);
    } else {
        structure(screen, look, upper, buf, drawn);
    }
    rest
}

fn header(screen: &Diff, look: &Look<'_>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let roomy = area.width >= 60;
    let side = |side| side_words(side, look.shared, roomy);
    let sides = [
        look.span(Role::Title, if roomy { " Diff  " } else { " " }),
        look.span(Role::Strong, format!("A {}", side(screen.a))),
        look.span(Role::Dim, if roomy { "  ⇄  " } else { " ⇄ " }),
        look.span(Role::Strong, format!("B {}", side(screen.b))),
    ];
    let mut right: Vec<Span<'static>> = Vec::new();
    if screen.loading {
        right.push(look.span(Role::Dim, "comparing… "));
    } else if let Some(comparison) = &screen.comparison {
        let count = comparison.diff.count();
        for (word, role) in tally(count).split(' ').zip(roles(count)) {
            right.push(look.span(role, format!("{word} ")));
        }
        let changes = screen.text.changes.len();
        if changes > 0 {
            let word = if roomy { " change " } else { "" };
            let at = format!("{word}{}/{changes} ", screen.change + 1);
            right.push(look.span(Role::Dim, at));
        }
    }
    right.push(look.span(Role::Dim, if roomy { " ?:keys " } else { "? " }));
    let right = Line::from(right);
    let wide = u16::try_from(right.width()).unwrap_or(u16::MAX);
    draw::line(&Line::from(sides.to_vec()), area, 0, buf);
    let left = Line::from(sides.to_vec()).width();
    if usize::from(area.width) >= left + usize::from(wide) {
        draw::line(&right, area, area.width - wide, buf);
        let keys = Rect::new(area.right().saturating_sub(8), area.y, 8, 1);
        drawn.target(keys.intersection(area), Met::Action(Action::Help));
    }
}

/// The roles of the parts of a tally, in its order.
fn roles(count: crate::model::snapshot::ChangeCount) -> impl Iterator<Item = Role> {
    let parts = [
        (count.added, Role::Added),
        (count.changed, Role::Changed),
        (count.removed, Role::Removed),
    ];
    parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(_, role)| role)
}

/// A side in words: `11:40:02 today`, `live`.
fn side_words(side: Side, shared: &Shared, with_day: bool) -> String {
    let id = match side {
        Side::Live => return "live".to_owned(),
        Side::Snapshot(id) => id,
    };
    let Some(entry) = shared.library.entry(id) else {
        return id.short();
    };
    let clock = words::clock(entry.time, &shared.zone);
    if !with_day {
        return clock;
    }
    let day = words::day(entry.time, shared.now, &shared.zone);
    let day = match day.as_str() {
        "Today" => "today".to_owned(),
        "Yesterday" => "yesterday".to_owned(),
        _ => day,
    };
    format!("{clock} {day}")
}

fn structure(screen: &Diff, look: &Look<'_>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let frame = Frame {
        title: "Structure",
        note: "t: hide",
        line: look.style(Role::Frame),
        title_style: look.style(Role::Title),
        note_style: look.style(Role::Dim),
        ..Frame::default()
    };
    let inside = frame.draw(area, buf);
    if screen.nodes.is_empty() {
        put(
            buf,
            inside,
            inside.x + 1,
            inside.y,
            "Nothing differs",
            look.style(Role::Dim),
        );
        return;
    }
    let rows: Vec<Row> = screen.nodes.iter().map(|node| row(node, look)).collect();
    let tree = Tree {
        rows: &rows,
        selected: Some(screen.selected),
        note_width: 0,
    };
    tree.draw(inside, buf, look.theme);
    for (at, line) in tree.seen(inside) {
        drawn.target(line, Met::Row(at));
    }
    drawn.view.list = Window {
        first: tree::top(screen.selected, rows.len(), inside.height),
        rows: usize::from(inside.height),
    };
}

fn row(node: &Node, look: &Look<'_>) -> Row {
    let (sign, sign_style, style) = match node.kind {
        Kind::Branch => ("▾".to_owned(), look.style(Role::Dim), Style::new()),
        Kind::Change(kind) => {
            let style = look.theme.change(kind);
            let plain = if kind == ChangeKind::Changed {
                Style::new()
            } else {
                style
            };
            (kind.sign().to_string(), style, plain)
        }
        Kind::Same => {
            let dim = look.style(Role::Dim);
            ("=".to_owned(), dim, dim)
        }
    };
    Row {
        depth: node.depth,
        sign,
        sign_style,
        name: node.name.clone(),
        style,
        detail: match (&node.text, node.detail.is_empty()) {
            (Some(text), true) => text.clone(),
            (Some(text), false) => format!("{text}, {}", node.detail),
            (None, _) => node.detail.clone(),
        },
        ..Row::default()
    }
}

fn texts(screen: &Diff, look: &Look<'_>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let two = !screen.show.inline_seen(look.shared.size);
    let frame = |title: &str, area: Rect, buf: &mut Buffer| {
        let frame = Frame {
            title,
            line: look.style(Role::Frame),
            title_style: look.style(Role::Title),
            ..Frame::default()
        };
        frame.draw(area, buf)
    };
    let both = screen.pane().cloned().unwrap_or_default();
    let title = |sign: &str, side: Side, pane: &Option<(Target, Pane)>| match pane {
        Some((at, _)) => format!("{sign} {}  {at}", side_words(side, look.shared, false)),
        None => format!("{sign} {}  not there", side_words(side, look.shared, false)),
    };
    let rows = usize::from(area.height.saturating_sub(2));
    let first = screen.first.min(screen.last_first(rows, look.shared.size));
    let view = SideBySide {
        text: &screen.text,
        lines: &screen.lines,
        first,
        change: screen.change,
        wrap: screen.show.wrap,
    };
    let left_title = title("A", screen.a, &both.a);
    let right_title = title("B", screen.b, &both.b);
    let inside = if two {
        let half = area.width / 2;
        let left = frame(
            &left_title,
            Rect {
                width: half,
                ..area
            },
            buf,
        );
        let right = Rect {
            x: area.x + half,
            width: area.width - half,
            ..area
        };
        let right = frame(&right_title, right, buf);
        view.draw(left, right, buf, look.theme);
        left
    } else {
        let sides = [screen.a, screen.b].map(|side| side_words(side, look.shared, false));
        let place = both.b.as_ref().or(both.a.as_ref());
        let place = place.map_or_else(String::new, |(at, _)| format!("{at}  "));
        let [a, b] = sides;
        let inside = frame(&format!("{place}A {a} → B {b}"), area, buf);
        view.draw_inline(inside, buf, look.theme);
        inside
    };
    note(screen, look, inside, buf);
    drawn.target(area, Met::Text);
    drawn.view.text = Window { first, rows };
}

/// What there is to say where the texts say nothing.
fn note(screen: &Diff, look: &Look<'_>, inside: Rect, buf: &mut Buffer) {
    let words = match screen.pane() {
        None if screen.nodes.is_empty() => "Both sides are the same",
        None => "Choose a pane with Tab",
        Some(both) => {
            let recorded = |pane: &Option<(Target, Pane)>| {
                pane.as_ref()
                    .is_some_and(|(_, pane)| pane.contents.is_some())
            };
            if !recorded(&both.a) && !recorded(&both.b) {
                "No text was recorded"
            } else if both.same_text() {
                // Then it is not even read.
                "The same text on both sides"
            } else if screen.lines.is_empty() {
                "Empty on both sides"
            } else {
                return;
            }
        }
    };
    put(
        buf,
        inside,
        inside.x + 1,
        inside.y,
        words,
        look.style(Role::Dim),
    );
}

fn layout(screen: &Diff, look: &Look<'_>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let frame = Frame {
        title: "Layout  A → B",
        note: "v: hide",
        line: look.style(Role::Frame),
        title_style: look.style(Role::Title),
        note_style: look.style(Role::Dim),
        ..Frame::default()
    };
    let inside = frame.draw(area, buf);
    let (Some(comparison), Some(both)) = (&screen.comparison, screen.pane()) else {
        return;
    };
    let tab = |side: &SideState, pane: &Option<(Target, Pane)>| -> Option<Tab> {
        let (at, _) = pane.as_ref().or(both.b.as_ref()).or(both.a.as_ref())?;
        let session = side.state.session(&at.session)?;
        session.tab(at.tab?).cloned()
    };
    let [a, b] = [tab(&comparison.a, &both.a), tab(&comparison.b, &both.b)];
    let half = inside.width.saturating_sub(3) / 2;
    for (at, (tab, pane)) in [(a, &both.a), (b, &both.b)].into_iter().enumerate() {
        let x = inside.x + if at == 0 { 0 } else { inside.width - half };
        let place = Rect {
            x,
            width: half,
            ..inside
        };
        match tab {
            Some(tab) => {
                let thumb = Thumb {
                    tab: &tab,
                    texts: &|_| None,
                    focus: pane.as_ref().and_then(|(at, _)| at.pane),
                    signs: &signs(screen, &tab, at == 0),
                    inside: Inside::Labels,
                    single: false,
                    home: Some(&look.shared.home),
                };
                thumb.draw(place, buf, &mut drawn.screens, look.theme);
            }
            None => {
                put(
                    buf,
                    place,
                    place.x + 1,
                    place.y,
                    "not there",
                    look.style(Role::Dim),
                );
            }
        }
    }
    if inside.width > half * 2 {
        let arrow = Rect {
            x: inside.x + half,
            width: inside.width - half * 2,
            ..inside
        };
        put_right(
            buf,
            arrow,
            inside.y + inside.height / 2,
            "→ ",
            look.style(Role::Dim),
        );
    }
}

/// The signs for the panes of a tab that differ, on one of the sides.
fn signs(screen: &Diff, tab: &Tab, of_a: bool) -> BTreeMap<u32, ChangeKind> {
    let found = screen.nodes.iter().filter_map(|node| {
        let Kind::Change(kind) = node.kind else {
            return None;
        };
        let both = node.pane.as_ref()?;
        let (at, pane) = if of_a {
            both.a.as_ref()
        } else {
            both.b.as_ref()
        }?;
        let known = tab.pane(pane.index)?;
        (at.tab == Some(tab.index) && known == pane).then_some((pane.index, kind))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::input::{Key, KeyPress};
    use crate::app::msg::{Answer, Comparison};
    use crate::app::samples::{ELEVEN_FORTY, World};
    use crate::app::{Cx, Effect, Msg, Screen, State, update};
    use crate::model::diff::diff;
    use crate::ui::testing;

    /// The screen with what differs between 11:40 and now.
    fn compared(width: u16, height: u16) -> State {
        let (a, b) = (World::before(), World::now());
        let mut shared = testing::shared();
        let snapshot = a.snapshot(ELEVEN_FORTY);
        shared.library.prepend(std::slice::from_ref(&snapshot.meta));
        shared.focus.session = Some("api".into());
        shared.focus.tab = Some(1);
        shared.focus.pane = Some(2);
        let mut effects = Vec::new();
        let mut cx = Cx {
            shared: &mut shared,
            effects: &mut effects,
        };
        let screen = Diff::open(Side::Snapshot(snapshot.meta.id), Side::Live, &mut cx);
        let Some(Effect::Compare { generation, .. }) = effects.pop() else {
            panic!("a comparison is asked for");
        };
        let (mut state, _) = State::start(shared, vec![Screen::Diff(screen)]);
        let size = crate::model::geometry::Size { width, height };
        update(&mut state, Msg::Resize(size));
        testing::render(&mut state, width, height);
        let difference = diff(&a.state, &b.state, true);
        let side = |world: World, meta| SideState {
            meta,
            state: world.state.into(),
            texts: world.texts,
        };
        let comparison = Comparison {
            a: side(a, Some(snapshot.meta)),
            b: side(b, None),
            diff: difference,
        };
        let result = Ok(Box::new(comparison));
        update(
            &mut state,
            Msg::Answer(Answer::Compared { generation, result }),
        );
        state
    }

    fn press(state: &mut State, keys: &str) -> Vec<Effect> {
        let keys = keys.chars().map(KeyPress::char);
        keys.flat_map(|key| update(state, Msg::Key(key))).collect()
    }

    #[test]
    fn looks_as_designed() {
        for (width, height) in [(40, 12), (80, 24), (160, 45)] {
            let mut state = compared(width, height);
            testing::render(&mut state, width, height);
            insta::assert_snapshot!(
                format!("{width}x{height}"),
                testing::render(&mut state, width, height)
            );
        }
    }

    #[test]
    fn keys_change_how_it_is_shown() {
        let mut state = compared(80, 24);
        testing::render(&mut state, 80, 24);
        press(&mut state, "tiZ");
        insta::assert_snapshot!(testing::render(&mut state, 80, 24));
    }

    #[test]
    fn changes_are_walked_across_panes_and_the_end_is_told() {
        let mut state = compared(80, 24);
        let name = |state: &State| match state.screen() {
            Some(Screen::Diff(diff)) => diff.nodes[diff.selected].name.clone(),
            _ => panic!("the comparison is seen"),
        };
        assert_eq!(name(&state), "2 tail");
        let mut seen = Vec::new();
        while state.shared.notice.is_none() {
            press(&mut state, "n");
            seen.push(name(&state));
        }
        seen.dedup();
        assert_eq!(seen, ["2 tail", "3 zsh", "1 zsh"]);
        press(&mut state, "NNNNNNNN");
        assert_eq!(name(&state), "1 nvim");
    }

    #[test]
    fn scrubbing_asks_again_and_a_stale_answer_is_dropped() {
        let mut state = compared(80, 24);
        let effects = press(&mut state, "h");
        assert!(matches!(
            effects.as_slice(),
            [Effect::Compare {
                b: Side::Snapshot(_),
                ..
            }]
        ));
        let old = crate::app::effect::Generation(0);
        let failure = Err(crate::app::msg::Failure {
            message: "late".into(),
        });
        let answer = Answer::Compared {
            generation: old,
            result: failure,
        };
        update(&mut state, Msg::Answer(answer));
        let Some(Screen::Diff(diff)) = state.screen() else {
            panic!("the comparison is seen");
        };
        assert!(diff.loading && diff.failure.is_none());
        assert!(matches!(
            press(&mut state, "l").as_slice(),
            [Effect::Compare { b: Side::Live, .. }]
        ));
        assert!(
            press(&mut state, "l").is_empty(),
            "nothing is newer than now"
        );
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(40))]

        #[test]
        fn any_keys_at_any_size(
            keys in "[nNhlHLizZ{}Wb~tvrjkyq ]{0,30}",
            (width, height) in (1u16..170, 1u16..50),
        ) {
            let mut state = compared(width, height);
            for key in keys.chars() {
                update(&mut state, Msg::Key(KeyPress::char(key)));
                testing::render(&mut state, width, height);
            }
            update(&mut state, Msg::Key(KeyPress::plain(Key::Esc)));
        }
    }
}
