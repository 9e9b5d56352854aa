//! Every store that was ever written can be read, and holds what it held.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::describe::{Described, describe};
use super::fill::fill;
use crate::store::Store;
use crate::store::file::schema::SUPPORTED;
use crate::store::testing::{open, scratch};

/// Set to have what is missing of the golden store of the present form made.
const MAKE: &str = "MUXTAPE_TEST_GOLDEN";
/// The oldest form that is read.
const OLDEST: u32 = 2;
/// The file of the store, packed.
const STORE: &str = "muxtape.redb.zst";
/// A line for each thing that it holds: what it is, its id, the digest of what is told of it.
const DIGESTS: &str = "digests.txt";
/// What is told of some of them, to be read.
const SOME: &str = "some.json";

/// What a golden store holds, as digests.
pub(super) type Expected = BTreeMap<(String, String), String>;

fn dir(format: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/stores/{format}"))
}

/// A golden store, unpacked, and what it holds.
pub(super) fn golden(format: u32) -> (TempDir, Store, Expected) {
    let place = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let store = open(&place);
    unpack(format, &store);
    (place, store, expected(format))
}

/// Puts a golden store where there is none.
pub(in crate::store) fn unpack(format: u32, store: &Store) {
    let packed = fs::read(dir(format).join(STORE)).unwrap();
    fs::create_dir(store.dir()).unwrap();
    fs::write(store.file(), zstd::decode_all(&packed[..]).unwrap()).unwrap();
}

fn expected(format: u32) -> Expected {
    let lines = fs::read_to_string(dir(format).join(DIGESTS)).unwrap();
    let line = |line: &str| {
        let [what, id, digest] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        ((what.to_owned(), id.to_owned()), digest.to_owned())
    };
    lines.lines().map(line).collect()
}

/// The digests of what is told.
pub(super) fn digests(told: &Described) -> Expected {
    let digest = |value: &Value| blake3::hash(value.to_string().as_bytes());
    told.iter()
        .map(|((what, id), value)| {
            let digest = digest(value).to_hex()[..32].to_owned();
            (((*what).to_owned(), id.clone()), digest)
        })
        .collect()
}

/// What is shown whole in [`SOME`]: lives, and snapshots with rare things in them.
fn some(told: &Described) -> Value {
    let is_rare = |value: &Value| {
        let text = value.to_string();
        ["redirections", "release", "thrown away", "not_written"]
            .iter()
            .any(|word| text.contains(word))
    };
    let some = told
        .iter()
        .filter(|((what, _), value)| *what == "life" || is_rare(value));
    some.map(|((what, id), value)| (format!("{what} {id}"), value.clone()))
        .collect()
}

/// Compares, and shows what differs.
pub(super) fn assert_holds(store: &Store, expected: &Expected) {
    let told = describe(store);
    for (key, digest) in digests(&told) {
        let own = told.iter().find(|((_, id), _)| *id == key.1);
        assert_eq!(Some(&digest), expected.get(&key), "{:#}", own.unwrap().1);
    }
    assert_eq!(told.len(), expected.len());
}

#[test]
fn every_golden_store_holds_what_it_held() {
    for format in OLDEST..=SUPPORTED {
        let (_place, store, expected) = golden(format);
        // First what people can read.
        let shown = fs::read_to_string(dir(format).join(SOME)).unwrap();
        let shown: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(
            format!("{:#}", some(&describe(&store))),
            format!("{shown:#}")
        );
        assert_holds(&store, &expected);
        let report = store.verify().unwrap();
        assert!(report.is_ok(), "{:?}", report.damaged);
        assert!(store.migrate().unwrap().is_none(), "it is current");
    }
}

/// What the program writes today holds the same as what it wrote when the form was new.
#[test]
fn the_golden_store_of_the_present_form_is_what_is_written_today() {
    let s = scratch();
    fill(&s.store);
    let dir = dir(SUPPORTED);
    if std::env::var_os(MAKE).is_some() && !dir.join(DIGESTS).exists() {
        fs::create_dir_all(&dir).unwrap();
        let packed = fs::read(s.store.file()).unwrap();
        fs::write(dir.join(STORE), zstd::encode_all(&packed[..], 19).unwrap()).unwrap();
        let told = describe(&s.store);
        fs::write(dir.join(SOME), format!("{:#}\n", some(&told))).unwrap();
        let lines = digests(&told).into_iter();
        let lines = lines.map(|((what, id), digest)| format!("{what} {id} {digest}\n"));
        fs::write(dir.join(DIGESTS), lines.collect::<String>()).unwrap();
    }
    assert_holds(&s.store, &expected(SUPPORTED));
}
