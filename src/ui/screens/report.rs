//! What a restore did.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::screens::report::{Report, Undo, sign, undone_words};
use crate::app::words;
use crate::app::words::plural;
use crate::model::ansi::label;
use crate::restore::{Level, Outcome, Status};
use crate::ui::draw::{self, Drawn, Look, split_bottom, split_top};
use crate::ui::theme::Role;
use crate::ui::widgets::text::{broken, put};
use crate::ui::widgets::tree::{Row, Tree};

/// Draws the screen.
pub(crate) fn draw(
    screen: &Report,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let [top, rest] = split_top(area, 1);
    header(screen, look, top, buf, drawn);
    let rest = undo(screen, look, rest, buf);
    let detail = if rest.height < 12 {
        0
    } else {
        (rest.height / 3).clamp(4, 12)
    };
    let [upper, lower] = split_bottom(rest, detail);
    rows(screen, look, upper, buf, drawn);
    if lower.height > 0 {
        more(screen, look, lower, buf);
    }
}

fn header(screen: &Report, look: &Look<'_>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let report = &screen.report;
    let clock = screen.snapshot.as_ref().map_or_else(
        || report.snapshot.short(),
        |snapshot| words::clock(snapshot.meta.time, &look.shared.zone),
    );
    let failed = report.count(Outcome::Failed);
    let (said, role) = match report.status {
        _ if matches!(screen.undo, Undo::Done(_)) => (
            format!(" Taken back: the restore of {clock}"),
            Role::Warning,
        ),
        Status::Success => (format!(" Restored {clock}"), Role::Good),
        Status::Partial if failed > 0 => {
            let failures = plural(failed, "failure");
            (format!(" Restored {clock} with {failures}"), Role::Warning)
        }
        Status::Partial => (format!(" Restored {clock} in part"), Role::Warning),
        Status::Failed => (format!(" Could not restore {clock}"), Role::Error),
    };
    let said = Line::from(look.span(role, said)).style(look.style(Role::Strong));
    draw::line(&said, area, 0, buf);
    let took = report.duration_ms;
    let took = if took < 1000 {
        format!("{took} ms")
    } else {
        format!("{}.{} s", took / 1000, took % 1000 / 100)
    };
    let right = Line::from(look.span(Role::Dim, format!("{took}  ?:keys ")));
    let wide = u16::try_from(right.width()).unwrap_or(u16::MAX);
    if said.width() + right.width() <= usize::from(area.width) {
        draw::line(&right, area, area.width.saturating_sub(wide), buf);
        let keys = Rect::new(area.right().saturating_sub(8), area.y, 8, 1);
        drawn.target(keys.intersection(area), draw::HELP);
    }
}

/// What could be undone, at the bottom, where anything can; what is left above it.
fn undo(screen: &Report, look: &Look<'_>, area: Rect, buf: &mut Buffer) -> Rect {
    let said = match (&screen.undo, screen.report.undo) {
        (Undo::Done(undone), _) => undone_words(undone),
        (Undo::Underway, _) => "Taking back what was made…".to_owned(),
        (Undo::Not, point) => {
            let made = &screen.report.sessions;
            if made.is_empty() {
                return area;
            }
            let ids: Vec<&str> = made.iter().map(|made| made.called.as_str()).collect();
            let made = plural(made.len(), "session");
            let before = point.map(|point| format!("Saved before: {}. ", point.short()));
            let before = before.unwrap_or_default();
            format!("{before}Made here: {made} ({})", ids.join(", "))
        }
    };
    let [rest, line] = split_bottom(area, 2);
    put(
        buf,
        line,
        line.x + 1,
        line.y + 1,
        &said,
        look.style(Role::Dim),
    );
    rest
}

fn rows(screen: &Report, look: &Look<'_>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let report = &screen.report;
    let done = report.count(Outcome::Done) + report.count(Outcome::Warned);
    let mut note = format!("{done} done");
    for (count, word) in [
        (report.count(Outcome::Failed), "failed"),
        (report.count(Outcome::Skipped), "skipped"),
    ] {
        if count > 0 {
            note.push_str(&format!(" · {count} {word}"));
        }
    }
    let inside = look.frame("Report", &note).draw(area, buf);
    let list: Vec<Row> = report
        .rows
        .iter()
        .map(|row| {
            let role = role(row.outcome);
            let depth = match row.level {
                Level::Session => 0,
                Level::Tab => 2,
                Level::Pane => 4,
            };
            let quiet = row.outcome == Outcome::Skipped;
            Row {
                depth: 1,
                sign: sign(row.outcome).to_owned(),
                sign_style: look.style(role),
                name: format!("{}{}", " ".repeat(depth), row.label),
                style: look.style(if quiet { Role::Dim } else { Role::Text }),
                detail: row.detail.clone(),
                ..Row::default()
            }
        })
        .collect();
    let tree = Tree {
        rows: &list,
        selected: Some(screen.selected.at()),
        note_width: 0,
    };
    drawn.tree(&tree, inside, buf, look.theme);
}

fn role(outcome: Outcome) -> Role {
    match outcome {
        Outcome::Done => Role::Good,
        Outcome::Warned => Role::Warning,
        Outcome::Failed => Role::Error,
        Outcome::Skipped => Role::Dim,
    }
}

