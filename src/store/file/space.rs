//! Room on the disk: how much there is, how much must be left, and a ballast to be thrown off.
//!
//! Even removing needs room: a transaction writes new pages before the old ones are free. So a file
//! of a few megabytes, the ballast, lies beside the store. Recording stops while there is still
//! some room; what only changes or removes drops the ballast when the disk is full, and puts it
//! back when it can.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, FlockOperation};

use crate::files;
use crate::store::record::error::StoreError;

/// The name of the ballast in the data directory.
const BALLAST: &str = "muxtape.ballast";
/// How large it is. Moving a thousand snapshots to the trash was measured to take 170 KB; the rest
/// is for trees that are damaged or large, for the system's own needs, and for whoever fills the
/// disk meanwhile.
const BALLAST_BYTES: u64 = 8 * 1024 * 1024;
/// What a commit may take beside the texts that it stores: the paths through the tables to all that
/// it touches, twice, and the state of the allocator. Measured at 60 KB with three thousand
/// snapshots; the rest is for larger stores, and for others who write to the same disk at that
/// moment.
const RESERVE_BYTES: u64 = 4 * 1024 * 1024;
/// Room that must be there for a new ballast: itself, and enough for recording to go on.
const ROOM_FOR_BALLAST: u64 = BALLAST_BYTES + 2 * RESERVE_BYTES;

/// Bytes that may still be written to the file system of a directory, or of its nearest parent
/// where it is still to be made. `None` where that is not told.
fn free(dir: &Path) -> Option<u64> {
    let nearest = dir.ancestors().chain([Path::new(".")]);
    let stat = nearest
        .into_iter()
        .find_map(|dir| rustix::fs::statvfs(dir).ok())?;
    // Some file systems count nothing.
    (stat.f_blocks > 0).then(|| stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Whether there is less room than recording needs.
pub(in crate::store) fn is_short(dir: &Path) -> bool {
    free(dir).is_some_and(|free| free < RESERVE_BYTES)
}

/// Refuses an operation that adds `bytes`, at the most, where they would not leave enough room.
pub(in crate::store) fn check(
    dir: &Path,
    operation: &'static str,
    bytes: u64,
) -> Result<(), StoreError> {
    match free(dir) {
        Some(free) if free < bytes.saturating_add(RESERVE_BYTES) => Err(StoreError::NoSpace {
            operation,
            path: dir.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Throws the ballast off, if there is one; says whether there was.
pub(in crate::store) fn drop_ballast(dir: &Path) -> bool {
    files::remove(&ballast(dir)).unwrap_or(false)
}

/// Makes the ballast, unless it is there or there is too little room for it. Whatever goes wrong,
/// the store works without it.
pub(in crate::store) fn keep_ballast(dir: &Path) {
    let path = ballast(dir);
    let there = fs::symlink_metadata(&path).is_ok_and(|file| is_whole(&file));
    if there || free(dir).is_none_or(|free| free < ROOM_FOR_BALLAST) {
        return;
    }
    if let Err(error) = make_ballast(&path) {
        tracing::debug!("no ballast in {}: {error}", dir.display());
    }
}

/// Whether there is no ballast, because there is too little room for it.
pub(in crate::store) fn lacks_ballast(dir: &Path) -> bool {
    let there = fs::symlink_metadata(ballast(dir)).is_ok_and(|file| is_whole(&file));
    !there && free(dir).is_some_and(|free| free < ROOM_FOR_BALLAST)
}

fn ballast(dir: &Path) -> PathBuf {
    dir.join(BALLAST)
}

/// Whether the blocks are really there: a length alone holds no room.
fn is_whole(file: &fs::Metadata) -> bool {
    file.is_file() && file.blocks().saturating_mul(512) >= BALLAST_BYTES
}

fn make_ballast(path: &Path) -> io::Result<()> {
    let file = files::open_or_create(path)?;
    // Somebody else who is making it will do.
    if rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Ok(());
    }
    let made = allocate(&file);
    if made.is_err() {
        // Half a ballast would take room and be of no use.
        let _ = files::remove(path);
    }
    made
}

fn allocate(file: &File) -> io::Result<()> {
    let reserved = rustix::fs::fallocate(file, FallocateFlags::empty(), 0, BALLAST_BYTES);
    match reserved {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS | rustix::io::Errno::INVAL) => {
            fill(file)
        }
        Err(error) => Err(error.into()),
    }
}

/// Writes what no file system can make smaller.
fn fill(file: &File) -> io::Result<()> {
    let mut noise = blake3::Hasher::new_derive_key("muxtape.ballast/1").finalize_xof();
    let mut to = file;
    io::copy(&mut io::Read::take(&mut noise, BALLAST_BYTES), &mut to)?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_ballast_holds_real_room_and_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        keep_ballast(dir.path());
        let made = fs::metadata(ballast(dir.path())).unwrap();
        assert!(is_whole(&made));
        assert_eq!(made.permissions().mode() & 0o777, 0o600);
        keep_ballast(dir.path());
        let again = fs::metadata(ballast(dir.path())).unwrap();
        assert_eq!(again.ino(), made.ino());
        assert!(drop_ballast(dir.path()));
        assert!(!drop_ballast(dir.path()));
    }

    #[test]
    fn half_a_ballast_is_completed() {
        let dir = tempfile::tempdir().unwrap();
        File::create(ballast(dir.path()))
            .unwrap()
            .set_len(BALLAST_BYTES)
            .unwrap();
        keep_ballast(dir.path());
        let made = fs::metadata(ballast(dir.path())).unwrap();
        assert!(is_whole(&made), "a sparse file holds no room");
    }

    #[test]
    fn where_room_cannot_be_reserved_it_is_written_to() {
        let dir = tempfile::tempdir().unwrap();
        let path = ballast(dir.path());
        fill(&File::create(&path).unwrap()).unwrap();
        assert!(is_whole(&fs::metadata(path).unwrap()));
    }

    #[test]
    fn what_does_not_fit_is_refused_before_it_begins() {
        let dir = tempfile::tempdir().unwrap();
        let not_yet_made = dir.path().join("a/b");
        check(&not_yet_made, "record", 0).unwrap();
        let error = check(&not_yet_made, "record", u64::MAX).unwrap_err();
        assert!(matches!(error, StoreError::NoSpace { .. }), "{error}");
    }
}
