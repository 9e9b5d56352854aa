//! `/proc`, as proc(5) describes it.

use std::cell::{Cell, OnceCell};
use std::collections::HashMap;
use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use bstr::{BString, ByteSlice};
use rustix::buffer::spare_capacity;
use rustix::event::epoll;
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;
use rustix::pipe::PipeFlags;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::look::look;
use super::source::{Stat, System};
use super::{EndedFirst, Root, Running, by_name};
use crate::model::launch::StandardStream;

/// Bytes of arguments that are read at the most. Of a longer list only the beginning would be
/// known, so nothing but the name is told.
const MAX_ARGUMENT_BYTES: usize = 1 << 20;

/// A process flag of the kernel (`PF_FORKNOEXEC`): forked, and has not become another program
/// since.
const FORKED: u32 = 0x40;

/// The kernel's name for this boot.
pub(super) fn boot_id() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

/// What runs in each of these panes.
pub(super) fn running(roots: &[Root], names: &[String]) -> Vec<Running> {
    let system = Proc::new();
    let each = roots.iter().map(|root| {
        // The server can be in another container, where processes have other numbers.
        look(&system, root, names).unwrap_or_else(|| by_name::running(root))
    });
    let all = each.collect();
    tracing::trace!(
        panes = roots.len(),
        reads = system.reads(),
        "looked at processes"
    );
    all
}

/// When a process began, in ticks since the boot.
pub(super) fn started(pid: i32) -> Option<u64> {
    let line = Proc::new().read(&format!("{pid}/stat"))?;
    let (_, rest) = line.rsplit_once_str(")")?;
    // The 22nd field of the line, and this is from the third on.
    rest.fields().nth(19)?.to_str().ok()?.parse().ok()
}

/// See [`super::is_in_front`].
pub(super) fn groups(root: i32, pid: i32) -> Option<(i32, i32)> {
    super::groups(&Proc::new(), root, pid)
}

/// A thread that sleeps until one of two processes ends. A server that is killed closes its
/// terminals before its own end is told, so a shell can seem to end first: what the server is doing
/// at that moment decides.
#[derive(Debug)]
pub(super) struct Watch {
    answer: mpsc::Receiver<EndedFirst>,
    /// The thread ends with the other end of this.
    _stop: OwnedFd,
}

/// How long the thread may take to say what it saw.
const WATCH_ANSWER: Duration = Duration::from_millis(200);
/// A process flag of the kernel (`PF_EXITING`): it is ending.
const EXITING: u32 = 0x4;

impl Watch {
    const SERVER: u64 = 0;
    const PANE: u64 = 1;
    const STOP: u64 = 2;

    pub(super) fn of(server: i32, pane: i32) -> Option<Self> {
        let open = |pid| {
            let pid = Pid::from_raw(pid)?;
            pidfd_open(pid, PidfdFlags::empty()).ok()
        };
        let (stopped, stop) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC).ok()?;
        let watched = [open(server)?, open(pane)?, stopped];
        let poll = epoll::create(epoll::CreateFlags::CLOEXEC).ok()?;
        for (one, data) in watched.iter().zip([Self::SERVER, Self::PANE, Self::STOP]) {
            let data = epoll::EventData::new_u64(data);
            epoll::add(&poll, one, data, epoll::EventFlags::IN).ok()?;
        }
        let (said, answer) = mpsc::sync_channel(1);
        let watch = move || {
            let _watched = watched;
            let ended = match first_events(&poll).as_slice() {
                // A server that is killed takes its shells along, and one of these may be done
                // first: only while the server goes on is it sure that the shell was closed.
                [Self::PANE] if !is_ending(server) => EndedFirst::Pane,
                [Self::SERVER | Self::PANE, ..] => EndedFirst::Server,
                _ => return,
            };
            // Nobody may be left to hear it.
            let _ = said.try_send(ended);
        };
        let name = "ends of processes".to_owned();
        thread::Builder::new().name(name).spawn(watch).ok()?;
        Some(Self {
            answer,
            _stop: stop,
        })
    }

    pub(super) fn ended_first(self) -> Option<EndedFirst> {
        self.answer.recv_timeout(WATCH_ANSWER).ok()
    }
}

/// Waits until something is ready in an epoll, which tells it in the order in which it became so.
fn first_events(poll: &OwnedFd) -> Vec<u64> {
    let mut events: Vec<epoll::Event> = Vec::with_capacity(3);
    loop {
        match epoll::wait(poll, spare_capacity(&mut events), None) {
            Err(Errno::INTR) => {}
            Err(_) => return Vec::new(),
            Ok(_) => return events.iter().map(|event| event.data.u64()).collect(),
        }
    }
}

/// Whether a process has ended or is about to.
fn is_ending(pid: i32) -> bool {
    let line = Proc::new().read(&format!("{pid}/stat"));
    line.and_then(|line| {
        let (_, rest) = line.rsplit_once_str(")")?;
        // The 9th field of the line, and this is from the third on.
        rest.fields().nth(6)?.to_str().ok()?.parse::<u32>().ok()
    })
    .is_none_or(|flags| flags & EXITING != 0)
}

