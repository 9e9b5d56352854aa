//! What stands where the store should be: nothing, something else, or what was emptied.

use std::fs;
use std::os::unix::fs::symlink;

use crate::store::testing::{record_text, scratch, server, snapshot, state};
use crate::store::{Query, Store, StoreError, StoreOptions, Unchanged};

#[test]
fn where_nothing_was_recorded_there_is_none_and_lists_are_empty() {
    let s = scratch();
    assert_eq!(s.store.list(&Query::default()).unwrap(), []);
    let newest = s.store.newest_of(server(1).life(), None);
    assert_eq!(newest.unwrap(), None);
    let error = s.store.verify().unwrap_err();
    assert!(matches!(error, StoreError::NoStore { .. }), "{error}");
}

#[test]
fn what_was_never_a_store_is_not_called_a_damaged_one() {
    let s = scratch();
    fs::create_dir_all(s.store.dir()).unwrap();
    let check = |s: &Store| {
        for error in [
            s.list(&Query::default()).unwrap_err(),
            s.record(snapshot(1, &state(Vec::new()), &[]), Unchanged::Store)
                .unwrap_err(),
        ] {
            let told = if s.file().is_symlink() {
                matches!(error, StoreError::Refused { .. })
            } else {
                matches!(error, StoreError::NotAStore { .. })
            };
            assert!(told, "{error}");
        }
    };
    let text = "somebody's notes\n".repeat(1000);
    fs::write(s.store.file(), &text).unwrap();
    check(&s.store);
    assert_eq!(fs::read_to_string(s.store.file()).unwrap(), text);

    fs::remove_file(s.store.file()).unwrap();
    let table = redb::TableDefinition::<u64, u64>::new("theirs");
    let theirs = redb::Database::create(s.store.file()).unwrap();
    let txn = theirs.begin_write().unwrap();
    txn.open_table(table).unwrap().insert(1, 2).unwrap();
    txn.commit().unwrap();
    drop(theirs);
    check(&s.store);

    fs::remove_file(s.store.file()).unwrap();
    symlink("/etc/hostname", s.store.file()).unwrap();
    check(&s.store);
    fs::remove_file(s.store.file()).unwrap();
    fs::create_dir(s.store.file()).unwrap();
    check(&s.store);
}

#[test]
fn a_store_whose_beginning_is_gone_is_damaged() {
    let s = scratch();
    record_text(&s.store, 1, "api", "$");
    let mut bytes = fs::read(s.store.file()).unwrap();
    bytes.splice(..4096, vec![0; 4096]);
    fs::write(s.store.file(), bytes).unwrap();
    let error = s.store.list(&Query::default()).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

#[test]
fn a_directory_that_cannot_be_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let link = dir.path().join("link");
    symlink(dir.path().join("nowhere/at/all"), &link).unwrap();
    for place in [file.clone(), file.join("below"), link] {
        let store = Store::new(place.clone(), StoreOptions::default());
        let new = snapshot(1, &state(Vec::new()), &[]);
        let error = store.record(new, Unchanged::Store).unwrap_err();
        let named =
            matches!(&error, StoreError::NoDirectory { path, .. } if path.starts_with(&place));
        assert!(named, "{error:?}");
    }
}

#[test]
fn what_killed_creations_left_is_tidied_away() {
    let s = scratch();
    let names = || {
        let entries = fs::read_dir(s.store.dir()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let left = s.store.dir().join("muxtape.new.0123456789abcdef");
    fs::create_dir_all(s.store.dir()).unwrap();
    fs::write(&left, "half a store").unwrap();
    record_text(&s.store, 1, "api", "$");
    let whole = [
        "muxtape.ballast",
        "muxtape.id",
        "muxtape.parity",
        "muxtape.redb",
    ];
    assert_eq!(names(), whole);
    // Killed when the store was there already, under both names.
    fs::remove_file(s.store.dir().join("muxtape.id")).unwrap();
    fs::hard_link(s.store.file(), &left).unwrap();
    record_text(&s.store, 2, "api", "$");
    assert_eq!(names(), whole);
    assert_eq!(s.store.list(&Query::default()).unwrap().len(), 2);
}
