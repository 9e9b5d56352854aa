//! `muxtape undo`

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::{Role, confirm};
use crate::cli::views::count;
use crate::model::ansi::label;
use crate::restore::Made;
use crate::restore::undo::{Undoable, forget, recall, undo};

/// Take back the last restore
///
/// Closes exactly the sessions that it made. One that was renamed since, or whose server has ended, is
/// left alone.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Undo {
    /// Say what would be closed, and close nothing
    #[arg(long)]
    list: bool,
}

#[derive(Debug, Serialize)]
struct LeftView {
    session: String,
    reason: String,
}

#[derive(Debug, Serialize)]
struct UndoneView {
    closed: Vec<String>,
    left: Vec<LeftView>,
}

impl Undo {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let nothing = || {
            CliError::new(Exit::NotFound, "there is no restore to take back")
                .hint("`muxtape trash restore` brings deleted snapshots back")
        };
        let made = recall(&context.paths.state)?.ok_or_else(nothing)?;
        if self.list {
            context
                .output
                .answer("undo.list", &names(&made.sessions), |_| {
                    names(&made.sessions)
                })?;
            return Ok(Exit::Ok);
        }
        ask(context, &made)?;
        let undone = undo(&context.tmux(), &made)?;
        forget(&context.paths.state)?;
        let view = UndoneView {
            closed: names(&undone.closed),
            left: undone
                .left
                .iter()
                .map(|(made, why)| LeftView {
                    session: label(&made.to),
                    reason: why.to_string(),
                })
                .collect(),
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
}

fn names(sessions: &[Made]) -> Vec<String> {
    sessions.iter().map(|made| label(&made.to)).collect()
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
