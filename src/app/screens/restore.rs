//! The restore preview: what would be done, before anything is done.

use crate::app::keys::{Action, Context};
use crate::app::state::Cx;
use crate::model::id::SnapshotId;

use super::{Go, Interact};

/// The restore preview: what would be done, before anything is done.
#[derive(Debug, Default)]
pub struct Restore {}

impl Restore {
    /// Opens the preview of restoring a snapshot, and asks for the plan.
    #[must_use]
    pub fn open(_snapshot: SnapshotId, _cx: &mut Cx<'_>) -> Self {
        Self {}
    }
}

impl Interact for Restore {
    fn context(&self) -> Context {
        Context::Restore
    }

    fn action(&mut self, action: Action, _count: usize, _cx: &mut Cx<'_>) -> Go {
        match action {
            Action::Back | Action::Leave => Go::Back,
            _ => Go::Stay,
        }
    }
}
