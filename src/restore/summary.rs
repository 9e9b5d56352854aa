//! From what was built to the report.

use super::built::Built;
use super::plan::{Item, Level, Outlook, Plan, Start, WarningLevel};
use super::report::{Outcome, Report, Row, Status};
use crate::model::ansi::label;
use crate::model::id::SnapshotId;
use crate::restore::reference::{PaneRef, TabRef};

/// The report of a restore; the time that it took and the server are filled in by the caller.
pub(super) fn report(plan: &Plan, built: &Built, undo: Option<SnapshotId>) -> Report {
    // A tab that only held a pane until it was in its living tab is none.
    let tabs: Vec<TabRef> = (0u32..)
        .map(TabRef)
        .zip(&plan.tabs)
        .filter(|(_, tab)| tab.joins.is_none())
        .map(|(at, _)| at)
        .collect();
    let restored = tabs.iter().filter(|tab| built.tabs.contains_key(tab));
    let tabs_restored = restored.count();
    let starting = |start| {
        let panes = (0u32..).map(PaneRef).zip(&plan.panes);
        panes
            .filter(|(at, pane)| {
                pane.start == start
                    && built.panes.contains_key(at)
                    && !built.untyped.contains(at)
                    && !built.silent.contains(at)
                    && !built.begun.contains(at)
            })
            .count()
    };
    let mut errors: Vec<String> = built
        .failed
        .iter()
        .filter_map(|(pane, why)| Some(format!("{}: {why}", plan.pane(*pane)?.target)))
        .collect();
    errors.extend(built.errors.iter().cloned());
    let panes_restored = built.panes.len();
    let panes_failed = plan.panes.len().saturating_sub(panes_restored);
    Report {
        status: match (panes_restored, panes_failed, errors.is_empty()) {
            (0, _, _) => Status::Failed,
            (_, 0, true) => Status::Success,
            _ => Status::Partial,
        },
        snapshot: plan.snapshot,
        sessions: built.made.clone(),
        tabs_restored,
        tabs_failed: tabs.len().saturating_sub(tabs_restored),
        panes_restored,
        panes_failed,
        programs_run: starting(Start::Run),
        programs_typed: starting(Start::Type),
        warnings: plan
            .warnings
            .iter()
            .chain(&built.warnings)
            .cloned()
            .collect(),
        errors,
        replaced: plan.replaced().into_iter().cloned().collect(),
        panes: built.made_panes.clone(),
        server: None,
        undo,
        duration_ms: 0,
        rows: plan
            .items
            .iter()
            .map(|item| row(plan, built, item))
            .collect(),
    }
}

fn row(plan: &Plan, built: &Built, item: &Item) -> Row {
    let component = item.target.to_string();
    let own = item.warnings.iter().filter_map(|at| plan.warnings.get(*at));
    let later = built.warnings.iter();
    let warnings: Vec<_> = own
        .chain(later.filter(|warning| warning.component == component))
        .collect();
    let mut more: Vec<String> = warnings
        .iter()
        .map(|warning| format!("{}; {}", warning.issue, warning.fallback))
        .collect();
    let failed = item.pane.and_then(|pane| built.failed.get(&pane));
    more.extend(failed.cloned());
    let made = built
        .made
        .iter()
        .find(|made| made.from == item.target.session);
    let outcome = if item.outlook == Outlook::Skip {
        Outcome::Skipped
    } else if failed.is_some()
        || item.level == Level::Session && made.is_none() && item.outlook != Outlook::Merge
        || item.level == Level::Tab && item.tab.is_some_and(|tab| !built.tabs.contains_key(&tab))
    {
        Outcome::Failed
    } else if warnings
        .iter()
        .any(|warning| warning.level == WarningLevel::Warning)
    {
        Outcome::Warned
    } else {
        Outcome::Done
    };
    let detail = match (outcome, item.level) {
        (Outcome::Failed, _) => more
            .last()
            .cloned()
            .unwrap_or_else(|| "could not be made".into()),
        (Outcome::Done, Level::Session) => made.map_or_else(String::new, |made| {
            if made.to == made.from {
                made.called.clone()
            } else {
                format!("as {}, {}", label(&made.to), made.called)
            }
        }),
        (Outcome::Done, Level::Pane) => match item.start {
            Some(Start::Run) => format!("{}, started", item.detail),
            Some(Start::Type) => format!("{}, typed", item.detail),
            _ => item.detail.clone(),
        },
        (Outcome::Warned, _) => more.first().cloned().unwrap_or_default(),
        _ => item.detail.clone(),
    };
    Row {
        level: item.level,
        target: item.target.clone(),
        label: item.label.clone(),
        outcome,
        detail,
        start: item.start,
        more,
    }
}
