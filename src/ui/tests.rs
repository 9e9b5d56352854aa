//! The screens as they are drawn, colours included, at the three sizes; and that nothing breaks
//! them.

use proptest::prelude::*;

use super::testing::render;
use crate::app::Msg;
use crate::app::input::{Key, KeyPress};
use crate::app::keys::Context;
use crate::app::msg::Failure;
use crate::app::rig::Rig;
use crate::app::samples::NOW;
use crate::app::theme::Theme;
use crate::config::ThemeName;
use crate::model::time::Millis;
use crate::ops::RecorderEvent;
use crate::ops::beat::{Beat, Health};

const SIZES: [(u16, u16); 3] = [(40, 12), (80, 24), (160, 45)];

/// The tape of the samples, on the second snapshot, recording.
fn rig() -> Rig {
    let mut rig = Rig::new();
    rig.tell(Msg::Now(Millis(NOW.0 - 8000)));
    rig.tell(Msg::Recorder(RecorderEvent::Unchanged));
    rig.tell(Msg::Now(NOW));
    rig.tell(Msg::Recorder(RecorderEvent::Looked(Beat {
        at: NOW,
        every_ms: 1000,
        health: Health::Well,
    })));
    rig.keys("h");
    rig
}

/// An empty store, and nobody records.
fn unrecorded() -> Rig {
    let mut rig = Rig::with(Vec::new());
    rig.tell(Msg::Recorder(RecorderEvent::Stopped));
    rig
}

/// Draws at all sizes, after `keys`.
fn shots(name: &str, rig: &mut Rig) {
    for (width, height) in SIZES {
        rig.resize(width, height);
        let drawn = render(&mut rig.state, width, height);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), drawn);
    }
}

#[test]
fn tape() {
    shots("tape", &mut rig());
}

#[test]
fn detail() {
    let mut rig = rig();
    rig.key(Key::Enter);
    shots("detail", &mut rig);
}

#[test]
fn full_text() {
    let mut rig = rig();
    rig.key(Key::Tab).key(Key::Enter).key(Key::Enter);
    shots("full_text", &mut rig);
}

#[test]
fn search() {
    let mut rig = rig();
    rig.keys("/slow").key(Key::Enter);
    shots("search", &mut rig);
}

#[test]
fn storage() {
    let mut rig = rig();
    rig.keys("3");
    shots("storage", &mut rig);
    rig.key(Key::Enter);
    shots("storage_secrets", &mut rig);
    rig.key(Key::Esc).keys("P");
    shots("storage_prune", &mut rig);
    rig.keys("aP");
    let drawn = render(&mut rig.state, 80, 24);
    insta::assert_snapshot!("storage_question_80x24", drawn);
}

#[test]
fn storage_of_nothing() {
    let mut rig = unrecorded();
    rig.keys("3");
    shots("storage_empty", &mut rig);
}

#[test]
fn storage_under_work_and_in_need() {
    use crate::app::figures::Work;
    use crate::app::msg::Answer;
    use crate::app::upkeep::sample;
    use crate::store::Progress;
    let mut rig = rig();
    rig.keys("3v");
    let settings = &mut rig.state.shared.settings;
    settings.retention = toml::from_str(
        "quota_mib = 1024\nquota_takes_chosen = true\n[[rule]]\nsession = \"work*\"\nkeep_last = 50\n",
    )
    .unwrap();
    let mut figures = sample::figures();
    (figures.waiting, figures.stats.damaged) = (2, 3);
    let generation = rig.state.shared.ticket();
    let result = Ok(Box::new(figures));
    rig.tell(Msg::Answer(Answer::Figures { generation, result }));
    shots("storage_need", &mut rig);
    let (done, total) = (31, 100);
    let progress = Progress { done, total };
    rig.tell(Msg::Answer(Answer::Working(Work::Compact, progress)));
    let drawn = render(&mut rig.state, 80, 24);
    assert!(
        drawn.contains("compacting") && drawn.contains("31 %"),
        "{drawn}"
    );
}

#[test]
fn welcome() {
    shots("welcome", &mut unrecorded());
}

#[test]
fn nothing_is_said_of_the_recorder_before_anything_is_known() {
    let mut rig = Rig::with(Vec::new());
    assert!(!render(&mut rig.state, 80, 24).contains("not recording"));
    let (mut state, _) = crate::app::State::start(crate::ui::testing::shared(), Vec::new());
    let stopped = Msg::Recorder(RecorderEvent::Stopped);
    let _ = crate::app::update(&mut state, stopped.clone());
    assert!(!render(&mut state, 80, 24).contains("not recording"));
    rig.tell(stopped);
    assert!(render(&mut rig.state, 80, 24).contains("not recording"));
}