/// How a shell waits.
pub(super) use super::waiting::waiting;

/// One look at `/proc`.
#[derive(Debug)]
pub(super) struct Proc {
    /// The directory; `None` where there is none.
    dir: Option<OwnedFd>,
    /// All processes by group, read once and only where nothing less is enough.
    all: OnceCell<HashMap<i32, Vec<Stat>>>,
    /// Whether the kernel keeps lists of children (`CONFIG_PROC_CHILDREN`).
    lists: Cell<bool>,
    reads: Cell<u64>,
    lives: fn(i32) -> bool,
}

impl Proc {
    pub(super) fn new() -> Self {
        Self::at(Path::new("/proc"), |group| {
            let group = rustix::process::Pid::from_raw(group);
            let asked = group.map(rustix::process::test_kill_process_group);
            matches!(asked, Some(Ok(()) | Err(Errno::PERM)))
        })
    }

    /// A directory that is like `/proc`, and what tells whether there is a process group.
    pub(super) fn at(dir: &Path, lives: fn(i32) -> bool) -> Self {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        Self {
            dir: rustix::fs::open(dir, flags, Mode::empty()).ok(),
            all: OnceCell::new(),
            lists: Cell::new(true),
            reads: Cell::new(0),
            lives,
        }
    }

    /// How many files, links and directories were read.
    pub(super) fn reads(&self) -> u64 {
        self.reads.get()
    }

    /// The directory, for one more thing to be read.
    pub(super) fn dir(&self) -> Option<&OwnedFd> {
        self.reads.set(self.reads.get() + 1);
        self.dir.as_ref()
    }

    /// A file, in as few system calls as it takes: what is smaller than asked for is the end.
    pub(super) fn read(&self, path: &str) -> Option<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(self.dir()?, path, flags, Mode::empty()).ok()?;
        let mut bytes = Vec::new();
        let mut part = [0; 4096];
        loop {
            let count = rustix::io::read(&file, &mut part).ok()?;
            bytes.extend_from_slice(part.get(..count)?);
            if count < part.len() || bytes.len() > MAX_ARGUMENT_BYTES {
                return Some(bytes);
            }
        }
    }

    pub(super) fn link(&self, path: &str) -> Option<BString> {
        let target = rustix::fs::readlinkat(self.dir()?, path, Vec::new()).ok()?;
        Some(target.into_bytes().into())
    }

    /// The path that a link stands for, without the mark that the kernel puts behind what has been
    /// deleted.
    fn path(&self, link: &str) -> Option<BString> {
        let target = self.link(link)?;
        let Some(path) = target.strip_suffix(b" (deleted)") else {
            return Some(target);
        };
        let stat = rustix::fs::statat(self.dir()?, link, AtFlags::empty());
        let deleted = stat.is_ok_and(|stat| stat.st_nlink == 0);
        Some(if deleted { path.into() } else { target })
    }

    fn all(&self) -> &HashMap<i32, Vec<Stat>> {
        self.all.get_or_init(|| {
            let mut all: HashMap<i32, Vec<Stat>> = HashMap::new();
            let entries = self
                .dir()
                .and_then(|dir| rustix::fs::Dir::read_from(dir).ok());
            let entries = entries.into_iter().flatten().flatten();
            let pids = entries.filter_map(|entry| entry.file_name().to_str().ok()?.parse().ok());
            for stat in pids.filter_map(|pid| self.stat(pid)) {
                if !stat.zombie {
                    all.entry(stat.group).or_default().push(stat);
                }
            }
            all
        })
    }
}

impl System for Proc {
    fn stat(&self, pid: i32) -> Option<Stat> {
        parse(pid, &self.read(&format!("{pid}/stat"))?)
    }

    fn arguments(&self, pid: i32) -> Option<Vec<BString>> {
        let line = self.read(&format!("{pid}/cmdline"))?;
        let whole = line.len() <= MAX_ARGUMENT_BYTES;
        let line = line.strip_suffix(b"\0").unwrap_or(&line);
        let mut argv = line.split_str(b"\0").map(BString::from);
        if whole {
            (!line.is_empty()).then(|| argv.collect())
        } else {
            // As of a program with a title: that this is not all will be seen.
            let name = argv.next()?;
            Some(vec![[name.as_slice(), b" ..."].concat().into()])
        }
    }

    fn exe(&self, pid: i32) -> Option<BString> {
        self.path(&format!("{pid}/exe"))
    }

    fn cwd(&self, pid: i32) -> Option<BString> {
        self.path(&format!("{pid}/cwd"))
    }

    fn environment(&self, pid: i32) -> Vec<BString> {
        let lines = self.read(&format!("{pid}/environ")).unwrap_or_default();
        let lines = lines.split_str(b"\0").filter(|line| !line.is_empty());
        lines.map(BString::from).collect()
    }

    fn target(&self, pid: i32, stream: StandardStream) -> Option<BString> {
        self.link(&format!("{pid}/fd/{}", stream as u8))
    }

