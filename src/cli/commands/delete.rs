//! `muxtape delete`

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::views;
use crate::model::SnapshotId;

/// Move snapshots to the trash
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Delete {
    /// The snapshots
    #[arg(required = true, value_name = "SNAP")]
    snaps: Vec<String>,
}

impl Delete {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let metas = context.find_all(&self.snaps)?;
        let ids: Vec<SnapshotId> = metas.iter().map(|meta| meta.id).collect();
        if metas.iter().any(|meta| meta.pinned) && !context.global.yes {
            return Err(
                CliError::new(Exit::Refused, "a pinned snapshot is among them")
                    .hint("unpin it first (muxtape unpin SNAP), or say --yes"),
            );
        }
        let what = views::count(ids.len() as u64, "snapshot");
        if ids.len() > 1 {
            context.confirmed(
                &format!("Move {what} to the trash?"),
                &format!("{what} not deleted"),
                "say --yes to delete several at once without being asked",
            )?;
        }
        context.host.trash(&ids)?;
        let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
        context
            .output
            .answer("delete", &serde_json::json!({ "trashed": names }), |_| {
                vec![format!(
                    "{what} in the trash; `muxtape trash restore` brings back"
                )]
            })?;
        Ok(Exit::Ok)
    }
}
