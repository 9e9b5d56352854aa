//! A parity file that is missing, cut off, damaged, another store's, or cannot be made.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;

use super::*;
use crate::store::file::parity::{FILE, keep};
use crate::store::testing::log;

fn sidecar(s: &Scratch) -> PathBuf {
    s.store.dir().join(FILE)
}

#[test]
fn it_follows_a_store_from_the_first_commit_on() {
    let s = scratch();
    for at in 1..20 {
        record_text(&s.store, i64::from(at), "api", &log(0..200 * at));
        assert_clean(&s.store);
    }
    let made = fs::metadata(sidecar(&s)).unwrap();
    assert_eq!(made.permissions().mode() & 0o777, 0o600);
}

#[test]
fn it_follows_removals_and_compactions() {
    let s = filled();
    let ids: Vec<_> = s.store.list(&crate::store::Query::default()).unwrap();
    let ids: Vec<_> = ids.iter().skip(1).map(|meta| meta.id).collect();
    let now = crate::model::time::Millis(0);
    s.store.trash(&ids, now).unwrap();
    assert_clean(&s.store);
    s.store.empty_trash().unwrap();
    assert_clean(&s.store);
    let before = fs::metadata(sidecar(&s)).unwrap().len();
    s.store.compact().unwrap();
    assert_clean(&s.store);
    assert!(fs::metadata(sidecar(&s)).unwrap().len() < before);
}

#[test]
fn it_is_made_again_bit_by_bit_when_it_is_gone() {
    let s = filled();
    fs::remove_file(sidecar(&s)).unwrap();
    assert_eq!(report(&s.store).unknown, pages(&s.store));
    record_text(&s.store, 50, "api", "$ a");
    let unknown = report(&s.store).unknown;
    assert!(unknown > 0 && unknown < pages(&s.store), "{unknown}");
    keep(&s.store.place()).unwrap();
    assert_clean(&s.store);
}

#[test]
fn what_is_not_its_own_is_not_believed() {
    let other = filled();
    let foreign = fs::read(sidecar(&other)).unwrap();
    let s = filled();
    let own = fs::read(sidecar(&s)).unwrap();
    let file = fs::read(s.store.file()).unwrap();
    let mut flipped = own.clone();
    flipped[33] ^= 1;
    fs::write(sidecar(&s), &flipped).unwrap();
    assert_clean(&s.store);
    flipped[17 * PAGE + 33] ^= 1;
    let versions = [
        ("another store's", foreign),
        ("empty", Vec::new()),
        ("cut in the header", own[..100].to_vec()),
        ("with both headers damaged", flipped),
        ("zeros", vec![0; own.len()]),
    ];
    for (what, bytes) in versions {
        fs::write(sidecar(&s), bytes).unwrap();
        let found = report(&s.store);
        // Two stores that were made alike have the same id.
        if what != "another store's" {
            assert_eq!(found.unknown, found.pages, "{what}");
        }
        let (healed, copy) = heal(&s.store);
        assert!(copy == file, "{what}: {healed:?}");
        record_text(&s.store, 100, "api", "$ on");
        keep(&s.store.place()).unwrap();
        assert_clean(&s.store);
        fs::write(s.store.file(), &file).unwrap();
    }
    for at in (0..34).map(|page| page * PAGE + 40) {
        let mut flipped = own.clone();
        flipped[at] ^= 1;
        fs::write(sidecar(&s), flipped).unwrap();
        assert_clean(&s.store);
    }
    for len in [PAGE, PAGE + 1, own.len() / 2, own.len() - 1] {
        fs::write(sidecar(&s), &own[..len]).unwrap();
        let found = report(&s.store);
        assert!(found.damaged.is_empty(), "cut to {len}: {found:?}");
    }
}

#[test]
fn a_store_works_where_it_cannot_be_made() {
    let s = scratch();
    record_text(&s.store, 1, "api", "$ one");
    fs::remove_file(sidecar(&s)).unwrap();
    let elsewhere = s.store.dir().with_file_name("elsewhere");
    fs::write(&elsewhere, "mine").unwrap();
    symlink(&elsewhere, sidecar(&s)).unwrap();
    record_text(&s.store, 2, "api", "$ two");
    assert_eq!(fs::read(&elsewhere).unwrap(), b"mine", "links lead nowhere");
    let _ = fs::remove_file(sidecar(&s));
    fs::create_dir(sidecar(&s)).unwrap();
    record_text(&s.store, 3, "api", "$ three");
    assert!(s.store.verify().unwrap().is_ok());
    fs::remove_dir(sidecar(&s)).unwrap();
    record_text(&s.store, 4, "api", "$ four");
    assert_clean(&s.store);
}

#[test]
fn it_takes_six_hundredths_at_most() {
    let s = filled();
    let allocated = |path: &std::path::Path| fs::metadata(path).unwrap().blocks() * 512;
    let (store, parity) = (allocated(s.store.file()), allocated(&sidecar(&s)));
    // What a group that is not full yet takes more than its share.
    assert!(
        parity * 100 <= store * 6 + 100 * 16 * 13_312,
        "{parity} of {store}"
    );
}
