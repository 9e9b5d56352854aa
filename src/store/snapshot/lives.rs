//! The lives of servers that were met.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::model::snapshot::{Life, RecoveryState, ServerIdentity};
use crate::model::time::Millis;
use crate::store::file::lease::Place;
use crate::store::record::codec;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use crate::store::record::tables::{Change, Stream, View};

/// Notes a life, in place of what was known of it.
pub(in crate::store) fn note(change: &impl Change, life: &Life) -> Result<(), Fault> {
    let number = life.id().0;
    let record = codec::pack_value(Kind::Life, number, life)?;
    change.put(Stream::Lives, number, &record)
}

/// Notes that a server was alive at `time`, and that its life has not ended then. Whatever records
/// a snapshot calls this, so that every life that has snapshots can be recovered. A damaged record
/// is replaced.
pub(in crate::store) fn seen<T: Change + View>(
    change: &T,
    server: &ServerIdentity,
    time: Millis,
) -> Result<(), Fault> {
    let number = server.life().0;
    let known = change.get(Stream::Lives, number)?;
    let known =
        known.and_then(|record| codec::unpack_value::<Life>(Kind::Life, number, &record).ok());
    let life = match known {
        Some(life) => Life {
            last_seen: life.last_seen.max(time),
            end: None,
            ..life
        },
        None => Life {
            server: server.clone(),
            first_seen: time,
            last_seen: time,
            end: None,
            recovery: RecoveryState::Open,
        },
    };
    note(change, &life)
}

/// A life from its record.
pub(in crate::store) fn decode(number: u64, record: &[u8]) -> Result<Life, Fault> {
    codec::unpack_value(Kind::Life, number, record)
}

/// All lives, newest first by when they were met. Damaged records are passed over.
pub(in crate::store) fn all(view: &impl View) -> Result<Vec<Life>, Fault> {
    let mut lives = BTreeMap::new();
    view.walk(Stream::Lives, 0..=u64::MAX, &mut |number, record| {
        add(&mut lives, number, record)
    })?;
    Ok(sorted(lives))
}

/// As [`all`], from both ends where a damaged page ends the walk. An error means that none can be
/// read.
pub(in crate::store) fn around_damage(place: &Place<'_>) -> Result<Vec<Life>, StoreError> {
    const OPERATION: &str = "list lives";
    let mut lives = BTreeMap::new();
    let forward = place.read(OPERATION, |txn| {
        txn.walk(Stream::Lives, 0..=u64::MAX, &mut |number, record| {
            add(&mut lives, number, record)
        })
    });
    match forward {
        Err(error) if error.is_damage() => {
            let back = place.read(OPERATION, |txn| {
                txn.walk_back(Stream::Lives, 0..=u64::MAX, &mut |number, record| {
                    add(&mut lives, number, record)
                })
            });
            match back {
                Err(other) if !other.is_damage() => return Err(other),
                _ if lives.is_empty() => return Err(error),
                _ => {}
            }
        }
        walked => walked?,
    }
    Ok(sorted(lives))
}

fn add(
    lives: &mut BTreeMap<u64, Life>,
    number: u64,
    record: &[u8],
) -> Result<ControlFlow<()>, Fault> {
    match codec::unpack_value::<Life>(Kind::Life, number, record) {
        Ok(life) => {
            lives.insert(number, life);
        }
        Err(fault) if fault.is_damage() => {}
        Err(fault) => return Err(fault),
    }
    Ok(ControlFlow::Continue(()))
}

fn sorted(lives: BTreeMap<u64, Life>) -> Vec<Life> {
    let mut lives: Vec<Life> = lives.into_values().collect();
    lives.sort_by_key(|life| {
        std::cmp::Reverse((
            life.first_seen,
            life.server.process.map(|own| own.started),
            life.id(),
        ))
    });
    lives
}
