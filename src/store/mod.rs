//! The embedded store: the only room that knows redb.
//!
//! A [`Store`] holds a path, not an open file. Every call takes a short lease (open, run, close),
//! so that the recorder, the interface and any number of commands share one store, and a killed
//! process leaves nothing behind that the next lease does not heal.
//!
//! The store never reads a clock or randomness, never shows anything, and never gives out a record
//! that is not exactly what was written.

mod care;
mod file;
#[doc(hidden)]
pub mod fuzzing;
mod portable;
mod query;
mod record;
mod snapshot;
mod spool;
mod text;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use bstr::BStr;

use care::edit;
use care::gc;
use care::migrate;
use care::repair;
use care::retention;
use care::trash;
use care::verify;
use file::lease::{Outcome, Place};
use file::pages::Care;
use file::schema;
use file::space;
use query::find;
use query::search;
use query::timeline;
use snapshot::lives;
use snapshot::recording;
use text::contents;

use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{Life, Snapshot, SnapshotMeta};
use crate::model::target::SnapRef;
use crate::model::time::Millis;

pub use crate::model::network::NetworkKind;
pub use care::compact::{Compacted, Slack};
pub use care::edit::Edit;
pub use care::gc::Collected;
pub use care::migrate::{Carried, Lost, Migrated, MigrationPlan};
pub use care::repair::{LostSnapshot, RepairReport, Way};
pub use care::retention::{
    Count, Keep, KeepReason, KeepUndo, PrunePlan, Pruned, Quota, RemoveReason, Retention, Rule,
    Verdict,
};
pub use care::rewrite::{
    Cleaned, Cleaner, Findings, Rewrite, RewritePlan, RewriteStep, Rewritten, RuleFindings,
};
pub use care::verify::{Damage, DamagedObject, IndexKind, VerifyReport};
pub use file::lease::catches_panics;
pub use portable::{
    Described, DescribedServer, DescribedSession, Description, Exported, Import, ImportOutcome,
    Imported, Portable, PortableError,
};
pub use query::find::FindScope;
pub use query::lists::Listed;
pub use query::search::{HitKind, SearchHit, SearchQuery};
pub use query::stats::{Added, RuleFigures, SessionFigures, Stats};
pub use record::error::StoreError;
pub use record::progress::Progress;
use record::request::Recording;
pub use record::request::{NewSnapshot, Recorded, Storing, Unchanged};
pub use snapshot::query::Query;
pub use spool::{Kept, Spooled, TakenIn};

/// How a store behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreOptions {
    /// How long a call waits for others that use the store before it says [`StoreError::Busy`].
    pub wait: Duration,
    /// Whether it may be written to on a network file system, where neither locks nor syncs can be
    /// relied on. Reading is always allowed.
    pub network: bool,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            wait: Duration::from_secs(5),
            network: false,
        }
    }
}

/// The snapshots of one data directory.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
    file: PathBuf,
    options: StoreOptions,
}

impl Store {
    /// The store of a directory. Nothing is touched yet; the store is made by the first write.
    #[must_use]
    pub fn new(dir: PathBuf, options: StoreOptions) -> Self {
        let file = dir.join("muxtape.redb");
        Self { dir, file, options }
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file that holds the records.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Whether a store was made here, even if it has gone since: then every call says so.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.file.symlink_metadata().is_ok() || schema::was_made(&self.dir)
    }

