//! The spool: where captures wait that find the store busy or unwritable.
//!
//! Each waits in a synced file of its own, beside the store, and is taken in by the next who can
//! write to the store: in the order of their times, each under its own time. A snapshot that is
//! there already is not stored a second time, so a kill between storing it and removing its file
//! does no harm.

mod bounds;
mod dir;
mod file;
mod take;
mod through;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;

pub(super) use take::seed;
pub(super) use through::{Held, Through, set_aside};

#[cfg(test)]
pub(super) use file::example;

use dir::SpoolDir;
use file::SpooledCapture;

use crate::model::words::count;
use crate::store::Store;
use crate::store::record::error::StoreError;
use crate::store::record::request::{NewSnapshot, Recorded, Recording, Unchanged};
use crate::store::snapshot::names;

const OPERATION: &str = "spool a snapshot";

/// What became of a snapshot that was to be recorded, or else spooled.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one at a time, and never kept")]
pub enum Kept {
    /// The store has it.
    Recorded(Recorded),
    /// It is safe beside the store, and waits to be taken in.
    Spooled(Spooled),
}

/// A snapshot that was spooled.
#[derive(Debug)]
pub struct Spooled {
    /// Why the store could not take it.
    pub why: StoreError,
    /// How many wait, this one included.
    pub waiting: usize,
    /// How many older automatic ones were thrown away to make room for it.
    pub dropped: usize,
}

/// What was taken in of spooled captures.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TakenIn {
    /// Snapshots that were stored, or equalled the one before them.
    pub taken: usize,
    /// Of these, how many lack texts that were lost; they are marked as partial.
    pub partial: usize,
    /// Of these, how many lost their name, because another snapshot has it now.
    pub unnamed: usize,
    /// Files that are damaged or cannot be stored, under the names that they have now.
    pub set_aside: Vec<PathBuf>,
    /// Snapshots that still wait: another process is taking them in, a newer muxtape wrote them, or
    /// they cannot be read.
    pub waiting: usize,
    /// Why the spool itself could not be used, if so. The store can be.
    pub trouble: Option<String>,
}

impl fmt::Display for Spooled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "spooled, and stored as soon as the store can be written ({} waiting",
            self.waiting
        )?;
        if self.dropped > 0 {
            write!(f, ", {} older dropped", self.dropped)?;
        }
        write!(f, "): {}", self.why)
    }
}

impl TakenIn {
    /// Whether there was nothing to be done.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.taken == 0 && self.set_aside.is_empty() && self.trouble.is_none()
    }
}

impl fmt::Display for TakenIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let taken = count(self.taken as u64, "spooled snapshot");
        write!(f, "stored {taken}")?;
        if self.partial > 0 {
            write!(f, "; {} of them without texts that were lost", self.partial)?;
        }
        if self.unnamed > 0 {
            write!(f, "; {} of them without a name that is taken", self.unnamed)?;
        }
        for file in &self.set_aside {
            write!(f, "; damaged: {}", file.display())?;
        }
        if let Some(trouble) = &self.trouble {
            write!(f, "; not all could be taken in: {trouble}")?;
        }
        Ok(())
    }
}

impl Store {
    /// Records a snapshot as [`Store::record`] does. Where the store is the obstacle, and not the
    /// snapshot, it is spooled: the next who can write takes it in. An error means that it is
    /// neither here nor there.
    pub fn record_or_spool(
        &self,
        new: NewSnapshot,
        unchanged: Unchanged,
    ) -> Result<Kept, StoreError> {
        let new = Recording::from(new);
        // Those that wait are older. While they cannot be stored, this one cannot either, and there
        // is no use in waiting twice.
        let why = match self.take_in() {
            Err(error) if error.is_about_the_store() => error,
            _ => match self.record_only(&new, unchanged) {
                Err(error) if error.is_about_the_store() => error,
                recorded => return recorded.map(Kept::Recorded),
            },
        };
        self.aside(new, unchanged, why).map(Kept::Spooled)
    }

    /// Spools a snapshot that could not be recorded because of `why`. It is refused where the store
    /// would refuse it too.
    pub fn spool(
        &self,
        new: NewSnapshot,
        unchanged: Unchanged,
        why: StoreError,
    ) -> Result<Spooled, StoreError> {
        self.aside(new.into(), unchanged, why)
    }

    fn aside(
        &self,
        new: Recording,
        unchanged: Unchanged,
        why: StoreError,
    ) -> Result<Spooled, StoreError> {
        new.state.check().map_err(StoreError::Invalid)?;
        if let Err(error) = names::check_sound(new.name.as_deref()) {
            return Err(error.at(OPERATION, &self.file));
        }
        let dir = SpoolDir::new(&self.dir);
        match bounds::put(&dir, SpooledCapture { new, unchanged }) {
            Ok((waiting, dropped)) => Ok(Spooled {
                why,
                waiting,
                dropped,
            }),
            Err(aside) => Err(StoreError::NotKept {
                why: Box::new(why),
                aside: Box::new(aside),
            }),
        }
    }

    /// Takes in spooled captures. Costs next to nothing where there is none; where another process
    /// is at it, it is left to that one. What was taken in before an error stays so; an error means
    /// that the store cannot be written.
    pub fn take_in(&self) -> Result<TakenIn, StoreError> {
        take::take_in(self, &SpoolDir::new(&self.dir))
    }

    /// How many snapshots wait to be taken in.
    pub fn waiting(&self) -> Result<usize, StoreError> {
        let dir = SpoolDir::new(&self.dir);
        let waiting = dir.waiting();
        waiting
            .map(|files| files.len())
            .map_err(|source| StoreError::io("look for spooled captures", dir.path(), source))
    }
}
