//! The rules of today, applied to the past: what was recorded, and what else muxtape wrote.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::OpsError;
use super::host::Host;
use crate::capture::Recheck;
use crate::files;
use crate::model::snapshot::RedactionCount;
use crate::redact::{Redactor, Tally};
use crate::restore::undo;
use crate::store::{Findings, RewriteStep};

/// Larger files are not read: nothing that muxtape writes beside the store is as large.
const MAX_FILE_BYTES: u64 = 256 << 20;

/// Files beside the store's own that may hold what is taken out of the history.
#[derive(Debug, Clone, Default)]
pub struct OtherFiles {
    /// Older files of the store.
    pub old: Vec<PathBuf>,
    /// Files in the directory of state in which the rules find something.
    pub found: Vec<PathBuf>,
}

impl OtherFiles {
    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &PathBuf> {
        self.old.iter().chain(&self.found)
    }
}

/// What was taken out of the past.
#[derive(Debug)]
pub struct Rechecked {
    /// What was taken out of the history, where it was rewritten.
    pub rewritten: Option<Findings>,
    /// Restores that cannot be taken back any more, because of names in them.
    pub restores_forgotten: usize,
    /// Other files that may hold the same.
    pub others: OtherFiles,
    /// Whether they were removed.
    pub others_removed: bool,
}

impl Host {
    /// What the rules of today, and what is never recorded, find in the history. Changes nothing.
    pub fn plan_recheck(
        &self,
        progress: &mut dyn FnMut(RewriteStep),
    ) -> Result<Findings, OpsError> {
        let plan = self.store().plan_rewrite(&self.cleaner()?, progress)?;
        Ok(plan.stored.with(&plan.waiting))
    }

    /// Takes that out of the history for good, where `rewrite` says so; then out of what else
    /// muxtape wrote. Other files that may hold it are removed if `remove` says so.
    pub fn recheck(
        &self,
        rewrite: bool,
        progress: &mut dyn FnMut(RewriteStep),
        remove: &mut dyn FnMut(&OtherFiles) -> bool,
    ) -> Result<Rechecked, OpsError> {
        let rewritten = match rewrite {
            true => {
                let done = self.store().rewrite(&self.cleaner()?, self.now(), progress);
                let done = self.noted(done, |_, _| Vec::new())?;
                Some(done.stored.with(&done.waiting))
            }
            false => None,
        };
        let others = self.recheck_others(remove);
        // Last: the journal may be among the files that were removed.
        if let Some(findings) = &rewritten {
            let taken = counts(findings);
            self.note(|tell| tell.rewritten(findings.changed, &taken));
        }
        let (restores_forgotten, others, others_removed) = others?;
        Ok(Rechecked {
            rewritten,
            restores_forgotten,
            others,
            others_removed,
        })
    }

    fn recheck_others(
        &self,
        remove: &mut dyn FnMut(&OtherFiles) -> bool,
    ) -> Result<(usize, OtherFiles, bool), OpsError> {
        let redactor = self.redactor()?;
        let forgotten = undo::forget_names(&self.paths().state, |name| holds(redactor, name))?;
        let others = self.other_files()?;
        let removed = others.all().next().is_some() && remove(&others);
        if removed {
            self.store().remove_old_files(&others.old)?;
            for file in &others.found {
                files::remove(file).map_err(|error| failed("remove", file, error.into()))?;
            }
        }
        Ok((forgotten, others, removed))
    }

    /// Files that may hold what the rules find.
    pub fn other_files(&self) -> Result<OtherFiles, OpsError> {
        let state = &self.paths().state;
        let found = holding(state, self.redactor()?);
        Ok(OtherFiles {
            old: self.store().old_files()?,
            found: found.map_err(|error| failed("look through", state, error))?,
        })
    }

    pub(super) fn cleaner(&self) -> Result<Recheck<'_>, OpsError> {
        Ok(Recheck {
            redactor: self.redactor()?,
            exclusions: self.exclusions(),
        })
    }
}

/// What was taken out, by rule.
fn counts(findings: &Findings) -> Vec<RedactionCount> {
    let rules = findings.rules.iter().map(|own| RedactionCount {
        rule: own.rule.clone(),
        count: u32::try_from(own.times).unwrap_or(u32::MAX),
    });
    rules.collect()
}

fn holds(redactor: &Redactor, bytes: &[u8]) -> bool {
    let clean = redactor.name(bytes, &mut Tally::default());
    clean.as_slice() != bytes
}

/// Files of this directory, without those in directories below it, in which the rules find
/// something.
fn holding(dir: &Path, redactor: &Redactor) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let is_own = fs::symlink_metadata(&path)
            .is_ok_and(|data| data.is_file() && data.len() <= MAX_FILE_BYTES);
        // One that has gone in the meantime, or cannot be read, was none of ours.
        if is_own && files::read(&path, MAX_FILE_BYTES).is_ok_and(|bytes| holds(redactor, &bytes)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn failed(what: &'static str, path: &Path, source: io::Error) -> OpsError {
    OpsError::File {
        what,
        path: path.to_owned(),
        source,
    }
}
