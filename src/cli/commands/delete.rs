//! `muxtape delete`

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::confirm;
use crate::cli::views;

/// Move snapshots to the trash
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Delete {
    /// The snapshots
    #[arg(required = true, value_name = "SNAP")]
    snaps: Vec<String>,
}

impl Delete {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let metas: Vec<_> = self
            .snaps
            .iter()
            .map(|snap| context.find(snap, None))
            .collect::<Result<_, _>>()?;
        let ids = views::each_once(metas.iter().map(|meta| meta.id));
        if metas.iter().any(|meta| meta.pinned) && !context.global.yes {
            return Err(
                CliError::new(Exit::Refused, "a pinned snapshot is among them")
                    .hint("unpin it first (muxtape unpin SNAP), or say --yes"),
            );
        }
        let what = views::count(ids.len() as u64, "snapshot");
        if ids.len() > 1 && !context.global.yes && !confirm(&format!("Move {what} to the trash?")) {
            return Err(
                CliError::new(Exit::Refused, format!("{what} not deleted: not confirmed"))
                    .hint("say --yes to delete several at once without being asked"),
            );
        }
        context.store().trash(&ids, context.now())?;
        context.note(|tell| tell.deleted(&ids));
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
