//! What is known of a multiplexer without asking it.

use std::collections::BTreeSet;
use std::fmt;

use bstr::BString;

use super::plan::{LivingTab, Own, Plan, StepShown};
use super::policy::Settings;
use super::reference::About;
use crate::model::detail::{Hook, Setting, Variable};
use crate::model::tree::PaneId;
use crate::mux::NewPane;

/// What is known of a multiplexer without asking it: what it accepts, and what a plan is in its
/// commands. Pure; what asks and acts is a [`super::Restorer`].
pub trait Profile: fmt::Debug + Send + Sync {
    /// A name that it takes, as close to this one as can be.
    fn name(&self, name: &BString) -> BString;

    /// What of settings, hooks and variables may be set under a policy, and the names of what may
    /// not. `listed` are the names of the variables that the user keeps.
    fn allowed(
        &self,
        policy: Settings,
        listed: &BTreeSet<String>,
        settings: &[Setting],
        hooks: &[Hook],
        environment: &[Variable],
    ) -> (Own, Vec<String>);

    /// The setting that marks a pane as private.
    fn private(&self) -> Setting;

    /// What a new pane begins with where a session has these settings of its own.
    fn new_pane(&self, new: NewPane, settings: &[Setting]) -> NewPane;

    /// The command that a pane was made with, as it was given; `told` is what is told of it later.
    fn start_command(&self, told: &BString) -> BString;

    /// Whether the multiplexer itself has named a paste buffer.
    fn is_own_buffer_name(&self, name: &BString) -> bool;

    /// How a living pane is called.
    fn pane(&self, id: PaneId) -> String;

    /// The command with which its user does something by hand.
    fn by_hand(&self, what: ByHand) -> &'static str;

    /// How panes fit back into a living tab; they are named by their numbers in the saved one.
    fn fit(&self, into: &LivingTab, panes: &BTreeSet<u32>) -> Fit;

    /// The steps of a plan with their exact commands, and the rows of the preview that each belongs
    /// to.
    fn steps(&self, plan: &Plan) -> Vec<(StepShown, Vec<About>)>;
}

/// Things that a restore cannot do, and that its user does by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByHand {
    /// Gives a tab another number.
    MoveTab,
    /// Moves a pane within or into a tab.
    MovePane,
    /// Puts a pane into a tab that has no room for it yet.
    JoinPane,
    /// Sends what a pane shows to a command.
    PipePane,
}

/// How panes fit back into a living tab.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fit {
    /// Whether all of the tab is laid out as it was saved then.
    pub exact: bool,
    /// Panes for which there is no room.
    pub no_room: Vec<u32>,
}
