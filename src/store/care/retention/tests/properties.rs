//! What holds for every policy, whatever was recorded, by whatever clock.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn snap() -> impl Strategy<Value = (i64, Snap)> {
    let step = prop_oneof![
        10 => 0..3 * HOUR,
        5 => 0..3 * DAY,
        1 => -400 * DAY..400 * DAY,
    ];
    let cause = prop_oneof![
        6 => Just(Cause::Auto),
        3 => Just(Cause::Event),
        1 => Just(Cause::Manual),
        1 => Just(Cause::UndoPoint),
    ];
    let sessions = proptest::sample::subsequence(NAMES.to_vec(), 0..=3);
    let flags = (0..10u8, 0..10u8, 0..10u8, 0..5u8);
    (step, cause, flags, 1..4i32, sessions, 0..500u64).prop_map(
        |(step, cause, (pinned, tagged, partial, damaged), life, sessions, bytes)| {
            let snap = Snap {
                time: 0,
                cause,
                pinned: pinned == 0,
                tagged: tagged == 0,
                partial: partial == 0,
                damaged: damaged == 0,
                life,
                sessions,
                bytes,
            };
            (step, snap)
        },
    )
}

fn world() -> impl Strategy<Value = World> {
    let now = prop_oneof![0..DAY, -400 * DAY..400 * DAY];
    let open = proptest::sample::subsequence(vec![1, 2, 3], 0..=3);
    (proptest::collection::vec(snap(), 1..60), now, open).prop_map(|(snaps, now, open)| {
        let mut time = T;
        let place = |(step, snap)| {
            time += step;
            Snap { time, ..snap }
        };
        let mut world = World::new(snaps.into_iter().map(place).collect());
        world.now += now;
        world.open = open;
        world
    })
}

fn keep() -> impl Strategy<Value = Keep> {
    let few = || prop_oneof![Just(0u32), 0..5u32];
    let age = proptest::option::of((0..40i64 * 24).prop_map(hours));
    (1..5u32, few(), few(), few(), few(), age).prop_map(
        |(last, hourly, daily, weekly, monthly, max_age)| Keep {
            last,
            hourly,
            daily,
            weekly,
            monthly,
            max_age,
        },
    )
}

fn hours(hours: i64) -> Duration {
    Duration::from_secs(hours.unsigned_abs() * 3600)
}

fn retention() -> impl Strategy<Value = Retention> {
    let undo = (0..4u32, proptest::option::of((0..960i64).prop_map(hours)));
    (keep(), keep(), undo).prop_map(|(work, other, (last, max_age))| Retention {
        rules: vec![Rule {
            session: Pattern::new("work*").unwrap(),
            keep: work,
        }],
        other,
        undo_points: KeepUndo { last, max_age },
        trash: None,
        quota: None,
    })
}

fn generous(keep: Keep, by: [u32; 5], longer: Option<Duration>) -> Keep {
    Keep {
        last: keep.last + by[0],
        hourly: keep.hourly + by[1],
        daily: keep.daily + by[2],
        weekly: keep.weekly + by[3],
        monthly: keep.monthly + by[4],
        max_age: keep.max_age.zip(longer).map(|(age, longer)| age + longer),
    }
}

/// Snapshots that are the newest good one of a session or of a life, or the newest damaged one of
/// those that have no good one.
fn newest(world: &World) -> BTreeSet<usize> {
    let (mut sessions, mut lives) = (BTreeSet::new(), BTreeSet::new());
    let mut newest = BTreeSet::new();
    for doubtful in [false, true] {
        for (seq, snap) in world.snaps.iter().enumerate().rev() {
            let is_doubtful = snap.damaged || snap.cause == Cause::UndoPoint;
            if snap.partial || is_doubtful != doubtful || world.gone.contains(&seq) {
                continue;
            }
            let own = snap.sessions.iter();
            let of_session = own.filter(|name| sessions.insert(**name)).count() > 0;
            if lives.insert(snap.life) || of_session {
                newest.insert(seq);
            }
        }
    }
    newest
}

