//! The transitions of the interface, without a terminal.

use std::sync::Arc;

use super::effect::{Effect, Job, Side, TerminalEffect};
use super::input::{Key, KeyPress};
use super::keys::action::Everywhere;
use super::keys::{Action, Context};
use super::light::{Lamp, light};
use super::mouse::{MouseKind, MouseTarget};
use super::msg::{Answer, Failure};
use super::overlay::Overlay;
use super::rig::{Rig, clock, meta, timeline};
use super::rows::Row;
use super::samples::NOW;
use super::screens::tape::Tape;
use super::shared::RecorderStatus;
use super::{Msg, Screen, update};
use crate::model::id::SnapshotId;
use crate::model::snapshot::{Cause, SnapshotMeta};
use crate::model::time::Millis;
use crate::ops::RecorderEvent;
use crate::ops::beat::{Beat, Health};
use crate::store::{Spooled, StoreError, TakenIn};

fn tape(rig: &Rig) -> &Tape {
    match rig.state.screens.first() {
        Some(Screen::Tape(tape)) => tape,
        _ => panic!("no tape"),
    }
}

/// This process records, and looked just now.
fn recording(health: Health) -> RecorderStatus {
    let beat = Beat {
        at: NOW,
        every_ms: 1000,
        health,
    };
    RecorderStatus::Recording { seen: NOW, beat }
}

#[test]
fn it_starts_at_the_newest_and_follows_it() {
    let mut rig = Rig::new();
    assert_eq!(rig.at(), "14:32:10");
    let news = meta(NOW, (0, 0, 1), &["web"]);
    rig.tell(Msg::Recorder(RecorderEvent::Stored(Box::new(news))));
    assert_eq!(rig.at(), "14:32:18");
    assert_eq!(rig.state.shared.recorder, recording(Health::Well));
}

#[test]
fn what_is_kept_aside_is_told_and_what_is_taken_in_is_listed() {
    let mut rig = Rig::new();
    let spooled = Spooled {
        why: StoreError::NoSpace {
            operation: "record",
            path: "store".into(),
        },
        waiting: 1,
        dropped: 0,
    };
    rig.tell(Msg::Recorder(RecorderEvent::Spooled(Arc::new(spooled))));
    let shared = &rig.state.shared;
    let aside = light(&shared.recorder, NOW).unwrap();
    assert_eq!((aside.lamp, &*aside.words), (Lamp::Alarm, "cannot store"));
    let notice = shared.notice.as_ref().unwrap();
    assert!(notice.bad && notice.text.contains("spooled"), "{notice:?}");
    let taken = TakenIn {
        taken: 1,
        ..TakenIn::default()
    };
    let event = RecorderEvent::TakenIn(taken);
    let effects = super::update(&mut rig.state, Msg::Recorder(event));
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Job(Job::Refresh)))
    );
    assert_eq!(rig.state.shared.recorder, recording(Health::Well));
}

#[test]
fn news_does_not_move_who_looks_at_the_past() {
    let mut rig = Rig::new();
    rig.keys("h");
    let news = meta(NOW, (0, 0, 1), &["web"]);
    rig.tell(Msg::Recorder(RecorderEvent::Stored(Box::new(news))));
    assert_eq!(rig.at(), "14:31:52");
    assert_eq!(rig.keys("G").at(), "14:32:18");
}

#[test]
fn scrubbing_takes_counts() {
    let mut rig = Rig::new();
    assert_eq!(rig.keys("5h").at(), "14:18:00");
    assert_eq!(rig.keys("lll").at(), "14:30:05");
    assert_eq!(rig.keys("12h").at(), "14:02:41");
    assert_eq!(rig.keys("999l").at(), "14:32:10");
    assert_eq!(rig.key(Key::Left).at(), "14:31:52");
}

