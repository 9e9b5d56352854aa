//! Carries out a plan, phase by phase.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use bstr::{BString, ByteSlice};

use super::build::{self, Names};
use super::facts::fingerprint;
use super::judge;
use super::pane::{Job, Went};
use super::plan::{Plan, Warning, WarningLevel};
use super::prompt;
use super::report::{Made, Progress, Report};
use super::splits;
use super::step::{Action, PaneRef, Phase, SessionRef, TabRef};
use super::workdir::Workdir;
use super::{RestoreError, Workshop, summary};
use crate::model::ansi::label;
use crate::mux::MuxError;
use crate::mux::tmux::command::Command;
use crate::mux::tmux::names;

/// Creations in one call: few enough that the server stays responsive.
const CREATIONS: usize = 8;
/// Other commands in one call.
const COMMANDS: usize = 64;
/// How long panes may be silent before one looks whether they are still there.
const SILENCE: Duration = Duration::from_millis(300);
/// How long panes may be silent before the restore goes on without them.
const PATIENCE: Duration = Duration::from_secs(10);

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
    let mut site = Site::open(plan, workshop, progress)?;
    if let Err(error) = site.up_to_switch() {
        site.clear_away();
        return Err(error);
    }
    // From here on the sessions are the user's: what fails is told, and nothing is removed.
    site.start_programs();
    let mut report = summary::report(plan, &site.built, workshop.undo);
    report.duration_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(report)
}

/// What has been built so far.
#[derive(Debug, Default)]
pub(super) struct Built {
    /// tmux's number of each session.
    pub(super) sessions: BTreeMap<SessionRef, u32>,
    /// tmux's number of each tab.
    pub(super) tabs: BTreeMap<TabRef, u32>,
    /// tmux's number of each pane.
    pub(super) panes: BTreeMap<PaneRef, u32>,
    /// Panes that could not be made, and why.
    pub(super) failed: BTreeMap<PaneRef, String>,
    /// Panes that never said that they were ready.
    pub(super) silent: BTreeSet<PaneRef>,
    /// Programs that could not be typed.
    pub(super) untyped: BTreeSet<PaneRef>,
    /// What came up on the way.
    pub(super) warnings: Vec<Warning>,
    /// What failed besides panes.
    pub(super) errors: Vec<String>,
    /// Sessions that have their name.
    pub(super) made: Vec<Made>,
}

impl Built {
    /// Adds a warning.
    fn warn(&mut self, component: String, issue: String, fallback: &str) {
        self.warnings.push(Warning {
            level: WarningLevel::Warning,
            kind: "came up",
            component,
            issue,
            fallback: fallback.to_owned(),
            suggestion: "look at it in tmux".to_owned(),
        });
    }
}

/// tmux's numbers, as targets.
struct Ids<'a> {
    built: &'a Built,
    work: &'a Workdir,
    program: &'a BString,
    plan: &'a Plan,
}

impl Names for Ids<'_> {
    fn session(&self, session: SessionRef) -> String {
        let id = self.built.sessions.get(&session);
        id.map_or_else(|| "=".to_owned(), |id| format!("${id}"))
    }

    fn tab(&self, tab: TabRef) -> String {
        let id = self.built.tabs.get(&tab);
        id.map_or_else(|| "=".to_owned(), |id| format!("@{id}"))
    }

    fn pane(&self, pane: PaneRef) -> String {
        let own = self.built.panes.get(&pane).copied();
        // Where the pane that is to be divided could not be made, another one of the tab is.
        let id = own.or_else(|| {
            let tab = self.plan.pane(pane)?.tab;
            let mut others = self.built.panes.iter();
            let other =
                others.find(|(other, _)| self.plan.pane(**other).is_some_and(|p| p.tab == tab));
            other.map(|(_, id)| *id)
        });
        id.map_or_else(|| "=".to_owned(), |id| format!("%{id}"))
    }

    fn number(&self, pane: PaneRef) -> u32 {
        self.built.panes.get(&pane).copied().unwrap_or(0)
    }

    fn printed(&self, pane: PaneRef) -> String {
        format!(
            "{} #{{session_id}} #{{window_id}} #{{pane_id}} #{{window_index}}",
            pane.0
        )
    }

    fn body(&self, pane: PaneRef) -> (Option<BString>, Vec<BString>) {
        let token = self.work.token(pane.0);
        (None, vec![self.program.clone(), "__pane".into(), token])
    }
}

