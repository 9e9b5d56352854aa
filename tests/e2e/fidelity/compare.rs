//! Two states held against each other, without what cannot be restored.

use std::collections::BTreeMap;

use muxtape::model::tree::{Pane, ServerState, Session};
use muxtape::mux::tmux::new_pane::RESTORED_FROM;

use crate::support::world::Texts;
use crate::support::world::World;

/// A name, and what takes it out of a state.
type Allowed = (&'static str, fn(&mut ServerState));

/// What a restore does not bring back though it is captured, by its name in docs/fidelity.md, and
/// what takes it out of a state.
pub(crate) const ALLOWED: &[Allowed] = &[
    ("start command", |state| {
        each_pane(state, |pane| pane.detail.start_command = "".into());
    }),
    ("row above the line of an ended pane", |state| {
        each_pane(state, |pane| {
            if pane.exit.is_some() {
                pane.screen.history = 0;
            }
        });
    }),
    ("terminal modes", |state| {
        each_pane(state, |pane| pane.detail.terminal = Default::default());
    }),
    ("destroy-unattached", |state| {
        for session in &mut state.sessions {
            let settings = &mut session.detail.settings;
            settings.retain(|setting| setting.name != "destroy-unattached");
        }
    }),
    ("times of sessions", |state| {
        for session in &mut state.sessions {
            session.detail = session.detail.timeless();
        }
    }),
    ("numbers of automatic buffers", |state| {
        for buffer in &mut state.buffers {
            if buffer.name.starts_with(b"buffer") {
                buffer.name = "buffer".into();
            }
        }
    }),
];

fn each_pane(state: &mut ServerState, change: impl Fn(&mut Pane)) {
    let tabs = state
        .sessions
        .iter_mut()
        .flat_map(|session| &mut session.tabs);
    tabs.flat_map(|tab| &mut tab.panes).for_each(change);
}

fn comparable(state: &ServerState) -> ServerState {
    let mut state = state.clone().without_handles();
    state.sessions.retain(|session| session.name != "live");
    for (_, without) in ALLOWED {
        without(&mut state);
    }
    state
}

/// What differs, a line each.
pub(crate) fn differences(
    before: &ServerState,
    texts: &Texts,
    after: &ServerState,
    new_texts: &Texts,
) -> Vec<String> {
    let (before, after) = (comparable(before), comparable(after));
    let mut found = Vec::new();
    let mut note = |place: &str, one: &dyn std::fmt::Debug, other: &dyn std::fmt::Debug| {
        let (one, other) = (format!("{one:?}"), format!("{other:?}"));
        if one != other {
            found.push(format!("{place}:\n  was {one}\n  is  {other}"));
        }
    };
    let names = |state: &ServerState| -> Vec<_> {
        state
            .sessions
            .iter()
            .map(|session| session.name.clone())
            .collect()
    };
    note("sessions", &names(&before), &names(&after));
    note("buffers", &before.buffers, &after.buffers);
    for (session, new) in before.sessions.iter().zip(&after.sessions) {
        let place = format!("{:?}", session.name);
        note(&place, &session.shallow(), &new.shallow());
        let indexes =
            |session: &Session| -> Vec<u32> { session.tabs.iter().map(|tab| tab.index).collect() };
        note(&format!("{place} tabs"), &indexes(session), &indexes(new));
        for (tab, new) in session.tabs.iter().zip(&new.tabs) {
            let place = format!("{place}:{}", tab.index);
            note(&place, &tab.shallow(), &new.shallow());
            for (pane, new) in tab.panes.iter().zip(&new.panes) {
                let place = format!("{place}.{}", pane.index);
                let text = |pane: &Pane, texts: &Texts| {
                    pane.contents.map(|text| texts[&text.digest].main.clone())
                };
                note(
                    &format!("{place} text"),
                    &text(pane, texts),
                    &text(new, new_texts),
                );
                note(&place, pane, new);
            }
        }
    }
    found
}

/// What tmux itself prints about sessions, tabs and panes, by their places; nothing of muxtape
/// reads it.
pub(crate) fn raw(world: &World) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let sessions = world.run(&["list-sessions", "-F", "#{session_id}"]);
    for session in sessions.lines() {
        let ask = |format: &str| world.run(&["display-message", "-p", "-t", session, format]);
        let name = ask("#{session_name}");
        if name == "live" {
            continue;
        }
        let facts = "#{session_group} #{session_path} #{session_stack} #{session_windows}";
        let mut text = ask(facts) + "\n";
        for what in [
            ["show-options", "-H"],
            ["show-environment", "-q"],
            ["show-environment", "-h"],
        ] {
            if what[1] == "-q" {
                text.push_str(&world.run(&["show-environment", "-t", session]));
            } else {
                text.push_str(&world.run(&[what[0], what[1], "-t", session]));
            }
            text.push('\n');
        }
        let kept = text
            .lines()
            .filter(|line| !line.is_empty() && *line != "destroy-unattached off");
        all.insert(name.clone(), kept.collect::<Vec<_>>().join("\n"));
        let format = "#{window_index} #{window_id}";
        for tab in world
            .run(&["list-windows", "-t", session, "-F", format])
            .lines()
        {
            let (index, id) = tab.split_once(' ').unwrap();
            let format = "#{window_name} #{window_width}x#{window_height} #{window_zoomed_flag} \
                #{window_active} #{window_last_flag} #{window_panes} #{window_linked}";
            let target = format!("{session}:{index}");
            let mut text = world.run(&["display-message", "-p", "-t", &target, format]);
            text.push_str(&world.run(&["show-options", "-w", "-H", "-t", id]));
            let format = "\n#{pane_index} #{pane_title} #{pane_active} #{pane_last} #{pane_marked} \
                #{pane_left},#{pane_top} #{pane_width}x#{pane_height} #{pane_dead} #{pane_dead_status} \
                #{pane_input_off} #{pane_synchronized} #{pane_mode} #{scroll_position} \
                #{pane_search_string} #{pane_current_path} #{?pane_dead,,#{pane_current_command} #{history_size}} \
                #{cursor_x},#{cursor_y}";
            text.push_str(&world.run(&["list-panes", "-t", id, "-F", format]));
            for pane in world
                .run(&["list-panes", "-t", id, "-F", "#{pane_id}"])
                .lines()
            {
                text.push_str(&pane_options(world, pane));
            }
            all.insert(format!("{name}:{index}"), text);
        }
    }
    all
}
/// The options of a pane's own, without the one by which a restore keeps how the original began.
pub(crate) fn pane_options(world: &World, pane: &str) -> String {
    let options = world.run(&["show-options", "-p", "-H", "-t", pane]);
    let kept = options
        .lines()
        .filter(|line| !line.starts_with(RESTORED_FROM));
    kept.collect::<Vec<_>>().join("\n")
}

pub(crate) fn raw_differences(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Vec<String> {
    let mut found = Vec::new();
    for place in before.keys().chain(after.keys()) {
        let (one, other) = (before.get(place), after.get(place));
        if one != other && !found.iter().any(|line: &String| line.starts_with(place)) {
            found.push(format!("{place}:\n  was {one:?}\n  is  {other:?}"));
        }
    }
    found
}