#[test]
fn the_ends_days_and_marks_are_found() {
    let mut rig = Rig::new();
    assert_eq!(rig.keys("{").at(), "14:02:41");
    assert_eq!(
        rig.keys("(").at(),
        "15:00:00",
        "the newest of the day before"
    );
    assert_eq!(rig.keys(")").at(), "14:32:10");
    assert_eq!(rig.keys("g").at(), "14:00:00");
    assert_eq!(rig.keys("h").at(), "14:00:00");
    assert!(
        rig.state
            .shared
            .notice
            .as_ref()
            .unwrap()
            .text
            .contains("end of the tape")
    );
}

#[test]
fn changes_are_those_of_the_session_in_focus() {
    let mut rig = Rig::new();
    assert_eq!(rig.keys("[").at(), "14:31:52");
    rig.state.shared.focus.session = Some("web".into());
    assert_eq!(rig.keys("[").at(), "14:30:05");
    assert_eq!(
        rig.keys("]").at(),
        "14:31:52",
        "web differs there from what it was before"
    );
}

#[test]
fn days_fold_and_unchanged_ones_are_one_row() {
    let mut rig = Rig::new();
    let folded = Row::Unchanged {
        first: 3,
        count: 11,
    };
    assert!(
        tape(&rig).rows().contains(&folded),
        "{:?}",
        tape(&rig).rows()
    );
    assert!(matches!(
        tape(&rig).rows().last(),
        Some(Row::Day {
            open: false,
            count: 2,
            ..
        })
    ));
    rig.keys("k").key(Key::Enter);
    assert!(matches!(
        tape(&rig).rows(),
        [Row::Day { open: false, .. }, Row::Day { .. }]
    ));
    rig.key(Key::Enter);
    assert!(tape(&rig).rows().len() > 5);
}

#[test]
fn the_list_steps_into_what_is_folded_and_over_what_is_no_snapshot() {
    let mut rig = Rig::new();
    rig.keys("jjj");
    assert_eq!(rig.at(), "14:20:00");
    assert!(
        !tape(&rig)
            .rows()
            .iter()
            .any(|row| matches!(row, Row::Unchanged { .. }))
    );
    rig.keys("G").keys("{").keys("jjj");
    assert_eq!(
        rig.at(),
        "11:40:02",
        "the end of the server's life is stepped over"
    );
}

#[test]
fn a_life_that_ended_is_shown_between_its_neighbours() {
    let rig = Rig::new();
    let rows = tape(&rig).rows();
    let end = rows
        .iter()
        .position(|row| matches!(row, Row::End { .. }))
        .unwrap();
    assert!(matches!(rows.get(end - 1), Some(Row::Gap { length, .. }) if *length == 6_708_000));
    assert!(matches!(rows.get(end + 1), Some(Row::Entry(_))));
}

#[test]
fn only_what_is_missing_is_asked_for_and_only_once() {
    let mut rig = Rig::new();
    rig.took(|_| true);
    rig.keys("h");
    assert!(rig.took(|effect| matches!(effect, Effect::Job(Job::LoadSnapshot { .. }))));
    rig.keys("l");
    assert!(
        !rig.took(|effect| matches!(effect, Effect::Job(Job::LoadSnapshot { .. }))),
        "it is known"
    );
}

#[test]
fn what_cannot_be_read_is_said_and_not_asked_for_again() {
    let mut rig = Rig::new();
    let lost = meta(clock(14, 32, 15), (0, 0, 1), &["api"]);
    rig.took(|_| true);
    rig.tell(Msg::Recorder(RecorderEvent::Stored(Box::new(lost))));
    let asked = |rig: &Rig| {
        let loads = rig
            .wanted
            .iter()
            .filter(|e| matches!(e, Effect::Job(Job::LoadSnapshot { .. })));
        loads.count()
    };
    assert_eq!(asked(&rig), 1);
    assert!(rig.state.shared.notice.as_ref().unwrap().bad);
    rig.tell(Msg::Now(NOW));
    rig.resize(100, 30);
    assert_eq!(asked(&rig), 1);
}