#[test]
fn help() {
    let mut rig = rig();
    rig.keys("?");
    shots("help", &mut rig);
}

#[test]
fn a_key_map_is_a_value_that_keys_hints_and_help_follow() {
    let mut rig = rig();
    let (old, new) = (KeyPress::char('s'), KeyPress::char('F'));
    rig.state.shared.keys.rebind(Context::Tape, old, new);
    let drawn = render(&mut rig.state, 160, 45);
    assert!(drawn.contains("F snap now") && !drawn.contains("s snap now"));
    rig.keys("s");
    assert_eq!(rig.at(), "14:31:52", "it does nothing any more");
    rig.keys("?");
    assert!(render(&mut rig.state, 160, 45).contains(" F         snapshot now"));
    rig.key(Key::Esc).keys("F");
    assert_eq!(rig.at(), "14:32:18");
}

#[test]
fn palette() {
    let mut rig = rig();
    rig.keys(":snap");
    shots("palette", &mut rig);
}

#[test]
fn a_question() {
    let mut rig = rig();
    rig.keys("x");
    shots("question", &mut rig);
}

#[test]
fn without_colour_the_signs_stay() {
    let mut rig = rig();
    rig.state.shared.theme = Theme::built_in(ThemeName::Mono);
    let drawn = render(&mut rig.state, 80, 24);
    let coloured = |line: &str| line.contains(" = in ") || line.contains(" = on ");
    assert!(!drawn.lines().any(coloured), "{drawn}");
    assert!(drawn.contains("+1 ~2") && drawn.contains("✖ server died"));
}

#[test]
fn a_terminal_that_is_too_small_says_so() {
    let drawn = render(&mut rig().state, 39, 11);
    assert!(drawn.starts_with("muxtape needs 40x12"), "{drawn}");
}

#[test]
fn an_unreadable_store_is_named_where_the_tape_would_be() {
    let mut rig = Rig::with(Vec::new());
    rig.key(Key::Esc);
    rig.tell(Msg::Answer(crate::app::msg::Answer::Timeline {
        before: None,
        result: Err(Failure {
            message: "the store was written by a newer muxtape".to_owned(),
        }),
    }));
    assert!(render(&mut rig.state, 80, 24).contains("! the store was written by"));
}

/// A step of a restless user.
#[derive(Debug, Clone)]
enum Step {
    Key(KeyPress),
    Resize(u16, u16),
    Click(u16, u16),
}

fn any_step() -> impl Strategy<Value = Step> {
    let letters = "hljkgG[](){}@ dDrswtpxfuy:?/1234+_nNzZiWb~ve!aRcqQM5PC";
    let letter = proptest::sample::select(letters.chars().collect::<Vec<char>>());
    let special = proptest::sample::select(vec![
        Key::Enter,
        Key::Esc,
        Key::Tab,
        Key::BackTab,
        Key::Up,
        Key::Down,
        Key::Left,
        Key::Right,
        Key::PageUp,
        Key::PageDown,
        Key::Home,
        Key::End,
        Key::Backspace,
    ]);
    prop_oneof![
        6 => letter.prop_map(|c| Step::Key(KeyPress::char(c))),
        3 => special.prop_map(|key| Step::Key(KeyPress::plain(key))),
        1 => (0u16..200, 0u16..60).prop_map(|(w, h)| Step::Resize(w, h)),
        1 => (0u16..160, 0u16..45).prop_map(|(x, y)| Step::Click(x, y)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn no_keys_and_no_size_break_it(steps in proptest::collection::vec(any_step(), 1..60)) {
        let mut rig = rig();
        let mut drawn = super::draw::Drawn::default();
        let mut size = (80, 24);
        for step in steps {
            match step {
                Step::Key(key) => rig.tell(Msg::Key(key)),
                Step::Resize(width, height) => {
                    size = (width, height);
                    rig.resize(width, height);
                }
                Step::Click(x, y) => {
                    if let Some((_, target)) = drawn.at((x, y).into()) {
                        rig.tell(Msg::Mouse(crate::app::mouse::MouseKind::Click, target));
                    }
                }
            }
            let area = ratatui::layout::Rect::new(0, 0, size.0, size.1);
            let mut buffer = ratatui::buffer::Buffer::empty(area);
            super::draw::draw(&rig.state, area, &mut buffer, &mut drawn);
            rig.state.shared.view = drawn.view;
            prop_assert!(!rig.state.screens.is_empty());
        }
    }
}
