//! Looks for lives that ended badly: in the store, and at the server that is alive.

use super::RestoreError;
use super::recovery::{Alive, Offer, Past, is_trivial, offers};
use crate::model::snapshot::{BootId, EndCause, LifeEnd, RecoveryState};
use crate::model::{Life, LifeId, Millis};
use crate::mux::{Multiplexer, MuxError};
use crate::store::Store;

/// How many lives are looked at, newest first. Whoever has not come back to one for this many runs of
/// the server does not miss it.
const LIVES: usize = 8;

/// How many snapshots of a life are offered.
const SNAPSHOTS: usize = 20;

/// What can be brought back, newest first. Reads only; without a store there is nothing.
pub fn look(
    store: &Store,
    mux: &dyn Multiplexer,
    boot: &BootId,
) -> Result<Vec<Offer>, RestoreError> {
    if !store.exists() {
        return Ok(Vec::new());
    }
    let alive = match mux.observe() {
        Ok(seen) => vec![Alive {
            server: seen.server,
            sessions: seen
                .state
                .sessions
                .into_iter()
                .map(|session| session.name)
                .collect(),
        }],
        Err(MuxError::NoServer { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let mut past = Vec::new();
    for life in store.lives()?.into_iter().take(LIVES) {
        if alive.iter().any(|one| one.server.life() == life.id()) {
            continue;
        }
        past.extend(past_of(store, life)?);
    }
    Ok(offers(&past, &alive, boot))
}

/// A life with its snapshots; `None` when none of them can be used.
fn past_of(store: &Store, life: Life) -> Result<Option<Past>, RestoreError> {
    let mut snapshots = Vec::new();
    let mut before = None;
    while snapshots.len() < SNAPSHOTS {
        let Some(meta) = store.newest_of(life.id(), before)? else {
            break;
        };
        before = Some(meta.id);
        snapshots.push(meta);
    }
    // The first that can be read counts; what is damaged is passed over here and named by `verify`.
    let good = snapshots
        .iter()
        .position(|meta| store.load(meta.id).is_ok());
    let Some(good) = good else { return Ok(None) };
    let snapshots = snapshots.split_off(good);
    let newest = snapshots
        .first()
        .map(|meta| store.load(meta.id))
        .transpose()?;
    let trivial = newest.is_none_or(|snapshot| is_trivial(&snapshot.state));
    Ok(Some(Past {
        life,
        snapshots,
        trivial,
    }))
}

/// Notes what became of an offer.
pub fn settle(
    store: &Store,
    life: LifeId,
    state: RecoveryState,
    now: Millis,
) -> Result<(), RestoreError> {
    for known in store.lives()? {
        if known.id() == life {
            let end = known.end.unwrap_or(LifeEnd {
                noticed: now,
                cause: EndCause::ServerGone,
            });
            store.note_life(&Life {
                recovery: state,
                end: Some(end),
                ..known
            })?;
        }
    }
    Ok(())
}
