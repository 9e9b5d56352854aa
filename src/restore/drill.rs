//! Rehearses a restore: onto a server of its own that nobody sees, and back into a state that is held
//! against the one that was saved.
//!
//! Nothing of the user is touched and nothing of the user's runs: the server has its own socket in a
//! private directory and no configuration, panes show their text and then hold still instead of becoming
//! shells, programs are only looked for, and settings that could run a command are left out.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bstr::BString;

use super::fidelity::{self, Fidelity, Field, Texts};
use super::plan::{Plan, Start, Warning};
use super::policy::{OnConflict, Policy, Programs, Selection, Settings, Text};
use super::{LiveState, RestoreError, Surroundings, Workshop};
use crate::capture::Exclusions;
use crate::files::{self, FileError, ScratchDir};
use crate::model::detail::Withheld;
use crate::model::snapshot::Snapshot;
use crate::model::tree::ServerState;
use crate::mux::run::Limits;
use crate::mux::tmux::command::Command;
use crate::mux::tmux::{Scope, Tmux};
use crate::mux::{ContentsRequest, Multiplexer, ServerSelect};

/// What a pane is instead of its shell: a program that does nothing and ends with its terminal.
const STILL: [&str; 2] = ["cat", "-"];
/// How long the server may take to end.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks.
const PAUSE: rustix::event::Timespec = rustix::event::Timespec {
    tv_sec: 0,
    tv_nsec: 4_000_000,
};

/// What a rehearsal needs.
#[derive(Debug)]
pub struct Stage<'a> {
    /// The tmux program.
    pub tmux: &'a Path,
    /// The muxtape program, for `muxtape __pane`.
    pub program: &'a Path,
    /// The texts of the snapshot.
    pub texts: &'a Texts,
    /// How long tmux may take for an answer, and how much it may say.
    pub limits: Limits,
}

/// How a rehearsal went.
#[derive(Debug)]
pub struct Drill {
    /// What came back.
    pub fidelity: Fidelity,
    /// What the restore said.
    pub warnings: Vec<Warning>,
    /// What failed.
    pub errors: Vec<String>,
}

/// Restores a snapshot onto a server of its own, captures that again, and holds both against each other.
/// The server and everything that was made for it is gone in the end, however it went.
///
/// # Errors
///
/// As [`super::apply()`].
pub fn drill(
    snapshot: &Snapshot,
    surroundings: &Surroundings,
    stage: &Stage<'_>,
) -> Result<Drill, RestoreError> {
    let scratch = Scratch::new(&snapshot.state, stage)?;
    let policy = Policy {
        on_conflict: OnConflict::Skip,
        programs: Programs::Type,
        text: Text::Replay,
        settings: Settings::Safe,
        ..Policy::default()
    };
    let facts = super::facts(&snapshot.state, surroundings);
    let nobody = LiveState::default();
    let mut plan = super::plan(snapshot, &nobody, &facts, &policy, &Selection::all());
    let programs = programs(snapshot, &plan);
    hold_still(&mut plan);
    let workshop = Workshop {
        tmux: &scratch.tmux,
        program: stage.program,
        runtime: &scratch.dir,
        texts: stage.texts,
        undo: None,
        memory: None,
    };
    let report = super::apply(&plan, &workshop, &mut |_| {})?;
    let (mut state, texts) = scratch.capture()?;
    withhold(&snapshot.state, &mut state);
    let mut fidelity = fidelity::compare(&snapshot.state, stage.texts, &state, &texts);
    for (field, target, was, found) in programs {
        let is = (!found).then(|| "not found, or not to be typed".to_owned());
        fidelity.count(field, &target, &was, is);
    }
    Ok(Drill {
        fidelity,
        warnings: report.warnings,
        errors: report.errors,
    })
}

/// Takes away what a capture would not have of what came back: of panes that are private, and of those of which
/// the snapshot has no more than a place.
fn withhold(saved: &ServerState, state: &mut ServerState) {
    for session in &mut state.sessions {
        for tab in &mut session.tabs {
            let was = saved
                .session(&session.name)
                .and_then(|one| one.tab(tab.index));
            for pane in &mut tab.panes {
                let was = was.and_then(|tab| tab.pane(pane.index));
                let withheld = was.and_then(|pane| pane.detail.withheld);
                if withheld == Some(Withheld::Excluded) {
                    pane.detail.withheld = withheld;
                }
            }
        }
    }
    Exclusions::default().apply(state);
}

