//! After a crash: which lives ended without their sessions having been closed, and what of them is
//! not back yet.

use std::collections::BTreeSet;

use bstr::{BStr, BString};

use crate::model::id::SnapshotId;
use crate::model::snapshot::{
    BootId, EndCause, Life, LifeId, RecoveryState, ServerIdentity, SessionSummary, SnapshotMeta,
};
use crate::model::time::Millis;
use crate::model::tree::{Pane, ServerState, Session};

/// A server that is alive, and its sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alive {
    /// The server.
    pub server: ServerIdentity,
    /// The names of its sessions.
    pub sessions: Vec<BString>,
    /// The names of those that are blank ([`blank`]).
    pub blank: BTreeSet<BString>,
}

/// A life and its last snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// The life.
    pub life: Life,
    /// Its good snapshots, newest first, as many as the caller cares to offer.
    pub snapshots: Vec<SnapshotMeta>,
    /// Whether its newest snapshot held one pane with an idle shell at the most ([`is_trivial`]).
    pub trivial: bool,
    /// Whether it is known not to have been closed.
    pub evident: bool,
    /// The sessions of its newest snapshot that were blank ([`blank`]).
    pub blank: BTreeSet<BString>,
}

/// A session of an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedSession {
    /// What the newest snapshot says of it.
    pub summary: SessionSummary,
    /// Whether a session of that name is alive on the same socket. A blank one does not count
    /// unless the lost one was blank, too, and not all there was: after a crash a new session often
    /// gets the name of the old one.
    pub back: bool,
}

/// An offer to bring back what a crash took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The life that ended.
    pub life: Life,
    /// Why it ended.
    pub cause: EndCause,
    /// Whether it is known not to have been closed by its user. Where it held more than one idle
    /// shell, that is taken to be so.
    pub evident: bool,
    /// When it was last seen alive.
    pub last_seen: Millis,
    /// The snapshots that can be brought back, newest first; never empty.
    pub snapshots: Vec<SnapshotMeta>,
    /// The sessions of the newest one.
    pub sessions: Vec<OfferedSession>,
}

impl Offer {
    /// The life's id.
    #[must_use]
    pub fn id(&self) -> LifeId {
        self.life.id()
    }

    /// The snapshot that is offered first.
    #[must_use]
    pub fn newest(&self) -> Option<SnapshotId> {
        self.snapshots.first().map(|snapshot| snapshot.id)
    }

    /// Names of the sessions that are not back.
    pub fn lost(&self) -> impl Iterator<Item = &BStr> {
        let lost = self.sessions.iter().filter(|session| !session.back);
        lost.map(|session| BStr::new(&session.summary.name))
    }
}

/// Whether a state holds nothing that its user would miss: no pane at all, or a single one in which
/// a shell is idle.
#[must_use]
pub fn is_trivial(state: &ServerState) -> bool {
    let mut panes = state.panes();
    match (panes.next(), panes.next()) {
        (None, _) => true,
        (Some((_, _, pane)), None) => is_idle(pane),
        _ => false,
    }
}

/// Whether nothing but a shell waits in a pane. What asks does not count: muxtape itself.
fn is_idle(pane: &Pane) -> bool {
    let program = pane.program.as_ref();
    program.is_none_or(|program| program.name() == "muxtape")
}

/// The sessions of a state in which there is nothing but one idle shell.
#[must_use]
pub fn blank(state: &ServerState) -> BTreeSet<BString> {
    let blank = |session: &&Session| {
        let mut panes = session.tabs.iter().flat_map(|tab| &tab.panes);
        panes.next().is_none_or(is_idle) && panes.next().is_none()
    };
    let sessions = state.sessions.iter().filter(blank);
    sessions.map(|session| session.name.clone()).collect()
}

/// What can be brought back, the best first: what held more than an idle shell, then such a shell
/// whose server is known to have been killed, then one of which nobody saw how it ended; of each
/// kind the newest first.
///
/// A life is offered when its server is not among those `alive`, it was neither dismissed nor
/// brought back, it has snapshots, and sessions of it are missing. That the user closed the
/// sessions himself is known where the recorder saw it ([`EndCause::Closed`]); in doubt it is
/// offered.
///
/// So a blank session after a crash never stands before the state that was lost. `boot` is the boot
/// that the machine is in now.
#[must_use]
pub fn offers(past: &[Past], alive: &[Alive], boot: &BootId) -> Vec<Offer> {
    let living: BTreeSet<LifeId> = alive.iter().map(|one| one.server.life()).collect();
    let offers = past
        .iter()
        .filter(|one| !living.contains(&one.life.id()))
        .filter(|one| one.life.recovery == RecoveryState::Open)
        .filter_map(|one| Some((one.trivial, offer(one, alive, boot)?)));
    let mut offers: Vec<(bool, Offer)> = offers.collect();
    offers.sort_by_key(|(trivial, offer)| {
        // By what was recorded last: a clock may have gone wrong between them.
        let newest = std::cmp::Reverse((offer.newest(), offer.last_seen));
        (*trivial, !offer.evident, newest)
    });
    offers.into_iter().map(|(_, offer)| offer).collect()
}

fn offer(past: &Past, alive: &[Alive], boot: &BootId) -> Option<Offer> {
    let life = &past.life;
    let cause = if life.server.boot != *boot {
        EndCause::Reboot
    } else {
        life.end.map_or(EndCause::ServerGone, |end| end.cause)
    };
    if cause == EndCause::Closed || life.end.is_some_and(|end| end.cause == EndCause::Closed) {
        return None;
    }
    let newest = past.snapshots.first()?;
    let here = |name: &BString| {
        alive
            .iter()
            .filter(|one| {
                one.server.mux == life.server.mux && one.server.socket == life.server.socket
            })
            .filter(|one| {
                let blank = past.blank.contains(name) && !past.trivial;
                !one.blank.contains(name) || blank
            })
            .any(|one| one.sessions.contains(name))
    };
    let sessions: Vec<OfferedSession> = newest
        .sessions
        .iter()
        .map(|summary| OfferedSession {
            back: here(&summary.name),
            summary: summary.clone(),
        })
        .collect();
    if sessions.iter().all(|session| session.back) {
        return None;
    }
    Some(Offer {
        life: life.clone(),
        cause,
        evident: past.evident || !past.trivial,
        last_seen: life.last_seen,
        snapshots: past.snapshots.clone(),
        sessions,
    })
}
