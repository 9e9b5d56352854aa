//! Reasons as numbers, and how firmly each holds a snapshot.

use super::ledger::Ledger;
use super::reason::{Count, KeepReason};

/// A reason as numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    Pinned,
    NewestOfSession(u32),
    NewestOfLife,
    LostLife,
    Manual,
    Imported,
    Named,
    Tagged,
    Archived,
    Counted(Count, u32),
    UndoPoint,
}

/// How firmly a snapshot is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Hold {
    #[default]
    None,
    /// By a count.
    Counted,
    /// By somebody's choice.
    Chosen,
    /// Against everything.
    Protected,
}

impl Mark {
    pub(super) fn hold(self) -> Hold {
        match self {
            Mark::Pinned | Mark::NewestOfSession(_) | Mark::NewestOfLife | Mark::LostLife => {
                Hold::Protected
            }
            Mark::Manual | Mark::Imported | Mark::Named | Mark::Tagged | Mark::Archived => {
                Hold::Chosen
            }
            Mark::Counted(..) | Mark::UndoPoint => Hold::Counted,
        }
    }

    /// The reason with the names that the numbers stand for.
    pub(super) fn reason(self, ledger: &Ledger) -> KeepReason {
        let name = |number| ledger.name_of(number).cloned();
        match self {
            Mark::Pinned => KeepReason::Pinned,
            Mark::NewestOfSession(session) => {
                KeepReason::NewestOfSession(name(session).unwrap_or_default())
            }
            Mark::NewestOfLife => KeepReason::NewestOfLife,
            Mark::LostLife => KeepReason::LostLife,
            Mark::Manual => KeepReason::Manual,
            Mark::Imported => KeepReason::Imported,
            Mark::Named => KeepReason::Named,
            Mark::Tagged => KeepReason::Tagged,
            Mark::Archived => KeepReason::Archived,
            Mark::Counted(count, session) => KeepReason::Counted(count, name(session)),
            Mark::UndoPoint => KeepReason::UndoPoint,
        }
    }
}
