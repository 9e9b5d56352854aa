//! Rehearses a restore: onto a server of its own that nobody sees, and back into a state that is
//! held against the one that was saved.
//!
//! Nothing of the user is touched and nothing of the user's runs: the server has its own socket in
//! a private directory and no configuration, panes show their text and then hold still instead of
//! becoming shells, programs are only looked for, and settings that could run a command are left
//! out.

use std::path::Path;

use bstr::BString;

use super::fidelity::{self, Defaults, Fidelity, Field, Texts};
use super::plan::{Plan, Start, Warning};
use super::policy::{OnConflict, Policy, Programs, Selection, Settings, Text};
use super::{LiveState, RestoreError, Restorer, Surroundings, Workshop};
use crate::capture::Exclusions;
use crate::files::ScratchDir;
use crate::model::detail::Withheld;
use crate::model::snapshot::Snapshot;
use crate::model::tree::ServerState;
use crate::mux::ContentsRequest;

/// What a pane is instead of its shell: a program that does nothing and ends with its terminal.
const STILL: [&str; 2] = ["cat", "-"];
/// What a rehearsal needs.
#[derive(Debug)]
pub struct Stage<'a> {
    /// The multiplexer.
    pub mux: &'a dyn Restorer,
    /// The muxtape program, for `muxtape __pane`.
    pub program: &'a Path,
    /// The texts of the snapshot.
    pub texts: &'a Texts,
    /// Whether an imported snapshot is treated like one that was made here.
    pub trust: bool,
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

/// Restores a snapshot onto a server of its own, captures that again, and holds both against each
/// other. The server and everything that was made for it is gone in the end, however it went.
///
/// # Errors
///
/// As [`super::apply()`].
pub fn drill(
    snapshot: &Snapshot,
    surroundings: &Surroundings,
    stage: &Stage<'_>,
) -> Result<Drill, RestoreError> {
    // For its owner alone, and with a short path: a socket's has no more than 108 bytes.
    let dir = ScratchDir::new("muxtape-drill-").map_err(|error| RestoreError::Files {
        path: std::env::temp_dir().display().to_string(),
        source: error.into(),
    })?;
    let rehearsal = stage.mux.rehearsal(dir.path(), &snapshot.state)?;
    let restorer = rehearsal.restorer();
    let policy = Policy {
        on_conflict: OnConflict::Skip,
        programs: Programs::Type,
        text: Text::Replay,
        settings: Settings::Safe,
        trust: stage.trust,
        ..Policy::default()
    };
    let nobody = LiveState::default();
    let facts = super::facts(&snapshot.state, &nobody, surroundings);
    let profile = stage.mux.profile(None)?;
    let profile = profile.as_ref();
    let all = Selection::all();
    let mut plan = super::plan(snapshot, &nobody, &facts, &policy, &all, profile);
    let programs = programs(snapshot, &plan);
    hold_still(&mut plan);
    let workshop = Workshop {
        restorer,
        program: stage.program,
        runtime: dir.path(),
        texts: stage.texts,
        undo: None,
        memory: None,
    };
    let report = super::apply(&plan, &workshop, &mut |_| {})?;
    let (mut state, texts) = observed(restorer)?;
    withhold(&snapshot.state, &mut state);
    let defaults = Defaults {
        listed: &facts.environment,
        profile,
    };
    let mut fidelity = fidelity::compare(&snapshot.state, stage.texts, &state, &texts, defaults);
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

/// Takes away what a capture would not have of what came back: of panes that are private, and of
/// those of which the snapshot has no more than a place.
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
        pane.shell_file = STILL[0].into();
        pane.new = None;
        pane.line = None;
    }
}

/// What is alive on it, and the texts.
fn observed(restorer: &dyn Restorer) -> Result<(ServerState, Texts), RestoreError> {
    let mut state = restorer.observe()?.state;
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
    let mut found = restorer.contents(&wanted)?.into_iter();
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
