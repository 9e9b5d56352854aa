//! What a store holds, in a form that belongs to no version of the stored one: what a golden store was when
//! it was made, and what it has to be after every migration.

use serde_json::{Value, json};

use crate::model::contents::Contents;
use crate::model::snapshot::{Life, Snapshot, SnapshotMeta};
use crate::model::time::Millis;
use crate::store::{Query, Store};

/// Everything that the store tells, checked against its digests on the way, but for the bytes that things
/// take: those belong to the stored form.
pub(crate) fn describe(store: &Store) -> Value {
    let all = Query {
        archived: true,
        ..Query::default()
    };
    let listed = store.list(&all).unwrap();
    let snapshots = listed.iter().map(|meta| {
        let snapshot = store.load(meta.id).unwrap();
        assert_eq!(snapshot.meta, *meta);
        described(store, &snapshot, None)
    });
    let snapshots: Vec<Value> = snapshots.collect();
    let trash = store.trashed().unwrap();
    // The trees of those in the trash are only seen once they are out of it.
    let ids: Vec<_> = trash.iter().map(|(meta, _)| meta.id).collect();
    store.untrash(&ids).unwrap();
    let trashed = trash.iter().map(|(meta, since)| {
        let snapshot = store.load(meta.id).unwrap();
        described(store, &snapshot, Some(*since))
    });
    let trashed: Vec<Value> = trashed.collect();
    for (meta, since) in &trash {
        store.trash(&[meta.id], *since).unwrap();
    }
    let lives = store.lives().unwrap();
    json!({
        "snapshots": snapshots,
        "trash": trashed,
        "lives": lives.iter().map(life).collect::<Vec<_>>(),
    })
}

fn described(store: &Store, snapshot: &Snapshot, since: Option<Millis>) -> Value {
    let panes = snapshot
        .state
        .panes()
        .filter_map(|(_, _, pane)| pane.contents);
    let digests: Vec<_> = panes.map(|text| text.digest).collect();
    let contents = store.contents(&digests).unwrap();
    let texts = contents.iter().map(|text| text.digest().to_string());
    let mut told = meta(&snapshot.meta);
    let more = json!({
        "thrown_away": since.map(|since| since.0),
        "tree": snapshot.state.digest().to_string(),
        "handles": handles(snapshot),
        "texts": texts.collect::<Vec<_>>(),
        "bytes": contents.iter().map(Contents::len).collect::<Vec<_>>(),
    });
    if let (Value::Object(told), Value::Object(more)) = (&mut told, more) {
        told.extend(more);
    }
    told
}

/// What is kept and is no part of a tree's digest.
fn handles(snapshot: &Snapshot) -> Vec<String> {
    let panes = snapshot.state.panes();
    let each = panes.map(|(session, tab, pane)| {
        let number = |handle: Option<u32>| handle.map_or("-".to_owned(), |n| n.to_string());
        let own = pane
            .handle
            .map_or("-".to_owned(), |own| format!("{}/{}", own.id, own.pid));
        format!("{} {} {own}", number(session.handle), number(tab.handle))
    });
    each.collect()
}

fn meta(meta: &SnapshotMeta) -> Value {
    let sessions = meta.sessions.iter().map(|session| {
        let name = session.name.escape_ascii().to_string();
        json!([name, session.tabs, session.panes])
    });
    let redactions = meta.redactions.iter();
    json!({
        "id": meta.id.to_string(),
        "parent": meta.parent.map(|parent| parent.to_string()),
        "time": meta.time.0,
        "cause": meta.cause.to_string(),
        "name": meta.name,
        "description": meta.description,
        "tags": meta.tags,
        "pinned": meta.pinned,
        "archived": meta.archived,
        "partial": meta.partial,
        "host": meta.host,
        "server": server(&meta.server),
        "root": meta.root.to_string(),
        "sessions": sessions.collect::<Vec<_>>(),
        "changes": [meta.changes.added, meta.changes.removed, meta.changes.changed],
        "logical_bytes": meta.logical_bytes,
        "took_ms": meta.took_ms,
        "redactions": redactions.map(|own| json!([own.rule, own.count])).collect::<Vec<_>>(),
    })
}

fn server(server: &crate::model::snapshot::ServerIdentity) -> Value {
    let socket = server.socket.escape_ascii().to_string();
    json!([
        server.mux.to_string(),
        socket,
        server.version,
        server.pid,
        server.started.0,
        server.boot.0,
    ])
}

fn life(life: &Life) -> Value {
    let end = life.end.map(|end| json!([end.noticed.0, end.cause]));
    json!({
        "id": life.id().to_string(),
        "server": server(&life.server),
        "first_seen": life.first_seen.0,
        "last_seen": life.last_seen.0,
        "end": end,
        "recovery": life.recovery,
    })
}
