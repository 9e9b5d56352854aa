//! Named pipes, for their owner alone.

use std::fs::File;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use super::error::FileError;

/// Makes a pipe (0600) in a directory that is the user's alone, and opens both of its ends: for
/// reading, and for writing. Neither blocks.
///
/// # Errors
///
/// What the system says.
pub fn make_pipe(path: &Path) -> Result<(File, File), FileError> {
    make(path).map_err(FileError::at("make the pipe", path))?;
    // In this order: without a reader there is no writer.
    Ok((open(path, OFlags::RDONLY)?, open(path, OFlags::WRONLY)?))
}

/// Opens a pipe for writing, if somebody has it open for reading. It does not block.
///
/// # Errors
///
/// What the system says.
pub fn open_pipe_to_write(path: &Path) -> Result<File, FileError> {
    open(path, OFlags::WRONLY)
}

fn open(path: &Path, flags: OFlags) -> Result<File, FileError> {
    let flags = flags | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = rustix::io::retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty()));
    opened
        .map(File::from)
        .map_err(FileError::at("open the pipe", path))
}

#[cfg(target_os = "linux")]
fn make(path: &Path) -> rustix::io::Result<()> {
    use rustix::fs::{AtFlags, CWD, FileType};
    const OWN: Mode = Mode::RUSR.union(Mode::WUSR);
    rustix::fs::mknodat(CWD, path, FileType::Fifo, OWN, 0)?;
    // A umask may take rights from the owner, too.
    rustix::fs::chmodat(CWD, path, OWN, AtFlags::empty())
}

#[cfg(not(target_os = "linux"))]
fn make(path: &Path) -> rustix::io::Result<()> {
    // macOS has no call for it in rustix: the program does it.
    let status = std::process::Command::new("mkfifo")
        .args(["-m", "600", "--"])
        .arg(path)
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        _ => Err(rustix::io::Errno::IO),
    }
}
