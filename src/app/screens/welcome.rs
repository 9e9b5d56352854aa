//! The first-run screen: the tape is empty. Nothing is recorded before the user has chosen.

use crate::app::effect::{Effect, Job};
use crate::app::keys::Context;
use crate::app::keys::action::WelcomeAction;
use crate::app::msg::{Answer, Failure, FoundServer};
use crate::app::shared::Cx;

use super::{Go, Interact};

/// The first-run screen.
#[derive(Debug, Default)]
pub struct Welcome {
    found: Option<Result<FoundServer, Failure>>,
}

impl Welcome {
    /// Opens it, and asks what there is on the machine.
    #[must_use]
    pub fn open(cx: &mut Cx<'_>) -> Self {
        cx.effect(Job::LookAround);
        Self::default()
    }

    /// What was found; `None` while nothing is known yet.
    #[must_use]
    pub fn found(&self) -> Option<&Result<FoundServer, Failure>> {
        self.found.as_ref()
    }
}

impl Welcome {
    /// Does what a key means.
    pub(super) fn act(&mut self, action: WelcomeAction, cx: &mut Cx<'_>) -> Go {
        match action {
            WelcomeAction::Record => cx.effect(Effect::Record),
            WelcomeAction::Once => cx.capture_now(),
        }
        Go::Back
    }
}

impl Interact for Welcome {
    fn context(&self) -> Context {
        Context::Welcome
    }

    fn leave(&mut self, _cx: &mut Cx<'_>) -> Go {
        Go::Quit
    }

    fn answer(&mut self, answer: Answer, _cx: &mut Cx<'_>) -> Go {
        if let Answer::FoundServer(found) = answer {
            self.found = Some(found);
        }
        Go::Stay
    }
}
