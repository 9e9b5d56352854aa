//! The steps of a plan: typed, in order, and the tmux commands that each stands for.
//!
//! A step names sessions, tabs and panes by their place in the plan. The numbers that tmux gives
//! them are known only while the plan is carried out; until then they are shown as `$s0`, `@t0`,
//! `%p0`.

use bstr::BString;
use serde::Serialize;

use crate::model::geometry::{Axis, Layout, Size};
use crate::model::tree::{PaneId, TabId};
use crate::restore::reference::{About, PaneRef, SessionRef, TabRef};
use crate::restore::report::Phase;

/// A session, tab or pane that is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(super) enum Part {
    /// A session.
    Session(SessionRef),
    /// A tab.
    Tab(TabRef),
    /// A pane.
    Pane(PaneRef),
}

/// A pane of a living tab, for placing another one beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(super) enum Beside {
    /// One that is alive.
    Living(PaneId),
    /// One that is made.
    Made(PaneRef),
}

/// One thing that a restore does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// What is done.
    pub(super) action: Action,
    /// Why, or what to know about it.
    pub(super) note: Option<String>,
    /// The row that it belongs to, besides that of its pane.
    pub(super) about: Option<About>,
}

impl Step {
    /// The rows that it belongs to.
    pub(super) fn rows(&self) -> Vec<About> {
        let pane = self.action.pane().map(About::Pane);
        self.about.into_iter().chain(pane).collect()
    }
}

