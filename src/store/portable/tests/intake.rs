//! What becomes of ids, names and secrets on the way in.

use super::*;
use crate::store::care::rewrite::tests::censor;
use crate::store::testing::{
    Scratch, log, record, record_text, scratch, session, snapshot, state, text,
};
use crate::store::{Edit, ImportOutcome, Store, StoreError, StoreOptions};

fn outcomes(came: &[Imported]) -> Vec<ImportOutcome> {
    came.iter().map(|one| one.outcome).collect()
}

/// A store with one snapshot of this text, made at the same moment with the same random bits.
fn with(shown: &str) -> (Scratch, SnapshotMeta) {
    let s = scratch();
    let meta = record_text(&s.store, 1, "api", shown);
    (s, meta)
}

#[test]
fn another_one_with_the_same_id_is_kept_beside_it() {
    let ((a, of_a), (b, of_b)) = (with("one"), with("two"));
    assert_eq!(of_a.id, of_b.id);
    let bytes = all(&a.store);
    let came = take(&b.store, &bytes, &Trusting).unwrap();
    assert_eq!(outcomes(&came), [ImportOutcome::NewUnderAnotherId]);
    let meta = &came[0].meta;
    assert_eq!(came[0].from, of_a.id);
    assert_ne!(meta.id, of_a.id);
    assert_eq!(texts(&b.store, meta.id), [text("one")]);
    assert_eq!(texts(&b.store, of_b.id), [text("two")]);
    // And is known again.
    let again = take(&b.store, &bytes, &Trusting).unwrap();
    assert_eq!(outcomes(&again), [ImportOutcome::There]);
    assert_eq!(again[0].meta.id, meta.id);
    assert!(b.store.verify().unwrap().is_ok());
}

#[test]
fn what_was_thrown_away_stays_there_and_what_was_removed_comes_back() {
    let (s, meta) = with("one");
    let bytes = all(&s.store);
    s.store.trash(&[meta.id], NOW).unwrap();
    let came = take(&s.store, &bytes, &Trusting).unwrap();
    assert_eq!(outcomes(&came), [ImportOutcome::InTrash]);
    s.store.empty_trash().unwrap();
    let came = take(&s.store, &bytes, &Trusting).unwrap();
    assert_eq!(outcomes(&came), [ImportOutcome::New]);
    assert_eq!(came[0].meta.id, meta.id);
    assert_eq!(texts(&s.store, meta.id), [text("one")]);
    assert!(s.store.verify().unwrap().is_ok());
}

#[test]
fn an_id_of_the_future_is_not_kept() {
    let (a, of_a) = with("one");
    let b = scratch();
    let how = Import {
        now: Millis(of_a.time.0 - 1_000_000),
        dry_run: false,
    };
    let bytes = all(&a.store);
    let came = b
        .store
        .import(&mut open(&bytes).unwrap(), &Trusting, how)
        .unwrap();
    assert_eq!(outcomes(&came), [ImportOutcome::NewUnderAnotherId]);
    assert!(came[0].meta.id.moment() <= how.now);
    assert_eq!(came[0].meta.time, of_a.time);
}

#[test]
fn parents_are_those_that_came_along() {
    let (from, to) = (scratch(), scratch());
    let metas: Vec<_> = (1..4)
        .map(|second| record_text(&from.store, second, "api", &format!("{second}")))
        .collect();
    // Another one has the id of the second.
    record_text(&to.store, 2, "api", "other");
    let ids = [metas[1].id, metas[2].id];
    let came = take(&to.store, &exported(&from.store, &ids), &Trusting).unwrap();
    assert_eq!(came[0].meta.parent, None);
    assert_ne!(came[0].meta.id, metas[1].id);
    assert_eq!(came[1].meta.parent, Some(came[0].meta.id));
    assert_eq!(came[1].meta.id, metas[2].id);
}

#[test]
fn names_that_are_taken_are_left_out_and_noted() {
    let (from, to) = (scratch(), scratch());
    let named = |store: &Store, second: i64, session: &str| {
        let meta = record_text(store, second, session, "$");
        let name = Edit::Rename(Some("before rebase".into()));
        store.edit(&[meta.id], &name).unwrap();
        meta.id
    };
    named(&from.store, 1, "api");
    named(&from.store, 2, "web");
    let there = named(&to.store, 9, "api");
    let bytes = all(&from.store);
    for dry_run in [true, false] {
        let how = Import { now: NOW, dry_run };
        let came = to
            .store
            .import(&mut open(&bytes).unwrap(), &Trusting, how)
            .unwrap();
        assert_eq!(came[0].unnamed.as_deref(), Some("before rebase"));
        assert_eq!(came[0].meta.name, None);
        let note = came[0].meta.description();
        assert_eq!(note.as_deref(), Some("it was named before rebase"));
        assert_eq!(came[1].unnamed, None);
        assert_eq!(came[1].meta.name.as_deref(), Some("before rebase"));
    }
    let found = to
        .store
        .find(&"api:before rebase".parse().unwrap(), None, None);
    assert_eq!(found.unwrap().id, there);
    let found = to
        .store
        .find(&"web:before rebase".parse().unwrap(), None, None);
    assert_eq!(found.unwrap().cause, crate::model::snapshot::Cause::Import);
    assert!(to.store.verify().unwrap().is_ok());
}

