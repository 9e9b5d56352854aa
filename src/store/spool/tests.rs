//! The spool as its users see it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::bounds::{MOST_FILES, put_within};
use super::dir::SpoolDir;
use super::file::SpooledCapture;
use super::{Kept, TakenIn};
use crate::model::snapshot::{Cause, SnapshotMeta};
use crate::model::time::Millis;
use crate::store::testing::{
    Scratch, log, record, record_text, scratch, session, snapshot, state, text,
};
use crate::store::tests::rounds;
use crate::store::{NewSnapshot, Query, Recorded, Store, StoreError, StoreOptions, Unchanged};

const NOW_MS: i64 = 1_790_000_000_000;
/// Tells a child where the store is.
const CHILD: &str = "MUXTAPE_TEST_TAKES_IN";

fn new_text(second: i64, shown: &str) -> NewSnapshot {
    let text = text(shown);
    let state = state(vec![session("api", 1, std::slice::from_ref(&text))]);
    snapshot(second, &state, &[text])
}

fn busy(store: &Store) -> StoreError {
    StoreError::Busy {
        operation: "test",
        file: store.file().to_owned(),
        by: None,
        waited: Duration::ZERO,
    }
}

fn spool(store: &Store, new: NewSnapshot) {
    store.spool(new, Unchanged::Store, busy(store)).unwrap();
}