/// What there is to know about the chosen row, and what failed as a whole.
fn more(screen: &Report, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
    let title = screen.row().map_or("", |row| row.label.as_str());
    let inside = look.frame(title, "").draw(area, buf);
    let mut lines: Vec<(String, Role)> = Vec::new();
    if let Some(row) = screen.row() {
        lines.extend(row.more.iter().map(|line| (line.clone(), Role::Text)));
        for warning in screen.warnings(row) {
            lines.push((format!("! {}", warning.issue), Role::Warning));
            let after = [
                (&warning.fallback, Role::Text),
                (&warning.suggestion, Role::Dim),
            ];
            let after = after.into_iter().filter(|(words, _)| !words.is_empty());
            lines.extend(after.map(|(words, role)| (format!("  {words}"), role)));
        }
        if lines.is_empty() {
            lines.push((row.detail.clone(), Role::Dim));
        }
    }
    let errors = screen.report.errors.iter();
    lines.extend(errors.map(|error| (label(error.as_bytes()), Role::Error)));
    let room = inside.width.saturating_sub(2);
    let parts = lines.iter().flat_map(|(line, role)| {
        let parts = broken(line, room).into_iter();
        parts.map(|part| Line::from(look.span(*role, format!(" {part}"))))
    });
    let mut parts: Vec<Line<'_>> = parts.collect();
    let rows = usize::from(inside.height);
    if parts.len() > rows && rows > 0 {
        let more = plural(parts.len() - rows + 1, "more line");
        parts.truncate(rows - 1);
        parts.push(Line::from(
            look.span(Role::Dim, format!(" … {more}: y copies the report")),
        ));
    }
    draw::lines(&parts, inside, buf);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::effect::{Job, TerminalEffect};
    use crate::app::input::{Key, KeyPress};
    use crate::app::msg::Answer;
    use crate::app::samples;
    use crate::app::{Effect, Msg, Screen, State, update};
    use crate::restore::undo::Undone;
    use crate::ui::testing;

    fn reported() -> State {
        let snapshot = samples::preview().snapshot;
        let screen = Report::new(samples::report(), Some(snapshot));
        State::start(testing::shared(), vec![Screen::Report(screen)]).0
    }

    fn press(state: &mut State, key: char) -> Vec<Effect> {
        update(state, Msg::Key(KeyPress::char(key)))
    }

    #[test]
    fn looks_as_designed() {
        for (width, height) in [(40, 12), (80, 24), (160, 45)] {
            let drawn = testing::render(&mut reported(), width, height);
            insta::assert_snapshot!(format!("{width}x{height}"), drawn);
        }
    }

    #[test]
    fn keys_attach_copy_and_retry() {
        let attach = press(&mut reported(), 'a');
        let [session] = <[_; 1]>::try_from(samples::report().sessions).unwrap();
        assert_eq!(attach, [Effect::Attach { session }]);
        let copied = press(&mut reported(), 'y');
        let [Effect::Terminal(TerminalEffect::Copy(text))] = copied.as_slice() else {
            panic!("the report is copied, not {copied:?}");
        };
        assert!(text.contains("✗ 1.2 tail -f api.log") && text.contains("! api:1.3"));
        let mut state = reported();
        let retry = press(&mut state, 'f');
        let [Effect::Job(Job::Plan { selection, .. })] = retry.as_slice() else {
            panic!("a plan is asked for, not {retry:?}");
        };
        assert!(selection.has(&"api".into(), 1, 2) && !selection.has(&"api".into(), 1, 1));
        assert!(matches!(state.screen(), Some(Screen::Restore(_))));
    }

    #[test]
    fn undo_asks_first_and_then_says_what_was_closed() {
        let mut state = reported();
        assert_eq!(press(&mut state, 'u'), []);
        assert!(testing::render(&mut state, 80, 24).contains("Closes api-1140 with"));
        assert_eq!(
            press(&mut state, 'u'),
            [],
            "the key that asks never confirms"
        );
        let undo = press(&mut state, 'y');
        let [Effect::Job(Job::UndoRestore { made })] = undo.as_slice() else {
            panic!("it is to be taken back, not {undo:?}");
        };
        assert_eq!(made.sessions, samples::report().sessions);
        let undone = Undone {
            closed: made.sessions.clone(),
            ..Undone::default()
        };
        update(&mut state, Msg::Answer(Answer::RestoreUndone(Ok(undone))));
        update(&mut state, Msg::Key(KeyPress::plain(Key::Down)));
        let screen = testing::render(&mut state, 80, 24);
        assert!(screen.contains("Taken back") && screen.contains("Closed api-1140"));
        assert!(
            !screen.contains("undo…") && !screen.contains("a attach"),
            "{screen}"
        );
        assert_eq!(press(&mut state, 'u'), []);
        assert!(state.overlay.is_none());
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(40))]

        #[test]
        fn any_keys_at_any_size(
            keys in "[jkyuafnq]{0,20}", (width, height) in (1u16..170, 1u16..50),
        ) {
            let mut state = reported();
            for key in keys.chars() {
                press(&mut state, key);
                testing::render(&mut state, width, height);
            }
        }
    }
}
