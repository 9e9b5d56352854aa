//! Retention, trash, collection, figures, lives.

use crate::model::snapshot::{
    Cause, EndCause, Life, LifeEnd, RecoveryState, RedactionCount, SnapshotMeta,
};
use crate::model::time::Millis;
use crate::store::testing::{
    log, record, record_text, scratch, server, session, snapshot, state, text,
};
use crate::store::{
    Added, Edit, Progress, Query, Recorded, Retention, RuleFigures, SessionFigures, Store,
    StoreError, Unchanged,
};

fn listed(store: &Store) -> Vec<SnapshotMeta> {
    store.list(&Query::default()).unwrap()
}

#[test]
fn rotation_keeps_the_last_of_each_session_and_what_is_exempt() {
    let s = scratch();
    let mut metas = Vec::new();
    for at in 1..=10 {
        let texts = [text(format!("$ {at}"))];
        let mut new = snapshot(at, &state(vec![session("api", 1, &texts)]), &texts);
        if at == 2 {
            new.cause = Cause::Manual;
        }
        metas.push(record(&s.store, new));
    }
    // A session that ended long ago keeps its own last ones.
    let old = record_text(&s.store, 11, "web", "w");
    let last = record_text(&s.store, 12, "api", "$ last");
    s.store.edit(&[metas[2].id], &Edit::Pin(true)).unwrap();
    s.store
        .edit(&[metas[3].id], &Edit::Tag("t".into()))
        .unwrap();
    s.store
        .edit(&[metas[4].id], &Edit::Rename(Some("n".into())))
        .unwrap();
    let pruned = s.store.prune(&Retention::last(2), Millis(0)).unwrap();
    let kept: Vec<_> = listed(&s.store).into_iter().map(|meta| meta.id).collect();
    let expected = [
        &last, &old, &metas[9], &metas[4], &metas[3], &metas[2], &metas[1],
    ];
    assert_eq!(kept, expected.map(|meta| meta.id));
    assert_eq!(pruned.kept, kept.len());
    assert_eq!(pruned.removed.len(), 5);
    assert!(!pruned.more);
    assert!(s.store.verify().unwrap().is_ok());
}

#[test]
fn the_newest_of_a_life_is_never_pruned_out() {
    let s = scratch();
    let texts = [text("work")];
    let good = record(
        &s.store,
        snapshot(1, &state(vec![session("api", 1, &texts)]), &texts),
    );
    for at in 2..20 {
        let blank = [text(format!("blank {at}"))];
        let mut new = snapshot(at, &state(vec![session("api", 1, &blank)]), &blank);
        new.server = server(200);
        record(&s.store, new);
    }
    s.store.prune(&Retention::last(3), Millis(0)).unwrap();
    let left = listed(&s.store);
    assert_eq!(left.len(), 4);
    assert_eq!(left[3].id, good.id);
    let found = s
        .store
        .newest_of(server(100).life(), None)
        .unwrap()
        .unwrap();
    assert_eq!(found.id, good.id);
    assert_eq!(
        s.store
            .newest_of(server(100).life(), Some(good.id))
            .unwrap(),
        None
    );
    let second = s
        .store
        .newest_of(server(200).life(), Some(left[0].id))
        .unwrap();
    assert_eq!(second.unwrap().id, left[1].id);
}

#[test]
fn a_lost_life_keeps_its_last_ones_until_it_is_answered_for() {
    let s = scratch();
    let of_life = |pid, seconds: std::ops::Range<i64>| {
        for at in seconds {
            let texts = [text(format!("$ {pid} {at}"))];
            let mut new = snapshot(at, &state(vec![session("api", 1, &texts)]), &texts);
            new.server = server(pid);
            record(&s.store, new);
        }
    };
    let pruned = || {
        s.store.prune(&Retention::last(3), Millis(0)).unwrap();
        let kept = listed(&s.store).into_iter();
        let kept = kept.map(|meta| (meta.server.pid().unwrap(), (meta.time.0 / 1000) % 100));
        kept.collect::<Vec<_>>()
    };
    of_life(100, 1..9);
    of_life(200, 10..30);
    let kept = [
        (200, 29),
        (200, 28),
        (200, 27),
        (100, 8),
        (100, 7),
        (100, 6),
    ];
    assert_eq!(pruned(), kept);
    let mut life = s.store.lives().unwrap().pop().unwrap();
    assert_eq!(life.server.pid(), Some(100));
    life.recovery = RecoveryState::Recovered;
    s.store.note_life(&life).unwrap();
    assert_eq!(pruned(), kept[..4]);
}

