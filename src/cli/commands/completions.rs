//! `muxtape completions`

use clap_complete::Shell;

use crate::cli::args::command;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::to_stdout;

/// Print completions for a shell
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(in crate::cli) fn run(&self) -> Result<Exit, CliError> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command(), "muxtape", &mut script);
        to_stdout(|out| out.write_all(&script))?;
        Ok(Exit::Ok)
    }
}
