//! Whether a shell is the one that reads what is typed into its terminal, on Linux.

use std::os::fd::AsFd;

use bstr::ByteSlice;
use rustix::fs::{AtFlags, FileType, Mode, OFlags};

use super::Waiting;
use super::linux::Proc;
use super::shell::{is_interactive, is_shell_name};
use super::source::{Stat, System};
use crate::model::program::program_name;

/// The first number of an open file that cannot be input or output of the shell.
const BEYOND_STANDARD: u32 = 3;

/// Functions of the kernel, by the start of their names, in which a process sleeps that reads from
/// a terminal or waits for it to have something. One that waits for its child sleeps elsewhere.
const READING: [&[u8]; 6] = [
    b"wait_woken",
    b"n_tty_read",
    b"poll_schedule_timeout",
    b"do_select",
    b"do_sys_poll",
    b"ep_poll",
];

/// How a shell waits, which is the pane's own process, or the one that such a process stays around.
/// `None` where it cannot be seen.
pub(super) fn waiting(root: i32) -> Option<Waiting> {
    let proc = Proc::new();
    let root = proc.stat(root)?;
    let stat = wrapped(&proc, &root).unwrap_or(root);
    let pid = stat.pid;
    let terminal = proc.link(&format!("{pid}/fd/0"));
    let readers = proc.children(pid, stat.group);
    // What a shell has left in the background can have the terminal open, too.
    let sleeps_in = proc.read(&format!("{pid}/wchan")).unwrap_or_default();
    let reading = READING.iter().any(|name| sleeps_in.starts_with(name));
    let reads = |child: i32| {
        let files = proc.files(child).unwrap_or_default();
        files.iter().any(|file| {
            let target = proc.link(&format!("{child}/fd/{file}"));
            target.is_some_and(|target| {
                target == "/dev/tty" || *file == 0 && Some(&target) == terminal.as_ref()
            })
        })
    };
    let children = proc.read(&format!("{pid}/task/{pid}/children"));
    let busy = children.is_some_and(|children| !children.trim().is_empty());
    let runs = proc.read(&format!("{pid}/stat")).is_some_and(|line| {
        let rest = line.rsplit_once_str(")").map(|(_, rest)| rest.trim_start());
        rest.is_some_and(|rest| rest.starts_with(b"R"))
    });
    Some(Waiting {
        argv: proc.arguments(pid).unwrap_or_default(),
        in_front: stat.foreground == stat.group,
        alone: reading || !readers.iter().any(|child| reads(child.pid)),
        starting: is_read_file_open(&proc, pid),
        busy: busy || runs,
        dir: proc.identity(&format!("{pid}/cwd")),
    })
}

/// The interactive shell in front that a shell with a command (`sh -c 'A=b bash; true'`) stays
/// around.
fn wrapped(proc: &Proc, root: &Stat) -> Option<Stat> {
    let arguments = |pid| proc.arguments(pid).unwrap_or_default();
    let own = arguments(root.pid);
    if root.foreground == root.group || !is_shell_name(program_name(&own)) || is_interactive(&own) {
        return None;
    }
    let front = proc.stat(root.foreground)?;
    (front.parent == root.pid && is_interactive(&arguments(front.pid))).then_some(front)
}

/// Whether a process has a file open of which it has read something, as shells have the file that
/// they run. bash reads such a file at once and closes it.
fn is_read_file_open(proc: &Proc, pid: i32) -> bool {
    let files = proc.files(pid).unwrap_or_default();
    files.into_iter().any(|file| {
        file >= BEYOND_STANDARD
            && proc.is_regular(&format!("{pid}/fd/{file}"))
            && proc
                .read(&format!("{pid}/fdinfo/{file}"))
                .is_some_and(|info| {
                    let field = |name: &[u8]| {
                        let line = info.lines().find_map(|line| line.strip_prefix(name))?;
                        Some(line.trim().to_owned())
                    };
                    let flags = field(b"flags:")
                        .and_then(|flags| u32::from_str_radix(flags.to_str().ok()?, 8).ok());
                    // Open for reading alone.
                    flags.is_some_and(|flags| flags & OFlags::ACCMODE.bits() == 0)
                        && field(b"pos:").is_some_and(|at| at != b"0")
                })
    })
}

impl Proc {
    /// The numbers of a process's open files.
    fn files(&self, pid: i32) -> Option<Vec<u32>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir =
            rustix::fs::openat(self.dir()?, format!("{pid}/fd"), flags, Mode::empty()).ok()?;
        let entries = rustix::fs::Dir::read_from(dir.as_fd()).ok()?;
        let names = entries.flatten();
        Some(
            names
                .filter_map(|entry| entry.file_name().to_str().ok()?.parse().ok())
                .collect(),
        )
    }

    fn is_regular(&self, link: &str) -> bool {
        let stat = self
            .dir()
            .and_then(|dir| rustix::fs::statat(dir, link, AtFlags::empty()).ok());
        stat.is_some_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile)
    }

    /// What a link leads to, by its device and its number there.
    fn identity(&self, link: &str) -> Option<(u64, u64)> {
        let stat = rustix::fs::statat(self.dir()?, link, AtFlags::empty()).ok()?;
        Some((stat.st_dev, stat.st_ino))
    }
}
