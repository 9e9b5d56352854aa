//! Two moments side by side.

use crate::app::effect::{Effect, Side};
use crate::app::keys::{Action, Context};
use crate::app::state::Cx;

use super::{Go, Interact};

/// Two moments side by side.
#[derive(Debug, Default)]
pub struct Diff {}

impl Diff {
    /// Opens the comparison of two sides, and asks for it.
    #[must_use]
    pub fn open(a: Side, b: Side, cx: &mut Cx<'_>) -> Self {
        let generation = cx.shared.ticket();
        cx.effect(Effect::Compare { a, b, generation });
        Self {}
    }
}

impl Interact for Diff {
    fn context(&self) -> Context {
        Context::Diff
    }

    fn action(&mut self, action: Action, _count: usize, _cx: &mut Cx<'_>) -> Go {
        match action {
            Action::Back | Action::Leave => Go::Back,
            _ => Go::Stay,
        }
    }
}
