//! The recovery prompt: a life has ended badly, and can be brought back.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::screens::recover::Recover;
use crate::app::words;
use crate::app::words::plural;
use crate::model::ansi::label;
use crate::model::snapshot::{EndCause, SessionSummary, SnapshotMeta};
use crate::restore::recovery::Offer;
use crate::ui::draw::{Drawn, Look, split_bottom};
use crate::ui::theme::Role;
use crate::ui::widgets::dialog::Dialog;
use crate::ui::widgets::text::{exactly, fit, put, width};

/// Programs of a session that are named.
const PROGRAMS: usize = 5;

/// Draws the screen.
pub(crate) fn draw(
    screen: &Recover,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    _drawn: &mut Drawn,
) {
    let Some((offer, meta)) = screen.shown() else {
        return;
    };
    let [upper, lower] = split_bottom(area, 1);
    let roomy = upper.height >= 18;
    let mut lines = Vec::new();
    lines.extend(when(screen, offer, meta, look));
    lines.push(Line::default());
    let left = usize::from(upper.height).saturating_sub(if roomy { 15 } else { 6 });
    let wide = if area.width >= 120 { 92 } else { 74 };
    let room = upper.width.min(wide).saturating_sub(6);
    lines.extend(sessions(screen, meta, look, left.max(1), room));
    if roomy {
        lines.push(Line::default());
        lines.push(Line::raw(
            "Nothing is started until you say so in the next screen.",
        ));
        lines.push(Line::default());
        lines.extend(keys(look));
    }
    let mux = offer.life.server.mux;
    let title = match (offer.evident, is_wide(look)) {
        (true, true) => format!("Your last {mux} server ended unexpectedly"),
        (false, true) => format!("Your last {mux} server ended, perhaps because you closed it"),
        (true, false) => format!("{mux} ended unexpectedly"),
        (false, false) => format!("{mux} ended, perhaps closed"),
    };
    let note = match screen.offers.len() {
        1 => String::new(),
        all => format!("{} of {all}, j/k", screen.offer.at() + 1),
    };
    let dialog = Dialog {
        title: &title,
        note: &note,
        lines: &lines,
        choices: Line::default(),
        width: wide,
        style: look.style(Role::FrameFocus),
    };
    dialog.draw(upper, buf, look.theme);
    let off = match is_wide(look) {
        true => "Turn this off: prompt = false in [recovery] of the settings",
        false => "Off: prompt = false in [recovery]",
    };
    put(buf, lower, lower.x + 1, lower.y, off, look.style(Role::Dim));
}

/// Whether there is room for whole sentences.
fn is_wide(look: &Look<'_>) -> bool {
    look.shared.size.width >= 72
}

fn when(
    screen: &Recover,
    offer: &Offer,
    meta: &SnapshotMeta,
    look: &Look<'_>,
) -> Vec<Line<'static>> {
    let zone = &look.shared.zone;
    let clock = words::clock(meta.time, zone);
    let day = words::day(meta.time, look.shared.now, zone);
    let day = if day == "Today" {
        String::new()
    } else {
        format!(" {day}")
    };
    let before = words::age(offer.last_seen.since(meta.time));
    let roomy = is_wide(look);
    let which = match screen.snapshot {
        0 if roomy => "Last good snapshot  ".to_owned(),
        0 => "Snapshot  ".to_owned(),
        at if roomy => exactly(&format!("{} before", plural(at, "snapshot")), 20),
        at => exactly(&format!("-{at}"), 10),
    };
    let moment = if roomy {
        format!("{clock}{day}, {before} before the server went away.")
    } else {
        format!("{clock}{day}, {before} before")
    };
    let seen = words::clock(offer.last_seen, zone);
    let reason = match (offer.cause, roomy) {
        (EndCause::Reboot, true) => "the machine was started anew".to_owned(),
        (EndCause::Reboot, false) => "the machine restarted".to_owned(),
        (EndCause::ServerGone, true) => format!("the server is gone; last seen at {seen}"),
        (EndCause::ServerGone, false) => format!("gone; last seen {seen}"),
        (EndCause::Closed, true) => format!("its last session was closed at {seen}"),
        (EndCause::Closed, false) => format!("closed at {seen}"),
    };
    let line = |name: String, said: String| {
        Line::from(vec![
            look.span(Role::Dim, name),
            look.span(Role::Strong, said),
        ])
    };
    vec![
        line(which, moment),
        line(exactly("Reason", if roomy { 20 } else { 10 }), reason),
    ]
}

