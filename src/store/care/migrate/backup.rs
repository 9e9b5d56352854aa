//! Where the old file is kept.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::store::file::schema::{self, Schema};

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
