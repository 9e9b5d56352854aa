//! What an operating system tells of its processes, as far as it is of use here.

use bstr::BString;
use rustix::fs::OFlags;

use crate::model::launch::StandardStream;

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
    /// Its terminal as the kernel numbers it; 0 without one, or where that is not told.
    pub(super) terminal: i32,
    /// Whether it is a copy of its parent: a subshell, or one that has not become yet what it was
    /// made for.
    pub(super) copy: bool,
}

/// A way to see processes. Every question can find that the process has ended; the answer is then
/// that there is nothing to tell.
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

    /// What one of its standard streams leads to, as the system names it: a path, or `pipe:[…]` and
    /// the like.
    fn target(&self, pid: i32, stream: StandardStream) -> Option<BString>;

    /// Whether a descriptor just above the standard streams leads to this, as the system names it.
    fn keeps(&self, pid: i32, target: &BString) -> bool;

    /// The flags of open(2) that one of its standard streams has.
    fn flags(&self, pid: i32, stream: StandardStream) -> Option<OFlags>;

    /// Whether the file that one of its standard streams leads to was deleted.
    fn is_deleted(&self, pid: i32, stream: StandardStream) -> bool;

    /// How many bytes its arguments took when it was started, with the zero behind each.
    fn argument_bytes(&self, pid: i32) -> Option<u64>;

    /// The processes of a group that have not ended and whose parent is this one.
    fn children(&self, parent: i32, group: i32) -> Vec<Stat>;

    /// The processes of a group that have not ended.
    fn members(&self, group: i32) -> Vec<Stat>;

    /// Whether there is such a group at all, seen or not.
    fn lives(&self, group: i32) -> bool;
}
