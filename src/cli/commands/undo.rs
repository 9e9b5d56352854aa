//! `muxtape undo`

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::Role;
use crate::cli::views::{self, count};
use crate::model::SnapshotId;
use crate::model::ansi::label;
use crate::ops::{RestoreUndone, Reversible, ReversibleKind};
use crate::restore::undo::Undoable;
use crate::restore::{Made, Within};

/// Take back the last restore or delete
///
/// Undoing a restore closes exactly the sessions, tabs and panes that it made, and brings back the
/// sessions that it replaced from its undo point. It leaves alone what was renamed, moved or
/// restarted since, and what was made on a server that has ended. Undoing a delete brings the
/// snapshots back from the trash. Repeat the command to undo earlier ones on this server. Pruned
/// snapshots and an emptied trash do not come back.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Undo {
    /// List what can be undone, newest first, and undo nothing
    #[arg(long)]
    list: bool,
}

/// What is said where nothing is left.
const LAST: &str = "that was the last session of the server, which ends with it";

#[derive(Debug, Serialize)]
struct DoneView {
    kind: &'static str,
    at: String,
    sessions: Vec<String>,
    snapshots: Vec<String>,
}

#[derive(Debug, Serialize)]
struct LeftView {
    session: String,
    reason: String,
}

#[derive(Debug, Default, Serialize)]
struct UndoneView {
    kind: &'static str,
    closed: Vec<String>,
    panes: Vec<String>,
    back: Vec<String>,
    left: Vec<LeftView>,
    snapshots: Vec<String>,
    was_last: bool,
}

impl Undo {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let mut done = context.host.reversible()?;
        if done.is_empty() {
            return Err(CliError::new(
                Exit::NotFound,
                "there is no restore or delete to take back",
            ));
        }
        if self.list {
            return list(context, &done);
        }
        match done.remove(0).what {
            ReversibleKind::Restore(made) => close(context, &made),
            ReversibleKind::Delete(ids) => bring_back(context, &ids),
        }
    }
}

fn list(context: &Context, done: &[Reversible]) -> Result<Exit, CliError> {
    let view = |one: &Reversible| {
        let (kind, sessions, snapshots) = match &one.what {
            ReversibleKind::Restore(made) => ("restore", parts(made), Vec::new()),
            ReversibleKind::Delete(ids) => ("delete", Vec::new(), texts(ids)),
        };
        DoneView {
            kind,
            at: views::rfc3339(one.at),
            sessions,
            snapshots,
        }
    };
    let views: Vec<DoneView> = done.iter().map(view).collect();
    let now = context.zoned();
    context.output.answer("undo.list", &views, |out| {
        let line = |one: &Reversible| {
            let what = match &one.what {
                ReversibleKind::Restore(made) => format!("restore  {}", parts(made).join(", ")),
                ReversibleKind::Delete(ids) => {
                    let ids: Vec<String> = ids.iter().map(|id| id.short()).collect();
                    format!("delete   {}", ids.join(", "))
                }
            };
            let at = views::when(one.at, &now);
            format!("{}  {what}", out.paint(Role::Faint, &at))
        };
        done.iter().map(line).collect()
    })?;
    Ok(Exit::Ok)
}

/// Takes back what a restore made.
fn close(context: &Context, made: &Undoable) -> Result<Exit, CliError> {
    ask(context, made)?;
    let RestoreUndone { undone, remembered } = context.host.undo(made)?;
    let left = undone.left.iter().map(|(what, why)| LeftView {
        session: what.clone(),
        reason: why.to_string(),
    });
    let panes = undone.panes.iter().map(|pane| pane.target.to_string());
    let view = UndoneView {
        kind: "restore",
        closed: names(&undone.closed),
        panes: panes.collect(),
        back: names(&undone.back),
        left: left.collect(),
        was_last: undone.was_last,
        ..UndoneView::default()
    };
    context.output.answer("undo", &view, |out| {
        let closed = view.closed.iter().chain(&view.panes);
        let back = view.back.iter();
        let left = view.left.iter();
        let last = view.was_last.then(|| LAST.to_owned());
        closed
            .map(|name| out.paint(Role::Removed, &format!("closed {name}")))
            .chain(back.map(|name| out.paint(Role::Added, &format!("{name} is back"))))
            .chain(left.map(|left| format!("left alone {}: {}", left.session, left.reason)))
            .chain(last)
            .collect()
    })?;
    if let Some(error) = remembered {
        return Err(error.into());
    }
    let nothing = undone.closed.is_empty() && undone.panes.is_empty() && undone.back.is_empty();
    Ok(match (nothing, undone.left.is_empty()) {
        (_, true) => Exit::Ok,
        (false, false) => Exit::Partial,
        (true, false) => Exit::NotFound,
    })
}

/// Brings snapshots back from the trash. Nothing is lost by that, so nobody is asked.
fn bring_back(context: &Context, ids: &[SnapshotId]) -> Result<Exit, CliError> {
    let metas = context.host.untrash(ids)?;
    let view = UndoneView {
        kind: "delete",
        snapshots: texts(ids),
        ..UndoneView::default()
    };
    context.output.answer("undo", &view, |out| {
        let line = |id: &SnapshotId| format!("{} is back", out.paint(Role::Strong, &id.short()));
        metas.iter().map(|meta| line(&meta.id)).collect()
    })?;
    Ok(Exit::Ok)
}

fn names(sessions: &[Made]) -> Vec<String> {
    sessions.iter().map(|made| label(&made.to)).collect()
}

fn texts(ids: &[SnapshotId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// What a restore made, by name: sessions, and panes that it added to others.
fn parts(made: &Undoable) -> Vec<String> {
    let added = made.panes.iter();
    let added = added.filter(|pane| !matches!(pane.within, Within::Own(_)));
    let added = added.map(|pane| pane.target.to_string());
    names(&made.sessions).into_iter().chain(added).collect()
}

fn ask(context: &Context, made: &Undoable) -> Result<(), CliError> {
    let parts = parts(made);
    let what = match made.sessions.len() {
        0 => count(parts.len() as u64, "pane"),
        sessions => count(sessions as u64, "session"),
    };
    let back = match made.replaced.as_slice() {
        [] => String::new(),
        names => {
            let names: Vec<String> = names.iter().map(|name| label(name)).collect();
            format!(", and bring back what was {} before", names.join(", "))
        }
    };
    let parts = parts.join(", ");
    let question = format!("Close {what} and what runs there: {parts}{back}?");
    let hint = "say --yes to close without being asked, --list to see which";
    context.confirmed(&question, &format!("{what} not closed"), hint)
}
