//! Why a snapshot is kept, or is not.

use std::fmt;

use bstr::BString;

use crate::model::ansi::label;

/// What is decided about a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is kept, for all of these reasons; there is at least one.
    Keep(Vec<KeepReason>),
    /// It is removed for good.
    Remove(RemoveReason),
}

/// A count of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Count {
    /// The newest ones.
    Last,
    /// The newest of an hour.
    Hourly,
    /// The newest of a day.
    Daily,
    /// The newest of a week.
    Weekly,
    /// The newest of a month.
    Monthly,
}

/// Why a snapshot is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeepReason {
    /// It is pinned.
    Pinned,
    /// No other whole snapshot of this session is newer.
    NewestOfSession(BString),
    /// No other whole snapshot of this life of the server is newer.
    NewestOfLife,
    /// It is among the last ones of a life that was lost, and that nobody has answered for.
    LostLife,
    /// Somebody made it.
    Manual,
    /// It came from a file.
    Imported,
    /// It has a name.
    Named,
    /// It has tags.
    Tagged,
    /// It is archived.
    Archived,
    /// A count wants it, for a session or, without one, for the server without sessions.
    Counted(Count, Option<BString>),
    /// It is among the last undo points.
    UndoPoint,
    /// It would go, but one run removes a bounded number, the oldest first.
    NextRun,
}

/// Why a snapshot is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RemoveReason {
    /// No count wants it any more.
    BeyondCounts,
    /// A count would want it, but it is too old.
    TooOld,
    /// The store is larger than its quota.
    OverQuota,
}

impl fmt::Display for KeepReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeepReason::Pinned => "pinned",
            KeepReason::NewestOfSession(session) => {
                return write!(f, "newest of {}", label(session));
            }
            KeepReason::NewestOfLife => "newest of its server's life",
            KeepReason::LostLife => "of a lost life that is not brought back yet",
            KeepReason::Manual => "made by hand",
            KeepReason::Imported => "imported",
            KeepReason::Named => "named",
            KeepReason::Tagged => "tagged",
            KeepReason::Archived => "archived",
            KeepReason::Counted(count, Some(session)) => {
                return write!(f, "{count} of {}", label(session));
            }
            KeepReason::Counted(count, None) => return write!(f, "{count}"),
            KeepReason::UndoPoint => "last undo points",
            KeepReason::NextRun => "left for the next run",
        })
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Count::Last => "last",
            Count::Hourly => "hourly",
            Count::Daily => "daily",
            Count::Weekly => "weekly",
            Count::Monthly => "monthly",
        })
    }
}

impl fmt::Display for RemoveReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            RemoveReason::BeyondCounts => "beyond the counts",
            RemoveReason::TooOld => "too old",
            RemoveReason::OverQuota => "over the quota",
        })
    }
}
