//! What each part of a policy does.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;

#[test]
fn counts_keep_the_newest_of_each_unit() {
    let minutes = (0..400).map(|at| auto(T + at * 30 * MINUTE));
    let world = World::new(minutes.collect());
    // The last half hours of hours, of days, and of weeks: the newest of each.
    assert_eq!(kept(&world, Keep { last: 3, ..NOTHING }), [397, 398, 399]);
    assert_eq!(
        kept(
            &world,
            Keep {
                hourly: 3,
                ..NOTHING
            }
        ),
        [395, 397, 399]
    );
    assert_eq!(
        kept(
            &world,
            Keep {
                daily: 3,
                ..NOTHING
            }
        ),
        [335, 383, 399]
    );
    assert_eq!(
        kept(
            &world,
            Keep {
                weekly: 9,
                ..NOTHING
            }
        ),
        [335, 399]
    );
    assert_eq!(
        kept(
            &world,
            Keep {
                monthly: 9,
                ..NOTHING
            }
        ),
        [399]
    );
}

#[test]
fn a_unit_without_snapshots_does_not_count() {
    let days = [0, 1, 20, 40, 41].map(|day| auto(T + day * DAY));
    let world = World::new(days.to_vec());
    assert_eq!(
        kept(
            &world,
            Keep {
                daily: 4,
                ..NOTHING
            }
        ),
        [1, 2, 3, 4]
    );
}

#[test]
fn the_first_rule_that_fits_a_session_counts() {
    let mut snaps: Vec<Snap> = (0..12).map(|at| auto(T + at * MINUTE)).collect();
    for (at, snap) in snaps.iter_mut().enumerate() {
        snap.sessions = vec![NAMES[at % 3]];
    }
    let rule = |session: &str, last| Rule {
        session: Pattern::new(session).unwrap(),
        keep: Keep { last, ..NOTHING },
    };
    let retention = Retention {
        rules: vec![rule("work-*", 3), rule("work*", 2)],
        other: NOTHING,
        ..Retention::default()
    };
    let removed = World::new(snaps).removed(&retention);
    assert_eq!(removed, BTreeSet::from([0, 1, 2, 3, 4, 7]));
}

#[test]
fn what_is_old_goes_but_never_the_newest_of_anything() {
    let mut snaps: Vec<Snap> = (0..40).map(|day| auto(T + day * DAY)).collect();
    snaps[2].sessions = vec!["web"];
    snaps[3].life = 2;
    snaps[4].pinned = true;
    snaps[5].cause = Cause::Manual;
    snaps[6].tagged = true;
    let keep = Keep {
        last: 1000,
        max_age: Some(Duration::from_secs(30 * 86400)),
        ..NOTHING
    };
    let verdicts = World::new(snaps).verdicts(&only(keep));
    let gone: Vec<usize> = (0..40)
        .filter(|seq| verdicts[*seq] == Verdict::Remove(RemoveReason::TooOld))
        .collect();
    assert_eq!(gone, [0, 1, 7, 8]);
    assert_eq!(
        verdicts[2],
        Verdict::Keep(vec![KeepReason::NewestOfSession("web".into())])
    );
    assert_eq!(verdicts[3], Verdict::Keep(vec![KeepReason::NewestOfLife]));
    assert_eq!(verdicts[4], Verdict::Keep(vec![KeepReason::Pinned]));
    assert_eq!(
        verdicts[9],
        Verdict::Keep(vec![KeepReason::Counted(Count::Last, Some("work".into()))])
    );
}

#[test]
fn undo_points_have_a_count_and_an_age_of_their_own() {
    let mut snaps: Vec<Snap> = (0..20).map(|day| auto(T + day * DAY)).collect();
    for snap in snaps.iter_mut().step_by(2) {
        snap.cause = Cause::UndoPoint;
    }
    let retention = Retention {
        undo_points: KeepUndo {
            last: 6,
            max_age: Some(Duration::from_secs(10 * 86400)),
        },
        ..Retention::last(1000)
    };
    let gone = [0, 2, 4, 6, 8].map(|seq: usize| seq);
    assert_eq!(World::new(snaps).removed(&retention), BTreeSet::from(gone));
}

#[test]
fn a_quota_takes_the_oldest_and_what_was_chosen_only_if_told_so() {
    let mut snaps: Vec<Snap> = (0..10).map(|at| auto(T + at * MINUTE)).collect();
    snaps[1].cause = Cause::Manual;
    snaps[2].pinned = true;
    let mut world = World::new(snaps);
    let quota = |chosen_too| Retention {
        quota: Some(Quota {
            bytes: 1,
            chosen_too,
        }),
        ..Retention::last(8)
    };
    // One hundred is freed by the counts already.
    world.snaps[0].sessions = vec!["web"];
    world.snaps[3].sessions = vec!["web"];
    world.excess = 250;
    assert_eq!(world.removed(&quota(false)), BTreeSet::from([0, 4, 5]));
    world.excess = 10_000;
    let all = BTreeSet::from([0, 4, 5, 6, 7, 8]);
    assert_eq!(world.removed(&quota(false)), all);
    let mut more = all;
    more.insert(1);
    assert_eq!(world.removed(&quota(true)), more);
}

#[test]
fn one_run_removes_a_bounded_number_and_says_so() {
    let count = decide::MOST + 20;
    let world = World::new((0..count as i64).map(|at| auto(T + at * MINUTE)).collect());
    let verdicts = world.verdicts(&Retention::last(5));
    let removed = verdicts.iter().take(decide::MOST);
    assert!(
        removed
            .into_iter()
            .all(|one| *one == Verdict::Remove(RemoveReason::BeyondCounts))
    );
    assert_eq!(
        verdicts[decide::MOST],
        Verdict::Keep(vec![KeepReason::NextRun])
    );
    assert_eq!(
        verdicts
            .iter()
            .filter(|one| matches!(one, Verdict::Remove(_)))
            .count(),
        decide::MOST
    );
}

#[test]
fn a_lost_life_keeps_its_last_ones_however_old_until_it_is_answered_for() {
    let mut snaps: Vec<Snap> = (0..6).map(|at| auto(T + at * MINUTE)).collect();
    snaps.extend((1..60).map(|day| Snap {
        life: 2,
        ..auto(T + day * DAY)
    }));
    let keep = Keep {
        last: 3,
        max_age: Some(Duration::from_secs(30 * 86400)),
        ..NOTHING
    };
    let mut world = World::new(snaps);
    world.open = vec![1, 2];
    let verdicts = world.verdicts(&only(keep));
    assert_eq!(verdicts[2], Verdict::Remove(RemoveReason::BeyondCounts));
    assert_eq!(verdicts[3], Verdict::Keep(vec![KeepReason::LostLife]));
    assert_eq!(
        verdicts[5],
        Verdict::Keep(vec![KeepReason::NewestOfLife, KeepReason::LostLife])
    );
    world.open = vec![2];
    let verdicts = world.verdicts(&only(keep));
    assert_eq!(verdicts[4], Verdict::Remove(RemoveReason::BeyondCounts));
    assert_eq!(verdicts[5], Verdict::Keep(vec![KeepReason::NewestOfLife]));
}
