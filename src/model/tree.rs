//! The state of a server: sessions, tabs, panes.
//!
//! Names, titles, paths and arguments are bytes, kept exactly as the multiplexer had them; turning
//! them into something to look at is a separate, lossy step. What only one multiplexer has is an
//! optional typed field. Order is canonical: sessions by name, tabs and panes by index.

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::composed::same_name;
use super::detail::{Buffer, PaneDetail, SessionDetail, TabDetail};
use super::digest::{Digest, DigestBuilder};
use super::geometry::{GeometryError, Layout, Rect, Size};
pub use super::handle::{PaneHandle, PaneId, SessionId, TabId};
use super::program::Program;
use super::snapshot::LifeId;

/// Everything that one server held at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ServerState {
    /// The sessions, by name.
    pub sessions: Vec<Session>,
    /// The paste buffers, newest first; empty unless the user wants them kept.
    pub buffers: Vec<Buffer>,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// What the multiplexer calls it; not part of the digest.
    pub handle: Option<SessionId>,
    /// The run of the process that serves it; not part of the digest. In tmux all sessions of a
    /// server have the same one.
    pub life: LifeId,
    /// The name.
    pub name: BString,
    /// The directory in which new tabs start.
    pub cwd: BString,
    /// The name of the session group, where it belongs to one (tmux).
    pub group: Option<BString>,
    /// The tabs, by index.
    pub tabs: Vec<Tab>,
    /// Settings, and what else only some multiplexers have.
    pub detail: SessionDetail,
}

/// Whether a tab's name follows the program in it (tmux `automatic-rename`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum AutomaticRename {
    /// Set for this tab: follows.
    On,
    /// Set for this tab: does not follow.
    Off,
    /// Not set for this tab: whatever the server does by default.
    #[default]
    Unset,
}

/// A tab (tmux: window).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tab {
    /// What the multiplexer calls it; not part of the digest.
    pub handle: Option<TabId>,
    /// The number shown to the user.
    pub index: u32,
    /// The name.
    pub name: BString,
    /// Whether it is the session's current tab.
    pub active: bool,
    /// Whether it was current before the current one (tmux `last-window`).
    pub last: bool,
    /// Whether the active pane fills the tab for the moment; the layout is the one underneath.
    pub zoomed: bool,
    /// Whether typing goes to all its panes.
    pub synchronized: bool,
    /// Whether the name follows the program.
    pub automatic_rename: AutomaticRename,
    /// Where the panes are.
    pub layout: Layout,
    /// The panes, by index.
    pub panes: Vec<Pane>,
    /// Settings, and what else only some multiplexers have.
    pub detail: TabDetail,
}

/// A pane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pane {
    /// What identifies it within one life; not part of the digest.
    pub handle: Option<PaneHandle>,
    /// The number shown to the user.
    pub index: u32,
    /// The title that programs set.
    pub title: BString,
    /// The directory of the shell (or of whatever runs directly in the pane).
    pub cwd: BString,
    /// Whether it has the focus within its tab.
    pub active: bool,
    /// Whether it had the focus before the active one.
    pub last: bool,
    /// Whether it carries the mark (tmux `select-pane -m`).
    pub marked: bool,
    /// Where it is.
    pub rect: Rect,
    /// The argument list of the pane's own process, normally a shell.
    pub shell: Vec<BString>,
    /// The program in the foreground; `None` when the shell is idle.
    pub program: Option<Program>,
    /// How its process ended, for a pane that is kept open after it.
    pub exit: Option<ExitState>,
    /// Cursor, history, screen.
    pub screen: Screen,
    /// Which text it showed; `None` where contents were not captured.
    pub contents: Option<ContentsRef>,
    /// Texts that belong to it and were never on its screen, by kind and name.
    pub attachments: Vec<Attachment>,
    /// Settings, modes and surroundings.
    pub detail: PaneDetail,
}

/// A text that belongs to a pane and was never on its screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// What it is.
    pub kind: AttachmentKind,
    /// Its name, for example that of the file that it was read from.
    pub name: BString,
    /// Which text: [`super::contents::Contents::main`] alone.
    pub text: ContentsRef,
}

/// What an attachment of a pane is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    /// The commands that its shell remembers.
    ShellHistory,
    /// A conversation with an assistant.
    Transcript,
}

