//! What the stored form promises: nothing needs what was removed, little is kept for little, and
//! the history cannot be changed unnoticed.

use crate::model::contents::Contents;
use crate::model::snapshot::SnapshotMeta;
use crate::model::time::Millis;
use crate::store::Storing;
use crate::store::care::trash;
use crate::store::file::lease::Outcome;
use crate::store::record::codec;
use crate::store::record::counters;
use crate::store::record::frame::Kind;
use crate::store::record::tables::{Change, Stream, View};
use crate::store::snapshot::chain;
use crate::store::snapshot::metadata;
use crate::store::snapshot::metadata::Reader;
use crate::store::testing::{
    Scratch, log, record, record_text, scratch, session, snapshot, state, text,
};
use crate::store::text::blocks;

fn shown(s: &Scratch, meta: &SnapshotMeta) -> Vec<Contents> {
    let loaded = s.store.load(meta.id).unwrap();
    let panes = loaded.state.panes();
    let digests: Vec<_> = panes
        .map(|(_, _, pane)| pane.contents.unwrap().digest)
        .collect();
    s.store.contents(&digests).unwrap()
}

fn fragments(s: &Scratch) -> u64 {
    let count = |txn: &redb::ReadTransaction| txn.count(Stream::Literals);
    s.store.place().read("test", count).unwrap()
}

fn stored(s: &Scratch, at: i64, shown: &str, storing: Storing) -> SnapshotMeta {
    let text = text(shown);
    let state = state(vec![session("api", 1, std::slice::from_ref(&text))]);
    let mut new = snapshot(at, &state, &[text]);
    new.storing = storing;
    record(&s.store, new)
}

#[test]
fn a_full_snapshot_needs_nothing_that_was_there_before() {
    let s = scratch();
    let shared = log(0..3000);
    let before = stored(&s, 1, &shared, Storing::Auto);
    let full = stored(&s, 2, &shared, Storing::Full);
    let small = stored(&s, 3, &shared, Storing::Incremental);
    assert!(full.stored_bytes > 10 * small.stored_bytes);
    assert!(full.stored_bytes >= before.stored_bytes - 200);
    // Whatever happens to the blocks of the first, the second is not touched by it.
    let damage = |txn: &redb::WriteTransaction| {
        txn.put(Stream::Literals, 1, b"nothing")?;
        Ok(Outcome::Commit(()))
    };
    s.store.place().write("test", damage).unwrap();
    assert_eq!(shown(&s, &full)[0].main, shared);
    let report = s.store.verify().unwrap();
    let hit = report.damaged.iter().filter_map(|damage| damage.snapshot);
    assert!(hit.clone().all(|id| id == before.id), "{report:?}");
}

#[test]
fn a_block_of_which_little_is_needed_is_written_anew_without_the_rest() {
    let s = scratch();
    let large = record_text(&s.store, 1, "api", &log(0..6000));
    // The history has moved on: of the first block only the end is still shown.
    let block = 128 * 1024;
    let from = (1..6000).find(|from| log(0..*from).len() > block * 9 / 10);
    let left = from.unwrap()..6050;
    let small = record_text(&s.store, 2, "api", &log(left.clone()));
    let before = fragments(&s);
    s.store.trash(&[large.id], Millis(1)).unwrap();
    let empty = |txn: &redb::WriteTransaction| trash::empty_some(txn).map(Outcome::Commit);
    s.store.place().write("test", empty).unwrap();
    assert_eq!(s.store.collect().unwrap().rewritten, 1);
    assert!(fragments(&s) < before, "{} fragments", fragments(&s));
    assert_eq!(shown(&s, &small)[0].main, log(left.clone()));
    assert!(s.store.verify().unwrap().is_ok());
    // Nothing more to do, and what comes next goes on from there.
    assert_eq!(s.store.collect().unwrap().rewritten, 0);
    let next = record_text(&s.store, 3, "api", &log(left.start..6060));
    assert!(next.stored_bytes < 2000, "{} bytes", next.stored_bytes);
    assert_eq!(shown(&s, &next)[0].main, log(left.start..6060));
}

#[test]
fn texts_that_grow_for_long_stay_in_few_blocks_and_cost_little() {
    let s = scratch();
    let mut metas = Vec::new();
    for at in 0..300u32 {
        let shown = log(at * 3..2000 + at * 10);
        metas.push(record_text(&s.store, i64::from(at), "api", &shown));
    }
    let later = metas[1..].iter().map(|meta| meta.stored_bytes);
    let mean = later.sum::<u64>() / 299;
    let lines = (log(0..10).len()) as u64;
    assert!(mean < 2 * lines, "{mean} bytes for {lines}");
    let read = |txn: &redb::ReadTransaction| {
        let last = txn.last(Stream::Versions)?.unwrap();
        let (_, version) = crate::store::text::texts::version(txn, last)?;
        blocks::Blocks::default().text(txn, &version)?;
        Ok(version.extents().count())
    };
    let extents = s.store.place().read("test", read).unwrap();
    assert!(extents < 100, "{extents} extents");
    for at in [0, 1, 150, 299u32] {
        let expected = log(at * 3..2000 + at * 10);
        assert_eq!(shown(&s, &metas[at as usize])[0].main, expected);
    }
}

