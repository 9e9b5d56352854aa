//! The body of `muxtape __pane TOKEN`: what runs in a restored pane before its shell does.
//!
//! It gets its job from a private file, waits at a gate that opens when all panes have their size,
//! writes the saved text, says that it is ready, waits at a second gate that opens when the
//! sessions have their names, and becomes the shell. A gate is a lock: should the restorer die, the
//! lock falls, and a pane that finds it fallen but not opened ends at once. So nothing stays of a
//! restore that was broken off, and no shell starts while others still write.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use bstr::{BString, ByteSlice};
use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};

use super::replay::{self, Place};
use crate::files;
use crate::model::detail::Variable;
use crate::model::geometry::Size;
use crate::model::tree::ExitState;
use crate::mux::NewPane;

/// The word behind the program's name that makes it this.
pub const COMMAND: &str = "__pane";
/// The file of the gate before the text, beside the job.
pub(super) const TEXT_GATE: &str = "text-gate";
/// The file of the gate before the shell, beside the job.
pub(super) const SHELL_GATE: &str = "shell-gate";
/// What stands in a gate's file when it is open. Behind it, in the first gate, are the sizes of the
/// panes that have another one than planned: that of the terminal itself follows later.
pub(super) const OPEN: &[u8] = b"open";
/// Panes that write their text at the same time. tmux reads from all that have something before it
/// answers anybody: a hundred that write at once keep it from its clients for a fifth of a second.
const MAX_WRITERS: u32 = 8;

/// The pipe on which panes say that they are ready, beside the job.
pub(super) const READY: &str = "ready";
/// Bytes of a message on that pipe: the pane's number, little-endian, and how it went.
pub(super) const MESSAGE: usize = 5;

/// What a pane has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Job {
    /// The pane's place in the plan.
    pub(super) pane: u32,
    /// Directories to open in, the best first.
    pub(super) dirs: Vec<BString>,
    /// The shell's arguments; empty for what new panes begin with.
    pub(super) shell: Vec<BString>,
    /// The file that is started as the shell.
    pub(super) shell_file: BString,
    /// Variables that the shell gets, or is not to have.
    pub(super) environment: Vec<Variable>,
    /// How the process ends, for a pane that is kept open after it: no shell is started.
    pub(super) end: Option<ExitState>,
    /// The saved text.
    pub(super) text: Option<BString>,
    /// How it was shown, and what comes behind it.
    pub(super) place: Place,
}

/// What stands behind [`OPEN`] in the second gate: what the panes begin with that do not become
/// their own shells, or could not.
pub(super) type Beginnings = BTreeMap<u32, NewPane>;

/// How it went, in a message on the pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Went {
    /// As planned.
    Well = 0,
    /// Another directory than the first had to do.
    Elsewhere = 1,
}

/// Why a pane could not become its shell.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PaneError {
    /// The job could not be read.
    #[error("could not read what to do in {path}")]
    Job {
        /// The token.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The restore was broken off before the gate opened.
    #[error("the restore was broken off")]
    BrokenOff,
    /// No shell could be started.
    #[error("could not start {shell}")]
    Shell {
        /// The shell.
        shell: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// Waits for the restorer, changes directory, writes the saved text, says that it is ready, and
/// becomes the shell. Returns only when it could not.
///
/// The multiplexer remembers this command, and gives it again when the pane is to be started anew
/// (tmux `respawn-pane`). The restore is over by then and its directory gone: the pane becomes
/// `default_shell`.
pub fn run(token: &Path, default_shell: &[u8]) -> Result<Infallible, PaneError> {
    if token.parent().is_some_and(|dir| !dir.exists()) {
        return exec_new(&login(default_shell), |mut command| command.exec());
    }
    let (job, dir) = take(token)?;
    let gate = |name| {
        let path = dir.join(name);
        match files::open(&path) {
            Ok(gate) => Ok((gate, path)),
            Err(error) => {
                let source = error.into();
                Err(PaneError::Job { path, source })
            }
        }
    };
    // Both at once: the directory goes when the restorer has given up waiting.
    let (text_gate, shell_gate) = (gate(TEXT_GATE)?, gate(SHELL_GATE)?);
    // While it holds its lock, others of the same turn wait. Without it nothing is lost but
    // smoothness.
    let turn = dir.join(format!("turn-{}", job.pane % MAX_WRITERS));
    let turn = files::open_or_create(&turn).ok();
    // Made while there is time: most panes get the size that they were saved in.
    let planned = job
        .text
        .as_ref()
        .map(|text| replay::bytes(text, &job.place, job.place.size));
    let sizes = pass(text_gate)?;
    let (went, cwd) = enter(&job.dirs);
    if let (Some(text), Some(planned)) = (&job.text, planned) {
        let bytes = match other_size(&sizes, job.pane) {
            None => planned,
            Some(size) => replay::bytes(text, &job.place, size),
        };
        let _turn = turn.as_ref().map(take_turn);
        // A terminal that is gone will end the shell as well.
        let mut out = io::stdout().lock();
        let _ = out.write_all(&bytes).and_then(|()| out.flush());
    }
    // Closed by the exec, which tells the restorer that the shell is there.
    let _pipe = say_ready(&dir, job.pane, went);
    let said = pass(shell_gate)?;
    match job.end {
        Some(end) => Err(end_as(end)),
        None => {
            let new: Beginnings = postcard::from_bytes(&said).unwrap_or_default();
            begin(&job, new.get(&job.pane), default_shell, cwd)
        }
    }
}

/// A turn to write, for as long as it is kept.
struct Turn<'a>(&'a File);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let _ = rustix::fs::flock(self.0, FlockOperation::Unlock);
    }
}

