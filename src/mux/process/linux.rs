//! `/proc`, as proc(5) describes it.
//!
//! The foreground of a pane is the process group that its terminal belongs to. The leader of the group
//! tells the program; the other members with the leader's parent are the rest of its pipeline, in the
//! order of the pipes between them. Members with another parent are helpers of the program (such as
//! ssh's ProxyCommand).

use std::collections::HashMap;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use bstr::{BString, ByteSlice};

use super::shell::{is_helper, is_interactive};
use super::{Root, Running, by_name};
use crate::model::program::Program;

/// The kernel's name for this boot.
pub(super) fn boot_id() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

/// What runs in each of these panes.
pub(super) fn running(roots: &[Root], _names: &[String]) -> Vec<Running> {
    let mut groups = Groups::default();
    roots
        .iter()
        // The server can be in another container, where processes have other numbers.
        .map(|root| look(root.pid, &mut groups).unwrap_or_else(|| by_name::running(root)))
        .collect()
}

/// A line of `/proc/PID/stat`, as far as it is of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stat {
    pid: i32,
    zombie: bool,
    parent: i32,
    group: i32,
    /// The process group in the foreground of the process's terminal; negative without one.
    foreground: i32,
}

impl Stat {
    fn read(pid: i32) -> Option<Self> {
        Self::parse(pid, &fs::read(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The second field is the program's name, which can hold anything: the fields are counted from
    /// the last parenthesis.
    fn parse(pid: i32, line: &[u8]) -> Option<Self> {
        let (_, rest) = line.rsplit_once_str(")")?;
        let mut fields = rest.to_str().ok()?.split_ascii_whitespace();
        let state = fields.next()?;
        let mut number = || fields.next()?.parse::<i32>().ok();
        let (parent, group, _session, _terminal, foreground) =
            (number()?, number()?, number()?, number()?, number()?);
        Some(Self {
            pid,
            zombie: matches!(state, "Z" | "X" | "x"),
            parent,
            group,
            foreground,
        })
    }
}

fn look(root: i32, groups: &mut Groups) -> Option<Running> {
    let stat = Stat::read(root)?;
    let shell = arguments(root).unwrap_or_default();
    if !is_interactive(&shell) && is_copy(stat.parent, &shell) {
        return Some(Running::default());
    }
    let cwd = link(root, "cwd");
    let program = if stat.foreground == stat.group || stat.foreground <= 0 {
        // The pane's own process is in front: a shell that waits, or a program without a shell.
        (!shell.is_empty() && !is_interactive(&shell) && !is_helper(&shell)).then(|| Program {
            argv: shell.clone(),
            exe: link(root, "exe"),
            cwd: None,
            pipeline: Vec::new(),
            redacted: false,
        })
    } else {
        foreground(stat.foreground, cwd.as_ref(), groups)
    };
    Some(Running {
        shell: if is_helper(&shell) { Vec::new() } else { shell },
        cwd,
        program,
        ..Running::default()
    })
}

/// Whether a process with these arguments is a copy of its parent: one that was made a moment ago, and
/// has not become yet what it was made for.
fn is_copy(parent: i32, argv: &[BString]) -> bool {
    !argv.is_empty() && arguments(parent).is_some_and(|parent| parent == argv)
}

fn foreground(group: i32, shell_cwd: Option<&BString>, groups: &mut Groups) -> Option<Program> {
    let leader = Stat::read(group).filter(|stat| stat.group == group && !stat.zombie);
    let (members, whole) = match leader {
        Some(leader) => (groups.siblings(leader), true),
        // The first of a pipeline can end before the others.
        None => (groups.members(group), false),
    };
    let mut members: Vec<(i32, Vec<BString>)> = in_order(&members)
        .into_iter()
        .filter_map(|pid| Some((pid, arguments(pid)?)))
        .collect();
    if let Some(at) = members.iter().position(|(pid, _)| *pid == group) {
        // The leader is what the model calls the program, wherever the pipes put it.
        members.get_mut(..=at)?.rotate_right(1);
    }
    let mut members = members.into_iter();
    let (pid, argv) = members.next()?;
    if is_helper(&argv) {
        return None;
    }
    let mut pipeline: Vec<Vec<BString>> = members.map(|(_, argv)| argv).collect();
    if !whole {
        // An empty list stands for the member that has ended.
        pipeline.insert(0, Vec::new());
    }
    Some(Program {
        argv,
        exe: link(pid, "exe"),
        cwd: link(pid, "cwd").filter(|cwd| Some(cwd) != shell_cwd),
        pipeline,
        redacted: false,
    })
}

/// The argument list; `None` for a process that has ended or never had one.
fn arguments(pid: i32) -> Option<Vec<BString>> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let line = line.strip_suffix(b"\0").unwrap_or(&line);
    // Programs that set their own title leave the rest of their arguments as padding.
    let line = line.trim_end_with(|c| c == '\0');
    (!line.is_empty()).then(|| line.split_str(b"\0").map(BString::from).collect())
}

/// Where `/proc/PID/cwd` or `exe` points to, without the mark that the kernel puts behind what has
/// been deleted.
fn link(pid: i32, name: &str) -> Option<BString> {
    let link = PathBuf::from(format!("/proc/{pid}/{name}"));
    let target: BString = fs::read_link(&link)
        .ok()?
        .into_os_string()
        .into_vec()
        .into();
    match target.strip_suffix(b" (deleted)") {
        Some(path) if fs::metadata(&link).is_ok_and(|meta| meta.nlink() == 0) => Some(path.into()),
        _ => Some(target),
    }
}

/// Process groups, found as cheaply as possible.
#[derive(Debug, Default)]
struct Groups {
    /// All processes by group, read once and only when a leader is gone.
    all: Option<HashMap<i32, Vec<i32>>>,
}

impl Groups {
    /// The children of the leader's parent that are in the leader's group.
    fn siblings(&mut self, leader: Stat) -> Vec<i32> {
        let parent = leader.parent;
        let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
        let candidates: Vec<i32> = match children {
            Ok(list) => list
                .split_ascii_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect(),
            // A kernel without CONFIG_PROC_CHILDREN.
            Err(_) => self.members(leader.group),
        };
        let mut members: Vec<i32> = candidates
            .into_iter()
            .filter_map(Stat::read)
            .filter(|stat| {
                stat.group == leader.group && stat.parent == leader.parent && !stat.zombie
            })
            .map(|stat| stat.pid)
            .collect();
        if !members.contains(&leader.pid) {
            members.push(leader.pid);
        }
        members
    }

    /// All members of a group.
    fn members(&mut self, group: i32) -> Vec<i32> {
        let all = self.all.get_or_insert_with(|| {
            let mut all: HashMap<i32, Vec<i32>> = HashMap::new();
            let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
            let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
            for stat in pids.filter_map(Stat::read).filter(|stat| !stat.zombie) {
                all.entry(stat.group).or_default().push(stat.pid);
            }
            all
        });
        all.get(&group).cloned().unwrap_or_default()
    }
}

/// The members in the order of the pipes that join them, then those that no pipe joins, by number.
fn in_order(members: &[i32]) -> Vec<i32> {
    let mut rest = members.to_vec();
    rest.sort_unstable();
    if rest.len() < 2 {
        return rest;
    }
    let pipe = |pid: i32, fd: u8| {
        let target = fs::read_link(format!("/proc/{pid}/fd/{fd}")).ok()?;
        target.to_str()?.starts_with("pipe:").then_some(target)
    };
    let ends: HashMap<i32, (Option<PathBuf>, Option<PathBuf>)> = rest
        .iter()
        .map(|&pid| (pid, (pipe(pid, 0), pipe(pid, 1))))
        .collect();
    let input = |pid: &i32| ends.get(pid).and_then(|(input, _)| input.as_ref());
    let output = |pid: &i32| ends.get(pid).and_then(|(_, output)| output.as_ref());
    let mut ordered = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        // A start: nobody who is left writes into it. In a circle everyone is as good.
        let start = rest
            .iter()
            .position(|pid| {
                input(pid).is_none_or(|pipe| !rest.iter().any(|other| output(other) == Some(pipe)))
            })
            .unwrap_or(0);
        let mut next = Some(start);
        while let Some(at) = next {
            let pid = rest.remove(at);
            ordered.push(pid);
            next = output(&pid)
                .and_then(|pipe| rest.iter().position(|other| input(other) == Some(pipe)));
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_stat_can_hold_anything() {
        let line = b"42 (a) R 1 (b) S 7 42 42 34816 99 4194304 0";
        let stat = Stat::parse(42, line).unwrap();
        let expected = Stat {
            pid: 42,
            zombie: false,
            parent: 7,
            group: 42,
            foreground: 99,
        };
        assert_eq!(stat, expected);
        assert_eq!(Stat::parse(1, b"1 (x"), None);
        assert_eq!(Stat::parse(1, b"1 (x) S 1"), None);
    }

    #[test]
    fn this_process_is_seen() {
        let pid = i32::try_from(std::process::id()).unwrap();
        assert_eq!(Stat::read(pid).unwrap().pid, pid);
        assert!(!arguments(pid).unwrap().is_empty());
        let cwd = std::env::current_dir().unwrap();
        assert_eq!(link(pid, "cwd").unwrap(), cwd.to_str().unwrap());
        assert!(
            Groups::default()
                .members(Stat::read(pid).unwrap().group)
                .contains(&pid)
        );
    }

    #[test]
    fn a_copy_of_its_parent_is_no_program_yet() {
        let pid = i32::try_from(std::process::id()).unwrap();
        let own = arguments(pid).unwrap();
        assert!(is_copy(pid, &own));
        assert!(!is_copy(pid, &["sleep".into()]) && !is_copy(pid, &[]));
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
