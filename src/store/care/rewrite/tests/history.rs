//! What is taken out, and what stays as it was.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use super::*;
use crate::model::snapshot::{EndCause, LifeEnd, RecoveryState};
use crate::store::testing::{
    Scratch, log, record, record_text, scratch, server, session, snapshot, state, text,
};
use crate::store::{Edit, Retention, RuleFindings, StoreError, StoreOptions};

/// A text that is too long to be stored with others, and the same with a token in its middle.
fn long(token: &str) -> String {
    format!("{}$ echo {token}\n{}", log(0..400), log(400..900))
}

/// Twelve snapshots: of two servers, some with a token, one removed for good, one in the trash, one
/// partial.
fn filled() -> (Scratch, Vec<SnapshotMeta>) {
    let s = scratch();
    let metas = (0..12u32).map(|at| {
        let token = if matches!(at, 3 | 4 | 8) {
            "hunter2"
        } else {
            ""
        };
        let texts = [text(long(token)), text(format!("$ {at}"))];
        let mut state = state(vec![
            session("api", 1, &texts[..1]),
            session("web", 2, &texts[1..]),
        ]);
        if at == 6 {
            state.sessions[0].tabs[0].panes[0].title = "ssh hunter2@host hunter2".into();
        }
        let mut new = snapshot(i64::from(at), &state, &texts);
        new.partial = at == 5;
        new.pinned = at == 4;
        new.server = server(if at % 4 == 3 { 200 } else { 100 });
        new.redactions = vec![RedactionCount {
            rule: "old".into(),
            count: at,
        }];
        if at == 3 {
            new.name = Some("release".into());
            new.tags = vec!["b".into(), "a".into()];
        }
        record(&s.store, new)
    });
    let metas: Vec<_> = metas.collect();
    s.store.trash(&[metas[2].id], Millis(6)).unwrap();
    s.store.empty_trash().unwrap();
    s.store
        .trash(&[metas[8].id, metas[9].id], Millis(7))
        .unwrap();
    s.store.edit(&[metas[1].id], &Edit::Archive(true)).unwrap();
    let life = s.store.lives().unwrap().remove(0);
    let ended = Life {
        end: Some(LifeEnd {
            noticed: Millis(9),
            cause: EndCause::ServerGone,
        }),
        recovery: RecoveryState::Dismissed,
        ..life
    };
    s.store.note_life(&ended).unwrap();
    (s, metas)
}

#[test]
fn what_is_found_goes_and_everything_else_stays() {
    let (s, metas) = filled();
    let before = Shown::of(&s.store);
    let plan = s
        .store
        .plan_rewrite(&censor("hunter2"), &mut |_| {})
        .unwrap();
    assert_eq!(Shown::of(&s.store), before, "a look changes nothing");
    let expected = Findings {
        snapshots: 11,
        changed: 4,
        left_out: 0,
        removed: 0,
        rules: vec![RuleFindings {
            rule: "plain".into(),
            snapshots: 4,
            times: 5,
        }],
    };
    assert_eq!(plan.stored, expected);
    let mut steps = Vec::new();
    let done = s
        .store
        .rewrite(&censor("hunter2"), NOW, &mut |step| steps.push(step))
        .unwrap();
    assert_eq!(done.stored, expected);
    assert_eq!(
        steps,
        [
            RewriteStep::Written { done: 12, of: 12 },
            RewriteStep::Built,
            RewriteStep::Checked,
            RewriteStep::Replaced
        ]
    );
    is_done(&s.store, &censor("hunter2"));
    let file = fs::metadata(s.store.file()).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    let after = Shown::of(&s.store);
    assert_eq!(after.lives, before.lives);
    for (old, new) in before.timeline.iter().zip(&after.timeline) {
        if [3, 4, 6].map(|at| metas[at].id).contains(&old.0.meta.id) {
            continue;
        }
        assert_eq!(old, new);
    }
    // Of those that changed everything stays but what was found.
    let (old, new) = (before.meta(metas[3].id), after.meta(metas[3].id));
    assert_ne!(old.root, new.root);
    assert_eq!((new.sessions[0].tabs, new.sessions[0].panes), (1, 1));
    let counts = [("old", 3), ("plain", 1)].map(|(rule, count)| RedactionCount {
        rule: rule.into(),
        count,
    });
    assert_eq!(new.redactions, counts);
    let same = SnapshotMeta {
        root: old.root,
        sessions: old.sessions.clone(),
        logical_bytes: old.logical_bytes,
        redactions: old.redactions.clone(),
        ..new.clone()
    };
    assert_eq!(same, *old);
    assert_eq!(*after.text(metas[3].id, 0), long("‹redacted:plain›"));
    assert_eq!(after.text(metas[3].id, 1), "$ 3");
    let titled = after
        .timeline
        .iter()
        .find(|(own, _)| own.meta.id == metas[6].id);
    let title = &titled.unwrap().0.state.sessions[0].tabs[0].panes[0].title;
    assert_eq!(title, "ssh ‹redacted:plain›@host ‹redacted:plain›");
    // The trash comes back clean, and at its old places.
    let thrown: Vec<_> = after
        .trash
        .iter()
        .map(|(meta, since)| (meta.id, *since))
        .collect();
    assert_eq!(thrown, [(metas[9].id, Millis(7)), (metas[8].id, Millis(7))]);
    assert_eq!(after.trash[0], before.trash[0]);
    s.store.untrash(&[metas[8].id]).unwrap();
    let back = Shown::of(&s.store);
    assert_eq!(*back.text(metas[8].id, 0), long("‹redacted:plain›"));
    // Recording goes on where it was, and no number is given twice.
    let next = record_text(&s.store, 40, "api", "$ next");
    assert_eq!(next.parent, Some(metas[11].id));
    assert!(s.store.verify().unwrap().is_ok());
}

