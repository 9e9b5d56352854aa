//! What waits to be taken in while the history is rewritten.

use std::fs;
use std::time::Duration;

use super::*;
use crate::store::testing::{log, record_text, scratch, session, snapshot, state, text};
use crate::store::{NewSnapshot, StoreError, StoreOptions, Unchanged};

fn busy(store: &Store) -> StoreError {
    StoreError::NoSpace {
        operation: "record",
        path: store.file().to_owned(),
    }
}

/// A capture that shows a text which is stored, and one that it brings.
fn capture(second: i64, old: &Contents, new: &Contents) -> NewSnapshot {
    let texts = [old.clone(), new.clone()];
    let state = state(vec![session("api", 1, &texts)]);
    let brought = if old == new { &[][..] } else { &texts[1..] };
    snapshot(second, &state, brought)
}

#[test]
fn what_waits_is_cleaned_and_taken_in_then() {
    let s = scratch();
    let old = text(format!("{}hunter2\n", log(0..300)));
    record_text(&s.store, 1, "api", &old.main.to_string());
    let spool = |new: NewSnapshot| {
        let spooled = s.store.spool(new, Unchanged::Store, busy(&s.store));
        spooled.unwrap();
    };
    let brought = text("$ echo hunter2");
    let mut named = capture(2, &old, &brought);
    named.name = Some("hunter2".into());
    spool(named);
    // It counts on a text that the one before it brings.
    spool(capture(3, &old, &brought));
    let cleaner = censor("hunter2");
    let plan = s.store.plan_rewrite(&cleaner, &mut |_| {}).unwrap();
    assert_eq!((plan.stored.changed, plan.waiting.changed), (1, 2));
    assert_eq!(plan.waiting.rules[0].times, 2 + 1 + 2);
    let hasty = Store::new(
        s.store.dir().to_owned(),
        StoreOptions {
            wait: Duration::from_millis(20),
            ..StoreOptions::default()
        },
    );
    // They come while the new file is built, when nobody can write to the store.
    let done = s.store.rewrite(&cleaner, NOW, &mut |step| {
        if step == RewriteStep::Built {
            let late = capture(4, &old, &text("$ late hunter2"));
            hasty.record_or_spool(late, Unchanged::Store).unwrap();
        }
    });
    let done = done.unwrap();
    // The first two were taken in before it began.
    assert_eq!((done.stored.changed, done.waiting.changed), (3, 1));
    let spool = fs::read_dir(s.store.dir().join("spool")).unwrap();
    for file in spool {
        let raw = fs::read(file.unwrap().path()).unwrap();
        assert!(!raw.contains_str("hunter2"));
    }
    assert_eq!(s.store.take_in().unwrap().taken, 1);
    is_done(&s.store, &cleaner);
    let after = Shown::of(&s.store);
    assert_eq!(after.timeline.len(), 4);
    let (newest, texts) = &after.timeline[0];
    assert!(!newest.meta.partial, "no text is missing");
    assert_eq!(texts[1].main, "$ late ‹redacted:plain›");
    assert_eq!(texts[0].main, format!("{}‹redacted:plain›\n", log(0..300)));
    assert_eq!(
        after.timeline[2].0.meta.name.as_deref(),
        Some("‹redacted:plain›")
    );
}

#[test]
fn what_cannot_be_taken_in_is_told_of() {
    let s = scratch();
    record_text(&s.store, 1, "api", "$ hunter2");
    let shown = text("$ other");
    let new = capture(2, &shown, &shown);
    s.store
        .spool(new, Unchanged::Store, busy(&s.store))
        .unwrap();
    let spool = s.store.dir().join("spool");
    let file = fs::read_dir(&spool)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    // What a killed writer left is nobody's.
    fs::write(spool.join(".new-left-auto.spool"), "half").unwrap();
    assert_eq!(s.store.old_files().unwrap(), [file]);
    rewrite(&s.store, &censor("hunter2"));
    let old = s.store.old_files().unwrap();
    assert_eq!(old.len(), 1);
    assert!(old[0].to_string_lossy().ends_with(".bad"), "{old:?}");
    assert!(!spool.join(".new-left-auto.spool").exists());
    s.store.remove_old_files(&old).unwrap();
    assert_eq!(fs::read_dir(&spool).unwrap().count(), 0);
    is_done(&s.store, &censor("hunter2"));
}

#[test]
fn what_killed_migrations_and_repairs_left_goes() {
    let s = scratch();
    record_text(&s.store, 1, "api", "$ hunter2");
    let dir = s.store.dir();
    let [migrating, repair, new, backup] = [
        "muxtape.redb.migrating",
        "repair/Salvage/muxtape.redb",
        "muxtape.redb.new",
        "backups/muxtape-schema1-0.redb",
    ]
    .map(|name| dir.join(name));
    for left in [&migrating, &repair, &new, &backup] {
        fs::create_dir_all(left.parent().unwrap()).unwrap();
        fs::write(left, "$ hunter2").unwrap();
    }
    let all = [&backup, &migrating, &repair].map(Clone::clone);
    assert_eq!(s.store.old_files().unwrap(), all);
    rewrite(&s.store, &censor("hunter2"));
    for left in [&migrating, &repair, &new] {
        assert!(!left.exists(), "{}", left.display());
    }
    assert_eq!(s.store.old_files().unwrap(), [backup]);
    is_done(&s.store, &censor("hunter2"));
}
