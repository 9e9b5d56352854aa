//! Takes back what a restore made: exactly its sessions, as long as they are still those.
//!
//! What the last restore made is kept in a small private file, so that it can be taken back later and
//! by another process.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use bstr::{BString, ByteSlice};
use serde::{Deserialize, Serialize};

use super::RestoreError;
use super::report::Made;
use crate::model::ansi::label;
use crate::model::snapshot::ServerIdentity;
use crate::model::time::Millis;
use crate::mux::MuxError;
use crate::mux::tmux::command::Command;
use crate::mux::tmux::{Tmux, names};

/// The name of the file, below the directory for state.
const FILE: &str = "last-restore.json";

/// What a restore made, and on which server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undoable {
    /// The server that the sessions were made on; numbers hold only in its life.
    pub server: ServerIdentity,
    /// The sessions.
    pub sessions: Vec<Made>,
}

/// What became of taking it back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Undone {
    /// Sessions that were closed.
    pub closed: Vec<Made>,
    /// Sessions that were left alone, and why.
    pub left: Vec<(Made, LeftAlone)>,
}

/// Why a session was left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftAlone {
    /// The server that it was made on has ended.
    ServerEnded,
    /// Somebody has closed it already.
    Closed,
    /// It is called this now: somebody has made it their own.
    Renamed(BString),
    /// tmux did not close it.
    Refused(String),
}

impl fmt::Display for LeftAlone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LeftAlone::ServerEnded => f.write_str("its server has ended since"),
            LeftAlone::Closed => f.write_str("it is closed already"),
            LeftAlone::Renamed(name) => write!(f, "it is called {} now", label(name)),
            LeftAlone::Refused(why) => write!(f, "tmux did not close it: {why}"),
        }
    }
}

/// Closes the sessions that a restore made. One that was renamed since, or that is of another life of
/// the server, is left alone.
///
/// # Errors
///
/// [`RestoreError::Mux`] when the server cannot be asked; that it has ended is not an error.
pub fn undo(tmux: &Tmux, made: &Undoable) -> Result<Undone, RestoreError> {
    let mut undone = Undone::default();
    let same_life = match tmux.server() {
        Ok(server) => server.life() == made.server.life(),
        Err(MuxError::NoServer { .. }) => false,
        Err(error) => return Err(error.into()),
    };
    if !same_life {
        let sessions = made.sessions.iter().cloned();
        undone.left = sessions.map(|one| (one, LeftAlone::ServerEnded)).collect();
        return Ok(undone);
    }
    let alive = alive(tmux)?;
    let mut own = Vec::new();
    for session in &made.sessions {
        match alive.get(&session.id) {
            None => undone.left.push((session.clone(), LeftAlone::Closed)),
            Some(name) if *name == session.to => own.push(session.clone()),
            Some(name) => {
                let now = LeftAlone::Renamed(name.clone());
                undone.left.push((session.clone(), now));
            }
        }
    }
    let commands: Vec<Command> = own
        .iter()
        .map(|session| Command::new("kill-session").opt("-t", format!("${}", session.id)))
        .collect();
    if commands.is_empty() {
        return Ok(undone);
    }
    // The server may end with its last session, and its answer with it: what is true is looked up.
    let why = match tmux.ask("closing what was made", &commands) {
        Ok(reply) => reply.complaints.join("; "),
        Err(error) => error.to_string(),
    };
    let still = self::alive(tmux)?;
    for session in own {
        if still.contains_key(&session.id) {
            let refused = LeftAlone::Refused(why.clone());
            undone.left.push((session, refused));
        } else {
            undone.closed.push(session);
        }
    }
    Ok(undone)
}

/// The sessions that are alive, by tmux's number; none where no server is.
fn alive(tmux: &Tmux) -> Result<BTreeMap<u32, BString>, RestoreError> {
    let list = Command::new("list-sessions").opt("-F", "#{session_id} #{session_name}");
    match tmux.run("its sessions", &[list]) {
        Ok(answer) => Ok(answer.lines().filter_map(session).collect()),
        Err(MuxError::NoServer { .. }) => Ok(BTreeMap::new()),
        Err(error) => Err(error.into()),
    }
}

/// Reads `$31 name`.
pub(super) fn session(line: &[u8]) -> Option<(u32, BString)> {
    let (id, name) = line.split_once_str(" ")?;
    let id = id.strip_prefix(b"$")?.to_str().ok()?.parse().ok()?;
    Some((id, names::given(name)))
}

/// The file's contents. Names are written as bytes.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    server: ServerIdentity,
    /// When; files of older versions do not tell.
    #[serde(default)]
    at: Millis,
    sessions: Vec<(u32, BString, BString)>,
}

/// Keeps what the last restore made, and when, in a file (0600) of `dir`, which is made (0700) where it is not
/// there.
///
/// # Errors
///
/// [`RestoreError::Files`] when it cannot be written.
pub fn remember(dir: &Path, made: &Undoable, at: Millis) -> Result<(), RestoreError> {
    let path = dir.join(FILE);
    let sessions = made.sessions.iter();
    let record = Record {
        server: made.server.clone(),
        at,
        sessions: sessions
            .map(|made| (made.id, made.from.clone(), made.to.clone()))
            .collect(),
    };
    let write = || -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        // Never half of it: the old one stays until the new one is whole.
        let new = dir.join(format!("{FILE}.{}", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        options
            .open(&new)?
            .write_all(&serde_json::to_vec(&record)?)?;
        fs::rename(&new, &path)
    };
    write().map_err(failed(&path))
}

/// What the last restore made, and when; `None` where there is nothing to take back.
///
/// # Errors
///
/// [`RestoreError::Files`] when the file cannot be read.
pub fn recall(dir: &Path) -> Result<Option<(Undoable, Millis)>, RestoreError> {
    let path = dir.join(FILE);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&path)(error)),
    };
    let record: Record =
        serde_json::from_slice(&text).map_err(|error| failed(&path)(error.into()))?;
    let sessions = record.sessions.into_iter();
    let made = Undoable {
        server: record.server,
        sessions: sessions
            .map(|(id, from, to)| Made { from, to, id })
            .collect(),
    };
    Ok(Some((made, record.at)))
}

/// Forgets what the last restore made: it has been taken back.
///
/// # Errors
///
/// [`RestoreError::Files`] when the file cannot be removed.
pub fn forget(dir: &Path) -> Result<(), RestoreError> {
    let path = dir.join(FILE);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&path)(error)),
        _ => Ok(()),
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> RestoreError {
    let path = path.display().to_string();
    move |source| RestoreError::Files { path, source }
}
