use super::{Page, Storage};
use crate::app::effect::{Effect, Job};
use crate::app::figures::{Checked, Work};
use crate::app::input::Key;
use crate::app::keys::action::{Everywhere, PruneAction, StorageAction};
use crate::app::keys::{Action, Context};
use crate::app::mouse::{MouseKind, MouseTarget};
use crate::app::msg::{Answer, Failure};
use crate::app::overlay::Overlay;
use crate::app::rig::{Rig, clock, meta, timeline};
use crate::app::samples::NOW;
use crate::app::upkeep::sample;
use crate::app::{Msg, Screen};
use crate::store::{Damage, DamagedObject, Progress, Pruned, VerifyReport};

fn open() -> Rig {
    let mut rig = Rig::new();
    rig.keys("3");
    rig
}

fn screen(rig: &Rig) -> &Storage {
    match rig.state.screen() {
        Some(Screen::Storage(storage)) => storage,
        other => panic!("not the storage view: {other:?}"),
    }
}

fn notice(rig: &Rig) -> &str {
    let notice = rig.state.shared.notice.as_ref();
    notice.map_or("", |notice| notice.text.as_str())
}

fn chosen(rig: &Rig) -> usize {
    match &screen(rig).page {
        Page::Overview => screen(rig).first(),
        Page::Rules { chosen } => chosen.at(),
        Page::Prune(listed) => listed.chosen.at(),
    }
}

#[test]
fn it_opens_once_with_figures_by_day() {
    let mut rig = open();
    let asked = rig.wanted.iter().find_map(|effect| match effect {
        Effect::Job(Job::LoadFigures { days, .. }) => Some(days.clone()),
        _ => None,
    });
    let days = asked.unwrap();
    assert_eq!(days.len(), 28);
    assert!(days.is_sorted() && days.last().unwrap().0 <= NOW.0);
    assert!(
        NOW.0 - days.last().unwrap().0 < 86_400_000,
        "today is the last"
    );
    assert!(screen(&rig).figures().is_some() && screen(&rig).preview().is_some());
    rig.keys("3/").key(Key::Esc).key(Key::Esc);
    rig.keys("3");
    assert_eq!(rig.state.screens.len(), 2, "the views do not pile up");
    rig.key(Key::Esc);
    assert_eq!(rig.state.context(), Context::Tape);
}

#[test]
fn a_view_below_is_gone_back_to() {
    let mut rig = open();
    rig.keys("2").key(Key::Esc);
    assert!(matches!(rig.state.screen(), Some(Screen::Storage(_))));
    rig.keys("2");
    rig.tell(Msg::Mouse(
        MouseKind::Click,
        MouseTarget::Action(Action::Everywhere(Everywhere::ViewStorage)),
    ));
    assert_eq!(rig.state.screens.len(), 2);
}

#[test]
fn figures_follow_what_is_recorded_and_done() {
    let mut rig = open();
    rig.wanted.clear();
    let news = meta(NOW, (0, 0, 1), &["web"]);
    rig.tell(Msg::Recorder(crate::ops::RecorderEvent::Stored(Box::new(
        news,
    ))));
    assert!(rig.took(|effect| matches!(effect, Effect::Job(Job::LoadFigures { .. }))));
    rig.keys("C");
    assert_eq!(
        notice(&rig),
        "Compacted: 301.0 MiB on disk, 17.0 MiB given back"
    );
    assert!(rig.took(|effect| matches!(effect, Effect::Job(Job::LoadFigures { .. }))));
    rig.keys("j");
    assert!(!rig.took(|effect| matches!(effect, Effect::Job(Job::LoadFigures { .. }))));
}

#[test]
fn an_answer_that_comes_late_is_dropped() {
    let mut rig = open();
    let stale = crate::app::effect::Generation(0);
    let result = Err(Failure {
        message: "stale".into(),
    });
    rig.tell(Msg::Answer(Answer::Figures {
        generation: stale,
        result,
    }));
    assert!(screen(&rig).trouble().is_none());
}

