//! Compaction: smaller afterwards, the same otherwise, at any moment.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::model::snapshot::SnapshotMeta;
use crate::store::file::lease::Outcome;
use crate::store::file::parity;
use crate::store::file::replace::Turn;
use crate::store::record::fault::Fault;
use crate::store::record::tables::{Change, Stream};
use crate::store::testing::{Scratch, log, record, scratch, session, snapshot, state, text};
use crate::store::{Query, Store, StoreError, StoreOptions};

/// Records a snapshot whose texts share nothing with others.
fn record_large(store: &Store, at: u32) -> SnapshotMeta {
    let texts = [text(log(at * 10_000..at * 10_000 + 8000))];
    let state = state(vec![session(&format!("s{at}"), at, &texts)]);
    record(store, snapshot(i64::from(at), &state, &texts))
}

/// A store of some megabytes, most of which were removed again.
fn holey() -> (Scratch, Vec<SnapshotMeta>) {
    let s = scratch();
    let metas: Vec<_> = (1..=60).map(|at| record_large(&s.store, at)).collect();
    let gone: Vec<_> = metas
        .iter()
        .filter(|m| m.time.0 % 6000 != 0)
        .map(|m| m.id)
        .collect();
    s.store.trash(&gone, metas[59].time).unwrap();
    s.store.empty_trash().unwrap();
    let left = s.store.list(&Query::default()).unwrap();
    assert_eq!(left.len(), 60 - gone.len());
    (s, left)
}

fn is_whole(store: &Store, metas: &[SnapshotMeta]) {
    let report = store.verify().unwrap();
    assert!(report.is_ok(), "{:?}", report.damaged);
    assert_eq!(store.list(&Query::default()).unwrap(), metas);
}

#[test]
fn what_is_not_needed_is_given_back_and_everything_is_there() {
    let (s, left) = holey();
    let slack = s.store.slack().unwrap();
    let compacted = s.store.compact().unwrap();
    assert_eq!(compacted.before, slack.allocated);
    assert!(compacted.after * 2 < compacted.before, "{compacted:?}");
    let file = fs::metadata(s.store.file()).unwrap();
    assert_eq!(file.blocks() * 512, compacted.after);
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    assert!(
        compacted.after * 10 <= slack.needed * 13 + (1 << 20) * 10,
        "{compacted:?} {slack:?}"
    );
    is_whole(&s.store, &left);
    assert_eq!(
        s.store.slack().unwrap().needed.max(slack.needed),
        slack.needed
    );
    // Recording goes on where it was.
    let next = record_large(&s.store, 90);
    assert_eq!(next.parent, Some(left[0].id));
    assert!(s.store.verify().unwrap().is_ok());
    assert!(!s.store.dir().join("muxtape.redb.new").exists());
}

#[test]
fn a_store_in_use_is_busy_and_none_is_none() {
    let (s, left) = holey();
    let hasty = Store::new(
        s.store.dir().to_owned(),
        StoreOptions {
            wait: std::time::Duration::from_millis(20),
            ..StoreOptions::default()
        },
    );
    let dir = fs::File::open(s.store.dir()).unwrap();
    rustix::fs::flock(&dir, rustix::fs::FlockOperation::LockExclusive).unwrap();
    assert!(matches!(hasty.compact(), Err(StoreError::Busy { .. })));
    drop(dir);
    assert!(hasty.compact().is_ok());
    is_whole(&s.store, &left);
    assert!(matches!(
        scratch().store.compact(),
        Err(StoreError::NoStore { .. })
    ));
}

#[test]
fn a_killed_compaction_is_tidied_away() {
    let (s, left) = holey();
    let building = s.store.dir().join("muxtape.redb.new");
    fs::write(&building, b"half of a store").unwrap();
    let slack = s.store.slack().unwrap();
    let tidied = s.store.tidy().unwrap();
    assert_eq!(tidied.is_some(), slack.is_worth_it() && slack.is_quick());
    assert!(!building.exists());
    assert_eq!(s.store.tidy().unwrap(), None);
    is_whole(&s.store, &left);
}