#[test]
fn partial_snapshots_stand_beside_the_line() {
    let s = scratch();
    let texts = [text("$ ")];
    let both = [session("api", 1, &texts), session("web", 2, &texts)];
    let all = state(both.to_vec());
    let whole = record(&s.store, snapshot(1, &all, &texts));
    let mut part = snapshot(2, &state(both[..1].to_vec()), &texts);
    part.partial = true;
    part.cause = Cause::Manual;
    let part = record(&s.store, part);
    assert_eq!(part.parent, Some(whole.id));
    assert_eq!(part.changes.total(), 0, "what was left out has not gone");
    // The whole is as it was, whatever was taken of it in between.
    let again = s.store.record(snapshot(3, &all, &texts), Unchanged::Skip);
    assert_eq!(again.unwrap(), Recorded::Unchanged(whole.clone()));
    let life = whole.life();
    let newest = |most| s.store.newest_of_each(&[life], most).unwrap().remove(&life);
    assert_eq!(newest(2), Some(vec![whole.clone()]));
    s.store.prune(&Retention::last(0), Millis(0)).unwrap();
    assert_eq!(listed(&s.store), [part.clone(), whole.clone()]);
    // Better a part than nothing.
    s.store.trash(&[whole.id], Millis(0)).unwrap();
    assert_eq!(newest(2), Some(vec![part]));
}

#[test]
fn trash_gives_back_what_was_thrown_away() {
    let s = scratch();
    let first = record_text(&s.store, 1, "api", "1");
    let second = record_text(&s.store, 2, "api", "2");
    s.store
        .edit(&[first.id], &Edit::Rename(Some("x".into())))
        .unwrap();
    let thrown = s.store.trash(&[first.id], Millis(5)).unwrap();
    assert_eq!(listed(&s.store), std::slice::from_ref(&second));
    assert_eq!(s.store.trashed().unwrap(), [(thrown[0].clone(), Millis(5))]);
    assert!(matches!(
        s.store.load(first.id),
        Err(StoreError::NotFound { .. })
    ));
    assert!(s.store.verify().unwrap().is_ok());
    // Its name is free now, and does not come back once somebody else has it.
    s.store
        .edit(&[second.id], &Edit::Rename(Some("x".into())))
        .unwrap();
    let back = s.store.untrash(&[first.id]).unwrap().remove(0);
    assert_eq!(back.name, None);
    assert_eq!(s.store.load(first.id).unwrap().meta, back);
    assert!(s.store.trashed().unwrap().is_empty());
    assert!(matches!(
        s.store.untrash(&[first.id]),
        Err(StoreError::NotFound { .. })
    ));
}

