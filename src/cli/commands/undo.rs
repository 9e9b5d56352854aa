//! `muxtape undo`

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::{Role, confirm};
use crate::cli::views::{self, count};
use crate::model::ansi::label;
use crate::model::{Millis, SnapshotId};
use crate::restore::Made;
use crate::restore::undo::{Undoable, forget, recall, undo};

/// Take back the last restore or delete
///
/// Of a restore it closes exactly the sessions that it made; one that was renamed since, or whose server has
/// ended, is left alone. Of a delete it brings the snapshots back from the trash. Said again, it takes back
/// what came before. What was pruned, or emptied out of the trash, does not come back.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Undo {
    /// Say what can be taken back, the newest first, and take nothing back
    #[arg(long)]
    list: bool,
}

/// Something that can be taken back.
enum Done {
    Restored(Undoable),
    /// Snapshots that were thrown away together.
    Deleted(Vec<SnapshotId>),
}

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

#[derive(Debug, Serialize)]
struct UndoneView {
    kind: &'static str,
    closed: Vec<String>,
    left: Vec<LeftView>,
    snapshots: Vec<String>,
}

impl Undo {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let mut done = done(context)?;
        if done.is_empty() {
            return Err(CliError::new(
                Exit::NotFound,
                "there is no restore or delete to take back",
            ));
        }
        if self.list {
            return list(context, &done);
        }
        match done.remove(0).1 {
            Done::Restored(made) => close(context, &made),
            Done::Deleted(ids) => bring_back(context, &ids),
        }
    }
}

/// What can be taken back, the newest first. Whatever was thrown away at one moment was one delete.
fn done(context: &Context) -> Result<Vec<(Millis, Done)>, CliError> {
    let mut deleted: BTreeMap<Millis, Vec<SnapshotId>> = BTreeMap::new();
    for (meta, since) in context.store().trashed()? {
        deleted.entry(since).or_default().push(meta.id);
    }
    let deleted = deleted.into_iter();
    let mut done: Vec<_> = deleted.map(|(at, ids)| (at, Done::Deleted(ids))).collect();
    if let Some((made, at)) = recall(&context.paths.state)? {
        done.push((at, Done::Restored(made)));
    }
    done.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    Ok(done)
}

fn list(context: &Context, done: &[(Millis, Done)]) -> Result<Exit, CliError> {
    let view = |(at, done): &(Millis, Done)| {
        let (kind, sessions, snapshots) = match done {
            Done::Restored(made) => ("restore", names(&made.sessions), Vec::new()),
            Done::Deleted(ids) => ("delete", Vec::new(), texts(ids)),
        };
        DoneView {
            kind,
            at: views::rfc3339(*at),
            sessions,
            snapshots,
        }
    };
    let views: Vec<DoneView> = done.iter().map(view).collect();
    let now = context.zoned();
    context.output.answer("undo.list", &views, |out| {
        let line = |(at, done): &(Millis, Done)| {
            let what = match done {
                Done::Restored(made) => {
                    let made = &made.sessions;
                    format!("restore  {}", names(made).join(", "))
                }
                Done::Deleted(ids) => {
                    let ids: Vec<String> = ids.iter().map(|id| id.short()).collect();
                    format!("delete   {}", ids.join(", "))
                }
            };
            let at = views::when(*at, &now);
            format!("{}  {what}", out.paint(Role::Faint, &at))
        };
        done.iter().map(line).collect()
    })?;
    Ok(Exit::Ok)
}

/// Closes the sessions that a restore made.
fn close(context: &Context, made: &Undoable) -> Result<Exit, CliError> {
    ask(context, made)?;
    let undone = undo(&context.tmux(), made)?;
    forget(&context.paths.state)?;
    let view = UndoneView {
        kind: "restore",
        closed: names(&undone.closed),
        left: undone
            .left
            .iter()
            .map(|(made, why)| LeftView {
                session: label(&made.to),
                reason: why.to_string(),
            })
            .collect(),
        snapshots: Vec::new(),
    };
    context.output.answer("undo", &view, |out| {
        let closed = view.closed.iter();
        let left = view.left.iter();
        closed
            .map(|name| out.paint(Role::Removed, &format!("closed {name}")))
            .chain(left.map(|left| format!("left alone {}: {}", left.session, left.reason)))
            .collect()
    })?;
    Ok(match (undone.closed.is_empty(), undone.left.is_empty()) {
        (_, true) => Exit::Ok,
        (false, false) => Exit::Partial,
        (true, false) => Exit::NotFound,
    })
}

/// Brings snapshots back from the trash. Nothing is lost by that, so nobody is asked.
fn bring_back(context: &Context, ids: &[SnapshotId]) -> Result<Exit, CliError> {
    let metas = context.store().untrash(ids)?;
    let view = UndoneView {
        kind: "delete",
        closed: Vec::new(),
        left: Vec::new(),
        snapshots: texts(ids),
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

fn ask(context: &Context, made: &Undoable) -> Result<(), CliError> {
    let what = count(made.sessions.len() as u64, "session");
    let names = names(&made.sessions).join(", ");
    let question = format!("Close {what} and what runs there: {names}?");
    if context.global.yes || confirm(&question) {
        return Ok(());
    }
    Err(
        CliError::new(Exit::Refused, format!("{what} not closed: not confirmed"))
            .hint("say --yes to close without being asked, --list to see which"),
    )
}
