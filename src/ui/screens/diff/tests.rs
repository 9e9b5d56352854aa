//! The screen as it is drawn, and its keys.

use super::*;
use crate::app::effect::Job;
use crate::app::input::{Key, KeyPress};
use crate::app::msg::{Answer, Comparison, SideState};
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
    let Some(Effect::Job(Job::Compare { generation, .. })) = effects.pop() else {
        panic!("a comparison is asked for");
    };
    let (mut state, _) = State::start(shared, vec![Screen::Diff(screen)]);
    let size = crate::model::geometry::Size { width, height };
    update(&mut state, Msg::Resize(size));
    testing::render(&mut state, width, height);
    let difference = diff(&a.state, &b.state);
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
        Some(Screen::Diff(diff)) => diff.nodes[diff.selected.at()].name.clone(),
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
        [Effect::Job(Job::Compare {
            b: Side::Snapshot(_),
            ..
        })]
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
        [Effect::Job(Job::Compare { b: Side::Live, .. })]
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
