//! Naming a snapshot, and changing what is told about it.

use bstr::ByteSlice;

use crate::model::id::SnapshotId;
use crate::model::snapshot::{Cause, SnapshotMeta};
use crate::model::target::SnapRef;
use crate::model::time::Millis;
use crate::store::testing::{record, record_text, scratch, session, snapshot, state, text};
use crate::store::{Edit, FindScope, Query, Recorded, Store, StoreError, Unchanged};

fn find(store: &Store, words: &str) -> Result<SnapshotMeta, StoreError> {
    store.find(&words.parse::<SnapRef>().unwrap(), None, None)
}

fn rename(store: &Store, id: SnapshotId, name: &str) -> Result<Vec<SnapshotMeta>, StoreError> {
    store.edit(&[id], &Edit::Rename(Some(name.into())))
}

#[test]
fn ids_names_and_counts_name_snapshots() {
    let s = scratch();
    let metas: Vec<_> = (1..=5)
        .map(|at| record_text(&s.store, at, "api", &format!("$ {at}")))
        .collect();
    let store = &s.store;
    for meta in &metas {
        assert_eq!(find(store, &meta.id.to_string()).unwrap(), *meta);
        assert_eq!(find(store, &meta.id.short()).unwrap(), *meta);
    }
    assert_eq!(find(store, "latest").unwrap(), metas[4]);
    assert_eq!(find(store, "latest~4").unwrap(), metas[0]);
    assert!(matches!(
        find(store, "latest~5"),
        Err(StoreError::NotFound { .. })
    ));
    assert!(matches!(
        find(store, "live"),
        Err(StoreError::NotFound { .. })
    ));
    let common = &metas[0].id.to_string()[..3];
    let Err(StoreError::Ambiguous { candidates, .. }) = find(store, common) else {
        panic!("{common} is not ambiguous");
    };
    let newest_first: Vec<_> = metas.iter().rev().map(|meta| meta.id).collect();
    assert_eq!(candidates, newest_first);
    let named = rename(store, metas[1].id, "before").unwrap().remove(0);
    assert_eq!(find(store, "before").unwrap(), named);
    assert_eq!(find(store, "api:before").unwrap(), named);
    let Err(StoreError::NotFound { suggestions, .. }) = find(store, "befor") else {
        panic!("found");
    };
    assert_eq!(suggestions, ["before"]);
}

#[test]
fn a_moment_names_the_newest_snapshot_at_or_before_it() {
    let s = scratch();
    let first = record_text(&s.store, 10, "api", "1");
    let second = record_text(&s.store, 20, "api", "2");
    let at = |ms: i64| {
        let moment = Some(Millis(ms));
        s.store.find(&SnapRef::At("x".into()), None, moment)
    };
    assert_eq!(at(second.time.0).unwrap(), second);
    assert_eq!(at(second.time.0 - 1).unwrap(), first);
    assert!(matches!(
        at(first.time.0 - 1),
        Err(StoreError::NotFound { .. })
    ));
}

#[test]
fn with_a_session_only_its_changes_count() {
    let s = scratch();
    let both = |api: &str, web: &str| {
        let texts = [text(api), text(web)];
        let state = state(vec![
            session("api", 1, &texts[..1]),
            session("web", 2, &texts[1..]),
        ]);
        (state, texts)
    };
    let mut metas = Vec::new();
    for (second, (api, web)) in (1..).zip([("1", "1"), ("1", "2"), ("2", "3"), ("2", "4")]) {
        let (state, texts) = both(api, web);
        metas.push(record(&s.store, snapshot(second, &state, &texts)));
    }
    let latest = |back| {
        s.store
            .find(&SnapRef::Latest(back), Some(b"api".as_bstr()), None)
    };
    assert_eq!(latest(0).unwrap(), metas[2]);
    assert_eq!(latest(1).unwrap(), metas[0]);
    assert!(latest(2).is_err());
}

#[test]
fn a_name_is_used_once_a_session() {
    let s = scratch();
    let first = record_text(&s.store, 1, "api", "1");
    let other = record_text(&s.store, 2, "web", "1");
    let third = record_text(&s.store, 3, "api", "2");
    rename(&s.store, first.id, "x").unwrap();
    let taken = rename(&s.store, third.id, "x");
    assert!(matches!(taken, Err(StoreError::NameTaken { by, .. }) if by == first.id));
    // Another session may use it; then the session is part of the name.
    rename(&s.store, other.id, "x").unwrap();
    assert!(matches!(
        find(&s.store, "x"),
        Err(StoreError::Ambiguous { .. })
    ));
    assert_eq!(find(&s.store, "web:x").unwrap().id, other.id);
    let texts = [text("3")];
    let mut new = snapshot(4, &state(vec![session("api", 1, &texts)]), &texts);
    new.name = Some("x".into());
    let refused = s.store.record(new, Unchanged::Store);
    assert!(matches!(refused, Err(StoreError::NameTaken { .. })));
    assert_eq!(s.store.list(&Query::default()).unwrap().len(), 3);
    // Given up, it can be used again.
    s.store.edit(&[first.id], &Edit::Rename(None)).unwrap();
    rename(&s.store, third.id, "x").unwrap();
}