#[test]
fn emptying_the_trash_frees_what_nobody_needs_and_nothing_else() {
    let s = scratch();
    let mut metas = Vec::new();
    for at in 0..30u32 {
        let shown = log(at * 50..at * 50 + 600);
        metas.push(record_text(&s.store, i64::from(at) + 1, "api", &shown));
    }
    let before = s.store.stats().unwrap();
    let (gone, kept): (Vec<_>, Vec<_>) = metas.iter().enumerate().partition(|(at, _)| at % 5 != 4);
    let ids: Vec<_> = gone.iter().map(|(_, meta)| meta.id).collect();
    s.store.trash(&ids, Millis(1)).unwrap();
    assert_eq!(s.store.empty_trash().unwrap(), ids.len());
    let after = s.store.stats().unwrap();
    assert_eq!(after.objects, kept.len() as u64);
    assert!(after.record_bytes < before.record_bytes);
    let report = s.store.verify().unwrap();
    assert!(report.is_ok(), "{report:?}");
    for (at, meta) in kept {
        let at = u32::try_from(at).unwrap();
        let loaded = s.store.load(meta.id).unwrap();
        let digest = loaded.state.sessions[0].tabs[0].panes[0]
            .contents
            .unwrap()
            .digest;
        let shown = s.store.contents(&[digest]).unwrap();
        assert_eq!(shown[0].main, log(at * 50..at * 50 + 600));
    }
    // Everything may go; then nothing is left but what describes the server.
    let rest: Vec<_> = listed(&s.store).iter().map(|meta| meta.id).collect();
    s.store.trash(&rest, Millis(2)).unwrap();
    s.store.empty_trash().unwrap();
    let empty = s.store.stats().unwrap();
    assert_eq!((empty.snapshots, empty.objects, empty.trash), (0, 0, 0));
    // Of each that was removed its place in the chain stays.
    assert!(
        empty.record_bytes < 1500 + 30 * 80,
        "{} bytes",
        empty.record_bytes
    );
    // Numbers and ids go on from where they were.
    assert!(record_text(&s.store, 1, "api", "again").id > metas[29].id);
}

#[test]
fn rotation_collects_by_itself_after_enough_was_removed() {
    let s = scratch();
    for at in 1..=60 {
        record_text(&s.store, at, "api", &format!("{}{at}", log(0..30)));
        s.store.prune(&Retention::last(5), Millis(0)).unwrap();
    }
    let stats = s.store.stats().unwrap();
    assert_eq!(stats.snapshots, 5);
    assert!(stats.objects < 40, "{} texts", stats.objects);
    assert!(s.store.verify().unwrap().is_ok());
}

#[test]
fn figures_count_what_is_there() {
    let s = scratch();
    assert_eq!(s.store.stats().unwrap(), crate::store::Stats::default());
    let first = record_text(&s.store, 1, "api", "one");
    record_text(&s.store, 2, "api", "one");
    let last = record_text(&s.store, 3, "web", "three");
    let stats = s.store.stats().unwrap();
    assert_eq!((stats.snapshots, stats.sessions, stats.objects), (3, 2, 2));
    assert_eq!(stats.logical_bytes, 3 + 3 + 5);
    assert_eq!(
        (stats.oldest, stats.newest),
        (Some(first.time), Some(last.time))
    );
    assert!(stats.store_bytes > stats.record_bytes);
}

#[test]
fn figures_are_told_by_rule_by_session_and_by_day() {
    let s = scratch();
    let texts = [text("one"), text("two")];
    let day = 86_400;
    let made = |at: i64, names: &[&str], hidden: &[(&str, u32)]| {
        let sessions = names.iter().map(|name| session(name, 1, &texts));
        let mut new = snapshot(at, &state(sessions.collect()), &texts);
        new.redactions = hidden
            .iter()
            .map(|(rule, count)| RedactionCount {
                rule: (*rule).to_owned(),
                count: *count,
            })
            .collect();
        record(&s.store, new)
    };
    made(10, &["api"], &[("a-token", 7)]);
    let gone = made(20, &["api"], &[("a-token", 9), ("thrown-away", 1)]);
    let second = made(day + 1, &["api", "web"], &[("a-token", 7), ("b-key", 1)]);
    let third = made(day + 2, &["api", "web"], &[("a-token", 7), ("b-key", 1)]);
    let newest = made(3 * day, &["web"], &[("b-key", 2)]);
    s.store.trash(&[gone.id], newest.time).unwrap();
    let days = [1, 2, 3].map(|at| Millis(1_790_000_000_000 + at * day * 1000));
    let stats = s.store.stats_of(&days).unwrap();
    // What was found in the newest comes first; the same secret in two snapshots is in two
    // snapshots.
    let rule = |rule: &str, newest, snapshots| RuleFigures {
        rule: rule.to_owned(),
        newest,
        snapshots,
    };
    let rules = [rule("b-key", 2, 3), rule("a-token", 0, 3)];
    assert_eq!(stats.redactions, rules);
    let session = |name: &str, snapshots| SessionFigures {
        name: name.into(),
        snapshots,
    };
    assert_eq!(stats.by_session, [session("api", 3), session("web", 3)]);
    let added = |metas: &[&SnapshotMeta]| Added {
        snapshots: metas.len() as u64,
        bytes: metas.iter().map(|meta| meta.stored_bytes).sum(),
    };
    let wanted = [added(&[&second, &third]), added(&[]), added(&[&newest])];
    assert_eq!(stats.added, wanted);
    let without = s.store.stats().unwrap();
    assert!(without.added.is_empty() && without.redactions == stats.redactions);
}

