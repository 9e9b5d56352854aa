//! Keeping the old file, and putting the new one in its place.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::building::io_fault;
use super::{Point, Watch};
use crate::files;
use crate::store::fault::Fault;
use crate::store::parity;
use crate::store::schema::{self, Schema};

/// The directory of what is kept.
const DIR: &str = "backups";
/// Characters of the store's id in a name.
const ID_CHARS: usize = 8;

/// Where old files are kept.
pub(super) fn dir(store: &Path) -> PathBuf {
    store.join(DIR)
}

/// Where the old file is going to be kept: under a name that is free, or is its own already.
pub(super) fn path(store: &Path, file: &Path, schema: &Schema) -> PathBuf {
    let id: String = schema::hex(&schema.store).chars().take(ID_CHARS).collect();
    let stem = format!("muxtape-schema{}-{id}", schema.format);
    let dir = dir(store);
    let numbered = (2u64..).map(|number| dir.join(format!("{stem}-{number}.redb")));
    let mut names = std::iter::once(dir.join(format!("{stem}.redb"))).chain(numbered);
    let fits = |name: &PathBuf| fs::symlink_metadata(name).is_err() || is_same(name, file);
    names.find(fits).unwrap_or_else(|| dir.join(stem))
}

fn is_same(a: &Path, b: &Path) -> bool {
    let id = |path: &Path| Some(fs::symlink_metadata(path).ok()?).map(|own| (own.dev(), own.ino()));
    id(a).is_some() && id(a) == id(b)
}

/// Gives the old file a second name, then its first one to the new file. At every moment one of the two is
/// there under the store's name.
pub(super) fn swap(
    (file, new, backup): (&Path, &Path, &Path),
    watch: Watch<'_>,
) -> Result<(), Fault> {
    let (Some(dir), Some(kept)) = (file.parent(), backup.parent()) else {
        return Err(io_fault(io::ErrorKind::NotFound.into()));
    };
    files::private_dir(kept)?;
    // It may have been brought here from elsewhere.
    files::keep_from_others(file)?;
    watch(Point::Directory)?;
    match files::link(file, backup) {
        Err(_) if is_same(file, backup) => {}
        linked => linked?,
    }
    watch(Point::Kept)?;
    files::sync_dir(kept)?;
    files::sync_dir(dir)?;
    watch(Point::KeptForSure)?;
    // It tells of the old file.
    parity::forget(dir);
    files::rename(new, file)?;
    watch(Point::Replaced)?;
    Ok(files::sync_dir(dir)?)
}
