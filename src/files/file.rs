//! Files: each for its owner alone, found under its own name.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use super::dir::foreign;
use super::error::{FileError, Refused, Why};

/// The rights of every file.
const OWN: Mode = Mode::RUSR.union(Mode::WUSR);
/// For every opening. A pipe in a file's place would be waited at for ever, a terminal become the
/// process's own.
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
    make(path, OFlags::RDWR)
}

/// Makes a file (0600) that is not there yet, and writes it.
///
/// # Errors
///
/// As [`create_new`].
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let written = create_new(path)?.write_all(bytes);
    written.map_err(FileError::at("write", path))
}

/// Opens a file that is there, for reading.
///
/// # Errors
///
/// [`Refused`] where it is a link, no regular file, or somebody else's.
pub fn open(path: &Path) -> Result<File, FileError> {
    open_with("open", path, OFlags::RDONLY)
}

/// Opens a file that is there, for reading and writing, and takes from others what rights they have
/// to it: a copy that was brought back from elsewhere may have some.
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
    open_or_make(path, OFlags::RDWR)
}

/// Opens a file for reading, and for writing at its end, as [`open_to_write`]; where there is none,
/// makes it (0600).
///
/// # Errors
///
/// As [`open`].
pub fn append(path: &Path) -> Result<File, FileError> {
    open_or_make(path, OFlags::RDWR | OFlags::APPEND)
}

/// The bytes of a file, opened as by [`open`], which are `most` at the most: whatever lies in a
/// file's place, a hole of terabytes say, reading it takes no longer and no more memory than what
/// muxtape would have put there.
///
/// # Errors
///
/// As [`open`]; [`io::ErrorKind::InvalidData`] where it is longer.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>, FileError> {
    read_at_most(open(path)?, most).map_err(FileError::at("read", path))
}

/// All that can be read, which is `most` bytes at the most.
///
/// # Errors
///
/// What the system says; [`io::ErrorKind::InvalidData`] where there is more.
pub fn read_at_most(from: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let longer = format!("it is longer than the limit of {most} B");
        return Err(io::Error::new(io::ErrorKind::InvalidData, longer));
    }
    Ok(bytes)
}

/// Takes from others what rights they have to a file.
///
/// # Errors
///
/// As [`open`].
pub fn keep_from_others(path: &Path) -> Result<(), FileError> {
    restrict(&open(path)?, false);
    Ok(())
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

fn make(path: &Path, flags: OFlags) -> Result<File, FileError> {
    let flags = flags | OFlags::CREATE | OFlags::EXCL;
    match open_with("make", path, flags) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_symlink() => {
            Err(refused("make", path, Why::Link))
        }
        made => made,
    }
}

/// Others may make and remove it meanwhile.
fn open_or_make(path: &Path, flags: OFlags) -> Result<File, FileError> {
    loop {
        match open_with("open", path, flags) {
            Err(error) if error.is_not_found() => {}
            opened => return opened,
        }
        match make(path, flags) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made,
        }
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
    if flags.contains(OFlags::RDWR) {
        restrict(&file, flags.contains(OFlags::CREATE));
    }
    Ok(file)
}

/// Leaves the owner what rights he has, or where the file is a new one, gives him those that it is
/// to have: a umask may have taken some. Some file systems know no rights; there is nothing to be
/// had there.
fn restrict(file: &File, is_new: bool) {
    let Ok(stat) = rustix::fs::fstat(file) else {
        return;
    };
    let mode = Mode::from_raw_mode(stat.st_mode) & (Mode::RWXU | Mode::RWXG | Mode::RWXO);
    let wanted = if is_new { OWN } else { mode & Mode::RWXU };
    if mode != wanted {
        let _ = rustix::fs::fchmod(file, wanted);
    }
}
