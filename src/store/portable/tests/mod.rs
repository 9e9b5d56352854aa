//! What goes out comes in again, and nothing else does.

mod aside;
mod hostile;
mod intake;
mod roundtrip;
mod spoilt;

use std::io::Cursor;

use super::read::Portable;
use super::{Import, Imported, PortableError};
use crate::model::contents::Contents;
use crate::model::id::SnapshotId;
use crate::model::snapshot::SnapshotMeta;
use crate::model::time::Millis;
use crate::model::tree::ServerState;
use crate::redact::Clean;
use crate::store::care::rewrite::{Cleaned, Cleaner};
use crate::store::{Query, Store};

/// Long after every snapshot of these tests.
const NOW: Millis = Millis(1_790_500_000_000);

/// Finds nothing.
pub(in crate::store) struct Trusting;

impl Cleaner for Trusting {
    fn state(&self, state: ServerState) -> Cleaned<ServerState> {
        whole(state)
    }

    fn contents(&self, contents: &Contents) -> Cleaned<Contents> {
        whole(contents.clone())
    }

    fn words(&self, words: &str) -> Cleaned<String> {
        whole(words.to_owned())
    }
}

fn whole<T>(inner: T) -> Cleaned<T> {
    Cleaned {
        clean: Clean::from(inner),
        found: Vec::new(),
    }
}

fn open(bytes: &[u8]) -> Result<Portable<Cursor<&[u8]>>, PortableError> {
    Portable::open(Cursor::new(bytes))
}

fn take(
    store: &Store,
    bytes: &[u8],
    cleaner: &dyn Cleaner,
) -> Result<Vec<Imported>, PortableError> {
    let how = Import {
        now: NOW,
        dry_run: false,
    };
    store.import(&mut open(bytes)?, cleaner, how)
}

/// A portable file of these snapshots.
fn exported(store: &Store, ids: &[SnapshotId]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let exported = store.export(ids, NOW, &mut bytes).unwrap();
    assert_eq!(exported.bytes, bytes.len() as u64);
    bytes
}

/// A portable file of everything.
fn all(store: &Store) -> Vec<u8> {
    let ids: Vec<SnapshotId> = listed(store).iter().map(|meta| meta.id).collect();
    exported(store, &ids)
}

fn listed(store: &Store) -> Vec<SnapshotMeta> {
    let query = Query {
        archived: true,
        ..Query::default()
    };
    store.list(&query).unwrap()
}

/// The texts of a snapshot's panes.
fn texts(store: &Store, id: SnapshotId) -> Vec<Contents> {
    let loaded = store.load(id).unwrap();
    let shown: Vec<_> = loaded.state.texts().map(|text| text.digest).collect();
    store.contents(&shown).unwrap()
}
