//! The first-run screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::keys::Action;
use crate::app::keys::action::WelcomeAction;
use crate::app::mouse::MouseTarget;
use crate::app::screens::welcome::Welcome;
use crate::app::words;
use crate::app::words::plural;
use crate::model::ansi::label;
use crate::ui::draw::{self, Drawn, Look, line};
use crate::ui::theme::Role;
use crate::ui::widgets::text::fit;

/// Draws the screen.
pub(crate) fn draw(
    screen: &Welcome,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let rest = draw::header(look, area, buf, drawn);
    let lines = lines(screen, look);
    let height = u16::try_from(lines.len() + 4)
        .unwrap_or(u16::MAX)
        .min(rest.height);
    let width = 66.min(rest.width);
    let place = Rect {
        x: rest.x + (rest.width - width) / 2,
        y: rest.y + (rest.height - height) / 2,
        width,
        height,
    };
    let frame = look.frame_of("Welcome: the tape is empty", "", true);
    let inside = frame.draw(place, buf);
    let margin = usize::from(inside.height >= 12);
    for (place, (text, action)) in inside.rows().skip(margin).zip(lines) {
        line(&text, place, 2, buf);
        if let Some(action) = action {
            drawn.target(place, MouseTarget::Action(Action::Welcome(action)));
        }
    }
}

fn lines(screen: &Welcome, look: &Look<'_>) -> Vec<(Line<'static>, Option<WelcomeAction>)> {
    let shared = look.shared;
    let wide = shared.size.width >= 66;
    let says = |role: Role, text: String| (Line::from(look.span(role, text)), None);
    let mut lines = Vec::new();
    match screen.found() {
        None => lines.push(says(Role::Dim, "Looking for a tmux server…".to_owned())),
        Some(Err(failure)) => {
            lines.push(says(
                Role::Warning,
                format!("! {}", fit(&failure.message, 58)),
            ));
            lines.push(says(
                Role::Dim,
                "What is recorded later will be shown here.".to_owned(),
            ));
        }
        Some(Ok(found)) => match &found.version {
            Some(version) => {
                let sessions = plural(found.sessions.len(), "session");
                let panes = plural(found.panes, "pane");
                let server = match wide {
                    true => format!("tmux {version}, {sessions}, {panes}"),
                    false => format!("tmux {version}, {sessions}"),
                };
                lines.push((
                    Line::from(vec![
                        look.span(Role::Dim, "Found   "),
                        look.span(Role::Strong, server),
                    ]),
                    None,
                ));
                let names: Vec<String> = found.sessions.iter().map(|name| label(name)).collect();
                let names = fit(&names.join(", "), if wide { 54 } else { 26 });
                lines.push(says(Role::Dim, format!("        {names}")));
            }
            None => {
                lines.push(says(Role::Warning, "No tmux server is running.".to_owned()));
                let words = match wide {
                    true => "Start one with `tmux`; recording begins by itself.",
                    false => "Start one with `tmux`.",
                };
                lines.push(says(Role::Dim, words.to_owned()));
            }
        },
    }
    lines.push((Line::default(), None));
    let choices = [
        (
            "1",
            "Record while muxtape is open",
            "a look every second",
            WelcomeAction::Record,
        ),
        (
            "2",
            "One snapshot, now",
            "nothing in the background",
            WelcomeAction::Once,
        ),
    ];
    for (key, what, note, action) in choices {
        let note = if wide { note } else { "" };
        let text = Line::from(vec![
            look.span(Role::Key, format!(" {key}  ")),
            look.span(Role::Strong, format!("{what:<30}")),
            look.span(Role::Dim, note),
        ]);
        lines.push((text, Some(action)));
    }
    lines.push(says(
        Role::Dim,
        match wide {
            true => "    `muxtape daemon run` records without the interface",
            false => "    or run `muxtape daemon run`",
        }
        .to_owned(),
    ));
    lines.push((Line::default(), None));
    let mark = |on: bool| if on { "✓" } else { "–" };
    let settings = &shared.settings;
    let options = [
        (
            settings.recorder.contents,
            match wide {
                true => "keeps what panes show and their scrollback",
                false => "keeps what panes show",
            },
        ),
        (
            settings.redaction.enabled,
            match wide {
                true => "hides secrets: tokens, keys, passwords",
                false => "hides secrets",
            },
        ),
    ];
    for (on, what) in options {
        let what = if on {
            what.to_owned()
        } else {
            format!("{what} (off)")
        };
        lines.push(says(Role::Text, format!(" {}  {what}", mark(on))));
    }
    lines.push((Line::default(), None));
    let place = words::path(&shared.data, &shared.home);
    lines.push(says(
        Role::Dim,
        format!("Stays on this machine: {} (0700)", fit(&place, 34)),
    ));
    lines
}
