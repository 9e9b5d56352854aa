//! Lists beside damage: what can be read is listed, and what cannot is counted.

use std::collections::BTreeSet;
use std::fs;

use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::SnapshotMeta;
use crate::model::target::SnapRef;
use crate::store::file::lease::Outcome;
use crate::store::file::parity;
use crate::store::record::tables::Change;
use crate::store::snapshot::metadata::{self, Reader};
use crate::store::testing::{
    Scratch, record, record_text, scratch, server, session, snapshot, state, text,
};
use crate::store::{Edit, Query, SearchQuery, Store, StoreError, Unchanged};

const PAGE: usize = 4096;

/// A store with this many snapshots.
fn filled(count: i64) -> (Scratch, Vec<SnapshotMeta>) {
    let s = scratch();
    let metas = (1..=count).map(|at| record_text(&s.store, at, "api", &format!("$ {at}")));
    let metas = metas.collect();
    (s, metas)
}

/// It would heal what is read.
fn without_parity(store: &Store) {
    fs::remove_file(store.dir().join(parity::FILE)).unwrap_or_default();
}

/// Changes every page in which there is something of this snapshot's record.
fn damage(store: &Store, meta: &SnapshotMeta, change: impl Fn(&mut [u8], usize)) {
    let mut bytes = fs::read(store.file()).unwrap();
    let places: Vec<usize> = memchr::memmem::find_iter(&bytes, &meta.root.0).collect();
    assert!(!places.is_empty());
    for at in places {
        let page = at / PAGE * PAGE;
        change(&mut bytes[page..page + PAGE], at - page);
    }
    fs::write(store.file(), bytes).unwrap();
    without_parity(store);
}

fn ids(metas: &[SnapshotMeta]) -> BTreeSet<SnapshotId> {
    metas.iter().map(|meta| meta.id).collect()
}

#[test]
fn a_damaged_record_is_counted_and_the_others_are_listed() {
    let (s, metas) = filled(20);
    for meta in &metas[5..7] {
        damage(&s.store, meta, |page, at| page[at] ^= 1);
    }
    let listed = s.store.listed(&Query::default()).unwrap();
    assert_eq!((listed.metas.len(), listed.hidden), (18, 2));
    assert_eq!(s.store.list(&Query::default()).unwrap(), listed.metas);
    assert_eq!(s.store.damaged_count().unwrap(), 2);
    // A page that does not reach the damage does not know of it.
    let page = Query {
        limit: Some(5),
        ..Query::default()
    };
    let listed = s.store.listed(&page).unwrap();
    assert_eq!((listed.metas.len(), listed.hidden), (5, 0));
    for meta in metas[..5].iter().chain(&metas[7..]) {
        damage(&s.store, meta, |page, at| page[at] ^= 1);
    }
    let error = s.store.list(&Query::default()).unwrap_err();
    assert!(error.is_damage(), "{error}");
    assert_eq!(s.store.damaged_count().unwrap(), 20);
}

#[test]
fn a_lost_page_hides_what_was_on_it_and_nothing_else() {
    let (s, metas) = filled(120);
    damage(&s.store, &metas[60], |page, _| page.fill(0));
    let listed = s.store.listed(&Query::default()).unwrap();
    assert!(!ids(&listed.metas).contains(&metas[60].id));
    assert_eq!(listed.metas.len() as u64 + listed.hidden, 120);
    assert!(listed.hidden < 40, "{} are hidden", listed.hidden);
    let newest_first = listed.metas.windows(2).all(|two| two[0].id > two[1].id);
    assert!(newest_first, "not in order, or twice");
    assert_eq!(s.store.damaged_count().unwrap(), listed.hidden);
    let stats = s.store.stats().unwrap();
    assert_eq!(stats.snapshots, listed.metas.len() as u64);
    assert_eq!((stats.damaged, stats.lives), (listed.hidden, 1));
    // Page by page it comes to the same.
    let mut paged = Vec::new();
    let mut page = Query {
        limit: Some(7),
        ..Query::default()
    };
    loop {
        let some = s.store.listed(&page).unwrap().metas;
        paged.extend(some.iter().cloned());
        if some.len() < 7 {
            break;
        }
        page.before = some.last().map(|meta| meta.id);
    }
    assert_eq!(paged, listed.metas);
    let life = server(100).life();
    assert_eq!(
        s.store.newest_of(life, Some(metas[60].id)).unwrap(),
        listed
            .metas
            .iter()
            .find(|meta| meta.id < metas[60].id)
            .cloned()
    );
    let each = s.store.newest_of_each(&[life], 100).unwrap();
    assert_eq!(each[&life].len(), listed.metas.len().min(100));
    assert_eq!(s.store.lives().unwrap().len(), 1);
    let everything = SearchQuery {
        text: "$ ".into(),
        contents: true,
        ..SearchQuery::default()
    };
    let hits = s.store.search(&everything).unwrap();
    assert_eq!(hits.len(), listed.metas.len());
}

