//! When the history was rewritten, as the store itself tells.

use serde::{Deserialize, Serialize};

use super::findings::Findings;
use crate::model::time::Millis;
use crate::store::record::codec;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use crate::store::record::tables::{Change, View};

/// The name of the record.
const RECORD: &str = "rewrites";
/// Rewrites that are remembered.
const MAX_REWRITES: usize = 64;

/// That the history was rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rewrite {
    /// When.
    pub time: Millis,
    /// The version of muxtape that did it.
    pub app: String,
    /// Snapshots that there were.
    pub snapshots: u64,
    /// How many of them are not what was recorded any more.
    pub changed: u64,
    /// How many of these are gone, because nothing was left of them.
    pub removed: u64,
}

/// What the store tells.
pub(super) fn read(view: &impl View) -> Result<Vec<Rewrite>, Fault> {
    let record = view.own(RECORD)?;
    record.map_or(Ok(Vec::new()), |record| {
        codec::unpack_value(Kind::Rewrites, 0, &record)
    })
}

/// Adds a rewrite to those that were known.
pub(super) fn add(
    change: &impl Change,
    mut known: Vec<Rewrite>,
    findings: &Findings,
    now: Millis,
) -> Result<(), Fault> {
    known.push(Rewrite {
        time: now,
        app: env!("CARGO_PKG_VERSION").to_owned(),
        snapshots: findings.snapshots,
        changed: findings.changed,
        removed: findings.removed,
    });
    let surplus = known.len().saturating_sub(MAX_REWRITES);
    known.drain(..surplus);
    let record = codec::pack_value(Kind::Rewrites, 0, &known)?;
    change.put_own(RECORD, &record)
}

/// The record, if it is whole.
pub(in crate::store) fn record(view: &impl View) -> Result<Option<Vec<u8>>, Fault> {
    let whole =
        |record: &Vec<u8>| codec::unpack_value::<Vec<Rewrite>>(Kind::Rewrites, 0, record).is_ok();
    Ok(view.own(RECORD)?.filter(whole))
}

/// Writes the record as it was in another file.
pub(in crate::store) fn put_record(change: &impl Change, record: &[u8]) -> Result<(), Fault> {
    change.put_own(RECORD, record)
}

/// Checks the record.
pub(in crate::store) fn check(view: &impl View) -> Result<(), Fault> {
    read(view).map(drop)
}
