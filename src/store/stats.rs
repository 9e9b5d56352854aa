//! Figures about the store.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use bstr::BString;

use super::error::StoreError;
use super::fault::Fault;
use super::metadata::Reader;
use super::tables::{Stream, View};
use crate::model::snapshot::ServerIdentity;
use crate::model::time::Millis;

/// Figures about the store. Sizes are bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Snapshots, without the trash.
    pub snapshots: u64,
    /// Different sessions (by server and name) in them.
    pub sessions: u64,
    /// Lives that were met.
    pub lives: u64,
    /// Snapshots in the trash.
    pub trash: u64,
    /// Disk space that the store takes (allocated blocks).
    pub store_bytes: u64,
    /// Bytes of all records, before the file's own overhead.
    pub record_bytes: u64,
    /// Bytes of the texts of all snapshots, as if each were stored whole and uncompressed.
    pub logical_bytes: u64,
    /// Different texts that are stored.
    pub objects: u64,
    /// When the oldest snapshot was made.
    pub oldest: Option<Millis>,
    /// When the newest snapshot was made.
    pub newest: Option<Millis>,
}

/// Gathers the figures.
pub(super) fn stats(view: &impl View, file: &Path) -> Result<Stats, Fault> {
    let mut stats = Stats {
        lives: view.count(Stream::Lives)?,
        trash: view.count(Stream::Trash)?,
        objects: view.count(Stream::Versions)?,
        record_bytes: view.stored_bytes()?,
        store_bytes: allocated(file)?,
        ..Stats::default()
    };
    let mut sessions: BTreeSet<(u64, BString)> = BTreeSet::new();
    let mut rosters = BTreeSet::new();
    Reader::new(view).rows_newest_first(u64::MAX, &mut |row| {
        stats.snapshots += 1;
        stats.logical_bytes = stats.logical_bytes.saturating_add(row.logical_bytes());
        stats.newest = stats.newest.or(row.time());
        stats.oldest = row.time().or(stats.oldest);
        let socket = socket_number(&row.from.server);
        if rosters.insert((socket, row.roster())) {
            for name in row.sessions().names() {
                sessions.insert((socket, name.clone()));
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    stats.sessions = sessions.len() as u64;
    Ok(stats)
}

/// Stands for a multiplexer and its socket, across lives.
fn socket_number(server: &ServerIdentity) -> u64 {
    let mut hasher = DefaultHasher::new();
    (server.mux, &server.socket).hash(&mut hasher);
    hasher.finish()
}

/// Disk space that the file takes. It is sparse: its length says nothing.
pub(super) fn allocated(file: &Path) -> Result<u64, StoreError> {
    let found = std::fs::metadata(file);
    let found = found.map_err(|cause| StoreError::io("read the store's size", file, cause))?;
    Ok(found.blocks().saturating_mul(512))
}
