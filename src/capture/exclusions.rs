//! What is never recorded.
//!
//! A session or a tab that is never recorded is left out as if it were not there. A pane stays as a
//! place in its tab's layout, and nothing else is kept of it: it is withheld ([`Withheld`]). That
//! holds for panes that somebody marked as private, too. What is not known is taken for what is
//! never recorded.
//!
//! Names and directories are judged as they are at the moment of a capture; what a program leaves
//! on a screen after it ended is text like other text.

mod directory;
mod program;
mod settings;

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use bstr::{BString, ByteSlice};

pub use directory::{DirectoryPattern, InvalidDirectory};
pub use settings::{KeptTexts, Never, SessionRule};

use crate::model::detail::{PaneDetail, Withheld};
use crate::model::pattern::Pattern;
use crate::model::tree::{
    AutomaticRename, Pane, PaneHandle, PaneId, Screen, ServerState, Session, Tab, TabId,
};

/// What is never recorded, by the settings of the user. Without any, only what is marked as
/// private.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exclusions {
    sessions: Vec<Pattern>,
    tabs: Vec<Pattern>,
    commands: Vec<Pattern>,
    directories: Vec<DirectoryPattern>,
    /// Whether a directory is also looked at by the name that the system gives it.
    follows: bool,
    rules: Vec<SessionRule>,
}

impl Exclusions {
    /// What these settings say, for a user with this home.
    #[must_use]
    pub fn new(never: &Never, rules: &[SessionRule], home: &Path) -> Self {
        let directories = never.directories.iter().cloned();
        Self {
            sessions: never.sessions.clone(),
            tabs: never.tabs.clone(),
            commands: never.commands.clone(),
            directories: directories.map(|one| one.in_home(home)).collect(),
            follows: false,
            rules: rules.to_vec(),
        }
    }

    /// The same for directories that are reached through links, too: in a pattern, because the
    /// system tells where a process is without them, and in what is looked at, because shells tell
    /// by which of them they went there. Looks at the file system, now and each time.
    #[must_use]
    pub fn with_links_followed(mut self) -> Self {
        let real = self.directories.iter();
        let mut real: Vec<_> = real.filter_map(DirectoryPattern::without_links).collect();
        self.directories.append(&mut real);
        self.follows = true;
        self
    }

    /// Withholds panes whose directory is not known, where directories matter.
    pub(super) fn doubt(&self, state: &mut ServerState, lost: &BTreeSet<PaneId>) {
        if self.directories.is_empty() {
            return;
        }
        let tabs = state.sessions.iter_mut().flat_map(|one| &mut one.tabs);
        let panes = tabs.flat_map(|tab| &mut tab.panes);
        for pane in panes.filter(|pane| pane.handle.is_some_and(|one| lost.contains(&one.id))) {
            pane.detail.withheld.get_or_insert(Withheld::Excluded);
        }
    }

    /// Takes out of a state what is never recorded. What is left is a state that can be true if
    /// this one was; doing it twice is doing it once.
    pub fn apply(&self, state: &mut ServerState) {
        self.leave_out(state);
        // By their numbers: a pane can be in several sessions.
        let handles = |wanted: &dyn Fn(&Session, &Pane) -> bool| -> HashSet<PaneHandle> {
            let panes = state
                .panes()
                .filter(|(session, _, pane)| wanted(session, pane));
            panes.filter_map(|(_, _, pane)| pane.handle).collect()
        };
        let is_withheld = |pane: &Pane| pane.detail.withheld.is_some() || self.excludes(pane);
        let withheld = handles(&|_, pane| is_withheld(pane));
        let bare = handles(&|session, _| !self.keeps_texts(&session.name));
        let is_one = |pane: &Pane, of: &HashSet<PaneHandle>| {
            pane.handle.is_some_and(|handle| of.contains(&handle))
        };
        for session in &mut state.sessions {
            if self.may_hold(&session.cwd) {
                session.cwd.clear();
            }
            let keeps_texts = self.keeps_texts(&session.name);
            for tab in &mut session.tabs {
                let mut any = false;
                for pane in &mut tab.panes {
                    if !keeps_texts || is_one(pane, &bare) {
                        pane.contents = None;
                    }
                    if is_one(pane, &withheld) || is_withheld(pane) {
                        withhold(pane);
                        any = true;
                    }
                }
                if any && tab.automatic_rename != AutomaticRename::Off {
                    // It may come from what runs in the pane.
                    tab.name.clear();
                }
            }
        }
    }

