//! Reading while others write without end: whoever reads sees one state, or goes on beside what
//! changes.

use std::io::Cursor;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use crate::model::snapshot::SnapshotMeta;
use crate::model::target::SnapRef;
use crate::model::time::Millis;
use crate::store::portable::tests::Trusting;
use crate::store::testing::{log, record, scratch, session, snapshot, state, text};
use crate::store::tests::rounds;
use crate::store::{Edit, Import, Portable, Query, Retention, SearchQuery, Store};

const NOW: Millis = Millis(1_791_000_000_000);

/// A snapshot of two sessions with a few panes.
fn capture(store: &Store, second: i64) -> SnapshotMeta {
    let at = u32::try_from(second).unwrap();
    let texts = [
        text(log(at..at + 120)),
        text(log(at * 3..at * 3 + 40)),
        text(format!("$ call {second}\n")),
    ];
    let state = state(vec![
        session("api", 1, &texts[..2]),
        session("web", 2, &texts[2..]),
    ]);
    record(store, snapshot(second, &state, &texts))
}

/// Runs `work` while others capture, edit the snapshots that are `kept`, delete and prune, collect
/// and compact.
fn while_others_write(store: &Store, kept: &[SnapshotMeta], work: impl FnOnce(&AtomicU64)) {
    let over = AtomicBool::new(false);
    let written = AtomicU64::new(0);
    let goes_on = || !over.load(Ordering::SeqCst);
    struct Ends<'a>(&'a AtomicBool);
    impl Drop for Ends<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    thread::scope(|scope| {
        scope.spawn(|| {
            let _ends = Ends(&over);
            for at in 1000.. {
                if !goes_on() {
                    break;
                }
                let made = capture(store, at);
                let pinned = Edit::Pin(at % 2 == 0);
                let ids: Vec<_> = kept.iter().map(|meta| meta.id).collect();
                store.edit(&ids, &pinned).unwrap();
                if at % 3 != 0 {
                    store.trash(&[made.id], NOW).unwrap();
                }
                if at % 7 == 0 {
                    store.empty_trash().unwrap();
                }
                written.fetch_add(1, Ordering::SeqCst);
            }
        });
        scope.spawn(|| {
            let _ends = Ends(&over);
            while goes_on() {
                store.collect().unwrap();
                store.compact().unwrap();
                let policy = Retention::default();
                store.prune(&policy, NOW).unwrap();
                written.fetch_add(1, Ordering::SeqCst);
            }
        });
        let _ends = Ends(&over);
        work(&written);
    });
}

#[test]
fn an_export_goes_on_beside_whatever_is_written() {
    let (s, back) = (scratch(), scratch());
    let kept: Vec<SnapshotMeta> = (1..6).map(|at| capture(&s.store, at)).collect();
    let ids: Vec<_> = kept.iter().map(|meta| meta.id).collect();
    let loaded: Vec<_> = ids
        .iter()
        .map(|id| s.store.load(*id).unwrap().state)
        .collect();
    let mut files = Vec::new();
    let turns = rounds(10);
    while_others_write(&s.store, &kept, |written| {
        while files.len() < turns as usize || written.load(Ordering::SeqCst) < turns.into() {
            let mut file = Vec::new();
            let done = s.store.export(&ids, NOW, &mut file).unwrap();
            assert_eq!(done.snapshots.len(), ids.len());
            files.push(file);
        }
    });
    files.drain(turns as usize..);
    for file in files {
        let mut file = Portable::open(Cursor::new(file)).unwrap();
        let how = Import {
            now: NOW,
            dry_run: false,
        };
        back.store.import(&mut file, &Trusting, how).unwrap();
        for (id, state) in ids.iter().zip(&loaded) {
            assert_eq!(back.store.load(*id).unwrap().state, *state);
            let texts = state
                .panes()
                .map(|(_, _, pane)| pane.contents.unwrap().digest);
            let texts: Vec<_> = texts.collect();
            assert_eq!(
                back.store.contents(&texts).unwrap(),
                s.store.contents(&texts).unwrap()
            );
        }
        back.store.trash(&ids, NOW).unwrap();
        back.store.empty_trash().unwrap();
    }
}

#[test]
fn an_export_takes_along_what_is_thrown_away_meanwhile() {
    struct Throws<'a>(&'a Store, Vec<u8>, Vec<SnapshotMeta>);
    impl std::io::Write for Throws<'_> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            // After the first line, before any snapshot was read.
            for meta in self.2.drain(..) {
                self.0.trash(&[meta.id], NOW).unwrap();
            }
            self.1.write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let s = scratch();
    let kept: Vec<SnapshotMeta> = (1..4).map(|at| capture(&s.store, at)).collect();
    let ids: Vec<_> = kept.iter().map(|meta| meta.id).collect();
    let mut out = Throws(&s.store, Vec::new(), kept);
    s.store.export(&ids, NOW, &mut out).unwrap();
    assert_eq!(s.store.trashed().unwrap().len(), 3);
    let file = Portable::open(Cursor::new(out.1)).unwrap();
    assert_eq!(file.description().snapshots.len(), 3);
    // What was there no more at the beginning is not exported.
    assert!(s.store.export(&ids, NOW, &mut Vec::new()).is_err());
}

#[test]
fn whoever_reads_goes_on_beside_whatever_is_written() {
    let s = scratch();
    let store = &s.store;
    let kept: Vec<SnapshotMeta> = (1..6).map(|at| capture(store, at)).collect();
    while_others_write(store, &kept, |_| {
        for turn in 0..rounds(6) {
            let report = store.verify().unwrap();
            assert!(report.is_ok(), "{turn}: {report:?}");
            let hits = store.search(&SearchQuery {
                text: "call 3".into(),
                contents: true,
                ..SearchQuery::default()
            });
            assert!(hits.unwrap().iter().any(|hit| hit.oldest == kept[2].id));
            let listed = store.listed(&Query::default()).unwrap();
            assert_eq!(listed.hidden, 0);
            let oldest = listed.metas.iter().rev().map(|meta| meta.id);
            assert!(oldest.take(5).eq(kept.iter().map(|meta| meta.id)));
            let stats = store.stats().unwrap();
            assert!(stats.snapshots >= 5 && stats.damaged == 0);
            store.plan_rewrite(&Trusting, &mut |_| {}).unwrap();
            store.plan_prune(&Retention::default(), NOW).unwrap();
            assert_eq!(store.damaged_count().unwrap(), 0);
            for meta in &kept {
                let words = meta.id.to_string().parse::<SnapRef>().unwrap();
                let found = store.find(&words, None, None).unwrap();
                let loaded = store.load(found.id).unwrap();
                let texts = loaded.state.panes();
                let texts: Vec<_> = texts
                    .map(|(_, _, pane)| pane.contents.unwrap().digest)
                    .collect();
                store.contents(&texts).unwrap();
            }
            store.find(&SnapRef::Latest(0), None, None).unwrap();
        }
    });
}