#[test]
fn a_lost_page_of_the_trash_hides_what_was_on_it_and_nothing_else() {
    let (s, metas) = filled(80);
    let all: Vec<SnapshotId> = metas.iter().map(|meta| meta.id).collect();
    let now = metas[79].time;
    s.store.trash(&all[..70], now).unwrap();
    damage(&s.store, &metas[35], |page, _| page.fill(0));
    let left = s.store.trashed().unwrap();
    assert!(
        left.len() > 20 && left.len() < 70,
        "{} are left",
        left.len()
    );
    assert!(
        left.iter()
            .all(|(meta, since)| *since == now && all.contains(&meta.id))
    );
}

#[test]
fn a_lost_page_of_an_index_is_gone_around() {
    let (s, metas) = filled(40);
    let name = |at: usize| format!("name-{at:02}");
    for (at, meta) in metas.iter().enumerate() {
        let name = Edit::Rename(Some(name(at).into()));
        s.store.edit(&[meta.id], &name).unwrap();
    }
    let metas: Vec<_> = metas
        .iter()
        .map(|meta| s.store.meta(meta.id).unwrap())
        .collect();
    // Records hold names and ids too; only the index has them side by side.
    let id = |at: usize| metas[at].id.as_u128().to_be_bytes()[3..].to_vec();
    let mut bytes = fs::read(s.store.file()).unwrap();
    let needles = [
        [&7u64.to_be_bytes()[..], b"name-2"].concat(),
        [&id(21)[..], &id(22)[..]].concat(),
    ];
    for needle in needles {
        let places: Vec<usize> = memchr::memmem::find_iter(&bytes, &needle).collect();
        assert!(!places.is_empty());
        for at in places {
            bytes[at / PAGE * PAGE..][..PAGE].fill(0);
        }
    }
    fs::write(s.store.file(), bytes).unwrap();
    without_parity(&s.store);
    let find = |words: &str| s.store.find(&words.parse::<SnapRef>().unwrap(), None, None);
    for (at, meta) in metas.iter().enumerate() {
        assert_eq!(s.store.meta(meta.id).unwrap(), *meta);
        assert_eq!(s.store.load(meta.id).unwrap().meta, *meta);
        assert_eq!(find(&name(at)).unwrap(), *meta);
        assert_eq!(find(&meta.id.to_string()).unwrap(), *meta);
    }
    assert_eq!(find("latest~3").unwrap(), metas[36]);
    let older = Query {
        before: Some(metas[20].id),
        ..Query::default()
    };
    assert_eq!(s.store.list(&older).unwrap().len(), 20);
    assert_eq!(s.store.listed(&Query::default()).unwrap().hidden, 0);
    assert!(matches!(find("nobody"), Err(StoreError::NotFound { .. })));
}

#[test]
fn texts_are_read_around_a_lost_page_of_their_index() {
    let (s, metas) = filled(40);
    let digests: Vec<Digest> = metas
        .iter()
        .map(|meta| s.store.load(meta.id).unwrap().state)
        .flat_map(|state| {
            state
                .panes()
                .filter_map(|(_, _, pane)| pane.contents)
                .collect::<Vec<_>>()
        })
        .map(|text| text.digest)
        .collect();
    let texts = s.store.contents(&digests).unwrap();
    let mut bytes = fs::read(s.store.file()).unwrap();
    // The index has the beginnings of digests, the texts' own records have them whole.
    let digest = digests[20].0;
    let places: Vec<usize> = memchr::memmem::find_iter(&bytes, &digest[..16])
        .filter(|at| bytes[at + 16..at + 32] != digest[16..])
        .collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at / PAGE * PAGE..][..PAGE].fill(0);
    }
    fs::write(s.store.file(), bytes).unwrap();
    without_parity(&s.store);
    assert!(!s.store.verify().unwrap().is_ok());
    assert_eq!(s.store.contents(&digests).unwrap(), texts);
    let missing = s.store.contents(&[digests[0], Digest([7; 32])]);
    assert!(missing.is_err_and(|error| error.is_damage()));
}

