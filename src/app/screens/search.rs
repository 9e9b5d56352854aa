//! Search over all of history.

use crate::app::keys::{Action, Context};
use crate::app::state::Cx;

use super::{Go, Interact};

/// Search over all of history.
#[derive(Debug, Default)]
pub struct Search {}

impl Interact for Search {
    fn context(&self) -> Context {
        Context::SearchPrompt
    }

    fn action(&mut self, action: Action, _count: usize, _cx: &mut Cx<'_>) -> Go {
        match action {
            Action::Back | Action::Leave => Go::Back,
            _ => Go::Stay,
        }
    }
}