proptest! {
    #[test]
    fn what_is_protected_is_never_removed(
        mut world in world(), mut retention in retention(), excess in 0..9000u64, chosen_too: bool,
    ) {
        world.excess = excess;
        retention.quota = Some(Quota { bytes: 1, chosen_too });
        let newest = newest(&world);
        for seq in world.removed(&retention) {
            let snap = &world.snaps[seq];
            prop_assert!(!snap.pinned && !newest.contains(&seq), "{seq}");
            let chosen = snap.cause == Cause::Manual || snap.tagged;
            prop_assert!(chosen_too || !chosen, "{seq}");
        }
    }

    #[test]
    fn a_second_run_finds_nothing_to_do(mut world in world(), retention in retention()) {
        let removed = world.removed(&retention);
        world.gone.extend(removed);
        prop_assert_eq!(world.removed(&retention), BTreeSet::new());
    }

    #[test]
    fn who_keeps_more_never_removes_more(
        world in world(), retention in retention(), by: [u8; 10],
        longer in proptest::option::of((0..999i64).prop_map(hours)),
    ) {
        let few = |from: usize| [0, 1, 2, 3, 4].map(|at| u32::from(by[from + at] % 3));
        let mut more = retention.clone();
        more.rules[0].keep = generous(more.rules[0].keep, few(0), longer);
        more.other = generous(more.other, few(5), longer);
        let (less, more) = (world.removed(&retention), world.removed(&more));
        prop_assert!(more.is_subset(&less), "{more:?} {less:?}");
    }

    #[test]
    fn a_clock_that_has_jumped_removes_nothing_more(
        mut world in world(), retention in retention(), days in 8..4000i64, back: bool,
    ) {
        // Until now it has gone forward.
        let mut time = T;
        for snap in &mut world.snaps {
            time = time.max(snap.time);
            snap.time = time;
        }
        world.now = time;
        let before = world.removed(&retention);
        world.now += if back { -days * DAY } else { days * DAY };
        let after = world.removed(&retention);
        prop_assert!(after.is_subset(&before), "{after:?} {before:?}");
    }

    #[test]
    fn a_jump_in_between_makes_nothing_older(
        steps in proptest::collection::vec(0..2 * DAY, 2..60), at in 0..60usize,
        days in 8..4000i64, back: bool, hours_old in 0..960i64,
    ) {
        let mut time = T;
        let snaps = steps.iter().map(|step| {
            time += step;
            auto(time)
        });
        let steady = World::new(snaps.collect());
        let at = at % steady.snaps.len();
        let mut jumped = steady.clone();
        let by = if back { -days * DAY } else { days * DAY };
        jumped.snaps.iter_mut().skip(at).for_each(|snap| snap.time += by);
        jumped.now += by;
        let keep = Keep { last: 1000, max_age: Some(hours(hours_old)), ..NOTHING };
        let (before, after) = (steady.removed(&only(keep)), jumped.removed(&only(keep)));
        prop_assert!(after.is_subset(&before), "{after:?} {before:?}");
    }

    #[test]
    fn a_quota_removes_enough_and_no_more_than_needed(
        mut world in world(), excess in 1..9000u64,
    ) {
        world.excess = excess;
        let retention = Retention::last(1000);
        let (ledger, decision) = world.decide(&retention);
        let freed = |count: usize| -> u64 {
            decision.removed.iter().take(count).map(|(at, _)| ledger.rows[*at].bytes).sum()
        };
        let count = decision.removed.len();
        prop_assert!(count == 0 || freed(count - 1) < excess);
        let free = decision.verdicts(&ledger).iter().filter(|verdict| match verdict {
            Verdict::Keep(reasons) => reasons.iter().all(|reason| {
                matches!(reason, KeepReason::Counted(..) | KeepReason::UndoPoint)
            }),
            Verdict::Remove(_) => false,
        }).count();
        prop_assert!(freed(count) >= excess || free == 0);
    }

    #[test]
    fn every_snapshot_has_a_reason(world in world(), retention in retention()) {
        for verdict in world.verdicts(&retention) {
            prop_assert!(verdict != Verdict::Keep(Vec::new()));
        }
    }
}
