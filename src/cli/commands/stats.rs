//! `muxtape stats`

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::Lack;
use crate::cli::views;
use crate::store;

/// Show figures about the store
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Stats {}

impl Stats {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let store = context.host.store();
        let stats = store.stats()?;
        let waiting = store.waiting()?;
        let data = serde_json::json!({
            "snapshots": stats.snapshots,
            "damaged": stats.damaged,
            "sessions": stats.sessions,
            "lives": stats.lives,
            "trash": stats.trash,
            "store_bytes": stats.store_bytes,
            "record_bytes": stats.record_bytes,
            "logical_bytes": stats.logical_bytes,
            "dedup_ratio": stats.dedup_ratio(),
            "growth_per_day": stats.growth_per_day,
            "objects": stats.objects,
            "redactions": redactions(&stats),
            "kept_aside": waiting,
            "oldest": stats.oldest.map(views::rfc3339),
            "newest": stats.newest.map(views::rfc3339),
        });
        let now = context.zoned();
        let lacks = Lack::damaged_snapshots(stats.damaged);
        context.output.answer_with("stats", &data, &lacks, |_| {
            let ratio = stats.dedup_ratio();
            let ratio = ratio.map_or_else(String::new, |ratio| format!("  ({ratio:.1}×)"));
            let mut lines = vec![
                format!("snapshots  {}", stats.snapshots),
                format!("sessions   {}", stats.sessions),
                format!("lives      {}", stats.lives),
                format!("trash      {}", stats.trash),
                format!("on disk    {}", views::bytes(stats.store_bytes)),
                format!("stored     {}", views::bytes(stats.record_bytes)),
                format!("raw        {}{ratio}", views::bytes(stats.logical_bytes)),
                format!("objects    {}", stats.objects),
            ];
            lines.extend(hidden(&stats));
            if waiting > 0 {
                lines.push(format!("waiting in the spool {waiting}"));
            }
            if let Some(growth) = stats.growth_per_day {
                lines.push(format!("growth     {} a day", views::bytes(growth)));
            }
            if let (Some(oldest), Some(newest)) = (stats.oldest, stats.newest) {
                let (oldest, newest) = (views::when(oldest, &now), views::when(newest, &now));
                lines.push(format!("from       {oldest} to {newest}"));
            }
            lines
        })?;
        Ok(Exit::Ok)
    }
}

/// A rule about secrets that found something.
#[derive(Debug, Serialize)]
struct RuleView {
    rule: String,
    /// Places in the newest snapshot.
    newest: u32,
    /// Snapshots in which it found something.
    snapshots: u64,
}

fn redactions(stats: &store::Stats) -> Vec<RuleView> {
    let view = |rule: &store::RuleFigures| RuleView {
        rule: rule.rule.clone(),
        newest: rule.newest,
        snapshots: rule.snapshots,
    };
    stats.redactions.iter().map(view).collect()
}

/// A line for each rule. Snapshots are not added up: what stays on a screen is in each of them.
fn hidden(stats: &store::Stats) -> Vec<String> {
    let line = |(at, rule): (usize, &store::RuleFigures)| {
        let name = if at == 0 { "hidden" } else { "" };
        let places = views::count(rule.newest.into(), "place");
        let rest = views::count(rule.snapshots, "snapshot");
        format!(
            "{name:<10} {}: {places} in the newest, in {rest}",
            rule.rule
        )
    };
    stats.redactions.iter().enumerate().map(line).collect()
}
