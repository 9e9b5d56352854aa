//! Checking snapshots: what is told of each, its tree, and the text of every pane.

use std::collections::BTreeMap;

use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::store::file::lease::Place;
use crate::store::query::timeline;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use crate::store::record::ids;
use crate::store::record::progress::Steps;
use crate::store::record::tables::{Stream, View};
use crate::store::snapshot::metadata::{Entry, Reader};
use crate::store::snapshot::names;
use crate::store::snapshot::remnants;
use crate::store::snapshot::structure;
use crate::store::text::blocks::Blocks;
use crate::store::text::literals;
use crate::store::text::texts;

use super::report::{DamagedObject, IndexKind, VerifyReport};

/// Snapshots that are checked under one lease.
const SNAPSHOTS_PER_LEASE: usize = 8;

/// Checks the snapshots under these numbers. `known` are the ids that the index tells for them.
pub(super) fn check(
    place: &Place<'_>,
    seqs: &[u64],
    known: &BTreeMap<u64, SnapshotId>,
    report: &mut VerifyReport,
    steps: &mut Steps<'_>,
) -> Result<(), StoreError> {
    let mut checked = Checked::default();
    for batch in seqs.chunks(SNAPSHOTS_PER_LEASE) {
        let mut check = |seqs: &[u64]| {
            place.read(super::OPERATION, |txn| {
                let mut found = VerifyReport::default();
                for &seq in seqs {
                    check_one(txn, seq, known.get(&seq).copied(), &mut checked, &mut found)?;
                }
                Ok(found)
            })
        };
        match check(batch) {
            Ok(found) => report.add(found),
            Err(error) if error.is_damage() => {
                for seq in batch {
                    match check(&[*seq]) {
                        Ok(found) => report.add(found),
                        Err(error) if error.is_damage() => {
                            report.add_error(known.get(seq).copied(), &error);
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
            Err(error) => return Err(error),
        }
        steps.add(batch.len() as u64);
    }
    Ok(())
}

/// Texts that were checked, each with what is wrong with it.
#[derive(Default)]
struct Checked {
    texts: BTreeMap<Digest, Option<String>>,
    blocks: Blocks,
}

fn check_one(
    view: &impl View,
    seq: u64,
    known: Option<SnapshotId>,
    checked: &mut Checked,
    report: &mut VerifyReport,
) -> Result<(), Fault> {
    let reader = Reader::new(view);
    let (own, entry) = match (
        view.get(Stream::Timeline, seq)?,
        view.get(Stream::Trash, seq)?,
    ) {
        (Some(record), _) => (
            remnants::parts(seq, &record).map(|parts| parts.id),
            reader.read(seq, &record),
        ),
        (None, Some(record)) => {
            let entry = reader.read_trashed(seq, &record).map(|(entry, _)| entry);
            (remnants::parts(seq, &record).map(|parts| parts.id), entry)
        }
        (None, None) if known.is_some() || view.get(Stream::States, seq)?.is_some() => {
            (None, Err(Fault::damaged(Kind::Meta, seq, "it is missing")))
        }
        (None, None) => return Ok(()),
    };
    report.checked += 1;
    let entry = match entry {
        Ok(entry) => entry,
        Err(fault) => return report.add_fault(own.or(known), DamagedObject::Record, fault),
    };
    check_indexes(view, &entry, report)?;
    let id = entry.meta.id;
    let structure = structure::keyframe(view, seq).and_then(|keyframe| match keyframe {
        Some(keyframe) => literals::head(view, keyframe).map(drop),
        None => Ok(()),
    });
    let snapshot = structure.and_then(|()| timeline::snapshot(view, entry));
    let snapshot = match snapshot {
        Ok(snapshot) => snapshot,
        Err(fault) => return report.add_fault(Some(id), DamagedObject::Structure, fault),
    };
    for (session, tab, pane) in snapshot.state.panes() {
        for text in pane.texts() {
            if let Some(what) = checked.text(view, text.digest)? {
                let object = DamagedObject::Text {
                    session: session.name.clone(),
                    tab: tab.index,
                    pane: pane.index,
                };
                report.note(Some(id), object, what);
            }
        }
    }
    Ok(())
}

/// A snapshot must be found by its id, and by its name while it is in the timeline.
fn check_indexes(view: &impl View, entry: &Entry, report: &mut VerifyReport) -> Result<(), Fault> {
    let id = entry.meta.id;
    if ids::seq(view, id)? != Some(entry.seq) {
        let object = DamagedObject::Index(IndexKind::Ids);
        report.note(Some(id), object, "it does not lead to the snapshot");
    }
    let in_trash = view.get(Stream::Timeline, entry.seq)?.is_none();
    if let Some(name) = entry.meta.name.as_deref().filter(|_| !in_trash)
        && !names::numbers(view, name)?.contains(&entry.seq)
    {
        let object = DamagedObject::Index(IndexKind::Names);
        report.note(Some(id), object, "it does not lead to the snapshot");
    }
    Ok(())
}

impl Checked {
    /// What is wrong with a text; `None` where nothing is.
    fn text(&mut self, view: &impl View, digest: Digest) -> Result<Option<String>, Fault> {
        if let Some(known) = self.texts.get(&digest) {
            return Ok(known.clone());
        }
        let found = match self.look(view, digest) {
            Ok(()) => None,
            Err(Fault::Damaged { object, cause }) => Some(format!("{object}: {cause}")),
            Err(other) => return Err(other),
        };
        self.texts.insert(digest, found.clone());
        Ok(found)
    }

    fn look(&mut self, view: &impl View, digest: Digest) -> Result<(), Fault> {
        texts::load(view, &mut self.blocks, digest)?;
        // What later texts are compressed against is needed as well.
        let Some(number) = texts::number(view, digest)? else {
            return Ok(());
        };
        let keyframe = texts::keyframe(view, number)?;
        let (_, version) = texts::version(view, number)?;
        let dictionary = Some(version.dictionary.literal).filter(|number| *number != 0);
        for literal in keyframe.into_iter().chain(dictionary) {
            self.blocks.header(view, literal)?;
        }
        Ok(())
    }
}