/// Shells and programs, and whether they could be started or typed.
fn programs(snapshot: &Snapshot, plan: &Plan) -> Vec<(Field, String, String, bool)> {
    let mut all = Vec::new();
    for (session, tab, pane) in snapshot.state.panes() {
        let target = crate::model::target::Target {
            session: session.name.clone(),
            tab: Some(tab.index),
            pane: Some(pane.index),
        };
        let Some(planned) = plan.panes.iter().find(|planned| planned.target == target) else {
            continue;
        };
        let place = target.to_string();
        let words = |argv: &[BString]| crate::model::ansi::label(&bstr::join(" ", argv));
        if super::programs::is_interactive_shell(&pane.shell) {
            let found = planned.shell == pane.shell;
            all.push((Field::Shells, place.clone(), words(&pane.shell), found));
        }
        if let Some(program) = &pane.program {
            let found = planned.start != Start::Leave;
            all.push((Field::Programs, place, words(&program.argv), found));
        }
    }
    all
}

/// Lets no shell and no program start.
fn hold_still(plan: &mut Plan) {
    for pane in &mut plan.panes {
        pane.still = true;
        pane.shell = STILL.map(BString::from).to_vec();
    }
    plan.steps
        .retain(|step| !matches!(step.action, super::Action::TypeCommand { .. }));
}

/// A server of its own; it and its directory go when this does.
struct Scratch {
    dir: PathBuf,
    tmux: Tmux,
    _dir: ScratchDir,
}

impl Scratch {
    fn new(state: &ServerState, stage: &Stage<'_>) -> Result<Self, RestoreError> {
        let failed = |path: &Path| {
            let path = path.display().to_string();
            move |error: FileError| RestoreError::Files {
                path,
                source: error.into(),
            }
        };
        // For its owner alone, and with a short path: a socket's has no more than 108 bytes.
        let dir = ScratchDir::new("muxtape-drill-").map_err(failed(&std::env::temp_dir()))?;
        let path = dir.path().to_owned();
        let config = path.join("conf");
        files::write_new(&config, configuration(state).as_bytes()).map_err(failed(&config))?;
        let socket = path.join("s").as_os_str().as_encoded_bytes().into();
        let scope = Scope {
            environment: names(state),
            buffers: true,
        };
        let tmux = Tmux::new(
            stage.tmux.to_owned(),
            ServerSelect::Path(socket),
            stage.limits,
        )
        .with_config(config)
        .with_scope(scope);
        Ok(Self {
            dir: path,
            tmux,
            _dir: dir,
        })
    }

    fn capture(&self) -> Result<(ServerState, Texts), RestoreError> {
        let mut state = self.tmux.observe()?.state;
        let wanted: Vec<ContentsRequest> = state
            .panes()
            .filter_map(|(_, _, pane)| {
                Some(ContentsRequest {
                    pane: pane.handle?.id,
                    alternate: false,
                    history: pane.screen.history,
                    limit: None,
                })
            })
            .collect();
        let mut found = self.tmux.contents(&wanted)?.into_iter();
        let mut texts = Texts::new();
        let tabs = state
            .sessions
            .iter_mut()
            .flat_map(|session| &mut session.tabs);
        for pane in tabs.flat_map(|tab| &mut tab.panes) {
            if let Some(text) = found.next().flatten() {
                pane.contents = Some(text.reference());
                texts.insert(text.digest(), text);
            }
        }
        Ok((state, texts))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let Ok(server) = self.tmux.server() else {
            return;
        };
        let _ = self
            .tmux
            .ask("the end of the rehearsal", &[Command::new("kill-server")]);
        // Its panes write into the directory no more when it is gone.
        let Some(pid) = rustix::process::Pid::from_raw(server.pid) else {
            return;
        };
        let start = Instant::now();
        while rustix::process::test_kill_process(pid).is_ok() && start.elapsed() < PATIENCE {
            let _ = rustix::event::poll(&mut [], Some(&PAUSE));
        }
    }
}

/// The names of all variables of a state.
fn names(state: &ServerState) -> Vec<String> {
    let sessions = state.sessions.iter();
    let names = sessions.flat_map(|session| &session.detail.environment);
    let mut names: Vec<String> = names.map(|one| one.name.to_string()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What the server reads: numbers as they were counted, room for all history, and names that stay though
/// no program runs that they could follow.
fn configuration(state: &ServerState) -> String {
    let first = state.panes().map(|(_, _, pane)| pane.index).min();
    let history = state.panes().map(|(_, _, pane)| pane.screen.history).max();
    format!(
        "set -g pane-base-index {}\nset -g history-limit {}\nset -g automatic-rename off\n\
         set -g automatic-rename-format '#{{window_name}}'\nset -g status off\n\
         set -g default-shell /bin/sh\n",
        first.unwrap_or(0),
        history.unwrap_or(0).saturating_add(2_000),
    )
}
