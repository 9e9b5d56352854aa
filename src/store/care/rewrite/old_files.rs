//! Other files that hold what the store held before.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::files;
use crate::store::care::migrate;
use crate::store::care::repair;
use crate::store::file::replace::Turn;
use crate::store::record::error::StoreError;
use crate::store::{Store, spool};

const OPERATION: &str = "look for older files of the store";
const REMOVE: &str = "remove older files of the store";

impl Store {
    /// Files in the store's directory that hold captured texts and that [`Store::rewrite`] leaves
    /// as they are: stores of older forms and damaged ones that were kept, what killed migrations
    /// and repairs left, and captures that could not be taken in. In the order of their names.
    pub fn old_files(&self) -> Result<Vec<PathBuf>, StoreError> {
        let mut found = Vec::new();
        let dirs = [
            migrate::backups(self.dir()),
            repair::kept(self.dir()),
            repair::work(self.dir()),
        ];
        for dir in dirs {
            files(&dir, &mut found).map_err(|error| StoreError::io(OPERATION, &dir, error))?;
        }
        let building = migrate::building(self.dir());
        if building.symlink_metadata().is_ok() {
            found.push(building);
        }
        let aside = spool::set_aside(self.dir());
        found.extend(aside.map_err(|error| StoreError::io(OPERATION, self.dir(), error))?);
        found.sort();
        Ok(found)
    }

    /// Removes files that [`Store::old_files`] told of, for good. One that has gone already is no
    /// error.
    pub fn remove_old_files(&self, old: &[PathBuf]) -> Result<(), StoreError> {
        // A repair may be making some of them just now.
        let _turn = Turn::take(self.place(), REMOVE)?;
        for file in old {
            let removed = files::remove(file).and_then(|_| match file.parent() {
                Some(dir) => files::sync_dir(dir),
                None => Ok(()),
            });
            removed.map_err(|error| StoreError::io(REMOVE, file, error.into()))?;
        }
        Ok(())
    }
}

/// Everything below a directory that is no directory.
fn files(dir: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files(&entry.path(), found)?;
        } else {
            found.push(entry.path());
        }
    }
    Ok(())
}
