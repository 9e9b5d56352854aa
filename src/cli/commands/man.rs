//! `muxtape man`

use std::fs;
use std::path::PathBuf;

use crate::cli::args::command;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::to_stdout;

/// Print the manual page, or write the pages of all commands into a directory
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Man {
    /// The directory; it is made when it is not there; - for standard output
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Man {
    pub(in crate::cli) fn run(&self) -> Result<Exit, CliError> {
        match self.dir.as_deref().filter(|dir| dir.as_os_str() != "-") {
            None => {
                let mut page = Vec::new();
                clap_mangen::Man::new(command()).render(&mut page)?;
                to_stdout(|out| out.write_all(&page))?;
            }
            Some(dir) => {
                let written =
                    fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(command(), dir));
                written.map_err(|error| {
                    let message =
                        format!("could not write the pages to {}: {error}", dir.display());
                    CliError::new(Exit::Failed, message)
                })?;
            }
        }
        Ok(Exit::Ok)
    }
}
