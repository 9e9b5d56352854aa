//! The tape: every snapshot in a list, a slider, and the selected one.

use crate::app::keys::{Action, Context};
use crate::app::state::Cx;

use super::{Go, Interact};

/// The tape: every snapshot in a list, a slider, and the selected one.
#[derive(Debug, Default)]
pub struct Tape {}

impl Tape {
    /// The tape, before anything was read.
    #[must_use]
    pub fn new(_cx: &mut Cx<'_>) -> Self {
        Self {}
    }
}

impl Interact for Tape {
    fn context(&self) -> Context {
        Context::Tape
    }

    fn action(&mut self, action: Action, _count: usize, _cx: &mut Cx<'_>) -> Go {
        match action {
            Action::Back | Action::Leave => Go::Back,
            _ => Go::Stay,
        }
    }
}
