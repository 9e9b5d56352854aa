//! The lives of servers that were met.

use std::ops::ControlFlow;

use super::codec;
use super::fault::Fault;
use super::frame::Kind;
use super::tables::{Change, Stream, View};
use crate::model::snapshot::Life;

/// Notes a life, in place of what was known of it.
pub(super) fn note(change: &impl Change, life: &Life) -> Result<(), Fault> {
    let number = life.id().0;
    let record = codec::pack_value(Kind::Life, number, life)?;
    change.put(Stream::Lives, number, &record)
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
