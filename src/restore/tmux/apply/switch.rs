//! The switch-over: what was made takes its place at one stroke, or nothing of it does.
//!
//! All that touches what is alive stands on one line, of which tmux does nothing more after the
//! first command that it refuses; a session that is replaced is closed at its end. Before that line
//! everything that was made is hidden under temporary names; where it breaks off, what it did is
//! taken back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use bstr::{BString, ByteSlice};

use super::ids::replacements;
use super::{Site, clients, recheck};
use crate::model::tree::SessionId;
use crate::mux::tmux::command::Command;
use crate::mux::tmux::ids;
use crate::restore::RestoreError;
use crate::restore::prune;
use crate::restore::reference::{PaneRef, SessionRef};
use crate::restore::report::Phase;
use crate::restore::report::{Made, MadePane, Within};
use crate::restore::tmux::alive::session;
use crate::restore::tmux::commands::close_unless_attached;
use crate::restore::tmux::step::{Action, Beside};
use crate::restore::undo::{self, Undoable};

/// How long shells may take to be there.
const SHELLS: Duration = Duration::from_secs(2);
/// What tmux prints at the end of the line.
const DONE: &str = "switched";
/// How often clients are taken along that came just before the switch.
const LATECOMERS: usize = 5;

impl Site<'_, '_> {
    /// Lets what was made take its place, and lets the panes become their shells.
    pub(super) fn switch(&mut self) -> Result<(), RestoreError> {
        let replaces = !self.plan.replaced().is_empty();
        let own: BTreeSet<SessionId> = self.built.sessions.values().copied().collect();
        if !self.plan.relies.sessions.is_empty() {
            recheck::still_holds(self.tmux, self.plan, &own)?;
        }
        self.note_panes()?;
        let new = self.beginnings();
        let record = self.keep()?;
        // A restore that runs in a session that it replaces goes on when its terminal has gone.
        let hangup = replaces.then(Hangup::ignore);
        if replaces {
            self.clients = clients::list(self.tmux)?;
            // Were this process killed from here on, the panes would live on.
            self.work.promise_shells(&new)?;
        }
        if let Err(error) = self.switch_over() {
            if let (Some(memory), Some(record)) = (&self.workshop.memory, record) {
                // Nothing was made that could be taken back.
                let _ = undo::forget(memory.dir, record);
            }
            return Err(error);
        }
        self.before_shells();
        self.work.open_shells(&new, SHELLS)?;
        self.close_replaced();
        drop(hangup);
        self.note_made();
        Ok(())
    }

    /// Sends the line, and what may fail without it.
    fn switch_over(&mut self) -> Result<(), RestoreError> {
        let steps = self.steps.iter().map(|step| &step.action);
        let mut line: Vec<&Action> = steps.filter(|action| action.turn().is_some()).collect();
        line.sort_by_key(|action| action.turn());
        let mut line: Vec<Command> = line
            .into_iter()
            .filter(|action| self.exists(action))
            .flat_map(|action| self.switched(action))
            .collect();
        line.push(Command::new("display-message").flag("-p").arg(DONE));
        let (steps, others) = self.of_phase(Phase::Switch);
        let mut commands: Vec<Command> = Command::line_of(line).into_iter().collect();
        commands.extend(others);
        let sent = self.send("the switch-over", &commands);
        let done =
            matches!(&sent, Ok((stdout, _)) if stdout.lines().any(|line| line == DONE.as_bytes()));
        // An answer that was lost says nothing of what was done.
        if !done && (sent.is_ok() || !self.is_over()) {
            return Err(match sent {
                Err(error) => error.into(),
                Ok(_) => RestoreError::Changed,
            });
        }
        if let Ok((_, complaints)) = sent {
            let gone = |why: &String| why.contains("can't find client");
            let others = complaints.into_iter().filter(|why| !gone(why));
            self.built.errors.extend(others);
        }
        self.tell(Phase::Switch, steps);
        Ok(())
    }