/// The things that a restore does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// Makes a session with its first tab and pane.
    NewSession {
        /// The session.
        session: SessionRef,
        /// Its first tab.
        tab: TabRef,
        /// The first pane of that.
        pane: PaneRef,
        /// The size that its tabs get.
        size: Size,
    },
    /// Makes a session with a tab that only holds the place of others: all of its tabs are shared
    /// with sessions before it, or it has a setting that new panes have to find.
    Host {
        /// The session.
        session: SessionRef,
        /// The size that its tabs get.
        size: Size,
    },
    /// Keeps a session that is being made from ending because nobody looks at it, its tabs from
    /// being numbered anew, and the user's hooks from acting on it.
    Protect {
        /// The session.
        session: SessionRef,
    },
    /// Sets the variables of a session.
    Environment {
        /// The session.
        session: SessionRef,
    },
    /// Makes a group of one session: the others are not there any more.
    FoundGroup {
        /// The session.
        session: SessionRef,
    },
    /// Removes the tab that held the place of others.
    Evict {
        /// The session.
        session: SessionRef,
    },
    /// Makes a session that shares the tabs of another (a session group).
    JoinGroup {
        /// The session.
        session: SessionRef,
        /// The one whose tabs it shares.
        leader: SessionRef,
    },
    /// Makes a tab with its first pane.
    NewTab {
        /// The tab.
        tab: TabRef,
        /// Its first pane.
        pane: PaneRef,
    },
    /// Shows a tab of one session in another one too.
    LinkTab {
        /// The tab.
        tab: TabRef,
        /// The session that gets it.
        session: SessionRef,
        /// Its number there.
        index: u32,
    },
    /// Gives a session's first tab its number.
    MoveTab {
        /// The tab.
        tab: TabRef,
    },
    /// Gives a tab a size of its own.
    ResizeTab {
        /// The tab.
        tab: TabRef,
        /// The size.
        size: Size,
        /// Whether it keeps that size whoever looks at it.
        keep: bool,
    },
    /// Makes a pane by taking `length` cells from another.
    Split {
        /// The pane that is made.
        pane: PaneRef,
        /// The pane that it is taken from.
        from: PaneRef,
        /// Beside it or below it.
        axis: Axis,
        /// Columns or rows of the new pane.
        length: u16,
    },
    /// Puts all panes of a tab exactly where they were.
    Arrange {
        /// The tab.
        tab: TabRef,
        /// The layout; its panes are named by [`PaneRef`].
        layout: Layout,
    },
    /// Gives a pane its title.
    Title {
        /// The pane.
        pane: PaneRef,
    },
    /// Lets typing go to all panes of a tab.
    Synchronize {
        /// The tab.
        tab: TabRef,
    },
    /// Focuses a pane in its tab.
    SelectPane {
        /// The pane.
        pane: PaneRef,
    },
    /// Marks a pane.
    Mark {
        /// The pane.
        pane: PaneRef,
    },
    /// Lets the focused pane fill its tab.
    Zoom {
        /// The pane.
        pane: PaneRef,
    },
    /// Makes a tab the current one of a session.
    SelectTab {
        /// The session.
        session: SessionRef,
        /// The tab's number there.
        index: u32,
    },
    /// Sets those settings on which the place and the number of panes depend.
    Place {
        /// What they belong to.
        part: Part,
    },
    /// Takes a tab that nobody has looked at out of those that were.
    Unvisit {
        /// The session.
        session: SessionRef,
        /// The tab's number there.
        index: u32,
    },
    /// Lets every pane write its saved text and start its shell.
    OpenGate,
    /// Lets a pane stay when its process ends, without a line that says so: the saved text has it.
    LetDie {
        /// The pane.
        pane: PaneRef,
    },
    /// Gives up the protection of a session.
    Release {
        /// The session.
        session: SessionRef,
    },
    /// Takes the name from the living session that is replaced.
    SetAside {
        /// The session that takes its place.
        session: SessionRef,
    },
    /// Gives a session its name.
    RenameSession {
        /// The session.
        session: SessionRef,
    },
    /// Moves a tab that was made into the living session that it was missing in.
    AddTab {
        /// The tab.
        tab: TabRef,
    },
    /// Shows a tab that was added to one living session in another one too.
    ShareTab {
        /// The tab.
        tab: TabRef,
        /// What stands for the living session that gets it.
        session: SessionRef,
        /// Its number there.
        index: u32,
    },
    /// Puts a pane that was made into a living tab, by taking `length` cells from a neighbour.
    JoinPane {
        /// The pane.
        pane: PaneRef,
        /// The neighbour.
        beside: Beside,
        /// Beside it or below it.
        axis: Axis,
        /// On its left or above it, instead.
        before: bool,
        /// Along the whole side of the tab.
        full: bool,
        /// Columns or rows of the pane.
        length: u16,
    },
    /// Puts all panes of a living tab where they were saved.
    Rearrange {
        /// The tab.
        window: TabId,
        /// The layout; its panes are places in `panes`.
        layout: Layout,
        /// Who fills it, in the order of the tree.
        panes: Vec<Beside>,
    },
    /// Lets the focused pane of a living tab fill it again.
    ZoomAgain {
        /// The pane.
        pane: PaneId,
    },
    /// Takes the clients that look at the session that is replaced to the one in its place, to the
    /// tab that they looked at.
    TakeClients {
        /// The session that takes its place.
        session: SessionRef,
    },
    /// Closes the session that was replaced, unless a client still looks at it.
    CloseReplaced {
        /// The session that took its place.
        session: SessionRef,
    },
    /// Lets a session's tabs have the size of the client that looks at them again.
    FreeSize {
        /// The session.
        session: SessionRef,
        /// Tabs that had a size of their own.
        tabs: Vec<TabRef>,
    },
    /// Lets a tab's name follow its program, or not, or do what is usual (`None`).
    AutomaticRename {
        /// The tab.
        tab: TabRef,
        /// Whether it follows.
        on: Option<bool>,
    },
    /// Gives a pane whose process has ended the settings that it had.
    Bury {
        /// The pane.
        pane: PaneRef,
    },
    /// Sets the settings of a session, tab or pane.
    Configure {
        /// What they belong to.
        part: Part,
    },
    /// Lets typing into a pane do nothing.
    InputOff {
        /// The pane.
        pane: PaneRef,
    },
    /// Puts a pane into the mode that it was in, scrolled to where it was.
    EnterMode {
        /// The pane.
        pane: PaneRef,
    },
    /// Adds a paste buffer.
    AddBuffer {
        /// Its place in [`crate::restore::Plan::buffers`].
        buffer: u32,
    },
    /// Sets the hooks of a session, tab or pane.
    Hooks {
        /// What they belong to.
        part: Part,
    },
    /// Types a command at a pane's prompt.
    TypeCommand {
        /// The pane.
        pane: PaneRef,
        /// What is typed: one line, without controls.
        line: BString,
        /// Whether it is run, too.
        run: bool,
    },
}