#[test]
fn comparing_is_with_a_or_with_the_one_before_and_time_runs_to_the_right() {
    let mut rig = Rig::new();
    let ids: Vec<_> = timeline().into_iter().map(|meta| meta.id).collect();
    let is = |a, b| {
        move |effect: &Effect| {
            matches!(effect, Effect::Job(Job::Compare { a: x, b: y, .. })
                if *x == Side::Snapshot(a) && *y == Side::Snapshot(b))
        }
    };
    rig.keys("d");
    assert!(rig.took(is(ids[1], ids[0])));
    rig.key(Key::Esc);
    rig.keys(" hhd");
    assert!(rig.took(is(ids[2], ids[0])));
    rig.key(Key::Esc);
    rig.keys("D");
    assert!(rig.took(|effect| matches!(effect, Effect::Job(Job::Compare { b: Side::Live, .. }))));
}

#[test]
fn to_the_trash_only_by_y_and_back_by_u() {
    let mut rig = Rig::new();
    for no in [Key::Enter, Key::Esc, Key::Char('n'), Key::Char('x')] {
        rig.keys("x");
        assert!(matches!(rig.state.overlay, Some(Overlay::Confirm(_))));
        rig.key(no);
        assert!(
            !rig.took(|effect| matches!(effect, Effect::Job(Job::Trash { .. }))),
            "{no:?}"
        );
        rig.state.overlay = None;
    }
    rig.keys("xy");
    assert!(rig.took(|effect| matches!(effect, Effect::Job(Job::Trash { .. }))));
    assert_eq!(rig.at(), "14:31:52");
    rig.keys("u");
    assert!(rig.took(|effect| matches!(effect, Effect::Job(Job::Untrash { .. }))));
    assert_eq!(rig.at(), "14:32:10");
}

#[test]
fn a_time_can_be_gone_to_in_words() {
    let mut rig = Rig::new();
    rig.keys("@11:41").key(Key::Enter);
    assert_eq!(rig.at(), "11:40:02");
    rig.keys("@half past").key(Key::Enter);
    assert!(matches!(&rig.state.overlay, Some(Overlay::Prompt(p)) if p.problem.is_some()));
    rig.key(Key::Esc);
    assert_eq!(rig.keys("@1h ago").key(Key::Enter).at(), "11:40:02");
}

#[test]
fn tags_and_pins_are_edits() {
    let mut rig = Rig::new();
    rig.keys("tgood").key(Key::Enter);
    assert_eq!(rig.state.shared.entry().unwrap().tags.to_vec(), ["good"]);
    rig.keys("p");
    assert!(rig.state.shared.entry().unwrap().pinned);
    rig.keys("hh");
    assert_eq!(rig.keys("}").at(), "14:32:10");
}

#[test]
fn one_session_can_be_listed_alone() {
    let mut rig = Rig::new();
    rig.keys("fweb").key(Key::Enter);
    assert_eq!(rig.state.shared.filter, Some("web".into()));
    rig.key(Key::Esc);
    assert_eq!(rig.state.shared.filter, None);
}

#[test]
fn q_goes_back_and_quits_only_at_the_root() {
    let mut rig = Rig::new();
    rig.key(Key::Enter);
    assert_eq!(rig.state.context(), Context::Detail);
    rig.key(Key::Enter);
    assert_eq!(rig.state.context(), Context::FullText);
    rig.keys("qq");
    assert_eq!(rig.state.context(), Context::Tape);
    assert!(!rig.took(|effect| *effect == Effect::Quit));
    rig.key(Key::Esc);
    assert!(
        !rig.took(|effect| *effect == Effect::Quit),
        "Esc never quits"
    );
    rig.keys("q");
    assert!(rig.took(|effect| *effect == Effect::Quit));
}

#[test]
fn ctrl_c_quits_from_anywhere() {
    for keys in ["", "?", ":", "x", "@", "/", "y"] {
        let mut rig = Rig::new();
        rig.keys(keys);
        rig.tell(Msg::Key(KeyPress::ctrl('c')));
        assert!(rig.took(|effect| *effect == Effect::Quit), "{keys}");
    }
}

#[test]
fn help_runs_what_it_explains() {
    let mut rig = Rig::new();
    rig.keys("?snapshot now").key(Key::Enter);
    assert!(rig.took(|effect| matches!(effect, Effect::Job(Job::CaptureNow { .. }))));
    assert!(rig.state.overlay.is_none());
    rig.keys(":theme").key(Key::Enter);
    assert_eq!(rig.state.shared.theme.name, crate::config::ThemeName::Light);
}

