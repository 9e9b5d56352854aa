//! `muxtape __pane`: what a restored pane runs before its shell. Not for people.

use std::path::PathBuf;

use crate::cli::error::{CliError, Exit};
use crate::restore::pane;

/// Shows a restored pane's text again, then becomes its shell
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Pane {
    /// The file that says what to do
    token: PathBuf,
}

impl Pane {
    pub(in crate::cli) fn run(&self) -> Result<Exit, CliError> {
        // It only comes back when it could not become the shell.
        match pane::run(&self.token) {
            Ok(never) => match never {},
            Err(error) => Err(CliError::caused(Exit::Failed, &error)),
        }
    }
}
