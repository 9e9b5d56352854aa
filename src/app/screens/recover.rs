//! The recovery prompt: a life has ended badly, and can be brought back.

use crate::app::keys::{Action, Context};
use crate::app::state::Cx;

use super::{Go, Interact};

/// The recovery prompt: a life has ended badly, and can be brought back.
#[derive(Debug, Default)]
pub struct Recover {}

impl Interact for Recover {
    fn context(&self) -> Context {
        Context::Recover
    }

    fn action(&mut self, action: Action, _count: usize, _cx: &mut Cx<'_>) -> Go {
        match action {
            Action::Back | Action::Leave => Go::Back,
            _ => Go::Stay,
        }
    }
}
