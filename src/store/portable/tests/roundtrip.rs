//! Out of one store and into another.

use proptest::prelude::*;

use super::*;
use crate::model::snapshot::{Cause, Provenance, RedactionCount, Trust};
use crate::model::testing::any_state;
use crate::store::care::migrate;
use crate::store::testing::{
    log, record, record_text, scratch, server, session, snapshot, state, text,
};
use crate::store::tests::rounds;
use crate::store::{Edit, ImportOutcome};

/// Some snapshots of which each is special, and whose texts grow and are shared.
pub(super) fn fill(store: &Store) -> Vec<SnapshotMeta> {
    let mut metas = Vec::new();
    for second in 1..6_u32 {
        let mut screen = text(log(0..30));
        screen.alternate = Some("~\n~\n-- INSERT --".into());
        let texts = [text(log(0..second * 40)), screen, text("")];
        let state = state(vec![
            session("api", 1, &texts[..2]),
            session("w\"eb\n", 2, &texts[2..]),
        ]);
        let mut new = snapshot(i64::from(second), &state, &texts);
        new.server = server(if second < 3 { 100 } else { 200 });
        if second == 2 {
            new.name = Some("before rebase".into());
            new.description = Some("two\nlines".into());
            new.tags = vec!["b".into(), "a".into()];
            new.pinned = true;
            new.cause = Cause::Manual;
        }
        if second == 3 {
            new.partial = true;
            new.redactions = vec![RedactionCount {
                rule: "github".into(),
                count: 3,
            }];
        }
        metas.push(record(store, new));
    }
    let edited = store.edit(&[metas[3].id], &Edit::Archive(true)).unwrap();
    metas[3] = edited.into_iter().next().unwrap();
    metas
}

/// What is told of a snapshot, but for what a store decides by itself.
fn told(meta: &SnapshotMeta) -> SnapshotMeta {
    SnapshotMeta {
        cause: Cause::Import,
        provenance: Provenance::Imported {
            trust: Trust::Foreign,
        },
        stored_bytes: 0,
        ..meta.clone()
    }
}

#[test]
fn an_empty_store_gets_all_of_it() {
    let (from, to) = (scratch(), scratch());
    let metas = fill(&from.store);
    let bytes = all(&from.store);
    let came = take(&to.store, &bytes, &Trusting).unwrap();
    assert!(came.iter().all(|one| one.outcome == ImportOutcome::New));
    let made: Vec<Cause> = came.iter().map(|one| one.made).collect();
    assert_eq!(made[..2], [Cause::Auto, Cause::Manual]);
    let stored = listed(&to.store);
    let stored: Vec<_> = stored.iter().rev().map(told).collect();
    assert_eq!(stored, metas.iter().map(told).collect::<Vec<_>>());
    for meta in &metas {
        let (a, b) = (from.store.load(meta.id), to.store.load(meta.id));
        assert_eq!(a.unwrap().state, b.unwrap().state);
        assert_eq!(texts(&from.store, meta.id), texts(&to.store, meta.id));
    }
    assert!(to.store.verify().unwrap().is_ok());
    // What was taken in can go out again, and says the same but for its cause.
    let again = scratch();
    take(&again.store, &all(&to.store), &Trusting).unwrap();
    let third = listed(&again.store);
    let third: Vec<_> = third.iter().rev().map(told).collect();
    assert_eq!(third, stored);
}

#[test]
fn a_second_time_changes_nothing() {
    let (from, to) = (scratch(), scratch());
    fill(&from.store);
    let bytes = all(&from.store);
    take(&to.store, &bytes, &Trusting).unwrap();
    let before = std::fs::read(to.store.file()).unwrap();
    for store in [&to.store, &from.store] {
        let came = take(store, &bytes, &Trusting).unwrap();
        assert_eq!(came.len(), 5);
        assert!(came.iter().all(|one| one.outcome == ImportOutcome::There));
    }
    assert!(std::fs::read(to.store.file()).unwrap() == before);
}

#[test]
fn a_text_that_several_show_is_there_once() {
    let s = scratch();
    let ids: Vec<_> = (1..5)
        .map(|second| record_text(&s.store, second, &format!("s{second}"), &log(0..3000)).id)
        .collect();
    let mut bytes = Vec::new();
    let exported = s.store.export(&ids, NOW, &mut bytes).unwrap();
    assert_eq!(exported.texts, 1);
    let one = super::exported(&s.store, &ids[..1]).len();
    assert!(bytes.len() < one + 4000, "{} for {one}", bytes.len());
    // In any order, and however often one is named.
    let mixed = [ids[2], ids[0], ids[3], ids[1], ids[0]];
    assert!(super::exported(&s.store, &mixed) == bytes);
}

