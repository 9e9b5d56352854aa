//! Damaged files: noticed, named, and never a wrong answer.

mod injuries;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::Snapshot;
use crate::store::file::parity;
use crate::store::testing::{
    Scratch, log, open, record, record_text, scratch, session, snapshot, state, text,
};
use crate::store::{Query, Store, StoreError};

/// Everything that a store holds.
type Known = BTreeMap<SnapshotId, (Snapshot, Vec<(Digest, Contents)>)>;

/// A store with some history, and everything that is in it.
fn filled() -> (Scratch, Known) {
    let s = scratch();
    let mut all = BTreeMap::new();
    for at in 0..12u32 {
        let texts = [text(log(at * 9..at * 9 + 60)), text(format!("$ {at}"))];
        let state = state(vec![
            session("api", 1, &texts[..1]),
            session("web", 2, &texts[1..]),
        ]);
        let meta = record(&s.store, snapshot(i64::from(at) + 1, &state, &texts));
        let texts = texts.map(|text| (text.digest(), text)).to_vec();
        all.insert(meta.id, (Snapshot { meta, state }, texts));
    }
    (s, all)
}

/// What is wrong with a store that was damaged: every answer is either right or an error.
#[derive(Default, Debug)]
struct Outcome {
    noticed: bool,
    /// Snapshots that can be loaded with all their texts.
    whole: usize,
    /// Snapshots that can be loaded, whatever became of their texts.
    trees: usize,
}

fn examine(store: &Store, all: &Known, what: &str) -> Outcome {
    let mut outcome = Outcome::default();
    match store.list(&Query::default()) {
        Ok(listed) => {
            for meta in &listed {
                let known = all.get(&meta.id).map(|(snapshot, _)| &snapshot.meta);
                assert_eq!(Some(meta), known, "a wrong list after {what}");
            }
            outcome.noticed |= listed.len() != all.len();
        }
        Err(error) => {
            assert!(
                error.is_damage() || matches!(error, StoreError::Emptied { .. }),
                "{error}"
            );
            outcome.noticed = true;
        }
    }
    for (id, (snapshot, texts)) in all {
        let digests: Vec<Digest> = texts.iter().map(|(digest, _)| *digest).collect();
        let loaded = store.load(*id);
        let shown = store.contents(&digests);
        if let Ok(loaded) = &loaded {
            assert_eq!(loaded, snapshot, "a wrong snapshot after {what}");
            outcome.trees += 1;
        }
        if let Ok(shown) = &shown {
            let right = texts.iter().map(|(_, text)| text);
            assert!(shown.iter().eq(right), "a wrong text after {what}");
        }
        outcome.whole += usize::from(loaded.is_ok() && shown.is_ok());
    }
    let report = store.verify();
    let found = report.as_ref().map_or(true, |report| !report.is_ok());
    assert!(
        found || (!outcome.noticed && outcome.whole == all.len()),
        "not found by the check: {what}, {outcome:?}"
    );
    outcome.noticed |= found;
    outcome
}

fn with_copy(s: &Scratch, to: &tempfile::TempDir, change: impl FnOnce(&mut Vec<u8>)) -> Store {
    let store = open(to);
    fs::create_dir_all(store.dir()).unwrap();
    let mut bytes = fs::read(s.store.file()).unwrap();
    change(&mut bytes);
    fs::write(store.file(), bytes).unwrap();
    fs::copy(
        s.store.dir().join("muxtape.id"),
        store.dir().join("muxtape.id"),
    )
    .unwrap();
    store
}

/// Places in the file that hold something, `count` of them, spread evenly.
fn places(file: &Path, count: usize) -> Vec<usize> {
    let bytes = fs::read(file).unwrap();
    let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
    let step = (used.len() / count).max(1);
    used.into_iter().step_by(step).collect()
}