#[test]
fn the_chain_holds_when_snapshots_go_and_the_counters_are_lost() {
    let s = scratch();
    let metas: Vec<_> = (0..150)
        .map(|at| record_text(&s.store, at, "api", &format!("$ {at}")))
        .collect();
    let gone: Vec<_> = metas.iter().step_by(3).map(|meta| meta.id).collect();
    s.store.trash(&gone, Millis(1)).unwrap();
    s.store.empty_trash().unwrap();
    let thrown: Vec<_> = metas
        .iter()
        .skip(1)
        .step_by(3)
        .map(|meta| meta.id)
        .collect();
    s.store.trash(&thrown, Millis(1)).unwrap();
    let walk = |txn: &redb::ReadTransaction| chain::walk(txn);
    let walked = s.store.place().read("test", walk).unwrap();
    assert_eq!((walked.links, walked.broken), (150, Vec::new()));
    let lose = |txn: &redb::WriteTransaction| {
        txn.put_own(counters::RECORD, b"lost")?;
        Ok(Outcome::Commit(()))
    };
    s.store.place().write("test", lose).unwrap();
    record_text(&s.store, 200, "api", "$ on");
    let walked = s.store.place().read("test", walk).unwrap();
    assert_eq!((walked.links, walked.broken), (151, Vec::new()));
}

#[test]
fn a_snapshot_that_was_changed_left_out_or_put_in_breaks_the_chain() {
    type Tamper = fn(&redb::WriteTransaction) -> Result<(), crate::store::record::fault::Fault>;
    let changed: Tamper = |txn| {
        // The frame is whole, what it says is not what was recorded.
        let mut entry = Reader::new(txn).get(70)?.unwrap();
        entry.meta.root = Contents::default().digest();
        metadata::put(txn, &entry).map(drop)
    };
    let left_out: Tamper = |txn| txn.remove(Stream::Timeline, std::iter::once(70));
    let put_in: Tamper = |txn| {
        let mut entry = Reader::new(txn).get(70)?.unwrap();
        txn.remove(Stream::Timeline, std::iter::once(71))?;
        entry.seq = 71;
        metadata::put(txn, &entry).map(drop)
    };
    for tamper in [changed, left_out, put_in] {
        let s = scratch();
        for at in 0..200 {
            record_text(&s.store, at, "api", &format!("$ {at}"));
        }
        let write = |txn: &redb::WriteTransaction| tamper(txn).map(Outcome::Commit);
        s.store.place().write("test", write).unwrap();
        let walk = |txn: &redb::ReadTransaction| chain::walk(txn);
        let broken = s.store.place().read("test", walk).unwrap().broken;
        assert_eq!(broken.len(), 1, "{broken:?}");
        assert_eq!((broken[0].after, broken[0].at), (64, 128));
        assert!(!s.store.verify().unwrap().is_ok());
    }
}

#[test]
fn many_sessions_cost_what_changed() {
    let s = scratch();
    let texts = [text("$ ")];
    let mut sessions: Vec<_> = (0..15)
        .map(|at| session(&format!("session-{at:02}"), at + 1, &texts))
        .collect();
    record(&s.store, snapshot(1, &state(sessions.clone()), &texts));
    for at in 2..40i64 {
        let one = usize::try_from(at % 3).unwrap();
        sessions[one].tabs[0].panes[0].title = format!("make check {at}").into();
        let state = state(sessions.clone());
        let meta = record(&s.store, snapshot(at, &state, &texts));
        assert!(meta.stored_bytes < 500, "{} bytes", meta.stored_bytes);
        assert_eq!(s.store.meta(meta.id).unwrap(), meta);
        assert_eq!(meta.sessions, state.summaries());
    }
}

#[test]
fn rosters_that_nobody_names_are_collected() {
    let s = scratch();
    let count = |txn: &redb::ReadTransaction| txn.count(Stream::Rosters);
    let texts = [text("$ ")];
    let mut ids = Vec::new();
    for at in 0..20i64 {
        let name = format!("s{at}");
        let state = state(vec![session(&name, 1, &texts)]);
        ids.push(record(&s.store, snapshot(at, &state, &texts)).id);
    }
    assert_eq!(s.store.place().read("test", count).unwrap(), 20);
    s.store.trash(&ids[..15], Millis(1)).unwrap();
    s.store.collect().unwrap();
    assert_eq!(s.store.place().read("test", count).unwrap(), 20);
    s.store.empty_trash().unwrap();
    assert_eq!(s.store.place().read("test", count).unwrap(), 5);
    assert!(s.store.verify().unwrap().is_ok());
}

#[test]
fn a_record_of_an_older_kind_of_frame_is_told_by_its_version() {
    let mut record = codec::pack_value(Kind::Origin, 1, &1u8).unwrap();
    record[3] = 0x20;
    let fault = codec::unpack_value::<u8>(Kind::Origin, 1, &record).unwrap_err();
    assert!(format!("{fault:?}").contains("its form 2 is unknown"));
}
