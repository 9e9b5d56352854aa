//! One tab of a snapshot, drawn large.

use crate::app::keys::{Action, Context};
use crate::app::state::Cx;

use super::{Go, Interact};

/// One tab of a snapshot, drawn large.
#[derive(Debug, Default)]
pub struct Detail {}

impl Interact for Detail {
    fn context(&self) -> Context {
        Context::Detail
    }

    fn action(&mut self, action: Action, _count: usize, _cx: &mut Cx<'_>) -> Go {
        match action {
            Action::Back | Action::Leave => Go::Back,
            _ => Go::Stay,
        }
    }
}
