//! Imported snapshots stand beside the line: what is recorded here goes on as if they were not
//! there.

use proptest::prelude::*;

use super::*;
use crate::model::snapshot::Cause;
use crate::model::target::SnapRef;
use crate::store::testing::{record, record_text, scratch, session, snapshot, state, text};
use crate::store::tests::rounds;
use crate::store::{Edit, Recorded, Retention, StoreError, Unchanged, Way};

/// A file of one snapshot of the same server, made at a second.
fn of_second(second: i64) -> Vec<u8> {
    let s = scratch();
    record_text(
        &s.store,
        second,
        "api",
        &format!("from elsewhere, {second}"),
    );
    all(&s.store)
}

fn latest(store: &Store, back: usize) -> Result<SnapshotMeta, StoreError> {
    store.find(&SnapRef::Latest(back), None, None)
}

/// Whatever is done with a store, what came from a file is known by that, and what was recorded
/// here is not.
#[test]
fn they_stay_imported_whatever_is_done_with_the_store() {
    let s = scratch();
    let own = record_text(&s.store, 10, "api", "own");
    let taken = take(&s.store, &of_second(20), &Trusting).unwrap();
    let foreign = taken[0].meta.id;
    let check = |what: &str| {
        for (id, is_foreign) in [(own.id, false), (foreign, true)] {
            let loaded = s.store.load(id).unwrap().meta;
            assert_eq!(loaded.is_foreign(), is_foreign, "{what}");
        }
        let listed = listed(&s.store);
        let foreign: Vec<_> = listed.iter().filter(|meta| meta.is_foreign()).collect();
        assert_eq!(foreign.len(), 1, "{what}");
    };
    check("import");
    let both = [own.id, foreign];
    let edits = [
        Edit::Tag("mine".into()),
        Edit::Describe(Some("mine".into())),
        Edit::Pin(true),
        Edit::Archive(true),
    ];
    for edit in &edits {
        s.store.edit(&both, edit).unwrap();
    }
    s.store
        .edit(&[foreign], &Edit::Rename(Some("mine".into())))
        .unwrap();
    check("edits");
    s.store.trash(&both, NOW).unwrap();
    s.store.untrash(&both).unwrap();
    check("the trash");
    // It comes back from a file of this very store: what is there stays what it is.
    take(&s.store, &exported(&s.store, &both), &Trusting).unwrap();
    check("a file of both");
    s.store.compact().unwrap();
    check("compaction");
    s.store.rewrite(&Trusting, NOW, &mut |_| {}).unwrap();
    check("a rewrite");
    s.store.repair(NOW).unwrap();
    check("a repair");
    // From nothing but the records in the file.
    let mut bytes = std::fs::read(s.store.file()).unwrap();
    bytes[..4096].fill(0);
    std::fs::write(s.store.file(), bytes).unwrap();
    for entry in std::fs::read_dir(s.store.dir()).unwrap().flatten() {
        if entry.path().extension().is_some_and(|ext| ext == "parity") {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    let report = s.store.repair(NOW).unwrap();
    assert!(report.healed.iter().any(|(way, _)| *way == Way::Salvage));
    check("salvage");
    // In another store both are imported, also one that was recorded here.
    let other = scratch();
    take(&other.store, &exported(&s.store, &both), &Trusting).unwrap();
    assert!(listed(&other.store).iter().all(SnapshotMeta::is_foreign));
}

#[test]
fn words_for_what_is_recent_do_not_mean_them() {
    let s = scratch();
    take(&s.store, &of_second(50), &Trusting).unwrap();
    assert!(matches!(
        latest(&s.store, 0),
        Err(StoreError::NotFound { .. })
    ));
    let own: Vec<_> = [10, 20]
        .map(|second| record_text(&s.store, second, "api", &format!("{second}")))
        .into();
    take(&s.store, &of_second(15), &Trusting).unwrap();
    assert_eq!(latest(&s.store, 0).unwrap().id, own[1].id);
    assert_eq!(latest(&s.store, 1).unwrap().id, own[0].id);
    let session = Some(bstr::BStr::new("api"));
    let changed = s.store.find(&SnapRef::Latest(1), session, None);
    assert_eq!(changed.unwrap().id, own[0].id);
    let at = SnapRef::At("then".into());
    let found = s.store.find(&at, None, Some(Millis(own[1].time.0 - 1)));
    assert_eq!(found.unwrap().id, own[0].id);
}

#[test]
fn they_are_no_parents_and_nothing_is_recovered_from_them() {
    let s = scratch();
    let own = record_text(&s.store, 10, "api", "own");
    let lives = s.store.lives().unwrap();
    // Of the same life, as if recorded on another machine with the same server.
    take(&s.store, &of_second(20), &Trusting).unwrap();
    assert_eq!(s.store.lives().unwrap(), lives);
    let life = own.life();
    assert_eq!(s.store.newest_of(life, None).unwrap().unwrap().id, own.id);
    let each = s.store.newest_of_each(&[life], 9).unwrap();
    assert_eq!(each[&life].len(), 1);
    // What equals it is stored; what equals the own one is not.
    let new = |second, shown: &str| {
        let text = text(shown);
        snapshot(
            second,
            &state(vec![session("api", 1, std::slice::from_ref(&text))]),
            &[text],
        )
    };
    let next = s.store.record(new(30, "own"), Unchanged::Skip).unwrap();
    assert!(matches!(next, Recorded::Unchanged(meta) if meta.id == own.id));
    let like_it = new(31, "from elsewhere, 20");
    let next = s.store.record(like_it, Unchanged::Skip).unwrap();
    assert!(matches!(next, Recorded::Stored(meta) if meta.parent == Some(own.id)));
    assert!(s.store.verify().unwrap().is_ok());
}

#[test]
fn a_life_that_was_only_imported_is_not_offered() {
    let (from, to) = (scratch(), scratch());
    let meta = record_text(&from.store, 1, "api", "$");
    take(&to.store, &all(&from.store), &Trusting).unwrap();
    assert!(to.store.lives().unwrap().is_empty());
    let none = to.store.newest_of_each(&[meta.life()], 3).unwrap();
    assert!(none[&meta.life()].is_empty());
}

#[test]
fn retention_keeps_them_and_keeps_no_fewer_of_the_others() {
    let (with, without) = (scratch(), scratch());
    for store in [&with.store, &without.store] {
        for second in 1..20 {
            record_text(store, second, "api", &format!("own {second}"));
        }
    }
    for second in [5, 30, 40] {
        take(&with.store, &of_second(second), &Trusting).unwrap();
    }
    let kept = |store: &Store| {
        store.prune(&Retention::last(3), NOW).unwrap();
        let metas = listed(store).into_iter();
        let own = metas.filter(|meta| meta.cause != Cause::Import);
        own.map(|meta| meta.id).collect::<Vec<_>>()
    };
    assert_eq!(kept(&with.store), kept(&without.store));
    assert_eq!(kept(&without.store).len(), 3);
    let imported = listed(&with.store).into_iter();
    assert_eq!(
        imported.filter(|meta| meta.cause == Cause::Import).count(),
        3
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(rounds(16)))]

    /// Lists go by ids, a page at a time, whenever something came in.
    #[test]
    fn pages_put_together_are_the_list(
        steps in proptest::collection::vec((any::<bool>(), 1..60i64), 1..14),
        limit in 1..6usize,
    ) {
        let s = scratch();
        let mut second = 0;
        for (imported, by) in steps {
            if imported {
                // Of any time, but before now.
                take(&s.store, &of_second(by * 7 % (second + 60)), &Trusting).unwrap();
            } else {
                second += by;
                record(&s.store, {
                    let text = text(format!("{second}"));
                    snapshot(second, &state(vec![session("api", 1, std::slice::from_ref(&text))]), &[text])
                });
            }
        }
        let whole = listed(&s.store);
        prop_assert!(whole.windows(2).all(|two| two[0].id > two[1].id));
        let mut paged = Vec::new();
        loop {
            let page = s.store.list(&Query {
                before: paged.last().map(|meta: &SnapshotMeta| meta.id),
                limit: Some(limit),
                ..Query::default()
            }).unwrap();
            if page.is_empty() {
                break;
            }
            paged.extend(page);
        }
        prop_assert_eq!(paged, whole);
    }
}
