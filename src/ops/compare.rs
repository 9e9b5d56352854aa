//! States to look at and to compare: stored snapshots, and what is alive.

use std::collections::BTreeMap;

use super::error::OpsError;
use super::host::Host;
use crate::capture::Captured;
use crate::model::contents::Contents;
use crate::model::diff::{ServerDiff, diff};
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{Cause, ChangeCount, LifeId, Provenance, Snapshot, SnapshotMeta};
use crate::model::tree::ServerState;
use crate::store::StoreError;

/// A state to look at.
#[derive(Debug)]
pub enum LoadedState {
    /// A snapshot from the store.
    Stored(Box<Snapshot>),
    /// The state now.
    Live(Box<Captured>),
}

impl LoadedState {
    /// Whether it is the state now.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Live(_))
    }

    /// Sessions, tabs and panes.
    #[must_use]
    pub fn state(&self) -> &ServerState {
        match self {
            Self::Stored(snapshot) => &snapshot.state,
            Self::Live(captured) => &captured.state,
        }
    }

    /// The life of the server that it shows.
    #[must_use]
    pub fn life(&self) -> LifeId {
        match self {
            Self::Stored(snapshot) => snapshot.meta.life(),
            Self::Live(captured) => captured.server.life(),
        }
    }

    /// What differs between two states.
    #[must_use]
    pub fn diff(&self, other: &Self) -> ServerDiff {
        diff(self.state(), other.state())
    }
}

impl Host {
    /// A snapshot to look at.
    pub fn load(&self, id: SnapshotId) -> Result<LoadedState, StoreError> {
        let snapshot = self.store().load(id)?;
        Ok(LoadedState::Stored(Box::new(snapshot)))
    }

    /// Texts of a state by their digests. Of a live state, those that are not its own are left out.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`] where a snapshot was removed since it was loaded.
    pub fn texts_of(
        &self,
        shown: &LoadedState,
        wanted: impl IntoIterator<Item = Digest>,
    ) -> Result<BTreeMap<Digest, Contents>, OpsError> {
        let snapshot = match shown {
            LoadedState::Stored(snapshot) => snapshot,
            LoadedState::Live(captured) => {
                let own = |digest| Some((digest, captured.contents.get(&digest)?.clone()));
                let texts = wanted.into_iter().filter_map(own);
                return Ok(texts.map(|(of, text)| (of, text.into_inner())).collect());
            }
        };
        let texts = self.texts(wanted).map_err(|error| {
            // It may have been removed since it was loaded, and its texts with it.
            let removed = || self.store().load(snapshot.meta.id).err();
            match error.is_damage().then(removed).flatten() {
                Some(gone @ StoreError::NotFound { .. }) => gone,
                _ => error,
            }
        });
        Ok(texts?)
    }

    /// The whole as a snapshot; a live state gets the id that it would have if it were stored now.
    #[must_use]
    pub fn snapshot_of(&self, shown: &LoadedState) -> Snapshot {
        let captured = match shown {
            LoadedState::Stored(snapshot) => return snapshot.as_ref().clone(),
            LoadedState::Live(captured) => captured,
        };
        let time = self.now();
        let texts = captured.contents.values().map(|text| text.len() as u64);
        Snapshot {
            meta: SnapshotMeta {
                id: SnapshotId::new(time, 0, None),
                parent: None,
                time,
                cause: Cause::Manual,
                provenance: Provenance::Recorded,
                name: None,
                notes: Vec::new(),
                tags: Vec::new(),
                pinned: false,
                partial: false,
                archived: false,
                host: self.machine().name.clone(),
                server: captured.server.clone(),
                root: captured.state.digest(),
                sessions: captured.state.summaries(),
                changes: ChangeCount::default(),
                stored_bytes: 0,
                logical_bytes: texts.sum(),
                took_ms: u32::try_from(captured.took.as_millis()).unwrap_or(u32::MAX),
                redactions: captured.redactions.clone(),
                gap: None,
            },
            state: captured.state.clone().into_inner(),
        }
    }
}
