//! What a restore will do, whichever multiplexer it is done on: made by [`super::plan()`], shown by
//! the preview, carried out by a [`super::Restorer`].

use std::collections::BTreeSet;

use bstr::BString;
use serde::Serialize;

use super::policy::{Chosen, Policy};
use super::reference::{PaneRef, SessionRef, TabRef};
use crate::model::detail::Buffer;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::target::Target;
use crate::model::tree::{SessionId, TabId};

mod made;

pub use made::{
    Living, LivingTab, Member, Merge, Mode, Own, Place, PlannedPane, PlannedSession, PlannedTab,
    Start,
};

/// A restore that has been thought through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The snapshot that is brought back.
    pub snapshot: SnapshotId,
    /// Whether it came from a file and is not trusted: nothing of it is run, and nothing set.
    pub foreign: bool,
    /// Whether a server has to be started.
    pub starts_server: bool,
    /// The policies that it follows.
    pub policy: Policy,
    /// The sessions that are made.
    pub sessions: Vec<PlannedSession>,
    /// The tabs that are made.
    pub tabs: Vec<PlannedTab>,
    /// The panes that are made.
    pub panes: Vec<PlannedPane>,
    /// The paste buffers that are added, oldest first.
    pub buffers: Vec<Buffer>,
    /// What is done, in order, with its exact commands: [`super::Profile::steps`].
    pub steps: Vec<StepShown>,
    /// The rows of the preview: every session, tab and pane of the snapshot, those that are left
    /// out included, in the order of a tree.
    pub items: Vec<Item>,
    /// What will not be as it was, and what to know.
    pub warnings: Vec<Warning>,
    /// What would be lost of the live state; empty unless a policy replaces something.
    pub loses: Vec<String>,
    /// Digest of the live state that the plan relies on.
    pub fingerprint: Digest,
    /// What of the live state that digest is of, besides the names of all sessions.
    pub relies: Reliance,
}

/// What of the live state a plan relies on, besides the names of all sessions: numbers of the
/// multiplexer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reliance {
    /// The server's process, where one runs.
    pub server: Option<i32>,
    /// Sessions that are replaced or added to: their tabs and panes count.
    pub sessions: BTreeSet<SessionId>,
    /// Tabs that panes are put into: their layouts count, too.
    pub tabs: BTreeSet<TabId>,
}

/// The kind of a row of the preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// A session.
    Session,
    /// A tab.
    Tab,
    /// A pane.
    Pane,
}

/// What happens to the session, tab or pane of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outlook {
    /// It is made.
    Create,
    /// It is made under another name.
    Rename,
    /// What is missing of it is added to the living one.
    Merge,
    /// It takes the place of the living one.
    Replace,
    /// It is left out.
    Skip,
}

/// A row of the preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub level: Level,
    /// Where it stands in the snapshot.
    pub target: Target,
    /// How it is called: `api`, `1 editor`, `1.1 nvim src/main.rs`.
    pub label: String,
    /// What becomes of it: `exists → api-1140`, `~/src/api`, `live and identical`.
    pub detail: String,
    /// What happens to it.
    pub outlook: Outlook,
    /// What becomes of the program, for a pane.
    pub start: Option<Start>,
    /// How much of it is chosen.
    pub chosen: Chosen,
    /// Its warnings: places in [`Plan::warnings`].
    pub warnings: Vec<usize>,
    /// Its steps: places in [`Plan::steps`].
    pub steps: Vec<usize>,
    /// The tab that it becomes or is part of, in [`Plan::tabs`].
    pub tab: Option<TabRef>,
    /// The pane that it becomes, in [`Plan::panes`].
    pub pane: Option<PaneRef>,
}

impl Item {
    /// The short word at the end of the row: `rename`, `create, type`, `warn`, `skip`.
    #[must_use]
    pub fn action(&self) -> &'static str {
        match (self.outlook, self.start) {
            (Outlook::Skip, _) => "skip",
            _ if !self.warnings.is_empty() => "warn",
            (Outlook::Rename, _) => "rename",
            (Outlook::Merge, _) => "merge",
            (Outlook::Replace, _) => "replace",
            (Outlook::Create, Some(Start::Run)) => "create, run",
            (Outlook::Create, Some(Start::Type)) => "create, type",
            (Outlook::Create, _) => "create",
        }
    }
}

/// How much a warning matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WarningLevel {
    /// Good to know.
    Info,
    /// Something will not be as it was.
    Warning,
}

/// Something that will not be as it was, and what is done instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// How much it matters.
    pub level: WarningLevel,
    /// What it is about, in a word or two for summaries: `missing directory`.
    pub kind: &'static str,
    /// Which part: `api:1.3`, `server`.
    pub component: String,
    /// What is wrong.
    pub issue: String,
    /// What is done instead.
    pub fallback: String,
    /// What the user could do about it.
    pub suggestion: String,
}

/// How much a plan does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
pub struct Counts {
    /// Sessions that are made.
    pub sessions: usize,
    /// Tabs that are made.
    pub tabs: usize,
    /// Panes that are made.
    pub panes: usize,
    /// Programs that are run.
    pub run: usize,
    /// Programs that are typed.
    pub typed: usize,
    /// Panes that are left out.
    pub skipped: usize,
    /// Things that will not be as they were.
    pub warnings: usize,
    /// Things that would be lost.
    pub loses: usize,
}

impl Plan {
    /// How much it does.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let starting = |start| self.panes.iter().filter(|pane| pane.start == start).count();
        Counts {
            sessions: self
                .sessions
                .iter()
                .filter(|session| session.adds_to().is_none())
                .count(),
            tabs: self.tabs.iter().filter(|tab| tab.joins.is_none()).count(),
            panes: self.panes.len(),
            run: starting(Start::Run),
            typed: starting(Start::Type),
            skipped: self
                .items
                .iter()
                .filter(|item| item.level == Level::Pane && item.outlook == Outlook::Skip)
                .count(),
            warnings: self
                .warnings
                .iter()
                .filter(|warning| warning.level == WarningLevel::Warning)
                .count(),
            loses: self.loses.len(),
        }
    }

    /// The names of the living sessions that are replaced.
    #[must_use]
    pub fn replaced(&self) -> Vec<&BString> {
        let replaced = self.sessions.iter().filter_map(PlannedSession::replaces);
        replaced.map(|living| &living.name).collect()
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// The texts that it shows again, each once: load them from the store for
    /// [`super::Restorer::carry_out`].
    #[must_use]
    pub fn texts(&self) -> Vec<Digest> {
        let texts: BTreeSet<Digest> = self.panes.iter().filter_map(|pane| pane.text).collect();
        texts.into_iter().collect()
    }

    /// A session that is made.
    #[must_use]
    pub fn session(&self, session: SessionRef) -> Option<&PlannedSession> {
        self.sessions.get(usize::try_from(session.0).ok()?)
    }

    /// A tab that is made.
    #[must_use]
    pub fn tab(&self, tab: TabRef) -> Option<&PlannedTab> {
        self.tabs.get(usize::try_from(tab.0).ok()?)
    }

    /// A pane that is made.
    #[must_use]
    pub fn pane(&self, pane: PaneRef) -> Option<&PlannedPane> {
        self.panes.get(usize::try_from(pane.0).ok()?)
    }
}

/// A step as it is shown and printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepShown {
    /// What is done, as one word.
    pub action: &'static str,
    /// What it is done to, in words of the result: `api-1140:1.2`.
    pub target: String,
    /// The exact commands, one a line, as they would be typed; empty where muxtape itself acts.
    pub command: String,
    /// Why, or what to know about it.
    pub note: Option<String>,
}
