//! The lives of the server that is recorded: met, seen, ended.

use crate::model::snapshot::{EndCause, Life, LifeEnd, LifeId, RecoveryState, ServerIdentity};
use crate::model::time::Millis;
use crate::store::{Store, StoreError};

/// How long a life may run on before its record says again that it was seen alive.
const SEEN_EVERY_MS: u64 = 60_000;

/// What was found when a server was met.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Met {
    /// Whether nobody had met it before.
    pub(super) began: bool,
    /// Lives before it that turned out to have ended.
    pub(super) ended: Vec<(LifeId, EndCause)>,
}

/// Keeps the record of lives.
#[derive(Debug, Default)]
pub(super) struct Lives {
    life: Option<Life>,
    seen: Option<Millis>,
}

impl Lives {
    /// Makes sure that the life of this server is on record, and that the one before it has ended;
    /// `before` is how, where that was seen.
    pub(super) fn meet(
        &mut self,
        store: &Store,
        server: &ServerIdentity,
        before: Option<EndCause>,
        now: Millis,
    ) -> Result<Met, StoreError> {
        let id = server.life();
        let mut met = Met::default();
        if self.life.as_ref().is_some_and(|life| life.id() == id) {
            return Ok(met);
        }
        let seen = self.life.as_ref().map(Life::id).zip(before);
        let mut known = None;
        for life in store.lives()? {
            if life.id() == id {
                // One that was taken for ended, and answered for as such, lives after all: its true
                // end is to be offered again.
                let recovery = match life.end {
                    Some(_) => RecoveryState::Open,
                    None => life.recovery,
                };
                known = Some(Life { recovery, ..life });
            } else if life.end.is_none() && same_place(&life.server, server) {
                let own = seen.filter(|(own, _)| *own == life.id());
                let cause = match own {
                    Some((_, cause)) => cause,
                    None if life.server.boot == server.boot => EndCause::ServerGone,
                    None => EndCause::Reboot,
                };
                let end = Some(LifeEnd {
                    noticed: now,
                    cause,
                });
                met.ended.push((life.id(), cause));
                store.note_life(&Life { end, ..life })?;
            }
        }
        met.began = known.is_none();
        let life = known.unwrap_or_else(|| Life {
            server: server.clone(),
            first_seen: now,
            last_seen: now,
            end: None,
            recovery: RecoveryState::Open,
        });
        // Another life: what was captured of the one before says nothing about it.
        self.life = Some(life);
        self.saw(store, now)?;
        Ok(met)
    }

    /// Notes now and then that the life goes on.
    pub(super) fn still_alive(&mut self, store: &Store, now: Millis) -> Result<(), StoreError> {
        if self
            .seen
            .is_some_and(|seen| now >= seen && now.since(seen) < SEEN_EVERY_MS)
        {
            return Ok(());
        }
        self.saw(store, now)
    }

    /// Notes that the life goes on.
    pub(super) fn saw(&mut self, store: &Store, now: Millis) -> Result<(), StoreError> {
        let Some(life) = &mut self.life else {
            return Ok(());
        };
        life.last_seen = life.last_seen.max(now);
        life.end = None;
        store.note_life(life)?;
        self.seen = Some(now);
        Ok(())
    }

    /// Notes that the life has ended, unless whoever ended it has noted that; `None` when there was
    /// no life. After an error it can be tried again.
    pub(super) fn end(
        &mut self,
        store: &Store,
        cause: EndCause,
        now: Millis,
    ) -> Result<Option<(LifeId, EndCause)>, StoreError> {
        let Some(life) = &self.life else {
            return Ok(None);
        };
        let id = life.id();
        let noted = store.lives()?.into_iter().find(|noted| noted.id() == id);
        let cause = match noted.and_then(|noted| noted.end) {
            Some(end) => end.cause,
            None => {
                let end = Some(LifeEnd {
                    noticed: now,
                    cause,
                });
                let life = life.clone();
                store.note_life(&Life { end, ..life })?;
                cause
            }
        };
        self.life = None;
        Ok(Some((id, cause)))
    }
}

/// Whether two servers are at the same place: one can only be there when the other has gone.
fn same_place(a: &ServerIdentity, b: &ServerIdentity) -> bool {
    a.mux == b.mux && a.socket == b.socket
}
