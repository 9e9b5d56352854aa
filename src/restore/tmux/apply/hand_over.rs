//! The last phase: settings are set, and programs are typed.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;

use bstr::{BStr, BString, ByteSlice};

use super::{COMMANDS, Site};
use crate::model::ansi::label;
use crate::mux::process;
use crate::mux::tmux::command::Command;
use crate::restore::plan::PlannedPane;
use crate::restore::quoting::{self, Dialect};
use crate::restore::reference::PaneRef;
use crate::restore::replay::Evidence;
use crate::restore::report::Phase;
use crate::restore::tmux::prompt::Prompt;
use crate::restore::tmux::step::Action;

/// When programs are typed: [`Action::order`].
const TYPING: u8 = 2;
/// Bytes of a line that every terminal takes that edits it itself (`MAX_CANON`): Linux has room for
/// 4,095, macOS and the BSDs for 1,023. What is longer is cut.
const MAX_CANONICAL_BYTES: usize = if cfg!(target_os = "linux") {
    4000
} else {
    1000
};

/// Bytes of a line that is shown for typing it by hand.
const MAX_SUGGESTED_BYTES: usize = 400;

/// Where a shell is, beside where it was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whereabouts {
    /// There.
    Same,
    /// It went elsewhere while it started.
    Elsewhere,
    /// The system does not tell.
    Unseen,
}

impl Site<'_, '_> {
    /// Types programs at prompts; what fails is told, and stops nothing.
    pub(super) fn start_programs(&mut self) {
        self.tell_kept();
        self.wait_for_ends();
        let mut total = self.set(|action| action.order() < TYPING);
        let steps = self.steps;
        let typed: Vec<(PaneRef, &BString, &Action)> = steps
            .iter()
            .filter_map(|step| match &step.action {
                Action::TypeCommand { pane, line, .. } => Some((*pane, line, &step.action)),
                _ => None,
            })
            .filter(|(pane, ..)| {
                let built = &self.built;
                built.panes.contains_key(pane)
                    && !built.silent.contains(pane)
                    && !built.begun.contains(pane)
            })
            .collect();
        let panes: Vec<PaneRef> = typed.iter().map(|(pane, ..)| *pane).collect();
        let prompts = self.prompts(&panes);
        total += typed.len();
        let mut commands = Vec::new();
        for (pane, line, action) in typed {
            match self.typeable(pane, line, prompts.get(&pane)) {
                Ok(None) => commands.extend(self.commands(action)),
                Ok(Some(line)) => {
                    let run = matches!(action, Action::TypeCommand { run: true, .. });
                    commands.extend(self.commands(&Action::TypeCommand { pane, line, run }));
                }
                Err(issue) => {
                    self.built.untyped.insert(pane);
                    let suggestion = match line.len() {
                        ..=MAX_SUGGESTED_BYTES => format!("type it at its prompt: {}", label(line)),
                        _ => "start it by hand".to_owned(),
                    };
                    let target = self.target(pane);
                    let fallback = "its program was not typed";
                    self.built.warn_with(target, issue, fallback, suggestion);
                }
            }
        }
        self.tell_moved(&panes, &prompts);
        for some in commands.chunks(COMMANDS) {
            match self.send("programs", some) {
                Ok((_, complaints)) => self.built.errors.extend(complaints),
                Err(error) => self.built.errors.push(error.to_string()),
            }
        }
        total += self.set(|action| action.order() > TYPING);
        self.tell(Phase::Start, total);
    }

    fn target(&self, pane: PaneRef) -> String {
        let planned = self.plan.pane(pane);
        planned.map_or_else(String::new, |planned| planned.target.to_string())
    }

