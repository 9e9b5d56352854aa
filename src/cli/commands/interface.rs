//! `muxtape` without a command: the interface.

use std::io::IsTerminal;
use std::os::unix::process::CommandExt;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::{log, multiplexer};
use crate::journal::By;
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
        pane: context.host.mux().own_pane(&multiplexer::variable),
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

/// Closes the blank session that this runs in, now that the interface has ended; whoever looks at
/// it looks at another one before.
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

/// Closes the session that this runs in. This process goes with it: so what closes it takes its
/// place.
pub(super) fn close_own(context: &Context, own: &Leftover) -> Result<Exit, CliError> {
    let error = context.host.mux().closing(own.id)?.exec();
    Err(CliError::caused(Exit::Failed, &error))
}

/// Becomes a client of a session, or lets the one around this terminal show it.
fn attach(context: &Context, session: &Made) -> Result<Exit, CliError> {
    let mux = context.host.mux();
    let Some(mut command) = mux.attaching(session.id, &multiplexer::variable) else {
        let name = crate::model::ansi::label(&session.to);
        let said = format!("this is a pane of another server: attach to {name} elsewhere");
        context.output.say(&said);
        return Ok(Exit::Ok);
    };
    // Only comes back when it fails.
    let error = command.exec();
    Err(CliError::caused(Exit::Failed, &error))
}

impl From<UiError> for CliError {
    fn from(error: UiError) -> Self {
        Self::caused(Exit::Failed, &error)
    }
}