fn files(s: &Scratch) -> Vec<PathBuf> {
    let entries = fs::read_dir(s.store.dir().join("spool")).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn listed(store: &Store) -> Vec<SnapshotMeta> {
    store.list(&Query::default()).unwrap()
}

fn taken(count: usize) -> TakenIn {
    TakenIn {
        taken: count,
        ..TakenIn::default()
    }
}

#[test]
fn what_finds_the_store_busy_waits_and_is_taken_in_by_the_next_write() {
    let s = scratch();
    record_text(&s.store, 1, "api", "one");
    let hasty = Store::new(
        s.store.dir().to_owned(),
        StoreOptions {
            wait: Duration::from_millis(5),
            ..StoreOptions::default()
        },
    );
    let held = redb::Database::open(s.store.file()).unwrap();
    for (second, waiting) in [(2, 1), (3, 2)] {
        let kept = hasty.record_or_spool(new_text(second, &log(0..20)), Unchanged::Store);
        let Kept::Spooled(spooled) = kept.unwrap() else {
            panic!("the store is held");
        };
        assert!(matches!(spooled.why, StoreError::Busy { .. }));
        assert_eq!((spooled.waiting, spooled.dropped), (waiting, 0));
    }
    drop(held);
    assert_eq!(hasty.waiting().unwrap(), 2);
    record_text(&s.store, 4, "api", "four");
    assert_eq!(files(&s), [] as [PathBuf; 0]);
    let all = listed(&s.store);
    let seconds: Vec<i64> = all.iter().map(|meta| meta.time.0 / 1000 % 10).collect();
    assert_eq!(seconds, [4, 3, 2, 1]);
    assert!(all.is_sorted_by(|a, b| a.id > b.id));
    let loaded = s.store.load(all[1].id).unwrap();
    let text = loaded.state.panes().next();
    assert_eq!(
        text.unwrap().2.contents,
        Some(self::text(log(0..20)).reference())
    );
}

#[test]
fn it_is_taken_in_once_whatever_was_in_between() {
    let s = scratch();
    let new = new_text(100, "one");
    spool(&s.store, new.clone());
    let file = files(&s).remove(0);
    let bytes = fs::read(&file).unwrap();
    assert_eq!(s.store.take_in().unwrap(), taken(1));
    // As if the process had been killed before it could remove the file.
    fs::write(&file, &bytes).unwrap();
    s.store.take_in().unwrap();
    assert_eq!(listed(&s.store).len(), 1);
    // The same when it is in the trash by then, or was given a later id.
    let id = listed(&s.store)[0].id;
    s.store.trash(&[id], new.time).unwrap();
    fs::write(&file, &bytes).unwrap();
    s.store.take_in().unwrap();
    assert_eq!(listed(&s.store), []);
    let earlier = new_text(50, "before");
    spool(&s.store, earlier);
    let file = files(&s).remove(0);
    let bytes = fs::read(&file).unwrap();
    s.store.take_in().unwrap();
    fs::write(&file, &bytes).unwrap();
    s.store.take_in().unwrap();
    assert_eq!(listed(&s.store).len(), 1);
    assert!(listed(&s.store)[0].id > id);
    assert_eq!(s.store.waiting().unwrap(), 0);
}

#[test]
fn it_is_taken_in_once_whatever_clocks_showed() {
    const YEAR_S: i64 = 31_557_600;
    // Years from now that the clock showed: before, at the capture, and after it.
    let clocks: [(&[i64], i64, &[i64]); 7] = [
        (&[0], 30, &[1, 19, 38]),
        (&[0], 30, &[19, 38, 0]),
        (&[0, 30, 0], 25, &[12, -3, 31, 50]),
        (&[0, 15], -5, &[30, 45, 64]),
        (&[], 100, &[0, 119, 138]),
        (&[-5], 132, &[15, 34, 53, 72, 91, 110, 129, 140]),
        (&[0, 19, 38, 57], 0, &[76, 95, 0]),
    ];
    for (before, clock, after) in clocks {
        let s = scratch();
        let mut count = 0;
        let mut at_year = |year: i64| {
            count += 1;
            let time = Millis(NOW_MS + (year * YEAR_S + count) * 1000);
            NewSnapshot {
                time,
                ..new_text(count, &format!("{count}"))
            }
        };
        for year in before {
            record(&s.store, at_year(*year));
        }
        spool(&s.store, at_year(clock));
        let file = files(&s).remove(0);
        let bytes = fs::read(&file).unwrap();
        assert_eq!(s.store.take_in().unwrap(), taken(1));
        for year in after {
            record(&s.store, at_year(*year));
            // As if the process had been killed before it could remove the file.
            fs::write(&file, &bytes).unwrap();
            s.store.take_in().unwrap();
        }
        let all = before.len() + 1 + after.len();
        assert_eq!(listed(&s.store).len(), all, "{before:?} {clock} {after:?}");
    }
}

#[test]
fn a_capture_that_changed_nothing_is_not_stored() {
    let s = scratch();
    record(&s.store, new_text(1, "one"));
    let why = busy(&s.store);
    s.store
        .spool(new_text(2, "one"), Unchanged::Skip, why)
        .unwrap();
    assert_eq!(s.store.take_in().unwrap(), taken(1));
    assert_eq!(listed(&s.store).len(), 1);
}

#[test]
fn damaged_files_are_put_aside_and_stop_nothing() {
    let s = scratch();
    for second in 1..=3 {
        spool(&s.store, new_text(second, &second.to_string()));
    }
    let damaged = files(&s).remove(1);
    let mut bytes = fs::read(&damaged).unwrap();
    bytes[60] ^= 4;
    fs::write(&damaged, &bytes).unwrap();
    let told = s.store.take_in().unwrap();
    assert_eq!(told.taken, 2);
    let [aside] = &told.set_aside[..] else {
        panic!("{told:?}");
    };
    assert_eq!(fs::read(aside).unwrap(), bytes);
    assert_eq!(listed(&s.store).len(), 2);
    // It is told once, and not tried again.
    assert_eq!(s.store.take_in().unwrap(), TakenIn::default());
}

#[test]
fn half_written_files_of_the_dead_are_removed() {
    let s = scratch();
    spool(&s.store, new_text(1, "one"));
    let left = s.store.dir().join("spool/.new-0-0-auto.spool");
    fs::write(&left, "half").unwrap();
    assert_eq!(s.store.take_in().unwrap(), taken(1));
    assert!(!left.exists());
}

#[test]
fn texts_may_come_with_a_later_one_and_what_is_lost_is_said() {
    let s = scratch();
    let texts = [text("here"), text("there")];
    let both = state(vec![session("api", 1, &texts)]);
    // The clock went back: the one that brings the text has the later time.
    spool(&s.store, snapshot(2, &both, &[]));
    spool(&s.store, snapshot(9, &both, &texts));
    assert_eq!(s.store.take_in().unwrap(), taken(2));
    assert!(listed(&s.store).iter().all(|meta| !meta.partial));

    let new = [text("new"), text("gone for ever")];
    let lacking = state(vec![session("web", 2, &new)]);
    spool(&s.store, snapshot(20, &lacking, &new[..1]));
    let told = s.store.take_in().unwrap();
    assert_eq!((told.taken, told.partial), (1, 1));
    let meta = listed(&s.store).remove(0);
    assert!(meta.partial);
    assert!(meta.description().unwrap().contains("lost"));
    let loaded = s.store.load(meta.id).unwrap();
    let left: Vec<bool> = loaded
        .state
        .panes()
        .map(|(_, _, pane)| pane.contents.is_some())
        .collect();
    assert_eq!(left, [true, false]);
}

#[test]
fn a_name_that_was_taken_meanwhile_is_lost_and_the_snapshot_is_not() {
    let s = scratch();
    let named = |second, name: &str| NewSnapshot {
        name: Some(name.into()),
        ..new_text(second, "x")
    };
    spool(&s.store, named(1, "before"));
    // Somebody was quicker.
    let other = s.store.dir().join("moved");
    fs::rename(s.store.dir().join("spool"), &other).unwrap();
    record(&s.store, named(2, "before"));
    fs::rename(&other, s.store.dir().join("spool")).unwrap();
    let told = s.store.take_in().unwrap();
    assert_eq!((told.taken, told.unnamed), (1, 1));
    let meta = &listed(&s.store)[0];
    assert_eq!(meta.name, None);
    assert_eq!(meta.description().as_deref(), Some("it was named before"));
}

#[test]
fn what_the_store_would_refuse_is_not_kept_aside() {
    let s = scratch();
    let bad = NewSnapshot {
        name: Some("latest".into()),
        ..new_text(1, "x")
    };
    let refused = s.store.spool(bad, Unchanged::Store, busy(&s.store));
    assert!(matches!(refused, Err(StoreError::BadName { .. })));
    assert_eq!(s.store.waiting().unwrap(), 0);
    let texts = [text("x")];
    let lacking = snapshot(1, &state(vec![session("api", 1, &texts)]), &[]);
    let refused = s.store.record_or_spool(lacking, Unchanged::Store);
    assert!(matches!(refused, Err(StoreError::MissingContents { .. })));
}

#[test]
fn the_oldest_automatic_ones_make_room_and_leave_their_texts_to_others() {
    let s = scratch();
    let dir = SpoolDir::new(s.store.dir());
    let texts = [text(log(0..30)), text("changes")];
    let put = |new: NewSnapshot| {
        let aside = SpooledCapture {
            new: new.into(),
            unchanged: Unchanged::Store,
        };
        put_within(&dir, aside, 3, 1 << 20)
    };
    let both = state(vec![session("api", 1, &texts)]);
    let manual = NewSnapshot {
        cause: Cause::Manual,
        ..new_text(0, "by hand")
    };
    put(manual.clone()).unwrap();
    put(snapshot(1, &both, &texts)).unwrap();
    put(snapshot(2, &both, &[])).unwrap();
    assert_eq!(put(snapshot(3, &both, &[])).unwrap(), (3, 1));
    assert_eq!(put(snapshot(4, &both, &[])).unwrap(), (3, 1));
    let told = s.store.take_in().unwrap();
    assert_eq!(told, taken(3), "no text was lost");
    let causes: Vec<Cause> = listed(&s.store).iter().map(|meta| meta.cause).collect();
    assert_eq!(causes, [Cause::Auto, Cause::Auto, Cause::Manual]);

    for second in 10..13 {
        put(NewSnapshot {
            cause: Cause::Manual,
            ..new_text(second, "by hand")
        })
        .unwrap();
    }
    let full = put(new_text(14, "one too many")).unwrap_err();
    assert!(
        matches!(full, StoreError::SpoolFull { files: 3, .. }),
        "{full}"
    );
    assert_eq!(s.store.waiting().unwrap(), 3);
}

#[test]
fn a_long_time_without_a_store_stays_within_bounds() {
    let s = scratch();
    for second in 0..i64::try_from(MOST_FILES).unwrap() + 3 {
        spool(&s.store, new_text(second, &format!("line {second}")));
    }
    assert_eq!(s.store.waiting().unwrap(), MOST_FILES);
    assert_eq!(s.store.take_in().unwrap(), taken(MOST_FILES));
    let newest = listed(&s.store);
    assert_eq!(newest.len(), MOST_FILES);
    let again = s.store.record(new_text(1000, "on"), Unchanged::Store);
    assert!(matches!(again, Ok(Recorded::Stored(_))));
}

#[test]
fn a_spool_that_cannot_be_used_does_not_stop_the_store() {
    let s = scratch();
    record_text(&s.store, 1, "api", "$");
    fs::write(s.store.dir().join("spool"), "no directory").unwrap();
    let told = s.store.take_in().unwrap();
    assert!(told.trouble.is_some() && !told.is_nothing());
    let kept = s
        .store
        .record_or_spool(new_text(2, "two"), Unchanged::Store);
    assert!(matches!(kept, Ok(Kept::Recorded(_))));
    record_text(&s.store, 3, "api", "three");
    assert_eq!(listed(&s.store).len(), 3);
}

#[test]
fn files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let s = scratch();
    spool(&s.store, new_text(1, "secret"));
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&s.store.dir().join("spool")), 0o700);
    assert_eq!(mode(&files(&s)[0]), 0o600);
}