#[test]
fn the_copy_menu_copies_one_thing() {
    let mut rig = Rig::new();
    rig.keys("yd");
    assert!(
        rig.took(|effect| *effect
            == Effect::Terminal(TerminalEffect::Copy("/home/me/src/api".to_owned())))
    );
    rig.keys("yi");
    assert!(rig.took(
        |effect| matches!(effect, Effect::Terminal(TerminalEffect::Copy(id)) if id.len() == 20)
    ));
    rig.keys("yz");
    assert!(rig.state.overlay.is_none());
    assert!(!rig.took(|effect| matches!(effect, Effect::Terminal(TerminalEffect::Copy(_)))));
}

#[test]
fn tabs_and_panes_are_kept_while_scrubbing() {
    let mut rig = Rig::new();
    rig.key(Key::Tab).keys("h");
    assert_eq!(rig.state.shared.focus.pane, Some(2));
    rig.keys("w");
    assert_eq!(
        (rig.state.shared.focus.tab, rig.state.shared.focus.pane),
        (Some(2), None)
    );
    rig.keys("ww");
    assert_eq!(rig.state.shared.focus.session, Some("infra".into()));
}

#[test]
fn the_mouse_scrubs_and_chooses() {
    let mut rig = Rig::new();
    let start = MouseTarget::Slider {
        column: 0,
        width: 100,
    };
    rig.tell(Msg::Mouse(MouseKind::Drag, start));
    assert_eq!(rig.at(), "10:58:19");
    rig.tell(Msg::Mouse(MouseKind::ScrollDown, start));
    assert_eq!(rig.at(), "11:12:55");
    rig.tell(Msg::Mouse(MouseKind::Click, MouseTarget::Row(1)));
    assert_eq!(rig.at(), "14:32:10");
    rig.tell(Msg::Mouse(MouseKind::Click, MouseTarget::Pane(3)));
    assert_eq!(rig.state.shared.focus.pane, Some(3));
    rig.tell(Msg::Mouse(
        MouseKind::Click,
        MouseTarget::Action(Action::Everywhere(Everywhere::Help)),
    ));
    assert!(matches!(rig.state.overlay, Some(Overlay::Help(_))));
}

#[test]
fn a_search_answer_that_was_overtaken_is_dropped() {
    let mut rig = Rig::new();
    rig.keys("/slow");
    let Some(Screen::Search(search)) = rig.state.screens.last() else {
        panic!("no search");
    };
    let found = search.hits().len();
    assert_eq!(found, 1);
    rig.tell(Msg::Answer(Answer::Searched {
        generation: super::effect::Generation(1),
        result: Ok((Vec::new(), 1)),
    }));
    let Some(Screen::Search(search)) = rig.state.screens.last() else {
        panic!("no search");
    };
    assert_eq!(search.hits().len(), found);
}

#[test]
fn a_match_leads_to_its_moment_and_pane() {
    let mut rig = Rig::new();
    rig.keys("/slow").key(Key::Enter).keys("g").key(Key::Enter);
    assert_eq!(rig.state.context(), Context::Tape);
    assert_eq!(rig.at(), "14:19:00");
    assert_eq!(rig.state.shared.focus.pane, Some(2));
}

#[test]
fn nothing_is_recorded_before_the_user_has_chosen() {
    let mut rig = Rig::with(Vec::new());
    assert_eq!(rig.state.context(), Context::Welcome);
    assert!(!rig.took(|effect| *effect == Effect::Record));
    rig.keys("1");
    assert!(rig.took(|effect| *effect == Effect::Record));
    assert_eq!(rig.state.context(), Context::Tape);

    let mut rig = Rig::with(Vec::new());
    rig.keys("2");
    assert!(!rig.took(|effect| *effect == Effect::Record));
    assert_eq!(rig.at(), "14:32:18");
}

