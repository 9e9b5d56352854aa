//! `muxtape prune`

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::{Output, Role};
use crate::cli::views::{self, count};
use crate::model::ansi::label;
use crate::model::{SnapshotId, SnapshotMeta};
use crate::store::{KeepReason, PrunePlan, Pruned, Query, RemoveReason, Verdict};

/// Apply retention: remove the snapshots that the settings do not keep
///
/// The recorder does the same by itself. Removed are automatic snapshots and undo points beyond the
/// configured counts and ages, and what has been in the trash for long enough. Always kept are
/// pinned snapshots, the newest of every session and of every life of a server, and those of a
/// crash whose recovery is still open. Manual, named, tagged and archived ones are kept unless the
/// quota may remove them. Pruned snapshots do not go to the trash. A wrong clock removes nothing.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Prune {
    /// Show for every snapshot whether it stays and why, and remove nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Serialize)]
struct PlanView {
    dry_run: bool,
    snapshots: Vec<SnapshotView>,
    removed: usize,
    kept: usize,
    trash: Vec<String>,
    more: bool,
    spare_bytes: u64,
}

#[derive(Debug, Serialize)]
struct SnapshotView {
    id: String,
    name: Option<String>,
    created_at: Option<String>,
    cause: Option<String>,
    sessions: Vec<String>,
    action: &'static str,
    reasons: Vec<ReasonView>,
}

#[derive(Debug, Serialize)]
struct ReasonView {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
}

#[derive(Debug, Serialize)]
struct PrunedView {
    dry_run: bool,
    removed: Vec<RemovedView>,
    kept: usize,
    trash: usize,
    more: bool,
    spare_bytes: u64,
}

#[derive(Debug, Serialize)]
struct RemovedView {
    id: String,
    reason: &'static str,
}

impl Prune {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let plan = context.host.plan_prune()?;
        if self.dry_run {
            return show(context, &plan);
        }
        let what = what(removed(&plan).count(), plan.trash.len());
        let Some(what) = what else {
            return Err(
                CliError::new(Exit::NotFound, "nothing is beyond what is to be kept")
                    .hint("`muxtape prune --dry-run` tells why each snapshot stays"),
            );
        };
        context.confirmed(
            &format!("Remove {what} for good?"),
            "nothing was removed",
            "say --yes to prune without being asked, --dry-run to see what would go",
        )?;
        tell(context, &context.host.prune()?)
    }
}

fn removed(plan: &PrunePlan) -> impl Iterator<Item = RemoveReason> {
    let verdicts = plan.snapshots.iter();
    verdicts.filter_map(|(_, verdict)| match verdict {
        Verdict::Remove(reason) => Some(*reason),
        Verdict::Keep(_) => None,
    })
}

/// What goes, in words; nothing where nothing does.
fn what(snapshots: usize, trash: usize) -> Option<String> {
    let snapshots = (snapshots > 0).then(|| count(snapshots as u64, "snapshot"));
    let trash = (trash > 0).then(|| format!("{} in the trash", count(trash as u64, "snapshot")));
    match (snapshots, trash) {
        (Some(snapshots), Some(trash)) => Some(format!("{snapshots}, and {trash},")),
        (one, other) => one.or(other),
    }
}

/// Where the file is larger than its quota because of free space in it.
fn spare(bytes: u64) -> Option<String> {
    let words = || {
        let free = views::bytes(bytes);
        format!("{free} of the file are free: `muxtape compact` gives them back to the disk")
    };
    (bytes > 0).then(words)
}

fn show(context: &Context, plan: &PrunePlan) -> Result<Exit, CliError> {
    let all = Query {
        archived: true,
        ..Query::default()
    };
    let metas = context.host.store().list(&all)?.into_iter();
    let metas: BTreeMap<SnapshotId, SnapshotMeta> = metas.map(|meta| (meta.id, meta)).collect();
    let gone = removed(plan).count();
    let view = PlanView {
        dry_run: true,
        snapshots: plan
            .snapshots
            .iter()
            .map(|(id, verdict)| snapshot_view(*id, metas.get(id), verdict))
            .collect(),
        removed: gone,
        kept: plan.snapshots.len().saturating_sub(gone),
        trash: plan.trash.iter().map(ToString::to_string).collect(),
        more: plan.more,
        spare_bytes: plan.spare,
    };
    let now = context.zoned();
    context.output.answer("prune", &view, |out| {
        let line = |(id, verdict): &(SnapshotId, Verdict)| {
            let told = metas.get(id).map_or_else(String::new, |meta| {
                let sessions = meta.sessions.iter().map(|session| label(&session.name));
                let sessions = sessions.collect::<Vec<_>>().join(", ");
                format!(
                    "{}  {}  {sessions}",
                    views::when(meta.time, &now),
                    meta.cause
                )
            });
            let id = out.paint(Role::Strong, &id.short());
            format!("{id}  {told}  {}", words(verdict, out))
        };
        let mut lines: Vec<String> = plan.snapshots.iter().map(line).collect();
        let stay = count(view.kept as u64, "snapshot");
        lines.push(match what(gone, plan.trash.len()) {
            Some(what) => format!("would remove {what} for good; {stay} would stay"),
            None => format!("nothing would be removed; {stay} would stay"),
        });
        if plan.more {
            lines.push("more would go in the next run".to_owned());
        }
        lines.extend(spare(plan.spare));
        lines
    })?;
    Ok(Exit::Ok)
}