impl Action {
    /// The word for it in JSON.
    #[must_use]
    pub(super) fn word(&self) -> &'static str {
        match self {
            Action::NewSession { .. } => "new_session",
            Action::Host { .. } => "host",
            Action::Protect { .. } => "protect",
            Action::Environment { .. } => "environment",
            Action::FoundGroup { .. } => "found_group",
            Action::Evict { .. } => "evict",
            Action::JoinGroup { .. } => "join_group",
            Action::NewTab { .. } => "new_tab",
            Action::LinkTab { .. } => "link_tab",
            Action::MoveTab { .. } => "move_tab",
            Action::ResizeTab { .. } => "resize_tab",
            Action::Split { .. } => "split",
            Action::Arrange { .. } => "arrange",
            Action::Title { .. } => "title",
            Action::Synchronize { .. } => "synchronize",
            Action::SelectPane { .. } => "select_pane",
            Action::Mark { .. } => "mark",
            Action::Zoom { .. } => "zoom",
            Action::SelectTab { .. } => "select_tab",
            Action::Place { .. } => "place",
            Action::Unvisit { .. } => "unvisit",
            Action::OpenGate => "open_gate",
            Action::LetDie { .. } => "let_die",
            Action::Release { .. } => "release",
            Action::Bury { .. } => "bury",
            Action::Configure { .. } => "configure",
            Action::InputOff { .. } => "input_off",
            Action::EnterMode { .. } => "enter_mode",
            Action::AddBuffer { .. } => "add_buffer",
            Action::Hooks { .. } => "hooks",
            Action::SetAside { .. } => "set_aside",
            Action::RenameSession { .. } => "rename_session",
            Action::AddTab { .. } => "add_tab",
            Action::ShareTab { .. } => "share_tab",
            Action::JoinPane { .. } => "join_pane",
            Action::Rearrange { .. } => "rearrange",
            Action::ZoomAgain { .. } => "zoom_again",
            Action::TakeClients { .. } => "take_clients",
            Action::CloseReplaced { .. } => "close_replaced",
            Action::FreeSize { .. } => "free_size",
            Action::AutomaticRename { .. } => "automatic_rename",
            Action::TypeCommand { run: true, .. } => "run_command",
            Action::TypeCommand { run: false, .. } => "type_command",
        }
    }

    /// What it is part of.
    #[must_use]
    pub(super) fn phase(&self) -> Phase {
        match self {
            Action::NewSession { .. }
            | Action::Host { .. }
            | Action::Protect { .. }
            | Action::Environment { .. }
            | Action::FoundGroup { .. }
            | Action::Evict { .. }
            | Action::JoinGroup { .. }
            | Action::NewTab { .. }
            | Action::LinkTab { .. }
            | Action::MoveTab { .. }
            | Action::ResizeTab { .. }
            | Action::Split { .. } => Phase::Build,
            Action::Arrange { .. }
            | Action::Title { .. }
            | Action::SelectPane { .. }
            | Action::Mark { .. }
            | Action::Zoom { .. }
            | Action::SelectTab { .. }
            | Action::Place { .. }
            | Action::Unvisit { .. } => Phase::Arrange,
            Action::OpenGate => Phase::Replay,
            Action::LetDie { .. }
            | Action::Release { .. }
            | Action::SetAside { .. }
            | Action::RenameSession { .. }
            | Action::AddTab { .. }
            | Action::ShareTab { .. }
            | Action::JoinPane { .. }
            | Action::Rearrange { .. }
            | Action::ZoomAgain { .. }
            | Action::TakeClients { .. }
            | Action::CloseReplaced { .. }
            | Action::FreeSize { .. } => Phase::Switch,
            Action::Bury { .. }
            | Action::Configure { .. }
            | Action::TypeCommand { .. }
            | Action::InputOff { .. }
            | Action::EnterMode { .. }
            | Action::AddBuffer { .. }
            | Action::Hooks { .. }
            | Action::AutomaticRename { .. }
            | Action::Synchronize { .. } => Phase::Start,
        }
    }

    /// When its turn is within [`Phase::Start`]: what has ended is settled, settings are set,
    /// programs are typed, and only then may typing go elsewhere or nowhere. Hooks come last, so
    /// that none acts on this.
    #[must_use]
    pub(super) fn order(&self) -> u8 {
        match self {
            Action::Bury { .. } => 0,
            Action::Configure { .. } => 1,
            Action::TypeCommand { .. } => 2,
            Action::Hooks { .. } => 4,
            _ => 3,
        }
    }

    /// The pane that it is about, if it is about one alone.
    #[must_use]
    pub(super) fn pane(&self) -> Option<PaneRef> {
        match self {
            Action::Title { pane }
            | Action::SelectPane { pane }
            | Action::Mark { pane }
            | Action::Zoom { pane }
            | Action::LetDie { pane }
            | Action::Bury { pane }
            | Action::InputOff { pane }
            | Action::EnterMode { pane }
            | Action::JoinPane { pane, .. }
            | Action::Place {
                part: Part::Pane(pane),
            }
            | Action::Configure {
                part: Part::Pane(pane),
            }
            | Action::Hooks {
                part: Part::Pane(pane),
            }
            | Action::TypeCommand { pane, .. } => Some(*pane),
            action => action.makes(),
        }
    }

    /// When its turn is within the switch-over, which is done at one stroke or not at all; `None`
    /// for what is no part of that. Everybody loses a name before anybody gets one, and nothing is
    /// closed before all the rest is done.
    #[must_use]
    pub(super) fn turn(&self) -> Option<u8> {
        Some(match self {
            Action::SetAside { .. } => 0,
            Action::RenameSession { .. } => 1,
            Action::AddTab { .. }
            | Action::ShareTab { .. }
            | Action::JoinPane { .. }
            | Action::Rearrange { .. }
            | Action::ZoomAgain { .. } => 2,
            Action::TakeClients { .. } => 3,
            Action::CloseReplaced { .. } => 4,
            _ => return None,
        })
    }

    /// The pane that it makes, if it makes one.
    #[must_use]
    pub(super) fn makes(&self) -> Option<PaneRef> {
        match self {
            Action::NewSession { pane, .. }
            | Action::NewTab { pane, .. }
            | Action::Split { pane, .. } => Some(*pane),
            _ => None,
        }
    }
}
