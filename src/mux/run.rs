//! Child processes with a deadline: fed and drained at once, and killed when their owner gives up.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

/// How long a child may take and how much it may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The time from its start to its end.
    pub time: Duration,
    /// Bytes of standard output and of standard error, each.
    pub output: usize,
}

impl Default for Limits {
    /// Ten seconds and 512 MB: far above what a healthy multiplexer needs.
    fn default() -> Self {
        Self {
            time: Duration::from_secs(10),
            output: 512 << 20,
        }
    }
}

/// What a child said and how it ended.
#[derive(Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// Everything from its standard output.
    pub stdout: Vec<u8>,
    /// Everything from its standard error.
    pub stderr: Vec<u8>,
}

/// Why a child did not come to a good end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The program does not exist.
    #[error("the program was not found")]
    NotFound,
    /// It did not end in time and was killed.
    #[error("no end within {0:?}")]
    Timeout(Duration),
    /// It said more than it may and was killed.
    #[error("more than {0} bytes of output")]
    TooMuch(usize),
    /// The operating system refused to start it or to talk to it.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<Errno> for RunError {
    fn from(errno: Errno) -> Self {
        RunError::Io(errno.into())
    }
}

/// Runs a program, feeds it `input`, and collects what it says until it ends.
///
/// Input and both outputs move at the same time, so that neither side can wait for the other for
/// ever. On every error the child is killed and reaped before this returns.
pub fn run(command: &mut Command, input: &[u8], limits: Limits) -> Result<Output, RunError> {
    let start = Instant::now();
    command
        // Not in the foreground: what ends a command at its terminal must not break off what it has
        // begun.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => RunError::NotFound,
        _ => RunError::Io(error),
    })?;
    let mut child = Owned(child);
    let clock = Clock {
        start,
        limit: limits.time,
    };
    let (stdout, stderr) = exchange(&mut child.0, input, limits.output, &clock)?;
    let status = wait(&mut child.0, &clock)?;
    Ok(Output {
        status,
        stdout,
        stderr,
    })
}

/// A child that does not outlive its owner.
struct Owned(Child);

impl Drop for Owned {
    fn drop(&mut self) {
        // After `wait` has succeeded both calls do nothing; a child that cannot be killed any more
        // is one that has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Clock {
    start: Instant,
    limit: Duration,
}

impl Clock {
    /// What is left of the time.
    fn left(&self) -> Result<Duration, RunError> {
        self.limit
            .checked_sub(self.start.elapsed())
            .ok_or(RunError::Timeout(self.limit))
    }
}

fn timespec(time: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: time.subsec_nanos().into(),
    }
}

