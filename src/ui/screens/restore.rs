//! The restore preview: what would be done, before anything is done.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::input::Target as Met;
use crate::app::keys::Action;
use crate::app::msg::Preview;
use crate::app::plural;
use crate::app::screens::restore::{Panel, Restore, server_words};
use crate::app::state::Window;
use crate::app::words;
use crate::model::tree::Tab;
use crate::restore::{Chosen, Item, Level, Outlook, PaneRef, Phase, Programs, Text};
use crate::ui::draw::{self, Drawn, Look, split_bottom, split_top};
use crate::ui::theme::Role;
use crate::ui::widgets::dialog::Dialog;
use crate::ui::widgets::frame::Frame;
use crate::ui::widgets::progress::Progress;
use crate::ui::widgets::text::{put, start, width};
use crate::ui::widgets::thumb::{Inside, Thumb};
use crate::ui::widgets::tree::{self, Row, Tree};

/// From this width on there is a drawing of what it will look like.
const BESIDE: u16 = 120;
/// Columns of the last column of the plan.
const ACTION: u16 = 14;

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
    let left = Line::from(vec![
        Span::raw(" "),
        look.span(Role::Selected, " DRY RUN "),
        Span::raw(" "),
        look.span(Role::Strong, format!("restore {clock}{to}")),
    ]);
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
        drawn.target(keys.intersection(area), Met::Action(Action::Help));
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
            Programs::Allow => "allow-list",
            other => other.word(),
        };
        let words = [
            (
                "e",
                format!("exists: {}", policy.on_conflict),
                Action::CycleConflict,
            ),
            ("p", format!("programs: {programs}"), Action::CyclePrograms),
            (
                "m",
                format!("no dir: {}", policy.missing_dir),
                Action::CycleMissingDir,
            ),
            ("b", format!("text: {}", policy.text), Action::CycleText),
        ];
        let mut x = policies.x + 1;
        for (key, said, action) in words {
            let from = x;
            x = put(buf, policies, x, policies.y, key, look.style(Role::Key));
            x = put(buf, policies, x + 1, policies.y, &said, Style::new());
            let place = Rect::new(from, policies.y, x - from, 1);
            drawn.target(place.intersection(policies), Met::Action(action));
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
    let parts = [
        (made, Role::Strong),
        (format!("type {}", counts.typed), Role::Text),
        (format!("run {}", counts.run), Role::Text),
        (format!("skip {}", counts.skipped), Role::Text),
        (
            format!("warn {}", counts.warnings),
            mark(counts.warnings, Role::Warning),
        ),
        (
            format!("lose {}", counts.loses),
            mark(counts.loses, Role::Error),
        ),
    ];
    let mut spans = Vec::new();
    for (at, (said, role)) in parts.into_iter().enumerate() {
        if at > 0 {
            spans.push(look.span(Role::Dim, " · "));
        }
        spans.push(look.span(role, said));
    }
    draw::line(&Line::from(spans), totals, 0, buf);
    rest
}

fn plan(
    screen: &Restore,
    preview: &Preview,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let meta = &preview.snapshot.meta;
    let note = format!(
        "{} · {} · {}",
        plural(meta.sessions.len(), "session"),
        plural(usize::try_from(meta.tabs()).unwrap_or(0), "window"),
        plural(usize::try_from(meta.panes()).unwrap_or(0), "pane")
    );
    let frame = Frame {
        title: "Plan",
        note: &note,
        line: look.style(Role::Frame),
        title_style: look.style(Role::Title),
        note_style: look.style(Role::Dim),
        ..Frame::default()
    };
    let inside = frame.draw(area, buf);
    let rows: Vec<Row> = screen
        .items()
        .iter()
        .map(|item| row(screen, item, look))
        .collect();
    let tree = Tree {
        rows: &rows,
        selected: Some(screen.selected),
        note_width: ACTION,
    };
    let margin = Rect {
        x: inside.x + 1.min(inside.width),
        width: inside.width.saturating_sub(1),
        ..inside
    };
    tree.draw(margin, buf, look.theme);
    for (at, line) in tree.seen(inside) {
        drawn.target(line, Met::Row(at));
    }
    drawn.view.list = Window {
        first: tree::top(screen.selected, rows.len(), inside.height),
        rows: usize::from(inside.height),
    };
}