#[test]
fn long_work_tells_how_far_it_has_come() {
    let s = scratch();
    for at in 0..30 {
        record_text(&s.store, at, "api", &format!("$ {at}"));
    }
    let mut told = Vec::new();
    let report = s.store.verify_with(&mut |progress| told.push(progress));
    assert!(report.unwrap().is_ok());
    let whole = |progress: &Progress| progress.done == progress.total && progress.total >= 30;
    assert!(told.is_sorted_by_key(|progress| progress.done) && told.last().is_some_and(whole));
    told.clear();
    s.store
        .compact_with(&mut |progress| told.push(progress))
        .unwrap();
    assert!(told.is_sorted_by_key(|progress| progress.done) && told.last().is_some_and(whole));
}

#[test]
fn lives_are_kept_by_what_identifies_them() {
    let s = scratch();
    assert!(s.store.lives().unwrap().is_empty());
    let life = |pid, seen| Life {
        server: server(pid),
        first_seen: Millis(seen),
        last_seen: Millis(seen + 10),
        end: None,
        recovery: RecoveryState::Open,
    };
    s.store.note_life(&life(1, 100)).unwrap();
    s.store.note_life(&life(2, 200)).unwrap();
    let ended = Life {
        end: Some(LifeEnd {
            noticed: Millis(150),
            cause: EndCause::ServerGone,
        }),
        ..life(1, 100)
    };
    s.store.note_life(&ended).unwrap();
    assert_eq!(s.store.lives().unwrap(), [life(2, 200), ended]);
}

#[test]
fn a_text_that_is_stored_twice_is_there_as_long_as_either_is_needed() {
    let texts = [text("$ make")];
    let shown = state(vec![session("api", 1, &texts)]);
    let mut full = snapshot(2, &shown, &texts);
    full.storing = crate::store::Storing::Full;
    for first_goes in [false, true] {
        let s = scratch();
        let first = record(&s.store, snapshot(1, &shown, &texts));
        let second = record(&s.store, full.clone());
        assert_eq!(s.store.stats().unwrap().objects, 2);
        let gone = if first_goes { first.id } else { second.id };
        s.store.trash(&[gone], Millis(3)).unwrap();
        s.store.empty_trash().unwrap();
        assert_eq!(s.store.stats().unwrap().objects, 1);
        let digest = texts[0].digest();
        assert_eq!(s.store.contents(&[digest]).unwrap(), texts);
        assert!(s.store.verify().unwrap().is_ok());
    }
}

#[test]
fn a_store_in_which_nothing_was_recorded_yet_is_whole() {
    let s = scratch();
    let life = Life {
        server: server(100),
        first_seen: Millis(1),
        last_seen: Millis(2),
        end: None,
        recovery: RecoveryState::Open,
    };
    s.store.note_life(&life).unwrap();
    let report = s.store.verify().unwrap();
    assert!(report.is_ok(), "{report:?}");
    assert_eq!(s.store.empty_trash().unwrap(), 0);
}
