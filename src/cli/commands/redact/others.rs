//! What else muxtape wrote that may hold what is taken out of the history.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::files;
use crate::redact::{Redactor, Tally};
use crate::restore::undo;

/// Larger files are not read: nothing that muxtape writes beside the store is as large.
const MOST_BYTES: u64 = 256 << 20;

/// Files beside the store's own.
#[derive(Debug, Clone, Default)]
pub(super) struct Others {
    /// Older files of the store.
    pub(super) old: Vec<PathBuf>,
    /// Files in the directory of state in which the rules find something.
    pub(super) found: Vec<PathBuf>,
}

impl Others {
    /// Looks for them.
    pub(super) fn find(context: &Context, redactor: &Redactor) -> Result<Self, CliError> {
        let state = &context.paths.state;
        let found = holding(state, redactor).map_err(|error| failed(state, &error))?;
        Ok(Self {
            old: context.store().old_files()?,
            found,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.old.is_empty() && self.found.is_empty()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &PathBuf> {
        self.old.iter().chain(&self.found)
    }

    /// Removes them.
    pub(super) fn remove(&self, context: &Context) -> Result<(), CliError> {
        context.store().remove_old_files(&self.old)?;
        for file in &self.found {
            files::remove(file).map_err(|error| failed(file, &error.into()))?;
        }
        Ok(())
    }
}

/// Forgets what restores made under names in which the rules find something; says how many restores can not be
/// taken back any more.
pub(super) fn forget_restores(context: &Context, redactor: &Redactor) -> Result<usize, CliError> {
    let holds = |name: &_| holds(redactor, name);
    Ok(undo::forget_names(&context.paths.state, |name| {
        holds(name)
    })?)
}

fn holds(redactor: &Redactor, bytes: &[u8]) -> bool {
    let clean = redactor.name(bytes, &mut Tally::default());
    clean.as_slice() != bytes
}

/// Files of this directory, without those in directories below it, in which the rules find something.
fn holding(dir: &Path, redactor: &Redactor) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let is_own = fs::symlink_metadata(&path)
            .is_ok_and(|data| data.is_file() && data.len() <= MOST_BYTES);
        // One that has gone in the meantime, or cannot be read, was none of ours.
        if is_own && files::read(&path).is_ok_and(|bytes| holds(redactor, &bytes)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn failed(path: &Path, error: &io::Error) -> CliError {
    let what = format!(
        "could not look through or remove {}: {error}",
        path.display()
    );
    CliError::new(Exit::Failed, what)
}
