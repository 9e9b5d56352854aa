//! Directories: each for its owner alone.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::error::{FileError, Refused, Why};

const OWN: Mode = Mode::RWXU;

/// Makes the directory (0700), and those above it that are missing; one that is there is checked.
///
/// # Errors
///
/// As [`check_dir`]; [`io::ErrorKind::AlreadyExists`] where a link into nowhere has its name.
pub fn private_dir(path: &Path) -> Result<(), FileError> {
    match check_dir(path) {
        Err(error) if error.is_not_found() => {}
        checked => return checked,
    }
    make(path).map_err(FileError::at("make the directory", path))?;
    check_dir(path)
}

/// Makes the directory (0700), which must not be there yet, in one that is.
///
/// # Errors
///
/// [`io::ErrorKind::AlreadyExists`] where anything has its name, be it a link into nowhere.
pub fn new_dir(path: &Path) -> Result<(), FileError> {
    make_one(path).map_err(FileError::at("make the directory", path))
}

/// Whether a directory that is there may be used: it belongs to the user, or to root, and nobody
/// else may write to it, but for the user's own group (that which has the user's number). It may be
/// a link of the user's own to such a directory. Costs two system calls.
///
/// # Errors
///
/// [`Refused`] says why not; [`io::ErrorKind::NotFound`] where there is none.
pub fn check_dir(path: &Path) -> Result<(), FileError> {
    const DOING: &str = "use the directory";
    let stat =
        |flags| rustix::fs::statat(CWD, path, flags).map_err(FileError::at::<Errno>(DOING, path));
    let named = stat(AtFlags::SYMLINK_NOFOLLOW)?;
    let dir = stat(AtFlags::empty())?;
    let wrong = if FileType::from_raw_mode(dir.st_mode) != FileType::Directory {
        Some(Why::NotADirectory)
    } else {
        // Whoever made a link chooses what it leads to.
        foreign(&named).or(foreign(&dir)).or_else(|| {
            let mode = Mode::from_raw_mode(dir.st_mode);
            let mode = mode & (Mode::RWXU | Mode::RWXG | Mode::RWXO);
            // A user's own group has the user's number by convention, and where users have one,
            // what they make is often the group's to write.
            let shared = dir.st_gid != dir.st_uid;
            let others = mode.contains(Mode::WOTH) || shared && mode.contains(Mode::WGRP);
            others.then(|| Why::OthersWrite { mode: bits(mode) })
        })
    };
    match wrong {
        None => Ok(()),
        Some(why) => Err(FileError::Refused {
            doing: DOING,
            refused: Refused::new(path, why),
        }),
    }
}

#[allow(
    clippy::useless_conversion,
    reason = "the system's type has 16 bits on macOS"
)]
fn bits(mode: Mode) -> u32 {
    mode.as_raw_mode().into()
}

/// What is wrong with the owner. Root could do anything anyway.
pub(super) fn foreign(stat: &Stat) -> Option<Why> {
    let (owner, user) = (stat.st_uid, rustix::process::geteuid().as_raw());
    (owner != user && owner != 0).then_some(Why::Owner { owner, user })
}

/// Opens a directory, to lock or sync it; checked as by [`check_dir`].
///
/// # Errors
///
/// As [`check_dir`].
pub fn open_dir(path: &Path) -> Result<File, FileError> {
    check_dir(path)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = rustix::io::retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty()));
    opened
        .map(File::from)
        .map_err(FileError::at("open the directory", path))
}

/// Puts on the disk which files there are in a directory.
///
/// # Errors
///
/// As [`check_dir`].
pub fn sync_dir(path: &Path) -> Result<(), FileError> {
    let synced = open_dir(path)?.sync_all();
    synced.map_err(FileError::at("sync the directory", path))
}

/// Removes a directory with everything in it; of links, in it or in its place, only the links. Says
/// whether it was there.
///
/// # Errors
///
/// What the system says.
pub fn remove_tree(path: &Path) -> Result<bool, FileError> {
    match fs::remove_dir_all(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(FileError::at("remove the directory", path)(error)),
    }
}

fn make(path: &Path) -> rustix::io::Result<()> {
    let made = match make_one(path) {
        Err(Errno::NOENT) => {
            let above = path.parent().filter(|above| !above.as_os_str().is_empty());
            make(above.ok_or(Errno::NOENT)?)?;
            make_one(path)
        }
        made => made,
    };
    match made {
        // Somebody else was quicker; it is checked like any other.
        Err(Errno::EXIST) if path.is_dir() => Ok(()),
        made => made,
    }
}

fn make_one(path: &Path) -> rustix::io::Result<()> {
    rustix::fs::mkdir(path, OWN)?;
    // A umask may take rights from the owner, too. What a file system without rights says about it
    // is no reason to stop.
    let made = rustix::fs::statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW)?;
    if Mode::from_raw_mode(made.st_mode) != OWN {
        let _ = rustix::fs::chmodat(CWD, path, OWN, AtFlags::empty());
    }
    Ok(())
}
