//! The check names the snapshot that is hurt and what of it is lost.

use std::time::Duration;

use crate::model::time::Millis;
use crate::store::file::lease::Outcome;
use crate::store::record::counters::Counters;
use crate::store::record::ids;
use crate::store::record::tables::{Change, Index, Stream, View};
use crate::store::snapshot::chain;
use crate::store::testing::{Scratch, log, record, scratch, session, snapshot, state, text};
use crate::store::{DamagedObject, Edit, IndexKind, Retention, Store};

use crate::model::snapshot::SnapshotMeta;
use redb::WriteTransaction;

/// Three snapshots of two panes each; the middle one has a name.
fn filled() -> (Scratch, Vec<SnapshotMeta>) {
    let s = scratch();
    let metas = (1..4u32).map(|at| {
        let texts = [text(log(at * 9..at * 9 + 60)), text(format!("$ {at}"))];
        let state = state(vec![
            session("api", 1, &texts[..1]),
            session("web", 2, &texts[1..]),
        ]);
        let mut new = snapshot(i64::from(at), &state, &texts);
        new.name = (at == 2).then(|| "middle".into());
        record(&s.store, new)
    });
    let metas = metas.collect();
    (s, metas)
}

fn tamper(store: &Store, work: impl Fn(&WriteTransaction)) {
    let tampered = store.place().write("tamper", |txn| {
        work(txn);
        Ok(Outcome::Commit(()))
    });
    tampered.unwrap();
}

/// What the check tells, as (snapshot, object), and what it says about each.
fn told(store: &Store) -> Vec<(Option<String>, DamagedObject)> {
    let report = store.verify().unwrap();
    let damaged = report.damaged.into_iter();
    damaged
        .map(|damage| (damage.snapshot.map(|id| id.to_string()), damage.object))
        .collect()
}

#[test]
fn a_healthy_store_has_nothing_to_tell_of() {
    let (s, metas) = filled();
    let report = s.store.verify().unwrap();
    assert!(report.is_ok(), "{:?}", report.damaged);
    assert_eq!(report.checked, 3);
    s.store.trash(&[metas[0].id], Millis(0)).unwrap();
    s.store.edit(&[metas[2].id], &Edit::Pin(true)).unwrap();
    let report = s.store.verify().unwrap();
    assert!(report.is_ok(), "{:?}", report.damaged);
    assert_eq!(report.checked, 3);
    s.store.empty_trash().unwrap();
    assert!(s.store.verify().unwrap().is_ok());
}

#[test]
fn what_leaves_the_trash_by_age_keeps_its_place_in_the_history() {
    let (s, metas) = filled();
    s.store.trash(&[metas[0].id], metas[2].time).unwrap();
    let at_once = Retention {
        trash: Some(Duration::ZERO),
        ..Retention::default()
    };
    let now = Millis(metas[2].time.0 + 1000);
    let pruned = s.store.prune(&at_once, now).unwrap();
    assert_eq!(pruned.trash, 1);
    assert_eq!(told(&s.store), []);
}

#[test]
fn lost_records_are_told_of_with_their_snapshot() {
    let (s, metas) = filled();
    let id = Some(metas[1].id.to_string());
    tamper(&s.store, |txn| {
        txn.remove(Stream::States, [2].into_iter()).unwrap();
    });
    assert_eq!(told(&s.store), [(id.clone(), DamagedObject::Structure)]);
    tamper(&s.store, |txn| {
        txn.remove(Stream::Timeline, [2].into_iter()).unwrap();
    });
    let told = told(&s.store);
    assert!(told.contains(&(id, DamagedObject::Record)), "{told:?}");
    let names = DamagedObject::Index(IndexKind::Names);
    assert!(told.contains(&(None, names)), "{told:?}");
}

#[test]
fn a_lost_text_is_told_of_with_its_pane() {
    let (s, metas) = filled();
    // The texts of the third snapshot are the last two.
    let last = tampered_last(&s.store);
    let object = DamagedObject::Text {
        session: "web".into(),
        tab: 1,
        pane: 0,
    };
    assert!(last > 4);
    let told = told(&s.store);
    assert_eq!(told, [(Some(metas[2].id.to_string()), object)]);
}

/// Spoils the literal of the last text.
fn tampered_last(store: &Store) -> u64 {
    let mut spoilt = 0;
    let tampered = store.place().write("tamper", |txn| {
        let mut records = Vec::new();
        txn.walk(Stream::Literals, 0..=u64::MAX, &mut |key, record| {
            records.push((key, record.to_vec()));
            Ok(std::ops::ControlFlow::Continue(()))
        })?;
        let mut short = records
            .iter()
            .filter(|(_, record)| record.windows(3).any(|at| at == b"$ 3"));
        let (key, mut record) = short.next_back().unwrap().clone();
        *record.last_mut().unwrap() ^= 1;
        txn.put(Stream::Literals, key, &record)?;
        spoilt = key;
        Ok(Outcome::Commit(()))
    });
    tampered.unwrap();
    spoilt
}

#[test]
fn a_lost_server_or_list_of_sessions_hurts_every_snapshot_of_it() {
    for stream in [Stream::Origins, Stream::Rosters] {
        let (s, metas) = filled();
        tamper(&s.store, |txn| {
            txn.remove(stream, [1].into_iter()).unwrap();
        });
        let ids = metas.iter().map(|meta| Some(meta.id.to_string()));
        let lost: Vec<_> = ids.map(|id| (id, DamagedObject::Record)).collect();
        assert_eq!(told(&s.store), lost, "{stream:?}");
    }
}

#[test]
fn an_index_that_leads_astray_or_misses_something_is_noticed() {
    let index = |kind| DamagedObject::Index(kind);
    let (s, metas) = filled();
    tamper(&s.store, |txn| {
        ids::unset(txn, metas[0].id).unwrap();
        ids::set(txn, metas[1].id, 3).unwrap();
        txn.unset_point(Index::Digests, &[0; 16]).unwrap();
        txn.set_point(Index::Digests, &[7; 16], 1).unwrap();
    });
    let told = told(&s.store);
    for (meta, kind) in [(0, IndexKind::Ids), (1, IndexKind::Ids)] {
        let expected = (Some(metas[meta].id.to_string()), index(kind));
        assert!(told.contains(&expected), "{told:?}");
    }
    assert!(told.contains(&(None, index(IndexKind::Texts))), "{told:?}");
}

#[test]
fn counters_behind_the_records_are_noticed() {
    let (s, _) = filled();
    tamper(&s.store, |txn| {
        let mut counters = Counters::read(txn).unwrap();
        counters.literal = 2;
        counters.write(txn).unwrap();
    });
    assert_eq!(told(&s.store), [(None, DamagedObject::Counters)]);
}

#[test]
fn a_changed_history_is_noticed_and_bounded() {
    let (s, _) = filled();
    tamper(&s.store, |txn| {
        chain::keep(txn, 4, None).unwrap();
        let mut counters = Counters::read(txn).unwrap();
        counters.head = crate::store::record::link::Head::default();
        counters.head.seq = 3;
        counters.seq = 5;
        counters.write(txn).unwrap();
    });
    let history = DamagedObject::History { after: 0, at: 3 };
    assert_eq!(told(&s.store), [(None, history)]);
}
