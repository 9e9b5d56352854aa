//! Writing a line: under the lock, behind what is there, in one write.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use super::error::JournalError;
use super::event::{By, Event};
use super::files::{Files, KEPT, READ, WRITE};
use super::head::{Head, Known};
use super::line::{self, Link, Placed};
use crate::model::digest::Digest;
use crate::model::time::Millis;

/// How much of a file is looked at from its end, where it does not end as the head says.
const LOOK_BACK: u64 = 1 << 20;

/// The end of the journal, as the next line finds it.
struct End {
    last: Link,
    first: u64,
    /// Bytes of the file that is written.
    bytes: u64,
    /// What a killed process left behind the last line: its bytes, and their hash.
    torn: Option<(u64, Digest)>,
    /// Whether there are lines, and no head that says so.
    lost_head: bool,
}

/// Writes an event behind the last one.
pub(super) fn append(
    files: &Files,
    now: Millis,
    by: By,
    event: &Event,
) -> Result<u64, JournalError> {
    let head = files.lock()?;
    let known = match Head::read(&head).map_err(JournalError::io(WRITE, &files.head()))? {
        Known::Head(head) => Some(head),
        Known::Nothing => None,
        Known::Newer => return Err(JournalError::Newer { path: files.head() }),
    };
    let current = files.open_current()?;
    let end = end(files, &current, known)?;
    let is_new = known.is_none() && end.last == Link::START;
    let mut writer = AppendWriter {
        files,
        head,
        current,
        end,
        now,
        by,
    };
    if is_new {
        // Before the first line, so that there is no line without a head, whenever this process is
        // killed.
        writer.write_head();
    }
    writer.mend()?;
    writer.line(event)
}

struct AppendWriter<'a> {
    files: &'a Files,
    head: File,
    current: File,
    end: End,
    now: Millis,
    by: By,
}

impl AppendWriter<'_> {
    /// Closes off what a killed process left, and tells of it.
    fn mend(&mut self) -> Result<(), JournalError> {
        if let Some((bytes, digest)) = self.end.torn.take() {
            self.put(b"\n")?;
            self.line(&Event::JournalMended { bytes, digest })?;
        }
        if std::mem::take(&mut self.end.lost_head) {
            self.line(&Event::JournalHeadRemade {})?;
        }
        Ok(())
    }

    fn line(&mut self, event: &Event) -> Result<u64, JournalError> {
        let path = self.files.current();
        let written = line::write(self.end.last, self.now, self.by, event);
        let (line, link) = written.map_err(|error| JournalError::io(WRITE, &path)(error.into()))?;
        let beyond = self.end.bytes.saturating_add(line.len() as u64) > self.files.largest();
        // What closes off a line stands behind it, in its file.
        if beyond && self.end.bytes > 0 && !matches!(event, Event::JournalMended { .. }) {
            self.rotate()?;
        }
        self.put(&line)?;
        self.end.last = link;
        self.write_head();
        Ok(link.seq)
    }

    /// Says where the journal ends. Who comes next finds lines behind that, too.
    fn write_head(&self) {
        let head = Head {
            last: self.end.last,
            bytes: self.end.bytes,
            first: self.end.first,
        };
        if let Err(error) = head.write(&self.head) {
            tracing::debug!("the head of the journal stays behind: {error}");
        }
    }

    /// Writes bytes at the end: all of them or none.
    fn put(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        let written = loop {
            match (&self.current).write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                written => break written,
            }
        };
        let failed = match written {
            Ok(count) if count == bytes.len() => {
                self.end.bytes = self.end.bytes.saturating_add(count as u64);
                return Ok(());
            }
            Ok(0) => io::ErrorKind::WriteZero.into(),
            Ok(_) => io::Error::from(io::ErrorKind::StorageFull),
            Err(error) => error,
        };
        // Where that fails too, the next one closes off what is left.
        let _ = self.current.set_len(self.end.bytes);
        Err(JournalError::io(WRITE, &self.files.current())(failed))
    }

    /// Begins a new file.
    fn rotate(&mut self) -> Result<(), JournalError> {
        // What goes ends with a line: the one behind it is the first that is kept.
        let oldest = self.files.older(KEPT);
        let is_full = (1..=KEPT).all(|number| self.files.older(number).exists());
        if is_full
            && let Some(file) = self.files.open_to_read(&oldest)?
            && let Ok(tail) = Tail::read(&file, 0)
            && let Some(last) = tail.last_line()
        {
            self.end.first = last.seq.saturating_add(1);
            // Before it goes: nobody is to miss it whenever this process is killed.
            self.write_head();
        }
        self.files.rotate()?;
        self.current = self.files.open_current()?;
        self.end.bytes = 0;
        Ok(())
    }
}

