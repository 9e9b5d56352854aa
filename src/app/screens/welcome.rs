//! The first-run screen: the tape is empty.

use crate::app::keys::{Action, Context};
use crate::app::state::Cx;

use super::{Go, Interact};

/// The first-run screen: the tape is empty.
#[derive(Debug, Default)]
pub struct Welcome {}

impl Interact for Welcome {
    fn context(&self) -> Context {
        Context::Welcome
    }

    fn action(&mut self, action: Action, _count: usize, _cx: &mut Cx<'_>) -> Go {
        match action {
            Action::Back | Action::Leave => Go::Back,
            _ => Go::Stay,
        }
    }
}
