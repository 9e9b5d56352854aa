//! What restores onto one kind of multiplexer: it asks and acts, and decides nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use bstr::BString;

use super::built::Built;
use super::plan::Plan;
use super::profile::Profile;
use super::report::Progress;
use super::{RestoreError, Workshop};
use crate::model::snapshot::ServerIdentity;
use crate::model::tree::{PaneId, ServerState, SessionId, TabId};
use crate::mux::{Marked, Multiplexer, MuxError, NewPane, OwnPane, Scope, Variables};

/// A multiplexer onto which sessions are restored.
pub trait Restorer: Multiplexer {
    /// The same multiplexer, of which this is captured beyond structure and texts.
    fn scoped(&self, scope: Scope) -> Arc<dyn Restorer>;

    /// What is known of it without asking: of the server that runs, or of the one that would be
    /// started.
    ///
    /// # Errors
    ///
    /// [`MuxError`] when the program cannot be asked for its version.
    fn profile(&self, server: Option<&ServerIdentity>) -> Result<Box<dyn Profile>, MuxError>;

    /// What new panes begin with and where they look for programs, on a server that has this state.
    ///
    /// # Errors
    ///
    /// [`MuxError`] when the server cannot be asked.
    fn new_panes(&self, state: &ServerState) -> Result<NewPanes, MuxError>;

    /// A plan as a script for sh that does it without muxtape. It holds no control characters,
    /// whatever the snapshot does, and no saved text. It may be run elsewhere, where another server
    /// is the default one.
    ///
    /// # Errors
    ///
    /// [`MuxError`] when the server that runs cannot be asked where it is.
    fn script(&self, plan: &Plan) -> Result<String, MuxError>;

    /// Carries out a plan that has something to do. Failures of single panes are noted and the rest
    /// goes on; failures of the whole before the sessions get their names remove all that was made.
    ///
    /// # Errors
    ///
    /// [`RestoreError::Changed`] when the live state is not the one that the plan was made for.
    fn carry_out(
        &self,
        plan: &Plan,
        workshop: &Workshop<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Built, RestoreError>;

    /// What is alive, by handles; nothing where no server runs.
    ///
    /// # Errors
    ///
    /// [`RestoreError::Mux`] when the server cannot be asked.
    fn alive(&self) -> Result<AliveParts, RestoreError>;

    /// Closes sessions and panes; what it said about those that it did not close. The server may
    /// end with its last session, and its answer with it: what is true has to be looked up.
    fn close(&self, sessions: &[SessionId], panes: &[PaneId]) -> String;

    /// Lets the clients that look at a session look at another one; how many there were.
    ///
    /// # Errors
    ///
    /// [`MuxError`] when the server cannot be asked.
    fn move_clients(&self, from: SessionId, to: SessionId) -> Result<usize, MuxError>;

    /// Closes a session, unless something was opened in it besides its one pane.
    ///
    /// # Errors
    ///
    /// [`MuxError`] when the server refuses.
    fn close_single(&self, session: SessionId) -> Result<(), MuxError>;

    /// The command that does so, for whoever runs in that session: it can take the place of this
    /// process.
    ///
    /// # Errors
    ///
    /// [`MuxError`] when the server cannot be asked where it is.
    fn closing(&self, session: SessionId) -> Result<Command, MuxError>;

    /// The pane that this process runs in, of whichever server of this kind; `None` where it runs
    /// in none.
    fn own_pane(&self, variables: Variables<'_>) -> Option<Arc<dyn OwnPane>>;

    /// Marks something as private, or takes the mark away from it and from all that is in it;
    /// `state` is what was observed.
    ///
    /// # Errors
    ///
    /// [`MuxError`] when the server refuses.
    fn set_private(&self, what: Marked, private: bool, state: &ServerState)
    -> Result<(), MuxError>;

    /// What lets this terminal show a session: it takes the place of this process. `None` where the
    /// terminal shows another server already.
    fn attaching(&self, session: SessionId, variables: Variables<'_>) -> Option<Command>;

    /// A server of its own that nobody sees, fit for a restore of this state, with its files in
    /// `dir`.
    ///
    /// # Errors
    ///
    /// [`RestoreError::Files`] when a file cannot be written.
    fn rehearsal(
        &self,
        dir: &Path,
        state: &ServerState,
    ) -> Result<Box<dyn Rehearsal>, RestoreError>;
}

/// A server of its own for a rehearsal; it ends when this goes.
pub trait Rehearsal {
    /// The way to it.
    fn restorer(&self) -> &dyn Restorer;
}

/// What new panes begin with, and where they look for programs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewPanes {
    /// What a pane begins with, where no session has a setting of its own for that; `None` where
    /// that is not known.
    pub first: Option<NewPane>,
    /// The `PATH` of new sessions; `None` where that is not known.
    pub search_path: Option<BString>,
}

/// What is alive, by handles.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AliveParts {
    /// The names of sessions.
    pub sessions: BTreeMap<SessionId, BString>,
    /// The panes.
    pub panes: BTreeMap<PaneId, AlivePane>,
}

/// A pane that is alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlivePane {
    /// Its process.
    pub pid: Option<i32>,
    /// Where it is seen: tab and session.
    pub places: Vec<(TabId, SessionId)>,
}