#[test]
fn a_store_is_tidied_when_that_pays() {
    let (s, left) = holey();
    assert_eq!(
        s.store.compact().unwrap().after,
        s.store.slack().unwrap().allocated
    );
    // Neither is this worth it …
    assert_eq!(s.store.tidy().unwrap(), None);
    let fragments = 1_000_000..1_012_000u64;
    let write = |work: &dyn Fn(&redb::WriteTransaction) -> Result<(), Fault>| {
        s.store
            .place()
            .write("test", |txn| work(txn).map(Outcome::Commit))
            .unwrap();
    };
    write(&|txn| {
        let bytes = [7; 1000];
        txn.put_all(
            Stream::Literals,
            fragments.clone().map(|key| (key, &bytes[..])),
        )
    });
    // … nor what is full …
    assert_eq!(s.store.tidy().unwrap(), None);
    write(&|txn| txn.remove(Stream::Literals, fragments.clone()));
    // … but room for twelve megabytes is.
    let slack = s.store.slack().unwrap();
    assert!(slack.is_worth_it() && slack.is_quick(), "{slack:?}");
    let tidied = s.store.tidy().unwrap().unwrap();
    assert!(tidied.freed() > 8 << 20, "{tidied:?}");
    is_whole(&s.store, &left);
    assert_eq!(s.store.tidy().unwrap(), None);
}

#[test]
fn a_file_that_somebody_else_put_there_meanwhile_stays() {
    let (s, left) = holey();
    let backup = s.store.dir().join("backup");
    fs::copy(s.store.file(), &backup).unwrap();
    let place = s.store.place();
    let turn = Turn::take(place, "test").unwrap();
    let replaced = turn.replace(
        |_, _| Ok(()),
        |_, ()| {
            fs::rename(&backup, s.store.file()).unwrap();
            Ok(Outcome::Commit(()))
        },
    );
    assert!(matches!(replaced, Err(StoreError::Busy { .. })));
    is_whole(&s.store, &left);
    assert!(!s.store.dir().join("muxtape.redb.new").exists());
}

#[test]
fn a_damaged_store_is_left_as_it_is() {
    let (s, left) = holey();
    fs::remove_file(s.store.dir().join(parity::FILE)).unwrap();
    let mut bytes = fs::read(s.store.file()).unwrap();
    let places: Vec<usize> = memchr::memmem::find_iter(&bytes, &left[3].root.0).collect();
    for at in places {
        bytes[at / 4096 * 4096..][..4096].fill(0);
    }
    fs::write(s.store.file(), &bytes).unwrap();
    let refused = s.store.compact();
    assert!(
        refused.as_ref().is_err_and(StoreError::is_damage),
        "{refused:?}"
    );
    assert!(fs::read(s.store.file()).unwrap() == bytes, "it was changed");
    assert!(!s.store.dir().join("muxtape.redb.new").exists());
}

#[test]
fn nothing_recorded_meanwhile_is_lost_and_nobody_fails() {
    let (s, left) = holey();
    let done = AtomicBool::new(false);
    let (recorded, listed) = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..3u32)
            .map(|writer| {
                let (store, done) = (&s.store, &done);
                scope.spawn(move || {
                    let mut ids = Vec::new();
                    let mut at = 1000 * (writer + 1);
                    // The more there is, the longer a compaction takes.
                    while !done.load(Ordering::Relaxed) && ids.len() < 200 {
                        let texts = [text(format!("$ {at}"))];
                        let state = state(vec![session("api", 1, &texts)]);
                        ids.push(record(store, snapshot(i64::from(at), &state, &texts)).id);
                        at += 1;
                    }
                    ids
                })
            })
            .collect();
        let reader = scope.spawn(|| {
            let mut listed = 0;
            while !done.load(Ordering::Relaxed) {
                listed += usize::from(s.store.list(&Query::default()).unwrap().len() >= left.len());
            }
            listed
        });
        // Two at once, so that one finds the other's file in its place.
        let compactors: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| (0..4).all(|_| s.store.compact().is_ok())))
            .collect();
        for compactor in compactors {
            assert!(compactor.join().unwrap());
        }
        done.store(true, Ordering::Relaxed);
        let recorded: Vec<_> = writers
            .into_iter()
            .flat_map(|w| w.join().unwrap())
            .collect();
        (recorded, reader.join().unwrap())
    });
    assert!(listed > 0);
    let all: Vec<_> = s
        .store
        .list(&Query::default())
        .unwrap()
        .iter()
        .map(|m| m.id)
        .collect();
    assert_eq!(all.len(), left.len() + recorded.len());
    assert!(recorded.iter().all(|id| all.contains(id)));
    assert!(s.store.verify().unwrap().is_ok());
}