#[test]
fn where_something_was_recorded_before_recording_goes_on() {
    let mut rig = Rig::new();
    assert!(rig.took(|effect| *effect == Effect::Record));
}

#[test]
fn a_store_that_cannot_be_read_is_said() {
    let mut rig = Rig::with(Vec::new());
    rig.tell(Msg::Answer(Answer::Timeline {
        before: None,
        result: Err(Failure {
            message: "the store is newer".to_owned(),
        }),
    }));
    assert!(rig.state.shared.trouble.is_some());
}

#[test]
fn a_long_timeline_comes_in_pages() {
    let metas = (0..5000).map(|n| meta(Millis(NOW.0 - n * 30_000), (0, 0, 1), &["api"]));
    let rig = Rig::with(metas.collect());
    let shared = &rig.state.shared;
    assert_eq!(shared.library.entries().len(), 5000);
    assert!(shared.library.is_complete());
    let pages = rig
        .wanted
        .iter()
        .filter(|e| matches!(e, Effect::Job(Job::LoadTimeline { .. })));
    assert_eq!(pages.count(), 4);
    assert!(tape(&rig).rows().len() < 3000, "only open days have rows");
}

#[test]
fn whatever_is_pasted_or_counted_is_bounded() {
    let mut rig = Rig::new();
    rig.keys("99999999999999999999h");
    assert_eq!(rig.at(), "14:00:00");
    rig.keys("/");
    rig.tell(Msg::Paste("a\nb\u{1b}[31m".to_owned()));
    let Some(Screen::Search(search)) = rig.state.screens.last() else {
        panic!("no search");
    };
    assert_eq!(search.input.value(), "ab[31m");
    let long = Msg::Paste("x".repeat(1 << 20));
    let asked = update(&mut rig.state, long);
    assert_eq!(asked.len(), 1, "the store is asked once: {asked:?}");
    let notice = rig.state.shared.notice.as_ref().unwrap();
    assert!(
        notice.text.contains("the first 1 000 letters"),
        "{notice:?}"
    );
}

#[test]
fn the_newest_is_what_was_recorded_and_not_what_a_restore_took_away() {
    let mut metas = timeline();
    let mut undo = meta(clock(14, 32, 15), (0, 0, 2), &["api"]);
    undo.cause = Cause::UndoPoint;
    metas.insert(0, undo);
    let mut rig = Rig::with(metas);
    assert_eq!(rig.at(), "14:32:10");
    assert!(rig.state.shared.follow);
    // It is there, one step on.
    assert_eq!(rig.keys("l").at(), "14:32:15");
    assert!(!rig.state.shared.follow);
    assert_eq!(rig.keys("G").at(), "14:32:10");
    assert_eq!(rig.keys("g").at(), "14:00:00");
    rig.keys("G");
    let news = meta(NOW, (0, 0, 1), &["web"]);
    rig.tell(Msg::Recorder(RecorderEvent::Stored(Box::new(news))));
    assert_eq!(rig.at(), "14:32:18");
}

