//! Looks for lives that ended badly: in the store, and at the server that is alive.

use bstr::BStr;

use super::recovery::{Alive, Offer, Past, blank, is_trivial, offers};
use super::{Report, RestoreError};
use crate::model::snapshot::{BootId, EndCause, LifeEnd, RecoveryState, SnapshotMeta};
use crate::model::{Life, LifeId, Millis};
use crate::mux::{Multiplexer, MuxError};
use crate::store::{Store, StoreError};

/// How many lives are offered at the most, newest first. Whoever has not come back to one for this
/// many runs of the server does not miss it.
const LIVES: usize = 8;

/// How many lives are looked at for that. Blank ones, which come one after the other while somebody
/// tries to get the lost one back, must not hide it.
const LOOKED_AT: usize = 256;

/// How many snapshots of a life are offered.
const SNAPSHOTS: usize = 20;

/// What can be brought back, newest first. Reads only; without a store there is nothing.
pub fn look(
    store: &Store,
    mux: &dyn Multiplexer,
    boot: &BootId,
) -> Result<Vec<Offer>, RestoreError> {
    // The newest of what was lost may not have found its way into the store yet.
    if let Err(error) = store.take_in() {
        tracing::info!("cannot take in what was kept aside: {error}");
    }
    if !store.exists() {
        return Ok(Vec::new());
    }
    let alive = match mux.observe() {
        Ok(seen) => vec![Alive {
            server: seen.server,
            blank: blank(&seen.state),
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
    let living: Vec<LifeId> = alive.iter().map(|one| one.server.life()).collect();
    let lives: Vec<Life> = store
        .lives()?
        .into_iter()
        .filter(|life| may_be_missed(life) && !living.contains(&life.id()))
        .take(LOOKED_AT)
        .collect();
    let ids: Vec<LifeId> = lives.iter().map(Life::id).collect();
    let mut snapshots = store.newest_of_each(&ids, SNAPSHOTS)?;
    let mut past = Vec::new();
    for life in lives {
        let own = snapshots.remove(&life.id()).unwrap_or_default();
        past.extend(past_of(store, life, own)?.filter(|past| !past.trivial));
        if past.len() == LIVES {
            break;
        }
    }
    Ok(offers(&past, &alive, boot))
}

/// Whether nobody has answered for the life yet, neither by closing it nor by its offer.
fn may_be_missed(life: &Life) -> bool {
    let closed = life.end.is_some_and(|end| end.cause == EndCause::Closed);
    life.recovery == RecoveryState::Open && !closed
}

/// A life with its snapshots; `None` when none of them can be used.
fn past_of(
    store: &Store,
    life: Life,
    mut snapshots: Vec<SnapshotMeta>,
) -> Result<Option<Past>, RestoreError> {
    // The first that can be read counts; what is damaged is passed over here and named by `verify`.
    for at in 0..snapshots.len() {
        let Some(meta) = snapshots.get(at) else { break };
        match store.load(meta.id) {
            Ok(newest) => {
                return Ok(Some(Past {
                    life,
                    snapshots: snapshots.split_off(at),
                    trivial: is_trivial(&newest.state),
                    blank: blank(&newest.state),
                }));
            }
            Err(StoreError::NotFound { .. }) => {}
            Err(error) if error.is_damage() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

/// Notes that a life was brought back by a restore, once all of it is: whoever chose some of its
/// sessions, or saw some fail, is offered the others again. Says whether it was noted.
pub fn settle_restored(
    store: &Store,
    mux: &dyn Multiplexer,
    boot: &BootId,
    life: LifeId,
    report: &Report,
    now: Millis,
) -> Result<bool, RestoreError> {
    let offers = look(store, mux, boot)?;
    let offer = offers.iter().find(|offer| offer.id() == life);
    let renamed = |name: &BStr| report.sessions.iter().any(|made| made.from == name);
    let all = offer.is_none_or(|offer| offer.lost().all(renamed));
    if all {
        settle(store, life, RecoveryState::Recovered, now)?;
    }
    Ok(all)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::snapshot::{MuxKind, ServerIdentity};
    use crate::mux::{Observation, PaneTexts, Probe, TextRequest};
    use crate::store::testing::{record, scratch, server, session, snapshot, state, text};

    /// Nobody answers.
    #[derive(Debug)]
    struct Nobody;

    fn nobody() -> MuxError {
        MuxError::NoServer {
            mux: MuxKind::Tmux,
            socket: "/tmp/x".into(),
        }
    }

    impl Multiplexer for Nobody {
        fn kind(&self) -> MuxKind {
            MuxKind::Tmux
        }

        fn identity(&self) -> Result<Option<ServerIdentity>, MuxError> {
            Ok(None)
        }

        fn probe(&self) -> Result<Option<Probe>, MuxError> {
            Ok(None)
        }

        fn observe(&self) -> Result<Observation, MuxError> {
            Err(nobody())
        }

        fn texts(&self, _: &[TextRequest]) -> Result<PaneTexts, MuxError> {
            Err(nobody())
        }
    }

    /// Records a life of a server with a session of so many panes.
    fn lived(store: &Store, pid: i32, name: &str, panes: usize) {
        let texts = vec![text(format!("$ {pid}")); panes];
        let mut new = snapshot(
            i64::from(pid),
            &state(vec![session(name, 1, &texts)]),
            &texts,
        );
        new.server = server(pid);
        record(store, new);
    }

    #[test]
    fn no_number_of_blank_servers_hides_the_lost_one() {
        let s = scratch();
        lived(&s.store, 1, "work", 3);
        for pid in 2..30 {
            lived(&s.store, pid, "0", 1);
        }
        let boot = server(1).boot;
        let found = look(&s.store, &Nobody, &boot).unwrap();
        let pids: Vec<i32> = found.iter().map(|offer| offer.life.server.pid).collect();
        assert_eq!(pids, [1]);
        // Once it is answered for, nothing is left to be offered.
        settle(&s.store, found[0].id(), RecoveryState::Dismissed, Millis(0)).unwrap();
        assert!(look(&s.store, &Nobody, &boot).unwrap().is_empty());
    }
}
