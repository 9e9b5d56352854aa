//! `muxtape __pane TOKEN`: what a restored pane runs before its shell. Not for people, and so not
//! part of the command line that clap knows: a hundred of them start at once in a restore.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::error::{CliError, Exit};
use crate::cli::output;
use crate::restore::pane;

/// The file that says what to do, when this is what the process was started as.
pub(in crate::cli) fn token() -> Option<PathBuf> {
    let mut args = std::env::args_os().skip(1);
    (args.next()? == pane::COMMAND).then_some(())?;
    args.next().map(PathBuf::from)
}

/// Shows a restored pane's text again, then becomes its shell.
pub(in crate::cli) fn run(token: &Path) -> ExitCode {
    // It only comes back when it could not become the shell.
    let shell = std::env::var_os("SHELL").unwrap_or_default();
    match pane::run(token, shell.as_encoded_bytes()) {
        Ok(never) => match never {},
        Err(error) => {
            output::report_error(&CliError::caused(Exit::Failed, &error), false);
            Exit::Failed.into()
        }
    }
}
