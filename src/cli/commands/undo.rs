//! `muxtape undo`

use std::collections::BTreeMap;

use serde::Serialize;

use super::restore::surroundings_at;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::{Role, confirm};
use crate::cli::views::{self, count};
use crate::model::ansi::label;
use crate::model::{Millis, SnapshotId};
use crate::restore::undo::{Kept, Means, Undoable, Undone, forget, recall, take_back};
use crate::restore::{Made, Within};

/// Take back the last restore or delete
///
/// Of a restore it closes exactly the sessions, tabs and panes that it made, and brings back sessions that it
/// replaced, from its undo point. What was renamed, moved or started anew since, or whose server has ended, is left
/// alone. Of a delete it brings the snapshots back from the trash. Said again, it takes back what came before on
/// this server. What was pruned, or emptied out of the trash, does not come back.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Undo {
    /// Say what can be taken back, the newest first, and take nothing back
    #[arg(long)]
    list: bool,
}

/// Something that can be taken back.
enum Done {
    Restored(Box<Kept>),
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
    panes: Vec<String>,
    back: Vec<String>,
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
            Done::Restored(kept) => close(context, &kept),
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
    let socket = context.global.socket();
    let kept = recall(
        &context.paths.state,
        Some(socket.as_os_str().as_encoded_bytes()),
    )?;
    let kept = kept.into_iter();
    done.extend(kept.map(|kept| (kept.at, Done::Restored(Box::new(kept)))));
    // Restores come newest first already, and stay so where the clock stood still.
    done.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    Ok(done)
}

fn list(context: &Context, done: &[(Millis, Done)]) -> Result<Exit, CliError> {
    let view = |(at, done): &(Millis, Done)| {
        let (kind, sessions, snapshots) = match done {
            Done::Restored(kept) => ("restore", parts(&kept.made), Vec::new()),
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
                Done::Restored(kept) => format!("restore  {}", parts(&kept.made).join(", ")),
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

/// Takes back what a restore made.
fn close(context: &Context, kept: &Kept) -> Result<Exit, CliError> {
    ask(context, &kept.made)?;
    let program = std::env::current_exe()?;
    let undone = take_back(
        &kept.made,
        &Means {
            tmux: &context.tmux(),
            store: &context.store(),
            program: &program,
            runtime: &context.paths.runtime,
            surroundings: &surroundings_at(context, context.now())?,
            policy: &context.settings.restore,
        },
    )?;
    context.note(|tell| tell.restore_undone(&undone));
    forget(&context.paths.state, kept.record)?;
    let Undone {
        closed,
        panes,
        back,
        left,
    } = &undone;
    let view = UndoneView {
        kind: "restore",
        closed: names(closed),
        panes: panes.iter().map(|pane| pane.target.to_string()).collect(),
        back: names(back),
        left: left
            .iter()
            .map(|(what, why)| LeftView {
                session: what.clone(),
                reason: why.to_string(),
            })
            .collect(),
        snapshots: Vec::new(),
    };
    context.output.answer("undo", &view, |out| {
        let closed = view.closed.iter().chain(&view.panes);
        let back = view.back.iter();
        let left = view.left.iter();
        closed
            .map(|name| out.paint(Role::Removed, &format!("closed {name}")))
            .chain(back.map(|name| out.paint(Role::Added, &format!("{name} is back"))))
            .chain(left.map(|left| format!("left alone {}: {}", left.session, left.reason)))
            .collect()
    })?;
    let nothing = undone.closed.is_empty() && undone.panes.is_empty() && undone.back.is_empty();
    Ok(match (nothing, undone.left.is_empty()) {
        (_, true) => Exit::Ok,
        (false, false) => Exit::Partial,
        (true, false) => Exit::NotFound,
    })
}

/// Brings snapshots back from the trash. Nothing is lost by that, so nobody is asked.
fn bring_back(context: &Context, ids: &[SnapshotId]) -> Result<Exit, CliError> {
    let metas = context.store().untrash(ids)?;
    context.note(|tell| tell.undeleted(ids));
    let view = UndoneView {
        kind: "delete",
        closed: Vec::new(),
        panes: Vec::new(),
        back: Vec::new(),
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
    if context.global.yes || confirm(&question) {
        return Ok(());
    }
    Err(
        CliError::new(Exit::Refused, format!("{what} not closed: not confirmed"))
            .hint("say --yes to close without being asked, --list to see which"),
    )
}
