//! One recorder per server and store: a lock that the kernel releases when its holder dies. Its
//! file tells who holds it, and when that one looked last.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::process::test_kill_process;

use crate::files::{self, FileError};
use crate::model::Millis;
use crate::ops::beat::{Beat, Health, Holder, RecordedBy};

/// The lock, held as long as this lives. The file itself stays: removing a lock file that another
/// process may just have opened would let two hold it.
#[derive(Debug)]
pub struct Instance {
    file: File,
    path: PathBuf,
    by: RecordedBy,
    beat: Beat,
    predecessor: Option<Holder>,
}

/// How often it is tried while others only ask, or one that has just begun still writes its line.
const TRIES: usize = 50;
/// The pause between two of them.
const BETWEEN_TRIES: Duration = Duration::from_millis(1);
/// Bytes of the line in the file, which is written over in place: no look makes the file grow.
const LINE_BYTES: usize = 80;

/// Why the lock was not to be had.
#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    /// Another recorder holds it.
    #[error("another recorder is running: {}", _0.words())]
    Running(Holder),
    /// The lock's file cannot be used.
    #[error("could not lock {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl Instance {
    /// Takes the lock of this file for a recorder that will look every so many milliseconds; the
    /// file and its directory are made (0600, 0700) when they are not there.
    pub fn acquire(
        path: &Path,
        by: RecordedBy,
        every_ms: u64,
        now: Millis,
    ) -> Result<Instance, InstanceError> {
        let (file, predecessor) = take(path)?;
        let beat = Beat {
            at: now,
            every_ms,
            health: Health::Starting,
        };
        let instance = Instance {
            file,
            path: path.to_owned(),
            by,
            beat,
            predecessor,
        };
        instance.write().map_err(failed(path))?;
        Ok(instance)
    }

    /// The process that holds the lock; `None` when nobody does.
    #[must_use]
    pub fn holder(path: &Path) -> Option<Holder> {
        let file = files::open(path).ok()?;
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Err(rustix::io::Errno::WOULDBLOCK) => Some(settled(|| read(&file))),
            _ => None,
        }
    }

    /// The recorder that held the lock before, if it was cut off: one that ends in good order
    /// leaves nothing.
    #[must_use]
    pub fn predecessor(&self) -> Option<Holder> {
        self.predecessor
    }

    /// Its last look.
    #[must_use]
    pub fn beat(&self) -> Beat {
        self.beat
    }

    /// Notes a look, where others see it. A disk that takes nothing is no reason to stop: others
    /// then think that this one has stalled.
    pub(super) fn looked(&mut self, beat: Beat) {
        self.beat = beat;
        if let Err(error) = self.write() {
            tracing::debug!("could not note a look in {}: {error}", self.path.display());
        }
    }

    /// Makes sure that the file that is locked is the one that others find. Where somebody has
    /// removed or replaced it, the new one is locked.
    ///
    /// # Errors
    ///
    /// [`InstanceError::Running`] when another recorder has locked the new one: that one records
    /// now. [`InstanceError::Io`] when none can be made; then the old one stays locked.
    pub(super) fn hold(&mut self) -> Result<(), InstanceError> {
        let own = self.file.metadata().map_err(failed(&self.path))?;
        let found = std::fs::symlink_metadata(&self.path);
        if found.is_ok_and(|found| found.dev() == own.dev() && found.ino() == own.ino()) {
            return Ok(());
        }
        let (file, _) = take(&self.path)?;
        self.file = file;
        self.write().map_err(failed(&self.path))
    }

    /// Gives the lock back in good order.
    pub(super) fn release(self) {
        if let Err(error) = self.file.set_len(0) {
            tracing::debug!("could not clear {}: {error}", self.path.display());
        }
    }

    fn write(&self) -> io::Result<()> {
        let Beat {
            at,
            every_ms,
            health,
        } = self.beat;
        let (by, health) = (word(BY, &self.by), word(HEALTH, &health));
        let line = format!("{} {by} {health} {} {every_ms}", std::process::id(), at.0);
        let width = LINE_BYTES - 1;
        self.file
            .write_all_at(format!("{line:<width$}\n").as_bytes(), 0)
    }
}

const BY: &[(RecordedBy, &str)] = &[
    (RecordedBy::Daemon, "daemon"),
    (RecordedBy::Interface, "interface"),
];