    /// The panes of a state, after [`Exclusions::apply`], whose texts are not recorded. A pane in
    /// several sessions is one of them where one of its sessions says so.
    #[must_use]
    pub fn without_texts(&self, state: &ServerState) -> HashSet<PaneHandle> {
        let panes = state.panes().filter(|(session, _, pane)| {
            pane.detail.withheld.is_some() || !self.keeps_texts(&session.name)
        });
        panes.filter_map(|(_, _, pane)| pane.handle).collect()
    }

    /// Whether texts of a session of this name are recorded: as the first rule says that fits.
    fn keeps_texts(&self, session: &BString) -> bool {
        let mut rules = self.rules.iter();
        let rule = rules.find(|rule| rule.session.fits(session.as_bstr()));
        rule.is_none_or(|rule| rule.contents == KeptTexts::All)
    }

    fn excludes(&self, pane: &Pane) -> bool {
        let program = pane.program.as_ref().and_then(|one| one.cwd.as_ref());
        let checkout = pane.detail.checkout.as_ref();
        let places = [&pane.cwd]
            .into_iter()
            .chain(program)
            .chain(checkout.map(|checkout| &checkout.root))
            .chain(checkout.and_then(|checkout| checkout.repository.as_ref()));
        let mut places = places.into_iter();
        places.any(|place| self.may_hold(place)) || program::may_run(&self.commands, pane)
    }

    /// Whether a directory may be one of those that are never recorded.
    fn may_hold(&self, place: &BString) -> bool {
        let holds = |path: &[u8]| self.directories.iter().any(|one| one.may_hold(path));
        let real = || {
            let path = place.to_path().ok()?.canonicalize().ok()?;
            Some(holds(path.as_os_str().as_encoded_bytes()))
        };
        let followed = self.follows && !self.directories.is_empty();
        holds(place) || followed && real().unwrap_or_default()
    }

    /// Leaves sessions and tabs out. A tab that is also in a session that is left out goes from all
    /// of them.
    fn leave_out(&self, state: &mut ServerState) {
        let named = |patterns: &[Pattern], name: &BString| {
            patterns.iter().any(|pattern| pattern.fits(name.as_bstr()))
        };
        let out = |session: &Session, tab: &Tab| {
            named(&self.sessions, &session.name) || named(&self.tabs, &tab.name)
        };
        let gone: HashSet<TabId> = state
            .sessions
            .iter()
            .flat_map(|session| session.tabs.iter().map(move |tab| (session, tab)))
            .filter(|(session, tab)| out(session, tab))
            .filter_map(|(_, tab)| tab.handle)
            .collect();
        state.sessions.retain_mut(|session| {
            let before = session.tabs.len();
            let mut tabs = std::mem::take(&mut session.tabs);
            tabs.retain(|tab| {
                !out(session, tab) && !tab.handle.is_some_and(|handle| gone.contains(&handle))
            });
            session.tabs = tabs;
            if session.tabs.len() < before {
                close_ranks(session);
            }
            // A group is called after its first session.
            session.group.take_if(|group| named(&self.sessions, group));
            !session.tabs.is_empty()
        });
    }
}

/// Makes the tabs that are left of a session the only ones it has had.
fn close_ranks(session: &mut Session) {
    let Session { tabs, detail, .. } = session;
    let recent = &mut detail.recent;
    recent.retain(|index| tabs.iter().any(|tab| tab.index == *index));
    let current = tabs
        .iter()
        .find(|tab| tab.active)
        .or_else(|| tabs.iter().find(|tab| recent.first() == Some(&tab.index)))
        .or_else(|| tabs.iter().find(|tab| tab.last))
        .or(tabs.first())
        .map(|tab| tab.index);
    let mut before = recent.iter().find(|index| Some(**index) != current);
    let last = match before.take() {
        Some(index) => Some(*index),
        None => tabs.iter().find(|tab| tab.last).map(|tab| tab.index),
    };
    for tab in tabs {
        tab.active = Some(tab.index) == current;
        tab.last = Some(tab.index) == last && !tab.active;
    }
}

/// Takes everything from a pane that is withheld but its place.
fn withhold(pane: &mut Pane) {
    let why = pane.detail.withheld.unwrap_or(Withheld::Excluded);
    // Every field by name: a new one is not forgotten here.
    let Pane {
        handle: _,
        index: _,
        title,
        cwd,
        active: _,
        last: _,
        marked: _,
        rect: _,
        shell,
        program,
        exit,
        screen,
        contents,
        attachments,
        detail,
    } = pane;
    title.clear();
    cwd.clear();
    shell.clear();
    *program = None;
    *exit = None;
    *screen = Screen::default();
    *contents = None;
    attachments.clear();
    *detail = PaneDetail {
        floating: detail.floating,
        withheld: Some(why),
        ..PaneDetail::default()
    };
}

#[cfg(test)]
mod tests;
