//! What a check of the store tells.

use std::collections::BTreeSet;
use std::fmt;

use bstr::BString;

use crate::model::ansi::label;
use crate::model::id::SnapshotId;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;

/// What a check of the whole store found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerifyReport {
    /// Snapshots that were checked.
    pub checked: u64,
    /// What is damaged; empty when everything is whole.
    pub damaged: Vec<Damage>,
}

/// Something damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The snapshot that it hurts; `None` where it hurts none, or where that cannot be known.
    pub snapshot: Option<SnapshotId>,
    /// What of the snapshot, or of the store, is lost.
    pub object: DamagedObject,
    /// What is wrong with it, for people.
    pub what: String,
}

/// A part of a snapshot or of the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DamagedObject {
    /// What is told of a snapshot: when it was made, of which server, its sessions, its name.
    Record,
    /// The tree of a snapshot: its sessions, tabs and panes.
    Structure,
    /// The text of one pane.
    Text {
        /// The session's name.
        session: BString,
        /// The tab's index.
        tab: u32,
        /// The pane's index.
        pane: u32,
    },
    /// An index: something cannot be found by what it is looked for. Nothing is lost.
    Index(IndexKind),
    /// The chain of everything that was ever recorded does not hold between two snapshots.
    History {
        /// The number of the last snapshot up to which it does; 0 where that is none.
        after: u64,
        /// The number of the snapshot whose link is another one.
        at: u64,
    },
    /// What is known about the life of a server.
    Life,
    /// The record that says which numbers come next. Nothing is lost.
    Counters,
    /// What is known about jumps of the clock. Retention may take things for older than they are.
    Jumps,
    /// What is known about rewrites of the history. No snapshot is lost.
    Rewrites,
    /// A record that no snapshot was seen to need.
    Unused,
    /// A table, or the file itself: what exactly is lost cannot be told.
    File,
}

/// What something is looked for by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IndexKind {
    /// Snapshots by their ids.
    Ids,
    /// Snapshots by their names.
    Names,
    /// Texts by their digests.
    Texts,
}

impl DamagedObject {
    /// Whether something that a snapshot holds is lost.
    fn is_of_snapshot(&self) -> bool {
        matches!(
            self,
            DamagedObject::Record | DamagedObject::Structure | DamagedObject::Text { .. }
        )
    }
}

impl fmt::Display for DamagedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DamagedObject::Record => f.write_str("the record"),
            DamagedObject::Structure => f.write_str("the structure"),
            DamagedObject::Text { session, tab, pane } => {
                write!(f, "the text of pane {}:{tab}.{pane}", label(session))
            }
            DamagedObject::Index(IndexKind::Ids) => f.write_str("the index of ids"),
            DamagedObject::Index(IndexKind::Names) => f.write_str("the index of names"),
            DamagedObject::Index(IndexKind::Texts) => f.write_str("the index of texts"),
            DamagedObject::History { after, at } => {
                write!(f, "the history after snapshot no. {after}, up to no. {at}")
            }
            DamagedObject::Life => f.write_str("the record of a server's life"),
            DamagedObject::Counters => f.write_str("the counters record"),
            DamagedObject::Jumps => f.write_str("the record of the clock's jumps"),
            DamagedObject::Rewrites => f.write_str("the record of rewrites of the history"),
            DamagedObject::Unused => f.write_str("a record that no snapshot needs"),
            DamagedObject::File => f.write_str("the file"),
        }
    }
}

impl VerifyReport {
    /// Whether everything is whole.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.damaged.is_empty()
    }

    /// Snapshots of which nothing is lost.
    pub(in crate::store) fn whole(&self) -> u64 {
        let mut hurt = BTreeSet::new();
        let mut unknown = 0;
        for damage in &self.damaged {
            if damage.object.is_of_snapshot() {
                match damage.snapshot {
                    Some(id) => {
                        hurt.insert(id);
                    }
                    None => unknown += 1,
                }
            }
        }
        self.checked.saturating_sub(hurt.len() as u64 + unknown)
    }

    /// Whether nothing is damaged but what nobody needs.
    pub(in crate::store) fn is_usable(&self) -> bool {
        let mut damaged = self.damaged.iter();
        damaged.all(|damage| damage.object == DamagedObject::Unused)
    }

    pub(super) fn add(&mut self, other: VerifyReport) {
        self.checked += other.checked;
        self.damaged.extend(other.damaged);
    }

    /// Notes damage for which a whole lease failed.
    pub(super) fn add_error(&mut self, snapshot: Option<SnapshotId>, error: &StoreError) {
        if let StoreError::Damaged { object, cause, .. } = error {
            let whole = snapshot.map_or(DamagedObject::File, |_| DamagedObject::Record);
            self.note(snapshot, whole, format!("{object}: {cause}"));
        }
    }

    /// Notes a damaged record; gives back what is none.
    pub(super) fn add_fault(
        &mut self,
        snapshot: Option<SnapshotId>,
        object: DamagedObject,
        fault: Fault,
    ) -> Result<(), Fault> {
        match fault {
            Fault::Damaged {
                object: record,
                cause,
            } => {
                self.note(snapshot, object, format!("{record}: {cause}"));
                Ok(())
            }
            other => Err(other),
        }
    }

    pub(super) fn note(
        &mut self,
        snapshot: Option<SnapshotId>,
        object: DamagedObject,
        what: impl Into<String>,
    ) {
        self.damaged.push(Damage {
            snapshot,
            object,
            what: what.into(),
        });
    }

    /// Leaves out what is said twice, and damaged records that were told of as a part of a
    /// snapshot.
    pub(super) fn tidy(&mut self) {
        let mut seen = BTreeSet::new();
        let told: BTreeSet<String> = self
            .damaged
            .iter()
            .filter(|damage| damage.snapshot.is_some())
            .map(|damage| damage.what.clone())
            .collect();
        self.damaged.retain(|damage| {
            let named = damage.object != DamagedObject::Unused || !told.contains(&damage.what);
            let key = (damage.snapshot, damage.object.clone(), damage.what.clone());
            named && seen.insert(key)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_told_of_once_and_where_it_hurts() {
        let id = SnapshotId::from_u128(7);
        let mut report = VerifyReport::default();
        let text = || DamagedObject::Text {
            session: "api".into(),
            tab: 1,
            pane: 0,
        };
        report.note(id, text(), "text block 4: gone");
        report.note(id, text(), "text block 4: gone");
        report.note(None, DamagedObject::Unused, "text block 4: gone");
        report.note(None, DamagedObject::Unused, "text block 9: gone");
        report.tidy();
        let told: Vec<String> = report
            .damaged
            .iter()
            .map(|damage| damage.object.to_string())
            .collect();
        assert_eq!(
            told,
            [
                "the text of pane api:1.0",
                "a record that no snapshot needs"
            ]
        );
    }
}