#[test]
fn many_who_keep_aside_and_take_in_at_once_lose_and_double_nothing() {
    const EACH: i64 = 25;
    let s = scratch();
    record_text(&s.store, 0, "api", "first");
    std::thread::scope(|scope| {
        for who in 0..4 {
            let store = s.store.clone();
            scope.spawn(move || {
                for step in 0..EACH {
                    let second = 1 + who * EACH + step;
                    spool(&store, new_text(second, &second.to_string()));
                }
            });
        }
        for _ in 0..4 {
            let store = s.store.clone();
            scope.spawn(move || {
                for _ in 0..EACH {
                    store.take_in().unwrap();
                }
            });
        }
    });
    s.store.take_in().unwrap();
    let mut times: Vec<i64> = listed(&s.store).iter().map(|meta| meta.time.0).collect();
    times.sort_unstable();
    let wanted: Vec<i64> = (0..=4 * EACH).map(|n| new_text(n, "").time.0).collect();
    assert_eq!(times, wanted);
    assert_eq!(files(&s), [] as [PathBuf; 0]);
}

/// Not a test of its own: the body of the children below. Takes in what waits.
#[test]
fn child() {
    if let Some(dir) = std::env::var_os(CHILD) {
        let store = Store::new(dir.into(), StoreOptions::default());
        store.take_in().unwrap();
    }
}

#[test]
fn who_is_killed_while_taking_in_loses_and_doubles_nothing() {
    const COUNT: usize = 30;
    for round in 0..rounds(5) {
        let s = scratch();
        for second in 1..=i64::try_from(COUNT).unwrap() {
            spool(&s.store, new_text(second, &log(0..20)));
        }
        let mut left = COUNT;
        // Killed after some were taken in, each time at another moment.
        while left > 0 {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "store::spool::tests::child"])
                .env(CHILD, s.store.dir())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let stop = left.saturating_sub(5 + usize::try_from(round % 7).unwrap());
            while s.store.waiting().unwrap() > stop && child.try_wait().unwrap().is_none() {}
            child.kill().unwrap();
            child.wait().unwrap();
            left = s.store.waiting().unwrap();
        }
        let all = listed(&s.store);
        assert_eq!(all.len(), COUNT, "round {round}");
        assert!(all.is_sorted_by(|a, b| a.time > b.time), "in their order");
        assert!(s.store.verify().unwrap().is_ok());
    }
}
