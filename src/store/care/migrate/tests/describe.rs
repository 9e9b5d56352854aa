//! What a store holds, in words that belong to no version of the stored form: what a golden store
//! was when it was made, and what it has to be after every migration. What is absent is not told,
//! so that a form with room for more tells the same of what the forms before could hold.

mod tree;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::contents::Contents;
use crate::model::snapshot::{Cause, Life, Note, NoteKind, ServerIdentity, Snapshot, SnapshotMeta};
use crate::model::time::Millis;
use crate::store::{Query, Store};

/// Everything that a store holds, by what it is and its id.
pub(crate) type Described = BTreeMap<(&'static str, String), Value>;

/// Everything that the store tells, checked against its digests on the way, but for the bytes that
/// things take and for the digests of trees: those belong to the stored form.
pub(crate) fn describe(store: &Store) -> Described {
    let all = Query {
        archived: true,
        ..Query::default()
    };
    let mut told = Described::new();
    for meta in store.list(&all).unwrap() {
        let snapshot = store.load(meta.id).unwrap();
        assert_eq!(snapshot.meta, meta);
        let value = described(store, &snapshot, None);
        told.insert(("snapshot", meta.id.to_string()), value);
    }
    let trash = store.trashed().unwrap();
    // The trees of those in the trash are only seen once they are out of it.
    let ids: Vec<_> = trash.iter().map(|(meta, _)| meta.id).collect();
    store.untrash(&ids).unwrap();
    for (meta, since) in &trash {
        let snapshot = store.load(meta.id).unwrap();
        let value = described(store, &snapshot, Some(*since));
        told.insert(("trash", meta.id.to_string()), value);
    }
    for (meta, since) in &trash {
        store.trash(&[meta.id], *since).unwrap();
    }
    for own in store.lives().unwrap() {
        told.insert(("life", own.id().to_string()), life(&own));
    }
    told
}

/// Removes what is absent: nothing, `false`, and what is empty.
fn present(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter();
            let fields = fields.map(|(name, value)| (name, present(value)));
            fields.filter(|(_, value)| !is_absent(value)).collect()
        }
        Value::Array(items) => items.into_iter().map(present).collect(),
        other => other,
    }
}

fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn described(store: &Store, snapshot: &Snapshot, since: Option<Millis>) -> Value {
    let digests: Vec<_> = snapshot.state.texts().map(|text| text.digest).collect();
    let contents = store.contents(&digests).unwrap();
    let texts = contents
        .iter()
        .map(|text| json!([text.digest().to_string(), Contents::len(text)]));
    let Snapshot { meta: own, state } = snapshot;
    assert_eq!(state.digest(), own.root);
    present(json!({
        "meta": meta(own),
        "thrown_away": since.map(|since| since.0),
        "tree": tree::server(state),
        "texts": texts.collect::<Vec<_>>(),
    }))
}

/// What form 2 could not tell of a note.
fn note(note: &Note) -> Option<Value> {
    let told = note.time.is_some() || note.kind != NoteKind::User;
    told.then(|| json!(note))
}

fn meta(meta: &SnapshotMeta) -> Value {
    // Those that are not the one of the server.
    let lives = meta.sessions.iter().map(|session| session.life);
    let lives = lives
        .filter(|life| *life != meta.life())
        .map(|life| life.to_string());
    let sessions = meta.sessions.iter().map(|session| {
        let name = session.name.escape_ascii().to_string();
        json!([name, session.tabs, session.panes])
    });
    let redactions = meta.redactions.iter();
    json!({
        "parent": meta.parent.map(|parent| parent.to_string()),
        "time": meta.time.0,
        "cause": meta.cause.to_string(),
        "name": meta.name,
        "description": meta.description(),
        "notes": meta.notes.iter().filter_map(note).collect::<Vec<_>>(),
        "provenance": (meta.provenance.is_own() == (meta.cause == Cause::Import)).then_some(meta.provenance),
        "gap": meta.gap,
        "lives": lives.collect::<Vec<_>>(),
        "tags": meta.tags,
        "pinned": meta.pinned,
        "archived": meta.archived,
        "partial": meta.partial,
        "host": meta.host,
        "server": server(&meta.server),
        "sessions": sessions.collect::<Vec<_>>(),
        "changes": [meta.changes.added, meta.changes.removed, meta.changes.changed],
        "logical_bytes": meta.logical_bytes,
        "took_ms": meta.took_ms,
        "redactions": redactions.map(|own| json!([own.rule, own.count])).collect::<Vec<_>>(),
    })
}

fn server(server: &ServerIdentity) -> Value {
    let socket = server.socket.escape_ascii().to_string();
    json!([
        server.mux.to_string(),
        socket,
        server.version,
        server.pid(),
        server.process.map(|own| own.started.0),
        server.boot.0,
    ])
}

fn life(life: &Life) -> Value {
    let end = life.end.map(|end| json!([end.noticed.0, end.cause]));
    present(json!({
        "server": server(&life.server),
        "first_seen": life.first_seen.0,
        "last_seen": life.last_seen.0,
        "end": end,
        "recovery": life.recovery,
    }))
}
