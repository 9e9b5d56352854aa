//! Older stores that are damaged, and those that change while a migration is interrupted.

use std::collections::BTreeSet;
use std::fs;

use proptest::prelude::*;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use serde_json::Value;

use super::describe::{Described, describe};
use super::golden::{digests, golden};
use crate::store::care::migrate::{Point, run, v2};
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use crate::store::{Query, Store, StoreError};

type Table = TableDefinition<'static, u64, &'static [u8]>;
const TIMELINE: Table = TableDefinition::new("timeline");
const STATES: Table = TableDefinition::new("states");
const LITERALS: Table = TableDefinition::new("literals");

/// Does something with a table of the file itself.
fn with_table(store: &Store, table: Table, work: impl FnOnce(&mut redb::Table<u64, &[u8]>)) {
    let db = Database::open(store.file()).unwrap();
    let txn = db.begin_write().unwrap();
    work(&mut txn.open_table(table).unwrap());
    txn.commit().unwrap();
}

/// Changes a byte in the middle of the records that `which` names by their place.
fn flip(store: &Store, table: Table, which: impl Fn(usize) -> bool) {
    with_table(store, table, |table| {
        let records = table.iter().unwrap().map(|entry| {
            let (key, value) = entry.unwrap();
            (key.value(), value.value().to_vec())
        });
        let records: Vec<(u64, Vec<u8>)> = records.collect();
        for (at, (key, mut record)) in records.into_iter().enumerate() {
            if which(at) {
                let middle = record.len() / 2;
                record[middle] ^= 0x10;
                table.insert(key, &record[..]).unwrap();
            }
        }
    });
}

/// Only the snapshots, in the trash or not.
fn snapshots(told: Described) -> Described {
    let told = told.into_iter();
    told.filter(|((what, _), _)| *what != "life").collect()
}

#[test]
fn damaged_snapshots_are_named_and_the_others_are_carried_over() {
    let (_place, store, expected) = golden(2);
    flip(&store, TIMELINE, |at| at == 11);
    flip(&store, STATES, |at| at == 30 || at == 31);
    let plan = store.plan_migration().unwrap().unwrap();
    let told = digests(&describe(&store));
    assert_eq!((told.len(), plan.lost.len()), (expected.len() - 3, 3));
    assert!(told.iter().all(|(key, digest)| expected[key] == *digest));
    assert!(store.verify().unwrap().is_ok());
    // The backup still has them, damaged as they are.
    assert_eq!(
        fs::read_dir(store.dir().join("backups")).unwrap().count(),
        1
    );
}

#[test]
fn a_snapshot_without_one_of_its_texts_is_partial() {
    let (_place, store, _) = golden(2);
    let (_whole_place, whole, _) = golden(2);
    let whole = snapshots(describe(&whole));
    flip(&store, LITERALS, |at| at % 5 == 4);
    let migrated = store.migrate().unwrap().unwrap();
    let named: BTreeSet<String> = migrated
        .lost
        .iter()
        .filter_map(|lost| Some(lost.snapshot?.to_string()))
        .collect();
    assert!(!named.is_empty());
    for (key, own) in &snapshots(describe(&store)) {
        let before = &whole[key];
        if named.contains(&key.1) {
            assert_eq!(own["meta"]["partial"], true);
            let texts = |own: &Value| own["texts"].as_array().map_or(0, Vec::len);
            assert!(texts(own) < texts(before));
            assert_eq!(own["meta"]["sessions"], before["meta"]["sessions"]);
        } else {
            assert_eq!(own, before);
        }
    }
    assert!(store.verify().unwrap().is_ok());
}

#[test]
fn a_store_that_was_changed_in_between_is_carried_over_anew() {
    let (_place, store, expected) = golden(2);
    let ended = run(&store.place(), &mut |point| match point {
        Point::Checked => Err(Fault::damaged_object("the test", "it ends here")),
        _ => Ok(()),
    });
    assert!(ended.is_err());
    // An older muxtape removes a snapshot meanwhile.
    for table in [TIMELINE, STATES] {
        with_table(&store, table, |table| {
            table.remove(1).unwrap();
        });
    }
    let migrated = store.migrate().unwrap().unwrap();
    let held = expected.keys().filter(|(what, _)| what == "snapshot");
    let held = held.count() as u64;
    assert_eq!(migrated.carried.snapshots, held - 1);
    assert!(migrated.lost.is_empty());
}

#[test]
fn a_building_file_that_is_none_is_built_anew() {
    for rubbish in [&b""[..], b"rubbish", &[0; 5000]] {
        let (_place, store, _) = golden(2);
        fs::write(store.dir().join("muxtape.redb.migrating"), rubbish).unwrap();
        assert!(store.migrate().unwrap().is_some());
        assert!(store.verify().unwrap().is_ok());
    }
}

#[test]
fn a_file_with_every_kind_of_torn_page_ends_in_an_answer() {
    let (_place, store, _) = golden(2);
    let whole = fs::read(store.file()).unwrap();
    let all = Query {
        archived: true,
        ..Query::default()
    };
    for at in (4096..whole.len()).step_by(4096 * 9) {
        let (_place, store, _) = golden(2);
        let mut torn = whole.clone();
        let end = torn.len().min(at + 4096);
        torn[at..end].fill(0);
        fs::write(store.file(), torn).unwrap();
        match store.list(&all) {
            Ok(_) => assert!(store.verify().unwrap().is_ok(), "at {at}"),
            Err(error @ StoreError::Damaged { .. }) => {
                // Nothing was put in the old one's place.
                assert!(!store.dir().join("backups").exists(), "at {at}: {error}");
            }
            Err(other) => panic!("at {at}: {other}"),
        }
    }
}

proptest! {
    #[test]
    fn any_record_is_read_without_panic(
        mut record in proptest::collection::vec(any::<u8>(), 0..120),
        own in any::<bool>(),
    ) {
        if own && record.len() > 5 {
            record[..4].copy_from_slice(&[0xd7, b'm', Kind::Schema as u8, 0x20]);
        }
        let read = v2::unpack_value::<crate::store::file::schema::Schema>(Kind::Schema, 0, &record);
        prop_assert!(read.is_err_and(|fault| fault.is_damage()));
    }
}

#[test]
fn the_file_is_a_database_that_says_its_form() {
    let (_place, store, _) = golden(2);
    let db = Database::open(store.file()).unwrap();
    let txn = db.begin_read().unwrap();
    let schema = crate::store::file::schema::read(&txn).unwrap();
    assert_eq!((schema.format, schema.oldest_reader), (2, 2));
}
