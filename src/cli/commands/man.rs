//! `muxtape man`

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use crate::cli::args::command;
use crate::cli::error::{CliError, Exit};

/// Print the manual page, or write the pages of all commands into a directory
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Man {
    /// The directory; it is made when it is not there
    dir: Option<PathBuf>,
}

impl Man {
    pub(in crate::cli) fn run(&self) -> Result<Exit, CliError> {
        match &self.dir {
            None => {
                let mut page = Vec::new();
                clap_mangen::Man::new(command()).render(&mut page)?;
                std::io::stdout().write_all(&page)?;
            }
            Some(dir) => {
                fs::create_dir_all(dir)?;
                clap_mangen::generate_to(command(), dir)?;
            }
        }
        Ok(Exit::Ok)
    }
}
