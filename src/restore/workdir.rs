//! The private directory of one restore: the gates, the pipe, and the jobs of the panes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bstr::BString;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::FlockOperation;

use super::RestoreError;
use super::pane::{Beginnings, Job, MESSAGE, OPEN, READY, SHELL_GATE, TEXT_GATE, Went};
use crate::files;
use crate::model::geometry::Size;

/// The directory, with the gates held shut. Dropping it removes the directory and lets the gates'
/// locks fall: panes that still wait there end, unless the gate was opened.
#[derive(Debug)]
pub(super) struct Workdir {
    dir: PathBuf,
    text_gate: Option<File>,
    shell_gate: Option<File>,
    /// Whether the second gate stands open behind its lock.
    promised: bool,
    ready: File,
    /// Keeps the pipe from ending when the first pane has spoken.
    writer: Option<File>,
}

/// Makes a gate and shuts it.
fn gate(path: &Path) -> Result<File, RestoreError> {
    let gate = create(path)?;
    rustix::fs::flock(&gate, FlockOperation::NonBlockingLockExclusive).map_err(failed(path))?;
    Ok(gate)
}

fn open_gate(gate: &mut Option<File>, path: &Path, more: &[u8]) -> Result<(), RestoreError> {
    match gate.take() {
        Some(mut gate) => {
            let said = [OPEN, more].concat();
            gate.write_all(&said).map_err(failed(path))
        }
        None => Ok(()),
    }
}

fn failed<E: Into<io::Error>>(path: &Path) -> impl FnOnce(E) -> RestoreError + '_ {
    move |source| RestoreError::Files {
        path: path.display().to_string(),
        source: source.into(),
    }
}

impl Workdir {
    /// Makes the directory below `runtime`, for its owner alone.
    pub(super) fn new(runtime: &Path, name: &str) -> Result<Self, RestoreError> {
        files::private_dir(runtime).map_err(failed(runtime))?;
        tidy(runtime);
        let mut number = 0u32;
        let dir = loop {
            let dir = runtime.join(format!("{name}-{}-{number}", std::process::id()));
            match files::new_dir(&dir) {
                Ok(()) => break dir,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 1000 => {
                    number += 1;
                }
                Err(error) => return Err(failed(&dir)(error)),
            }
        };
        Self::fill(&dir).inspect_err(|_| {
            let _ = files::remove_tree(&dir);
        })
    }

    fn fill(dir: &Path) -> Result<Self, RestoreError> {
        let text_gate = gate(&dir.join(TEXT_GATE))?;
        let shell_gate = gate(&dir.join(SHELL_GATE))?;
        let pipe = dir.join(READY);
        let (ready, writer) = files::make_pipe(&pipe).map_err(failed(&pipe))?;
        Ok(Self {
            dir: dir.to_owned(),
            text_gate: Some(text_gate),
            shell_gate: Some(shell_gate),
            promised: false,
            ready,
            writer: Some(writer),
        })
    }

    /// The token of a pane.
    pub(super) fn token(&self, pane: u32) -> BString {
        let path = self.dir.join(format!("p{pane}"));
        path.into_os_string().into_encoded_bytes().into()
    }

    /// Writes a pane's job.
    pub(super) fn write(&self, job: &Job) -> Result<(), RestoreError> {
        let path = self.dir.join(format!("p{}", job.pane));
        let bytes = postcard::to_allocvec(job)
            .map_err(|error| failed(&path)(io::Error::new(io::ErrorKind::InvalidData, error)))?;
        create(&path)?.write_all(&bytes).map_err(failed(&path))
    }

    /// Lets the panes write their text; tells the sizes of those that have another one than
    /// planned.
    pub(super) fn open_texts(&mut self, sizes: &BTreeMap<u32, Size>) -> Result<(), RestoreError> {
        let path = self.dir.join(TEXT_GATE);
        let sizes = postcard::to_allocvec(sizes)
            .map_err(|error| failed(&path)(io::Error::new(io::ErrorKind::InvalidData, error)))?;
        open_gate(&mut self.text_gate, &path, &sizes)
    }