/// How a pane's process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ExitState {
    /// The exit status, where it is known.
    pub status: Option<i32>,
}

/// What a terminal is, besides its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Screen {
    /// Column of the cursor on the main screen, from 0.
    pub cursor_x: u16,
    /// Row of the cursor on the main screen, from 0.
    pub cursor_y: u16,
    /// Whether a full-screen program has the alternate screen.
    pub alternate: bool,
    /// Rows of scrollback.
    pub history: u32,
    /// Rows scrolled back in copy mode; `None` outside of it.
    pub scroll: Option<u32>,
}

/// A reference to the text of a pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ContentsRef {
    /// [`super::contents::Contents::digest`] of the text.
    pub digest: Digest,
    /// Bytes of the text, uncompressed.
    pub bytes: u64,
    /// Lines of the text.
    pub lines: u32,
}

/// Why a state cannot be true.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidState {
    /// A tab's layout does not tile.
    #[error("tab {tab} of session {session:?}: {cause}")]
    Geometry {
        /// The session.
        session: BString,
        /// The tab's index.
        tab: u32,
        /// What is wrong with it.
        cause: GeometryError,
    },
    /// The panes and the layout of a tab are not the same panes.
    #[error("tab {tab} of session {session:?}: its panes are not those of its layout")]
    PanesDiffer {
        /// The session.
        session: BString,
        /// The tab's index.
        tab: u32,
    },
    /// Sessions, tabs, panes or attachments are not in order, or one stands twice.
    #[error("{0} are not in order or not unique")]
    Order(&'static str),
    /// A floating pane has no area, lies elsewhere than it says, or is as far in front as another
    /// one; or the order of some is known and of others not.
    #[error("tab {tab} of session {session:?}: its floating panes cannot lie so")]
    Floating {
        /// The session.
        session: BString,
        /// The tab's index.
        tab: u32,
    },
    /// A session with an active tab has several, or a tab of it not exactly one active pane.
    #[error("session {session:?}: exactly one {what} must be active")]
    Focus {
        /// The session.
        session: BString,
        /// `tab` or `pane`.
        what: &'static str,
    },
}

impl ServerState {
    /// Digest of everything, contents included: equal digests mean that nothing changed.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let node = self
            .sessions
            .iter()
            .fold(DigestBuilder::new("muxtape.server/2"), |node, s| {
                node.child(s.digest())
            });
        if self.buffers.is_empty() {
            node.finish()
        } else {
            node.value(&self.buffers).finish()
        }
    }

    /// Number of tabs in all sessions.
    #[must_use]
    pub fn tab_count(&self) -> usize {
        self.sessions.iter().map(|session| session.tabs.len()).sum()
    }

    /// Number of panes in all sessions.
    #[must_use]
    pub fn pane_count(&self) -> usize {
        self.panes().count()
    }

    /// Every pane with the session and tab it is in.
    pub fn panes(&self) -> impl Iterator<Item = (&Session, &Tab, &Pane)> {
        self.sessions.iter().flat_map(|session| {
            session
                .tabs
                .iter()
                .flat_map(move |tab| tab.panes.iter().map(move |pane| (session, tab, pane)))
        })
    }

    /// Every text that a pane refers to, as often as one does.
    pub fn texts(&self) -> impl Iterator<Item = ContentsRef> {
        self.panes().flat_map(|(_, _, pane)| pane.texts())
    }

    /// Every pane, to be changed.
    pub fn panes_mut(&mut self) -> impl Iterator<Item = &mut Pane> {
        let tabs = self.sessions.iter_mut().flat_map(|own| &mut own.tabs);
        tabs.flat_map(|tab| &mut tab.panes)
    }

    /// The session of exactly this name.
    #[must_use]
    pub fn session(&self, name: &[u8]) -> Option<&Session> {
        self.sessions.iter().find(|session| session.name == name)
    }

    /// The session that a user means: the one of this name, or else one whose name is the same in
    /// another form of Unicode.
    #[must_use]
    pub fn session_meant(&self, name: &[u8]) -> Option<&Session> {
        self.session(name).or_else(|| {
            let mut sessions = self.sessions.iter();
            sessions.find(|session| same_name(&session.name, name))
        })
    }

    /// Brings sessions, tabs and panes into canonical order.
    pub fn sort(&mut self) {
        self.sessions.sort_by(|a, b| a.name.cmp(&b.name));
        for session in &mut self.sessions {
            session.tabs.sort_by_key(|tab| tab.index);
            for tab in &mut session.tabs {
                tab.panes.sort_by_key(|pane| pane.index);
                for pane in &mut tab.panes {
                    let key = |one: &Attachment| (one.kind, one.name.clone());
                    pane.attachments.sort_by_cached_key(key);
                }
            }
        }
    }

    /// The same state without handles and lives, which change when a server is started anew.
    #[must_use]
    pub fn without_handles(mut self) -> Self {
        for session in &mut self.sessions {
            session.handle = None;
            session.life = LifeId::default();
            for tab in &mut session.tabs {
                tab.handle = None;
                tab.panes.iter_mut().for_each(|pane| pane.handle = None);
            }
        }
        self
    }

    /// Whether the state can be true: canonical order, layouts that tile and hold exactly the panes
    /// of their tab that do not float, floating panes with an area and an order of which all or
    /// nothing is known, one active tab a session and one active pane a tab. A session at which
    /// nobody looks may have no active tab (zellij); then its tabs may have no active pane.
    pub fn check(&self) -> Result<(), InvalidState> {
        if !ascending(self.sessions.iter().map(|session| &session.name)) {
            return Err(InvalidState::Order("sessions"));
        }
        self.sessions.iter().try_for_each(Session::check)
    }
}

