//! Pruning of real stores: quota, damage, names, and what is left over.

use std::time::Duration;

use crate::model::snapshot::{Cause, SnapshotMeta};
use crate::model::time::Millis;
use crate::store::file::lease::Outcome;
use crate::store::record::ids;
use crate::store::record::tables::{Change, Stream};
use crate::store::testing::{log, record, record_text, scratch, session, snapshot, state, text};
use crate::store::{
    Count, Edit, Keep, KeepReason, KeepUndo, Query, Quota, RemoveReason, Retention, Store,
    StoreError, Verdict,
};

const DAY: i64 = 24 * 60 * 60;

fn now(store: &Store) -> Millis {
    let newest = store.list(&Query::default()).unwrap();
    newest.first().map_or(Millis(0), |meta| meta.time)
}

fn ids_of(metas: &[SnapshotMeta]) -> Vec<crate::model::SnapshotId> {
    metas.iter().map(|meta| meta.id).collect()
}

fn with_age(days: u64) -> Retention {
    let max_age = Some(Duration::from_secs(days * DAY.unsigned_abs()));
    Retention {
        other: Keep {
            last: 1000,
            max_age,
            ..Keep::NONE
        },
        undo_points: KeepUndo {
            last: 1000,
            max_age,
        },
        ..Retention::default()
    }
}

#[test]
fn a_store_that_is_too_large_shrinks_to_its_quota_and_keeps_the_newest() {
    let s = scratch();
    let metas: Vec<SnapshotMeta> = (0..60u32)
        .map(|at| {
            // Nothing is shared: each is as large as what goes with it.
            let shown = log(at * 10_000..at * 10_000 + 2000);
            record_text(&s.store, i64::from(at), "api", &shown)
        })
        .collect();
    let full = s.store.slack().unwrap().needed;
    let quota = Quota {
        bytes: full / 3,
        chosen_too: false,
    };
    let retention = Retention {
        quota: Some(quota),
        ..Retention::last(1000)
    };
    let pruned = s.store.prune(&retention, now(&s.store)).unwrap();
    let over = |(_, reason): &(_, RemoveReason)| *reason == RemoveReason::OverQuota;
    assert!(pruned.removed.iter().all(over), "{pruned:?}");
    assert!(pruned.kept + pruned.removed.len() == metas.len() && pruned.kept > 5);
    // The oldest went, and no more than were too many.
    let gone: Vec<_> = pruned.removed.iter().map(|(id, _)| *id).collect();
    assert_eq!(gone, ids_of(&metas[..gone.len()]));
    let left = s.store.slack().unwrap().needed;
    assert!(left <= quota.bytes, "{left} of {}", quota.bytes);
    assert!(left > quota.bytes / 2, "{left} of {}", quota.bytes);
    assert!(s.store.verify().unwrap().is_ok());
    assert!(
        s.store
            .prune(&retention, now(&s.store))
            .unwrap()
            .removed
            .is_empty()
    );
    // Where nothing more may go, the quota is not reached, and that is no error.
    let none = Retention {
        quota: Some(Quota { bytes: 1, ..quota }),
        ..retention
    };
    s.store.prune(&none, now(&s.store)).unwrap();
    let newest = s.store.list(&Query::default()).unwrap();
    assert_eq!(ids_of(&newest), ids_of(&metas[59..]));
}

#[test]
fn free_space_in_the_file_removes_nothing() {
    let s = scratch();
    let metas: Vec<SnapshotMeta> = (0..30u32)
        .map(|at| {
            record_text(
                &s.store,
                at.into(),
                "api",
                &log(at * 10_000..at * 10_000 + 2000),
            )
        })
        .collect();
    s.store.trash(&ids_of(&metas[..20]), Millis(0)).unwrap();
    s.store.empty_trash().unwrap();
    let slack = s.store.slack().unwrap();
    let retention = Retention {
        quota: Some(Quota {
            bytes: slack.needed + slack.free() / 2,
            chosen_too: true,
        }),
        ..Retention::last(1000)
    };
    let pruned = s.store.prune(&retention, now(&s.store)).unwrap();
    assert_eq!((pruned.removed.len(), pruned.kept), (0, 10));
    assert!(pruned.spare > 0, "{pruned:?}");
}

#[test]
fn what_is_pruned_is_gone_with_its_name_and_not_in_the_trash() {
    let s = scratch();
    let old = record_text(&s.store, 0, "api", "$ old");
    s.store
        .edit(&[old.id], &Edit::Rename(Some("mine".into())))
        .unwrap();
    for at in 1..4 {
        record_text(&s.store, at, "api", &format!("$ {at}"));
    }
    let chosen_too = Retention {
        quota: Some(Quota {
            bytes: 1,
            chosen_too: true,
        }),
        ..Retention::last(1)
    };
    let plan = s.store.plan_prune(&chosen_too, now(&s.store)).unwrap();
    assert_eq!(
        plan.snapshots[3],
        (old.id, Verdict::Remove(RemoveReason::OverQuota))
    );
    s.store.prune(&chosen_too, now(&s.store)).unwrap();
    assert!(s.store.trashed().unwrap().is_empty());
    assert!(matches!(
        s.store.meta(old.id),
        Err(StoreError::NotFound { .. })
    ));
    assert!(matches!(
        s.store.untrash(&[old.id]),
        Err(StoreError::NotFound { .. })
    ));
    // Its name is free.
    let next = record_text(&s.store, 9, "api", "$ next");
    s.store
        .edit(&[next.id], &Edit::Rename(Some("mine".into())))
        .unwrap();
    assert!(s.store.verify().unwrap().is_ok());
}

