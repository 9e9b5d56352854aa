//! What restores made, kept in a small private file, so that it can be taken back later and by
//! another process: the last ones of every server, newest last.

use std::fs::File;
use std::io;
use std::path::Path;

use bstr::BString;
use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};

use super::Undoable;
use crate::files;
use crate::model::id::SnapshotId;
use crate::model::snapshot::ServerIdentity;
use crate::model::time::Millis;
use crate::model::tree::SessionId;
use crate::restore::RestoreError;
use crate::restore::report::{Made, MadePane};

/// The name of the file, below the directory for state.
const FILE: &str = "restores.json";
/// Its lock: one writes at a time.
const LOCK: &str = "restores.lock";
/// The file of versions that knew the last restore alone.
const OLD: &str = "last-restore.json";
/// The longest file that is read: a hundred times what a large server makes of it.
const MAX_BYTES: u64 = 64 << 20;
/// How many restores are known.
const KEPT: usize = 32;

/// A restore that can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What names it within the file.
    pub record: u64,
    /// When it was done.
    pub at: Millis,
    /// What it made.
    pub made: Undoable,
}

/// The file's contents. Names are written as bytes.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Records {
    restores: Vec<Record>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    #[serde(default)]
    record: u64,
    server: ServerIdentity,
    /// When; files of older versions do not tell.
    #[serde(default)]
    at: Millis,
    sessions: Vec<(SessionId, BString, BString)>,
    /// What their users call them, in the same order.
    #[serde(default)]
    called: Vec<String>,
    #[serde(default)]
    panes: Vec<MadePane>,
    #[serde(default)]
    replaced: Vec<BString>,
    #[serde(default)]
    undo: Option<SnapshotId>,
}

/// Keeps what a restore made, and when, in a file (0600) of `dir`, which is made (0700) where it is
/// not there; what names it there.
///
/// # Errors
///
/// [`RestoreError::Files`] when it cannot be written.
pub fn remember(dir: &Path, made: &Undoable, at: Millis) -> Result<u64, RestoreError> {
    let path = dir.join(FILE);
    let failed = |error| failed(&path)(error);
    files::private_dir(dir).map_err(|error| failed(error.into()))?;
    let _lock = lock(dir).map_err(failed)?;
    // One that cannot be read is no reason to forget this one.
    let mut records = read(dir).unwrap_or_default();
    let newest = records.restores.iter().map(|record| record.record).max();
    let number = newest.unwrap_or(0) + 1;
    let sessions = made.sessions.iter();
    records.restores.push(Record {
        record: number,
        server: made.server.clone(),
        at,
        sessions: sessions
            .map(|made| (made.id, made.from.clone(), made.to.clone()))
            .collect(),
        called: made
            .sessions
            .iter()
            .map(|made| made.called.clone())
            .collect(),
        panes: made.panes.clone(),
        replaced: made.replaced.clone(),
        undo: made.undo,
    });
    let extra = records.restores.len().saturating_sub(KEPT);
    records.restores.drain(..extra);
    write(dir, &records).map_err(failed)?;
    Ok(number)
}

/// What restores made, of all servers, the newest first.
///
/// # Errors
///
/// [`RestoreError::Files`] when the file cannot be read.
pub fn recall(dir: &Path) -> Result<Vec<Kept>, RestoreError> {
    let records = read(dir).map_err(failed(&dir.join(FILE)))?;
    let records = records.restores.into_iter().rev();
    let kept = records.map(|record| {
        let called = record
            .called
            .into_iter()
            .chain(std::iter::repeat(String::new()));
        let sessions = record.sessions.into_iter().zip(called);
        Kept {
            record: record.record,
            at: record.at,
            made: Undoable {
                server: record.server,
                sessions: sessions
                    .map(|((id, from, to), called)| Made {
                        from,
                        to,
                        id,
                        called,
                    })
                    .collect(),
                panes: record.panes,
                replaced: record.replaced,
                undo: record.undo,
            },
        }
    });
    Ok(kept.collect())
}

/// Forgets what a restore made: it has been taken back.
///
/// # Errors
///
/// [`RestoreError::Files`] when the file cannot be written.
pub fn forget(dir: &Path, record: u64) -> Result<(), RestoreError> {
    let path = dir.join(FILE);
    let failed = |error| failed(&path)(error);
    if !dir.is_dir() {
        return Ok(());
    }
    let _lock = lock(dir).map_err(failed)?;
    let mut records = read(dir).map_err(failed)?;
    let before = records.restores.len();
    records.restores.retain(|kept| kept.record != record);
    if records.restores.len() == before {
        return Ok(());
    }
    write(dir, &records).map_err(failed)
}

