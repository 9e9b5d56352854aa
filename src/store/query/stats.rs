//! Figures about the store.

mod parts;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use bstr::BString;

use self::parts::{Redactions, Rosters};
use crate::model::snapshot::{Cause, MuxKind};
use crate::model::time::Millis;
use crate::store::file::lease::Place;
use crate::store::record::error::StoreError;
use crate::store::record::tables::{Stream, View};
use crate::store::snapshot::growth::Growth;
use crate::store::snapshot::lives;
use crate::store::snapshot::walk::newest_first;
use crate::store::{Store, none_without_store};

pub use self::parts::{RuleFigures, SessionFigures};

/// Figures about the store. Sizes are bytes. All of them are counted, none is estimated; beside
/// damage they are those of what can be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stats {
    /// Snapshots, without the trash.
    pub snapshots: u64,
    /// Snapshots that cannot be read; they are in no other figure.
    pub damaged: u64,
    /// Different sessions in them: by multiplexer, socket and name.
    pub sessions: u64,
    /// Lives that were met.
    pub lives: u64,
    /// Snapshots in the trash.
    pub trash: u64,
    /// Different texts that are stored; some are waiting to be collected.
    pub objects: u64,
    /// Disk space that the store takes (allocated blocks).
    pub store_bytes: u64,
    /// Bytes of all keys and values: what is stored, before the file's own overhead.
    pub record_bytes: u64,
    /// Bytes of the texts of all snapshots, as if each were stored whole and uncompressed.
    pub logical_bytes: u64,
    /// What snapshots have added a day lately: the stored bytes of those of the last seven days, by
    /// the time that they span. `None` where they span less than an hour. Time goes by the order of
    /// the snapshots: where the clock went back, or more than a week forward at once, none passes.
    pub growth_per_day: Option<u64>,
    /// When the oldest snapshot was made.
    pub oldest: Option<Millis>,
    /// When the newest snapshot was made.
    pub newest: Option<Millis>,
    /// The rules about secrets that found something in any snapshot; first those that found most in
    /// the newest.
    pub redactions: Vec<RuleFigures>,
    /// The sessions by name, in how many snapshots each is.
    pub by_session: Vec<SessionFigures>,
    /// What was added in the stretches of time that [`Store::stats_of`] was asked about.
    pub added: Vec<Added>,
}

/// What snapshots of a stretch of time have added. Imported ones, made elsewhere, do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Added {
    /// How many they are.
    pub snapshots: u64,
    /// The bytes that they added to the store.
    pub bytes: u64,
}

impl Store {
    /// Figures about the store. Without a store: zeros.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        self.stats_of(&[])
    }

    /// The same, with what was added from each of these moments up to the next one, and since the
    /// last. They are in their order.
    pub fn stats_of(&self, since: &[Millis]) -> Result<Stats, StoreError> {
        none_without_store(stats(&self.place(), since))
    }
}

impl Stats {
    /// How many times as large it would be, were each text of each snapshot stored whole and
    /// uncompressed. `None` where nothing is stored.
    #[must_use]
    pub fn dedup_ratio(&self) -> Option<f64> {
        let is_something = self.record_bytes > 0 && self.logical_bytes > 0;
        is_something.then(|| self.logical_bytes as f64 / self.record_bytes as f64)
    }
}

const OPERATION: &str = "gather figures";

/// Gathers the figures, each part under a lease of its own.
fn stats(place: &Place<'_>, since: &[Millis]) -> Result<Stats, StoreError> {
    let count = |stream| none_beside_damage(place.read(OPERATION, |txn| txn.count(stream)));
    let mut stats = Stats {
        objects: count(Stream::Versions)?,
        record_bytes: none_beside_damage(place.read(OPERATION, View::stored_bytes))?,
        store_bytes: allocated(place.file)?,
        added: vec![Added::default(); since.len()],
        ..Stats::default()
    };
    let mut sessions: BTreeMap<(MuxKind, BString), BTreeSet<BString>> = BTreeMap::new();
    let mut rosters = Rosters::default();
    let mut redactions = Redactions::default();
    let mut growth = Growth::default();
    let passed = newest_first(place, OPERATION, Stream::Timeline, u64::MAX, &mut |step| {
        let row = &step.row;
        row.check()?;
        stats.logical_bytes = stats.logical_bytes.saturating_add(row.logical_bytes());
        stats.newest = stats.newest.or(row.time());
        stats.oldest = row.time().or(stats.oldest);
        if let Some(time) = row.time() {
            growth.add(row.cause(), time, row.stored_bytes());
            stats.add(since, row.cause(), time, row.stored_bytes());
        }
        redactions.add(row.redactions());
        // Neighbours share both records.
        if rosters.add(row) {
            let server = &row.from.server;
            let own = sessions.entry((server.mux, server.socket.clone()));
            own.or_default().extend(row.sessions().names().cloned());
        }
        Ok(ControlFlow::Continue(()))
    })?;
    stats.snapshots = passed.readable;
    stats.damaged = passed.hidden;
    stats.sessions = sessions.values().map(|own| own.len() as u64).sum();
    stats.growth_per_day = growth.per_day();
    stats.redactions = redactions.figures();
    stats.by_session = rosters.figures();
    let trash = &mut |_: &crate::store::snapshot::walk::Step<'_>| Ok(ControlFlow::Continue(()));
    let trash = newest_first(place, OPERATION, Stream::Trash, u64::MAX, trash);
    stats.trash = none_beside_damage(trash.map(|passed| passed.readable))?;
    stats.lives = none_beside_damage(lives::around_damage(place).map(|lives| lives.len() as u64))?;
    Ok(stats)
}

impl Stats {
    /// Counts a snapshot in the stretch of time that it was made in.
    fn add(&mut self, since: &[Millis], cause: Cause, time: Millis, bytes: u64) {
        let stretch = since.partition_point(|start| *start <= time);
        let added = stretch.checked_sub(1).and_then(|at| self.added.get_mut(at));
        if let Some(added) = added.filter(|_| cause != Cause::Import) {
            added.snapshots += 1;
            added.bytes = added.bytes.saturating_add(bytes);
        }
    }
}

/// A figure that cannot be had because the store is damaged is 0.
fn none_beside_damage<T: Default>(figure: Result<T, StoreError>) -> Result<T, StoreError> {
    match figure {
        Err(error) if error.is_damage() => Ok(T::default()),
        figure => figure,
    }
}

/// Disk space that the file takes. It is sparse: its length says nothing.
pub(in crate::store) fn allocated(file: &Path) -> Result<u64, StoreError> {
    let found = std::fs::metadata(file);
    let found = found.map_err(|cause| StoreError::io("read the store's size", file, cause))?;
    Ok(found.blocks().saturating_mul(512))
}
