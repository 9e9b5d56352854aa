//! The lives of servers that were met.

use std::ops::ControlFlow;

use super::codec;
use super::fault::Fault;
use super::frame::Kind;
use super::tables::{Change, Stream, View};
use crate::model::snapshot::{Life, RecoveryState, ServerIdentity};
use crate::model::time::Millis;

/// Notes a life, in place of what was known of it.
pub(super) fn note(change: &impl Change, life: &Life) -> Result<(), Fault> {
    let number = life.id().0;
    let record = codec::pack_value(Kind::Life, number, life)?;
    change.put(Stream::Lives, number, &record)
}

/// Notes that a server was alive at `time`, and that its life has not ended then. Whatever records a
/// snapshot calls this, so that every life that has snapshots can be recovered. A damaged record is
/// replaced.
pub(super) fn seen<T: Change + View>(
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

/// All lives, newest first by when they were met. Damaged records are passed over.
pub(super) fn all(view: &impl View) -> Result<Vec<Life>, Fault> {
    let mut lives = Vec::new();
    view.walk(Stream::Lives, 0..=u64::MAX, &mut |number, record| {
        match codec::unpack_value::<Life>(Kind::Life, number, record) {
            Ok(life) => lives.push(life),
            Err(fault) if fault.is_damage() => {}
            Err(fault) => return Err(fault),
        }
        Ok(ControlFlow::Continue(()))
    })?;
    lives.sort_by_key(|life| std::cmp::Reverse((life.first_seen, life.server.started, life.id())));
    Ok(lives)
}
