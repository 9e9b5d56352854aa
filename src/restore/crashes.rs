//! Finds server lives that crashed and were not restored since.

use bstr::BStr;

use super::recovery::{Alive, Offer, Past, blank, is_trivial, offers};
use super::{Report, RestoreError};
use crate::model::snapshot::{BootId, EndCause, LifeEnd, RecoveryState, SnapshotMeta};
use crate::model::{Life, LifeId, Millis};
use crate::mux::{Multiplexer, MuxError};
use crate::store::{Store, StoreError};

/// How many lives are offered, newest first. Older ones have been left alone for as many runs of
/// the server.
const MAX_OFFERED_LIVES: usize = 8;

/// How many lives are searched for these. Blank ones, which follow one another while the user tries
/// to get the lost one back, must not hide it.
const MAX_SEARCHED_LIVES: usize = 256;

/// A life that ended later than this after its last sign of life ended unwatched: a recorder notes
/// one every minute.
const WATCHED_MS: u64 = 180_000;

/// How many snapshots of a life are offered.
const MAX_OFFERED_SNAPSHOTS: usize = 20;

/// What can be brought back, newest first. Reads only; without a store there is nothing.
pub fn look(
    store: &Store,
    mux: &dyn Multiplexer,
    boot: &BootId,
) -> Result<Vec<Offer>, RestoreError> {
    // The newest of what was lost may not have found its way into the store yet.
    if let Err(error) = store.take_in() {
        tracing::info!("cannot take in spooled captures: {error}");
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
    let ended = store.lives()?.into_iter();
    let ended: Vec<Life> = ended.filter(|life| !living.contains(&life.id())).collect();
    let lives: Vec<Life> = ended
        .iter()
        .filter(|life| may_be_missed(life))
        .take(MAX_SEARCHED_LIVES)
        .cloned()
        .collect();
    let ids: Vec<LifeId> = lives.iter().map(Life::id).collect();
    let mut snapshots = store.newest_of_each(&ids, MAX_OFFERED_SNAPSHOTS)?;
    let mut past = Vec::new();
    for life in lives {
        let own = snapshots.remove(&life.id()).unwrap_or_default();
        // Of idle shells that may have been closed only the last one of a place is offered: whoever
        // used the server on after it does not miss the others.
        let is_last = is_last(&life, &ended);
        let found = past_of(store, mux, life, own)?;
        past.extend(found.filter(|past| !past.trivial || past.evident || is_last));
        if past.iter().filter(|past| !past.trivial).count() == MAX_OFFERED_LIVES {
            break;
        }
    }
    let mut offers = offers(&past, &alive, boot);
    offers.truncate(MAX_OFFERED_LIVES);
    Ok(offers)
}

/// Whether no life of the same place was seen after this one.
fn is_last(life: &Life, ended: &[Life]) -> bool {
    let place = |life: &Life| (life.server.mux, life.server.socket.clone());
    let after = |other: &&Life| other.last_seen > life.last_seen && place(other) == place(life);
    !ended.iter().any(|other| after(&other))
}

/// Whether a life of a single idle shell is known not to have been closed: a recorder watched it
/// end, or its server was killed while somebody was attached.
fn is_evident(life: &Life, mux: &dyn Multiplexer) -> bool {
    match life.end {
        Some(end) => {
            end.cause == EndCause::ServerGone && end.noticed.since(life.last_seen) <= WATCHED_MS
        }
        None => mux.was_killed_attached(&life.server),
    }
}

/// Whether nobody has answered for the life yet, neither by closing it nor by its offer.
fn may_be_missed(life: &Life) -> bool {
    let closed = life.end.is_some_and(|end| end.cause == EndCause::Closed);
    life.recovery == RecoveryState::Open && !closed
}

/// A life with its snapshots; `None` when none of them can be used.
fn past_of(
    store: &Store,
    mux: &dyn Multiplexer,
    life: Life,
    mut snapshots: Vec<SnapshotMeta>,
) -> Result<Option<Past>, RestoreError> {
    // The first that can be read counts; what is damaged is passed over here and named by `verify`.
    for at in 0..snapshots.len() {
        let Some(meta) = snapshots.get(at) else { break };
        match store.load(meta.id) {
            Ok(newest) => {
                return Ok(Some(Past {
                    evident: is_evident(&life, mux),
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

/// Notes that the last session of a life was closed on purpose: nothing of it is missed.
pub fn note_closed(store: &Store, life: LifeId, now: Millis) -> Result<(), StoreError> {
    let known = store.lives()?.into_iter().find(|known| known.id() == life);
    match known {
        None => Ok(()),
        Some(known) => {
            let (noticed, cause) = (now, EndCause::Closed);
            let end = Some(LifeEnd { noticed, cause });
            store.note_life(&Life { end, ..known })
        }
    }
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
        let pids = || -> Vec<(i32, bool)> {
            let found = look(&s.store, &Nobody, &boot).unwrap();
            let told = |offer: &Offer| (offer.life.server.pid().unwrap(), offer.evident);
            found.iter().map(told).collect()
        };
        // Of the blank ones nobody knows how they ended: the last one comes behind it.
        assert_eq!(pids(), [(1, true), (29, false)]);
        let found = look(&s.store, &Nobody, &boot).unwrap();
        for offer in &found {
            settle(&s.store, offer.id(), RecoveryState::Dismissed, Millis(0)).unwrap();
        }
        assert_eq!(pids(), []);
    }

    #[test]
    fn an_idle_shell_is_lost_for_certain_only_where_its_end_was_watched() {
        let s = scratch();
        let boot = server(1).boot;
        let ends = [
            (1, EndCause::Closed, 1_000),
            (2, EndCause::ServerGone, 1_000),
            (3, EndCause::ServerGone, WATCHED_MS + 1),
        ];
        for (pid, cause, after) in ends {
            lived(&s.store, pid, "0", 1);
            let lives = s.store.lives().unwrap();
            let life = lives
                .into_iter()
                .find(|life| life.server.pid() == Some(pid));
            let life = life.unwrap();
            let noticed = Millis(life.last_seen.0 + i64::try_from(after).unwrap());
            let end = Some(LifeEnd { noticed, cause });
            s.store.note_life(&Life { end, ..life }).unwrap();
        }
        let found = look(&s.store, &Nobody, &boot).unwrap();
        let told = |offer: &Offer| (offer.life.server.pid().unwrap(), offer.evident);
        let told: Vec<(i32, bool)> = found.iter().map(told).collect();
        assert_eq!(told, [(2, true), (3, false)]);
    }
}