    fn keeps(&self, pid: i32, target: &BString) -> bool {
        // What is saved at the start has a low number.
        (3..10).any(|number| self.link(&format!("{pid}/fd/{number}")).as_ref() == Some(target))
    }

    fn flags(&self, pid: i32, stream: StandardStream) -> Option<OFlags> {
        let info = self.read(&format!("{pid}/fdinfo/{}", stream as u8))?;
        let line = info.lines().find_map(|line| line.strip_prefix(b"flags:"))?;
        let flags = u32::from_str_radix(line.to_str().ok()?.trim(), 8).ok()?;
        Some(OFlags::from_bits_retain(flags))
    }

    fn is_deleted(&self, pid: i32, stream: StandardStream) -> bool {
        let link = format!("{pid}/fd/{}", stream as u8);
        let stat = self
            .dir()
            .and_then(|dir| rustix::fs::statat(dir, link, AtFlags::empty()).ok());
        stat.is_some_and(|stat| stat.st_nlink == 0)
    }

    fn argument_bytes(&self, pid: i32) -> Option<u64> {
        let line = self.read(&format!("{pid}/stat"))?;
        let (_, rest) = line.rsplit_once_str(")")?;
        // The fields arg_start and arg_end, the 48th and the 49th.
        let mut ends = rest.fields().skip(45);
        let mut end = || ends.next()?.to_str().ok()?.parse::<u64>().ok();
        let (start, end) = (end()?, end()?);
        end.checked_sub(start).filter(|bytes| *bytes > 0)
    }

    fn children(&self, parent: i32, group: i32) -> Vec<Stat> {
        let own = |stat: &Stat| stat.group == group && stat.parent == parent && !stat.zombie;
        let listed = self
            .lists
            .get()
            .then(|| self.read(&format!("{parent}/task/{parent}/children")));
        let Some(listed) = listed.flatten() else {
            self.lists.set(false);
            let members = self.all().get(&group).into_iter().flatten();
            return members.filter(|stat| own(stat)).copied().collect();
        };
        let pids = listed
            .fields()
            .filter_map(|pid| pid.to_str().ok()?.parse().ok());
        pids.filter_map(|pid| self.stat(pid)).filter(own).collect()
    }

    fn members(&self, group: i32) -> Vec<Stat> {
        self.all().get(&group).cloned().unwrap_or_default()
    }

    fn lives(&self, group: i32) -> bool {
        (self.lives)(group)
    }
}

/// A line of `/proc/PID/stat`. The second field is the program's name, which can hold anything: the
/// fields are counted from the last parenthesis.
fn parse(pid: i32, line: &[u8]) -> Option<Stat> {
    let (_, rest) = line.rsplit_once_str(")")?;
    let mut fields = rest.to_str().ok()?.split_ascii_whitespace();
    let state = fields.next()?;
    let mut number = || fields.next()?.parse::<i32>().ok();
    let (parent, group, _session, terminal, foreground) =
        (number()?, number()?, number()?, number()?, number()?);
    let flags: u32 = fields.next()?.parse().ok()?;
    Some(Stat {
        pid,
        zombie: matches!(state, "Z" | "X" | "x"),
        parent,
        group,
        foreground,
        terminal,
        copy: flags & FORKED != 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_stat_can_hold_anything() {
        let line = b"42 (a) R 1 (b) S 7 42 42 34816 99 4194304 0";
        let stat = parse(42, line).unwrap();
        let expected = Stat {
            pid: 42,
            zombie: false,
            parent: 7,
            group: 42,
            foreground: 99,
            terminal: 34816,
            copy: false,
        };
        assert_eq!(stat, expected);
        let copy = parse(42, b"42 (x) Z 7 42 42 34816 -1 4194368 0").unwrap();
        assert!(copy.copy && copy.zombie && copy.foreground == -1);
        assert_eq!(parse(1, b"1 (x"), None);
        assert_eq!(parse(1, b"1 (x) S 1"), None);
    }

    #[test]
    fn a_boot_has_a_name_that_stays() {
        assert!(boot_id().is_some_and(|id| !id.is_empty()));
        assert_eq!(boot_id(), boot_id());
    }

    #[test]
    fn this_process_is_seen() {
        let pid = i32::try_from(std::process::id()).unwrap();
        let proc = Proc::new();
        let stat = proc.stat(pid).unwrap();
        assert!(stat.pid == pid && !stat.copy);
        assert!(!proc.arguments(pid).unwrap().is_empty());
        let cwd = std::env::current_dir().unwrap();
        assert_eq!(proc.cwd(pid).unwrap(), cwd.to_str().unwrap());
        let exe = std::env::current_exe().unwrap();
        assert_eq!(proc.exe(pid).unwrap(), exe.to_str().unwrap());
        assert!(proc.members(stat.group).contains(&stat));
        assert!(proc.lives(stat.group) && !proc.lives(i32::MAX));
    }

    #[test]
    fn what_is_not_there_is_not_told() {
        let gone = Root {
            pid: i32::MAX,
            command: "bash".into(),
        };
        assert_eq!(running(&[gone], &[]), [Running::default()]);
    }
}