#[test]
fn undo_points_grow_old_and_what_was_imported_does_not() {
    let s = scratch();
    let mut metas = Vec::new();
    for (at, day) in (0..40).step_by(4).enumerate() {
        let shown = [text(format!("$ {day}"))];
        let name = if at == 1 { "web" } else { "api" };
        let mut new = snapshot(day * DAY, &state(vec![session(name, 1, &shown)]), &shown);
        new.cause = match at {
            0 => Cause::Import,
            1..4 => Cause::UndoPoint,
            _ => Cause::Event,
        };
        metas.push(record(&s.store, new));
    }
    let plan = s.store.plan_prune(&with_age(25), now(&s.store)).unwrap();
    let of = |at: usize| {
        let mut all = plan.snapshots.iter();
        &all.find(|(id, _)| *id == metas[at].id).unwrap().1
    };
    assert_eq!(*of(0), Verdict::Keep(vec![KeepReason::Imported]));
    let newest = KeepReason::NewestOfSession("web".into());
    assert_eq!(*of(1), Verdict::Keep(vec![newest]));
    assert_eq!(*of(2), Verdict::Remove(RemoveReason::TooOld));
    assert_eq!(*of(3), Verdict::Keep(vec![KeepReason::UndoPoint]));
    let pruned = s.store.prune(&with_age(25), now(&s.store)).unwrap();
    assert_eq!(pruned.removed, [(metas[2].id, RemoveReason::TooOld)]);
}

#[test]
fn what_was_pruned_in_between_is_no_gap_and_a_wrong_clock_removes_nothing() {
    /// Days before that a clock can be set back to.
    const BEGAN: i64 = 400;
    let s = scratch();
    let keep = Keep {
        last: 5,
        max_age: Some(Duration::from_secs(30 * DAY.unsigned_abs())),
        ..Keep::NONE
    };
    let retention = Retention {
        other: keep,
        ..Retention::default()
    };
    let prune = |now: Millis| {
        let pruned = s.store.prune(&retention, now).unwrap();
        let removed = pruned.removed.into_iter();
        removed.map(|(_, reason)| reason).collect::<Vec<_>>()
    };
    let web: Vec<_> = (0..3)
        .map(|at| record_text(&s.store, BEGAN * DAY + at, "web", &format!("$ {at}")))
        .collect();
    let mut expired = Vec::new();
    for day in 1..=40 {
        let meta = record_text(&s.store, (BEGAN + day) * DAY, "api", &format!("$ {day}"));
        let removed = prune(meta.time);
        expired.extend(
            removed
                .iter()
                .filter(|reason| **reason == RemoveReason::TooOld)
                .map(|_| day),
        );
    }
    // Nothing is left of the days in between; that they were there is remembered.
    assert_eq!(expired, [31, 31]);
    assert_eq!(s.store.list(&Query::default()).unwrap().len(), 6);
    let by_count = [RemoveReason::BeyondCounts];
    // A year forward, a year back, and right again.
    for (day, wrong) in [
        (41, 365),
        (42, 365),
        (43, -365),
        (44, -365),
        (45, 0),
        (46, 0),
    ] {
        let second = (BEGAN + day + wrong) * DAY;
        let meta = record_text(&s.store, second, "api", &format!("$ {day}"));
        assert_eq!(prune(meta.time), by_count, "{day}");
        assert_eq!(prune(Millis(meta.time.0 + 1000 * DAY * 365)), [], "{day}");
    }
    assert_eq!(s.store.meta(web[2].id).unwrap(), web[2]);
    assert!(s.store.verify().unwrap().is_ok());
}

#[test]
fn a_damaged_snapshot_does_not_stand_for_its_session() {
    let s = scratch();
    let metas: Vec<_> = (0..8)
        .map(|at| record_text(&s.store, at, "api", &format!("$ {at}")))
        .collect();
    let damage = |metas: &[SnapshotMeta]| {
        let garbage = |txn: &redb::WriteTransaction| {
            for meta in metas {
                let seq = ids::seq(txn, meta.id)?.unwrap();
                txn.put(Stream::States, seq, b"garbage")?;
            }
            Ok(Outcome::Commit(()))
        };
        s.store.place().write("test", garbage).unwrap();
    };
    damage(&metas[6..]);
    let plan = s.store.plan_prune(&Retention::last(1), Millis(0)).unwrap();
    let newest = KeepReason::NewestOfSession("api".into());
    let of = |at: usize| plan.snapshots[7 - at].1.clone();
    let last = KeepReason::Counted(Count::Last, Some("api".into()));
    assert_eq!(of(7), Verdict::Keep(vec![last]));
    assert_eq!(of(6), Verdict::Remove(RemoveReason::BeyondCounts));
    assert_eq!(of(5), Verdict::Keep(vec![newest, KeepReason::NewestOfLife]));
    s.store.prune(&Retention::last(1), Millis(0)).unwrap();
    let left = s.store.list(&Query::default()).unwrap();
    assert_eq!(ids_of(&left), [metas[7].id, metas[5].id]);
    s.store.load(metas[5].id).unwrap();
}

#[test]
fn where_nothing_is_whole_nothing_is_pruned() {
    let s = scratch();
    for at in 0..20 {
        record_text(&s.store, at, "api", &format!("$ {at}"));
    }
    let garbage = |txn: &redb::WriteTransaction| {
        for seq in 0..=20 {
            txn.put(Stream::States, seq, b"garbage")?;
        }
        Ok(Outcome::Commit(()))
    };
    s.store.place().write("test", garbage).unwrap();
    let pruned = s.store.prune(&Retention::last(1), Millis(0)).unwrap();
    assert_eq!((pruned.removed.len(), pruned.kept), (0, 20));
}