fn words(verdict: &Verdict, out: &Output) -> String {
    match verdict {
        Verdict::Remove(reason) => out.paint(Role::Removed, &format!("- remove: {reason}")),
        Verdict::Keep(reasons) => {
            let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
            format!("keep: {}", reasons.join(", "))
        }
    }
}

fn snapshot_view(id: SnapshotId, meta: Option<&SnapshotMeta>, verdict: &Verdict) -> SnapshotView {
    let (action, reasons) = match verdict {
        Verdict::Keep(reasons) => ("keep", reasons.iter().map(keep_view).collect()),
        Verdict::Remove(reason) => (
            "remove",
            vec![ReasonView {
                kind: remove_kind(*reason),
                session: None,
            }],
        ),
    };
    let sessions = meta.into_iter().flat_map(|meta| &meta.sessions);
    SnapshotView {
        id: id.to_string(),
        name: meta.and_then(|meta| meta.name.clone()),
        created_at: meta.map(|meta| views::rfc3339(meta.time)),
        cause: meta.map(|meta| meta.cause.to_string()),
        sessions: sessions.map(|session| session.name.to_string()).collect(),
        action,
        reasons,
    }
}

fn keep_view(reason: &KeepReason) -> ReasonView {
    use crate::store::Count;
    let (kind, session) = match reason {
        KeepReason::Pinned => ("pinned", None),
        KeepReason::NewestOfSession(session) => ("newest_of_session", Some(session)),
        KeepReason::NewestOfLife => ("newest_of_life", None),
        KeepReason::LostLife => ("lost_life", None),
        KeepReason::Manual => ("manual", None),
        KeepReason::Imported => ("imported", None),
        KeepReason::Named => ("named", None),
        KeepReason::Tagged => ("tagged", None),
        KeepReason::Archived => ("archived", None),
        KeepReason::Counted(Count::Last, session) => ("last", session.as_ref()),
        KeepReason::Counted(Count::Hourly, session) => ("hourly", session.as_ref()),
        KeepReason::Counted(Count::Daily, session) => ("daily", session.as_ref()),
        KeepReason::Counted(Count::Weekly, session) => ("weekly", session.as_ref()),
        KeepReason::Counted(Count::Monthly, session) => ("monthly", session.as_ref()),
        KeepReason::UndoPoint => ("undo_point", None),
        KeepReason::NextRun => ("next_run", None),
    };
    ReasonView {
        kind,
        session: session.map(ToString::to_string),
    }
}

fn remove_kind(reason: RemoveReason) -> &'static str {
    match reason {
        RemoveReason::BeyondCounts => "beyond_counts",
        RemoveReason::TooOld => "too_old",
        RemoveReason::OverQuota => "over_quota",
    }
}

fn tell(context: &Context, pruned: &Pruned) -> Result<Exit, CliError> {
    let removed = pruned.removed.iter();
    let view = PrunedView {
        dry_run: false,
        removed: removed
            .map(|(id, reason)| RemovedView {
                id: id.to_string(),
                reason: remove_kind(*reason),
            })
            .collect(),
        kept: pruned.kept,
        trash: pruned.trash,
        more: pruned.more,
        spare_bytes: pruned.spare,
    };
    context.output.answer("prune", &view, |_| {
        let what = what(pruned.removed.len(), pruned.trash);
        let what = what.unwrap_or_else(|| "nothing".to_owned());
        let stay = count(pruned.kept as u64, "snapshot");
        let mut lines = vec![format!("removed {what} for good; {stay} left")];
        if pruned.more {
            lines.push("more can go: run it again".to_owned());
        }
        lines.extend(spare(pruned.spare));
        lines
    })?;
    Ok(Exit::Ok)
}