fn sessions(
    screen: &Recover,
    meta: &SnapshotMeta,
    look: &Look<'_>,
    most: usize,
    room: u16,
) -> Vec<Line<'static>> {
    let all: Vec<(&SessionSummary, bool)> = screen.sessions().collect();
    let names = all.iter().map(|(session, _)| label(&session.name));
    let wide = names.map(|name| width(&name)).max();
    let wide = wide.unwrap_or(0).clamp(6, 20);
    let count = |count: u32, word: &str| plural(usize::try_from(count).unwrap_or(0), word);
    let line = |(session, back): &(&SessionSummary, bool)| {
        let name = exactly(&label(&session.name), wide);
        let tabs = count(session.tabs, "window");
        if *back {
            let said = match is_wide(look) {
                true => format!("  = {name}  is already back ({tabs})"),
                false => format!("  = {name}  is already back"),
            };
            return Line::from(look.span(Role::Dim, said));
        }
        let panes = count(session.panes, "pane");
        let counts = match is_wide(look) {
            true => format!("  {tabs:<10} {panes:<9} "),
            false => format!("  {panes:<9} "),
        };
        let programs = programs(session, meta, look);
        let left = room.saturating_sub(4 + wide + width(&counts));
        Line::from(vec![
            look.span(Role::Good, "  ✓ "),
            look.span(Role::Strong, name),
            Span::raw(counts),
            look.span(Role::Dim, fit(&programs, left)),
        ])
    };
    let shown = if all.len() > most {
        most.saturating_sub(1)
    } else {
        most
    };
    let mut lines: Vec<Line<'static>> = all.iter().take(shown).map(line).collect();
    if all.len() > shown {
        let rest = format!("    … and {} more", all.len() - shown);
        lines.push(Line::from(look.span(Role::Dim, rest)));
    }
    lines
}

/// The programs in a session, each once, where the snapshot is loaded.
fn programs(session: &SessionSummary, meta: &SnapshotMeta, look: &Look<'_>) -> String {
    let Some(seen) = look.shared.library.snapshot(meta.id) else {
        return String::new();
    };
    let Some(session) = seen.snapshot.state.session(&session.name) else {
        return String::new();
    };
    let panes = session.tabs.iter().flat_map(|tab| &tab.panes);
    let mut names: Vec<String> = Vec::new();
    for program in panes.filter_map(|pane| pane.program.as_ref()) {
        let name = label(&program.name());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.len() > PROGRAMS {
        names.truncate(PROGRAMS);
        names.push("…".to_owned());
    }
    names.join(", ")
}

fn keys(look: &Look<'_>) -> Vec<Line<'static>> {
    [
        ("Enter", "look at the dry run"),
        ("h/l", "pick an earlier snapshot"),
        ("s", "not now (kept; `muxtape recover` brings this back)"),
        ("N", "stop asking for this crash"),
    ]
    .into_iter()
    .map(|(key, what)| {
        Line::from(vec![
            look.span(Role::Key, format!("{key:>7}")),
            Span::raw(format!("  {what}")),
        ])
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use crate::app::effect::Job;
    use crate::app::input::{Key, KeyPress};
    use crate::app::library::Loaded;
    use crate::app::msg::Answer;
    use crate::app::samples::{self, ELEVEN_FORTY, World};
    use crate::app::{Effect, Msg, Screen, State, update};
    use crate::model::geometry::Size;
    use crate::ui::testing;

    fn offered() -> State {
        let (mut state, _) = State::start(testing::shared(), Vec::new());
        let crashes = Answer::Crashes(Ok(vec![samples::offer()]));
        let effects = update(&mut state, Msg::Answer(crashes));
        let loads = |effect: &Effect| matches!(effect, Effect::Job(Job::LoadSnapshot { .. }));
        assert!(effects.iter().any(loads));
        let world = World::now();
        state.shared.library.keep(Loaded {
            snapshot: world.snapshot(ELEVEN_FORTY),
            changes: None,
            texts: world.texts,
        });
        state
    }

    fn press(state: &mut State, key: char) -> Vec<Effect> {
        update(state, Msg::Key(KeyPress::char(key)))
    }

    fn is_prompt(state: &State) -> bool {
        matches!(state.screen(), Some(Screen::Recover(_)))
    }

    #[test]
    fn looks_as_designed() {
        for (width, height) in [(40, 12), (80, 24), (160, 45)] {
            let mut state = offered();
            update(&mut state, Msg::Resize(Size { width, height }));
            let drawn = testing::render(&mut state, width, height);
            insta::assert_snapshot!(format!("{width}x{height}"), drawn);
        }
    }

    #[test]
    fn enter_leads_to_the_dry_run_of_the_snapshot_that_is_shown() {
        let mut state = offered();
        press(&mut state, 'h');
        let effects = update(&mut state, Msg::Key(KeyPress::plain(Key::Enter)));
        let earlier = samples::offer().snapshots[1].id;
        assert!(matches!(
            effects.as_slice(),
            [Effect::Job(Job::Plan { snapshot, .. })] if *snapshot == earlier
        ));
        assert!(matches!(state.screen(), Some(Screen::Restore(_))));
    }

    #[test]
    fn not_now_keeps_the_offer_and_stop_asking_does_not() {
        let mut state = offered();
        assert!(press(&mut state, 's').is_empty());
        assert!(!is_prompt(&state));
        let mut state = offered();
        let life = samples::offer().id();
        assert_eq!(
            press(&mut state, 'N'),
            [Effect::Job(Job::DismissRecovery { life })]
        );
        assert!(!is_prompt(&state));
    }

    #[test]
    fn without_offers_there_is_no_prompt() {
        let (mut state, _) = State::start(testing::shared(), Vec::new());
        update(&mut state, Msg::Answer(Answer::Crashes(Ok(Vec::new()))));
        assert!(!is_prompt(&state));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(40))]

        #[test]
        fn any_keys_at_any_size(keys in "[hljk]{0,20}", (width, height) in (1u16..170, 1u16..50)) {
            let mut state = offered();
            for key in keys.chars() {
                press(&mut state, key);
                testing::render(&mut state, width, height);
            }
        }
    }
}