    /// Whether a line can be typed into a pane: the one that is, where it is another one than
    /// planned. Else why not.
    fn typeable(
        &mut self,
        pane: PaneRef,
        line: &BString,
        prompt: Option<&Prompt>,
    ) -> Result<Option<BString>, String> {
        let no_prompt = "its shell showed no prompt in time, or asks something";
        let (Some(prompt), Some(planned)) = (prompt, self.plan.pane(pane)) else {
            return Err(no_prompt.to_owned());
        };
        if self.evidence(pane, line, prompt) == Evidence::Against {
            return Err("its shell shows something else than its prompt".to_owned());
        }
        let there = self.whereabouts(pane, planned);
        let mut other = None;
        if there == Whereabouts::Elsewhere {
            let back = quoting::line_in(planned.dir.as_bstr(), line.as_bstr(), dialect(planned));
            let shown = label(&planned.dir);
            let Some(back) = back else {
                return Err(format!("its shell left {shown} while it started"));
            };
            other = Some(back);
            self.built.inform(
                "other directory",
                planned.target.to_string(),
                format!("its shell left {shown} while it started"),
                "what is typed goes back there first",
                "look for a cd in the start files of the shell",
            );
        }
        let bytes = other.as_ref().unwrap_or(line).len();
        if prompt.canonical && bytes > MAX_CANONICAL_BYTES {
            return Err(format!(
                "its shell has no line editor, and the terminal takes no line of {bytes} bytes"
            ));
        }
        Ok(other)
    }

    fn whereabouts(&self, pane: PaneRef, planned: &PlannedPane) -> Whereabouts {
        if self.displaced.contains(&pane) {
            // This has been told.
            return Whereabouts::Same;
        }
        let pid = self.built.panes.get(&pane);
        let pid = pid.and_then(|id| self.pids.get(id).copied());
        let now = pid
            .and_then(process::waiting)
            .and_then(|waiting| waiting.dir);
        let dir: &BStr = planned.dir.as_bstr();
        let wanted = dir.to_path().ok().and_then(|dir| dir.metadata().ok());
        match (now, wanted) {
            (Some(now), Some(wanted)) if now == (wanted.dev(), wanted.ino()) => Whereabouts::Same,
            (Some(_), Some(_)) => Whereabouts::Elsewhere,
            // Nobody is in a directory that has gone.
            (_, None) => Whereabouts::Same,
            (None, Some(_)) => Whereabouts::Unseen,
        }
    }

    /// Tells which shells, other than those at which something is typed, have left the directory
    /// that was saved.
    fn tell_moved(&mut self, typed: &[PaneRef], prompts: &BTreeMap<PaneRef, Prompt>) {
        let mut unseen = false;
        for pane in prompts.keys() {
            let Some(planned) = self.plan.pane(*pane) else {
                continue;
            };
            match self.whereabouts(*pane, planned) {
                Whereabouts::Elsewhere if !typed.contains(pane) => {
                    let dir = label(&planned.dir);
                    let target = planned.target.to_string();
                    let issue = format!("its shell left {dir} while it started");
                    let suggestion = match quoting::word(&planned.dir, false, dialect(planned)) {
                        Some(dir) => format!("cd {}", label(&dir)),
                        None => "go back there by hand".to_owned(),
                    };
                    let fallback = "left where it went";
                    self.built.warn_with(target, issue, fallback, suggestion);
                }
                Whereabouts::Unseen => unseen = true,
                Whereabouts::Same | Whereabouts::Elsewhere => {}
            }
        }
        if unseen && !typed.is_empty() {
            self.built.inform(
                "other directory",
                "programs".to_owned(),
                "whether shells left their directories while they started cannot be seen here"
                    .to_owned(),
                "what is typed runs where they are",
                "look for a cd in the start files of the shell",
            );
        }
    }

    /// Sets what is set in the end; what tmux refuses is told, and stops nothing. The number of
    /// steps.
    fn set(&mut self, wanted: impl Fn(&Action) -> bool) -> usize {
        let steps = self.steps.iter().map(|step| &step.action);
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

/// How a pane's shell reads quotes. The default shell is not known here; it gets what every shell
/// reads.
fn dialect(planned: &PlannedPane) -> Dialect {
    match planned.shell.is_empty() {
        true => Dialect::Any,
        false => Dialect::of(&planned.shell),
    }
}
