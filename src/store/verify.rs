//! Checking every record of the store.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use redb::ReadTransaction;

use super::blocks::Blocks;
use super::candidates::Candidates;
use super::counters::{self, Counters};
use super::error::StoreError;
use super::fault::Fault;
use super::frame::Kind;
use super::lease::Place;
use super::metadata::Reader;
use super::tables::{Index, Stream, View};
use super::{chain, codec, ids, retention, texts, timeline};
use crate::model::ansi::label;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::Life;

/// What a check of the whole store found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerifyReport {
    /// Snapshots that were checked.
    pub checked: u64,
    /// What is damaged; empty when everything is whole.
    pub damaged: Vec<Damage>,
}

impl VerifyReport {
    /// Whether everything is whole.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.damaged.is_empty()
    }
}

/// Something damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The snapshot that it hurts; `None` where it hurts none, or where that cannot be known.
    pub snapshot: Option<SnapshotId>,
    /// The record or the part of the snapshot, for people.
    pub object: String,
    /// What is wrong with it, for people.
    pub what: String,
}

/// Snapshots that are checked under one lease.
const BATCH: usize = 8;
const OPERATION: &str = "check the store";

/// Checks every record. Each batch is a lease of its own, and each snapshot of a batch that fails as a
/// whole, so that damage of the file itself hides as little as possible.
pub(super) fn verify(place: &Place<'_>) -> Result<VerifyReport, StoreError> {
    let mut report = VerifyReport::default();
    let mut texts = Checked::default();
    for seq_batch in sequence_numbers(place, &mut report)?.chunks(BATCH) {
        let mut check = |seqs: &[u64]| {
            place.read(OPERATION, |txn| {
                let mut found = VerifyReport::default();
                for &seq in seqs {
                    check_snapshot(txn, seq, &mut texts, &mut found)?;
                }
                Ok(found)
            })
        };
        match check(seq_batch) {
            Ok(found) => report.add(found),
            Err(error) if error.is_damage() => {
                for seq in seq_batch {
                    match check(&[*seq]) {
                        Ok(found) => report.add(found),
                        Err(error) if error.is_damage() => report.add_error(&error),
                        Err(error) => return Err(error),
                    }
                }
            }
            Err(error) => return Err(error),
        }
    }
    for part in [check_ids, check_lives, check_versions, check_chain] {
        match place.read(OPERATION, part) {
            Ok(found) => report.add(found),
            Err(error) if error.is_damage() => report.add_error(&error),
            Err(error) => return Err(error),
        }
    }
    report.damaged.dedup();
    Ok(report)
}

impl VerifyReport {
    fn add(&mut self, other: VerifyReport) {
        self.checked += other.checked;
        self.damaged.extend(other.damaged);
    }

    fn add_error(&mut self, error: &StoreError) {
        if let StoreError::Damaged { object, cause, .. } = error {
            self.note(None, object.clone(), cause.clone());
        }
    }

    fn add_fault(&mut self, snapshot: Option<SnapshotId>, fault: Fault) -> Result<(), Fault> {
        match fault {
            Fault::Damaged { object, cause } => {
                self.note(snapshot, object, cause);
                Ok(())
            }
            other => Err(other),
        }
    }

    fn note(&mut self, snapshot: Option<SnapshotId>, object: String, what: String) {
        self.damaged.push(Damage {
            snapshot,
            object,
            what,
        });
    }
}

