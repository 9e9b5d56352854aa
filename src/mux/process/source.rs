//! What an operating system tells of its processes, as far as it is of use here.

use bstr::BString;

/// A process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    /// Its number.
    pub(super) pid: i32,
    /// Whether it has ended, and only its parent does not know yet.
    pub(super) zombie: bool,
    /// The process that started it.
    pub(super) parent: i32,
    /// Its process group.
    pub(super) group: i32,
    /// The process group in the foreground of its terminal; 0 or less without one.
    pub(super) foreground: i32,
    /// Whether it is a copy of its parent: a subshell, or one that has not become yet what it was made for.
    pub(super) copy: bool,
}

/// What a process has open at both ends of a pipeline; what is no pipe is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Ends {
    /// The pipe that is its standard input.
    pub(super) input: Option<BString>,
    /// The pipe that is its standard output.
    pub(super) output: Option<BString>,
}

/// A way to see processes. Every question can find that the process has ended; the answer is then that
/// there is nothing to tell.
pub(super) trait System {
    /// Whether arguments are told one by one, as they are.
    const EXACT: bool = true;

    /// The process.
    fn stat(&self, pid: i32) -> Option<Stat>;

    /// Its arguments, as they stand in its memory; `None` for one that has none.
    fn arguments(&self, pid: i32) -> Option<Vec<BString>>;

    /// The path of its executable. Hidden, as what follows, where the process is another user's.
    fn exe(&self, pid: i32) -> Option<BString>;

    /// Its working directory; one that was removed keeps its name.
    fn cwd(&self, pid: i32) -> Option<BString>;

    /// The environment it was started with, as `NAME=value`.
    fn environment(&self, pid: i32) -> Vec<BString>;

    /// The pipes at its ends.
    fn ends(&self, pid: i32) -> Ends;

    /// Whether it is known to be joined to no other by a pipe.
    fn is_alone(&self, pid: i32) -> bool;

    /// The processes of a group that have not ended and whose parent is this one.
    fn children(&self, parent: i32, group: i32) -> Vec<Stat>;

    /// The processes of a group that have not ended.
    fn members(&self, group: i32) -> Vec<Stat>;

    /// Whether there is such a group at all, seen or not.
    fn lives(&self, group: i32) -> bool;
}