/// Finds the end. Mostly the head tells it; where the file is longer, somebody was killed, or a
/// head is missing, the end of the file does.
fn end(files: &Files, current: &File, known: Option<Head>) -> Result<End, JournalError> {
    let path = files.current();
    let failed = || JournalError::io(READ, &path);
    let bytes = current.metadata().map_err(failed())?.len();
    let mut end = match known {
        Some(head) => End {
            last: head.last,
            first: head.first,
            bytes,
            torn: None,
            lost_head: false,
        },
        None => without_head(files, bytes)?,
    };
    if known.is_some_and(|head| head.bytes == bytes) {
        return Ok(end);
    }
    let from = known.map_or(0, |head| head.bytes);
    let tail = Tail::read(current, if from <= bytes { from } else { 0 }).map_err(failed())?;
    for placed in tail.lines() {
        if placed.follows(end.last) {
            end.last = placed.link;
        }
    }
    if let Some(rest) = tail.rest() {
        // Only its end may be missing; it is written before the next line.
        if let Some(placed) = line::place(rest).filter(|placed| placed.follows(end.last)) {
            end.last = placed.link;
            (&*current).write_all(b"\n").map_err(failed())?;
            end.bytes = end.bytes.saturating_add(1);
        } else {
            end.torn = Some((rest.len() as u64, line::hash(rest)));
        }
    }
    Ok(end)
}

/// The end of a journal whose head is missing: the last line that is as it was written.
fn without_head(files: &Files, bytes: u64) -> Result<End, JournalError> {
    let all = files.lines()?;
    let mut last = None;
    for lines in all.iter().rev() {
        let tail = Tail::read(&lines.file, 0);
        last = tail
            .map_err(JournalError::io(READ, &files.current()))?
            .last_line();
        if last.is_some() {
            break;
        }
    }
    // Where there is room for an older one, nothing can have gone.
    let oldest = all.first().filter(|_| all.len() > KEPT as usize);
    let first = oldest.and_then(|lines| first_line(&lines.file));
    Ok(End {
        last: last.unwrap_or(Link::START),
        first: first.unwrap_or(1),
        bytes,
        torn: None,
        lost_head: last.is_some(),
    })
}

/// The number of a file's first line.
fn first_line(file: &File) -> Option<u64> {
    let mut beginning = Vec::new();
    let mut file = file;
    file.rewind().ok()?;
    file.take(LOOK_BACK).read_to_end(&mut beginning).ok()?;
    let line = beginning.split(|byte| *byte == b'\n').next()?;
    line::place(line).map(|placed| placed.link.seq)
}

/// The end of a file, from a place on.
struct Tail(Vec<u8>);

impl Tail {
    fn read(file: &File, from: u64) -> io::Result<Self> {
        let bytes = file.metadata()?.len();
        let mut file = file;
        let near = bytes.saturating_sub(LOOK_BACK);
        file.seek(SeekFrom::Start(from.max(near)))?;
        let mut tail = Vec::new();
        file.take(LOOK_BACK).read_to_end(&mut tail)?;
        Ok(Self(tail))
    }

    /// Lines that have an end, in their order.
    fn lines(&self) -> impl DoubleEndedIterator<Item = Placed> + '_ {
        let whole = self.0.iter().rposition(|byte| *byte == b'\n');
        let whole = self.0.get(..whole.unwrap_or(0)).unwrap_or_default();
        whole.split(|byte| *byte == b'\n').filter_map(line::place)
    }

    /// What stands behind the last end of a line.
    fn rest(&self) -> Option<&[u8]> {
        let rest = self.0.rsplit(|byte| *byte == b'\n').next();
        rest.filter(|rest| !rest.is_empty())
    }

    /// The last line that is as it was written.
    fn last_line(&self) -> Option<Link> {
        let genuine = |placed: &Placed| placed.link.hash == placed.true_hash;
        self.lines().rfind(genuine).map(|placed| placed.link)
    }
}