struct Site<'a, 'p> {
    plan: &'a Plan,
    workshop: &'a Workshop<'a>,
    program: BString,
    work: Workdir,
    built: Built,
    /// Sessions whose first tab has its number.
    numbered: BTreeSet<SessionRef>,
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
        let default_shell = check(plan, workshop)?;
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
                text: text.flatten().map(|text| text.main.clone()),
                below: (pane.rows.saturating_sub(1)).saturating_sub(pane.screen.cursor_y),
                prompt: pane.idle,
            })?;
        }
        Ok(Self {
            plan,
            workshop,
            program: workshop.program.as_os_str().as_encoded_bytes().into(),
            work,
            built,
            numbered: BTreeSet::new(),
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
        build::commands(self.plan, action, &ids)
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

    /// Phase one: sessions, tabs, panes.
    ///
    /// A command can only name what has been made before it was sent, so the steps of each tab wait in
    /// a queue of their own, and every round takes from all queues what can be done.
    fn make(&mut self) -> Result<(), RestoreError> {
        let mut queues: BTreeMap<TabRef, VecDeque<&Action>> = BTreeMap::new();
        let mut later = Vec::new();
        for step in &self.plan.steps {
            let action = &step.action;
            if action.phase() != Phase::Build {
                continue;
            }
            let tab = match action {
                Action::NewSession { tab, .. }
                | Action::NewTab { tab, .. }
                | Action::MoveTab { tab }
                | Action::ResizeTab { tab, .. } => Some(*tab),
                Action::Split { pane, .. } => self.plan.pane(*pane).map(|pane| pane.tab),
                _ => None,
            };
            match tab {
                Some(tab) => queues.entry(tab).or_default().push_back(action),
                None => later.push(action),
            }
        }
        while queues.values().any(|queue| !queue.is_empty()) {
            let mut round = Vec::new();
            for queue in queues.values_mut() {
                while round.len() < CREATIONS
                    && let Some(action) = queue.front().copied()
                    && self.can_do(action)
                {
                    queue.pop_front();
                    round.push(action);
                    // The number of the first tab decides what comes next.
                    if matches!(action, Action::NewSession { .. }) {
                        break;
                    }
                }
            }
            if round.is_empty() {
                // What is left waits for something that could not be made.
                for action in queues.values().flatten() {
                    if let Some(pane) = action.makes() {
                        let why = "its tab could not be made".to_owned();
                        self.built.failed.entry(pane).or_insert(why);
                    }
                }
                break;
            }
            self.round(&round)?;
        }
        for action in later {
            self.join(action)?;
        }
        Ok(())
    }

    fn can_do(&self, action: &Action) -> bool {
        match action {
            Action::NewTab { tab, .. } => self
                .plan
                .tab(*tab)
                .is_some_and(|tab| self.numbered.contains(&tab.session)),
            Action::Split { from, .. } => {
                self.built.panes.contains_key(from) || self.built.failed.contains_key(from)
            }
            Action::MoveTab { tab } | Action::ResizeTab { tab, .. } => {
                self.built.tabs.contains_key(tab)
            }
            _ => true,
        }
    }

    fn round(&mut self, actions: &[&Action]) -> Result<(), RestoreError> {
        let mut commands = Vec::new();
        for action in actions {
            let moved = match action {
                Action::MoveTab { tab } => self.plan.tab(*tab).map(|tab| tab.session),
                _ => None,
            };
            match moved {
                Some(session) if !self.numbered.insert(session) => {}
                _ => commands.extend(self.commands(action)),
            }
        }
        let (stdout, complaints) = self.send("new panes", &commands)?;
        for line in stdout.lines() {
            self.take(line);
        }
        for action in actions {
            if let Some(pane) = action.makes()
                && !self.built.panes.contains_key(&pane)
            {
                let why = complaints.first().cloned();
                let why = why.unwrap_or_else(|| "tmux did not make it".to_owned());
                self.built.failed.insert(pane, why);
            }
        }
        self.tell(Phase::Build, actions.len());
        Ok(())
    }

    /// Reads what a command printed that made a pane.
    fn take(&mut self, line: &[u8]) -> Option<()> {
        let mut words = line.to_str().ok()?.split(' ');
        let pane = PaneRef(words.next()?.parse().ok()?);
        let session: u32 = words.next()?.strip_prefix('$')?.parse().ok()?;
        let tab: u32 = words.next()?.strip_prefix('@')?.parse().ok()?;
        let id: u32 = words.next()?.strip_prefix('%')?.parse().ok()?;
        let index: u32 = words.next()?.parse().ok()?;
        let tab_ref = self.plan.pane(pane)?.tab;
        let planned = self.plan.tab(tab_ref)?;
        self.built.panes.insert(pane, id);
        self.built.tabs.insert(tab_ref, tab);
        let first = self
            .built
            .sessions
            .insert(planned.session, session)
            .is_none();
        if first && index == planned.index {
            self.numbered.insert(planned.session);
        }
        Some(())
    }

    /// Tabs and groups that sessions share.
    fn join(&mut self, action: &Action) -> Result<(), RestoreError> {
        let commands = self.commands(action);
        let (_, complaints) = self.send("shared tabs", &commands)?;
        if let Action::JoinGroup { session, .. } = action
            && let Some(planned) = self.plan.session(*session)
        {
            let find = Command::new("display-message")
                .flag("-p")
                .opt("-t", format!("={}:", planned.temporary))
                .arg("#{session_id}");
            let (stdout, _) = self.send("a session's number", &[find])?;
            let id = stdout
                .trim()
                .strip_prefix(b"$")
                .and_then(|id| id.to_str().ok()?.parse().ok());
            if let Some(id) = id {
                self.built.sessions.insert(*session, id);
            }
        }
        if let Some(why) = complaints.first() {
            self.built
                .errors
                .push(format!("a tab or session that is shared: {why}"));
        }
        self.tell(Phase::Build, 1);
        Ok(())
    }

    /// Whether a step's objects were made.
    fn exists(&self, action: &Action) -> bool {
        let built = &self.built;
        match action {
            Action::Title { pane }
            | Action::SelectPane { pane }
            | Action::Mark { pane }
            | Action::Zoom { pane }
            | Action::TypeCommand { pane, .. } => built.panes.contains_key(pane),
            Action::Arrange { tab, .. }
            | Action::Synchronize { tab }
            | Action::AutomaticRename { tab, .. } => built.tabs.contains_key(tab),
            Action::SelectTab { session, .. }
            | Action::RenameSession { session }
            | Action::FreeSize { session, .. } => built.sessions.contains_key(session),
            _ => true,
        }
    }

    /// The commands of the steps of a phase, as far as what they act on was made.
    fn of_phase(&self, phase: Phase) -> (usize, Vec<Command>) {
        let steps = self.plan.steps.iter().map(|step| &step.action);
        let steps: Vec<&Action> = steps.filter(|action| action.phase() == phase).collect();
        let commands = steps
            .iter()
            .filter(|action| self.exists(action))
            .flat_map(|action| match action {
                Action::Arrange { tab, layout } => {
                    // Panes that could not be made leave their room to the others.
                    let made = |pane: u32| self.built.panes.contains_key(&PaneRef(pane));
                    let layout = splits::kept(layout, &made).filter(|l| l.check().is_ok());
                    layout.map_or_else(Vec::new, |layout| {
                        self.commands(&Action::Arrange { tab: *tab, layout })
                    })
                }
                action => self.commands(action),
            })
            .collect();
        (steps.len(), commands)
    }

    fn arrange(&mut self) -> Result<(), RestoreError> {
        if self.built.panes.is_empty() {
            let why = self
                .built
                .failed
                .values()
                .next()
                .cloned()
                .unwrap_or_default();
            return Err(RestoreError::Mux(MuxError::Refused {
                mux: crate::model::snapshot::MuxKind::Tmux,
                what: "every pane".to_owned(),
                message: why,
            }));
        }
        let (steps, commands) = self.of_phase(Phase::Arrange);
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

    fn replay(&mut self) -> Result<(), RestoreError> {
        self.tell(Phase::Replay, 0);
        self.work.open()?;
        let went = self.wait_for_panes()?;
        let panes: Vec<PaneRef> = self.built.panes.keys().copied().collect();
        for pane in panes {
            let Some(planned) = self.plan.pane(pane) else {
                continue;
            };
            let target = planned.target.to_string();
            match went.get(&pane.0) {
                Some(Went::Well) => {}
                Some(Went::Elsewhere) => {
                    let issue = format!("{} could not be entered", label(&planned.dir));
                    self.built
                        .warn(target, issue, "opened in a directory above it");
                }
                None => {
                    self.built.silent.insert(pane);
                    let issue = "it did not say that it was ready".to_owned();
                    self.built.warn(target, issue, "left as it is");
                }
            }
        }
        if went.is_empty() {
            return Err(RestoreError::NotReady);
        }
        self.tell(Phase::Replay, 1);
        Ok(())
    }

    /// Waits until every pane has said that it is ready, has ended, or has been silent for too long.
    fn wait_for_panes(&mut self) -> Result<BTreeMap<u32, Went>, RestoreError> {
        let mut went = BTreeMap::new();
        let mut last = Instant::now();
        while last.elapsed() < PATIENCE {
            let missing = self.built.panes.len().saturating_sub(went.len());
            let heard = self.work.wait(missing, SILENCE);
            if !heard.is_empty() {
                last = Instant::now();
            }
            went.extend(heard);
            if went.len() >= self.built.panes.len() {
                break;
            }
            let list = Command::new("list-panes")
                .flag("-a")
                .opt("-F", "#{pane_id}");
            let (stdout, _) = self.send("panes that are alive", &[list])?;
            let alive: BTreeSet<&[u8]> = stdout.lines().collect();
            let waiting = self.built.panes.iter().any(|(pane, id)| {
                !went.contains_key(&pane.0) && alive.contains(format!("%{id}").as_bytes())
            });
            if !waiting {
                break;
            }
        }
        Ok(went)
    }

    fn switch(&mut self) -> Result<(), RestoreError> {
        let (steps, commands) = self.of_phase(Phase::Switch);
        let (_, complaints) = self.send("the names of the sessions", &commands)?;
        self.built.errors.extend(complaints);
        for (at, planned) in (0u32..).zip(&self.plan.sessions) {
            if let Some(id) = self.built.sessions.get(&SessionRef(at)) {
                self.built.made.push(Made {
                    from: planned.from.clone(),
                    to: planned.to.clone(),
                    id: *id,
                });
            }
        }
        self.tell(Phase::Switch, steps);
        Ok(())
    }

    fn start_programs(&mut self) {
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
        let ready = prompt::wait(self.workshop.tmux, &ids);
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
        // What comes after the typing; the typing itself is already in `commands`.
        let mut total = typed.len();
        for step in &self.plan.steps {
            let after = !matches!(step.action, Action::TypeCommand { .. });
            if step.action.phase() == Phase::Start && after && self.exists(&step.action) {
                commands.extend(self.commands(&step.action));
                total += 1;
            }
        }
        for some in commands.chunks(COMMANDS) {
            match self.send("programs", some) {
                Ok((_, complaints)) => self.built.errors.extend(complaints),
                Err(error) => self.built.errors.push(error.to_string()),
            }
        }
        self.tell(Phase::Start, total);
    }

    /// Removes the sessions that were made, and nothing else.
    fn clear_away(&mut self) {
        let ids = self.built.sessions.values().copied();
        let commands: Vec<Command> = ids
            .map(|id| Command::new("kill-session").opt("-t", format!("${id}")))
            .collect();
        if !commands.is_empty() {
            // They end by themselves, too, as the gate never opens.
            let _ = self.workshop.tmux.ask("clearing away", &commands);
        }
    }
}

/// Whether the live state is the one that the plan was made for; the server's default shell.
fn check(plan: &Plan, workshop: &Workshop<'_>) -> Result<BString, RestoreError> {
    let tmux = workshop.tmux;
    let server = match tmux.server() {
        Ok(server) => Some(server),
        Err(MuxError::NoServer { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    if server.is_none() {
        let none = fingerprint(None, std::iter::empty());
        return if none == plan.fingerprint {
            Ok(BString::default())
        } else {
            Err(RestoreError::Changed)
        };
    }
    let commands = [
        Command::new("show-options")
            .flag("-gv")
            .arg("default-shell"),
        Command::new("list-sessions").opt("-F", "#{session_id} #{session_name}"),
    ];
    let answer = tmux.run("its sessions", &commands)?;
    let mut lines = answer.lines();
    let shell = BString::from(lines.next().unwrap_or_default());
    let sessions: Vec<(BString, Option<u32>)> = lines
        .filter_map(|line| {
            let (id, name) = line.split_once_str(" ")?;
            let id = id.strip_prefix(b"$")?.to_str().ok()?.parse().ok()?;
            Some((names::given(name), Some(id)))
        })
        .collect();
    let now = fingerprint(
        server.as_ref(),
        sessions.iter().map(|(name, id)| (name, *id)),
    );
    if now == plan.fingerprint {
        Ok(shell)
    } else {
        Err(RestoreError::Changed)
    }
}
