//! A state to look at: a stored snapshot, or the live one.

use crate::capture::Captured;
use crate::cli::context::{Context, host};
use crate::cli::error::{CliError, Exit};
use crate::model::snapshot::{ChangeCount, SnapshotMeta};
use crate::model::target::SnapRef;
use crate::model::{Cause, Contents, Digest, LifeId, ServerState, Snapshot, SnapshotId};
use crate::redact::Clean;

/// A state to look at.
#[derive(Debug)]
pub(super) enum Side {
    /// A snapshot from the store.
    Stored(Box<Snapshot>),
    /// The state now.
    Live(Box<Captured>),
}

impl Side {
    /// The state that a user names, `live` included.
    pub(super) fn load(
        context: &Context,
        name: &str,
        session: Option<&str>,
    ) -> Result<Side, CliError> {
        if name.parse::<SnapRef>()? == SnapRef::Live {
            let sessions: Vec<String> = session.iter().map(|&name| name.to_owned()).collect();
            return Ok(Side::Live(Box::new(context.capture(&sessions, true)?)));
        }
        let meta = context.find(name, session)?;
        Ok(Side::Stored(Box::new(context.store().load(meta.id)?)))
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self, Side::Live(_))
    }

    pub(super) fn state(&self) -> &ServerState {
        match self {
            Side::Stored(snapshot) => &snapshot.state,
            Side::Live(captured) => &captured.state,
        }
    }

    pub(super) fn life(&self) -> LifeId {
        match self {
            Side::Stored(snapshot) => snapshot.meta.life(),
            Side::Live(captured) => captured.server.life(),
        }
    }

    /// The text of this digest.
    pub(super) fn contents(&self, context: &Context, digest: Digest) -> Result<Contents, CliError> {
        let gone = || {
            CliError::new(
                Exit::NotFound,
                "the text of that pane is not there any more",
            )
        };
        match self {
            Side::Live(captured) => {
                let text = captured.contents.get(&digest).cloned();
                text.map(Clean::into_inner).ok_or_else(gone)
            }
            Side::Stored(_) => context.store().contents(&[digest])?.pop().ok_or_else(gone),
        }
    }

    /// The whole as a snapshot; a live one gets the id that it would have if it were stored now.
    pub(super) fn snapshot(&self, context: &Context) -> Snapshot {
        match self {
            Side::Stored(snapshot) => snapshot.as_ref().clone(),
            Side::Live(captured) => {
                let time = context.now();
                Snapshot {
                    meta: SnapshotMeta {
                        id: SnapshotId::new(time, 0, None),
                        parent: None,
                        time,
                        cause: Cause::Manual,
                        name: None,
                        description: None,
                        tags: Vec::new(),
                        pinned: false,
                        partial: false,
                        archived: false,
                        host: host(),
                        server: captured.server.clone(),
                        root: captured.state.digest(),
                        sessions: captured.state.summaries(),
                        changes: ChangeCount::default(),
                        stored_bytes: 0,
                        logical_bytes: captured.contents.values().map(|c| c.len() as u64).sum(),
                        took_ms: u32::try_from(captured.took.as_millis()).unwrap_or(u32::MAX),
                        redactions: captured.redactions.clone(),
                    },
                    state: captured.state.clone().into_inner(),
                }
            }
        }
    }
}
