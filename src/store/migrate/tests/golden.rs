//! Every store that was ever written can be read, and holds what it held.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::describe::describe;
use super::fill::fill;
use crate::store::Store;
use crate::store::schema::SUPPORTED;
use crate::store::testing::{open, scratch};

/// Set to have the golden store of the present form made, where there is none yet.
const MAKE: &str = "MUXTAPE_TEST_GOLDEN";

fn dir(format: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/stores/{format}"))
}

/// A golden store, unpacked, and what it holds.
pub(super) fn golden(format: u32) -> (TempDir, Store, Value) {
    let expected = fs::read(dir(format).join("expected.json")).unwrap();
    let place = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let store = open(&place);
    unpack(format, &store);
    (place, store, serde_json::from_slice(&expected).unwrap())
}

/// Puts a golden store where there is none.
pub(in crate::store) fn unpack(format: u32, store: &Store) {
    let packed = fs::read(dir(format).join("muxtape.redb.zst")).unwrap();
    fs::create_dir(store.dir()).unwrap();
    fs::write(store.file(), zstd::decode_all(&packed[..]).unwrap()).unwrap();
}

/// Compares, and shows of what differs the first part.
pub(super) fn assert_holds(store: &Store, expected: &Value) {
    let told = describe(store);
    for part in ["snapshots", "trash", "lives"] {
        let (told, expected) = (told[part].as_array(), expected[part].as_array());
        let (told, expected) = (told.unwrap(), expected.unwrap());
        for (told, expected) in told.iter().zip(expected) {
            assert_eq!(told, expected, "{part}");
        }
        assert_eq!(told.len(), expected.len(), "{part}");
    }
}

#[test]
fn every_golden_store_holds_what_it_held() {
    for format in 1..=SUPPORTED {
        if !dir(format).exists() {
            assert_eq!(
                format, SUPPORTED,
                "the golden store of form {format} is missing"
            );
            continue;
        }
        let (_place, store, expected) = golden(format);
        assert_holds(&store, &expected);
        let report = store.verify().unwrap();
        assert!(report.is_ok(), "{:?}", report.damaged);
        assert!(store.migrate().unwrap().is_none(), "it is current");
    }
}

#[test]
fn the_present_form_holds_the_same_as_the_first_one() {
    let s = scratch();
    fill(&s.store);
    let packed = fs::read(s.store.file()).unwrap();
    let (_place, _, expected) = golden(1);
    assert_holds(&s.store, &expected);
    if std::env::var_os(MAKE).is_some() && !dir(SUPPORTED).exists() {
        let told = serde_json::to_string_pretty(&describe(&s.store)).unwrap();
        let packed = zstd::encode_all(&packed[..], 19).unwrap();
        fs::create_dir_all(dir(SUPPORTED)).unwrap();
        fs::write(dir(SUPPORTED).join("muxtape.redb.zst"), packed).unwrap();
        fs::write(dir(SUPPORTED).join("expected.json"), told + "\n").unwrap();
    }
}
