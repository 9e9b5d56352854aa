//! What a restore did.

use crate::app::keys::{Action, Context};
use crate::app::state::Cx;

use super::{Go, Interact};

/// What a restore did.
#[derive(Debug, Default)]
pub struct Report {}

impl Interact for Report {
    fn context(&self) -> Context {
        Context::Report
    }

    fn action(&mut self, action: Action, _count: usize, _cx: &mut Cx<'_>) -> Go {
        match action {
            Action::Back | Action::Leave => Go::Back,
            _ => Go::Stay,
        }
    }
}
