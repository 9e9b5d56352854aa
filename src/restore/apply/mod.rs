//! Carries out a plan, phase by phase.
//!
//! [`recheck`] makes sure that the plan still holds; [`make`] builds sessions, tabs and panes under
//! temporary names; [`arrange`] gives them their sizes and focus; [`replay`] lets the panes show their
//! text; [`switch`] puts everything in its place at one stroke; [`hand_over`] starts programs. [`built`] knows
//! what is there so far.

mod arrange;
mod built;
mod clients;
mod ended;
mod guard;
mod hand_over;
mod make;
mod recheck;
mod replay;
mod switch;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use bstr::BString;

use super::build::{self, Names};
use super::judge;
use super::pane::Job;
use super::plan::{Plan, PlannedPane};
use super::replay::{Next, Place};
use super::report::{Progress, Report};
use super::step::{Action, Phase, SessionRef, TabRef};
use super::workdir::Workdir;
use super::{RestoreError, Workshop, summary};
use crate::model::geometry::Size;
use crate::mux::MuxError;
use crate::mux::tmux::command::Command;
use built::Ids;
use guard::Dangers;

pub(super) use built::Built;

/// Other commands in one call.
const COMMANDS: usize = 64;

/// Carries out a plan. Nothing is done when the live state is not the one that it was made for
/// ([`RestoreError::Changed`]). Failures of single panes are reported and the rest goes on; failures
/// of the whole before the sessions get their names remove all that was made.
pub fn apply(
    plan: &Plan,
    workshop: &Workshop<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, RestoreError> {
    let start = Instant::now();
    if plan.is_empty() {
        return Err(RestoreError::Nothing);
    }
    if !plan.replaced().is_empty() && workshop.undo.is_none() {
        return Err(RestoreError::NoUndoPoint);
    }
    let mut site = Site::open(plan, workshop, progress)?;
    if let Err(error) = site.up_to_switch() {
        site.clear_away();
        return Err(error);
    }
    // From here on the sessions are the user's: what fails is told, and nothing is removed.
    site.start_programs();
    let mut report = summary::report(plan, &site.built, workshop.undo);
    report.server = workshop.tmux.server().ok();
    report.duration_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(report)
}

/// What comes behind the text of a pane.
fn next(pane: &PlannedPane) -> Next {
    match (&pane.started, pane.idle) {
        _ if pane.still => Next::Nothing,
        (None, true) => Next::Prompt,
        // It draws on a screen of its own again, and its line is the last one on the main one.
        (Some(name), _) if pane.screen.alternate => Next::Command(name.clone()),
        _ => Next::New,
    }
}

/// A restore under way.
struct Site<'a, 'p> {
    plan: &'a Plan,
    workshop: &'a Workshop<'a>,
    program: BString,
    work: Workdir,
    built: Built,
    /// Sessions whose first tab has its number.
    numbered: BTreeSet<SessionRef>,
    /// The sizes that tabs were made with.
    sizes: BTreeMap<TabRef, Size>,
    /// Tabs that were given another size than that.
    resized: BTreeSet<TabRef>,
    /// What of the server's settings could disturb; `None` until the server runs.
    dangers: Option<Dangers>,
    server: bool,
    done: usize,
    progress: &'p mut dyn FnMut(Progress),
}

impl<'a, 'p> Site<'a, 'p> {
    /// Checks that the plan still holds, and writes the jobs of the panes.
    fn open(
        plan: &'a Plan,
        workshop: &'a Workshop<'a>,
        progress: &'p mut dyn FnMut(Progress),
    ) -> Result<Self, RestoreError> {
        let default_shell = recheck::recheck(plan, workshop)?;
        let dangers = match plan.starts_server {
            true => None,
            false => Some(Dangers::look(workshop.tmux)?),
        };
        let work = Workdir::new(workshop.runtime, "restore")?;
        let mut built = Built::default();
        for (at, pane) in (0u32..).zip(&plan.panes) {
            let text = pane.text.map(|digest| workshop.texts.get(&digest));
            if text == Some(None) {
                built.warn(
                    pane.target.to_string(),
                    "its saved text could not be read".to_owned(),
                    "opened without it",
                );
            }
            let mut dirs = vec![pane.dir.clone()];
            dirs.extend(judge::parents(&pane.dir).map(BString::from));
            work.write(&Job {
                pane: at,
                dirs,
                shell: pane.shell.clone(),
                default_shell: default_shell.clone(),
                environment: pane.own.environment.clone(),
                end: pane.exit,
                text: text.flatten().map(|text| text.main.clone()),
                place: Place {
                    size: pane.size,
                    screen: pane.screen,
                    next: next(pane),
                },
            })?;
        }
        Ok(Self {
            plan,
            workshop,
            program: workshop.program.as_os_str().as_encoded_bytes().into(),
            work,
            built,
            numbered: BTreeSet::new(),
            sizes: BTreeMap::new(),
            resized: BTreeSet::new(),
            dangers,
            server: !plan.starts_server,
            done: 0,
            progress,
        })
    }

    fn tell(&mut self, phase: Phase, steps: usize) {
        self.done += steps;
        (self.progress)(Progress {
            phase,
            done: self.done,
            total: self.plan.steps.len(),
        });
    }

    fn commands(&self, action: &Action) -> Vec<Command> {
        let ids = Ids {
            built: &self.built,
            work: &self.work,
            program: &self.program,
            plan: self.plan,
        };
        let mut commands = build::commands(self.plan, action, &ids);
        if let (Some(dangers), Action::Protect { session } | Action::Release { session }) =
            (&self.dangers, action)
        {
            let target = ids.session(*session);
            dangers.adapt(action, &target, &mut commands);
        }
        commands
    }

    fn up_to_switch(&mut self) -> Result<(), RestoreError> {
        self.tell(Phase::Build, 0);
        self.make()?;
        self.arrange()?;
        self.replay()?;
        self.switch()
    }

    /// Sends commands; starts a server if there is none yet.
    fn send(
        &mut self,
        what: &str,
        commands: &[Command],
    ) -> Result<(Vec<u8>, Vec<String>), MuxError> {
        let tmux = self.workshop.tmux;
        if self.server {
            let reply = tmux.ask(what, commands)?;
            return Ok((reply.stdout, reply.complaints));
        }
        let stdout = tmux.start_with(what, commands)?;
        self.server = true;
        Ok((stdout, Vec::new()))
    }
}
