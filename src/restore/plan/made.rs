//! The sessions, tabs and panes that a restore makes.

use std::collections::BTreeMap;

use bstr::BString;
use serde::Serialize;

use crate::model::detail::{Hook, Setting, Variable};
use crate::model::digest::Digest;
use crate::model::geometry::{Layout, Size};
use crate::model::target::Target;
use crate::model::tree::{AutomaticRename, ExitState, PaneId, Screen, SessionId, TabId};
use crate::mux::NewPane;
use crate::restore::beginning::Beginning;
use crate::restore::reference::{PaneRef, SessionRef, TabRef};

/// What a session that is made is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Place {
    /// It is a session of its own.
    #[default]
    New,
    /// It takes the place of one that is alive, which is closed.
    Instead(Living),
    /// It only holds what goes into one that is alive, until then.
    Into(Living),
}

/// A session that is alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Living {
    /// Its handle.
    pub id: SessionId,
    /// Its name.
    pub name: BString,
    /// The name that it gets when another one takes its own; the same where none does.
    pub aside: BString,
}

/// A session that is made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlannedSession {
    /// Its name in the snapshot.
    pub from: BString,
    /// Its name in the end.
    pub to: BString,
    /// Its name while it is made.
    pub temporary: BString,
    /// The name of the group that it founds, where that name is free.
    pub group: Option<BString>,
    /// Whether none of that group but this one comes back.
    pub alone: bool,
    /// The session whose tabs it shares, all of them (a session group).
    pub leader: Option<SessionRef>,
    /// The directory in which new tabs start.
    pub dir: BString,
    /// What is set for it.
    pub own: Own,
    /// The size of its tabs.
    pub size: Size,
    /// What is in it, in the order of the snapshot; nothing where it has a leader.
    pub members: Vec<Member>,
    /// The numbers of the tabs that were looked at, the current one last.
    pub visited: Vec<u32>,
    /// Whether nobody has looked at any other tab.
    pub only_visited: bool,
    /// What it is for.
    pub place: Place,
}

/// A part of a session that is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Member {
    /// A tab: its own, or another session's that it shows, too.
    Tab {
        /// The tab.
        tab: TabRef,
        /// Its number here.
        index: u32,
    },
    /// Panes of a living tab.
    Panes(Merge),
}

/// Panes that are put back into a living tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// The living tab.
    pub into: LivingTab,
    /// The panes, by their number in the saved tab.
    pub panes: BTreeMap<u32, PaneRef>,
}

/// A living tab, and how it was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LivingTab {
    /// Its handle.
    pub id: TabId,
    /// The saved layout.
    pub saved: Layout,
    /// The living layout.
    pub alive: Layout,
    /// The numbers of living panes in it, by their numbers in the saved one.
    pub known: BTreeMap<u32, u32>,
    /// All living panes in their order: their numbers in the tab, and their handles.
    pub living: Vec<(u32, Option<PaneId>)>,
    /// The pane that fills it.
    pub zoomed: Option<PaneId>,
}

impl PlannedSession {
    /// The living session whose place it takes.
    #[must_use]
    pub fn replaces(&self) -> Option<&Living> {
        match &self.place {
            Place::Instead(living) => Some(living),
            _ => None,
        }
    }

    /// The living session that it adds to.
    #[must_use]
    pub fn adds_to(&self) -> Option<&Living> {
        match &self.place {
            Place::Into(living) => Some(living),
            _ => None,
        }
    }
}

/// What is set for a session, tab or pane: as far as the policy lets it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Own {
    /// Settings.
    pub settings: Vec<Setting>,
    /// Hooks.
    pub hooks: Vec<Hook>,
    /// Variables; of a pane, all that its shell gets.
    pub environment: Vec<Variable>,
}

/// The mode that a pane is put into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Looking at its history.
    Copy {
        /// Rows that it is scrolled back.
        scroll: u32,
        /// What was searched for; empty for nothing.
        search: BString,
    },
    /// Showing the time.
    Clock,
}

/// A tab that is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedTab {
    /// Where it stood in the snapshot.
    pub target: Target,
    /// The session that it is made in.
    pub session: SessionRef,
    /// Its number.
    pub index: u32,
    /// Its name.
    pub name: BString,
    /// Whether its name follows the program in it.
    pub automatic_rename: AutomaticRename,
    /// Width and height.
    pub size: Size,
    /// Its panes, in the order of the layout.
    pub panes: Vec<PaneRef>,
    /// Where its panes go, named by [`PaneRef`]; `None` where the saved layout does not say.
    pub layout: Option<Layout>,
    /// The pane that has the focus.
    pub active: Option<PaneRef>,
    /// The pane that had it before.
    pub last: Option<PaneRef>,
    /// The pane that is marked.
    pub marked: Option<PaneRef>,
    /// Whether the active pane fills it.
    pub zoomed: bool,
    /// Whether typing goes to all of its panes.
    pub synchronized: bool,
    /// What is set for it.
    pub own: Own,
    /// The living tab that its only pane goes into; it itself is gone then.
    pub joins: Option<TabId>,
}

/// A pane that is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedPane {
    /// Where it stood in the snapshot.
    pub target: Target,
    /// The tab that it is in.
    pub tab: TabRef,
    /// Its number in the tab, counted from 0.
    pub place: u32,
    /// Its title, where that is known.
    pub title: Option<BString>,
    /// The directory in which it opens.
    pub dir: BString,
    /// The arguments of its shell; empty for the server's default shell.
    pub shell: Vec<BString>,
    /// The file that is started as its shell.
    pub shell_file: BString,
    /// How it began when it was saved.
    pub beginning: Beginning,
    /// What it begins with in place of that shell, because it began as every new pane does; `None`
    /// also where that will be known only when the server runs.
    pub new: Option<NewPane>,
    /// The saved text that it shows.
    pub text: Option<Digest>,
    /// Where its cursor was.
    pub screen: Screen,
    /// Width and height of its screen.
    pub size: Size,
    /// Whether its shell was idle: then the line of the cursor is a prompt, which the shell will
    /// write again.
    pub idle: bool,
    /// What becomes of its program.
    pub start: Start,
    /// What is typed at its prompt: one line, without controls.
    pub line: Option<BString>,
    /// Why its program is started as it is.
    pub why: Option<String>,
    /// Whether nothing writes behind its text: its process has ended.
    pub still: bool,
    /// How its process ended, for one that is kept open after that.
    pub exit: Option<ExitState>,
    /// The mode that it was in.
    pub mode: Option<Mode>,
    /// Whether typing into it does nothing.
    pub input_off: bool,
    /// What is set for it.
    pub own: Own,
    /// The name of its program, where that is typed again.
    pub started: Option<BString>,
}

/// What becomes of the program of a pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// There was none: the shell was idle.
    Idle,
    /// It is typed at the prompt and run.
    Run,
    /// It is typed at the prompt.
    Type,
    /// It is not started; the pane has a shell.
    Leave,
}
