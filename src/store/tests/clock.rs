//! Clocks that are wrong: everything goes by the order of recording.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::model::id::SnapshotId;
use crate::model::snapshot::{Cause, SnapshotMeta};
use crate::model::target::SnapRef;
use crate::model::time::Millis;
use crate::store::file::lease::Outcome;
use crate::store::record::counters::Counters;
use crate::store::testing::{Scratch, record, scratch, session, snapshot, state, text};
use crate::store::tests::rounds;
use crate::store::{
    Edit, Keep, NewSnapshot, Query, Retention, SearchQuery, Store, StoreError, Unchanged,
};

/// Milliseconds of a year, nearly.
const YEAR: i64 = 31_557_600_000;
const NOW: i64 = 1_790_000_000_000;
/// Clocks of machines without a battery, with a wrong one, with a counter that has run over.
const CLOCKS: [i64; 14] = [
    NOW,
    0,
    NOW + 1000,
    NOW - YEAR,
    136 * YEAR,
    188 * YEAR,
    189 * YEAR,
    NOW + 2000,
    8029 * YEAR,
    -YEAR,
    // The last and the first moment of the calendar.
    253_402_207_200_000,
    -377_705_023_201_000,
    NOW - 7 * YEAR,
    NOW + 3000,
];

fn new(at: usize, clock: i64) -> NewSnapshot {
    let text = text(format!("$ call {at}\n"));
    let state = state(vec![session("api", 1, std::slice::from_ref(&text))]);
    NewSnapshot {
        time: Millis(clock),
        ..snapshot(i64::try_from(at).unwrap() + 1, &state, &[text])
    }
}

/// As if the newest snapshot of all had been given this id.
fn give_ids_after(store: &Store, last: u128) {
    let change = store.place().write("test", |txn| {
        let mut counters = Counters::read(txn)?;
        counters.newest = SnapshotId::from_u128(last);
        counters.write(txn)?;
        Ok(Outcome::Commit(()))
    });
    change.unwrap();
}

fn listed(store: &Store) -> Vec<SnapshotMeta> {
    store.list(&Query::default()).unwrap()
}

/// Everything that has an order has that of recording; `made` is in it.
fn check(s: &Scratch, made: &[SnapshotMeta]) {
    let store = &s.store;
    let newest_first: Vec<&SnapshotMeta> = made.iter().rev().collect();
    let all = listed(store);
    let times = |metas: &mut dyn Iterator<Item = &SnapshotMeta>| {
        metas.map(|meta| meta.time.0).collect::<Vec<_>>()
    };
    assert_eq!(times(&mut all.iter()), times(&mut made.iter().rev()));
    assert_eq!(all.iter().collect::<Vec<_>>(), newest_first);
    assert!(all.is_sorted_by(|a, b| a.id > b.id));
    for (back, meta) in newest_first.iter().enumerate() {
        let found = store.find(&SnapRef::Latest(back), None, None).unwrap();
        assert_eq!(found.id, meta.id);
        for words in [meta.id.to_string(), meta.id.short()] {
            let found = store.find(&words.parse().unwrap(), None, None);
            assert_eq!(found.unwrap().id, meta.id, "{words}");
        }
        assert_eq!(store.load(meta.id).unwrap().meta, **meta);
    }
    // Pages, as the interface reads them.
    let (mut paged, mut before) = (Vec::new(), None);
    loop {
        let page = store
            .list(&Query {
                before,
                limit: Some(3),
                ..Query::default()
            })
            .unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        paged.extend(page);
    }
    assert_eq!(paged, all);
    let hits = store.search(&SearchQuery {
        text: "call".into(),
        contents: true,
        ..SearchQuery::default()
    });
    let hits: Vec<SnapshotId> = hits.unwrap().iter().map(|hit| hit.newest).collect();
    assert_eq!(hits, all.iter().map(|meta| meta.id).collect::<Vec<_>>());
    assert!(store.verify().unwrap().is_ok());
}

#[test]
fn whatever_the_clock_shows_each_snapshot_is_listed_after_the_one_before() {
    for first in [0, 4, 6, 8, 10, 11] {
        let s = scratch();
        let mut made = Vec::new();
        for (at, clock) in CLOCKS.iter().cycle().skip(first).take(16).enumerate() {
            let meta = record(&s.store, new(at, *clock));
            assert_eq!(meta.time, Millis(*clock));
            assert_eq!(listed(&s.store)[0], meta, "{clock}");
            made.push(meta);
        }
        check(&s, &made);
        // The trash, and back.
        let ids: Vec<SnapshotId> = made.iter().map(|meta| meta.id).collect();
        s.store.trash(&ids, Millis(NOW)).unwrap();
        let trashed = s.store.trashed().unwrap().into_iter();
        let trashed: Vec<SnapshotId> = trashed.map(|(meta, _)| meta.id).collect();
        assert!(trashed.iter().rev().eq(&ids));
        s.store.untrash(&ids).unwrap();
        check(&s, &made);
        // A policy goes by the order, too, and nothing is too old.
        let policy = Retention {
            other: Keep {
                last: 16,
                max_age: Some(Duration::from_secs(30 * 24 * 60 * 60)),
                ..Keep::NONE
            },
            ..Retention::default()
        };
        for now in CLOCKS {
            s.store.prune(&policy, Millis(now)).unwrap();
        }
        check(&s, &made);
        s.store.compact().unwrap();
        check(&s, &made);
    }
}