#[test]
fn edits_are_for_all_or_for_none() {
    let s = scratch();
    let metas: Vec<_> = (1..=3)
        .map(|at| record_text(&s.store, at, "api", &format!("$ {at}")))
        .collect();
    let ids: Vec<_> = metas.iter().map(|meta| meta.id).collect();
    let tagged = s.store.edit(&ids, &Edit::Tag("keep".into())).unwrap();
    assert!(tagged.iter().all(|meta| meta.tags == ["keep"]));
    let stranger = SnapshotId::new(Millis(0), 1, None);
    let failed = s
        .store
        .edit(&[ids[0], stranger], &Edit::Untag("keep".into()));
    assert!(matches!(failed, Err(StoreError::NotFound { .. })));
    assert_eq!(s.store.meta(ids[0]).unwrap().tags, ["keep"]);
    s.store.edit(&ids[..1], &Edit::Archive(true)).unwrap();
    s.store.edit(&ids[1..2], &Edit::Pin(true)).unwrap();
    let listed = |query: &Query| s.store.list(query).unwrap().len();
    assert_eq!(listed(&Query::default()), 2);
    let all = Query {
        archived: true,
        ..Query::default()
    };
    assert_eq!(listed(&all), 3);
    assert_eq!(
        listed(&Query {
            tag: Some("keep".into()),
            ..all.clone()
        }),
        3
    );
    assert_eq!(
        listed(&Query {
            cause: Some(Cause::Manual),
            ..all.clone()
        }),
        0
    );
    assert_eq!(
        listed(&Query {
            session: Some("web".into()),
            ..all.clone()
        }),
        0
    );
    assert_eq!(
        listed(&Query {
            since: Some(metas[1].time),
            ..all.clone()
        }),
        2
    );
    let page = Query {
        before: Some(ids[2]),
        limit: Some(1),
        ..all
    };
    assert_eq!(s.store.list(&page).unwrap()[0].id, ids[1]);
}

#[test]
fn names_that_would_not_lead_to_the_snapshot_are_refused() {
    let s = scratch();
    let meta = record_text(&s.store, 1, "api", "$");
    for name in [
        "", " ", "live", "latest", "latest~2", "latest~x", "@2h", "@", "a\nb", "\x1b[31m",
    ] {
        let refused = rename(&s.store, meta.id, name).unwrap_err();
        assert!(matches!(refused, StoreError::BadName { .. }), "{name:?}");
    }
    for name in ["latest-good", "a:b", "before rebase", "10%"] {
        rename(&s.store, meta.id, name).unwrap();
        assert_eq!(find(&s.store, name).unwrap().id, meta.id);
    }
}

#[test]
fn a_session_tells_names_apart_and_hides_none() {
    let s = scratch();
    let api = record_text(&s.store, 1, "api", "$");
    let web = record_text(&s.store, 2, "web", "$");
    for meta in [&api, &web] {
        rename(&s.store, meta.id, "n").unwrap();
    }
    let by = |session: &str| {
        let name = "n".parse::<SnapRef>().unwrap();
        s.store
            .find(&name, Some(session.as_bytes().as_bstr()), None)
    };
    assert_eq!(by("api").unwrap().id, api.id);
    assert!(matches!(by("other"), Err(StoreError::Ambiguous { .. })));
    rename(&s.store, api.id, "m").unwrap();
    assert_eq!(by("other").unwrap().id, web.id);
}

/// As the state before a restore is recorded.
fn undo_point(store: &Store, second: i64, shown: &str) -> SnapshotMeta {
    let text = text(shown);
    let state = state(vec![session("api", 1, std::slice::from_ref(&text))]);
    let mut new = snapshot(second, &state, &[text]);
    new.cause = Cause::UndoPoint;
    record(store, new)
}

