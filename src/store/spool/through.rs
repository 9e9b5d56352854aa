//! Putting what waits through something, without taking it in.

use std::io;
use std::path::{Path, PathBuf};

use super::dir::{SpoolDir, Turn, Waiting};
use super::file::{self, BadFile, SpooledCapture};
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::request::Recording;

const OPERATION: &str = "look through the spool";

/// What is to become of a waiting snapshot.
pub(in crate::store) enum Through {
    /// It stays as it is.
    Keep,
    /// This takes its place.
    Replace(Box<Recording>),
    /// It goes.
    Remove,
}

/// What waits, while nobody else takes it in or throws it away.
pub(in crate::store) struct Held {
    dir: SpoolDir,
    _turn: Turn,
}

impl Held {
    /// Takes hold of it; nothing where another process has it. What killed processes left half
    /// written goes.
    pub(in crate::store) fn take(data: &Path) -> io::Result<Option<Self>> {
        let dir = SpoolDir::new(data);
        dir.make()?;
        let Some(turn) = dir.turn()? else {
            return Ok(None);
        };
        dir.clean(&turn)?;
        Ok(Some(Self { dir, _turn: turn }))
    }

    /// Puts everything that waits through `through`, oldest first. What is damaged is set aside.
    pub(in crate::store) fn put_through(
        &self,
        through: &mut dyn FnMut(Recording) -> Result<Through, Fault>,
    ) -> Result<(), StoreError> {
        let at = |source| StoreError::io(OPERATION, self.dir.path(), source);
        for waiting in self.dir.waiting().map_err(at)? {
            let SpooledCapture { new, unchanged } = match read(&self.dir, &waiting).map_err(at)? {
                Ok(aside) => aside,
                Err(BadFile::Newer(_)) => continue,
                Err(_) => {
                    self.dir.set_aside(&waiting).map_err(at)?;
                    continue;
                }
            };
            let done = match through(new).map_err(|fault| fault.at(OPERATION, self.dir.path()))? {
                Through::Keep => Ok(()),
                Through::Remove => self.dir.remove(&waiting),
                Through::Replace(new) => {
                    let aside = SpooledCapture {
                        new: *new,
                        unchanged,
                    };
                    let sealed = file::seal(aside).map_err(io::Error::other);
                    sealed.and_then(|bytes| self.dir.replace(&waiting, &bytes))
                }
            };
            done.map_err(at)?;
        }
        Ok(())
    }

    /// Shows everything that waits, oldest first, and changes nothing. What cannot be read is
    /// passed over.
    pub(in crate::store) fn look(
        data: &Path,
        show: &mut dyn FnMut(Recording) -> Result<(), Fault>,
    ) -> Result<(), StoreError> {
        let dir = SpoolDir::new(data);
        let at = |source| StoreError::io(OPERATION, dir.path(), source);
        for waiting in dir.waiting().map_err(at)? {
            // One that has gone in the meantime was taken in.
            if let Ok(Ok(aside)) = read(&dir, &waiting) {
                show(aside.new).map_err(|fault| fault.at(OPERATION, dir.path()))?;
            }
        }
        Ok(())
    }
}

/// Files that cannot be taken in: those that were set aside, and those of newer versions.
pub(in crate::store) fn set_aside(data: &Path) -> io::Result<Vec<PathBuf>> {
    let dir = SpoolDir::new(data);
    let mut found = dir.aside()?;
    for waiting in dir.waiting()? {
        if let Ok(Err(_)) = read(&dir, &waiting) {
            found.push(dir.place(&waiting));
        }
    }
    Ok(found)
}

fn read(dir: &SpoolDir, waiting: &Waiting) -> io::Result<Result<SpooledCapture, BadFile>> {
    Ok(file::open(&dir.read(waiting)?))
}
