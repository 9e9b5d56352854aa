//! Ends of whatever puts another file in the store's place, at every step: the old file or the new
//! one is there, whole, and what has rotted in it is healed; a parity file that is left of the
//! other one does no harm.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use tempfile::TempDir;

use super::rot::{Dice, Held, held};
use crate::model::time::Millis;
use crate::store::care::rewrite::tests::censor;
use crate::store::file::parity::{self, heal};
use crate::store::file::replace::{STEPS, Step, with_steps};
use crate::store::record::fault::Fault;
use crate::store::testing::{log, record_text};
use crate::store::{Edit, Query, Store, StoreError, StoreOptions};

const NOW: Millis = Millis(1_790_000_300_000);

static HELD: LazyLock<Held> = LazyLock::new(|| held(24));

type Replacing = (&'static str, fn(&Store) -> Result<(), StoreError>);
const REPLACING: [Replacing; 3] = [
    ("compact", |store| store.compact().map(drop)),
    ("rewrite", |store| {
        record_text(store, 900, "secret", "hunter2 is a word");
        store
            .rewrite(&censor("hunter2"), NOW, &mut |_| {})
            .map(drop)
    }),
    ("repair", |store| store.repair(NOW).map(drop)),
];

/// A store in which a page in use has rotted.
fn rotten(dir: &TempDir, dice: &mut Dice) -> Store {
    HELD.copy(dir, |bytes| rot(bytes, &HELD.s.store, dice))
}

/// Lets a page in use rot, which stays a page of the database.
fn rot(bytes: &mut [u8], store: &Store, dice: &mut Dice) {
    let in_use = store.place().pages("test").unwrap();
    let pages: Vec<_> = in_use.pages.values().collect();
    let page = pages[dice.below(pages.len())];
    let at = usize::try_from(page.extent.offset).unwrap();
    bytes[at + 8 + dice.below(40)] ^= 1 << dice.below(8);
}

/// Everything is there once it is repaired, and the parity file is that of the file.
fn check(store: &Store, dice: &mut Dice, what: &str) {
    let healed = |what: &str| {
        let report = store.repair(NOW);
        let report = report.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(report.is_whole(), "{what}: {report:?}");
        HELD.check(store, what);
    };
    healed(what);
    store.protect();
    let hold = store.place().hold("test").unwrap();
    let report = heal::check(&hold).unwrap();
    drop(hold);
    assert_eq!(report.unknown, 0, "{what}");
    assert_eq!(report.damaged, [] as [u64; 0], "{what}: it is stale");
    // It heals this file.
    let mut bytes = fs::read(store.file()).unwrap();
    rot(&mut bytes, store, dice);
    fs::write(store.file(), bytes).unwrap();
    healed(&format!("{what}, then once more"));
}

#[test]
fn wherever_it_fails_what_has_rotted_is_healed() {
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let mut dice = Dice(0x5eed_0011);
    for (name, replace) in REPLACING {
        for step in STEPS {
            if step == Step::Kept && name != "repair" {
                continue;
            }
            let what = format!("{name} ends once it is {step:?}");
            let store = rotten(&dir, &mut dice);
            let old = fs::read(store.file()).unwrap();
            let end = move |at| {
                if at == step {
                    Err(Fault::damaged_object("the test", "it ends here"))
                } else {
                    Ok(())
                }
            };
            with_steps(end, || replace(&store)).expect_err(&what);
            let replaced = !matches!(step, Step::Synced | Step::Kept);
            if name != "rewrite" {
                // (It records before.)
                assert_eq!(fs::read(store.file()).unwrap() != old, replaced, "{what}");
            }
            let parity = store.dir().join(parity::FILE).exists();
            assert_eq!(parity, step != Step::ParityGone, "{what}");
            check(&store, &mut dice, &what);
        }
    }
}

/// Names the directory for a child, what it does, and the step at which it dies.
const DIR: &str = "MUXTAPE_TEST_REPLACING_DIR";
const AT: &str = "MUXTAPE_TEST_REPLACING_AT";

/// Not a test of its own: the body of the children.
#[test]
fn child() {
    let (Some(dir), Ok(at)) = (std::env::var_os(DIR), std::env::var(AT)) else {
        return;
    };
    let store = Store::new(PathBuf::from(dir), StoreOptions::default());
    let die = move |step| {
        if format!("{step:?}") == at {
            let own = rustix::process::getpid();
            rustix::process::kill_process(own, rustix::process::Signal::KILL).unwrap();
        }
        Ok(())
    };
    with_steps(die, || store.repair(NOW)).unwrap();
}

#[test]
fn a_repair_that_is_killed_at_any_step_loses_nothing() {
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let mut dice = Dice(0x5eed_0012);
    for step in STEPS {
        let store = rotten(&dir, &mut dice);
        let done = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::tests::replacing::child"])
            .env(DIR, store.dir())
            .env(AT, format!("{step:?}"))
            .output()
            .unwrap();
        assert!(!done.status.success());
        check(&store, &mut dice, &format!("killed once it is {step:?}"));
    }
}

/// Parity files that are not the file's own: of the file before, of an older state, of a newer one.
#[test]
fn a_parity_file_of_another_file_is_recognised_and_heals_nothing_that_is_right() {
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let mut dice = Dice(0x5eed_0013);
    let later = |store: &Store| {
        for at in 0..6 {
            record_text(store, 950 + at, "late", &log(at as u32..at as u32 + 40));
        }
    };
    let pinned = |store: &Store| {
        let ids: Vec<_> = HELD.all.keys().copied().collect();
        store.edit(&ids, &Edit::Pin(true)).unwrap();
    };
    type Change<'a> = &'a dyn Fn(&Store);
    let changes: [(&str, Change<'_>, bool); 5] = [
        (
            "compacted",
            &|store| assert!(store.compact().is_ok()),
            false,
        ),
        ("newer", &later, false),
        ("older", &later, true),
        ("pinned", &pinned, false),
        (
            "compacted, then newer",
            &|store| {
                store.compact().unwrap();
                later(store);
            },
            false,
        ),
    ];
    for (name, change, is_back) in changes {
        for writes in [false, true] {
            let what = format!("the file is {name}, {writes}");
            let store = HELD.copy(&dir, |_| {});
            let path = store.dir().join(parity::FILE);
            let (file, own) = (fs::read(store.file()).unwrap(), fs::read(&path).unwrap());
            change(&store);
            if is_back {
                fs::write(store.file(), &file).unwrap();
            } else {
                fs::write(&path, &own).unwrap();
            }
            let listed = |store: &Store| store.list(&Query::default()).unwrap();
            if writes {
                record_text(&store, 990, "on", "what is recorded beside a stale one");
            }
            let (before, bytes) = (listed(&store), fs::read(store.file()).unwrap());
            // Nothing is damaged, so nothing is healed.
            let copy = store.dir().join("copy");
            let hold = store.place().hold("test").unwrap();
            heal::heal_into(&hold, &copy).unwrap();
            drop(hold);
            let healed = fs::read(&copy).unwrap();
            fs::remove_file(copy).unwrap();
            for page in store.place().pages("test").unwrap().pages.values() {
                let at = usize::try_from(page.extent.offset).unwrap();
                let end = at + usize::try_from(page.extent.len).unwrap();
                assert!(healed[at..end] == bytes[at..end], "{what}: {page:?}");
            }
            // What has rotted is healed from it or lost, and no more.
            let mut bytes = bytes;
            rot(&mut bytes, &store, &mut dice);
            fs::write(store.file(), &bytes).unwrap();
            let report = store.repair(NOW).unwrap();
            let now = listed(&store);
            let left = before
                .iter()
                .filter(|meta| now.iter().any(|it| it.id == meta.id));
            assert!(
                left.count() + report.lost.len() >= before.len(),
                "{what}: {report:?}"
            );
            assert!(report.lost.len() <= 3, "{what}: {report:?}");
            check_parity(&store, &mut dice, &what);
        }
    }
}

/// The parity file is that of the file, and heals it.
fn check_parity(store: &Store, dice: &mut Dice, what: &str) {
    store.protect();
    let before = store.verify().unwrap();
    let mut bytes = fs::read(store.file()).unwrap();
    rot(&mut bytes, store, dice);
    fs::write(store.file(), bytes).unwrap();
    let report = store.repair(NOW).unwrap();
    assert!(report.is_whole(), "{what}: {report:?}");
    let after = store.verify().unwrap();
    assert_eq!(
        (after.checked, after.whole()),
        (before.checked, before.whole())
    );
}

/// A lost header beside a parity file of an older state: what was recorded since is not lost.
#[test]
fn a_lost_header_beside_an_older_parity_file_loses_nothing() {
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    for count in [1, 3] {
        let store = HELD.copy(&dir, |_| {});
        let path = store.dir().join(parity::FILE);
        let own = fs::read(&path).unwrap();
        let since: Vec<_> = (0..count)
            .map(|at| record_text(&store, 960 + at, "since", &format!("$ make {at}")).id)
            .collect();
        fs::write(&path, own).unwrap();
        let mut bytes = fs::read(store.file()).unwrap();
        bytes[..4096].fill(0);
        fs::write(store.file(), bytes).unwrap();
        let report = store.repair(NOW).unwrap();
        assert!(report.is_whole(), "{report:?}");
        assert!(since.iter().all(|id| store.meta(*id).is_ok()), "{report:?}");
        HELD.check(&store, &format!("{count} recorded since"));
    }
}