#[test]
fn a_flipped_bit_anywhere_is_noticed_or_does_not_matter() {
    let (s, all) = filled();
    let copy = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let (mut flips, mut noticed, mut lost) = (0, 0, 0);
    for at in places(s.store.file(), 250) {
        let store = with_copy(&s, &copy, |bytes| bytes[at] ^= 1 << (at % 8));
        let outcome = examine(&store, &all, &format!("a flipped bit at {at}"));
        flips += 1;
        noticed += usize::from(outcome.noticed);
        lost += all.len() - outcome.whole;
    }
    println!(
        "{flips} flips: {noticed} noticed, {lost} of {} snapshots lost",
        flips * all.len()
    );
    assert!(noticed > 0);
}

#[test]
fn a_zeroed_page_is_noticed_or_does_not_matter() {
    let (s, all) = filled();
    let copy = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let mut pages: Vec<usize> = places(s.store.file(), 4000)
        .iter()
        .map(|at| at / 4096)
        .collect();
    pages.dedup();
    let mut lost = 0;
    for page in &pages {
        let store = with_copy(&s, &copy, |bytes| {
            bytes[page * 4096..][..4096].fill(0);
        });
        let outcome = examine(&store, &all, &format!("page {page} zeroed"));
        lost += all.len() - outcome.whole;
    }
    println!(
        "{} pages: {lost} of {} snapshots lost",
        pages.len(),
        pages.len() * all.len()
    );
}

#[test]
fn a_cut_file_is_noticed() {
    let (s, all) = filled();
    let copy = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let length = usize::try_from(fs::metadata(s.store.file()).unwrap().len()).unwrap();
    for left in (1..16).map(|part| length * part / 16) {
        let store = with_copy(&s, &copy, |bytes| bytes.truncate(left));
        examine(&store, &all, &format!("a cut to {left} bytes"));
    }
}

#[test]
fn an_emptied_or_missing_file_is_not_a_new_store() {
    let (s, _) = filled();
    fs::write(s.store.file(), b"").unwrap();
    let listed = s.store.list(&Query::default());
    assert!(matches!(listed, Err(StoreError::Emptied { .. })));
    let texts = [text("x")];
    let new = snapshot(99, &state(vec![session("api", 1, &texts)]), &texts);
    let refused = s.store.record(new.clone(), crate::store::Unchanged::Store);
    assert!(matches!(refused, Err(StoreError::Emptied { .. })));
    assert_eq!(fs::metadata(s.store.file()).unwrap().len(), 0);
    fs::remove_file(s.store.file()).unwrap();
    let refused = s.store.record(new, crate::store::Unchanged::Store);
    assert!(matches!(refused, Err(StoreError::Emptied { .. })));
}

#[test]
fn another_programs_file_is_left_alone() {
    let s = scratch();
    fs::create_dir_all(s.store.dir()).unwrap();
    for bytes in [&b"#!/bin/sh\n"[..], &[0; 5000]] {
        fs::write(s.store.file(), bytes).unwrap();
        let foreign = |error: &StoreError| matches!(error, StoreError::NotAStore { .. });
        let listed = s.store.list(&Query::default());
        assert!(listed.as_ref().is_err_and(foreign), "{listed:?}");
        let noted = s.store.edit(&[], &crate::store::Edit::Pin(true));
        assert!(noted.as_ref().is_err_and(foreign), "{noted:?}");
        assert_eq!(fs::read(s.store.file()).unwrap(), bytes);
    }
}

#[test]
fn recording_goes_on_beside_a_damaged_snapshot() {
    let s = scratch();
    let first = record_text(&s.store, 1, "api", &log(0..50));
    // The newest snapshot's records lose their hash: its tree cannot be a base any more.
    let mut bytes = fs::read(s.store.file()).unwrap();
    let root = first.root.0;
    let places: Vec<usize> = memchr::memmem::find_iter(&bytes, &root[..]).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at] ^= 1;
    }
    fs::write(s.store.file(), bytes).unwrap();
    // It would heal what is read.
    fs::remove_file(s.store.dir().join(parity::FILE)).unwrap();
    let second = record_text(&s.store, 2, "api", &log(0..60));
    assert_eq!(s.store.load(second.id).unwrap().meta, second);
    assert_eq!(s.store.list(&Query::default()).unwrap(), [second]);
    assert!(s.store.load(first.id).is_err_and(|error| error.is_damage()));
    assert!(!s.store.verify().unwrap().is_ok());
}
