//! Migrations that fail, are killed, or meet another one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::golden::{Expected, assert_holds, golden};
use crate::store::care::migrate::{Point, run};
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::{Query, Store, StoreOptions};

/// Runs a migration that does something else at its n-th point.
fn run_until(
    store: &Store,
    n: usize,
    end: impl Fn() -> Result<(), Fault>,
) -> (Result<(), StoreError>, Vec<Point>) {
    let mut points = Vec::new();
    let done = run(&store.place(), &mut |point| {
        points.push(point);
        if points.len() > n { end() } else { Ok(()) }
    });
    (done.map(drop), points)
}

fn fail() -> Result<(), Fault> {
    Err(Fault::damaged_object("the test", "it ends here"))
}

fn backups(store: &Store) -> Vec<PathBuf> {
    let Ok(found) = fs::read_dir(store.dir().join("backups")) else {
        return Vec::new();
    };
    found.map(|entry| entry.unwrap().path()).collect()
}

/// The store is migrated by the next call, holds everything, and the old file is kept, once, as it
/// was.
fn assert_goes_on(store: &Store, expected: &Expected, old: &[u8]) {
    assert_holds(store, expected);
    let kept = backups(store);
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(
        fs::read(&kept[0]).unwrap() == old,
        "the backup is another file"
    );
    let mode = fs::metadata(&kept[0]).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
    assert!(!store.dir().join("muxtape.redb.migrating").exists());
}

fn held(expected: &Expected, what: &str) -> usize {
    expected.keys().filter(|(own, _)| own == what).count()
}

#[test]
fn a_failure_at_any_point_leaves_the_old_store_or_the_new_one() {
    for n in 0.. {
        let (_place, store, expected) = golden(2);
        fs::set_permissions(store.file(), fs::Permissions::from_mode(0o600)).unwrap();
        let old = fs::read(store.file()).unwrap();
        let (done, points) = run_until(&store, n, fail);
        let replaced = points.contains(&Point::Replaced);
        assert_eq!(
            fs::read(store.file()).unwrap() == old,
            !replaced,
            "{points:?}"
        );
        // What was carried over is not carried over again.
        let (_, again) = run_until(&store, usize::MAX, fail);
        let batches = |points: &[Point]| points.iter().filter(|own| **own == Point::Batch).count();
        if !points.contains(&Point::Finished) {
            assert_eq!(
                batches(&points) + batches(&again),
                2,
                "{points:?} {again:?}"
            );
        }
        assert_goes_on(&store, &expected, &old);
        if done.is_ok() {
            assert!(replaced && n > 5);
            break;
        }
    }
}

/// Names the directory for a child, and the point at which it dies.
const DIR: &str = "MUXTAPE_TEST_MIGRATE_DIR";
const AT: &str = "MUXTAPE_TEST_MIGRATE_AT";

/// Not a test of its own: the body of the children.
#[test]
fn child() {
    let (Some(dir), Ok(at)) = (std::env::var_os(DIR), std::env::var(AT)) else {
        return;
    };
    let store = Store::new(PathBuf::from(dir), StoreOptions::default());
    let die = || {
        let own = rustix::process::getpid();
        rustix::process::kill_process(own, rustix::process::Signal::KILL).unwrap();
        Ok(())
    };
    run_until(&store, at.parse().unwrap(), die).0.unwrap();
}

fn child_at(dir: &Path, at: usize) -> bool {
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program);
    child.args(["--exact", "store::care::migrate::tests::interrupted::child"]);
    child.env(DIR, dir).env(AT, at.to_string());
    child.output().unwrap().status.success()
}

#[test]
fn a_kill_at_any_point_leaves_the_old_store_or_the_new_one() {
    for n in 0.. {
        let (_place, store, expected) = golden(2);
        fs::set_permissions(store.file(), fs::Permissions::from_mode(0o600)).unwrap();
        let old = fs::read(store.file()).unwrap();
        let survived = child_at(store.dir(), n);
        assert_goes_on(&store, &expected, &old);
        if survived {
            assert!(n > 5);
            break;
        }
    }
}

#[test]
fn killed_again_and_again_it_comes_to_its_end() {
    let (_place, store, expected) = golden(2);
    let old = fs::read(store.file()).unwrap();
    fs::set_permissions(store.file(), fs::Permissions::from_mode(0o600)).unwrap();
    // One step further each time than what is left to do.
    let mut killed = 0;
    while !child_at(store.dir(), killed) {
        killed += 1;
        assert!(killed < 40);
    }
    assert_goes_on(&store, &expected, &old);
}

#[test]
fn of_many_at_once_one_migrates() {
    let (place, store, expected) = golden(2);
    fs::set_permissions(store.file(), fs::Permissions::from_mode(0o600)).unwrap();
    let old = fs::read(store.file()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let own = crate::store::testing::open(&place);
                let all = Query {
                    archived: true,
                    ..Query::default()
                };
                let listed = own.list(&all).unwrap();
                assert_eq!(listed.len(), held(&expected, "snapshot"));
            });
        }
    });
    assert_goes_on(&store, &expected, &old);
}

#[test]
fn who_does_not_want_to_wait_is_told_what_for() {
    let (_place, store, _) = golden(2);
    let wait = Duration::from_millis(5);
    let hasty = Store::new(
        store.dir().to_owned(),
        StoreOptions {
            wait,
            ..StoreOptions::default()
        },
    );
    let mut said = None;
    run(&store.place(), &mut |point| {
        if point == Point::Batch {
            said = hasty.list(&Query::default()).err();
        }
        Ok(())
    })
    .unwrap();
    let said = said.unwrap();
    assert!(matches!(said, StoreError::Busy { .. }), "{said}");
    assert!(said.to_string().contains("being migrated"), "{said}");
    assert!(!hasty.list(&Query::default()).unwrap().is_empty());
}

#[test]
fn a_backup_is_never_written_over() {
    let (_place, store, _) = golden(2);
    let plan = store.plan_migration().unwrap().unwrap();
    fs::create_dir(store.dir().join("backups")).unwrap();
    fs::write(&plan.backup, "another").unwrap();
    let migrated = store.migrate().unwrap().unwrap();
    assert_ne!(migrated.backup, plan.backup);
    assert_eq!(fs::read(&plan.backup).unwrap(), b"another");
    assert!(migrated.backup.exists());
}

#[test]
fn a_plan_changes_nothing_and_is_kept() {
    let (_place, store, expected) = golden(2);
    let old = fs::read(store.file()).unwrap();
    let plan = store.plan_migration().unwrap().unwrap();
    assert_eq!(fs::read(store.file()).unwrap(), old);
    assert_eq!(fs::read_dir(store.dir()).unwrap().count(), 1);
    assert_eq!(
        (plan.from, plan.to),
        (2, crate::store::file::schema::SUPPORTED)
    );
    let held = |what: &str| held(&expected, what) as u64;
    assert_eq!(plan.carried.snapshots, held("snapshot"));
    assert_eq!(plan.carried.trash, held("trash"));
    assert_eq!(plan.carried.lives, held("life"));
    assert!(plan.lost.is_empty() && plan.needed > 0);
    let migrated = store.migrate().unwrap().unwrap();
    assert_eq!(migrated.backup, plan.backup);
    assert_eq!((migrated.carried, migrated.lost), (plan.carried, plan.lost));
    assert!(store.plan_migration().unwrap().is_none());
}
