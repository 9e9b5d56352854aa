//! The first-run screen: the tape is empty. Nothing is recorded before the user has chosen.

use crate::app::effect::Effect;
use crate::app::keys::{Action, Context};
use crate::app::msg::{Answer, Failure, Surroundings};
use crate::app::state::Cx;

use super::{Go, Interact};

/// The first-run screen.
#[derive(Debug, Default)]
pub struct Welcome {
    found: Option<Result<Surroundings, Failure>>,
}

impl Welcome {
    /// Opens it, and asks what there is on the machine.
    #[must_use]
    pub fn open(cx: &mut Cx<'_>) -> Self {
        cx.effect(Effect::LookAround);
        Self::default()
    }

    /// What was found; `None` while nothing is known yet.
    #[must_use]
    pub fn found(&self) -> Option<&Result<Surroundings, Failure>> {
        self.found.as_ref()
    }
}

impl Interact for Welcome {
    fn context(&self) -> Context {
        Context::Welcome
    }

    fn action(&mut self, action: Action, _count: usize, cx: &mut Cx<'_>) -> Go {
        match action {
            Action::ChooseRecord => {
                cx.effect(Effect::Record);
                Go::Back
            }
            Action::ChooseOnce => {
                cx.shared.say("Taking a snapshot…");
                cx.effect(Effect::CaptureNow { name: None });
                Go::Back
            }
            Action::Back => Go::Back,
            Action::Leave => Go::Quit,
            _ => Go::Stay,
        }
    }

    fn answer(&mut self, answer: Answer, _cx: &mut Cx<'_>) -> Go {
        if let Answer::Surroundings(found) = answer {
            self.found = Some(found);
        }
        Go::Stay
    }
}
