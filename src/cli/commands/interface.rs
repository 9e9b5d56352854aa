//! `muxtape` without a command: the interface.

use std::io::IsTerminal;

use bstr::ByteSlice;
use jiff::tz::TimeZone;

use crate::cli::context::{Context, host};
use crate::cli::error::{CliError, Exit};
use crate::ui::{self, Start, UiError};

/// Opens the interface.
pub(super) fn run(context: &Context) -> Result<Exit, CliError> {
    if context.global.plain || context.output.json() || !std::io::stdout().is_terminal() {
        return Err(CliError::new(Exit::Usage, "the interface needs a terminal")
            .hint("without one, use the commands: muxtape list, show, diff, restore; see --help"));
    }
    // A broken rule stops the start, before the terminal is taken over.
    let redactor = context.redactor()?;
    let start = if context.settings.recovery.prompt {
        Start::Recovery
    } else {
        Start::Tape
    };
    let own = ui::Context {
        store: context.store(),
        tmux: context.tmux(),
        redactor,
        settings: context.settings.clone(),
        paths: context.paths.clone(),
        program: std::env::current_exe().map_err(|error| CliError::caused(Exit::Failed, &error))?,
        search_path: std::env::var_os("PATH"),
        host: host(),
        zone: TimeZone::system(),
        record: true,
        colour: context.output.may_colour(),
    };
    let outcome = ui::run(own, start)?;
    if let Some(session) = outcome.attach {
        let name = crate::model::ansi::label(session.as_bytes());
        context
            .output
            .say(&format!("attach with: tmux attach -t '={name}'"));
    }
    Ok(Exit::Ok)
}

impl From<UiError> for CliError {
    fn from(error: UiError) -> Self {
        Self::caused(Exit::Failed, &error)
    }
}
