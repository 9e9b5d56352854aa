//! What is known of tmux without asking it.

use std::collections::BTreeSet;

use bstr::BString;

use super::commands::{is_automatic, shown};
use super::rejoin::rejoin;
use super::settings;
use crate::model::detail::{Hook, Setting, Variable};
use crate::model::tree::PaneId;
use crate::mux::NewPane;
use crate::mux::tmux::capabilities::Capabilities;
use crate::mux::tmux::ids;
use crate::mux::tmux::unquoted;
use crate::restore::plan::{LivingTab, Own, Plan, StepShown};
use crate::restore::policy::Settings;
use crate::restore::profile::{ByHand, Fit, Profile};
use crate::restore::reference::About;

/// A tmux of some version.
#[derive(Debug, Clone, Copy)]
pub struct TmuxProfile {
    capabilities: Capabilities,
}

impl TmuxProfile {
    /// That of a tmux that calls its version so.
    #[must_use]
    pub fn of(version: &str) -> Self {
        Self {
            capabilities: Capabilities::of(version),
        }
    }
}

impl Profile for TmuxProfile {
    fn name(&self, name: &BString) -> BString {
        self.capabilities.name(name)
    }

    fn allowed(
        &self,
        policy: Settings,
        listed: &BTreeSet<String>,
        settings: &[Setting],
        hooks: &[Hook],
        environment: &[Variable],
    ) -> (Own, Vec<String>) {
        settings::allowed(policy, listed, settings, hooks, environment)
    }

    fn private(&self) -> Setting {
        settings::private(true)
    }

    fn new_pane(&self, new: NewPane, settings: &[Setting]) -> NewPane {
        settings::new_pane(new, settings)
    }

    fn start_command(&self, told: &BString) -> BString {
        unquoted(told)
    }

    fn is_own_buffer_name(&self, name: &BString) -> bool {
        is_automatic(name)
    }

    fn pane(&self, id: PaneId) -> String {
        ids::pane(id)
    }

    fn by_hand(&self, what: ByHand) -> &'static str {
        match what {
            ByHand::MoveTab => "`tmux move-window`",
            ByHand::MovePane => "`tmux swap-pane` or `tmux join-pane`",
            ByHand::JoinPane => "`tmux join-pane`",
            ByHand::PipePane => "`tmux pipe-pane`",
        }
    }

    fn fit(&self, into: &LivingTab, panes: &BTreeSet<u32>) -> Fit {
        let found = rejoin(into, panes);
        Fit {
            exact: found.layout.is_some(),
            no_room: found.no_room,
        }
    }

    fn steps(&self, plan: &Plan) -> Vec<(StepShown, Vec<About>)> {
        shown(plan)
    }
}