#[test]
fn a_name_of_a_damaged_snapshot_is_not_a_name_of_none() {
    let (s, metas) = filled(10);
    let name = Edit::Rename(Some("before".into()));
    let named = s.store.edit(&[metas[4].id], &name).unwrap().remove(0);
    damage(&s.store, &named, |page, at| page[at] ^= 1);
    for words in ["before".to_owned(), named.id.to_string()] {
        let found = s.store.find(&words.parse::<SnapRef>().unwrap(), None, None);
        assert!(found.is_err_and(|error| error.is_damage()), "{words}");
    }
}

#[test]
fn a_number_at_the_end_of_all_numbers_beside_damage_keeps_nobody_busy() {
    let (s, metas) = filled(100);
    s.store
        .place()
        .write("test", |txn| {
            let last = Reader::new(txn).find(metas[99].id)?;
            let mut far = last.unwrap();
            far.seq = u64::MAX - 1;
            metadata::put(txn, &far)?;
            txn.put_own("counters", b"lost")?;
            Ok(Outcome::Commit(()))
        })
        .unwrap();
    damage(&s.store, &metas[50], |page, _| page.fill(0));
    let listed = s.store.listed(&Query::default()).unwrap();
    assert!(listed.metas.len() > 60, "{} are left", listed.metas.len());
    assert!(listed.hidden > 0);
    assert!(!s.store.verify().unwrap().is_ok());
    // The page of the far number is lost as well.
    damage(&s.store, &metas[99], |page, _| page.fill(0));
    let listed = s.store.listed(&Query::default()).unwrap();
    assert!(listed.metas.len() > 30, "{} are left", listed.metas.len());
    let report = s.store.verify().unwrap();
    assert!(!report.is_ok() && report.checked >= listed.metas.len() as u64);
}

#[test]
fn used_up_numbers_are_an_error_and_nothing_is_written_over() {
    let (s, metas) = filled(3);
    s.store
        .place()
        .write("test", |txn| {
            let mut far = Reader::new(txn).find(metas[2].id)?.unwrap();
            far.seq = u64::MAX;
            metadata::put(txn, &far)?;
            txn.put_own("counters", b"lost")?;
            Ok(Outcome::Commit(()))
        })
        .unwrap();
    let texts = [text("x")];
    let new = snapshot(9, &state(vec![session("api", 1, &texts)]), &texts);
    let refused = s.store.record(new, Unchanged::Store);
    assert!(refused.is_err_and(|error| error.is_damage()));
    assert_eq!(s.store.list(&Query::default()).unwrap().len(), 4);
}

#[test]
fn without_a_store_there_is_nothing_and_nothing_hidden() {
    let s = scratch();
    assert_eq!(
        s.store.listed(&Query::default()).unwrap(),
        Default::default()
    );
    assert_eq!(s.store.damaged_count().unwrap(), 0);
    let parents = s.store.ancestry(SnapshotId::from_u128(1).unwrap(), 3);
    assert!(matches!(parents, Err(StoreError::NoStore { .. })));
}

#[test]
fn figures_are_exact() {
    let (s, metas) = filled(30);
    s.store
        .trash(&[metas[3].id, metas[4].id], metas[29].time)
        .unwrap();
    let later = snapshot(
        3600 * 24 + 30,
        &state(vec![session("web", 2, &[text("x")])]),
        &[text("x")],
    );
    let later = record(&s.store, later);
    let stats = s.store.stats().unwrap();
    assert_eq!((stats.snapshots, stats.trash, stats.damaged), (29, 2, 0));
    assert_eq!((stats.sessions, stats.lives, stats.objects), (2, 1, 31));
    assert_eq!(
        (stats.oldest, stats.newest),
        (Some(metas[0].time), Some(later.time))
    );
    let left = s.store.list(&Query::default()).unwrap();
    let logical: u64 = left.iter().map(|meta| meta.logical_bytes).sum();
    assert_eq!(stats.logical_bytes, logical);
    assert!(stats.record_bytes > 0 && stats.record_bytes < stats.store_bytes);
    let ratio = logical as f64 / stats.record_bytes as f64;
    assert!(
        stats
            .dedup_ratio()
            .is_some_and(|told| (told - ratio).abs() < 1e-9)
    );
    // All but the first were added in the day and the seconds between.
    let added: u64 = left[..28].iter().map(|meta| meta.stored_bytes).sum();
    let span = (later.time.0 - metas[0].time.0).unsigned_abs();
    assert_eq!(stats.growth_per_day, Some(added * 86_400_000 / span));
}