    /// The commands of a step of the line.
    fn switched(&self, action: &Action) -> Vec<Command> {
        match action {
            Action::Rearrange {
                window,
                layout,
                panes,
            } => {
                // Panes that could not be made leave their room to the others.
                let there = |at: u32| {
                    let pane = usize::try_from(at).ok().and_then(|at| panes.get(at));
                    match pane {
                        Some(Beside::Made(pane)) => self.built.panes.contains_key(pane),
                        Some(Beside::Living(_)) => true,
                        None => false,
                    }
                };
                let layout = prune::kept(layout, &there).filter(|layout| layout.check().is_ok());
                layout.map_or_else(Vec::new, |layout| {
                    let action = Action::Rearrange {
                        window: *window,
                        layout,
                        panes: panes.clone(),
                    };
                    // The panes are where they belong; their sizes are no reason to break off.
                    let commands = self.commands(&action).into_iter();
                    commands.map(Command::if_it_can_be).collect()
                })
            }
            action => self.commands(action),
        }
    }

    /// Whether nothing has a temporary name any more.
    fn is_over(&self) -> bool {
        let list = Command::new("list-sessions").opt("-F", "#{session_id} #{session_name}");
        let Ok(answer) = self.tmux.run("its sessions", &[list]) else {
            return false;
        };
        let names: BTreeMap<SessionId, BString> = answer.lines().filter_map(session).collect();
        let planned = (0u32..).map(SessionRef).zip(&self.plan.sessions);
        let mut made = planned.filter_map(|(at, planned)| {
            let id = self.built.sessions.get(&at)?;
            Some((names.get(id), planned))
        });
        made.all(|(name, planned)| match planned.adds_to() {
            Some(_) => name.is_none(),
            None => name.is_some_and(|name| *name != planned.temporary),
        })
    }

    /// Takes along clients that came to a replaced session at the last moment, and closes it.
    fn close_replaced(&mut self) {
        let tmux = self.tmux;
        let now = self.replacements();
        for _ in 0..LATECOMERS {
            let list = Command::new("list-sessions").opt("-F", "#{session_id} #{session_name}");
            let Ok(answer) = tmux.run("its sessions", &[list]) else {
                return;
            };
            let alive: BTreeSet<SessionId> = answer
                .lines()
                .filter_map(session)
                .map(|(id, _)| id)
                .collect();
            let left: Vec<SessionId> = now
                .keys()
                .copied()
                .filter(|id| alive.contains(id))
                .collect();
            if left.is_empty() {
                return;
            }
            let Ok(clients) = clients::list(tmux) else {
                return;
            };
            for old in left {
                let mut commands = clients::take(&clients, old, &now);
                commands.push(close_unless_attached(old));
                let _ = tmux.ask("clients that came late", &commands);
            }
        }
        for planned in &self.plan.sessions {
            if let Some(living) = planned.replaces() {
                let issue = "the session that it replaces could not be closed".to_owned();
                let component = crate::model::ansi::label(&living.name);
                self.built
                    .warn(component, issue, "it goes on under a temporary name");
            }
        }
    }

    /// Which session is where a replaced one was.
    pub(super) fn replacements(&self) -> BTreeMap<SessionId, SessionId> {
        replacements(&self.built, self.plan)
    }

    /// Notes the processes of the panes: an undo closes no others.
    fn note_panes(&mut self) -> Result<(), RestoreError> {
        let list = Command::new("list-panes")
            .flag("-a")
            .opt("-F", "#{pane_id} #{pane_pid}");
        let (stdout, _) = self.send("its panes", &[list])?;
        for line in stdout.lines() {
            let read = line.to_str().ok().and_then(|line| line.split_once(' '));
            let read = read.and_then(|(id, pid)| {
                let id = ids::read_pane(id.as_bytes())?;
                let pid: i32 = pid.parse().ok()?;
                Some((id, pid))
            });
            self.pids.extend(read);
        }
        Ok(())
    }

    /// The sessions that are made and stay.
    fn made_sessions(&self) -> Vec<Made> {
        let planned = (0u32..).map(SessionRef).zip(&self.plan.sessions);
        let stays = planned.filter(|(_, planned)| planned.adds_to().is_none());
        let made = stays.filter_map(|(at, planned)| {
            let id = *self.built.sessions.get(&at)?;
            Some(Made {
                from: planned.from.clone(),
                to: planned.to.clone(),
                id,
                called: ids::session(id),
            })
        });
        made.collect()
    }