/// Forgets every restore that has a name of a session of which `holds` says so: what is left of it
/// cannot be taken back any more. Says how many those were.
///
/// # Errors
///
/// [`RestoreError::Files`] when the file cannot be read or written.
pub fn forget_names(dir: &Path, holds: impl Fn(&BString) -> bool) -> Result<usize, RestoreError> {
    let path = dir.join(FILE);
    let failed = |error| failed(&path)(error);
    if !dir.is_dir() {
        return Ok(0);
    }
    let _lock = lock(dir).map_err(failed)?;
    let mut records = read(dir).map_err(failed)?;
    let before = records.restores.len();
    records.restores.retain(|kept| {
        let made = kept.sessions.iter().flat_map(|(_, from, to)| [from, to]);
        let panes = kept.panes.iter().map(|pane| &pane.target.session);
        !made.chain(panes).chain(&kept.replaced).any(&holds)
    });
    let gone = before.saturating_sub(records.restores.len());
    if gone > 0 {
        write(dir, &records).map_err(failed)?;
    }
    Ok(gone)
}

/// Waits for its turn; the lock falls with what is given back.
fn lock(dir: &Path) -> io::Result<File> {
    let file = files::open_or_create(&dir.join(LOCK))?;
    rustix::fs::flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}

fn read(dir: &Path) -> io::Result<Records> {
    let mut records: Records = match open(&dir.join(FILE))? {
        Some(text) => serde_json::from_slice(&text)?,
        None => Records::default(),
    };
    // The older form: one restore, before all others.
    if let Some(text) = open(&dir.join(OLD))? {
        let old: Record = serde_json::from_slice(&text)?;
        records.restores.insert(0, old);
    }
    Ok(records)
}

fn open(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match files::read(path, MAX_BYTES) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn write(dir: &Path, records: &Records) -> io::Result<()> {
    files::replace(&dir.join(FILE), &serde_json::to_vec(records)?)?;
    // What it said stands in the new file, or was taken back.
    files::remove(&dir.join(OLD))?;
    Ok(())
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> RestoreError {
    let path = path.display().to_string();
    move |source| RestoreError::Files { path, source }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::store::testing::server;

    fn made(pid: i32, socket: &str) -> Undoable {
        let mut server = server(pid);
        server.socket = socket.into();
        Undoable {
            server,
            sessions: vec![Made {
                from: "a\tb".into(),
                to: "a".into(),
                id: SessionId::of(3),
                called: String::new(),
            }],
            panes: Vec::new(),
            replaced: vec!["a".into()],
            undo: None,
        }
    }

    #[test]
    fn restores_are_kept_one_upon_the_other_for_their_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("state");
        assert!(recall(&dir).unwrap().is_empty());
        for pid in 1..=40 {
            let socket = if pid % 2 == 0 { "/even" } else { "/odd" };
            remember(&dir, &made(pid, socket), Millis(pid.into())).unwrap();
        }
        let mode = |name: &str| {
            let data = fs::metadata(dir.join(name)).unwrap();
            data.permissions().mode() & 0o777
        };
        assert_eq!((mode(FILE), mode(LOCK)), (0o600, 0o600));
        let all = recall(&dir).unwrap();
        assert_eq!(all.len(), KEPT);
        assert_eq!(all[0].made, made(40, "/even"));
        let odd = |dir: &Path| {
            let mut kept = recall(dir).unwrap();
            kept.retain(|kept| kept.made.server.socket == "/odd");
            kept
        };
        let before = odd(&dir);
        assert_eq!((before.len(), before[0].at), (KEPT / 2, Millis(39)));
        forget(&dir, before[0].record).unwrap();
        assert_eq!(odd(&dir)[0].at, Millis(37));
        assert_eq!(recall(&dir).unwrap()[0].at, Millis(40));
    }

    #[test]
    fn what_an_older_version_kept_comes_after_all_others() {
        let dir = tempfile::tempdir().unwrap();
        let old = made(7, "/s").server;
        let old = serde_json::json!({ "server": old, "sessions": [[3, [97], [98]]] });
        fs::write(dir.path().join(OLD), old.to_string()).unwrap();
        let kept = recall(dir.path()).unwrap();
        assert_eq!((kept.len(), kept[0].at), (1, Millis(0)));
        assert_eq!(kept[0].made.sessions[0].to, "b");
        remember(dir.path(), &made(8, "/s"), Millis(9)).unwrap();
        let kept = recall(dir.path()).unwrap();
        assert_eq!(
            (kept.len(), kept[0].at, kept[1].at),
            (2, Millis(9), Millis(0))
        );
        forget(dir.path(), kept[1].record).unwrap();
        assert_eq!(recall(dir.path()).unwrap().len(), 1);
    }

    #[test]
    fn restores_are_forgotten_by_the_names_in_them() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(forget_names(&dir.path().join("none"), |_| true).unwrap(), 0);
        let mut other = made(8, "/s");
        other.replaced = vec!["secret".into()];
        remember(dir.path(), &made(7, "/s"), Millis(1)).unwrap();
        remember(dir.path(), &other, Millis(2)).unwrap();
        let secret = |name: &BString| name == "secret";
        assert_eq!(forget_names(dir.path(), secret).unwrap(), 1);
        assert_eq!(forget_names(dir.path(), secret).unwrap(), 0);
        let left = recall(dir.path()).unwrap();
        assert_eq!((left.len(), left[0].at), (1, Millis(1)));
        let to = |name: &BString| name == "a\tb";
        assert_eq!(forget_names(dir.path(), to).unwrap(), 1);
    }
}
