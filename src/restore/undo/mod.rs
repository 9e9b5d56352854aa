//! Takes back what a restore made: exactly its sessions, tabs and panes, as long as they are still those; and
//! brings back what it replaced.

mod back;
mod record;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use bstr::{BString, ByteSlice};

pub use back::{Means, take_back};
pub use record::{Kept, forget, forget_names, recall, remember};

use super::RestoreError;
use super::report::{Made, MadePane, Within};
use crate::model::ansi::label;
use crate::model::id::SnapshotId;
use crate::model::snapshot::ServerIdentity;
use crate::mux::MuxError;
use crate::mux::tmux::command::Command;
use crate::mux::tmux::{Tmux, names};

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
    /// tmux did not close it.
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
            LeftAlone::Grown(panes) => write!(f, "{panes} panes were opened in it since"),
            LeftAlone::Moved => f.write_str("it was moved to another place since"),
            LeftAlone::Respawned => f.write_str("something else was started in it since"),
            LeftAlone::Refused(why) => write!(f, "tmux did not close it: {why}"),
            LeftAlone::Lost(why) => write!(f, "it cannot be brought back: {why}"),
        }
    }
}

/// Closes the sessions, tabs and panes that a restore made. What was renamed, moved or started anew since, and what
/// is of another life of the server, is left alone; so are panes that somebody has opened in what was made.
///
/// # Errors
///
/// [`RestoreError::Mux`] when the server cannot be asked; that it has ended is not an error.
pub fn undo(tmux: &Tmux, made: &Undoable) -> Result<Undone, RestoreError> {
    let mut undone = Undone::default();
    if !is_same_life(tmux, made)? {
        undone.left = places(made)
            .map(|place| (place, LeftAlone::ServerEnded))
            .collect();
        return Ok(undone);
    }
    let alive = Alive::look(tmux)?;
    let own: BTreeSet<u32> = made.panes.iter().map(|pane| pane.id).collect();
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
    let kill = |name, id: String| Command::new(name).opt("-t", id);
    let commands: Vec<Command> = sessions
        .iter()
        .map(|session| kill("kill-session", format!("${}", session.id)))
        .chain(
            panes
                .iter()
                .map(|pane| kill("kill-pane", format!("%{}", pane.id))),
        )
        .collect();
    if commands.is_empty() {
        return Ok(undone);
    }
    // The server may end with its last session, and its answer with it: what is true is looked up.
    let why = match tmux.ask("closing what was made", &commands) {
        Ok(reply) => reply.complaints.join("; "),
        Err(error) => error.to_string(),
    };
    let still = Alive::look(tmux)?;
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
fn is_same_life(tmux: &Tmux, made: &Undoable) -> Result<bool, RestoreError> {
    match tmux.server() {
        Ok(server) => Ok(server.life() == made.server.life()),
        Err(MuxError::NoServer { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// What is alive, by tmux's numbers; nothing where no server is.
#[derive(Debug, Default)]
struct Alive {
    sessions: BTreeMap<u32, BString>,
    /// Process, and tab and session of each place.
    panes: BTreeMap<u32, (i32, Vec<(u32, u32)>)>,
}

impl Alive {
    fn look(tmux: &Tmux) -> Result<Self, RestoreError> {
        let commands = [
            Command::new("list-sessions").opt("-F", "#{session_id} #{session_name}"),
            Command::new("list-panes")
                .flag("-a")
                .opt("-F", "P #{pane_id} #{pane_pid} #{window_id} #{session_id}"),
        ];
        // Without sessions there is nothing to list.
        let answer = match tmux.ask("what is alive", &commands) {
            Ok(reply) => reply.stdout,
            Err(MuxError::NoServer { .. }) => return Ok(Self::default()),
            Err(error) => return Err(error.into()),
        };
        let mut alive = Self::default();
        for line in answer.lines() {
            match line.strip_prefix(b"P ") {
                Some(line) => {
                    alive.add(line);
                }
                None => alive.sessions.extend(session(line)),
            }
        }
        Ok(alive)
    }

    fn add(&mut self, line: &[u8]) -> Option<()> {
        let mut words = line.to_str().ok()?.split(' ');
        let id = words.next()?.strip_prefix('%')?.parse().ok()?;
        let pid = words.next()?.parse().ok()?;
        let tab = words.next()?.strip_prefix('@')?.parse().ok()?;
        let session = words.next()?.strip_prefix('$')?.parse().ok()?;
        let pane = self.panes.entry(id).or_insert((pid, Vec::new()));
        pane.1.push((tab, session));
        Some(())
    }

    /// How many panes of a session, and of no other one, are not among these.
    fn foreign(&self, session: u32, own: &BTreeSet<u32>) -> usize {
        let panes = self.panes.iter().filter(|(id, (_, places))| {
            !own.contains(id) && !places.is_empty() && places.iter().all(|place| place.1 == session)
        });
        panes.count()
    }

    /// Why a pane is not the one any more that was made.
    fn changed(&self, pane: &MadePane) -> Option<LeftAlone> {
        let Some((pid, places)) = self.panes.get(&pane.id) else {
            return Some(LeftAlone::Closed);
        };
        let stays = match pane.within {
            Within::Own(session) => places.iter().any(|place| place.1 == session),
            Within::Session(session, tab) => places.contains(&(tab, session)),
            Within::Tab(tab) => places.iter().any(|place| place.0 == tab),
        };
        if !stays {
            Some(LeftAlone::Moved)
        } else if *pid != pane.pid {
            Some(LeftAlone::Respawned)
        } else {
            None
        }
    }
}

/// Reads `$31 name`.
pub(super) fn session(line: &[u8]) -> Option<(u32, BString)> {
    let (id, name) = line.split_once_str(" ")?;
    let id = id.strip_prefix(b"$")?.to_str().ok()?.parse().ok()?;
    Some((id, names::given(name)))
}
