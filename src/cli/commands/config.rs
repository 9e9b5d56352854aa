//! `muxtape config`

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};

/// Settings
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Config {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print where the settings file is, whether or not it exists
    Path,
}

impl Config {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        match self.action {
            Action::Path => {
                let path = &context.paths.config_file;
                let data = serde_json::json!({ "path": path, "exists": path.exists() });
                context
                    .output
                    .answer("config.path", &data, |_| vec![path.display().to_string()])?;
            }
        }
        Ok(Exit::Ok)
    }
}
