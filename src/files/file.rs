//! Files: each for its owner alone, found under its own name.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use super::dir::foreign;
use super::error::{FileError, Refused, Why};

/// The rights of every file.
const OWN: Mode = Mode::RUSR.union(Mode::WUSR);
/// For every opening. A pipe in a file's place would be waited at for ever, a terminal become the process's own.
const ALWAYS: OFlags = OFlags::NOFOLLOW
    .union(OFlags::CLOEXEC)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY);

/// Makes a file (0600) that is not there yet, open for reading and writing.
///
/// # Errors
///
/// [`io::ErrorKind::AlreadyExists`] where one is there; [`Refused`] where a link is.
pub fn create_new(path: &Path) -> Result<File, FileError> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
    let made = open_with("make", path, flags);
    match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_symlink() => {
            Err(refused("make", path, Why::Link))
        }
        made => made,
    }
}

/// Opens a file that is there, for reading.
///
/// # Errors
///
/// [`Refused`] where it is a link, no regular file, or somebody else's.
pub fn open(path: &Path) -> Result<File, FileError> {
    open_with("open", path, OFlags::RDONLY)
}

/// Opens a file that is there, for reading and writing, and takes from others what rights they have to it: a copy that was
/// brought back from elsewhere may have some.
///
/// # Errors
///
/// As [`open`].
pub fn open_to_write(path: &Path) -> Result<File, FileError> {
    open_with("open", path, OFlags::RDWR)
}

/// Opens a file for reading and writing as [`open_to_write`]; where there is none, makes it (0600).
///
/// # Errors
///
/// As [`open`].
pub fn open_or_create(path: &Path) -> Result<File, FileError> {
    open_with("open", path, OFlags::RDWR | OFlags::CREATE)
}

/// Opens a file for reading, and for writing at its end, as [`open_to_write`]; where there is none, makes it (0600).
///
/// # Errors
///
/// As [`open`].
pub fn append(path: &Path) -> Result<File, FileError> {
    let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE;
    open_with("open", path, flags)
}

/// The bytes of a file, opened as by [`open`].
///
/// # Errors
///
/// As [`open`].
pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    let mut file = open(path)?;
    let mut bytes = Vec::new();
    let read = file.read_to_end(&mut bytes);
    read.map_err(FileError::at("read", path))?;
    Ok(bytes)
}

/// Gives a file, or a directory, another name; what had that name is gone. Of a link, the link.
///
/// # Errors
///
/// What the system says.
pub fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    fs::rename(from, to).map_err(FileError::at("rename", from))
}

/// Gives a file a second name, which must be free.
///
/// # Errors
///
/// [`io::ErrorKind::AlreadyExists`] where it is not.
pub fn link(from: &Path, to: &Path) -> Result<(), FileError> {
    fs::hard_link(from, to).map_err(FileError::at("make", to))
}

/// Removes a file; of a link, the link. Says whether there was one.
///
/// # Errors
///
/// What the system says.
pub fn remove(path: &Path) -> Result<bool, FileError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(FileError::at("remove", path)(error)),
    }
}

fn refused(doing: &'static str, path: &Path, why: Why) -> FileError {
    let refused = Refused::new(path, why);
    FileError::Refused { doing, refused }
}

fn open_with(doing: &'static str, path: &Path, flags: OFlags) -> Result<File, FileError> {
    let opened = rustix::io::retry_on_intr(|| rustix::fs::open(path, flags | ALWAYS, OWN));
    let file = File::from(opened.map_err(|errno| match errno {
        // A loop of links among the directories gives the same error.
        Errno::LOOP if path.is_symlink() => refused(doing, path, Why::Link),
        // A directory; a socket, or a pipe that nobody reads.
        Errno::ISDIR | Errno::NXIO => refused(doing, path, Why::NotAFile),
        errno => FileError::at(doing, path)(errno),
    })?);
    let stat = rustix::fs::fstat(&file).map_err(FileError::at(doing, path))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(refused(doing, path, Why::NotAFile));
    }
    if let Some(why) = foreign(&stat) {
        return Err(refused(doing, path, why));
    }
    if flags.contains(OFlags::RDWR) && Mode::from_raw_mode(stat.st_mode) != OWN {
        // Some file systems know no rights; there is nothing to be had there.
        let _ = rustix::fs::fchmod(&file, OWN);
    }
    Ok(file)
}
