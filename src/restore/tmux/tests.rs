//! Steps and commands for any plan.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::TmuxProfile;
use super::step::Action;
use super::steps::steps;
use crate::model::testing::{any_state, in_life};
use crate::restore::reference::PaneRef;
use crate::restore::report::Phase;
use crate::restore::tests::{
    any_facts, any_policy, foreign_plans_do_nothing, grouped, imported, server, snapshot,
};
use crate::restore::{LiveState, Selection, plan};

proptest! {
    #[test]
    fn the_steps_make_what_is_planned_in_order(
        saved in any_state(),
        alive in any_state(),
        runs: bool,
        mask: u8,
        (policy, facts) in (any_policy(), any_facts()),
    ) {
        let live = if runs {
            LiveState {
                server: Some(server(2, "a")),
                state: in_life(alive, 2),
                ..LiveState::default()
            }
        } else {
            LiveState::default()
        };
        let mut snapshot = snapshot(grouped(saved, mask));
        let all = Selection::all();
        let profile = TmuxProfile::of("3.5");
        let plan = plan(&snapshot, &live, &facts, &policy, &all, &profile);
        let steps = steps(&plan);
        prop_assert_eq!(steps.len(), plan.steps.len());
        prop_assert_eq!(steps.is_empty(), plan.is_empty());

        // Every pane is made once.
        let made: Vec<PaneRef> = steps.iter().filter_map(|step| step.action.makes()).collect();
        let all: BTreeSet<PaneRef> = (0u32..).map(PaneRef).take(plan.panes.len()).collect();
        prop_assert_eq!(made.len(), plan.panes.len());
        prop_assert_eq!(made.into_iter().collect::<BTreeSet<_>>(), all);

        // Phases come in order, and steps name only what the plan makes.
        let phases: Vec<Phase> = steps.iter().map(|step| step.action.phase()).collect();
        prop_assert!(phases.is_sorted());
        let turns: Vec<u8> = steps.iter().filter_map(|step| step.action.turn()).collect();
        prop_assert!(turns.is_sorted());
        for step in &plan.steps {
            prop_assert!(step.action == "open_gate" || !step.command.is_empty(), "{:?}", step);
            prop_assert!(!step.target.is_empty(), "{:?}", step);
            prop_assert!(!step.command.contains("-t '='") && !step.command.contains("-t =:"), "{:?}", step);
        }
        let mut foreign = snapshot.clone();
        imported(&mut foreign);
        let foreign = crate::restore::plan(&foreign, &live, &facts, &policy, &Selection::all(), &profile);
        for step in super::steps::steps(&foreign) {
            let acts = match &step.action {
                Action::TypeCommand { run, .. } => *run,
                Action::Hooks { .. } | Action::Environment { .. } | Action::AddBuffer { .. } => true,
                _ => false,
            };
            prop_assert!(!acts, "{:?}", step);
        }
        foreign_plans_do_nothing(&mut snapshot, &live, &facts, &policy, &Selection::all(), &profile)?;
    }
}
