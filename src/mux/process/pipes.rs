//! Pipes between processes: which of them the shell laid, and in which order they join a pipeline.

use std::collections::HashMap;

use bstr::{BString, ByteSlice};
use rustix::fs::OFlags;

use super::source::{Stat, System};
use crate::model::launch::StandardStream;
use crate::model::program::program_name;

/// What the kernel notes of a file that was opened by its path (`O_LARGEFILE`). A pipe that was
/// made for a program is without: with it, it is an open file of the shell's (`> >(…)`).
const OPENED_BY_PATH: u32 = if cfg!(any(target_arch = "arm", target_arch = "aarch64")) {
    0o400_000
} else if cfg!(any(target_arch = "powerpc", target_arch = "powerpc64")) {
    0o200_000
} else {
    0o100_000
};

/// The pipes that a process was given as its standard streams; what is no pipe is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Ends {
    pub(super) input: Option<BString>,
    pub(super) output: Option<BString>,
    pub(super) errors: Option<BString>,
}

impl Ends {
    /// The pipes of a process.
    pub(super) fn of(system: &impl System, pid: i32) -> Self {
        let pipe = |stream| {
            let target = system.target(pid, stream)?;
            (target.starts_with(b"pipe:") && !is_its_own(system, pid, stream)).then_some(target)
        };
        Self {
            input: pipe(StandardStream::Input),
            output: pipe(StandardStream::Output),
            errors: pipe(StandardStream::Errors),
        }
    }

    /// The pipes that it writes into, each once.
    fn written(&self) -> impl Iterator<Item = (StandardStream, &BString)> {
        let output = self
            .output
            .iter()
            .map(|pipe| (StandardStream::Output, pipe));
        let other = self
            .errors
            .iter()
            .filter(|pipe| self.output.as_ref() != Some(*pipe));
        output.chain(other.map(|pipe| (StandardStream::Errors, pipe)))
    }

    fn writes(&self, pipe: &BString) -> bool {
        self.written().any(|(_, other)| other == pipe)
    }
}

/// Whether a program itself opened this stream: what it is given has no `O_CLOEXEC`, or it would
/// have been closed when the program was started.
pub(super) fn is_its_own(system: &impl System, pid: i32, stream: StandardStream) -> bool {
    let flags = system.flags(pid, stream);
    flags.is_some_and(|flags| flags.contains(OFlags::CLOEXEC))
}

/// Processes in the order of the pipes that join them, then those that no pipe joins, by number.
pub(super) fn in_order(ends: &HashMap<i32, Ends>) -> Vec<i32> {
    let mut rest: Vec<i32> = ends.keys().copied().collect();
    rest.sort_unstable();
    let input = |pid: &i32| ends.get(pid).and_then(|ends| ends.input.as_ref());
    let writes = |pid: &i32, pipe| ends.get(pid).is_some_and(|ends| ends.writes(pipe));
    let mut ordered = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        // A start: nobody who is left writes into it. In a circle everyone is as good.
        let start = rest
            .iter()
            .position(|pid| {
                input(pid).is_none_or(|pipe| !rest.iter().any(|other| writes(other, pipe)))
            })
            .unwrap_or(0);
        let mut next = Some(start);
        while let Some(at) = next {
            let pid = rest.remove(at);
            ordered.push(pid);
            next = rest
                .iter()
                .position(|other| input(other).is_some_and(|pipe| writes(&pid, pipe)));
        }
    }
    ordered
}

/// The pipes that lead from or to somebody who is not among these.
pub(super) fn loose(ends: &HashMap<i32, Ends>) -> Vec<(i32, StandardStream, &BString)> {
    let all = || ends.iter();
    let unfed = all().filter_map(|(pid, own)| {
        let pipe = own.input.as_ref()?;
        let fed = all().any(|(_, other)| other.writes(pipe));
        (!fed).then_some((*pid, StandardStream::Input, pipe))
    });
    let unread = all().flat_map(|(pid, own)| {
        let read = |pipe: &BString| all().any(|(_, other)| other.input.as_ref() == Some(pipe));
        let unread = own.written().filter(move |(_, pipe)| !read(pipe));
        unread.map(|(stream, pipe)| (*pid, stream, pipe))
    });
    unfed.chain(unread).collect()
}