/// Waits until something is ready, no longer than the clock allows.
fn poll(fds: &mut [PollFd<'_>], time: Duration) -> Result<usize, RunError> {
    match rustix::event::poll(fds, Some(&timespec(time))) {
        Ok(ready) => Ok(ready),
        Err(Errno::INTR) => Ok(0),
        Err(errno) => Err(errno.into()),
    }
}

fn exchange(
    child: &mut Child,
    mut input: &[u8],
    most: usize,
    clock: &Clock,
) -> Result<(Vec<u8>, Vec<u8>), RunError> {
    let mut stdin = child.stdin.take();
    let mut stdout = child.stdout.take();
    let mut stderr = child.stderr.take();
    let (mut said, mut complained) = (Vec::new(), Vec::new());
    for fd in [
        stdin.as_ref().map(AsFd::as_fd),
        stdout.as_ref().map(AsFd::as_fd),
        stderr.as_ref().map(AsFd::as_fd),
    ]
    .into_iter()
    .flatten()
    {
        rustix::io::ioctl_fionbio(fd, true)?;
    }
    if input.is_empty() {
        stdin = None;
    }
    let mut buffer = vec![0; 64 << 10];
    while stdin.is_some() || stdout.is_some() || stderr.is_some() {
        let mut waiting = Vec::with_capacity(3);
        if let Some(fd) = &stdin {
            waiting.push(PollFd::new(fd, PollFlags::OUT));
        }
        if let Some(fd) = &stdout {
            waiting.push(PollFd::new(fd, PollFlags::IN));
        }
        if let Some(fd) = &stderr {
            waiting.push(PollFd::new(fd, PollFlags::IN));
        }
        poll(&mut waiting, clock.left()?)?;
        drop(waiting);
        if let Some(fd) = &stdin
            && feed(fd, &mut input)?
        {
            stdin = None;
        }
        if let Some(fd) = &stdout
            && drain(fd, &mut buffer, &mut said, most)?
        {
            stdout = None;
        }
        if let Some(fd) = &stderr
            && drain(fd, &mut buffer, &mut complained, most)?
        {
            stderr = None;
        }
    }
    Ok((said, complained))
}

/// Writes what the pipe takes; whether it can be closed. A child that has closed its input wants no
/// more of it, which is for its exit status to explain.
fn feed(fd: &impl AsFd, input: &mut &[u8]) -> Result<bool, RunError> {
    match rustix::io::write(fd, input) {
        Ok(written) => {
            *input = input.get(written..).unwrap_or(&[]);
            Ok(input.is_empty())
        }
        Err(Errno::AGAIN | Errno::INTR) => Ok(false),
        Err(Errno::PIPE) => Ok(true),
        Err(errno) => Err(errno.into()),
    }
}

/// Reads what is there; whether the end was reached.
fn drain(
    fd: &impl AsFd,
    buffer: &mut [u8],
    into: &mut Vec<u8>,
    most: usize,
) -> Result<bool, RunError> {
    match rustix::io::read(fd, &mut *buffer) {
        Ok(0) => Ok(true),
        Ok(read) => {
            into.extend_from_slice(buffer.get(..read).unwrap_or(&[]));
            if into.len() > most {
                return Err(RunError::TooMuch(most));
            }
            Ok(false)
        }
        Err(Errno::AGAIN | Errno::INTR) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// Waits for the end of a child that has closed its outputs; that is a matter of microseconds, but
/// nothing makes it so.
fn wait(child: &mut Child, clock: &Clock) -> Result<ExitStatus, RunError> {
    #[cfg(target_os = "linux")]
    let end =
        rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap_or(0)).and_then(|pid| {
            // Not there before Linux 5.3: then it is asked again and again.
            rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()
        });
    #[cfg(not(target_os = "linux"))]
    let end: Option<std::os::fd::OwnedFd> = None;
    let mut pause = Duration::from_micros(100);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        let left = clock.left()?;
        match &end {
            Some(fd) => poll(&mut [PollFd::new(fd, PollFlags::IN)], left)?,
            None => poll(&mut [], pause.min(left))?,
        };
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn more_than_a_pipe_holds_goes_through_in_both_directions() {
        let input: Vec<u8> = (0..3_000_000u32).map(|at| (at % 251) as u8).collect();
        let output = run(&mut sh("tee /dev/stderr"), &input, Limits::default()).unwrap();
        assert!(output.status.success());
        assert!(output.stdout == input && output.stderr == input);
    }

    #[test]
    fn a_child_may_ignore_its_input() {
        let input = vec![b'x'; 1 << 20];
        let output = run(&mut sh("echo done; exit 3"), &input, Limits::default()).unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(output.stdout, b"done\n");
    }

    #[test]
    fn who_does_not_end_is_killed() {
        let limits = Limits {
            time: Duration::from_millis(50),
            ..Limits::default()
        };
        for script in ["exec sleep 1000", "exec sleep 1000 >&- 2>&-"] {
            let error = run(&mut sh(script), b"", limits).unwrap_err();
            assert!(matches!(error, RunError::Timeout(_)), "{error:?}");
        }
    }

    #[test]
    fn endless_output_and_missing_programs_are_errors() {
        let limits = Limits {
            output: 1000,
            ..Limits::default()
        };
        let error = run(&mut sh("yes"), b"", limits).unwrap_err();
        assert!(matches!(error, RunError::TooMuch(1000)));
        let error = run(&mut Command::new("/no/such/program"), b"", limits).unwrap_err();
        assert!(matches!(error, RunError::NotFound));
    }
}
