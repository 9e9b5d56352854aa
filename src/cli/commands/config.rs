//! `muxtape config`

use std::path::Path;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::Role;
use crate::config::{Settings, Shown, Source};
use crate::restore::Rules;

/// Show or check the settings
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Config {
    #[command(subcommand)]
    action: ConfigAction,
}

#[derive(Debug, clap::Subcommand)]
enum ConfigAction {
    /// Print the paths of the settings file and of the program rules, whether or not they exist
    Path,
    /// Check the settings file and the rules beside it, and do nothing else
    Validate,
    /// Print every setting with its value and source
    Show,
}

impl Config {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        match self.action {
            ConfigAction::Path => {
                let path = &context.host.paths().config_file;
                let rules = context.host.paths().program_rules();
                let data = serde_json::json!({
                    "path": path,
                    "exists": path.exists(),
                    "rules": { "programs": { "path": rules, "exists": rules.exists() } },
                });
                context.output.answer("config.path", &data, |_| {
                    vec![path.display().to_string(), rules.display().to_string()]
                })?;
            }
            ConfigAction::Validate => {
                // The settings were read before anything else.
                let rules = context.host.paths().program_rules();
                Rules::load(&rules)?;
                let files = [&context.host.paths().config_file, &rules];
                let data: Vec<_> = files
                    .iter()
                    .map(|path| serde_json::json!({ "path": path, "exists": path.exists() }))
                    .collect();
                context.output.answer("config.validate", &data, |_| {
                    let word = |path: &Path| match path.exists() {
                        true => "valid",
                        false => "not there: the defaults hold",
                    };
                    let lines = files.iter();
                    lines
                        .map(|path| format!("{}: {}", path.display(), word(path)))
                        .collect()
                })?;
            }
            ConfigAction::Show => {
                let shown = Settings::shown(&context.host.paths().config_file)?;
                let data: Vec<_> = shown.iter().map(view).collect();
                context.output.answer("config.show", &data, |out| {
                    let line = |one: &Shown| {
                        let source = out.paint(Role::Faint, &format!("# {}", word(one.source)));
                        format!("{} = {}  {source}", one.key, one.value)
                    };
                    shown.iter().map(line).collect()
                })?;
            }
        }
        Ok(Exit::Ok)
    }
}

fn view(shown: &Shown) -> serde_json::Value {
    serde_json::json!({
        "key": shown.key,
        "value": shown.value,
        "source": word(shown.source),
    })
}

fn word(source: Source) -> &'static str {
    match source {
        Source::Default => "default",
        Source::File => "file",
    }
}
