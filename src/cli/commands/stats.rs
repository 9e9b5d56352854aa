//! `muxtape stats`

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::views;

/// Numbers about the store
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Stats {}

impl Stats {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let stats = context.store().stats()?;
        let data = serde_json::json!({
            "snapshots": stats.snapshots,
            "sessions": stats.sessions,
            "trash": stats.trash,
            "store_bytes": stats.store_bytes,
            "logical_bytes": stats.logical_bytes,
            "objects": stats.objects,
            "oldest": stats.oldest.map(views::rfc3339),
            "newest": stats.newest.map(views::rfc3339),
        });
        let now = context.zoned();
        context.output.answer("stats", &data, |_| {
            let ratio = stats.logical_bytes as f64 / (stats.store_bytes.max(1)) as f64;
            let mut lines = vec![
                format!("snapshots  {}", stats.snapshots),
                format!("sessions   {}", stats.sessions),
                format!("trash      {}", stats.trash),
                format!("on disk    {}", views::bytes(stats.store_bytes)),
                format!(
                    "raw        {}  ({ratio:.1}×)",
                    views::bytes(stats.logical_bytes)
                ),
                format!("objects    {}", stats.objects),
            ];
            if let (Some(oldest), Some(newest)) = (stats.oldest, stats.newest) {
                let (oldest, newest) = (views::when(oldest, &now), views::when(newest, &now));
                lines.push(format!("from       {oldest} to {newest}"));
            }
            lines
        })?;
        Ok(Exit::Ok)
    }
}
