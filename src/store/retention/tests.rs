//! The decision, held against what it promises.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use super::clock::{Clock, Jumps};
use super::decide::{self, Decision};
use super::ledger::{Ledger, Numbers};
use super::{
    Count, Keep, KeepReason, KeepUndo, Pattern, Quota, RemoveReason, Retention, Rule, Verdict,
};
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{Cause, ChangeCount, LifeId, SessionSummary, SnapshotMeta};
use crate::model::time::Millis;
use crate::store::testing::server;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// A Monday, 2026-09-21T00:00:00Z.
const T: i64 = 1_789_948_800_000;

const NAMES: [&str; 4] = ["work", "web", "work-2", "x"];

/// A snapshot of a test.
#[derive(Debug, Clone)]
struct Snap {
    time: i64,
    cause: Cause,
    pinned: bool,
    tagged: bool,
    partial: bool,
    life: i32,
    sessions: Vec<&'static str>,
    bytes: u64,
}

fn auto(time: i64) -> Snap {
    Snap {
        time,
        cause: Cause::Auto,
        pinned: false,
        tagged: false,
        partial: false,
        life: 1,
        sessions: vec!["work"],
        bytes: 100,
    }
}

fn meta(seq: usize, snap: &Snap) -> SnapshotMeta {
    let session = |name: &&str| SessionSummary {
        name: (*name).into(),
        digest: Digest([0; 32]),
        tabs: 1,
        panes: 1,
    };
    SnapshotMeta {
        id: id(seq),
        parent: None,
        time: Millis(snap.time),
        cause: snap.cause,
        name: None,
        description: None,
        tags: snap.tagged.then(|| "t".to_owned()).into_iter().collect(),
        pinned: snap.pinned,
        archived: false,
        partial: snap.partial,
        host: "laptop".into(),
        server: server(snap.life),
        root: Digest([0; 32]),
        sessions: snap.sessions.iter().map(session).collect(),
        changes: ChangeCount::default(),
        stored_bytes: snap.bytes,
        logical_bytes: 0,
        took_ms: 0,
        redactions: Vec::new(),
    }
}

fn id(seq: usize) -> SnapshotId {
    SnapshotId::from_u128(seq as u128).unwrap()
}

/// Snapshots, the oldest first; numbers are their places.
#[derive(Debug, Clone)]
struct World {
    snaps: Vec<Snap>,
    gone: BTreeSet<usize>,
    /// Lives that nobody has answered for.
    open: Vec<i32>,
    now: i64,
    excess: u64,
}

impl World {
    fn new(snaps: Vec<Snap>) -> Self {
        let now = snaps.last().map_or(T, |snap| snap.time);
        Self {
            snaps,
            gone: BTreeSet::new(),
            open: Vec::new(),
            now,
            excess: 0,
        }
    }

    fn ledger(&self) -> Ledger {
        let (mut ledger, mut numbers) = (Ledger::default(), Numbers::default());
        for (seq, snap) in self.snaps.iter().enumerate().rev() {
            if !self.gone.contains(&seq) {
                let origin = u64::from(snap.life.unsigned_abs());
                ledger.add(&mut numbers, seq as u64, origin, &meta(seq, snap));
            }
        }
        let open = self.open.iter().map(|life| server(*life).life());
        ledger.set_open(&numbers, &open.collect::<BTreeSet<LifeId>>());
        ledger
    }

    fn decide(&self, retention: &Retention) -> (Ledger, Decision) {
        let mut jumps = Jumps::default();
        // The jumps were noted before anything was removed.
        let stamps = self.snaps.iter().enumerate();
        jumps.observe(stamps.map(|(seq, snap)| (seq as u64, Millis(snap.time))));
        let ledger = self.ledger();
        let clock = Clock::new(&jumps, Millis(self.now));
        let decision = decide::decide(&ledger, retention, &clock, self.excess);
        (ledger, decision)
    }

    fn removed(&self, retention: &Retention) -> BTreeSet<usize> {
        let (ledger, decision) = self.decide(retention);
        let removed = decision.removed.iter();
        let seqs = removed.map(|(at, _)| usize::try_from(ledger.rows[*at].seq).unwrap());
        seqs.collect()
    }

    fn verdicts(&self, retention: &Retention) -> Vec<Verdict> {
        let (ledger, decision) = self.decide(retention);
        let mut verdicts = decision.verdicts(&ledger);
        verdicts.reverse();
        verdicts
    }
}

fn only(keep: Keep) -> Retention {
    Retention {
        other: keep,
        ..Retention::default()
    }
}

const NOTHING: Keep = Keep {
    last: 1,
    hourly: 0,
    daily: 0,
    weekly: 0,
    monthly: 0,
    max_age: None,
};

fn kept(world: &World, keep: Keep) -> Vec<usize> {
    let removed = world.removed(&only(keep));
    (0..world.snaps.len())
        .filter(|seq| !removed.contains(seq))
        .collect()
}

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
    let flags = (0..10u8, 0..10u8, 0..10u8);
    (step, cause, flags, 1..4i32, sessions, 0..500u64).prop_map(
        |(step, cause, (pinned, tagged, partial), life, sessions, bytes)| {
            let snap = Snap {
                time: 0,
                cause,
                pinned: pinned == 0,
                tagged: tagged == 0,
                partial: partial == 0,
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

/// Snapshots that are the newest whole one of a session or of a life.
fn newest(world: &World) -> BTreeSet<usize> {
    let (mut sessions, mut lives) = (BTreeSet::new(), BTreeSet::new());
    let mut newest = BTreeSet::new();
    for (seq, snap) in world.snaps.iter().enumerate().rev() {
        if snap.partial || world.gone.contains(&seq) {
            continue;
        }
        let mut own = snap.sessions.iter().filter(|name| sessions.insert(**name));
        let of_session = own.by_ref().count() > 0;
        if lives.insert(snap.life) || of_session {
            newest.insert(seq);
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
