//! `muxtape` without a command: the interface.

use std::io::IsTerminal;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use bstr::ByteSlice;
use jiff::tz::TimeZone;

use crate::cli::context::{Context, host};
use crate::cli::error::{CliError, Exit};
use crate::cli::log;
use crate::journal::By;
use crate::mux::ServerSelect;
use crate::restore::Made;
use crate::ui::{self, Start, UiError};

/// Opens the interface.
pub(super) fn run(context: &Context) -> Result<Exit, CliError> {
    if context.global.plain || context.output.json() || !std::io::stdout().is_terminal() {
        return Err(CliError::new(Exit::Usage, "the interface needs a terminal")
            .hint("without one, use the commands: muxtape list, show, diff, restore; see --help"));
    }
    // A broken rule stops the start, before the terminal is taken over.
    let redactor = context.redactor()?;
    log::to_file(
        &context.paths.state,
        &context.settings.redaction,
        context.global.verbose,
    );
    let start = if context.settings.recovery.prompt {
        Start::Recovery
    } else {
        Start::Tape
    };
    let own = ui::Context {
        store: context.store(),
        tmux: context.tmux(),
        redactor,
        exclusions: context.settings.exclusions(&context.paths.home),
        settings: context.settings.clone(),
        paths: context.paths.clone(),
        recorder_lock: context.recorder_lock(),
        program: std::env::current_exe().map_err(|error| CliError::caused(Exit::Failed, &error))?,
        search_path: std::env::var_os("PATH"),
        host: host(),
        zone: TimeZone::system(),
        record: true,
        journal: context.journal.by(By::Interface),
        teller: context.teller.clone(),
        colour: context.output.may_colour(),
    };
    let outcome = ui::run(own, start)?;
    match outcome.attach {
        Some(session) => attach(context, &session),
        None => Ok(Exit::Ok),
    }
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
    let target = format!("${}", session.id);
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
