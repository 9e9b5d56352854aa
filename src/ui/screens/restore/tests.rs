//! The preview as it is drawn, and its keys.

use super::commands::wrapped;
use super::*;
use crate::app::effect::Job;
use crate::app::input::{Key, KeyPress};
use crate::app::msg::{Answer, NotRestored};
use crate::app::samples;
use crate::app::{Cx, Effect, Msg, Screen, State, update};
use crate::model::geometry::Size;
use crate::restore::{Chosen, Item, Level};
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
    let Some(Effect::Job(Job::Plan { generation, .. })) = effects.last() else {
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
        Effect::Job(Job::Apply {
            plan,
            recovers: None,
        }),
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
    let applies = |effect: &Effect| matches!(effect, Effect::Job(Job::Apply { .. }));
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
        [Effect::Job(Job::Apply { .. })]
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
    let Some(Effect::Job(Job::Plan { selection, .. })) = effects.last() else {
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
    assert!(matches!(
        effects.as_slice(),
        [Effect::Job(Job::Plan { .. })]
    ));
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
