//! Events as they come, each once, through rotations.

use std::fs;
use std::os::unix::fs::MetadataExt;

use super::error::JournalError;
use super::files::{Files, Lines, READ};
use super::query::{Found, Query, Sieve};

/// Reads on where it left off.
#[derive(Debug)]
pub struct Follow {
    files: Files,
    query: Query,
    /// The file that is written, as it was when it was read last: the place on its device, and
    /// bytes that were read of whole lines.
    current: Option<((u64, u64), u64)>,
    /// Bytes that it had then.
    seen: u64,
    /// The number of the newest event that was read.
    newest: u64,
}

impl Follow {
    /// What there is already, and what will follow it.
    pub(super) fn start(files: Files, query: Query) -> Result<(Self, Found), JournalError> {
        let mut follow = Self {
            files,
            query,
            current: None,
            seen: 0,
            newest: 0,
        };
        let found = follow.read_all()?;
        follow.query.limit = None;
        Ok((follow, found))
    }

    /// What has come since. Costs one question to the file system where that is nothing.
    ///
    /// # Errors
    ///
    /// Where a file is there that cannot be read.
    pub fn more(&mut self) -> Result<Found, JournalError> {
        let path = self.files.current();
        let Ok(now) = fs::symlink_metadata(&path) else {
            // Between two files, or gone: there is nothing that would not be found later.
            return Ok(Found::default());
        };
        match self.current {
            Some((place, read)) if place == (now.dev(), now.ino()) && now.len() >= self.seen => {
                if now.len() == self.seen {
                    return Ok(Found::default());
                }
                let lines = self.files.lines()?;
                let same = |lines: &&Lines| lines.is_current && lines.place() == Some(place);
                match lines.iter().find(same) {
                    Some(lines) => self.read_on(lines, read),
                    None => self.read_anew(),
                }
            }
            _ => self.read_anew(),
        }
    }

    /// Another file is written now. Lines that could not be read were counted before.
    fn read_anew(&mut self) -> Result<Found, JournalError> {
        let found = self.read_all()?;
        Ok(Found { bad: 0, ..found })
    }

    /// Reads what was added to the file that is written.
    fn read_on(&mut self, lines: &Lines, from: u64) -> Result<Found, JournalError> {
        let mut sieve = Sieve::new(&self.query);
        sieve.after = self.newest;
        let mut read = from;
        let all = lines.each(from, &mut |_, line, whole| {
            // What has no end yet is read again.
            if whole {
                read += line.len() as u64 + 1;
                sieve.take(line);
            }
        });
        all.map_err(JournalError::io(READ, &self.files.current()))?;
        self.newest = self.newest.max(sieve.newest.unwrap_or(0));
        let found = sieve.finish();
        self.seen = lines.bytes;
        self.current = lines.place().map(|place| (place, read));
        Ok(found)
    }

    /// Reads everything: at first, and where another file is written now.
    fn read_all(&mut self) -> Result<Found, JournalError> {
        let sight = self.files.sight()?;
        let mut sieve = Sieve::new(&self.query);
        let newest = sight.newest();
        // A journal that was begun anew counts from 1 again.
        sieve.after = if newest.is_some_and(|newest| newest < self.newest) {
            0
        } else {
            self.newest
        };
        self.current = None;
        self.seen = 0;
        for lines in &sight.files {
            let mut read = 0;
            let all = lines.each(0, &mut |_, line, whole| {
                if whole {
                    read += line.len() as u64 + 1;
                    sieve.take(line);
                }
            });
            all.map_err(JournalError::io(READ, &self.files.path_of(&lines.name)))?;
            if lines.is_current {
                self.seen = lines.bytes;
                self.current = lines.place().map(|place| (place, read));
            }
        }
        self.newest = sieve.newest.unwrap_or(0);
        Ok(sieve.finish())
    }
}
