//! Processes as `ps` tells them, for systems without `/proc` (macOS and the BSDs).
//!
//! One `ps` tells of all processes at one moment: parents, groups, what is in front of each
//! terminal, and the arguments with spaces between them. Where an argument ends is not told, so
//! that no program is ever whole: it is shown, and not started again. Exact arguments need a system
//! call of macOS (`KERN_PROCARGS2`), which safe Rust does not reach.

use std::collections::HashMap;
use std::process::Command;

use bstr::{BString, ByteSlice};
use rustix::fs::OFlags;

use super::shell::is_interactive;
use super::source::{Stat, System};
use crate::model::launch::StandardStream;
use crate::mux::run::{Limits, run};

/// All processes at one moment.
#[derive(Debug, Default)]
pub(super) struct Ps {
    processes: HashMap<i32, (Stat, Vec<BString>)>,
}

impl Ps {
    /// Asks `ps`; `None` where there is none, or it does not answer.
    pub(super) fn now() -> Option<Self> {
        let mut ps = Command::new("ps");
        ps.args(["-A", "-ww", "-o", "pid=,ppid=,pgid=,tpgid=,stat=,args="]);
        let output = run(&mut ps, b"", Limits::default()).ok()?;
        output.status.success().then(|| Self::parse(&output.stdout))
    }

    fn parse(text: &[u8]) -> Self {
        let rows = text.lines().filter_map(row);
        let mut all = Self {
            processes: rows.map(|row| (row.0.pid, row)).collect(),
        };
        // Whether a process has become another program is not told. A copy of a shell has its
        // shell's arguments, and starts what it runs in its own group, as only a copy does.
        let copies: Vec<i32> = all
            .processes
            .values()
            .filter(|(stat, argv)| {
                let parent = all.processes.get(&stat.parent);
                is_interactive(argv)
                    && parent.is_some_and(|(_, parent)| parent == argv)
                    && !all.children(stat.pid, stat.group).is_empty()
            })
            .map(|(stat, _)| stat.pid)
            .collect();
        for pid in copies {
            if let Some((stat, _)) = all.processes.get_mut(&pid) {
                stat.copy = true;
            }
        }
        all
    }

    fn alive(&self, wanted: impl Fn(&Stat) -> bool) -> Vec<Stat> {
        let stats = self.processes.values().map(|(stat, _)| *stat);
        let mut found: Vec<Stat> = stats.filter(|stat| !stat.zombie && wanted(stat)).collect();
        found.sort_unstable_by_key(|stat| stat.pid);
        found
    }
}

/// A line: five fields, and the arguments.
fn row(line: &[u8]) -> Option<(Stat, Vec<BString>)> {
    let mut words = line.fields();
    let mut number = || words.next()?.to_str().ok()?.parse::<i32>().ok();
    let (pid, parent, group, foreground) = (number()?, number()?, number()?, number()?);
    let zombie = words.next()?.starts_with(b"Z");
    let stat = Stat {
        pid,
        zombie,
        parent,
        group,
        foreground,
        terminal: 0,
        copy: false,
    };
    Some((stat, words.map(BString::from).collect()))
}

impl System for Ps {
    const EXACT: bool = false;

    fn stat(&self, pid: i32) -> Option<Stat> {
        self.processes.get(&pid).map(|(stat, _)| *stat)
    }

    fn arguments(&self, pid: i32) -> Option<Vec<BString>> {
        let (_, argv) = self.processes.get(&pid)?;
        (!argv.is_empty()).then(|| argv.clone())
    }

    fn exe(&self, _pid: i32) -> Option<BString> {
        None
    }

    fn cwd(&self, _pid: i32) -> Option<BString> {
        None
    }

    fn environment(&self, _pid: i32) -> Vec<BString> {
        Vec::new()
    }

    fn target(&self, _pid: i32, _stream: StandardStream) -> Option<BString> {
        None
    }

    fn keeps(&self, _pid: i32, _target: &BString) -> bool {
        false
    }

    fn flags(&self, _pid: i32, _stream: StandardStream) -> Option<OFlags> {
        None
    }

    fn is_deleted(&self, _pid: i32, _stream: StandardStream) -> bool {
        false
    }

    fn argument_bytes(&self, _pid: i32) -> Option<u64> {
        None
    }

    fn children(&self, parent: i32, group: i32) -> Vec<Stat> {
        self.alive(|stat| stat.parent == parent && stat.group == group)
    }

    fn members(&self, group: i32) -> Vec<Stat> {
        self.alive(|stat| stat.group == group)
    }

    fn lives(&self, group: i32) -> bool {
        !self.members(group).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mux::process::look::look;
    use crate::mux::process::{Root, Running};

    /// What is seen in the pane of process 10.
    fn seen(table: &str) -> Running {
        let root = Root {
            pid: 10,
            command: "bash".into(),
        };
        look(&Ps::parse(table.as_bytes()), &root, &[]).unwrap()
    }

    #[test]
    fn a_table_is_enough_for_the_program_and_the_shells() {
        let found = seen(
            "  10  1 10 30 Ss   -zsh\n\
               20 10 20 30 S    bash\n\
               30 20 30 30 S+   ssh -p 22 host\n\
               31 30 30 30 S+   nc host 22\n\
               40 20 40 30 T    vim a\n",
        );
        assert_eq!(found.shell, ["-zsh"]);
        assert_eq!(found.shells, [["bash"]]);
        let program = found.program.unwrap();
        assert_eq!(program.argv, ["ssh", "-p", "22", "host"]);
        assert!(!program.is_whole() && !program.is_pipeline());
    }

    #[test]
    fn pipelines_subshells_and_idle_shells_are_told_apart() {
        let program = seen(
            "10 1 10 20 Ss bash\n20 10 20 20 S+ make all\n21 10 20 20 S+ less\n22 10 20 20 Z+ <defunct>\n",
        );
        let program = program.program.unwrap();
        assert_eq!(program.argv, ["make", "all"]);
        assert!(program.is_pipeline());
        // A subshell, and a shell that was started with the same arguments.
        let copy = seen("10 1 10 20 Ss bash\n20 10 20 20 S+ bash\n21 20 20 20 S+ sleep 9\n");
        assert_eq!(copy.program.unwrap().argv, ["sleep", "9"]);
        assert!(copy.shells.is_empty());
        let nested = seen("10 1 10 20 Ss bash\n20 10 20 20 S+ bash\n");
        assert_eq!((nested.program, nested.shells.len()), (None, 1));
        let idle = seen("10 1 10 10 Ss+ bash\n20 10 20 10 T vim\n");
        assert_eq!((idle.program, idle.shells.len()), (None, 0));
    }

    #[test]
    fn what_is_no_line_is_passed_over() {
        assert!(Ps::parse(b"\n x y\n1 2\n1 2 3 4\n").processes.is_empty());
        // A process that has no arguments any more.
        assert_eq!(Ps::parse(b"1 2 3 4 S\n").arguments(1), None);
    }

    #[test]
    fn this_process_is_told() {
        // A machine may lack it: then nothing is told at all.
        let Some(ps) = Ps::now() else {
            return;
        };
        let pid = i32::try_from(std::process::id()).unwrap();
        let stat = ps.stat(pid).unwrap();
        assert!(ps.lives(stat.group) && !ps.arguments(pid).unwrap().is_empty());
    }
}