    /// Promises the panes that they become their shells, even should this process be killed, or
    /// begin as new panes do where that is told; they wait on. What is promised once stays.
    pub(super) fn promise_shells(&mut self, new: &Beginnings) -> Result<(), RestoreError> {
        let path = self.dir.join(SHELL_GATE);
        let said = postcard::to_allocvec(new)
            .map_err(|error| failed(&path)(io::Error::new(io::ErrorKind::InvalidData, error)))?;
        let said = [OPEN, &said].concat();
        match self.shell_gate.as_mut().filter(|_| !self.promised) {
            Some(gate) => gate.write_all(&said).map_err(failed(&path))?,
            None => return Ok(()),
        }
        self.promised = true;
        Ok(())
    }

    /// Lets the panes become their shells, and waits until those that were ready have, no longer
    /// than `patience`: until then tmux names another program in them.
    pub(super) fn open_shells(
        &mut self,
        new: &Beginnings,
        patience: Duration,
    ) -> Result<(), RestoreError> {
        self.promise_shells(new)?;
        self.shell_gate = None;
        // Without a writer the pipe ends with the last pane that has it open.
        self.writer = None;
        let start = Instant::now();
        while let Some(left) = patience.checked_sub(start.elapsed()) {
            let mut polled = [PollFd::new(&self.ready, PollFlags::IN)];
            let heard = rustix::event::poll(&mut polled, Some(&timespec(left)));
            // What a late pane says is not needed any more.
            let mut buffer = [0; 4096];
            match (heard, rustix::io::read(&self.ready, &mut buffer)) {
                (Ok(0), _) | (_, Ok(0)) => break,
                _ => {}
            }
        }
        Ok(())
    }

    /// Waits until `expected` panes have said that they are ready, no longer than `patience` after
    /// the last one did.
    pub(super) fn wait(&self, expected: usize, patience: Duration) -> BTreeMap<u32, Went> {
        let mut all = BTreeMap::new();
        let mut rest: Vec<u8> = Vec::new();
        let mut last = Instant::now();
        while all.len() < expected {
            let Some(left) = patience.checked_sub(last.elapsed()) else {
                break;
            };
            let mut polled = [PollFd::new(&self.ready, PollFlags::IN)];
            let _ = rustix::event::poll(&mut polled, Some(&timespec(left)));
            let mut buffer = [0; 4096];
            let Ok(read) = rustix::io::read(&self.ready, &mut buffer) else {
                continue;
            };
            rest.extend_from_slice(buffer.get(..read).unwrap_or(&[]));
            while let Some(message) = rest.get(..MESSAGE) {
                if let [a, b, c, d, went] = *message {
                    let went = if went == 0 {
                        Went::Well
                    } else {
                        Went::Elsewhere
                    };
                    all.insert(u32::from_le_bytes([a, b, c, d]), went);
                }
                rest.drain(..MESSAGE);
                last = Instant::now();
            }
        }
        all
    }
}

/// Removes what killed restorers left: jobs that no pane has read hold texts. What cannot be
/// removed is looked at again by the next.
fn tidy(runtime: &Path) {
    let entries = std::fs::read_dir(runtime).into_iter().flatten().flatten();
    for dir in entries.map(|entry| entry.path()) {
        if is_left(&dir)
            && let Err(error) = files::remove_tree(&dir)
        {
            tracing::debug!("{error} stays");
        }
    }
}

