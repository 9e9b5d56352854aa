//! `muxtape` without a command: the interface.

use std::io::IsTerminal;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use bstr::ByteSlice;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::log;
use crate::journal::By;
use crate::mux::ServerSelect;
use crate::mux::tmux::ids;
use crate::mux::tmux::interface::OwnPane;
use crate::restore::leftover::Leftover;
use crate::restore::{Made, leftover};
use crate::ui::{self, Closing, Start, UiError};

/// Opens the interface.
pub(super) fn run(context: &Context) -> Result<Exit, CliError> {
    if context.global.plain || context.output.json() || !std::io::stdout().is_terminal() {
        return Err(CliError::new(Exit::Usage, "the interface needs a terminal")
            .hint("without one, use the commands: muxtape list, show, diff, restore; see --help"));
    }
    // A broken rule stops the start, before the terminal is taken over.
    context.host.redactor()?;
    let (settings, paths) = (context.host.settings(), context.host.paths());
    log::to_file(&paths.state, &settings.redaction, context.global.verbose);
    let start = match settings.recovery.prompt {
        true => Start::Recovery,
        false => Start::Tape,
    };
    let own = ui::Context {
        host: context.host.by(By::Interface),
        pane: own_pane(context),
        record: true,
        colour: context.output.may_colour(),
    };
    let outcome = ui::run(own, start)?;
    match (outcome.close, outcome.attach) {
        (Some(close), attach) => leave(context, &close, attach.as_ref()),
        (None, Some(session)) => attach(context, &session),
        (None, None) => Ok(Exit::Ok),
    }
}

/// The pane of whichever server that this runs in.
pub(super) fn own_pane(context: &Context) -> Option<OwnPane> {
    let around = std::env::var_os("TMUX")?;
    let pane = std::env::var("TMUX_PANE").ok()?;
    OwnPane::named(&context.tmux, around.as_bytes(), &pane)
}

/// Closes the blank session that this runs in, now that the interface has ended; whoever looks at it looks at another
/// one before.
fn leave(context: &Context, close: &Closing, attach: Option<&Made>) -> Result<Exit, CliError> {
    let mux = context.host.mux();
    let to = attach.map(|made| made.id).or(close.to);
    // What was restored may have been taken back since: then the blank one is all there is.
    let Some(to) = to.filter(|to| leftover::is_there(mux, *to)) else {
        return Ok(Exit::Ok);
    };
    mux.move_clients(close.leftover.id, to)?;
    close_own(context, &close.leftover)
}

/// Closes the session that this runs in. This process goes with it: so what closes it takes its place.
pub(super) fn close_own(context: &Context, own: &Leftover) -> Result<Exit, CliError> {
    let error = context.host.mux().closing(own.id)?.exec();
    Err(CliError::caused(Exit::Failed, &error))
}

/// Becomes a tmux client of a session, or lets the one around this terminal show it.
fn attach(context: &Context, session: &Made) -> Result<Exit, CliError> {
    let mut tmux = Command::new("tmux");
    let around = std::env::var_os("TMUX").filter(|around| !around.is_empty());
    let same = match context.global.server() {
        ServerSelect::Default => true,
        ServerSelect::Name(name) => {
            tmux.arg("-L").arg(name.to_os_str_lossy());
            false
        }
        ServerSelect::Path(path) => {
            tmux.arg("-S").arg(path.to_os_str_lossy());
            around.as_ref().is_some_and(|around| {
                let around = around.as_bytes();
                around.rsplitn(3, |byte| *byte == b',').last() == Some(path.as_bytes())
            })
        }
    };
    // The number is the session's own for as long as the server lives; a name need not be.
    let target = ids::session(session.id);
    match (around, same) {
        (None, _) => tmux.args(["attach-session", "-t", &target]),
        (Some(_), true) => tmux.args(["switch-client", "-t", &target]),
        (Some(_), false) => {
            let name = crate::model::ansi::label(&session.to);
            let said = format!("this is a pane of another server: attach to {name} elsewhere");
            context.output.say(&said);
            return Ok(Exit::Ok);
        }
    };
    // Only comes back when it fails.
    let error = tmux.exec();
    Err(CliError::caused(Exit::Failed, &error))
}

impl From<UiError> for CliError {
    fn from(error: UiError) -> Self {
        Self::caused(Exit::Failed, &error)
    }
}