/// Whether a program laid this pipe itself, to a process of its own: a pager, a filter.
///
/// A shell that has `> >(…)` to do lays such a pipe in the name of the program, before it becomes
/// that. Then the pipe was opened by its path, or, by zsh, the process at the other end has the
/// variable that tells which command the shell started.
pub(super) fn is_to_its_own(
    system: &impl System,
    (pid, stream, pipe): (i32, StandardStream, &BString),
    group: i32,
    shell: &[BString],
) -> bool {
    let flags = system.flags(pid, stream).unwrap_or(OFlags::empty());
    if flags.bits() & OPENED_BY_PATH != 0 {
        return false;
    }
    let members = system.members(group);
    let zsh = program_name(shell) == "zsh";
    members.iter().any(|member| {
        descends(member, pid, &members)
            && StandardStream::ALL
                .into_iter()
                .any(|stream| system.target(member.pid, stream).as_ref() == Some(pipe))
            && !(zsh && is_started_by_a_shell(system, member.pid))
    })
}

/// Whether one of these processes is below another.
fn descends(member: &Stat, from: i32, members: &[Stat]) -> bool {
    let mut at = *member;
    for _ in 0..members.len() {
        if at.parent == from {
            return true;
        }
        match members.iter().find(|other| other.pid == at.parent) {
            Some(parent) => at = *parent,
            None => return false,
        }
    }
    false
}

/// Whether the variable with which shells tell a command its path is for this very command.
fn is_started_by_a_shell(system: &impl System, pid: i32) -> bool {
    let environment = system.environment(pid);
    let path = environment.iter().find_map(|line| line.strip_prefix(b"_="));
    let argv = system.arguments(pid).unwrap_or_default();
    path.is_some_and(|path| program_name(&[path.as_bstr().to_owned()]) == program_name(&argv))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipes_decide_and_not_numbers() {
        let ends = |input: &str, output: &str| Ends {
            input: (!input.is_empty()).then(|| input.into()),
            output: (!output.is_empty()).then(|| output.into()),
            errors: None,
        };
        let world = |ends: &[(i32, Ends)]| ends.iter().cloned().collect::<HashMap<_, _>>();
        let straight = [(1, ends("b", "")), (2, ends("a", "b")), (3, ends("", "a"))];
        assert_eq!(in_order(&world(&straight)), [3, 2, 1]);
        assert_eq!(loose(&world(&straight)).len(), 0);
        let circle = [(1, ends("b", "a")), (2, ends("a", "b"))];
        assert_eq!(in_order(&world(&circle)), [1, 2]);
        // Into itself, and into a pipe that nobody here reads.
        let own = [(1, ends("a", "a")), (2, ends("b", "b"))];
        assert_eq!(in_order(&world(&own)), [1, 2]);
        let away = [(1, ends("", "x")), (2, ends("y", ""))];
        assert_eq!(in_order(&world(&away)), [1, 2]);
        assert_eq!(loose(&world(&away)).len(), 2);
        assert!(in_order(&world(&[])).is_empty());
        // `a 2>&1 >file | b`, and `a |& b`.
        let (mut first, second) = (ends("", ""), ends("e", ""));
        first.errors = Some("e".into());
        let errors = [(2, first.clone()), (1, second.clone())];
        assert_eq!(in_order(&world(&errors)), [2, 1]);
        assert!(loose(&world(&errors)).is_empty());
        first.output.clone_from(&first.errors);
        assert!(loose(&world(&[(2, first.clone()), (1, second)])).is_empty());
        assert_eq!(loose(&world(&[(2, first)])).len(), 1);
    }
}
