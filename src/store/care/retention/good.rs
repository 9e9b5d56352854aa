//! Whether the snapshots that stand for what is removed can be read.
//!
//! The newest whole snapshot of a session or of a life protects only if it is good: what is removed
//! must not leave a damaged one alone. Looking at the trees of those few costs little; only where
//! something is removed are there any.

use std::collections::HashSet;

use super::decision::Decision;
use super::ledger::Ledger;
use crate::store::query::timeline;
use crate::store::record::fault::Fault;
use crate::store::record::tables::View;
use crate::store::snapshot::metadata::Reader;

/// The places in the ledger of those whose tree is damaged, of the newest whole snapshots of every
/// session and life that loses something.
pub(super) fn damaged<V: View>(
    view: &V,
    ledger: &Ledger,
    decision: &Decision,
) -> Result<Vec<usize>, Fault> {
    let mut sessions: HashSet<(u32, u32)> = HashSet::new();
    let mut lives: HashSet<u32> = HashSet::new();
    for &(at, _) in &decision.removed {
        let Some(row) = ledger.rows.get(at) else {
            continue;
        };
        lives.insert(row.life);
        let names = ledger.sessions(row).iter();
        sessions.extend(names.map(|name| (row.place, *name)));
    }
    let reader = Reader::new(view);
    let mut damaged = Vec::new();
    for (at, row) in ledger.rows.iter().enumerate() {
        if sessions.is_empty() && lives.is_empty() {
            break;
        }
        if !row.is_good() {
            continue;
        }
        let mut stands = lives.remove(&row.life);
        for name in ledger.sessions(row) {
            stands |= sessions.remove(&(row.place, *name));
        }
        if stands && !is_readable(view, &reader, row.seq)? {
            damaged.push(at);
        }
    }
    Ok(damaged)
}

fn is_readable<V: View>(view: &V, reader: &Reader<'_, V>, seq: u64) -> Result<bool, Fault> {
    let read = reader.get(seq).and_then(|entry| match entry {
        Some(entry) => timeline::snapshot(view, entry).map(|_| true),
        None => Ok(false),
    });
    match read {
        Err(fault) if fault.is_damage() => Ok(false),
        read => read,
    }
}
