//! Thinks a restore through: pure and total. Whatever the snapshot and the live state hold, there
//! is a plan, and nothing of it touches anything that is alive but what a policy replaces or adds
//! to.
//!
//! Sessions are planned one after the other, and each adds to the rows of the preview and to what
//! is made: [`session`] decides what becomes of it, [`naming`] how it is called, [`tab`] which rows
//! its tabs have and which of them are shared, [`construction`] what a tab is made of, [`detail`]
//! which settings and modes are set again, [`merge`] what of it is missing in a living one. In
//! which steps the multiplexer does that is told by its [`Profile`].

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
use super::profile::Profile;
use super::reference::{About, SessionRef, TabRef};
use crate::model::snapshot::{ServerIdentity, Snapshot};
use crate::model::tree::{Tab, TabId};

/// Plans a restore of the chosen parts of a snapshot beside what is alive.
#[must_use]
pub fn plan(
    snapshot: &Snapshot,
    live: &LiveState,
    facts: &Facts,
    policy: &Policy,
    selection: &Selection,
    profile: &dyn Profile,
) -> Plan {
    let foreign = snapshot.meta.is_foreign() && !policy.trust;
    let of_foreign = foreign.then(|| policy.of_foreign());
    let policy = of_foreign.as_ref().unwrap_or(policy);
    let mut planner = Planner::new(snapshot, live, facts, policy, selection, profile, foreign);
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
    profile: &'a dyn Profile,
    plan: Plan,
    /// Names that are taken, by what is alive or by this plan.
    taken: BTreeSet<BString>,
    /// The session that founds each group.
    leaders: BTreeMap<&'a BString, SessionRef>,
    /// Tabs that are made, by their number in the snapshot, for linking them into other sessions.
    tabs: BTreeMap<TabId, (TabRef, &'a Tab)>,
    /// Settings, hooks and variables of the session at hand that are not set again.
    left: Vec<String>,
    /// What is lost, by its weight.
    lost_programs: Vec<String>,
    lost_shells: Vec<String>,
}

fn reference(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl<'a> Planner<'a> {
    fn new(
        snapshot: &'a Snapshot,
        live: &'a LiveState,
        facts: &'a Facts,
        policy: &'a Policy,
        selection: &'a Selection,
        profile: &'a dyn Profile,
        foreign: bool,
    ) -> Self {
        Self {
            snapshot,
            live,
            facts,
            policy,
            selection,
            profile,
            plan: Plan {
                snapshot: snapshot.meta.id,
                foreign,
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
                    server: live.server.as_ref().and_then(ServerIdentity::pid),
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
            left: Vec::new(),
            lost_programs: Vec::new(),
            lost_shells: Vec::new(),
        }
    }

    /// What is to be known of the whole.
    fn general(&mut self) {
        if self.plan.foreign {
            self.plan.warnings.push(Warning {
                level: WarningLevel::Warning,
                kind: "imported",
                component: "snapshot".into(),
                issue: "it was imported, and what is in it may come from anybody".into(),
                fallback:
                    "programs are typed at the most; settings, variables, hooks, paste buffers and \
                           options of shells are left out"
                        .into(),
                suggestion: "restore with --trust to treat it as your own".into(),
            });
        }
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
        if self.plan.is_empty() {
            return self.plan;
        }
        self.plan.loses.append(&mut self.lost_programs);
        self.plan.loses.append(&mut self.lost_shells);
        for (at, (step, rows)) in self.profile.steps(&self.plan).into_iter().enumerate() {
            self.plan.steps.push(step);
            let rows: Vec<usize> = rows.into_iter().filter_map(|row| self.row(row)).collect();
            for row in rows {
                if let Some(item) = self.plan.items.get_mut(row) {
                    item.steps.push(at);
                }
            }
        }
        self.plan
    }

    /// The row of the preview that a step belongs to.
    fn row(&self, of: About) -> Option<usize> {
        let mut items = self.plan.items.iter();
        match of {
            About::Pane(pane) => items.position(|item| item.pane == Some(pane)),
            About::Session(at) => {
                let from = &self.plan.session(at)?.from;
                items.position(|item| item.level == Level::Session && item.target.session == *from)
            }
            About::Tab(at, tab) => {
                let from = &self.plan.session(at)?.from;
                items.position(|item| {
                    item.level == Level::Tab
                        && item.tab == Some(tab)
                        && item.target.session == *from
                })
            }
        }
    }
}
