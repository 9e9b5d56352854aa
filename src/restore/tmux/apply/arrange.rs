//! The second phase: layouts to the cell, titles and focus, of what could be made.

use super::{COMMANDS, Site};
use crate::model::snapshot::MuxKind;
use crate::mux::MuxError;
use crate::mux::tmux::command::Command;
use crate::mux::tmux::{ids, new_pane};
use crate::restore::RestoreError;
use crate::restore::prune;
use crate::restore::reference::{PaneRef, TabRef};
use crate::restore::report::Phase;
use crate::restore::tmux::step::{Action, Beside, Part};

impl Site<'_, '_> {
    pub(super) fn arrange(&mut self) -> Result<(), RestoreError> {
        if self.built.panes.is_empty() {
            let why = self
                .built
                .failed
                .values()
                .next()
                .cloned()
                .unwrap_or_default();
            return Err(RestoreError::Mux(MuxError::Refused {
                mux: MuxKind::Tmux,
                what: "every pane".to_owned(),
                message: why,
            }));
        }
        let (steps, mut commands) = self.of_phase(Phase::Arrange);
        commands.extend(self.beginnings_kept());
        for some in commands.chunks(COMMANDS) {
            let (_, complaints) = self.send("an arrangement", some)?;
            for why in complaints {
                self.built
                    .warn("arrangement".into(), why, "left as it was made");
            }
        }
        self.tell(Phase::Arrange, steps);
        Ok(())
    }

    /// What keeps with each pane how the original began, for a later capture: tmux remembers only
    /// what it was told to start now.
    fn beginnings_kept(&self) -> Vec<Command> {
        let made = self.built.panes.iter();
        let began = made.filter_map(|(pane, id)| {
            let planned = self.plan.pane(*pane)?;
            let command = &planned.beginning.command;
            // Whatever begins as every new pane does has no command of its own.
            if planned.shell.is_empty() || command.is_empty() || command.contains(&0) {
                return None;
            }
            let set = Command::new("set-option").flag("-p");
            let set = set.opt("-t", ids::pane(*id));
            Some(set.arg(new_pane::RESTORED_FROM).arg(command))
        });
        began.collect()
    }

    /// Whether a step's objects were made.
    pub(super) fn exists(&self, action: &Action) -> bool {
        let built = &self.built;
        if let Action::JoinPane {
            beside: Beside::Made(beside),
            ..
        } = action
            && !built.panes.contains_key(beside)
        {
            return false;
        }
        if let Some(pane) = action.pane() {
            return built.panes.contains_key(&pane);
        }
        match action {
            Action::Place { part } | Action::Configure { part } | Action::Hooks { part } => {
                match part {
                    Part::Session(session) => built.sessions.contains_key(session),
                    Part::Tab(tab) => built.tabs.contains_key(tab),
                    Part::Pane(pane) => built.panes.contains_key(pane),
                }
            }
            Action::Arrange { tab, .. }
            | Action::Synchronize { tab }
            | Action::AddTab { tab }
            | Action::ShareTab { tab, .. }
            | Action::AutomaticRename { tab, .. } => built.tabs.contains_key(tab),
            Action::SelectTab { session, .. }
            | Action::Unvisit { session, .. }
            | Action::SetAside { session }
            | Action::TakeClients { session }
            | Action::CloseReplaced { session }
            | Action::RenameSession { session }
            | Action::Release { session }
            | Action::FreeSize { session, .. } => built.sessions.contains_key(session),
            _ => true,
        }
    }

    /// The commands of the steps of a phase, as far as what they act on was made; those of the line
    /// of the switch-over excepted.
    pub(super) fn of_phase(&self, phase: Phase) -> (usize, Vec<Command>) {
        let steps = self.steps.iter().map(|step| &step.action);
        let steps: Vec<&Action> = steps.filter(|action| action.phase() == phase).collect();
        let commands = steps
            .iter()
            .filter(|action| action.turn().is_none() && self.exists(action))
            .flat_map(|action| match action {
                Action::Arrange { tab, layout } => {
                    // Panes that could not be made leave their room to the others.
                    let made = |pane: u32| self.built.panes.contains_key(&PaneRef(pane));
                    let layout = prune::kept(layout, &made).filter(|l| l.check().is_ok());
                    layout.map_or_else(Vec::new, |layout| {
                        self.commands(&Action::Arrange { tab: *tab, layout })
                    })
                }
                Action::FreeSize { session, tabs } => {
                    let resized = |tab: &TabRef| self.resized.contains(tab);
                    self.commands(&Action::FreeSize {
                        session: *session,
                        tabs: tabs.iter().copied().filter(resized).collect(),
                    })
                }
                action => self.commands(action),
            })
            .collect();
        (steps.len(), commands)
    }
}
