//! The directory of the spool: whole files appear in it at once, or not at all.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::file::{MAGIC, MAX_BYTES, SpooledCapture};
use crate::files;
use crate::model::time::Millis;

/// The name of the directory in the data directory.
const DIR: &str = "spool";
/// How names of files end: of those that make room for others when there are too many …
const AUTOMATIC: &str = "-auto.spool";
/// … and of those that never do.
const KEPT: &str = "-kept.spool";
/// What is added to the names of files that could not be taken in.
const SET_ASIDE: &str = "bad";

/// The directory.
#[derive(Debug, Clone)]
pub(super) struct SpoolDir {
    path: PathBuf,
}

/// A file that waits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Waiting {
    /// Begins with the time, so that names are in the order of capturing.
    name: String,
    bytes: u64,
}

impl Waiting {
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The number that its name begins with.
    fn place(&self) -> Option<u64> {
        let digits = self.name.split('-').next()?;
        u64::from_str_radix(digits, 16).ok()
    }

    /// Whether it makes room for others.
    pub(super) fn is_automatic(&self) -> bool {
        self.name.ends_with(AUTOMATIC)
    }
}

/// Held by who takes files in or throws them away; one at a time.
#[derive(Debug)]
pub(super) struct Turn {
    _dir: File,
}

impl SpoolDir {
    pub(super) fn new(data: &Path) -> Self {
        Self {
            path: data.join(DIR),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What waits, oldest first. Where there is no directory: nothing.
    pub(super) fn waiting(&self) -> io::Result<Vec<Waiting>> {
        let mut found = Vec::new();
        for (name, metadata) in self.files()? {
            if (name.ends_with(AUTOMATIC) || name.ends_with(KEPT)) && !name.starts_with('.') {
                // A hole takes no room.
                let bytes = metadata.len().min(metadata.blocks().saturating_mul(512));
                found.push(Waiting { name, bytes });
            }
        }
        found.sort();
        Ok(found)
    }

    /// Files that were set aside.
    pub(super) fn aside(&self) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for (name, _) in self.files()? {
            let path = self.path.join(name);
            found.extend(
                path.extension()
                    .is_some_and(|end| end == SET_ASIDE)
                    .then_some(path),
            );
        }
        Ok(found)
    }

    /// Where a file is.
    pub(super) fn place(&self, waiting: &Waiting) -> PathBuf {
        self.path.join(&waiting.name)
    }

    fn files(&self) -> io::Result<Vec<(String, fs::Metadata)>> {
        let entries = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry?;
            // One that has gone in the meantime was taken in.
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            if let (Ok(name), true) = (entry.file_name().into_string(), metadata.is_file()) {
                files.push((name, metadata));
            }
        }
        Ok(files)
    }

    /// The turn to take files in or throw them away; `None` while another process has it.
    pub(super) fn turn(&self) -> io::Result<Option<Turn>> {
        let dir = files::open_dir(&self.path)?;
        match flock(&dir, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Turn { _dir: dir })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the directory where it is missing.
    pub(super) fn make(&self) -> io::Result<()> {
        self.path.parent().map_or(Ok(()), files::private_dir)?;
        Ok(files::private_dir(&self.path)?)
    }

    /// The name for a snapshot: sorts by time, after the last one that waits even where the clock
    /// went back since, and is one snapshot's alone.
    pub(super) fn name(aside: &SpooledCapture, last: Option<&Waiting>) -> String {
        let Millis(time) = aside.new.time;
        // Times before 1970 sort before the others.
        let time = time.cast_unsigned() ^ (1 << 63);
        let last = last.and_then(Waiting::place);
        let time = last.map_or(time, |last| time.max(last.saturating_add(1)));
        let new = &aside.new;
        let plain = new.name.is_none() && new.tags.is_empty() && !new.pinned;
        let end = if plain && new.cause.is_automatic() {
            AUTOMATIC
        } else {
            KEPT
        };
        format!("{time:016x}-{:016x}{end}", new.random)
    }

    /// Writes a file, synced, under its name; in place of one that has this name.
    pub(super) fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        Ok(files::replace(&self.path.join(name), bytes)?)
    }

    /// The bytes of a file; only the first of what cannot be one of the spool, because it begins in
    /// another way or is longer than any: nobody takes those for a whole file.
    pub(super) fn read(&self, waiting: &Waiting) -> io::Result<Vec<u8>> {
        let mut file = files::open(&self.path.join(&waiting.name))?;
        let mut bytes = Vec::new();
        (&mut file)
            .take(MAGIC.len() as u64)
            .read_to_end(&mut bytes)?;
        if bytes == MAGIC {
            file.take(MAX_BYTES).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }

    /// Writes a file anew.
    pub(super) fn replace(&self, waiting: &Waiting, bytes: &[u8]) -> io::Result<()> {
        self.put(&waiting.name, bytes)
    }

    /// Removes a file. One that has gone already is no error.
    pub(super) fn remove(&self, waiting: &Waiting) -> io::Result<()> {
        files::remove(&self.path.join(&waiting.name))?;
        self.sync()
    }

    /// Puts a file out of the way under another name, which it gives back.
    pub(super) fn set_aside(&self, waiting: &Waiting) -> io::Result<PathBuf> {
        let to = self.path.join(format!("{}.{SET_ASIDE}", waiting.name));
        files::rename(&self.path.join(&waiting.name), &to)?;
        self.sync()?;
        Ok(to)
    }

    /// Removes what killed processes left half written.
    pub(super) fn clean(&self, _turn: &Turn) -> io::Result<()> {
        for (name, _) in self.files()? {
            let path = self.path.join(&name);
            let left = name.starts_with(files::WRITING)
                && files::open(&path).is_ok_and(|file| {
                    flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
                });
            if left {
                files::remove(&path)?;
            }
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(files::sync_dir(&self.path)?)
    }
}