    fn place(&self) -> Place<'_> {
        Place {
            dir: &self.dir,
            file: &self.file,
            wait: self.options.wait,
            network: self.options.network,
            care: Care::Tolerate,
            migrate: migrate::by_itself,
        }
    }

    /// Records a snapshot. Its parent is the newest whole one of the same server socket, whether or
    /// not that is still the same life. All of it is stored, or nothing.
    ///
    /// What was spooled before is taken in first.
    pub fn record(&self, new: NewSnapshot, unchanged: Unchanged) -> Result<Recorded, StoreError> {
        match self.take_in() {
            Err(error @ StoreError::Busy { .. }) => return Err(error),
            Err(error) => tracing::warn!("cannot take in spooled captures: {error}"),
            Ok(_) => {}
        }
        self.record_only(&new.into(), unchanged)
    }

    fn record_only(&self, new: &Recording, unchanged: Unchanged) -> Result<Recorded, StoreError> {
        const OPERATION: &str = "record";
        // Compressed they take less; that is not known before.
        let texts = new.contents.iter().map(Contents::len);
        space::check(&self.dir, OPERATION, texts.map(|len| len as u64).sum())?;
        let seed = spool::seed(new);
        self.place().write_or_make(OPERATION, &seed, |txn| {
            recording::record(txn, new, unchanged)
        })
    }

    /// Records snapshots in one transaction, oldest first: all of them or none. For whoever brings
    /// many at once; each for itself would wait for the disk.
    pub fn record_all(&self, news: Vec<NewSnapshot>) -> Result<Vec<Recorded>, StoreError> {
        const OPERATION: &str = "record";
        let news: Vec<Recording> = news.into_iter().map(Recording::from).collect();
        let Some(first) = news.first() else {
            return Ok(Vec::new());
        };
        let seed = spool::seed(first);
        let texts = news.iter().flat_map(|new| &new.contents).map(Contents::len);
        space::check(&self.dir, OPERATION, texts.map(|len| len as u64).sum())?;
        self.place().write_or_make(OPERATION, &seed, |txn| {
            let mut recorded = Vec::with_capacity(news.len());
            for new in &news {
                let (Outcome::Commit(one) | Outcome::Abort(one)) =
                    recording::record(txn, new, Unchanged::Store)?;
                recorded.push(one);
            }
            Ok(Outcome::Commit(recorded))
        })
    }

    /// What is told about one snapshot.
    pub fn meta(&self, id: SnapshotId) -> Result<SnapshotMeta, StoreError> {
        let operation = "read a snapshot's record";
        timeline::with_entry(&self.place(), operation, id, &|_, entry| Ok(entry.meta))
    }

    /// The snapshot that a user's words name, of whichever server. `session` makes `latest~N` count
    /// only snapshots in which that session changed; `at` is the moment that the words of
    /// [`SnapRef::At`] mean. [`SnapRef::Live`] names no snapshot and is not found.
    pub fn find(
        &self,
        reference: &SnapRef,
        session: Option<&BStr>,
        at: Option<Millis>,
    ) -> Result<SnapshotMeta, StoreError> {
        let scope = FindScope {
            session,
            socket: None,
        };
        self.find_within(reference, scope, at)
    }

    /// As [`Store::find`], in a scope.
    pub fn find_within(
        &self,
        reference: &SnapRef,
        scope: FindScope<'_>,
        at: Option<Millis>,
    ) -> Result<SnapshotMeta, StoreError> {
        find::find(&self.place(), reference, scope, at)
    }

    /// A snapshot with its tree, checked against its digests.
    pub fn load(&self, id: SnapshotId) -> Result<Snapshot, StoreError> {
        let operation = "load a snapshot";
        timeline::with_entry(&self.place(), operation, id, &timeline::snapshot)
    }

    /// The texts of these digests, in their order, checked against them.
    pub fn contents(&self, digests: &[Digest]) -> Result<Vec<Contents>, StoreError> {
        contents::contents(&self.place(), digests)
    }

    /// Changes the records of snapshots, all of them or none, and gives them back as they are now.
    pub fn edit(&self, ids: &[SnapshotId], edit: &Edit) -> Result<Vec<SnapshotMeta>, StoreError> {
        self.edit_all(ids, std::slice::from_ref(edit), None)
    }

    /// The same with several changes of each, all of them or none; `now` is noted with what is
    /// written.
    pub fn edit_all(
        &self,
        ids: &[SnapshotId],
        edits: &[Edit],
        now: Option<Millis>,
    ) -> Result<Vec<SnapshotMeta>, StoreError> {
        self.place().write("edit snapshots", |txn| {
            edit::edit(txn, ids, edits, now).map(Outcome::Commit)
        })
    }

    /// Moves snapshots to the trash, all of them or none.
    pub fn trash(&self, ids: &[SnapshotId], now: Millis) -> Result<Vec<SnapshotMeta>, StoreError> {
        self.place().write("move snapshots to the trash", |txn| {
            trash::put(txn, ids, now).map(Outcome::Commit)
        })
    }

    /// Brings snapshots back from the trash, all of them or none. A name that has been taken in the
    /// meantime is not given back.
    pub fn untrash(&self, ids: &[SnapshotId]) -> Result<Vec<SnapshotMeta>, StoreError> {
        self.place().write("bring snapshots back", |txn| {
            trash::take_back(txn, ids).map(Outcome::Commit)
        })
    }

    /// Removes what is in the trash for good; says how many snapshots that were.
    pub fn empty_trash(&self) -> Result<usize, StoreError> {
        let mut emptied = 0;
        loop {
            let some = self.place().strict().write("empty the trash", |txn| {
                trash::empty_some(txn).map(Outcome::Commit)
            })?;
            emptied += some;
            if some == 0 {
                break;
            }
        }
        // They are gone, whatever stands in the way of collecting what only they needed.
        if emptied > 0
            && let Err(error) = self.collect()
        {
            tracing::warn!("unused texts are kept: {error}");
        }
        Ok(emptied)
    }

    /// What [`Store::prune`] would do at `now`, with the reasons for every snapshot. Changes
    /// nothing. Without a store: nothing.
    pub fn plan_prune(&self, retention: &Retention, now: Millis) -> Result<PrunePlan, StoreError> {
        none_without_store(retention::plan(&self.place(), retention, now))
    }

    /// Removes, for good, snapshots that are not to be kept, and what has been in the trash for
    /// long enough; at most a thousand of each. The order is that of recording: a clock that jumps
    /// makes nothing older. Without a store: nothing.
    pub fn prune(&self, retention: &Retention, now: Millis) -> Result<Pruned, StoreError> {
        none_without_store(retention::prune(&self.place(), retention, now))
    }

    /// Removes texts that no snapshot needs any more. Happens by itself after enough was removed.
    pub fn collect(&self) -> Result<Collected, StoreError> {
        let collected = gc::collect(&self.place())?;
        self.place().give_back()?;
        Ok(collected)
    }

    /// Notes what is known about a life; replaces what was known before.
    pub fn note_life(&self, life: &Life) -> Result<(), StoreError> {
        let seed = format!("{} {}", life.first_seen.0, life.id());
        self.place()
            .write_or_make("note a server's life", seed.as_bytes(), |txn| {
                lives::note(txn, life).map(Outcome::Commit)
            })
    }

    /// Checks every record. Damage is part of the report; an error means that the check itself
    /// could not be made.
    pub fn verify(&self) -> Result<VerifyReport, StoreError> {
        self.verify_with(&mut |_| {})
    }

    /// The same; tells how many snapshots are checked. Records that no snapshot needs, and indexes,
    /// come after the last.
    pub fn verify_with(&self, tell: &mut dyn FnMut(Progress)) -> Result<VerifyReport, StoreError> {
        verify::verify_with(&self.place(), tell)
    }

    /// Brings back what is damaged, as far as that can be done: what [`Store::verify`] finds is
    /// whole afterwards, or marked as partial, or gone. The damaged file is kept under `damaged/`;
    /// `now` names it. Everybody else waits meanwhile. A store that is whole is left as it is.
    ///
    /// [`StoreError::AllCopiesDamaged`] where no snapshot could be brought back; then nothing was
    /// changed.
    pub fn repair(&self, now: Millis) -> Result<RepairReport, StoreError> {
        let report = repair::repair(self.place(), now)?;
        if report.kept.is_some() {
            self.protect();
        }
        Ok(report)
    }

    /// Searches everything that was recorded, newest first. Without a store: nothing.
    pub fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>, StoreError> {
        none_without_store(search::search(&self.place(), query))
    }
}

/// Where there is no store there is nothing to be shown, which is no error.
fn none_without_store<T: Default>(result: Result<T, StoreError>) -> Result<T, StoreError> {
    match result {
        Err(StoreError::NoStore { .. }) => Ok(T::default()),
        other => other,
    }
}
