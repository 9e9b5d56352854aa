//! Walking over snapshots, newest first, whatever is damaged.
//!
//! Most often one lease does. Where a page of the table is damaged, the walk goes on below the last
//! snapshot that it came by, number by number, over everything that may still be reached.

use std::ops::ControlFlow;

use redb::ReadTransaction;

use super::candidates::Candidates;
use super::error::StoreError;
use super::fault::Fault;
use super::lease::Place;
use super::metadata::{Entry, Reader};
use super::tables::{Stream, View};
use crate::model::time::Millis;

/// Records that are looked up under one lease.
const BATCH: usize = 256;

/// What a walk came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Passed {
    /// Snapshots that could be read.
    pub(super) readable: u64,
    /// Snapshots that could not.
    pub(super) hidden: u64,
}

/// A snapshot that a walk comes by, with the moment when it was thrown away, for those in the trash.
pub(super) struct Step {
    pub(super) entry: Entry,
    pub(super) thrown: Option<Millis>,
}

/// What is done with each snapshot; `Break` ends the walk.
pub(super) type Visit<'a> = &'a mut dyn FnMut(Step) -> ControlFlow<()>;

/// Walks over the timeline or the trash, from the number `newest` back. An error means that nothing
/// could be read.
pub(super) fn newest_first(
    place: &Place<'_>,
    operation: &'static str,
    stream: Stream,
    newest: u64,
    visit: Visit<'_>,
) -> Result<Passed, StoreError> {
    let mut walk = Walk {
        place,
        operation,
        stream,
        next: Some(newest),
        passed: Passed::default(),
        visit,
    };
    match walk.straight() {
        Err(error) if error.is_damage() => {
            if walk.around()?.is_none() && walk.passed.readable == 0 {
                return Err(error);
            }
        }
        walked => walked?,
    }
    Ok(walk.passed)
}

struct Walk<'a> {
    place: &'a Place<'a>,
    operation: &'static str,
    stream: Stream,
    /// The greatest number that was not looked at yet.
    next: Option<u64>,
    passed: Passed,
    visit: Visit<'a>,
}

impl Walk<'_> {
    /// The whole walk under one lease.
    fn straight(&mut self) -> Result<(), StoreError> {
        let Some(newest) = self.next else {
            return Ok(());
        };
        let (place, stream) = (self.place, self.stream);
        place.read(self.operation, |txn| {
            let reader = Reader::new(txn);
            let mut broken = false;
            txn.walk_back(stream, 0..=newest, &mut |seq, record| {
                let step = decode(&reader, stream, seq, record)?;
                self.next = seq.checked_sub(1);
                let flow = self.visit(step);
                broken = flow.is_break();
                Ok(flow)
            })?;
            // The table knows how many records it has; a damaged page can make it skip some.
            if !broken && newest == u64::MAX {
                let seen = self.passed.readable + self.passed.hidden;
                self.passed.hidden += txn.count(stream)?.saturating_sub(seen);
            }
            Ok(())
        })
    }

    /// The rest of the walk, number by number. `None` where there was nothing left to be tried.
    fn around(&mut self) -> Result<Option<()>, StoreError> {
        let candidates = Candidates::gather(self.place, self.operation)?;
        let Some(next) = self.next else {
            return Ok(None);
        };
        let numbers = candidates.numbers();
        let numbers: Vec<u64> = numbers.range(..=next).rev().copied().collect();
        let is_known = |seq: &u64| candidates.is_known(self.stream, *seq);
        let known: Vec<bool> = numbers.iter().map(is_known).collect();
        let (place, stream) = (self.place, self.stream);
        let hidden = self.passed.hidden;
        let mut at = 0;
        while at < numbers.len() {
            let run = place.read(self.operation, |txn| {
                let reader = Reader::new(txn);
                let batch = numbers.iter().zip(&known).skip(at).take(BATCH);
                for (&seq, known) in batch {
                    let step = look_up(txn, &reader, stream, seq)?;
                    at += 1;
                    if (step.is_some() || *known) && self.visit(step).is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Ok(ControlFlow::Continue(()))
            });
            match run {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return Ok(Some(())),
                // This one took the whole lease with it; the others need a new one.
                Err(error) if error.is_damage() => {
                    self.passed.hidden += u64::from(known.get(at).is_some_and(|known| *known));
                    at += 1;
                }
                Err(error) => return Err(error),
            }
        }
        // Something was lost, if only a part of the table that nothing else knows of.
        self.passed.hidden = self.passed.hidden.max(hidden + 1);
        Ok(Some(()))
    }

    /// Counts what the walk came by, and hands it on; `None` is damaged.
    fn visit(&mut self, step: Option<Step>) -> ControlFlow<()> {
        match step {
            Some(step) => {
                self.passed.readable += 1;
                (self.visit)(step)
            }
            None => {
                self.passed.hidden += 1;
                ControlFlow::Continue(())
            }
        }
    }
}

/// What is under a number; `None` where nothing can be read.
fn look_up(
    txn: &ReadTransaction,
    reader: &Reader<'_, ReadTransaction>,
    stream: Stream,
    seq: u64,
) -> Result<Option<Step>, Fault> {
    match txn.get(stream, seq) {
        Ok(Some(record)) => decode(reader, stream, seq, &record),
        Err(fault) if !fault.is_damage() => Err(fault),
        _ => Ok(None),
    }
}

/// A snapshot from its record; `None` where that is damaged.
fn decode(
    reader: &Reader<'_, ReadTransaction>,
    stream: Stream,
    seq: u64,
    record: &[u8],
) -> Result<Option<Step>, Fault> {
    let decoded = match stream {
        Stream::Trash => reader
            .read_trashed(seq, record)
            .map(|(entry, thrown)| (entry, Some(thrown))),
        _ => reader.read(seq, record).map(|entry| (entry, None)),
    };
    match decoded {
        Ok((entry, thrown)) => Ok(Some(Step { entry, thrown })),
        Err(fault) if fault.is_damage() => Ok(None),
        Err(fault) => Err(fault),
    }
}
