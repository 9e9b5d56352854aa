//! What is recorded comes back, and costs no more than what is new.

use std::os::unix::fs::MetadataExt;

use crate::model::contents::Contents;
use crate::store::testing::{log, record, record_text, scratch, session, snapshot, state, text};
use crate::store::{Query, Recorded, StoreError, Unchanged};

#[test]
fn a_snapshot_comes_back_as_it_was() {
    let s = scratch();
    assert!(!s.store.exists());
    assert!(s.store.list(&Query::default()).unwrap().is_empty());
    let texts = [
        text(log(0..400)),
        Contents {
            main: "$ vim\n\n".into(),
            alternate: Some("\x1b[7m~\x1b[0m\n".into()),
        },
    ];
    let mut odd = session("#(touch x);\n\"'", 2, &[text("")]);
    odd.tabs[0].panes[0].cwd = b"/tmp/\xff\xfe $(x)".into();
    let state = state(vec![session("api", 1, &texts), odd]);
    let mut new = snapshot(1, &state, &[texts[0].clone(), texts[1].clone(), text("")]);
    new.name = Some("before".into());
    new.tags = vec!["b".into(), "a".into(), "b".into()];
    let meta = record(&s.store, new);
    assert_eq!(meta.tags, ["a", "b"]);
    assert_eq!(meta.parent, None);
    assert_eq!(meta.changes.added, 3);
    let loaded = s.store.load(meta.id).unwrap();
    assert_eq!(loaded.state, state);
    assert_eq!(loaded.meta, meta);
    assert_eq!(s.store.meta(meta.id).unwrap(), meta);
    assert_eq!(s.store.list(&Query::default()).unwrap(), [meta]);
    let digests: Vec<_> = texts.iter().map(Contents::digest).collect();
    assert_eq!(s.store.contents(&digests).unwrap(), texts);
}

#[test]
fn files_belong_to_their_owner_alone() {
    let s = scratch();
    record_text(&s.store, 1, "api", "$ ");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(s.store.dir()), 0o700);
    assert_eq!(mode(s.store.file()), 0o600);
    record_text(&s.store, 2, "api", "$ ls");
    let files = std::fs::read_dir(s.store.dir()).unwrap();
    let mut names = Vec::new();
    for file in files {
        let file = file.unwrap();
        assert_eq!(mode(&file.path()), 0o600);
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort();
    let expected = [
        "muxtape.ballast",
        "muxtape.id",
        "muxtape.parity",
        "muxtape.redb",
    ];
    assert_eq!(names, expected);
}

#[test]
fn what_did_not_change_is_shared() {
    let s = scratch();
    let texts: Vec<_> = (0..10)
        .map(|at| text(log(at * 1000..at * 1000 + 900)))
        .collect();
    let sessions = |title: &str| {
        let mut first = session("api", 1, &texts[..5]);
        first.tabs[0].panes[2].title = title.into();
        state(vec![first, session("web", 2, &texts[5..])])
    };
    let first = record(&s.store, snapshot(1, &sessions("one"), &texts));
    let second = record(&s.store, snapshot(2, &sessions("two"), &[]));
    println!(
        "first {} B, structural change {} B",
        first.stored_bytes, second.stored_bytes
    );
    assert_eq!(second.parent, Some(first.id));
    assert_eq!(second.changes.changed, 1);
    assert!(second.stored_bytes < 500, "{} bytes", second.stored_bytes);
    assert_eq!(s.store.load(second.id).unwrap().state, sessions("two"));
    assert_eq!(s.store.load(first.id).unwrap().state, sessions("one"));
}

#[test]
fn growth_costs_what_was_added() {
    let s = scratch();
    let mut metas = Vec::new();
    for step in 0..200u32 {
        let from = step.saturating_sub(50) * 20;
        let shown = format!("{}\n[{step}] $ ", log(from..2000 + step * 20));
        metas.push(record_text(&s.store, i64::from(step) + 1, "api", &shown));
    }
    let later = &metas[1..];
    let mean = later.iter().map(|meta| meta.stored_bytes).sum::<u64>() / later.len() as u64;
    let added = log(0..20).len() as u64;
    println!("growth of {added} B: mean {mean} B a snapshot");
    assert!(mean < 2500, "{mean} bytes");
    for (step, meta) in (0u32..).zip(&metas).step_by(7) {
        let from = step.saturating_sub(50) * 20;
        let shown = format!("{}\n[{step}] $ ", log(from..2000 + step * 20));
        let state = s.store.load(meta.id).unwrap().state;
        let digest = state.sessions[0].tabs[0].panes[0].contents.unwrap().digest;
        assert_eq!(s.store.contents(&[digest]).unwrap()[0].main, shown);
    }
}

#[test]
fn nothing_is_stored_when_nothing_changed() {
    let s = scratch();
    let first = record_text(&s.store, 1, "api", "$ ");
    let again = snapshot(2, &s.store.load(first.id).unwrap().state, &[]);
    let same = s.store.record(again.clone(), Unchanged::Skip).unwrap();
    assert_eq!(same, Recorded::Unchanged(first.clone()));
    // Another life of the server is another story, whatever it shows.
    let mut reborn = again.clone();
    reborn.server.process.as_mut().unwrap().pid = 200;
    let stored = s.store.record(reborn, Unchanged::Skip).unwrap();
    assert!(matches!(&stored, Recorded::Stored(meta) if meta.parent == Some(first.id)));
    // Only some of the sessions: another set, so it is stored.
    let both = state(vec![
        session("api", 1, &[text("$ ")]),
        session("web", 2, &[text("$ ")]),
    ]);
    record(&s.store, snapshot(3, &both, &[]));
    let stored = s
        .store
        .record(snapshot(4, &again.state, &[]), Unchanged::Skip)
        .unwrap();
    assert!(matches!(stored, Recorded::Stored(_)));
}

#[test]
fn a_text_that_nobody_has_is_refused_and_nothing_is_stored() {
    let s = scratch();
    let state = state(vec![session("api", 1, &[text("gone")])]);
    let refused = s.store.record(snapshot(1, &state, &[]), Unchanged::Store);
    assert!(matches!(
        refused,
        Err(StoreError::MissingContents {
            tab: 1,
            pane: 0,
            ..
        })
    ));
    assert!(s.store.list(&Query::default()).unwrap().is_empty());
}

#[test]
fn a_state_that_cannot_be_true_is_refused() {
    let s = scratch();
    let mut wrong = state(vec![session("api", 1, &[text("$ ")])]);
    wrong.sessions[0].tabs[0].panes[0].rect.width += 1;
    let refused = s
        .store
        .record(snapshot(1, &wrong, &[text("$ ")]), Unchanged::Store);
    assert!(matches!(refused, Err(StoreError::Invalid(_))));
}

#[test]
fn a_long_text_that_grows_is_not_written_anew_as_a_whole() {
    let s = scratch();
    let first = record_text(&s.store, 1, "api", &log(0..8000));
    let mut bytes = 0;
    let mut last = first.id;
    for step in 1..200u32 {
        let meta = record_text(
            &s.store,
            i64::from(step) + 1,
            "api",
            &log(0..8000 + step * 5),
        );
        bytes += meta.stored_bytes;
        last = meta.id;
    }
    println!("growth by five lines: mean {} B", bytes / 199);
    assert!(bytes / 199 < 1200, "{} bytes", bytes / 199);
    let state = s.store.load(last).unwrap().state;
    let digest = state.sessions[0].tabs[0].panes[0].contents.unwrap().digest;
    assert_eq!(
        s.store.contents(&[digest]).unwrap()[0].main,
        log(0..8000 + 199 * 5)
    );
}