#[test]
fn a_clock_that_jumped_hides_no_snapshot() {
    // In the order of recording: a morning, a year later by mistake, the noon of the same day, the
    // year before, and the afternoon.
    let year = 366 * 24;
    let stamps = [
        clock(9, 0, 0),
        clock(9, 10, 0),
        clock(9 + year, 0, 0),
        clock(12, 0, 0),
        clock(9 - year, 0, 0),
        clock(14, 0, 0),
        clock(14, 1, 0),
    ];
    let mut last = None;
    let mut metas: Vec<_> = stamps
        .iter()
        .map(|time| {
            let mut meta = meta(*time, (0, 0, 1), &["api"]);
            meta.id = SnapshotId::new(*time, 7, last);
            last = Some(meta.id);
            meta
        })
        .collect();
    metas.reverse();
    let mut rig = Rig::with(metas.clone());
    assert_eq!(rig.at(), "14:01:00");
    for meta in &metas {
        let shared = &rig.state.shared;
        assert_eq!(shared.entry().unwrap().id, meta.id);
        let day: Vec<_> = shared.day_entries().map(|entry| entry.id).collect();
        assert!(day.contains(&meta.id));
        let (from, to) = shared.stretch().unwrap();
        assert!(from <= meta.time && meta.time <= to, "{}", rig.at());
        rig.keys("h");
    }
    // Each has its day in the list, and every day has a row.
    let rows = tape(&rig).rows();
    let days = rows.iter().filter_map(|row| match row {
        Row::Day { count, .. } => Some(*count),
        _ => None,
    });
    assert_eq!(days.collect::<Vec<_>>(), [2, 1, 1, 1, 2]);
    // Over the days, from the newest on and back.
    rig.keys("G");
    let mut way = Vec::new();
    for _ in 0..4 {
        way.push(rig.keys("(").at());
    }
    assert_eq!(way, ["09:00:00", "12:00:00", "09:00:00", "09:10:00"]);
    way.clear();
    for _ in 0..4 {
        way.push(rig.keys(")").at());
    }
    assert_eq!(way, ["09:00:00", "12:00:00", "09:00:00", "14:01:00"]);
    // A moment is the newest in the order of recording.
    let library = &rig.state.shared.library;
    assert_eq!(library.at(clock(12, 30, 0)).unwrap().time, stamps[4]);
    assert_eq!(library.at(clock(14, 0, 30)).unwrap().time, clock(14, 0, 0));
}

/// So many snapshots, newest first, half a minute apart, of which every fourth holds something new.
fn long_timeline(count: i64) -> Vec<SnapshotMeta> {
    let (new, same) = (
        meta(NOW, (0, 0, 1), &["api"]),
        meta(NOW, (0, 0, 0), &["api"]),
    );
    let at = |n: i64| {
        let mut meta = if n % 4 == 0 {
            new.clone()
        } else {
            same.clone()
        };
        meta.time = Millis(NOW.0 - n * 30_000);
        meta.id = SnapshotId::new(meta.time, 7, None);
        meta
    };
    (0..count).map(at).collect()
}

#[test]
fn rows_are_built_when_the_timeline_changes_and_not_at_every_key() {
    let mut rig = Rig::with(long_timeline(100_000));
    let built = tape(&rig).builds();
    for key in ["h", "j", "l", "k", "[", "]"] {
        rig.keys("500h");
        for _ in 0..100 {
            rig.keys(key);
        }
    }
    rig.tell(Msg::Now(NOW));
    rig.resize(100, 30);
    // Where the moment comes to another day, that one is opened.
    let opened = tape(&rig).builds() - built;
    assert!(opened <= 1, "built {opened} times");
    rig.keys("p");
    assert_eq!(tape(&rig).builds() - built, opened + 1, "a pin is seen");
    rig.keys("fweb").key(Key::Enter);
    assert_eq!(tape(&rig).builds() - built, opened + 2);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    #[test]
    fn rows_that_were_kept_are_those_that_would_be_built(
        keys in "[hljkgG()\\[\\]pxyu]{1,40}", filtered: bool, enters in 0usize..40,
    ) {
        let mut rig = Rig::new();
        if filtered {
            rig.keys("fapi").key(Key::Enter);
        }
        for (at, key) in keys.chars().enumerate() {
            rig.keys(&key.to_string());
            if at == enters {
                rig.key(Key::Enter);
            }
            if rig.state.overlay.is_some() || rig.state.screens.len() > 1 {
                rig.key(Key::Esc);
            }
            let tape = tape(&rig);
            let fresh = tape.fresh_rows(&rig.state.shared);
            proptest::prop_assert_eq!(tape.rows(), fresh.all());
            let looked_at = rig.state.shared.at.and_then(|id| rig.state.shared.library.position(id));
            let row = tape.cursor(&rig.state.shared).and_then(|row| tape.rows().get(row));
            if let Some(Row::Entry(at)) = row {
                proptest::prop_assert_eq!(Some(*at), looked_at);
            } else {
                let on_day = matches!(row, Some(Row::Day { .. }));
                proptest::prop_assert!(on_day, "the cursor is on {:?}", row);
            }
        }
    }
}
