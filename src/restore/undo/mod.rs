//! Takes back what a restore made: exactly its sessions, tabs and panes, as long as they are still
//! those; and brings back what it replaced.

mod back;
mod record;

use std::collections::BTreeSet;
use std::fmt;

use bstr::BString;

pub use back::{UndoContext, take_back};
pub use record::{Kept, forget, forget_names, recall, remember};

use super::RestoreError;
use super::report::{Made, MadePane, Within};
use super::restorer::{AliveParts, Restorer};
use crate::model::ansi::label;
use crate::model::id::SnapshotId;
use crate::model::snapshot::ServerIdentity;
use crate::model::tree::{PaneId, SessionId};

/// What a restore made, and on which server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undoable {
    /// The server that it was made on; numbers hold only in its life.
    pub server: ServerIdentity,
    /// The sessions.
    pub sessions: Vec<Made>,
    /// The panes, those of the sessions included; older versions did not note those.
    pub panes: Vec<MadePane>,
    /// Names of sessions that were closed for those in their place.
    pub replaced: Vec<BString>,
    /// The snapshot that was saved before.
    pub undo: Option<SnapshotId>,
}

/// What became of taking it back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Undone {
    /// Sessions that were closed.
    pub closed: Vec<Made>,
    /// Panes of other sessions that were closed.
    pub panes: Vec<MadePane>,
    /// Sessions that had been replaced and are back.
    pub back: Vec<Made>,
    /// What was left alone, as in `api` or `api:1.2`, and why.
    pub left: Vec<(String, LeftAlone)>,
    /// Whether that closed the last session of the server, which then ends by default.
    pub was_last: bool,
}

/// Why a session or pane was left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftAlone {
    /// The server that it was made on has ended.
    ServerEnded,
    /// Somebody has closed it already.
    Closed,
    /// It is called this now: somebody has made it their own.
    Renamed(BString),
    /// So many panes were opened in it since: they stay, and so does it.
    Grown(usize),
    /// Somebody has moved it to another tab or session.
    Moved,
    /// Something else was started in its place.
    Respawned,
    /// The multiplexer did not close it.
    Refused(String),
    /// It cannot be brought back, and why.
    Lost(String),
}

impl fmt::Display for LeftAlone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LeftAlone::ServerEnded => f.write_str("its server has ended since"),
            LeftAlone::Closed => f.write_str("it is closed already"),
            LeftAlone::Renamed(name) => write!(f, "it is called {} now", label(name)),
            LeftAlone::Grown(1) => f.write_str("a pane was opened in it since"),
            LeftAlone::Grown(panes) => write!(
                f,
                "{} were opened in it since",
                crate::model::words::count(*panes as u64, "pane")
            ),
            LeftAlone::Moved => f.write_str("it was moved to another place since"),
            LeftAlone::Respawned => f.write_str("something else was started in it since"),
            LeftAlone::Refused(why) => write!(f, "it was not closed: {why}"),
            LeftAlone::Lost(why) => write!(f, "it cannot be brought back: {why}"),
        }
    }
}

/// Closes the sessions, tabs and panes that a restore made. What was renamed, moved or started anew
/// since, and what is of another life of the server, is left alone; so are panes that somebody has
/// opened in what was made.
///
/// # Errors
///
/// [`RestoreError::Mux`] when the server cannot be asked; that it has ended is not an error.
pub fn undo(restorer: &dyn Restorer, made: &Undoable) -> Result<Undone, RestoreError> {
    let mut undone = Undone::default();
    if !is_same_life(restorer, made)? {
        undone.left = places(made)
            .map(|place| (place, LeftAlone::ServerEnded))
            .collect();
        return Ok(undone);
    }
    let alive = restorer.alive()?;
    let own: BTreeSet<PaneId> = made.panes.iter().map(|pane| pane.id).collect();
    let (mut sessions, mut panes) = (Vec::new(), Vec::new());
    for session in &made.sessions {
        let left = match alive.sessions.get(&session.id) {
            None => LeftAlone::Closed,
            Some(name) if *name != session.to => LeftAlone::Renamed(name.clone()),
            Some(_) => {
                let foreign = alive.foreign(session.id, &own);
                // Older versions did not note which panes were made.
                if foreign == 0 || own.is_empty() {
                    sessions.push(session.clone());
                    continue;
                }
                let of_it = |pane: &&MadePane| pane.within == Within::Own(session.id);
                panes.extend(made.panes.iter().filter(of_it));
                LeftAlone::Grown(foreign)
            }
        };
        undone.left.push((label(&session.to), left));
    }
    let added = |pane: &&MadePane| !matches!(pane.within, Within::Own(_));
    panes.extend(made.panes.iter().filter(added));
    let panes: Vec<MadePane> = panes
        .into_iter()
        .filter(|pane| match alive.changed(pane) {
            Some(left) => {
                undone.left.push((pane.target.to_string(), left));
                false
            }
            None => true,
        })
        .cloned()
        .collect();
    if sessions.is_empty() && panes.is_empty() {
        return Ok(undone);
    }
    let ids: Vec<SessionId> = sessions.iter().map(|session| session.id).collect();
    let of_panes: Vec<PaneId> = panes.iter().map(|pane| pane.id).collect();
    let why = restorer.close(&ids, &of_panes);
    let still = restorer.alive()?;
    undone.was_last = still.sessions.is_empty();
    for session in sessions {
        if still.sessions.contains_key(&session.id) {
            let refused = LeftAlone::Refused(why.clone());
            undone.left.push((label(&session.to), refused));
        } else {
            undone.closed.push(session);
        }
    }
    for pane in panes {
        if still.panes.contains_key(&pane.id) {
            let refused = LeftAlone::Refused(why.clone());
            undone.left.push((pane.target.to_string(), refused));
        } else if !matches!(pane.within, Within::Own(_)) {
            undone.panes.push(pane);
        }
    }
    Ok(undone)
}

/// What was made, by name: sessions, and panes that were added to others.
fn places(made: &Undoable) -> impl Iterator<Item = String> {
    let added = made.panes.iter();
    let added = added.filter(|pane| !matches!(pane.within, Within::Own(_)));
    let sessions = made.sessions.iter().map(|session| label(&session.to));
    sessions.chain(added.map(|pane| pane.target.to_string()))
}

/// Whether the server lives on that it was made on.
fn is_same_life(restorer: &dyn Restorer, made: &Undoable) -> Result<bool, RestoreError> {
    let server = restorer.identity()?;
    Ok(server.is_some_and(|server| server.life() == made.server.life()))
}

impl AliveParts {
    /// How many panes of a session, and of no other one, are not among these.
    fn foreign(&self, session: SessionId, own: &BTreeSet<PaneId>) -> usize {
        let panes = self.panes.iter().filter(|(id, pane)| {
            let places = &pane.places;
            !own.contains(id) && !places.is_empty() && places.iter().all(|place| place.1 == session)
        });
        panes.count()
    }

    /// Why a pane is not the one any more that was made.
    fn changed(&self, pane: &MadePane) -> Option<LeftAlone> {
        let Some(alive) = self.panes.get(&pane.id) else {
            return Some(LeftAlone::Closed);
        };
        let places = &alive.places;
        let stays = match pane.within {
            Within::Own(session) => places.iter().any(|place| place.1 == session),
            Within::Session(session, tab) => places.contains(&(tab, session)),
            Within::Tab(tab) => places.iter().any(|place| place.0 == tab),
        };
        if !stays {
            Some(LeftAlone::Moved)
        } else if alive.pid != pane.pid {
            Some(LeftAlone::Respawned)
        } else {
            None
        }
    }
}