#[test]
fn a_store_whose_ids_are_used_up_by_a_wrong_clock_goes_on() {
    for last in [(1u128 << 100) - 1, (1 << 100) | 7, (1 << 100) | (5 << 60)] {
        let s = scratch();
        let mut made = vec![record(&s.store, new(0, NOW))];
        give_ids_after(&s.store, last);
        for (at, clock) in CLOCKS.iter().enumerate() {
            made.push(record(&s.store, new(at + 1, *clock)));
        }
        assert!(made[1].id.as_u128() > last);
        check(&s, &made);
        let renamed = s
            .store
            .edit(&[made[3].id], &Edit::Rename(Some("far".into())));
        assert_eq!(renamed.unwrap()[0].id, made[3].id);
    }
    // Beyond the last number of all nothing is said to be stored.
    let s = scratch();
    let kept = record(&s.store, new(0, NOW));
    give_ids_after(&s.store, (1 << 104) - 1);
    let refused = s.store.record(new(1, NOW), Unchanged::Store);
    assert!(
        matches!(refused, Err(StoreError::Damaged { .. })),
        "{refused:?}"
    );
    assert_eq!(listed(&s.store), [kept]);
}

#[test]
fn what_is_kept_aside_is_taken_in_once_and_in_the_order_of_capturing() {
    let s = scratch();
    let first = record(&s.store, new(90, NOW));
    let aside = |at: usize, clock: i64| {
        let why = StoreError::NotFound {
            name: "test".into(),
            suggestions: Vec::new(),
        };
        s.store
            .spool(new(at, clock), Unchanged::Store, why)
            .unwrap();
    };
    for (at, clock) in CLOCKS.iter().enumerate() {
        aside(at, *clock);
    }
    let spool = s.store.dir().join("spool");
    let files: Vec<_> = std::fs::read_dir(&spool)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    assert_eq!(files.len(), CLOCKS.len());
    for _ in 0..2 {
        s.store.take_in().unwrap();
        let mut made = listed(&s.store);
        made.reverse();
        assert_eq!(made[0], first);
        let taken = made[1..].iter().map(|meta| meta.time.0);
        assert!(taken.eq(CLOCKS));
        check(&s, &made);
        // As if the process had been killed before it could remove the files.
        for (path, bytes) in &files {
            std::fs::write(path, bytes).unwrap();
        }
    }
}

#[test]
fn a_copy_of_a_file_of_the_future_comes_in_beside_what_is_recorded() {
    for exported_under in [NOW, 189 * YEAR] {
        let (from, to) = (scratch(), scratch());
        let far = record(&from.store, new(0, 189 * YEAR));
        let mut bytes = Vec::new();
        from.store
            .export(&[far.id], Millis(exported_under), &mut bytes)
            .unwrap();
        for imported_under in [NOW, 189 * YEAR, i64::MAX, 0] {
            let mut made = vec![record(&to.store, new(1, NOW))];
            let mut file = crate::store::Portable::open(std::io::Cursor::new(&bytes)).unwrap();
            let how = crate::store::Import {
                now: Millis(imported_under),
                dry_run: false,
            };
            let cleaner = crate::store::portable::tests::Trusting;
            let imported = to.store.import(&mut file, &cleaner, how).unwrap().remove(0);
            for at in 2..5 {
                made.push(record(&to.store, new(at, NOW)));
            }
            let found = |words: String| to.store.find(&words.parse().unwrap(), None, None);
            assert_eq!(found(imported.meta.id.to_string()).unwrap().time, far.time);
            let own = listed(&to.store);
            let own = own.iter().filter(|meta| meta.cause != Cause::Import);
            assert!(own.take(3).eq(made[1..].iter().rev()), "{imported_under}");
            assert_eq!(found("latest".into()).unwrap(), made[3]);
            assert!(to.store.verify().unwrap().is_ok());
        }
    }
}

#[test]
fn any_clocks_keep_the_order() {
    let config = Config::with_cases(rounds(12));
    let clocks = proptest::collection::vec(prop_oneof![any::<i64>(), 0..9_000 * YEAR], 1..12);
    TestRunner::new(config)
        .run(&clocks, |clocks| {
            let s = scratch();
            let made = clocks.iter().enumerate();
            let made: Vec<_> = made
                .map(|(at, clock)| record(&s.store, new(at, *clock)))
                .collect();
            check(&s, &made);
            Ok(())
        })
        .unwrap();
}
