//! What the system refuses, and stores of other versions.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::store::file::lease::Outcome;
use crate::store::file::schema::{self, Schema};
use crate::store::testing::{record_text, scratch, session, snapshot, state, text};
use crate::store::{Edit, Query, Recorded, Store, StoreError, StoreOptions, Unchanged};

#[test]
fn a_newer_store_is_refused_and_not_touched() {
    let s = scratch();
    let meta = record_text(&s.store, 1, "api", "$");
    let newer = Schema {
        format: schema::SUPPORTED + 1,
        oldest_reader: schema::SUPPORTED + 1,
        app: "9.9.9".into(),
        store: [7; 16],
    };
    let write = |txn: &redb::WriteTransaction| {
        schema::write(txn, &newer)?;
        Ok(Outcome::Commit(()))
    };
    s.store.place().write("test", write).unwrap();
    let before = fs::read(s.store.file()).unwrap();
    let refused = |error: StoreError| {
        assert!(
            matches!(&error, StoreError::Newer { found, supported, app }
                if *found == schema::SUPPORTED + 1 && *supported == schema::SUPPORTED && app == "9.9.9"),
            "{error}"
        );
    };
    refused(s.store.list(&Query::default()).unwrap_err());
    refused(s.store.load(meta.id).unwrap_err());
    refused(s.store.edit(&[meta.id], &Edit::Pin(true)).unwrap_err());
    refused(s.store.verify().unwrap_err());
    let texts = [text("x")];
    let new = snapshot(9, &state(vec![session("api", 1, &texts)]), &texts);
    refused(s.store.record(new, Unchanged::Store).unwrap_err());
    assert_eq!(fs::read(s.store.file()).unwrap(), before);
}

#[test]
fn a_busy_store_is_waited_for_and_then_named() {
    let s = scratch();
    record_text(&s.store, 1, "api", "$");
    let hasty = Store::new(
        s.store.dir().to_owned(),
        StoreOptions {
            wait: Duration::from_millis(30),
            ..StoreOptions::default()
        },
    );
    let while_held = |txn: &redb::WriteTransaction| {
        let _ = txn;
        let busy = hasty.list(&Query::default()).unwrap_err();
        let StoreError::Busy { by, waited, .. } = busy else {
            panic!("{busy}");
        };
        assert!(waited >= Duration::from_millis(30));
        if cfg!(target_os = "linux") {
            assert_eq!(by, Some(std::process::id()));
        }
        Ok(Outcome::Abort(()))
    };
    s.store.place().write("test", while_held).unwrap();
    assert_eq!(s.store.list(&Query::default()).unwrap().len(), 1);
}

#[test]
fn without_a_store_questions_are_answered_and_the_rest_says_so() {
    let s = scratch();
    let id = crate::model::id::SnapshotId::new(crate::model::time::Millis(0), 1, None);
    assert!(s.store.list(&Query::default()).unwrap().is_empty());
    assert!(s.store.trashed().unwrap().is_empty());
    assert!(matches!(s.store.load(id), Err(StoreError::NoStore { .. })));
    assert!(matches!(
        s.store.edit(&[id], &Edit::Pin(true)),
        Err(StoreError::NoStore { .. })
    ));
    assert!(!s.store.dir().exists());
}

#[test]
fn a_link_in_place_of_the_file_is_not_followed() {
    let s = scratch();
    record_text(&s.store, 1, "api", "$");
    let elsewhere = s.store.dir().join("elsewhere");
    fs::rename(s.store.file(), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, s.store.file()).unwrap();
    let listed = s.store.list(&Query::default());
    assert!(matches!(listed, Err(StoreError::Refused { .. })));
}

/// Whether this process may write where the permissions say that nobody may.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn a_read_only_store_can_be_read_and_says_why_it_cannot_be_written() {
    let s = scratch();
    let meta = record_text(&s.store, 1, "api", "$");
    record_text(&s.store, 2, "api", "$");
    let set = |path: &std::path::Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    set(s.store.file(), 0o400);
    set(s.store.dir(), 0o500);
    let listed = s.store.list(&Query::default());
    let edited = s.store.edit(&[meta.id], &Edit::Pin(true));
    set(s.store.dir(), 0o700);
    assert_eq!(listed.unwrap().len(), 2);
    if !is_root() {
        assert!(matches!(edited, Err(StoreError::Permission { .. })));
    }
}

#[test]
fn lists_of_ten_thousand_read_a_page_and_no_more() {
    let s = scratch();
    let texts = [text("$")];
    let new = snapshot(1, &state(vec![session("api", 1, &texts)]), &texts);
    let Recorded::Stored(first) = s.store.record(new, Unchanged::Store).unwrap() else {
        panic!("unchanged");
    };
    let fill = |txn: &redb::WriteTransaction| {
        use crate::store::snapshot::metadata::{self, Entry};
        for seq in 100..10_100u64 {
            let mut meta = first.clone();
            meta.id = crate::model::id::SnapshotId::new(first.time, seq, Some(meta.id));
            metadata::put(
                txn,
                &Entry {
                    seq,
                    origin: 1,
                    roster: 1,
                    meta,
                },
            )?;
        }
        Ok(Outcome::Commit(()))
    };
    s.store.place().write("test", fill).unwrap();
    let read = |txn: &redb::ReadTransaction| {
        let mut reads = 0;
        let page = 50;
        let reader = crate::store::snapshot::metadata::Reader::new(txn);
        reader.rows_newest_first(u64::MAX, &mut |_| {
            reads += 1;
            Ok(if reads < page {
                std::ops::ControlFlow::Continue(())
            } else {
                std::ops::ControlFlow::Break(())
            })
        })?;
        Ok(reads)
    };
    assert_eq!(s.store.place().read("test", read).unwrap(), 50);
    let page = Query {
        limit: Some(50),
        ..Query::default()
    };
    assert_eq!(s.store.list(&page).unwrap().len(), 50);
    assert_eq!(s.store.list(&Query::default()).unwrap().len(), 10_001);
}