fn take_turn(file: &File) -> Turn<'_> {
    while rustix::fs::flock(file, FlockOperation::LockExclusive) == Err(rustix::io::Errno::INTR) {}
    Turn(file)
}

/// The longest job that is read: a text of the largest scrollback, twice.
const MAX_JOB_BYTES: u64 = 1 << 30;

/// Reads the job and removes it: a token is good for one pane.
fn take(token: &Path) -> Result<(Job, PathBuf), PaneError> {
    let failed = |source| PaneError::Job {
        path: token.to_owned(),
        source,
    };
    let file = files::open(token).map_err(|error| failed(error.into()))?;
    files::remove(token).map_err(|error| failed(error.into()))?;
    let bytes = files::read_at_most(file, MAX_JOB_BYTES).map_err(failed)?;
    let job = postcard::from_bytes(&bytes)
        .map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidData, error)))?;
    let dir = token.parent().unwrap_or(Path::new("/")).to_owned();
    Ok((job, dir))
}

/// Waits at a gate until it opens; what stands behind [`OPEN`].
fn pass((gate, path): (File, PathBuf)) -> Result<Vec<u8>, PaneError> {
    match wait_at(gate) {
        Ok(Some(said)) => Ok(said),
        Ok(None) => Err(PaneError::BrokenOff),
        Err(source) => Err(PaneError::Job { path, source }),
    }
}

/// Waits until a gate's lock falls; what stands behind [`OPEN`], `None` where it was not opened.
pub(super) fn wait_at(gate: File) -> io::Result<Option<Vec<u8>>> {
    loop {
        match rustix::fs::flock(&gate, FlockOperation::LockShared) {
            Ok(()) => break,
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    let said = files::read_at_most(gate, MAX_JOB_BYTES)?;
    Ok(said.strip_prefix(OPEN).map(<[u8]>::to_vec))
}

/// The size of a pane that is not the planned one, from what stands behind [`OPEN`] in the first
/// gate.
fn other_size(sizes: &[u8], pane: u32) -> Option<Size> {
    let sizes: BTreeMap<u32, Size> = postcard::from_bytes(sizes).ok()?;
    sizes.get(&pane).copied()
}

/// Changes to the first directory that there is.
fn enter(dirs: &[BString]) -> (Went, Option<&BString>) {
    for (at, dir) in dirs.iter().enumerate() {
        if rustix::process::chdir(dir.as_slice()).is_ok() {
            let went = if at == 0 { Went::Well } else { Went::Elsewhere };
            return (went, Some(dir));
        }
    }
    (Went::Elsewhere, None)
}

/// Says how it went, and gives back the pipe.
fn say_ready(dir: &Path, pane: u32, went: Went) -> Option<File> {
    let [a, b, c, d] = pane.to_le_bytes();
    // Nobody listens any more when the restorer has given up waiting; the pane goes on.
    let mut pipe = files::open_pipe_to_write(&dir.join(READY)).ok()?;
    let _ = pipe.write_all(&[a, b, c, d, went as u8]);
    Some(pipe)
}

/// Ends with the status that the pane's process had; where that is not known, a signal ended it.
/// Comes back only when it could not.
fn end_as(end: ExitState) -> PaneError {
    let how = match end.status {
        Some(status) => format!("exit {status}"),
        None => "kill -KILL $$".to_owned(),
    };
    // A shell ends without a word, whatever the status.
    let source = Command::new("/bin/sh").args(["-c", &how]).exec();
    PaneError::Shell {
        shell: "/bin/sh".to_owned(),
        source,
    }
}

fn login(shell: &[u8]) -> NewPane {
    NewPane {
        shell: shell.into(),
        command: BString::default(),
    }
}

/// Becomes `new` where that is given; otherwise the shell of the job, else the default shell, else
/// `/bin/sh`.
fn begin(
    job: &Job,
    new: Option<&NewPane>,
    default_shell: &[u8],
    cwd: Option<&BString>,
) -> Result<Infallible, PaneError> {
    let exec = |mut command: Command| {
        command.env_remove("OLDPWD");
        // The directory by the name that it was entered by, symbolic links kept.
        match cwd {
            Some(dir) => command.env("PWD", dir.to_os_str_lossy()),
            None => command.env_remove("PWD"),
        };
        for variable in &job.environment {
            let name = variable.name.to_os_str_lossy();
            match &variable.value {
                Some(value) => command.env(name, value.to_os_str_lossy()),
                None => command.env_remove(name),
            };
        }
        command.exec()
    };
    if let Some(new) = new {
        return exec_new(new, exec);
    }
    if !job.shell.is_empty() {
        let error = exec(command_of(&job.shell_file, &job.shell));
        tracing::debug!("cannot start the saved shell: {error}");
    }
    exec_new(&login(default_shell), exec)
}

fn command_of(file: &BString, argv: &[BString]) -> Command {
    let mut command = Command::new(file.to_os_str_lossy());
    if let Some((name, args)) = argv.split_first() {
        command.arg0(name.to_os_str_lossy());
        command.args(args.iter().map(|arg| arg.to_os_str_lossy()));
    }
    command
}

/// Becomes what new panes begin with, as tmux starts it; with `/bin/sh` for a shell that cannot be
/// started.
fn exec_new(new: &NewPane, exec: impl Fn(Command) -> io::Error) -> Result<Infallible, PaneError> {
    let mut error = io::Error::from(io::ErrorKind::NotFound);
    for shell in [new.shell.clone(), BString::from("/bin/sh")] {
        if shell.is_empty() {
            continue;
        }
        let new = NewPane {
            shell,
            command: new.command.clone(),
        };
        error = exec(command_of(&new.shell, &new.argv()));
    }
    Err(PaneError::Shell {
        shell: crate::model::ansi::label(&new.shell),
        source: error,
    })
}