#[test]
fn where_nothing_is_found_nothing_is_written() {
    let (s, _) = filled();
    let file = || fs::metadata(s.store.file()).unwrap();
    let (before, ino) = (fs::read(s.store.file()).unwrap(), file().ino());
    let id = fs::read(s.store.dir().join("muxtape.id")).unwrap();
    let done = rewrite(&s.store, &censor("nowhere"));
    assert!(done.stored.is_nothing() && done.stored.snapshots == 11);
    assert_eq!(
        (fs::read(s.store.file()).unwrap(), file().ino()),
        (before, ino)
    );
    assert_eq!(fs::read(s.store.dir().join("muxtape.id")).unwrap(), id);
    assert!(s.store.rewrites().unwrap().is_empty());
    is_done(&s.store, &censor("nowhere"));
}

#[test]
fn the_store_tells_that_it_was_rewritten_and_is_another_one() {
    let (s, _) = filled();
    let id = || fs::read(s.store.dir().join("muxtape.id")).unwrap();
    let before = id();
    rewrite(&s.store, &censor("hunter2"));
    assert_ne!(id(), before);
    rewrite(&s.store, &censor("$ 10"));
    let told = s.store.rewrites().unwrap();
    let told: Vec<_> = told.iter().map(|own| (own.time, own.changed)).collect();
    assert_eq!(told, [(NOW, 4), (NOW, 1)]);
    // It outlives a compaction, and what is removed later leaves the chain whole.
    s.store.compact().unwrap();
    s.store.prune(&Retention::last(3), NOW).unwrap();
    assert_eq!(s.store.rewrites().unwrap().len(), 2);
    let report = s.store.verify().unwrap();
    assert!(report.is_ok(), "{:?}", report.damaged);
}

#[test]
fn what_users_noted_is_looked_at_too() {
    let s = scratch();
    let metas: Vec<_> = (0..4)
        .map(|at| record_text(&s.store, at, "api", &format!("$ {at}")))
        .collect();
    let rename = |at: usize, name: &str| {
        let name = Edit::Rename(Some(name.into()));
        s.store.edit(&[metas[at].id], &name).unwrap();
    };
    rename(0, "with hunter2");
    rename(1, "with hunter3");
    rename(2, "plain");
    let note = Edit::Describe(Some("the word is hunter2".into()));
    s.store.edit(&[metas[3].id], &note).unwrap();
    for tag in ["hunter2", "hunter3", "z"] {
        s.store
            .edit(&[metas[3].id], &Edit::Tag(tag.into()))
            .unwrap();
    }
    let cleaner = censor("hunter2").and("plain", "hunter3");
    let done = rewrite(&s.store, &cleaner);
    assert_eq!((done.stored.changed, done.stored.rules[0].times), (3, 5));
    is_done(&s.store, &cleaner);
    let after = Shown::of(&s.store);
    let name = |at: usize| after.meta(metas[at].id).name.as_deref();
    // Names that differed only in what was taken out stay apart.
    assert_eq!(name(0), Some("with ‹redacted:plain›"));
    assert_eq!(name(1), Some("with ‹redacted:plain›'"));
    assert_eq!(name(2), Some("plain"));
    let noted = after.meta(metas[3].id);
    assert_eq!(noted.tags, ["z", "‹redacted:plain›"]);
    assert_eq!(
        noted.description().as_deref(),
        Some("the word is ‹redacted:plain›")
    );
    let found = s
        .store
        .find(&"with ‹redacted:plain›'".parse().unwrap(), None, None);
    assert_eq!(found.unwrap().id, metas[1].id);
}

