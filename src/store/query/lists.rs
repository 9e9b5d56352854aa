//! Lists of what the store holds. They go on beside damage, and say how much of it they met.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use bstr::BString;

use crate::model::id::SnapshotId;
use crate::model::snapshot::{Life, LifeId, SnapshotMeta};
use crate::model::time::Millis;
use crate::store::query::timeline;
use crate::store::record::codec;
use crate::store::record::error::StoreError;
use crate::store::record::frame::Kind;
use crate::store::record::tables::{Stream, View};
use crate::store::snapshot::lives;
use crate::store::snapshot::metadata::Origin;
use crate::store::snapshot::query::Query;
use crate::store::snapshot::walk::newest_first;
use crate::store::{Store, none_without_store};

/// What a list came by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listed {
    /// The snapshots that were asked for, newest first.
    pub metas: Vec<SnapshotMeta>,
    /// Snapshots that the walk came by and could not read, so that nobody knows whether they would
    /// be in the list; [`Store::verify`] names them. Where whole pages are damaged, at least so
    /// many.
    pub hidden: u64,
}

impl Store {
    /// Snapshots, newest first, and how many could not be read. Reads nothing but their metadata.
    /// Where not one of the snapshots that are there can be read, that is an error, so that nobody
    /// takes the store for an empty one. Without a store: none.
    pub fn listed(&self, query: &Query) -> Result<Listed, StoreError> {
        none_without_store(timeline::list(&self.place(), query))
    }

    /// As [`Store::listed`], for those who only want what can be read.
    pub fn list(&self, query: &Query) -> Result<Vec<SnapshotMeta>, StoreError> {
        Ok(self.listed(query)?.metas)
    }

    /// How many snapshots of the timeline cannot even be listed. Reads all metadata. Without a
    /// store: none.
    pub fn damaged_count(&self) -> Result<u64, StoreError> {
        let walked = newest_first(
            &self.place(),
            "count what is damaged",
            Stream::Timeline,
            u64::MAX,
            &mut |step| step.row.check().map(|()| ControlFlow::Continue(())),
        );
        none_without_store(walked.map(|passed| passed.hidden))
    }

    /// The parents of a snapshot, the nearest first, `limit` at the most. A parent that is not
    /// there any more, or cannot be read, ends the line: parents are recorded, and never needed.
    pub fn ancestry(&self, id: SnapshotId, limit: usize) -> Result<Vec<SnapshotId>, StoreError> {
        const OPERATION: &str = "follow the parents of a snapshot";
        let mut next = self.meta(id)?.parent;
        let mut parents = Vec::new();
        let walked = self.place().read(OPERATION, |txn| {
            while let Some(parent) = next.filter(|_| parents.len() < limit) {
                let Ok(entry) = timeline::entry(txn, parent) else {
                    break;
                };
                parents.push(parent);
                next = entry.meta.parent;
            }
            Ok(())
        });
        match walked {
            Err(error) if !error.is_damage() => Err(error),
            _ => Ok(parents),
        }
    }

    /// The snapshots in the trash, newest first, with the moment when each was thrown away. Damaged
    /// ones are left out (and named by [`Store::verify`]). Without a store: none.
    pub fn trashed(&self) -> Result<Vec<(SnapshotMeta, Millis)>, StoreError> {
        let mut found = Vec::new();
        let walked = newest_first(
            &self.place(),
            "list the trash",
            Stream::Trash,
            u64::MAX,
            &mut |step| {
                if let Some(since) = step.thrown {
                    found.push((step.row.entry()?.meta, since));
                }
                Ok(ControlFlow::Continue(()))
            },
        );
        none_without_store(walked.map(|_| found))
    }

    /// The lives that were met, newest first (by when they were met). Damaged records are left out.
    /// Without a store: none.
    pub fn lives(&self) -> Result<Vec<Life>, StoreError> {
        none_without_store(lives::around_damage(&self.place()))
    }

    /// The sockets of the servers that snapshots are of, each once. What is damaged is left out.
    /// Without a store: none.
    pub fn sockets(&self) -> Result<BTreeSet<BString>, StoreError> {
        let mut found = BTreeSet::new();
        let walked = self.place().read("list servers", |txn| {
            txn.walk(Stream::Origins, 0..=u64::MAX, &mut |number, record| {
                if let Ok(origin) = codec::unpack_value::<Origin>(Kind::Origin, number, record) {
                    found.insert(origin.server.socket);
                }
                Ok(ControlFlow::Continue(()))
            })
        });
        none_without_store(walked.map(|()| found))
    }

    /// The newest snapshot of a life, or the newest one older than `before`.
    pub fn newest_of(
        &self,
        life: LifeId,
        before: Option<SnapshotId>,
    ) -> Result<Option<SnapshotMeta>, StoreError> {
        none_without_store(timeline::newest_of(&self.place(), life, before))
    }

    /// The newest snapshots of several lives, at most `most` of each, newest first: whole ones, or
    /// where a life has none, partial ones and undo points. Every life that was asked for is in the
    /// answer.
    pub fn newest_of_each(
        &self,
        lives: &[LifeId],
        most: usize,
    ) -> Result<BTreeMap<LifeId, Vec<SnapshotMeta>>, StoreError> {
        none_without_store(timeline::newest_of_each(&self.place(), lives, most))
    }
}
