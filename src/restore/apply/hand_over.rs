//! The last phase: settings are set, and programs are typed.

use super::{COMMANDS, Site};
use crate::mux::tmux::command::Command;
use crate::restore::prompt::{self, Editor};
use crate::restore::step::{Action, PaneRef, Phase};

/// When programs are typed: [`Action::order`].
const TYPING: u8 = 2;

impl Site<'_, '_> {
    /// Types programs at prompts; what fails is told, and stops nothing.
    pub(super) fn start_programs(&mut self) {
        self.tell_kept();
        self.wait_for_ends();
        let set = self.set(|action| action.order() < TYPING);
        let steps = self.plan.steps.iter().map(|step| &step.action);
        let typed: Vec<(PaneRef, &Action)> = steps
            .filter_map(|action| match action {
                Action::TypeCommand { pane, .. } => Some((*pane, action)),
                _ => None,
            })
            .filter(|(pane, _)| {
                self.built.panes.contains_key(pane) && !self.built.silent.contains(pane)
            })
            .collect();
        let ids: Vec<u32> = typed
            .iter()
            .filter_map(|(pane, _)| self.built.panes.get(pane).copied())
            .collect();
        let editors = typed.iter().map(|(pane, _)| {
            let pane = self.plan.pane(*pane);
            pane.map_or(Editor::Unknown, |pane| Editor::of(&pane.shell))
        });
        let waited: Vec<(u32, Editor)> = ids.iter().copied().zip(editors).collect();
        let ready = prompt::wait(self.workshop.tmux, &waited);
        let mut commands = Vec::new();
        for ((pane, action), id) in typed.iter().zip(&ids) {
            if ready.contains(id) {
                commands.extend(self.commands(action));
            } else {
                self.built.untyped.insert(*pane);
                let target = self.plan.pane(*pane).map(|pane| pane.target.to_string());
                let issue = "its shell showed no prompt in time".to_owned();
                self.built.warn(
                    target.unwrap_or_default(),
                    issue,
                    "its program was not typed",
                );
            }
        }
        let mut total = set + typed.len();
        for some in commands.chunks(COMMANDS) {
            match self.send("programs", some) {
                Ok((_, complaints)) => self.built.errors.extend(complaints),
                Err(error) => self.built.errors.push(error.to_string()),
            }
        }
        total += self.set(|action| action.order() > TYPING);
        self.tell(Phase::Start, total);
    }

    /// Sets what is set in the end; what tmux refuses is told, and stops nothing. The number of steps.
    fn set(&mut self, wanted: impl Fn(&Action) -> bool) -> usize {
        let steps = self.plan.steps.iter().map(|step| &step.action);
        let actions: Vec<&Action> = steps
            .filter(|action| action.phase() == Phase::Start && wanted(action))
            .filter(|action| self.exists(action))
            .collect();
        let commands: Vec<Command> = actions
            .iter()
            .flat_map(|action| self.commands(action))
            .collect();
        for some in commands.chunks(COMMANDS) {
            let complaints = match self.send("settings", some) {
                Ok((_, complaints)) => complaints,
                Err(error) => vec![error.to_string()],
            };
            for why in complaints {
                self.built
                    .warn("settings".into(), why, "left as the server has it");
            }
        }
        actions.len()
    }
}