#[test]
fn the_description_is_read_without_muxtape() {
    let s = scratch();
    let metas = fill(&s.store);
    let bytes = all(&s.store);
    let lines: Vec<&[u8]> = bytes.splitn(4, |byte| *byte == b'\n').collect();
    assert_eq!(lines[0], b"muxtape portable 2");
    let json: serde_json::Value = serde_json::from_slice(lines[1]).unwrap();
    assert_eq!(json["schema"], "muxtape.portable/1");
    assert_eq!(json["muxtape"], env!("CARGO_PKG_VERSION"));
    let second = &json["snapshots"][1];
    assert_eq!(second["id"], metas[1].id.to_string());
    assert_eq!(second["name"], "before rebase");
    assert_eq!(second["cause"], "manual");
    assert_eq!(second["sessions"][0]["panes"], 2);
    assert_eq!(json["snapshots"][2]["partial"], true);
    let head = bytes.len() - lines[3].len() - lines[2].len() - 1;
    let hash = format!("blake3 {}", blake3::hash(&bytes[..head]).to_hex());
    assert_eq!(lines[2], hash.as_bytes());
    let (all, end) = bytes.split_at(bytes.len() - 69);
    let hash = format!("end {}\n", blake3::hash(all).to_hex());
    assert_eq!(end, hash.as_bytes());
}

#[test]
fn what_is_damaged_is_not_exported() {
    let s = scratch();
    let meta = record_text(&s.store, 1, "api", &log(0..2000));
    let lost = |txn: &redb::WriteTransaction| {
        use crate::store::record::tables::{Change, Stream, View};
        let last = txn.last(Stream::Literals)?.unwrap();
        txn.put(Stream::Literals, last, b"not a record")?;
        Ok(crate::store::file::lease::Outcome::Commit(()))
    };
    s.store.place().write("test", lost).unwrap();
    let mut bytes = Vec::new();
    let error = s.store.export(&[meta.id], NOW, &mut bytes).unwrap_err();
    assert!(matches!(&error, PortableError::Store(error) if error.is_damage()));
    // What was written until then is no file.
    assert!(matches!(open(&bytes), Err(PortableError::Cut { .. })));
}

/// A golden file holds what its maker made. It is written where there is none yet.
fn assert_golden(name: &str, from: &Store, metas: &[SnapshotMeta]) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores");
    let path = path.join(name);
    if std::env::var_os("MUXTAPE_TEST_GOLDEN").is_some() && !path.exists() {
        let ids: Vec<SnapshotId> = metas.iter().map(|meta| meta.id).collect();
        std::fs::write(&path, exported(from, &ids)).unwrap();
    }
    let to = scratch();
    take(&to.store, &std::fs::read(path).unwrap(), &Trusting).unwrap();
    let stored = listed(&to.store);
    let stored: Vec<_> = stored.iter().rev().map(told).collect();
    assert_eq!(stored, metas.iter().map(told).collect::<Vec<_>>());
    for meta in metas {
        assert_eq!(texts(from, meta.id), texts(&to.store, meta.id));
        let (a, b) = (from.load(meta.id), to.store.load(meta.id));
        assert_eq!(a.unwrap().state, b.unwrap().state);
    }
}

#[test]
fn form_2_is_read_for_ever() {
    let from = scratch();
    let metas = fill(&from.store);
    assert_golden("portable-form-2.muxtape", &from.store, &metas);
}

#[test]
fn form_2_with_something_in_every_detail_is_read_for_ever() {
    let from = scratch();
    migrate::tests::fill::fill(&from.store);
    let mut metas = listed(&from.store);
    metas.retain(|meta| !from.store.load(meta.id).unwrap().state.buffers.is_empty());
    metas.reverse();
    // The same tree under a server of another kind has no parent in the file.
    metas.truncate(1);
    metas[0].parent = None;
    assert_golden("portable-form-2-details.muxtape", &from.store, &metas);
}

#[test]
fn form_2_with_all_that_no_front_end_says_yet_is_read_for_ever() {
    let from = scratch();
    let metas = migrate::tests::place::fill(&from.store);
    assert_golden("portable-form-2-place.muxtape", &from.store, &metas);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(rounds(12)))]

    #[test]
    fn any_states_come_back(states in proptest::collection::vec(any_state(), 1..4)) {
        let (from, to) = (scratch(), scratch());
        for (second, mut state) in (1..).zip(states) {
            // Texts that the store can have: those of this generator are only referred to.
            let mut shown = Vec::new();
            let panes = state.sessions.iter_mut().flat_map(|one| &mut one.tabs);
            for (at, pane) in panes.flat_map(|tab| &mut tab.panes).enumerate() {
                let own = text(log(0..u32::try_from(at % 4).unwrap() * 7));
                pane.contents = (at % 5 != 4).then(|| own.reference());
                shown.push(own);
            }
            record(&from.store, snapshot(second, &state, &shown));
        }
        take(&to.store, &all(&from.store), &Trusting).unwrap();
        for meta in listed(&from.store) {
            let (a, b) = (from.store.load(meta.id).unwrap(), to.store.load(meta.id).unwrap());
            prop_assert_eq!(&a.state, &b.state);
            prop_assert_eq!(told(&a.meta), told(&b.meta));
            prop_assert_eq!(texts(&from.store, meta.id), texts(&to.store, meta.id));
        }
        prop_assert!(to.store.verify().unwrap().is_ok());
    }
}
