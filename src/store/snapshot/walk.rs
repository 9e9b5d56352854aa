//! Walking over snapshots, newest first, whatever is damaged.
//!
//! Most often one lease does. Where a page of the table is damaged, the walk goes on below the last
//! snapshot that it came by, number by number, over everything that may still be reached.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use redb::ReadTransaction;

use crate::model::snapshot::LifeId;
use crate::model::time::Millis;
use crate::store::file::lease::Place;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::tables::{Stream, View};
use crate::store::snapshot::metadata::{Reader, Row};
use crate::store::text::candidates::Candidates;

/// Records that are looked up under one lease.
const ROWS_PER_READ: usize = 256;

/// What a walk came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::store) struct Passed {
    /// Snapshots that could be read.
    pub(in crate::store) readable: u64,
    /// Snapshots that could not.
    pub(in crate::store) hidden: u64,
}

/// A snapshot that a walk comes by, with the moment when it was thrown away, for those in the
/// trash.
pub(in crate::store) struct Step<'a> {
    pub(in crate::store) row: Row<'a>,
    pub(in crate::store) thrown: Option<Millis>,
}

/// What is done with each snapshot; `Break` ends the walk. One that turns out to be damaged is
/// passed by.
pub(in crate::store) type Visit<'a> =
    &'a mut dyn FnMut(&Step<'_>) -> Result<ControlFlow<()>, Fault>;

/// Walks over the timeline or the trash, from the number `newest` back. An error means that nothing
/// could be read.
pub(in crate::store) fn newest_first(
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
                let flow = self.pass(&reader, seq, record)?;
                self.next = seq.checked_sub(1);
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
                let batch = numbers.iter().zip(&known).skip(at).take(ROWS_PER_READ);
                for (&seq, known) in batch {
                    let flow = match txn.get(stream, seq) {
                        Ok(Some(record)) => self.pass(&reader, seq, &record)?,
                        Err(fault) if !fault.is_damage() => return Err(fault),
                        _ => {
                            self.passed.hidden += u64::from(*known);
                            ControlFlow::Continue(())
                        }
                    };
                    at += 1;
                    if flow.is_break() {
                        return Ok(flow);
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

    /// Counts a record, and hands it on where it is whole.
    fn pass(
        &mut self,
        reader: &Reader<'_, ReadTransaction>,
        seq: u64,
        record: &[u8],
    ) -> Result<ControlFlow<()>, Fault> {
        let visited = decode(reader, self.stream, seq, record).and_then(|step| (self.visit)(&step));
        match visited {
            Ok(flow) => {
                self.passed.readable += 1;
                Ok(flow)
            }
            Err(fault) if fault.is_damage() => {
                self.passed.hidden += 1;
                Ok(ControlFlow::Continue(()))
            }
            Err(fault) => Err(fault),
        }
    }
}

fn decode<'r>(
    reader: &Reader<'_, ReadTransaction>,
    stream: Stream,
    seq: u64,
    record: &'r [u8],
) -> Result<Step<'r>, Fault> {
    let (row, thrown) = match stream {
        Stream::Trash => {
            let (row, thrown) = reader.trashed_row(seq, record)?;
            (row, Some(thrown))
        }
        _ => (reader.row(seq, record)?, None),
    };
    Ok(Step { row, thrown })
}

/// Which lives snapshots belong to. Those of one origin belong to one, and telling which takes a
/// hash.
#[derive(Default)]
pub(in crate::store) struct LivesOf(BTreeMap<u64, LifeId>);

impl LivesOf {
    pub(in crate::store) fn row(&mut self, row: &Row<'_>) -> LifeId {
        let life = self.0.entry(row.origin());
        *life.or_insert_with(|| row.from.server.life())
    }
}