/// Adds a detail to a digest, if there is something in it: a state that was captured before such
/// details were known keeps its digest.
fn with<T: Serialize + Default + PartialEq>(node: DigestBuilder, detail: &T) -> DigestBuilder {
    if *detail == T::default() {
        node
    } else {
        node.value(detail)
    }
}

fn ascending<T: Ord>(mut items: impl Iterator<Item = T>) -> bool {
    let Some(mut last) = items.next() else {
        return true;
    };
    items.all(|item| std::mem::replace(&mut last, item) < last)
}

impl Session {
    /// Digest of the session with all its tabs.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let Session {
            handle: _,
            life: _,
            name,
            cwd,
            group,
            tabs,
            detail,
        } = self;
        let own = DigestBuilder::new("muxtape.session/2").value(&(name, cwd, group));
        let own = with(own, &detail.timeless());
        tabs.iter()
            .fold(own, |node, tab| node.child(tab.digest()))
            .finish()
    }

    /// The same session without its tabs.
    #[must_use]
    pub fn shallow(&self) -> Session {
        Session {
            handle: self.handle,
            life: self.life,
            name: self.name.clone(),
            cwd: self.cwd.clone(),
            group: self.group.clone(),
            tabs: Vec::new(),
            detail: self.detail.clone(),
        }
    }

    /// The tab of this index.
    #[must_use]
    pub fn tab(&self, index: u32) -> Option<&Tab> {
        self.tabs.iter().find(|tab| tab.index == index)
    }

    /// The current tab, or the first where none is marked.
    #[must_use]
    pub fn active_tab(&self) -> Option<&Tab> {
        self.tabs
            .iter()
            .find(|tab| tab.active)
            .or_else(|| self.tabs.first())
    }

    fn check(&self) -> Result<(), InvalidState> {
        if !ascending(self.tabs.iter().map(|tab| tab.index)) {
            return Err(InvalidState::Order("tabs"));
        }
        let focused = match self.tabs.iter().filter(|tab| tab.active).count() {
            0 => false,
            1 => true,
            _ => {
                return Err(InvalidState::Focus {
                    session: self.name.clone(),
                    what: "tab",
                });
            }
        };
        self.tabs
            .iter()
            .try_for_each(|tab| tab.check(&self.name, focused))
    }
}

