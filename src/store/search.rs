//! Searching everything that was ever recorded.

use bstr::BString;

use crate::model::id::SnapshotId;
use crate::model::time::Millis;

/// What to search for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchQuery {
    /// The words. Names, commands and directories match fuzzily; text matches as it stands, with
    /// small letters standing for both cases.
    pub text: String,
    /// Only in this session.
    pub session: Option<BString>,
    /// Only in snapshots made at this moment or later.
    pub since: Option<Millis>,
    /// At most this many hits.
    pub limit: Option<usize>,
    /// Also in everything that panes showed.
    pub contents: bool,
}

/// Where something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HitKind {
    /// The name of a snapshot, session or tab, or the title of a pane.
    Name,
    /// The arguments of a program.
    Command,
    /// A directory.
    Directory,
    /// The text that a pane showed.
    Text,
}

/// Something found: a run of neighbouring snapshots in which the same place shows the same thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchHit {
    /// The newest snapshot of the run.
    pub newest: SnapshotId,
    /// The oldest snapshot of the run.
    pub oldest: SnapshotId,
    /// How many snapshots are in the run.
    pub snapshots: u32,
    /// When the newest was made.
    pub time_newest: Millis,
    /// When the oldest was made.
    pub time_oldest: Millis,
    /// The session.
    pub session: BString,
    /// The tab's index; `None` where the session itself matched.
    pub tab: Option<u32>,
    /// The pane's index; `None` where the tab or session itself matched.
    pub pane: Option<u32>,
    /// In what it was found.
    pub what: HitKind,
    /// The line, name, command or directory, fit to be shown.
    pub line: String,
    /// The line's number in the pane's text, from 0, for [`HitKind::Text`].
    pub line_number: Option<u32>,
    /// How good the match is: greater is better.
    pub score: i64,
}