#[test]
fn what_is_never_recorded_goes_and_a_snapshot_of_nothing_else_goes_too() {
    let s = scratch();
    let both = |at: i64| {
        let texts = [text(long("x")), text(format!("$ {at}"))];
        let state = state(vec![
            session("private", 1, &texts[..1]),
            session("web", 2, &texts[1..]),
        ]);
        record(&s.store, snapshot(at, &state, &texts))
    };
    let first = both(1);
    let gone = record_text(&s.store, 2, "private", "$ only");
    let last = both(3);
    let cleaner = censor("nothing").without_session("private");
    let plan = s.store.plan_rewrite(&cleaner, &mut |_| {}).unwrap().stored;
    let figures = (plan.snapshots, plan.changed, plan.left_out, plan.removed);
    assert_eq!(figures, (3, 3, 3, 1));
    assert_eq!(rewrite(&s.store, &cleaner).stored, plan);
    is_done(&s.store, &cleaner);
    let after = Shown::of(&s.store);
    let ids: Vec<_> = after.timeline.iter().map(|(own, _)| own.meta.id).collect();
    assert_eq!(ids, [last.id, first.id]);
    assert_eq!(after.text(last.id, 0), "$ 3");
    assert_eq!(s.store.stats().unwrap().objects, 2);
    // What is gone is known to be gone, and its parent is told as it was.
    assert_eq!(after.meta(last.id).parent, Some(gone.id));
    assert!(matches!(
        s.store.load(gone.id),
        Err(StoreError::NotFound { .. })
    ));
    let next = record_text(&s.store, 4, "web", "$ next");
    assert_eq!(next.parent, Some(last.id));
    assert!(s.store.verify().unwrap().is_ok());
}

#[test]
fn no_byte_of_the_old_file_is_left() {
    let (s, metas) = filled();
    // In the texts that share pieces with it, in free pages, in what was removed.
    let holds = |word: &str| {
        let mut plain = fs::read(s.store.file()).unwrap();
        for (meta, _) in Shown::of(&s.store)
            .timeline
            .iter()
            .map(|(own, texts)| (own, texts))
        {
            plain.extend(format!("{meta:?}").into_bytes());
        }
        plain.contains_str(word)
    };
    s.store
        .edit(&[metas[7].id], &Edit::Rename(Some("hunter2".into())))
        .unwrap();
    s.store.edit(&[metas[7].id], &Edit::Rename(None)).unwrap();
    assert!(holds("hunter2"), "it lies about in the file");
    rewrite(&s.store, &censor("hunter2"));
    assert!(!holds("hunter2"));
    assert!(!s.store.dir().join("muxtape.redb.new").exists());
}

#[test]
fn what_cannot_be_read_cannot_be_cleaned() {
    let (s, metas) = filled();
    let place = s.store.place();
    place
        .write("damage it", |txn| {
            use crate::store::file::lease::Outcome;
            use crate::store::record::tables::{Change, Stream};
            txn.put(Stream::States, 5, b"nonsense")?;
            Ok(Outcome::Commit(()))
        })
        .unwrap();
    let before = fs::read(s.store.file()).unwrap();
    let looked = s.store.plan_rewrite(&censor("hunter2"), &mut |_| {});
    assert!(matches!(looked, Err(StoreError::Damaged { .. })));
    let done = s.store.rewrite(&censor("hunter2"), NOW, &mut |_| {});
    assert!(matches!(done, Err(StoreError::Damaged { .. })), "{done:?}");
    assert_eq!(fs::read(s.store.file()).unwrap(), before);
    assert!(!s.store.dir().join("muxtape.redb.new").exists());
    // Once it is repaired it can be, and what the repair kept is told.
    s.store.repair(NOW).unwrap();
    let done = rewrite(&s.store, &censor("hunter2"));
    assert!(!done.stored.is_nothing());
    is_done(&s.store, &censor("hunter2"));
    let old = s.store.old_files().unwrap();
    assert_eq!(old.len(), 1);
    assert!(old[0].starts_with(s.store.dir().join("damaged")), "{old:?}");
    s.store.remove_old_files(&old).unwrap();
    assert!(s.store.old_files().unwrap().is_empty());
    assert!(s.store.load(metas[0].id).is_ok());
}

#[test]
fn none_is_none_and_one_in_use_is_busy() {
    let empty = scratch();
    let looked = empty.store.plan_rewrite(&censor("x"), &mut |_| {});
    assert!(matches!(looked, Err(StoreError::NoStore { .. })));
    let done = empty.store.rewrite(&censor("x"), NOW, &mut |_| {});
    assert!(matches!(done, Err(StoreError::NoStore { .. })));
    assert!(empty.store.old_files().unwrap().is_empty());
    let (s, _) = filled();
    let hasty = Store::new(
        s.store.dir().to_owned(),
        StoreOptions {
            wait: std::time::Duration::from_millis(20),
            ..StoreOptions::default()
        },
    );
    let dir = fs::File::open(s.store.dir()).unwrap();
    rustix::fs::flock(&dir, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let busy = hasty.rewrite(&censor("hunter2"), NOW, &mut |_| {});
    assert!(matches!(busy, Err(StoreError::Busy { .. })));
    drop(dir);
    // Readers go on while it runs; who wants to write does not get between.
    let mut seen = None;
    hasty
        .rewrite(&censor("hunter2"), NOW, &mut |step| {
            if step == RewriteStep::Built {
                let listed = hasty.list(&Query::default()).unwrap().len();
                let written = hasty.trash(&[], NOW).unwrap_err();
                let again = hasty.compact().unwrap_err();
                seen = Some((listed, written, again));
            }
        })
        .unwrap();
    let (listed, written, again) = seen.unwrap();
    assert_eq!(listed, 8);
    assert!(matches!(written, StoreError::Busy { .. }), "{written}");
    assert!(matches!(again, StoreError::Busy { .. }), "{again}");
}