/// Every sequence number under which there may be something of a snapshot.
fn sequence_numbers(place: &Place<'_>, report: &mut VerifyReport) -> Result<Vec<u64>, StoreError> {
    match Candidates::gather(place, OPERATION) {
        Ok(candidates) => {
            for error in candidates.damage() {
                report.add_error(error);
            }
            for range in candidates.untried() {
                let object = format!("snapshots no. {} to {}", range.start(), range.end());
                let what = "a damaged table does not say which of them there are, and they are too \
                            many to be tried";
                report.note(None, object, what.to_owned());
            }
            Ok(candidates.numbers().into_iter().collect())
        }
        Err(error) if error.is_damage() => {
            report.add_error(&error);
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}

/// Texts that were checked, each with what is wrong with it.
#[derive(Default)]
struct Checked {
    texts: BTreeMap<Digest, Option<(String, String)>>,
    blocks: Blocks,
}

fn check_snapshot(
    view: &impl View,
    seq: u64,
    checked: &mut Checked,
    report: &mut VerifyReport,
) -> Result<(), Fault> {
    let reader = Reader::new(view);
    let entry = match (
        view.get(Stream::Timeline, seq)?,
        view.get(Stream::Trash, seq)?,
    ) {
        (Some(record), _) => reader.read(seq, &record),
        (None, Some(record)) => reader.read_trashed(seq, &record).map(|(entry, _)| entry),
        (None, None) if view.get(Stream::States, seq)?.is_some() => {
            Err(Fault::damaged(Kind::Meta, seq, "it is missing"))
        }
        (None, None) => return Ok(()),
    };
    report.checked += 1;
    let entry = match entry {
        Ok(entry) => entry,
        Err(fault) => return report.add_fault(None, fault),
    };
    let id = entry.meta.id;
    if ids::seq(view, id)? != Some(seq) {
        let what = "it does not lead to the snapshot".to_owned();
        report.note(Some(id), "the index of ids".to_owned(), what);
    }
    let snapshot = match timeline::snapshot(view, entry) {
        Ok(snapshot) => snapshot,
        Err(fault) => return report.add_fault(Some(id), fault),
    };
    for (session, tab, pane) in snapshot.state.panes() {
        let Some(text) = pane.contents else { continue };
        if !checked.texts.contains_key(&text.digest) {
            let found = match texts::load(view, &mut checked.blocks, text.digest) {
                Ok(_) => None,
                Err(Fault::Damaged { object, cause }) => Some((object, cause)),
                Err(other) => return Err(other),
            };
            checked.texts.insert(text.digest, found);
        }
        if let Some(Some((object, cause))) = checked.texts.get(&text.digest) {
            let pane = format!("{}:{}.{}", label(&session.name), tab.index, pane.index);
            report.note(Some(id), format!("{object} (pane {pane})"), cause.clone());
        }
    }
    Ok(())
}

/// Ids that lead nowhere: their snapshots' records are lost.
fn check_ids(txn: &ReadTransaction) -> Result<VerifyReport, Fault> {
    let mut report = VerifyReport::default();
    let mut seqs = Vec::new();
    txn.walk_index(Index::Ids, &[][..]..=&[0xff; 17][..], &mut |_, seq| {
        seqs.push(seq);
        Ok(ControlFlow::Continue(()))
    })?;
    for seq in seqs {
        let there =
            txn.get(Stream::Timeline, seq)?.is_some() || txn.get(Stream::Trash, seq)?.is_some();
        if !there {
            report.add_fault(None, Fault::damaged(Kind::Meta, seq, "it is missing"))?;
        }
    }
    Ok(report)
}

fn check_lives(txn: &ReadTransaction) -> Result<VerifyReport, Fault> {
    let mut report = VerifyReport::default();
    txn.walk(Stream::Lives, 0..=u64::MAX, &mut |number, record| {
        if let Err(fault) = codec::unpack_value::<Life>(Kind::Life, number, record) {
            report.add_fault(None, fault)?;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    if let Some(record) = txn.own(counters::RECORD)?
        && let Err(fault) = codec::unpack_value::<Counters>(Kind::Counters, 0, &record)
    {
        report.add_fault(None, fault)?;
    }
    if let Err(fault) = retention::check(txn) {
        report.add_fault(None, fault)?;
    }
    Ok(report)
}

/// Texts that no snapshot led to are checked as records.
fn check_versions(txn: &ReadTransaction) -> Result<VerifyReport, Fault> {
    let mut report = VerifyReport::default();
    let mut versions = Vec::new();
    txn.walk(Stream::Versions, 0..=u64::MAX, &mut |number, _| {
        versions.push(number);
        Ok(ControlFlow::Continue(()))
    })?;
    for number in versions {
        if let Err(fault) = texts::version(txn, number) {
            report.add_fault(None, fault)?;
        }
    }
    Ok(report)
}

fn check_chain(txn: &ReadTransaction) -> Result<VerifyReport, Fault> {
    let mut report = VerifyReport::default();
    for broken in chain::walk(txn)?.broken {
        let what = format!(
            "a record between the snapshots no. {} and {} is missing or is another one",
            broken.after, broken.at
        );
        report.note(None, "the history".to_owned(), what);
    }
    Ok(report)
}
