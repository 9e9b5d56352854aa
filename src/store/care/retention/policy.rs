//! What is kept: the policy, as plain values.

use std::time::Duration;

use bstr::BStr;

use crate::model::pattern::Pattern;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Which snapshots are kept.
///
/// Counts and ages are for automatic snapshots alone. Those that somebody chose to have (made on
/// demand, imported, named, tagged, archived) are outside of them, and only a quota that says so
/// takes them. Pinned ones, the newest whole one of every session and of every life, and those of a
/// lost life that nobody has answered for are never removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// Rules for sessions by name; the first that fits counts.
    pub rules: Vec<Rule>,
    /// For sessions that no rule fits, and for snapshots without any session.
    pub other: Keep,
    /// For the snapshots that are made before a restore, so that it can be taken back.
    pub undo_points: KeepUndo,
    /// How long deleted snapshots stay in the trash; without it until it is emptied.
    pub trash: Option<Duration>,
    /// How large the store may become.
    pub quota: Option<Quota>,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            other: Keep::default(),
            undo_points: KeepUndo::default(),
            trash: Some(30 * DAY),
            quota: None,
        }
    }
}

impl Retention {
    /// Keeps the newest automatic snapshots of each session, this many, and everything else.
    #[must_use]
    pub fn last(last: u32) -> Self {
        Self {
            rules: Vec::new(),
            other: Keep { last, ..Keep::NONE },
            undo_points: KeepUndo {
                last: u32::MAX,
                max_age: None,
            },
            trash: None,
            quota: None,
        }
    }

    /// What holds for a session; `None` stands for a snapshot without any.
    pub(super) fn of(&self, session: Option<&BStr>) -> &Keep {
        let fits = |rule: &&Rule| session.is_some_and(|name| rule.session.fits(name));
        let rule = self.rules.iter().find(fits);
        rule.map_or(&self.other, |rule| &rule.keep)
    }
}

/// What holds for the sessions of some names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The names.
    pub session: Pattern,
    /// What is kept of them.
    pub keep: Keep,
}

/// Which automatic snapshots of a session are kept: those that any count wants, as long as they are
/// not too old. A snapshot of several sessions is kept where one of them wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Keep {
    /// The newest, this many.
    pub last: u32,
    /// The newest of each of so many hours. Only hours with snapshots count, the latest ones.
    /// Hours, days, weeks (from Monday) and months are those of UTC, so that no change of daylight
    /// saving moves them.
    pub hourly: u32,
    /// The newest of each of so many days.
    pub daily: u32,
    /// The newest of each of so many weeks.
    pub weekly: u32,
    /// The newest of each of so many months.
    pub monthly: u32,
    /// What is older goes, whatever counts want it. Ages are time in which something was recorded:
    /// a clock that jumps makes nothing older.
    pub max_age: Option<Duration>,
}

impl Keep {
    /// Nothing, and nothing is too old: what a policy starts from that names all it wants.
    pub const NONE: Self = Self {
        last: 0,
        hourly: 0,
        daily: 0,
        weekly: 0,
        monthly: 0,
        max_age: None,
    };
}

impl Default for Keep {
    /// The last minutes closely, the last day by the hour, the last month by the day. Ten alone
    /// would be five minutes of a log that scrolls, and a snapshot costs a few kilobytes.
    fn default() -> Self {
        Self {
            last: 10,
            hourly: 24,
            daily: 30,
            max_age: Some(30 * DAY),
            ..Self::NONE
        }
    }
}

/// Which undo points are kept of each server: the newest, as long as they are not too old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeepUndo {
    /// This many.
    pub last: u32,
    /// What is older goes.
    pub max_age: Option<Duration>,
}

impl Default for KeepUndo {
    fn default() -> Self {
        Self {
            last: 10,
            max_age: Some(30 * DAY),
        }
    }
}

/// How large the store may become. Beyond that the oldest snapshots go that no protection holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quota {
    /// Bytes that the store takes on disk. Free space inside the file does not count: it is used
    /// again, and a compaction gives it back.
    pub bytes: u64,
    /// Whether snapshots that somebody chose to have may go as well, after all automatic ones.
    pub chosen_too: bool,
}
