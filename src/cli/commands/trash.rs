//! `muxtape trash`

use std::collections::BTreeSet;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::Role;
use crate::cli::views::{self, ListView};
use crate::model::{Millis, SnapshotId, SnapshotMeta};

const LIST: &str = "`muxtape trash list` shows what is in it";

/// List, restore or empty the trash
///
/// `muxtape undo` takes the last deletion back. The next prune removes what has been in the trash
/// for longer than retention.trash_days.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Trash {
    #[command(subcommand)]
    action: TrashAction,
}

#[derive(Debug, clap::Subcommand)]
enum TrashAction {
    /// List what is in the trash
    List,
    /// Bring snapshots back
    Restore {
        /// The snapshots, by a prefix of their ids
        #[arg(required = true, value_name = "SNAP")]
        snaps: Vec<String>,
    },
    /// Delete everything in the trash for good
    Empty,
}

impl Trash {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let trashed = context.host.store().trashed()?;
        match &self.action {
            TrashAction::List => {
                let views: Vec<ListView> = trashed
                    .iter()
                    .map(|(meta, _)| ListView::new(meta))
                    .collect();
                let now = context.zoned();
                context.output.answer("trash.list", &views, |out| {
                    let line = |(meta, since): &(SnapshotMeta, Millis)| {
                        let id = out.paint(Role::Strong, &meta.id.short());
                        let (made, gone) =
                            (views::when(meta.time, &now), views::when(*since, &now));
                        format!("{id}  {made}  {}  deleted {gone}", meta.cause)
                    };
                    trashed.iter().map(line).collect()
                })?;
            }
            TrashAction::Restore { snaps } => {
                let ids = snaps.iter().map(|snap| named(snap, &trashed));
                let ids: BTreeSet<_> = ids.collect::<Result<_, _>>()?;
                let ids: Vec<SnapshotId> = ids.into_iter().collect();
                context.host.untrash(&ids)?;
                let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
                let what = views::count(ids.len() as u64, "snapshot");
                context.output.answer(
                    "trash.restore",
                    &serde_json::json!({ "restored": names }),
                    |_| vec![format!("{what} back from the trash")],
                )?;
            }
            TrashAction::Empty => {
                let what = views::count(trashed.len() as u64, "snapshot");
                if trashed.is_empty() {
                    return Err(CliError::new(Exit::NotFound, "the trash is empty"));
                }
                context.confirmed(
                    &format!("Delete {what} for good?"),
                    "the trash was not emptied",
                    "say --yes to empty it without being asked",
                )?;
                context.host.empty_trash()?;
                context.output.answer(
                    "trash.empty",
                    &serde_json::json!({ "deleted": trashed.len() }),
                    |_| vec![format!("{what} deleted for good")],
                )?;
            }
        }
        Ok(Exit::Ok)
    }
}

/// The one snapshot in the trash whose id begins like this.
fn named(snap: &str, trashed: &[(SnapshotMeta, Millis)]) -> Result<SnapshotId, CliError> {
    let ranges = SnapshotId::prefix_ranges(snap);
    if ranges.is_empty() {
        let message = format!("{snap:?} is not the beginning of an id");
        return Err(CliError::new(Exit::Usage, message).hint(LIST));
    }
    let ids = trashed.iter().map(|(meta, _)| meta.id);
    let mut fitting = ids.filter(|id| ranges.iter().any(|(low, high)| (low..=high).contains(&id)));
    match (fitting.next(), fitting.next()) {
        (Some(id), None) => Ok(id),
        (None, _) => {
            let message = format!("no snapshot {snap:?} is in the trash");
            Err(CliError::new(Exit::NotFound, message).hint(LIST))
        }
        (Some(_), Some(_)) => {
            let message = format!("several snapshots in the trash start with {snap:?}");
            Err(CliError::new(Exit::Usage, message).hint(LIST))
        }
    }
}
