//! The files of the journal: the one that is written, older ones, and the head with its lock.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use super::error::JournalError;
use super::head::{Head, Known};
use crate::files;

/// A file that would grow beyond this many bytes is put behind the others.
const LARGEST: u64 = 10 << 20;
/// Older files that are kept.
pub(super) const KEPT: u32 = 5;
/// What is read of a file at the most. None becomes so long by itself; what is beyond counts as one
/// line that cannot be read.
const MAX_READ_BYTES: u64 = 64 << 20;
/// The longest line that is read as one.
const MAX_LINE_BYTES: u64 = 1 << 20;
/// How long somebody else is waited for, who writes a line.
const MAX_LOCK_WAIT: Duration = Duration::from_millis(500);
/// The pause between two tries.
const PAUSE: Duration = Duration::from_micros(500);

pub(super) const WRITE: &str = "write";
pub(super) const READ: &str = "read";

/// Where the files are.
#[derive(Debug, Clone)]
pub(super) struct Files {
    dir: PathBuf,
    largest: u64,
}

/// A file of lines, open to be read.
#[derive(Debug)]
pub(super) struct Lines {
    /// Its name without the directory.
    pub(super) name: String,
    /// Whether it is the one that is written.
    pub(super) is_current: bool,
    pub(super) file: File,
    /// Bytes that it had when it was opened.
    pub(super) bytes: u64,
}

/// The journal at one moment.
#[derive(Debug)]
pub(super) struct Sight {
    /// The head; `None` where there is no file of it.
    pub(super) head: Option<Known>,
    /// The files, the oldest first.
    pub(super) files: Vec<Lines>,
}

impl Sight {
    /// The number of the last line, as the head tells it.
    pub(super) fn newest(&self) -> Option<u64> {
        match self.head {
            Some(Known::Head(head)) => Some(head.last.seq),
            _ => None,
        }
    }
}

impl Lines {
    /// Where it is: the device and the number there, whatever it is called.
    pub(super) fn place(&self) -> Option<(u64, u64)> {
        let found = self.file.metadata().ok()?;
        Some((found.dev(), found.ino()))
    }

    /// Hands out each line that was there when it was opened, with its number, without its end, and
    /// whether it has one.
    pub(super) fn each(&self, from: u64, take: &mut dyn FnMut(u64, &[u8], bool)) -> io::Result<()> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(from))?;
        let there = self.bytes.min(from.saturating_add(MAX_READ_BYTES));
        let mut reader = BufReader::with_capacity(1 << 16, file.take(there.saturating_sub(from)));
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            // Nothing makes lines of this length; one that somebody else made is cut in pieces.
            let mut limited = (&mut reader).take(MAX_LINE_BYTES);
            if limited.read_until(b'\n', &mut line)? == 0 {
                if there < self.bytes {
                    take(number, &[], false);
                }
                break;
            }
            let whole = line.pop_if(|last| *last == b'\n').is_some();
            take(number, &line, whole);
        }
        Ok(())
    }
}

impl Files {
    pub(super) fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            largest: LARGEST,
        }
    }

    /// With smaller files, for tests.
    #[cfg(test)]
    pub(super) fn small(dir: PathBuf, largest: u64) -> Self {
        Self { dir, largest }
    }

    /// Bytes that a file has at the most, but for one line.
    pub(super) fn largest(&self) -> u64 {
        self.largest
    }

    /// The file that is written.
    pub(super) fn current(&self) -> PathBuf {
        self.dir.join("journal.jsonl")
    }

    /// An older one; 1 is the newest of them.
    pub(super) fn older(&self, number: u32) -> PathBuf {
        self.dir.join(format!("journal.{number}.jsonl"))
    }

    /// A file by its name.
    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The file of the head.
    pub(super) fn head(&self) -> PathBuf {
        self.dir.join("journal.head")
    }

    /// Opens the file of the head and takes its lock, so that nobody else writes.
    pub(super) fn lock(&self) -> Result<File, JournalError> {
        files::private_dir(&self.dir).map_err(JournalError::file(WRITE))?;
        let path = self.head();
        let file = files::open_or_create(&path).map_err(JournalError::file(WRITE))?;
        let start = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(file),
                Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => {}
                Err(error) => return Err(JournalError::io(WRITE, &path)(error.into())),
            }
            if start.elapsed() >= MAX_LOCK_WAIT {
                return Err(JournalError::Busy { path });
            }
            files::rest(PAUSE);
        }
    }

    /// Opens the file that is written, so that lines are put at its end.
    pub(super) fn open_current(&self) -> Result<File, JournalError> {
        files::append(&self.current()).map_err(JournalError::file(WRITE))
    }

    /// Opens a file to read it; `None` where there is none.
    pub(super) fn open_to_read(&self, path: &Path) -> Result<Option<File>, JournalError> {
        match files::open(path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(JournalError::file(READ)(error)),
        }
    }

    /// All files as they are at one moment, between two lines of whoever writes.
    pub(super) fn sight(&self) -> Result<Sight, JournalError> {
        let sight = self.look()?;
        if sight.head.is_some() || sight.files.is_empty() {
            return Ok(sight);
        }
        // The first line may have been written just then.
        self.look()
    }

    fn look(&self) -> Result<Sight, JournalError> {
        let path = self.head();
        let head = self.open_to_read(&path)?;
        if let Some(head) = &head {
            let start = Instant::now();
            // Who cannot have the lock sees what there is: at the worst between two files.
            while flock(head, FlockOperation::NonBlockingLockShared).is_err()
                && start.elapsed() < MAX_LOCK_WAIT
            {
                files::rest(PAUSE);
            }
        }
        let known = head.as_ref().map(Head::read).transpose();
        Ok(Sight {
            head: known.map_err(JournalError::io(READ, &path))?,
            files: self.lines()?,
        })
    }

    /// All files with lines, the oldest first. Who calls this has the lock.
    pub(super) fn lines(&self) -> Result<Vec<Lines>, JournalError> {
        let older = (1..=KEPT).rev().map(|number| self.older(number));
        let mut files = Vec::new();
        for path in older.chain([self.current()]) {
            let Some(file) = self.open_to_read(&path)? else {
                continue;
            };
            let found = file.metadata().map_err(JournalError::io(READ, &path))?;
            let name = path.file_name().unwrap_or_default();
            files.push(Lines {
                name: name.to_string_lossy().into_owned(),
                is_current: path == self.current(),
                file,
                bytes: found.len(),
            });
        }
        Ok(files)
    }

    /// Puts the file that is written behind the others, the oldest of which goes where there is no
    /// room. A kill in between leaves a number free, which the next one fills.
    pub(super) fn rotate(&self) -> Result<(), JournalError> {
        let is_free = |number: &u32| fs::symlink_metadata(self.older(*number)).is_err();
        let free = (1..=KEPT).find(is_free).unwrap_or(KEPT);
        let shift = |from: PathBuf, to: PathBuf| {
            files::rename(&from, &to).map_err(JournalError::file(WRITE))
        };
        for number in (1..free).rev() {
            shift(self.older(number), self.older(number + 1))?;
        }
        shift(self.current(), self.older(1))
    }
}