impl Tab {
    /// Digest of the tab with all its panes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let Tab {
            handle: _,
            index,
            name,
            active,
            last,
            zoomed,
            synchronized,
            automatic_rename,
            layout,
            panes,
            detail,
        } = self;
        let own = DigestBuilder::new("muxtape.tab/2").value(&(
            index,
            name,
            active,
            last,
            zoomed,
            synchronized,
            automatic_rename,
            layout,
        ));
        let own = with(own, detail);
        panes
            .iter()
            .fold(own, |node, pane| node.child(pane.digest()))
            .finish()
    }

    /// The same tab without its panes.
    #[must_use]
    pub fn shallow(&self) -> Tab {
        Tab {
            handle: self.handle,
            index: self.index,
            name: self.name.clone(),
            active: self.active,
            last: self.last,
            zoomed: self.zoomed,
            synchronized: self.synchronized,
            automatic_rename: self.automatic_rename,
            layout: self.layout.clone(),
            panes: Vec::new(),
            detail: self.detail.clone(),
        }
    }

    /// Width and height of the whole tab.
    #[must_use]
    pub fn size(&self) -> Size {
        self.layout.size()
    }

    /// The pane of this index.
    #[must_use]
    pub fn pane(&self, index: u32) -> Option<&Pane> {
        self.panes.iter().find(|pane| pane.index == index)
    }

    /// The pane with the focus, or the first where none is marked.
    #[must_use]
    pub fn active_pane(&self) -> Option<&Pane> {
        self.panes
            .iter()
            .find(|pane| pane.active)
            .or_else(|| self.panes.first())
    }

    /// `focused` says whether a tab of the session is active.
    fn check(&self, session: &BString, focused: bool) -> Result<(), InvalidState> {
        self.layout
            .check()
            .map_err(|cause| InvalidState::Geometry {
                session: session.clone(),
                tab: self.index,
                cause,
            })?;
        if !ascending(self.panes.iter().map(|pane| pane.index)) {
            return Err(InvalidState::Order("panes"));
        }
        let mut placed = self.layout.panes();
        placed.sort_unstable_by_key(|(pane, _)| *pane);
        let tiled = self
            .panes
            .iter()
            .filter(|pane| pane.detail.floating.is_none());
        let own = tiled.map(|pane| (pane.index, pane.rect));
        if !placed.into_iter().eq(own) {
            return Err(InvalidState::PanesDiffer {
                session: session.clone(),
                tab: self.index,
            });
        }
        if !self.floats_can_be() {
            return Err(InvalidState::Floating {
                session: session.clone(),
                tab: self.index,
            });
        }
        let active = self.panes.iter().filter(|pane| pane.active).count();
        if active > 1 || focused && active == 0 {
            return Err(InvalidState::Focus {
                session: session.clone(),
                what: "pane",
            });
        }
        let attachments = |pane: &Pane| {
            let all = pane.attachments.iter();
            ascending(all.map(|own| (own.kind, &own.name)))
        };
        match self.panes.iter().all(attachments) {
            true => Ok(()),
            false => Err(InvalidState::Order("attachments")),
        }
    }

    /// Whether its floating panes can lie as they say.
    fn floats_can_be(&self) -> bool {
        let mut behind = Vec::new();
        for pane in &self.panes {
            let Some(floating) = pane.detail.floating else {
                continue;
            };
            if floating.width == 0 || floating.height == 0 || floating.rect() != pane.rect {
                return false;
            }
            behind.push(floating.behind);
        }
        behind.sort_unstable();
        let known = behind.iter().flatten().count();
        let unique = behind.windows(2).all(|pair| pair.first() != pair.last());
        known == 0 || known == behind.len() && unique
    }
}

impl Pane {
    /// Digest of the pane and its text.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let Pane {
            handle: _,
            index,
            title,
            cwd,
            active,
            last,
            marked,
            rect,
            shell,
            program,
            exit,
            screen,
            contents,
            attachments,
            detail,
        } = self;
        let own = DigestBuilder::new("muxtape.pane/2")
            .value(&(
                index, title, cwd, active, last, marked, rect, shell, program,
            ))
            .value(&(exit, screen))
            .value(&contents.map(|text| text.digest));
        let attached = attachments.iter();
        let own = attached.fold(own, |node, own| {
            node.value(&(own.kind, &own.name, own.text.digest))
        });
        with(own, detail).finish()
    }

    /// All texts that it refers to.
    pub fn texts(&self) -> impl Iterator<Item = ContentsRef> {
        let attached = self.attachments.iter().map(|own| own.text);
        self.contents.into_iter().chain(attached)
    }
}
