//! Thinks a restore through: pure and total. Whatever the snapshot and the live state hold, there is a
//! plan, and no step of it touches anything that is alive but what a policy replaces or adds to.
//!
//! Sessions are planned one after the other, and each adds to the rows of the preview and to the steps
//! of every phase: [`session`] decides what becomes of it, [`naming`] how it is called, [`tab`] which
//! rows its tabs have and which of them are shared, [`construction`] how a tab is made, [`detail`] which
//! settings and modes are set again, [`merge`] what of it is missing in a living one.

mod construction;
mod detail;
mod merge;
mod naming;
mod session;
mod tab;

use std::collections::{BTreeMap, BTreeSet};

use bstr::BString;

use super::facts::{Facts, LiveState};
use super::plan::{Level, Plan, Reliance, Warning, WarningLevel};
use super::policy::{Policy, Selection};
use super::step::{Action, PaneRef, SessionRef, Step, TabRef};
use crate::model::snapshot::Snapshot;
use crate::model::tree::Tab;

/// Plans a restore of the chosen parts of a snapshot beside what is alive.
#[must_use]
pub fn plan(
    snapshot: &Snapshot,
    live: &LiveState,
    facts: &Facts,
    policy: &Policy,
    selection: &Selection,
) -> Plan {
    let mut planner = Planner::new(snapshot, live, facts, policy, selection);
    planner.general();
    for session in &snapshot.state.sessions {
        planner.session(session);
    }
    planner.buffers();
    planner.finish()
}

struct Planner<'a> {
    snapshot: &'a Snapshot,
    live: &'a LiveState,
    facts: &'a Facts,
    policy: &'a Policy,
    selection: &'a Selection,
    plan: Plan,
    /// Names that are taken, by what is alive or by this plan.
    taken: BTreeSet<BString>,
    /// The session that founds each group.
    leaders: BTreeMap<&'a BString, SessionRef>,
    /// Tabs that are made, by tmux's number, for linking them into other sessions.
    tabs: BTreeMap<u32, (TabRef, &'a Tab)>,
    /// Rows of the preview that belong to the pane.
    rows: BTreeMap<PaneRef, usize>,
    /// Settings, hooks and variables of the session at hand that are not set again.
    left: Vec<String>,
    /// Steps of the later phases.
    arrange: Vec<Step>,
    switch: Vec<Step>,
    start: Vec<Step>,
    /// What is lost, by its weight.
    lost_programs: Vec<String>,
    lost_shells: Vec<String>,
}

fn reference(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn step(action: Action) -> Step {
    Step { action, note: None }
}

impl<'a> Planner<'a> {
    fn new(
        snapshot: &'a Snapshot,
        live: &'a LiveState,
        facts: &'a Facts,
        policy: &'a Policy,
        selection: &'a Selection,
    ) -> Self {
        Self {
            snapshot,
            live,
            facts,
            policy,
            selection,
            plan: Plan {
                snapshot: snapshot.meta.id,
                starts_server: live.server.is_none(),
                policy: policy.clone(),
                sessions: Vec::new(),
                tabs: Vec::new(),
                panes: Vec::new(),
                buffers: Vec::new(),
                steps: Vec::new(),
                items: Vec::new(),
                warnings: Vec::new(),
                loses: Vec::new(),
                fingerprint: live.fingerprint(&Reliance::default()),
                relies: Reliance {
                    server: live.server.as_ref().map(|server| server.pid),
                    ..Reliance::default()
                },
            },
            taken: live
                .state
                .sessions
                .iter()
                .flat_map(|session| [Some(&session.name), session.group.as_ref()])
                .flatten()
                .cloned()
                .collect(),
            leaders: BTreeMap::new(),
            tabs: BTreeMap::new(),
            rows: BTreeMap::new(),
            left: Vec::new(),
            arrange: Vec::new(),
            switch: Vec::new(),
            start: Vec::new(),
            lost_programs: Vec::new(),
            lost_shells: Vec::new(),
        }
    }

    /// What is to be known of the whole.
    fn general(&mut self) {
        let saved = &self.snapshot.meta.server.version;
        let now = self.live.server.as_ref().map(|server| &server.version);
        if let Some(now) = now.filter(|now| *now != saved) {
            self.plan.warnings.push(Warning {
                level: WarningLevel::Info,
                kind: "other version",
                component: "server".into(),
                issue: format!("the snapshot was made of version {saved}; the server is {now}"),
                fallback: "restored as far as both mean the same".into(),
                suggestion: "compare with `muxtape diff` afterwards".into(),
            });
        }
    }

    fn finish(mut self) -> Plan {
        self.plan.fingerprint = self.live.fingerprint(&self.plan.relies);
        if self.plan.steps.is_empty() {
            return self.plan;
        }
        self.plan.loses.append(&mut self.lost_programs);
        self.plan.loses.append(&mut self.lost_shells);
        self.plan.steps.append(&mut self.arrange);
        self.plan.steps.push(Step {
            action: Action::OpenGate,
            note: Some("every pane shows its saved text and starts its shell".into()),
        });
        self.switch
            .sort_by_key(|step| step.action.turn().unwrap_or(u8::MAX));
        self.plan.steps.append(&mut self.switch);
        self.start.sort_by_key(|step| step.action.order());
        self.plan.steps.append(&mut self.start);
        for (at, step) in self.plan.steps.iter().enumerate() {
            let row = match &step.action {
                Action::AddTab { tab } => {
                    let mut items = self.plan.items.iter();
                    items.position(|item| item.level == Level::Tab && item.tab == Some(*tab))
                }
                action => action.pane().and_then(|pane| self.rows.get(&pane).copied()),
            };
            if let Some(item) = row.and_then(|row| self.plan.items.get_mut(row)) {
                item.steps.push(at);
            }
        }
        self.plan
    }
}