fn row(screen: &Restore, item: &Item, look: &Look<'_>) -> Row {
    let chosen = screen.chosen(item);
    let warned = !item.warnings.is_empty() && item.level == Level::Pane;
    let (sign, role) = match chosen {
        Chosen::No => ("[ ]", Role::Dim),
        _ if warned => ("[!]", Role::Warning),
        _ if item.outlook == Outlook::Skip => ("[ ]", Role::Dim),
        Chosen::Partly => ("[~]", Role::Changed),
        Chosen::Yes => ("[x]", Role::Good),
    };
    let left_out = chosen == Chosen::No || item.outlook == Outlook::Skip;
    let note_role = match item.action() {
        "warn" => Role::Warning,
        "skip" => Role::Dim,
        _ => Role::Text,
    };
    Row {
        depth: match item.level {
            Level::Session => 0,
            Level::Tab => 1,
            Level::Pane => 2,
        },
        sign: sign.to_owned(),
        sign_style: look.style(role),
        name: item.label.clone(),
        style: look.style(if left_out { Role::Dim } else { Role::Text }),
        detail: item.detail.clone(),
        note: item.action().to_owned(),
        note_style: look.style(note_role),
    }
}

fn commands(
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
    let frame = Frame {
        title: &title,
        note: &note,
        line: look.style(Role::Frame),
        title_style: look.style(Role::Title),
        note_style: look.style(Role::Dim),
        ..Frame::default()
    };
    let inside = frame.draw(area, buf);
    let lines = screen.commands();
    let rows = usize::from(inside.height);
    let mut y = inside.y;
    for line in lines.iter().skip(screen.scrolled) {
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
    drawn.target(area, Met::Text);
    drawn.view.text = Window {
        first: screen.scrolled,
        rows,
    };
}

/// A command on as many lines as it needs, broken between its words as a shell allows: with a
/// backslash at the end.
fn wrapped(line: &str, room: u16) -> Vec<String> {
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

/// What the tab of the chosen row will look like.
fn likeness(
    screen: &Restore,
    preview: &Preview,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let Some(item) = screen.item() else {
        return;
    };
    let planned = planned_tab(preview, item);
    let place = match &planned {
        Some((name, tab)) => format!(" · {name}:{}", tab.index),
        None => String::new(),
    };
    let title = format!("What it will look like{place}");
    let frame = Frame {
        title: &title,
        line: look.style(Role::Frame),
        title_style: look.style(Role::Title),
        ..Frame::default()
    };
    let inside = frame.draw(area, buf);
    let Some((_, tab)) = planned else {
        put(
            buf,
            inside,
            inside.x + 1,
            inside.y,
            "It is left out",
            look.style(Role::Dim),
        );
        return;
    };
    let thumb = Thumb {
        tab: &tab,
        texts: &|digest| preview.texts.get(digest).map(std::convert::AsRef::as_ref),
        focus: item.target.pane,
        signs: &BTreeMap::new(),
        inside: match screen.policy.text {
            Text::Replay => Inside::Text,
            Text::None => Inside::Labels,
        },
        single: false,
        home: Some(&look.shared.home),
    };
    thumb.draw(inside, buf, &mut drawn.screens, look.theme);
}

/// The tab that a row becomes or is in, as it is planned, with the name of its session; of a session,
/// its current tab.
fn planned_tab(preview: &Preview, item: &Item) -> Option<(String, Tab)> {
    let plan = &preview.plan;
    let session = preview.snapshot.state.session(&item.target.session)?;
    let index = item
        .target
        .tab
        .or_else(|| Some(session.active_tab()?.index))?;
    let planned = plan
        .tabs
        .iter()
        .find(|tab| tab.target.session == item.target.session && tab.target.tab == Some(index))?;
    let mut tab = session.tab(index)?.clone();
    tab.layout = planned
        .layout
        .renumbered(&|pane| plan.pane(PaneRef(pane))?.target.pane)?;
    let left: Vec<u32> = tab
        .layout
        .panes()
        .into_iter()
        .map(|(pane, _)| pane)
        .collect();
    tab.panes.retain(|pane| left.contains(&pane.index));
    let name = plan.session(planned.session)?;
    Some((crate::model::ansi::label(&name.to), tab))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::input::{Key, KeyPress};
    use crate::app::msg::{Answer, NotRestored};
    use crate::app::samples;
    use crate::app::{Cx, Effect, Msg, Screen, State, update};
    use crate::model::geometry::Size;
    use crate::ui::testing;

    fn planned(width: u16, height: u16) -> State {
        let mut shared = testing::shared();
        let mut effects = Vec::new();
        let mut cx = Cx {
            shared: &mut shared,
            effects: &mut effects,
        };
        let preview = samples::preview();
        let screen = Restore::open(preview.plan.snapshot, &mut cx);
        let (mut state, _) = State::start(shared, vec![Screen::Restore(screen)]);
        update(&mut state, Msg::Resize(Size { width, height }));
        answer(&mut state, &effects);
        testing::render(&mut state, width, height);
        state
    }

    /// Answers the newest question for a plan.
    fn answer(state: &mut State, effects: &[Effect]) {
        let Some(Effect::Plan { generation, .. }) = effects.last() else {
            panic!("a plan is asked for, not {effects:?}");
        };
        let answer = Answer::Planned {
            generation: *generation,
            result: Ok(Box::new(samples::preview())),
        };
        update(state, Msg::Answer(answer));
    }

    fn press(state: &mut State, keys: &str) -> Vec<Effect> {
        let keys = keys.chars().map(KeyPress::char);
        keys.flat_map(|key| update(state, Msg::Key(key))).collect()
    }

    fn screen(state: &State) -> &Restore {
        match state.screen() {
            Some(Screen::Restore(screen)) => screen,
            _ => panic!("the preview is seen"),
        }
    }

    #[test]
    fn looks_as_designed() {
        for (width, height) in [(40, 12), (80, 24), (160, 45)] {
            let mut state = planned(width, height);
            press(&mut state, "!");
            let drawn = testing::render(&mut state, width, height);
            insta::assert_snapshot!(format!("{width}x{height}"), drawn);
        }
    }

    #[test]
    fn the_question_and_the_progress_look_as_designed() {
        let mut state = planned(80, 24);
        press(&mut state, "R");
        insta::assert_snapshot!(testing::render(&mut state, 80, 24));
        press(&mut state, "y");
        let progress = crate::restore::Progress {
            phase: Phase::Replay,
            done: 12,
            total: 31,
        };
        update(&mut state, Msg::Answer(Answer::Restoring(progress)));
        insta::assert_snapshot!(testing::render(&mut state, 80, 24));
    }

    #[test]
    fn only_y_goes_ahead_and_what_was_shown_is_what_is_done() {
        for no in [
            KeyPress::char('n'),
            KeyPress::char('R'),
            KeyPress::char(' '),
            KeyPress::plain(Key::Enter),
            KeyPress::plain(Key::Esc),
        ] {
            let mut state = planned(80, 24);
            press(&mut state, "R");
            assert!(update(&mut state, Msg::Key(no)).is_empty(), "{no}");
            assert!(screen(&state).running.is_none());
        }
        let mut state = planned(80, 24);
        let effects = press(&mut state, "Ry");
        let [
            Effect::Apply {
                plan,
                recovers: None,
            },
        ] = effects.as_slice()
        else {
            panic!("the plan is carried out, not {effects:?}");
        };
        assert_eq!(**plan, samples::preview().plan);
        // While it runs, nothing else begins, and it cannot be left.
        assert!(press(&mut state, "Ry q").is_empty());
        assert!(screen(&state).running.is_some());
    }

    #[test]
    fn a_plan_that_is_not_the_one_seen_is_never_carried_out() {
        let mut state = planned(80, 24);
        press(&mut state, " ");
        assert!(screen(&state).planning);
        let effects = press(&mut state, "Ry");
        let applies = |effect: &Effect| matches!(effect, Effect::Apply { .. });
        assert!(!effects.iter().any(applies));
        // A new plan comes while the question stands: it is another one than was asked about.
        let mut state = planned(80, 24);
        press(&mut state, "R");
        let stale = Answer::Planned {
            generation: crate::app::effect::Generation(0),
            result: Ok(Box::new(samples::preview())),
        };
        update(&mut state, Msg::Answer(stale));
        assert!(matches!(
            press(&mut state, "y").as_slice(),
            [Effect::Apply { .. }]
        ));
    }

    #[test]
    fn leaving_out_asks_for_a_new_plan_and_shows_at_once() {
        let mut state = planned(80, 24);
        let effects = press(&mut state, "jjj ");
        let chosen = |state: &State, row: usize| {
            let screen = screen(state);
            screen.chosen(&screen.items()[row])
        };
        assert_eq!(chosen(&state, 3), Chosen::No);
        assert_eq!(chosen(&state, 0), Chosen::Partly);
        answer(&mut state, &effects);
        let effects = press(&mut state, "a");
        assert_eq!(chosen(&state, 0), Chosen::Yes);
        answer(&mut state, &effects);
        press(&mut state, "a");
        assert_eq!(chosen(&state, 0), Chosen::No);
    }

    #[test]
    fn what_is_alive_as_it_was_can_be_asked_for() {
        let mut state = planned(80, 24);
        let same = |item: &Item| item.level == Level::Session && item.chosen == Chosen::No;
        let row = screen(&state).items().iter().position(same).unwrap();
        press(&mut state, &"j".repeat(row));
        let effects = press(&mut state, " ");
        let Some(Effect::Plan { selection, .. }) = effects.last() else {
            panic!("a plan is asked for, not {effects:?}");
        };
        let session = &screen(&state).item().unwrap().target.session;
        assert!(selection.asked_for(session));
    }

    #[test]
    fn policies_go_round_and_ask_for_a_new_plan() {
        let mut state = planned(80, 24);
        for key in ["e", "p", "m", "b"] {
            let before = screen(&state).policy.clone();
            let effects = press(&mut state, key);
            assert_ne!(screen(&state).policy, before, "{key}");
            answer(&mut state, &effects);
        }
    }

    #[test]
    fn when_what_is_alive_has_changed_the_new_plan_is_shown() {
        let mut state = planned(80, 24);
        press(&mut state, "Ry");
        let changed = Answer::Restored(Err(NotRestored::Changed));
        let effects = update(&mut state, Msg::Answer(changed));
        assert!(matches!(effects.as_slice(), [Effect::Plan { .. }]));
        assert!(screen(&state).running.is_none());
    }

    #[test]
    fn commands_are_broken_where_a_shell_allows_it() {
        let line = "tmux split-window -d -P -F '#{pane id}' -t api:1 -c /home/me/src";
        let lines = wrapped(line, 40);
        assert_eq!(
            lines,
            [
                "tmux split-window -d -P -F \\",
                "     '#{pane id}' -t api:1 -c \\",
                "     /home/me/src"
            ]
        );
        let joined: String = lines.join("\n").replace("\\\n     ", "");
        assert_eq!(joined, line);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(40))]

        #[test]
        fn any_keys_at_any_size(
            keys in "[jk a!cepmbRyn]{0,30}", (width, height) in (1u16..170, 1u16..50),
        ) {
            let mut state = planned(width, height);
            for key in keys.chars() {
                update(&mut state, Msg::Key(KeyPress::char(key)));
                testing::render(&mut state, width, height);
            }
        }

        #[test]
        fn any_command_is_broken_without_end(line in ".{0,200}", room in 0u16..60) {
            proptest::prop_assert!(!wrapped(&line, room).is_empty());
        }
    }
}