#[test]
fn what_cannot_be_read_is_told() {
    let mut rig = open();
    let generation = rig.state.shared.ticket();
    let failure = Failure {
        message: "could not gather figures: in use".into(),
    };
    rig.tell(Msg::Answer(Answer::Figures {
        generation,
        result: Err(failure.clone()),
    }));
    assert_eq!(screen(&rig).trouble(), Some(&failure));
    assert_eq!(notice(&rig), failure.message);
}

#[test]
fn checking_is_told_and_remembered() {
    let mut rig = open();
    rig.keys("v");
    assert_eq!(notice(&rig), "Checked 12 480 snapshots: all good");
    rig.key(Key::Esc).keys("3");
    let checked = rig.state.shared.upkeep.checked.clone().unwrap();
    assert_eq!((checked.at, checked.damaged), (NOW, 0));
    let damage = Damage {
        snapshot: None,
        object: DamagedObject::Life,
        what: "gone".to_owned(),
    };
    rig.tell(Msg::Answer(Answer::Verified(Ok(VerifyReport {
        checked: 3,
        damaged: vec![damage],
    }))));
    assert!(notice(&rig).contains("1 damaged part (the record of a server's life)"));
    assert!(notice(&rig).contains("muxtape verify --repair"));
    assert!(rig.state.shared.notice.as_ref().unwrap().bad);
}

#[test]
fn a_check_of_before_is_told_until_there_is_a_newer_one() {
    let mut rig = open();
    assert!(rig.took(|effect| *effect == Effect::Job(Job::LookForCheck)));
    let before = Checked {
        at: clock(9, 0, 0),
        snapshots: 9,
        damaged: 1,
    };
    rig.tell(Msg::Answer(Answer::LastCheck(Some(before.clone()))));
    assert_eq!(rig.state.shared.upkeep.checked.as_ref(), Some(&before));
    rig.keys("v");
    rig.tell(Msg::Answer(Answer::LastCheck(Some(before))));
    let checked = rig.state.shared.upkeep.checked.as_ref().unwrap();
    assert_eq!((checked.at, checked.damaged), (NOW, 0));
    rig.key(Key::Esc).keys("3");
    assert!(!rig.took(|effect| *effect == Effect::Job(Job::LookForCheck)));
}

#[test]
fn one_work_at_a_time() {
    let mut rig = open();
    let progress = Progress { done: 3, total: 9 };
    rig.tell(Msg::Answer(Answer::Working(Work::Verify, progress)));
    rig.wanted.clear();
    rig.keys("vC");
    assert_eq!(notice(&rig), "Still checking every record");
    assert!(rig.wanted.is_empty(), "{:?}", rig.wanted);
    let offers = |action| screen(&rig).offers(Action::Storage(action), &rig.state.shared);
    assert!(!offers(StorageAction::Verify) && offers(StorageAction::PrunePreview));
}

