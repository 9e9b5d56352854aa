//! The files of a repair: the damaged one, what is built beside it, and what is kept.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::files;
use crate::model::time::Millis;
use crate::store::file::lease::Place;
use crate::store::file::replace;
use crate::store::record::error::StoreError;

/// Where new files are built.
const WORK: &str = "repair";
/// Where damaged files are kept.
const KEPT: &str = "damaged";
/// Damaged files that are kept. A second repair soon after the first must not lose what that had;
/// ten of them would fill the disk.
const MOST_KEPT: usize = 4;

/// Where damaged files are kept.
pub(in crate::store) fn kept(store: &Path) -> PathBuf {
    store.join(KEPT)
}

/// Where new files are built.
pub(in crate::store) fn work(store: &Path) -> PathBuf {
    store.join(WORK)
}

/// Removes what a killed repair left. For whoever has the turn.
pub(in crate::store) fn tidy(store: &Path) -> io::Result<()> {
    Ok(files::remove_tree(&work(store)).map(drop)?)
}

/// The directory in which new files are built; it goes with everything in it.
pub(super) struct Work {
    dir: PathBuf,
}

impl Work {
    /// Makes it, without what a killed repair left in it.
    pub(super) fn make(store: &Path, operation: &'static str) -> Result<Self, StoreError> {
        let dir = work(store);
        let made = files::remove_tree(&dir).and_then(|_| files::new_dir(&dir));
        made.map_err(|error| StoreError::io(operation, &dir, error.into()))?;
        Ok(Self { dir })
    }

    /// A file in it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// A new directory in it, as that of a store.
    pub(super) fn store(&self, name: &str) -> io::Result<PathBuf> {
        let dir = self.dir.join(name);
        files::new_dir(&dir)?;
        Ok(dir)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let _ = files::remove_tree(&self.dir);
    }
}

/// Keeps the store's file under another name, and puts `new` in its place; says where the old one
/// is.
pub(super) fn swap(place: &Place<'_>, new: &Path, now: Millis) -> Result<PathBuf, StoreError> {
    let dir = kept(place.dir);
    let at = |error| StoreError::io("keep the damaged file", &dir, error);
    files::private_dir(&dir).map_err(|error| at(error.into()))?;
    let mut names = (0..=u32::MAX).map(|again| dir.join(name(now, again)));
    let is_free = |path: &PathBuf| path.symlink_metadata().is_err();
    let kept = names
        .find(is_free)
        .unwrap_or_else(|| dir.join(name(now, 0)));
    replace::put_in_place(new, place.file, Some(&kept))
        .map_err(|fault| fault.at(super::OPERATION, place.file))?;
    forget_oldest(&dir).map_err(at)?;
    Ok(kept)
}

/// A name whose order is that of time.
fn name(now: Millis, again: u32) -> String {
    format!("muxtape.{:014}.{again:02}.redb", now.0.max(0))
}

fn forget_oldest(dir: &Path) -> io::Result<()> {
    let mut kept = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if name.starts_with(b"muxtape.") && name.ends_with(b".redb") {
            kept.push(entry.path());
        }
    }
    kept.sort();
    let surplus = kept.len().saturating_sub(MOST_KEPT);
    for path in kept.iter().take(surplus) {
        files::remove(path)?;
    }
    Ok(())
}