/// Whether a directory is that of a restorer that has ended: the process whose number is in its
/// name is gone, and nobody holds a gate shut. The number alone means nothing where a directory is
/// shared with a container.
fn is_left(dir: &Path) -> bool {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let mut parts = name.rsplit('-');
    let (Some(Ok(_)), Some(Ok(pid))) = (
        parts.next().map(str::parse::<u32>),
        parts.next().map(str::parse::<i32>),
    ) else {
        return false;
    };
    let gone = rustix::process::Pid::from_raw(pid)
        .is_some_and(|pid| rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH));
    gone && match files::open(&dir.join(SHELL_GATE)) {
        Ok(gate) => rustix::fs::flock(&gate, FlockOperation::NonBlockingLockShared).is_ok(),
        Err(error) => error.is_not_found(),
    }
}

fn timespec(time: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: time.subsec_nanos().into(),
    }
}

impl Drop for Workdir {
    fn drop(&mut self) {
        // What is left of it is private and small.
        let _ = files::remove_tree(&self.dir);
    }
}

fn create(path: &Path) -> Result<File, RestoreError> {
    files::create_new(path).map_err(failed(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tree::Screen;
    use crate::restore::pane::wait_at;
    use crate::restore::replay::{Next, Place};
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn job(pane: u32) -> Job {
        Job {
            pane,
            dirs: Vec::new(),
            shell: Vec::new(),
            shell_file: BString::default(),
            environment: Vec::new(),
            end: None,
            text: Some("secret".into()),
            place: Place {
                size: Size::default(),
                screen: Screen::default(),
                next: Next::New,
                erases: false,
            },
        }
    }

    #[test]
    fn a_gate_opens_or_falls() {
        for open in [true, false] {
            let runtime = tempfile::tempdir().unwrap();
            let mut work = Workdir::new(runtime.path(), "test").unwrap();
            let gate = File::open(work.dir.join(TEXT_GATE)).unwrap();
            let waiting = std::thread::spawn(move || wait_at(gate).unwrap());
            if open {
                work.open_texts(&BTreeMap::new()).unwrap();
                assert!(waiting.join().unwrap().is_some());
            } else {
                // The lock falls as it does when the restorer dies; the file is still there.
                drop(work.text_gate.take());
                assert_eq!(waiting.join().unwrap(), None);
            }
        }
    }

    #[test]
    fn what_a_killed_restorer_left_goes_with_the_next_restore() {
        let runtime = tempfile::tempdir().unwrap();
        let mut killed = Workdir::new(runtime.path(), "test").unwrap();
        let alive = Workdir::new(runtime.path(), "test").unwrap();
        killed.write(&job(1)).unwrap();
        // One that was killed before it had made its gates, and one that is not muxtape's at all.
        let early = runtime.path().join(format!("test-{}-0", i32::MAX));
        let other = runtime.path().join("notes");
        fs::create_dir(&early).unwrap();
        fs::create_dir(&other).unwrap();
        let left = runtime.path().join(format!("test-{}-1", i32::MAX));
        fs::rename(&killed.dir, &left).unwrap();
        // In another container, whose numbers are not known here.
        let far = Workdir::new(runtime.path(), "test").unwrap();
        assert!(!early.exists() && left.exists(), "its gate is shut");
        drop((killed.text_gate.take(), killed.shell_gate.take()));
        let next = Workdir::new(runtime.path(), "test").unwrap();
        assert!(!left.exists());
        assert!(other.exists() && alive.dir.join(SHELL_GATE).exists() && far.dir.exists());
        assert_ne!(next.dir, alive.dir);
    }

    #[test]
    fn jobs_are_for_their_owner_alone_and_gone_with_the_restore() {
        let runtime = tempfile::tempdir().unwrap();
        let work = Workdir::new(runtime.path(), "test").unwrap();
        let second = Workdir::new(runtime.path(), "test").unwrap();
        assert_ne!(work.dir, second.dir);
        work.write(&job(3)).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&work.dir), 0o700);
        for entry in fs::read_dir(&work.dir).unwrap() {
            assert_eq!(mode(&entry.unwrap().path()), 0o600);
        }
        drop((work, second));
        assert_eq!(fs::read_dir(runtime.path()).unwrap().count(), 0);
    }
}
