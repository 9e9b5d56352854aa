//! What can be marked as private.

use crate::model::tree::{Pane, PaneId, Session, SessionId, Tab, TabId};

/// A session, a tab or a pane that is not to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marked {
    /// A session with all that is in it.
    Session(SessionId),
    /// A tab, in whichever sessions it is.
    Tab(TabId),
    /// A pane.
    Pane(PaneId),
}

impl Marked {
    /// Whether a pane is marked, or is in what is.
    #[must_use]
    pub fn holds(self, session: &Session, tab: &Tab, pane: &Pane) -> bool {
        match self {
            Marked::Session(id) => session.handle == Some(id),
            Marked::Tab(id) => tab.handle == Some(id),
            Marked::Pane(id) => pane.handle.is_some_and(|handle| handle.id == id),
        }
    }
}