const HEALTH: &[(Health, &str)] = &[
    (Health::Starting, "starting"),
    (Health::Well, "well"),
    (Health::NoServer, "no-server"),
    (Health::Spooled, "kept-aside"),
    (Health::Failing, "failing"),
];

fn word<T: PartialEq>(words: &[(T, &'static str)], value: &T) -> &'static str {
    let found = words.iter().find(|(one, _)| one == value);
    found.map_or("-", |(_, word)| word)
}

fn value<T: Copy>(words: &[(T, &str)], word: &str) -> Option<T> {
    let found = words.iter().find(|(_, one)| *one == word);
    found.map(|(value, _)| *value)
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> InstanceError {
    let path = path.to_owned();
    move |source| InstanceError::Io { path, source }
}

/// Locks the file, and tells who was cut off while holding it.
fn take(path: &Path) -> Result<(File, Option<Holder>), InstanceError> {
    let state = path.parent().unwrap_or(Path::new("."));
    let opened = files::private_dir(state).and_then(|()| files::open_or_create(path));
    let file = opened.map_err(|error: FileError| failed(path)(error.into()))?;
    match exclusive(&file) {
        Ok(()) => {
            let before = read(&file);
            Ok((file, before))
        }
        Err(rustix::io::Errno::WOULDBLOCK) => Err(InstanceError::Running(settled(|| read(&file)))),
        Err(error) => Err(failed(path)(error.into())),
    }
}

/// Takes the lock. Somebody who only asks who holds it has it shared for a moment: that is waited
/// for.
fn exclusive(file: &File) -> rustix::io::Result<()> {
    for _ in 0..TRIES {
        let taken = flock(file, FlockOperation::NonBlockingLockExclusive);
        if taken != Err(rustix::io::Errno::WOULDBLOCK)
            || flock(file, FlockOperation::NonBlockingLockShared).is_err()
        {
            return taken;
        }
        flock(file, FlockOperation::Unlock)?;
        files::rest(BETWEEN_TRIES);
    }
    flock(file, FlockOperation::NonBlockingLockExclusive)
}

/// The holder of a lock that is held. One that has it since a moment ago has not written its line
/// yet: nobody, or its predecessor, stands there. That is waited for. A process of another
/// namespace never looks alive; its line is taken after the wait.
fn settled(mut read: impl FnMut() -> Option<Holder>) -> Holder {
    let mut holder = None;
    for attempt in 0..TRIES {
        if attempt > 0 {
            files::rest(BETWEEN_TRIES);
        }
        holder = read();
        if holder.and_then(|holder| holder.pid).is_some_and(is_alive) {
            break;
        }
    }
    holder.unwrap_or_default()
}

fn is_alive(pid: i32) -> bool {
    rustix::process::Pid::from_raw(pid)
        .is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

/// Who says in the file that it holds the lock. Older versions wrote their process alone.
fn read(file: &File) -> Option<Holder> {
    let mut bytes = [0; LINE_BYTES];
    let count = file.read_at(&mut bytes, 0).ok()?;
    let text = std::str::from_utf8(bytes.get(..count)?).ok()?;
    let mut words = text.split_ascii_whitespace();
    let pid = words.next()?.parse().ok()?;
    let by = words.next().and_then(|word| value(BY, word));
    let health = words.next().and_then(|word| value(HEALTH, word));
    let at = words.next().and_then(|word| word.parse().ok());
    let every_ms = words.next().and_then(|word| word.parse().ok());
    let beat = health.zip(at).zip(every_ms);
    let beat = beat.map(|((health, at), every_ms)| Beat {
        at: Millis(at),
        every_ms,
        health,
    });
    Some(Holder {
        pid: Some(pid),
        by,
        beat,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_790_000_000_000);

    fn acquire(path: &Path) -> Result<Instance, InstanceError> {
        Instance::acquire(path, RecordedBy::Daemon, 1000, NOW)
    }

    fn own() -> Option<i32> {
        i32::try_from(std::process::id()).ok()
    }

    /// A child that another test forks just now has the lock as well, until it executes its
    /// program.
    fn wait_until_free(path: &Path) {
        let start = std::time::Instant::now();
        while Instance::holder(path).is_some() {
            assert!(start.elapsed() < muxtape_testing::patience());
            std::thread::yield_now();
        }
    }

    #[test]
    fn there_is_one_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("a/b/recorder.lock");
        assert_eq!(Instance::holder(&state), None);
        let first = acquire(&state).unwrap();
        assert_eq!(Instance::holder(&state).unwrap().pid, own());
        let error = acquire(&state).unwrap_err();
        assert!(
            matches!(&error, InstanceError::Running(holder) if holder.pid == own()),
            "{error}"
        );
        let told = error.to_string();
        assert!(told.contains("the daemon (process "), "{told}");
        drop(first);
        wait_until_free(&state);
        acquire(&state).unwrap();
    }

    #[test]
    fn others_see_each_look() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let mut instance = acquire(&path).unwrap();
        let beat = || Instance::holder(&path).unwrap().beat.unwrap();
        assert_eq!(beat().health, Health::Starting);
        for (at, health) in [
            (i64::MAX, Health::Spooled),
            (5, Health::Well),
            (-1, Health::Failing),
        ] {
            let expected = Beat {
                at: Millis(at),
                every_ms: 2000,
                health,
            };
            instance.looked(expected);
            assert_eq!(beat(), expected);
            assert_eq!(instance.beat(), expected);
        }
        let size = std::fs::metadata(&path).unwrap().len();
        assert_eq!(size, u64::try_from(LINE_BYTES).unwrap());
    }

    #[test]
    fn who_was_cut_off_is_known_and_who_ended_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let mut first = acquire(&path).unwrap();
        assert_eq!(first.predecessor(), None);
        first.looked(Beat {
            at: Millis(7),
            ..first.beat()
        });
        drop(first);
        wait_until_free(&path);
        let second = acquire(&path).unwrap();
        let before = second.predecessor().unwrap();
        assert_eq!((before.pid, before.beat.unwrap().at), (own(), Millis(7)));
        second.release();
        wait_until_free(&path);
        assert_eq!(acquire(&path).unwrap().predecessor(), None);
    }

    #[test]
    fn the_line_of_a_predecessor_is_not_taken_for_the_holders() {
        let of = |pid| {
            Some(Holder {
                pid: Some(pid),
                ..Holder::default()
            })
        };
        // No process has this number.
        let gone = of(i32::MAX);
        let mut lines = [gone, None, gone, of(own().unwrap()), gone].into_iter();
        assert_eq!(settled(|| lines.next().unwrap()).pid, own());
        assert_eq!(settled(|| gone).pid, Some(i32::MAX), "another namespace");
        assert_eq!(settled(|| None), Holder::default());
    }

    #[test]
    fn one_that_only_asks_keeps_no_recorder_away() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        drop(acquire(&path).unwrap());
        wait_until_free(&path);
        let asker = files::open(&path).unwrap();
        flock(&asker, FlockOperation::NonBlockingLockShared).unwrap();
        let (begun, waits) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let taken = scope.spawn(|| {
                begun.send(()).unwrap();
                acquire(&path).map(drop)
            });
            waits.recv().unwrap();
            drop(asker);
            taken.join().unwrap().unwrap();
        });
    }

    #[test]
    fn what_cannot_be_understood_still_is_a_holder() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let instance = acquire(&path).unwrap();
        for (line, pid) in [
            ("", None),
            ("nonsense", None),
            ("42\n", Some(42)),
            ("42 daemon asleep 1 2", Some(42)),
            ("42 daemon well", Some(42)),
            ("\u{0}\u{0}", None),
        ] {
            instance.file.set_len(0).unwrap();
            instance.file.write_all_at(line.as_bytes(), 0).unwrap();
            let holder = Instance::holder(&path).unwrap();
            assert_eq!((holder.pid, holder.beat), (pid, None), "{line:?}");
        }
    }

    #[test]
    fn a_file_that_was_removed_or_replaced_is_locked_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state/lock");
        let mut first = acquire(&path).unwrap();
        first.hold().unwrap();
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
        assert_eq!(Instance::holder(&path), None);
        first.hold().unwrap();
        assert_eq!(Instance::holder(&path).unwrap().pid, own());
        assert!(acquire(&path).is_err());
        // Whoever was faster records.
        std::fs::rename(&path, dir.path().join("away")).unwrap();
        let second = acquire(&path).unwrap();
        assert!(matches!(first.hold(), Err(InstanceError::Running(_))));
        drop(second);
    }
}