#[test]
fn a_look_makes_nothing() {
    let (from, to) = (scratch(), scratch());
    record_text(&from.store, 1, "api", "$");
    let bytes = all(&from.store);
    let how = Import {
        now: NOW,
        dry_run: true,
    };
    let look = |store: &Store| {
        store
            .import(&mut open(&bytes).unwrap(), &Trusting, how)
            .unwrap()
    };
    assert_eq!(outcomes(&look(&to.store)), [ImportOutcome::New]);
    assert!(!to.store.dir().exists());
    let before = std::fs::read(from.store.file()).unwrap();
    assert_eq!(outcomes(&look(&from.store)), [ImportOutcome::There]);
    assert!(std::fs::read(from.store.file()).unwrap() == before);
}

#[test]
fn everything_goes_through_the_rules_of_today() {
    let from = scratch();
    let shown = [text(format!("{}hunter2\n", log(0..100))), text("plain")];
    let mut tree = state(vec![
        session("api", 1, &shown),
        session("web", 2, &shown[..1]),
    ]);
    tree.sessions[1].name = "hunter2".into();
    let mut new = snapshot(1, &tree, &shown);
    new.name = Some("with hunter2".into());
    new.tags = vec!["hunter2".into(), "kept".into()];
    new.description = Some("a\nhunter2".into());
    new.host = "hunter2.example".into();
    new.server.socket = "/tmp/hunter2/default".into();
    let old = record(&from.store, new);
    let bytes = all(&from.store);
    let to = scratch();
    let came = take(&to.store, &bytes, &censor("hunter2")).unwrap();
    let meta = &came[0].meta;
    assert_eq!(meta.host, "‹redacted:plain›.example");
    assert_eq!(meta.tags, ["kept", "‹redacted:plain›"]);
    assert_eq!(meta.name.as_deref(), Some("with ‹redacted:plain›"));
    // Its tree is another one, and it is the same for whoever takes it in a second time.
    assert_ne!(meta.root, old.root);
    // Name, note, tag, host, socket, a session, and the text, which two panes show.
    let count: u32 = came[0].redactions.iter().map(|one| one.count).sum();
    assert_eq!(count, 7);
    assert_eq!(came[0].redactions, meta.redactions);
    let again = take(&to.store, &bytes, &censor("hunter2")).unwrap();
    assert_eq!(outcomes(&again), [ImportOutcome::There]);
    for meta in listed(&to.store) {
        let told = format!("{:?}", to.store.load(meta.id).unwrap());
        assert!(!told.contains("hunter2"), "{told}");
        for text in texts(&to.store, meta.id) {
            assert!(!text.main.to_string().contains("hunter2"));
        }
    }
    assert!(to.store.verify().unwrap().is_ok());
    // The store from which it comes has it already.
    let back = take(&from.store, &bytes, &censor("hunter2")).unwrap();
    assert_eq!(outcomes(&back), [ImportOutcome::There]);
}

#[test]
fn a_file_that_is_changed_meanwhile_changes_nothing() {
    use std::io::Write;
    let (from, to) = (scratch(), scratch());
    for second in 1..4 {
        // More than is read at once.
        let lines = u32::try_from(second).unwrap() * 10_000;
        record_text(&from.store, second, "api", &log(lines..lines + 9000));
    }
    let bytes = all(&from.store);
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&bytes).unwrap();
    let mut opened = Portable::open(file.try_clone().unwrap()).unwrap();
    let at = bytes.len() as u64 / 2;
    rustix::io::pwrite(&file, &[7; 64], at).unwrap();
    let how = Import {
        now: NOW,
        dry_run: false,
    };
    let error = to.store.import(&mut opened, &Trusting, how).unwrap_err();
    assert!(matches!(error, PortableError::Damaged { .. }), "{error}");
    assert!(listed(&to.store).is_empty());
}

#[test]
fn a_store_in_use_is_told() {
    let (from, _) = with("one");
    let bytes = all(&from.store);
    let hasty = Store::new(
        from.store.dir().to_owned(),
        StoreOptions {
            wait: std::time::Duration::from_millis(20),
            ..StoreOptions::default()
        },
    );
    let while_held = |_: &redb::WriteTransaction| {
        let busy = take(&hasty, &bytes, &Trusting).unwrap_err();
        assert!(matches!(
            busy,
            PortableError::Store(StoreError::Busy { .. })
        ));
        Ok(crate::store::file::lease::Outcome::Abort(()))
    };
    from.store.place().write("test", while_held).unwrap();
}
