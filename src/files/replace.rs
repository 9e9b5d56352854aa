//! Writing a file anew: it is the old one or the new one at every moment, whoever is killed.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use super::error::FileError;
use super::{create_new, open_to_write, remove, rename, sync_dir};

/// How names of files begin that are being written. A file is locked as long as it is: those of
/// killed processes are not, and go when the same file is written next.
pub const WRITING: &str = ".new-";

/// Writes a file (0600) under a name beside its own, puts it on the disk, and gives it its name; a
/// link that had that name is gone then, and what it led to is as it was. Two that write the same
/// file do so one after the other.
///
/// # Errors
///
/// What the system says; the old file is as it was.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let writing = beside(path);
    let mut file = begin(&writing)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(FileError::at("write", path))
        .and_then(|()| rename(&writing, path));
    if written.is_err() {
        let _ = remove(&writing);
    }
    written?;
    sync_dir(dir_of(path))
}

fn dir_of(path: &Path) -> &Path {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    dir.unwrap_or(Path::new("."))
}

fn beside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(WRITING);
    name.push(path.file_name().unwrap_or_default());
    dir_of(path).join(name)
}

/// Makes the file and locks it. Waits for another process that is writing it.
fn begin(path: &Path) -> Result<File, FileError> {
    loop {
        let made = create_new(path);
        let left = made.is_err();
        let file = match made {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                match open_to_write(path) {
                    // It was finished just now.
                    Err(error) if error.is_not_found() => continue,
                    opened => opened?,
                }
            }
            made => made?,
        };
        let lock = || rustix::fs::flock(&file, FlockOperation::LockExclusive);
        rustix::io::retry_on_intr(lock).map_err(FileError::at("lock", path))?;
        // Whoever has the lock of what has the name may remove it, and nobody else.
        if !has_name(&file, path) {
            continue;
        }
        if !left {
            return Ok(file);
        }
        remove(path)?;
    }
}

/// Whether the file still has this name.
fn has_name(file: &File, path: &Path) -> bool {
    let id = |found: std::fs::Metadata| (found.dev(), found.ino());
    let here = path.symlink_metadata().map(id);
    here.is_ok_and(|here| file.metadata().map(id).is_ok_and(|own| own == here))
}
