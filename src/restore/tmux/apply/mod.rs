//! Carries out a plan, phase by phase.
//!
//! [`recheck`] makes sure that the plan still holds; [`make`] builds sessions, tabs and panes under
//! temporary names; [`arrange`] gives them their sizes and focus; [`replay`] lets the panes show
//! their text; [`switch`] puts everything in its place at one stroke; [`hand_over`] starts
//! programs. [`ids`] names what is there so far.

mod arrange;
mod begin;
pub(super) mod clients;
mod ended;
mod guard;
mod hand_over;
mod ids;
mod make;
mod prompts;
mod recheck;
mod replay;
mod switch;

use std::collections::{BTreeMap, BTreeSet};

use bstr::{BString, ByteSlice};

use crate::model::geometry::Size;
use crate::model::program::program_name;
use crate::model::tree::PaneId;
use crate::mux::MuxError;
use crate::mux::tmux::Tmux;
use crate::mux::tmux::command::Command;
use crate::restore::built::Built;
use crate::restore::judge;
use crate::restore::pane::Job;
use crate::restore::plan::{Plan, PlannedPane};
use crate::restore::reference::{PaneRef, SessionRef, TabRef};
use crate::restore::replay::{Next, Place};
use crate::restore::report::Phase;
use crate::restore::report::Progress;
use crate::restore::tmux::commands::{self, Names};
use crate::restore::tmux::step::{Action, Step};
use crate::restore::tmux::steps::steps;
use crate::restore::workdir::Workdir;
use crate::restore::{RestoreError, Workshop};
use clients::Client;
use guard::Dangers;
use ids::Ids;
use prompts::Start;

/// Other commands in one call.
const COMMANDS: usize = 64;

/// Carries out a plan. Nothing is done when the live state is not the one that it was made for
/// ([`RestoreError::Changed`]). Failures of single panes are noted and the rest goes on; failures
/// of the whole before the sessions get their names remove all that was made.
pub(super) fn carry_out(
    tmux: &Tmux,
    plan: &Plan,
    workshop: &Workshop<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Built, RestoreError> {
    let steps = steps(plan);
    let mut site = Site::open(tmux, plan, &steps, workshop, progress)?;
    if let Err(error) = site.up_to_switch() {
        site.clear_away();
        return Err(error);
    }
    // From here on the sessions are the user's: what fails is told, and nothing is removed.
    site.start_programs();
    Ok(site.built)
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

/// How the text of a pane was shown, and what comes behind it.
fn place(pane: &PlannedPane) -> Place {
    Place {
        size: pane.size,
        screen: pane.screen,
        next: next(pane),
        // Others write their prompt, and erase no more than its line.
        erases: matches!(
            program_name(&pane.shell).as_bytes(),
            b"zsh" | b"fish" | b"ksh" | b"ksh93"
        ),
    }
}

/// A restore under way.
struct Site<'a, 'p> {
    tmux: &'a Tmux,
    plan: &'a Plan,
    steps: &'a [Step],
    workshop: &'a Workshop<'a>,
    program: BString,
    work: Workdir,
    built: Built,
    /// The processes of panes.
    pids: BTreeMap<PaneId, i32>,
    /// Who was attached just before the switch-over.
    clients: Vec<Client>,
    /// Sessions whose first tab has its number.
    numbered: BTreeSet<SessionRef>,
    /// The sizes that tabs were made with.
    sizes: BTreeMap<TabRef, Size>,
    /// Tabs that were given another size than that.
    resized: BTreeSet<TabRef>,
    /// The sizes of panes that show their text in another one than planned.
    shown: BTreeMap<u32, Size>,
    /// Panes that could not open in their directory.
    displaced: BTreeSet<PaneRef>,
    /// What was known of panes just before their shells started.
    starts: BTreeMap<PaneRef, Start>,
    /// What shells have drawn since.
    drawn: BTreeMap<PaneRef, Vec<BString>>,
    /// What of the server's settings could disturb; `None` until the server runs.
    dangers: Option<Dangers>,
    server: bool,
    done: usize,
    progress: &'p mut dyn FnMut(Progress),
}

impl<'a, 'p> Site<'a, 'p> {
    /// Checks that the plan still holds, and writes the jobs of the panes.
    fn open(
        tmux: &'a Tmux,
        plan: &'a Plan,
        steps: &'a [Step],
        workshop: &'a Workshop<'a>,
        progress: &'p mut dyn FnMut(Progress),
    ) -> Result<Self, RestoreError> {
        recheck::recheck(tmux, plan)?;
        let dangers = match plan.starts_server {
            true => None,
            false => Some(Dangers::look(tmux)?),
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
                shell_file: pane.shell_file.clone(),
                environment: pane.own.environment.clone(),
                end: pane.exit,
                text: text.flatten().map(|text| text.main.clone()),
                place: place(pane),
            })?;
        }
        Ok(Self {
            tmux,
            plan,
            steps,
            workshop,
            program: workshop.program.as_os_str().as_encoded_bytes().into(),
            work,
            built,
            pids: BTreeMap::new(),
            clients: Vec::new(),
            numbered: BTreeSet::new(),
            sizes: BTreeMap::new(),
            resized: BTreeSet::new(),
            shown: BTreeMap::new(),
            displaced: BTreeSet::new(),
            starts: BTreeMap::new(),
            drawn: BTreeMap::new(),
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
            total: self.steps.len(),
        });
    }

    fn commands(&self, action: &Action) -> Vec<Command> {
        let ids = Ids {
            built: &self.built,
            work: &self.work,
            program: &self.program,
            plan: self.plan,
            clients: &self.clients,
        };
        let mut commands = commands::commands(self.plan, action, &ids);
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
        let tmux = self.tmux;
        if self.server {
            let reply = tmux.ask(what, commands)?;
            return Ok((reply.stdout, reply.complaints));
        }
        let stdout = tmux.start_with(what, commands)?;
        self.server = true;
        Ok((stdout, Vec::new()))
    }
}
