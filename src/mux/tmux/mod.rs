//! The tmux adapter.
//!
//! Everything goes through plain clients: `tmux -u … source-file -`, commands on standard input,
//! answers on standard output. The socket's own protocol is never spoken: it differs between
//! versions, and one malformed message kills the server. Targets are always ids or exact names.

mod answer;
mod buffers;
pub mod capabilities;
mod client;
pub mod command;
mod contents;
mod environment;
pub mod ids;
pub mod interface;
pub mod layout;
pub mod names;
pub mod new_pane;
mod observe;
mod options;
mod padding;
pub mod private;
mod probe;
mod query;
pub mod remains;
mod rows;

pub use client::{Reply, Tmux};
pub use options::plain as unquoted;

use super::{Multiplexer, MuxError, Observation, PaneTexts, Probe, TextRequest};
use crate::model::snapshot::{MuxKind, ServerIdentity};

impl Multiplexer for Tmux {
    fn kind(&self) -> MuxKind {
        MuxKind::Tmux
    }

    fn identity(&self) -> Result<Option<ServerIdentity>, MuxError> {
        none_without_server(self.server())
    }

    fn probe(&self) -> Result<Option<Probe>, MuxError> {
        none_without_server(self.activity())
    }

    fn observe(&self) -> Result<Observation, MuxError> {
        self.observation()
    }

    fn texts(&self, wanted: &[TextRequest]) -> Result<PaneTexts, MuxError> {
        self.read_texts(wanted)
    }

    fn was_killed_attached(&self, server: &ServerIdentity) -> bool {
        server.mux == MuxKind::Tmux && remains::was_killed_attached(server)
    }
}

fn none_without_server<T>(result: Result<T, MuxError>) -> Result<Option<T>, MuxError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(MuxError::NoServer { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