    fn made_panes(&self) -> Vec<MadePane> {
        let built = self.built.panes.iter();
        let panes = built.filter_map(|(pane, id)| {
            let planned = self.plan.pane(*pane)?;
            let tab = self.plan.tab(planned.tab)?;
            let session = self.plan.session(tab.session)?;
            let window = self.built.tabs.get(&planned.tab).copied()?;
            Some(MadePane {
                target: planned.target.clone(),
                id: *id,
                pid: Some(self.pids.get(id).copied()?),
                within: match (session.adds_to(), tab.joins) {
                    (Some(_), Some(window)) => Within::Tab(window),
                    (Some(living), None) => Within::Session(living.id, window),
                    (None, _) => Within::Own(self.built.sessions.get(&tab.session).copied()?),
                },
            })
        });
        panes.collect()
    }

    /// Writes down what an undo takes back, before it is the user's. Where that fails, nothing is
    /// replaced.
    fn keep(&mut self) -> Result<Option<u64>, RestoreError> {
        let Some(memory) = &self.workshop.memory else {
            return Ok(None);
        };
        let undoable = Undoable {
            server: self.tmux.server()?,
            sessions: self.made_sessions(),
            panes: self.made_panes(),
            replaced: self.plan.replaced().into_iter().cloned().collect(),
            undo: self.workshop.undo,
        };
        match undo::remember(memory.dir, &undoable, memory.at) {
            Ok(record) => Ok(Some(record)),
            Err(error) if !self.plan.replaced().is_empty() => Err(error),
            Err(error) => {
                let why = std::error::Error::source(&error).map(ToString::to_string);
                let issue = format!("{error}: {}", why.unwrap_or_default());
                let fallback = "`muxtape undo` does not know of it";
                self.built.warn("undo".to_owned(), issue, fallback);
                Ok(None)
            }
        }
    }

    fn note_made(&mut self) {
        self.built.made = self.made_sessions();
        self.built.made_panes = self.made_panes();
        let failed: Vec<PaneRef> = self
            .steps
            .iter()
            .filter_map(|step| match step.action {
                Action::JoinPane { pane, .. } if !self.exists(&step.action) => Some(pane),
                _ => None,
            })
            .collect();
        for pane in failed {
            let why = "its neighbour could not be made".to_owned();
            self.built.panes.remove(&pane);
            self.built.failed.entry(pane).or_insert(why);
        }
        // What could not be added goes with the session that held it.
        let holders: Vec<Command> = (0u32..)
            .map(SessionRef)
            .zip(&self.plan.sessions)
            .filter(|(_, planned)| planned.adds_to().is_some())
            .filter_map(|(at, _)| self.built.sessions.get(&at))
            .map(|id| Command::new("kill-session").opt("-t", ids::session(*id)))
            .collect();
        if !holders.is_empty() {
            let _ = self.tmux.ask("clearing away", &holders);
        }
    }

    /// Removes what was made, and nothing else; what was set aside gets its name back.
    pub(super) fn clear_away(&mut self) {
        let kill = |id: &SessionId| Command::new("kill-session").opt("-t", ids::session(*id));
        let mut commands: Vec<Command> = self.built.sessions.values().map(kill).collect();
        // Those that have been moved over already.
        let into = self.plan.sessions.iter().any(|one| one.adds_to().is_some());
        let panes = self.built.panes.values().filter(|_| into);
        commands.extend(panes.map(|id| Command::new("kill-pane").opt("-t", ids::pane(*id))));
        for living in self.plan.sessions.iter().filter_map(|one| one.replaces()) {
            let back = Command::new("rename-session")
                .opt("-t", ids::session(living.id))
                .arg(crate::mux::tmux::command::format_escaped(&living.name));
            let aside = format!("#{{==:#{{session_name}},{}}}", living.aside);
            commands.push(
                Command::new("if-shell")
                    .flag("-F")
                    .opt("-t", ids::session(living.id))
                    .arg(aside)
                    .arg(back.source_line()),
            );
        }
        if !commands.is_empty() {
            // They end by themselves, too, as the gates never open.
            let _ = self.tmux.ask("clearing away", &commands);
        }
    }
}

/// While it lives, this process does not end with its terminal.
struct Hangup(Option<signal_hook::SigId>);

impl Hangup {
    fn ignore() -> Self {
        let noted = Arc::new(AtomicBool::new(false));
        Self(signal_hook::flag::register(signal_hook::consts::SIGHUP, noted).ok())
    }
}

impl Drop for Hangup {
    fn drop(&mut self) {
        if let Some(id) = self.0.take() {
            signal_hook::low_level::unregister(id);
        }
    }
}