#[test]
fn pruning_shows_first_asks_then_and_only_y_goes_ahead() {
    let mut rig = open();
    rig.wanted.clear();
    rig.keys("P");
    assert_eq!(rig.state.context(), Context::Prune);
    let Page::Prune(listed) = &screen(&rig).page else {
        panic!("the preview");
    };
    assert_eq!(
        (listed.all, listed.shown.as_slice()),
        (false, &[1, 3, 5, 7][..])
    );
    rig.keys("P");
    let Some(Overlay::Confirm(confirm)) = &rig.state.overlay else {
        panic!("a question");
    };
    let body = confirm.body.join("\n");
    assert!(body.contains("Removes 4 snapshots for good: 3 beyond the counts, 1 too old."));
    assert!(
        body.contains("Removes 1 snapshot from the trash."),
        "{body}"
    );
    rig.keys("P").key(Key::Enter);
    assert!(rig.state.overlay.is_none() && !rig.wanted.contains(&Effect::Job(Job::Prune)));
    rig.keys("Py");
    assert!(rig.wanted.contains(&Effect::Job(Job::Prune)));
    assert_eq!(rig.state.context(), Context::Storage);
    rig.wanted.clear();
    let removed = timeline().into_iter().take(2).map(|meta| meta.id);
    let reason = crate::store::RemoveReason::TooOld;
    rig.tell(Msg::Answer(Answer::Pruned(Ok(Pruned {
        removed: removed.map(|id| (id, reason)).collect(),
        kept: 1204,
        trash: 1,
        more: true,
        spare: 0,
    }))));
    let said = "Removed 2 snapshots for good; 1 204 left; 1 out of the trash; more can go: P again";
    assert_eq!(notice(&rig), said);
    assert!(
        rig.wanted
            .iter()
            .any(|effect| matches!(effect, Effect::Job(Job::LoadTimeline { before: None, .. })))
    );
    assert!(rig.took(|effect| matches!(effect, Effect::Job(Job::LoadFigures { .. }))));
}

#[test]
fn with_nothing_to_remove_there_is_no_question() {
    let mut rig = open();
    let generation = rig.state.shared.ticket();
    let result = Ok(std::sync::Arc::default());
    rig.tell(Msg::Answer(Answer::PrunePlanned { generation, result }));
    rig.keys("P");
    assert!(!screen(&rig).offers(Action::Prune(PruneAction::Prune), &rig.state.shared));
    rig.keys("P");
    assert!(rig.state.overlay.is_none());
    assert_eq!(notice(&rig), "Nothing is beyond what is to be kept");
}

#[test]
fn the_preview_is_walked_and_leads_to_the_tape() {
    let mut rig = open();
    rig.keys("Pjj");
    assert_eq!(chosen(&rig), 2);
    rig.keys("G");
    assert_eq!(chosen(&rig), 3);
    rig.keys("kg5j");
    assert_eq!(chosen(&rig), 3);
    rig.keys("a");
    let Page::Prune(listed) = &screen(&rig).page else {
        panic!("the preview");
    };
    assert_eq!(listed.shown.len(), timeline().len());
    rig.keys("j");
    let second = timeline()[1].id;
    // A new plan stays at the snapshot that is looked at.
    let generation = rig.state.shared.ticket();
    let result = Ok(sample::plan(&timeline()[1..]));
    rig.tell(Msg::Answer(Answer::PrunePlanned { generation, result }));
    assert_eq!(chosen(&rig), 0);
    rig.key(Key::Enter);
    assert_eq!(rig.state.shared.at, Some(second));
    assert_eq!(rig.state.context(), Context::Tape);
}

#[test]
fn secrets_are_listed_by_rule() {
    let mut rig = open();
    rig.key(Key::Enter);
    assert_eq!(rig.state.context(), Context::HiddenSecrets);
    rig.keys("G");
    assert_eq!(chosen(&rig), 2);
    rig.keys("q");
    assert_eq!(rig.state.context(), Context::Storage);
    rig.keys("q");
    assert_eq!(rig.state.context(), Context::Tape);
}

#[test]
fn the_last_delete_is_brought_back() {
    let mut rig = open();
    let last = sample::figures().trash.last;
    rig.wanted.clear();
    rig.keys("u");
    assert!(
        rig.wanted
            .contains(&Effect::Job(Job::Untrash { ids: last }))
    );
    assert_eq!(notice(&rig), "Brought back 2 snapshots");
}

#[test]
fn without_a_store_keys_say_so() {
    let mut rig = Rig::with(Vec::new());
    rig.keys("3");
    rig.wanted.clear();
    rig.keys("v");
    assert_eq!(notice(&rig), "There is no store yet");
    rig.keys("u");
    assert_eq!(notice(&rig), "The trash is empty");
    rig.key(Key::Enter);
    assert_eq!(notice(&rig), "No rule has found a secret");
    assert!(rig.wanted.is_empty());
}