#[test]
fn an_undo_point_is_found_by_its_id_alone() {
    let s = scratch();
    let store = &s.store;
    let first = record_text(store, 1, "api", "$ one");
    let second = record_text(store, 2, "api", "$ two");
    let undo = undo_point(store, 3, "$ before");
    let (again, at) = (undo_point(store, 4, "$ two"), Some(Millis(i64::MAX)));
    let api = Some(b"api".as_bstr());
    assert_eq!(find(store, "latest").unwrap(), second);
    assert_eq!(find(store, "latest~1").unwrap(), first);
    assert!(find(store, "latest~2").is_err());
    assert_eq!(
        store.find(&SnapRef::At("x".into()), None, at).unwrap(),
        second
    );
    let latest = |back| store.find(&SnapRef::Latest(back), api, None);
    assert_eq!(latest(0).unwrap(), second);
    assert_eq!(latest(1).unwrap(), first);
    assert!(latest(2).is_err());
    for undo in [&undo, &again] {
        assert_eq!(find(store, &undo.id.to_string()).unwrap(), *undo);
        assert_eq!(find(store, &undo.id.short()).unwrap(), *undo);
    }
    // A name would not lead to it, so it gets none.
    let named = rename(store, undo.id, "before");
    assert!(
        matches!(named, Err(StoreError::UndoPointName { .. })),
        "{named:?}"
    );
    store.edit(&[undo.id], &Edit::Rename(None)).unwrap();
    // Nothing has changed since the last one that can be named, if so.
    let new = |second, shown: &str| {
        let text = text(shown);
        let state = state(vec![session("api", 1, std::slice::from_ref(&text))]);
        store.record(snapshot(second, &state, &[text]), Unchanged::Skip)
    };
    assert_eq!(
        new(5, "$ two").unwrap(),
        Recorded::Unchanged(second.clone())
    );
    let stored = new(6, "$ before").unwrap();
    assert!(matches!(stored, Recorded::Stored(_)), "{stored:?}");
    // What a crash took is recovered from what was recorded, and from an undo point where nothing
    // was.
    let life = first.life();
    let each = |store: &Store| {
        store
            .newest_of_each(&[life], 2)
            .unwrap()
            .remove(&life)
            .unwrap()
    };
    assert_eq!(each(store), [stored.meta().clone(), second]);
    let other = scratch();
    let only = undo_point(&other.store, 1, "$ all there is");
    assert_eq!(each(&other.store), [only]);
    assert!(find(&other.store, "latest").is_err());
}

#[test]
fn words_can_mean_one_server_and_ids_mean_any() {
    let s = scratch();
    let store = &s.store;
    let new = |second: i64, socket: &str, name: &str| {
        let text = text(format!("$ {second}"));
        let state = state(vec![session(name, 1, std::slice::from_ref(&text))]);
        let mut new = snapshot(second, &state, &[text]);
        new.server.socket = socket.into();
        record(store, new)
    };
    let a = [new(1, "/a", "api"), new(3, "/a", "api")];
    let b = [
        new(2, "/b", "api"),
        new(4, "/b", "web"),
        new(5, "/b", "api"),
    ];
    let of = |socket: &'static str, words: &str, session: Option<&str>| {
        let is = |own: &bstr::BStr| own == socket;
        let scope = FindScope {
            session: session.map(Into::into),
            socket: Some(&is),
        };
        let at = Some(Millis(i64::MAX));
        store.find_within(&words.parse().unwrap(), scope, at)
    };
    assert_eq!(find(store, "latest").unwrap(), b[2]);
    assert_eq!(of("/a", "latest", None).unwrap(), a[1]);
    assert_eq!(of("/a", "latest~1", None).unwrap(), a[0]);
    assert!(of("/a", "latest~2", None).is_err());
    assert_eq!(of("/a", "@now", None).unwrap(), a[1]);
    assert_eq!(of("/b", "latest", None).unwrap(), b[2]);
    assert_eq!(of("/b", "latest~1", Some("api")).unwrap(), b[0]);
    assert!(of("/a", "latest", Some("web")).is_err());
    assert!(of("/c", "latest", None).is_err());
    for meta in a.iter().chain(&b) {
        for socket in ["/a", "/b", "/c"] {
            assert_eq!(of(socket, &meta.id.short(), None).unwrap(), *meta);
        }
    }
    // Names are the server's own, too; one that could be an id is.
    let named = rename(store, b[1].id, "before").unwrap().remove(0);
    assert_eq!(find(store, "before").unwrap(), named);
    assert_eq!(of("/b", "before", None).unwrap(), named);
    assert_eq!(of("/b", "web:before", None).unwrap(), named);
    assert!(of("/a", "before", None).is_err());
    assert!(of("/a", "web:before", None).is_err());
    rename(store, b[1].id, &a[0].id.short()).unwrap();
    assert_eq!(of("/a", &a[0].id.short(), None).unwrap(), a[0]);
    let sockets = store.sockets().unwrap();
    assert!(sockets.iter().eq(["/a", "/b"]));
}
