//! What is kept out of everything that is recorded.

use super::error::OpsError;
use super::host::Host;
use crate::model::target::Target;
use crate::model::tree::ServerState;
use crate::mux::Marked;

impl Host {
    /// Keeps a pane, a tab or a session out of what is recorded, or records it again. `state` is
    /// what is alive; the journal calls it `target`, or else by the first pane of it.
    pub fn set_private(
        &self,
        what: Marked,
        private: bool,
        state: &ServerState,
        target: Option<&Target>,
    ) -> Result<(), OpsError> {
        self.mux().set_private(what, private, state)?;
        let mut panes = state.panes();
        let first = panes.find(|(session, tab, pane)| what.holds(session, tab, pane));
        let first = first.map(|(session, tab, pane)| Target {
            session: session.name.clone(),
            tab: Some(tab.index),
            pane: Some(pane.index),
        });
        if let Some(target) = target.or(first.as_ref()) {
            self.note(|tell| tell.private(Some(&target.to_string()), private));
        }
        Ok(())
    }
}
