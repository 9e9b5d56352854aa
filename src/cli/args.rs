//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};

use super::commands as c;
use super::output::ColorChoice;

/// A time machine for terminal sessions: records tmux, shows any moment, compares, restores.
///
/// Without a command, the interface opens; after a crash it first offers recovery.
#[derive(Debug, Parser)]
#[command(
    name = "muxtape",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// Which multiplexer is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum MuxChoice {
    /// tmux.
    Tmux,
    /// zellij.
    Zellij,
    /// Every one that is found.
    #[default]
    Auto,
}

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub(super) struct Global {
    /// The tmux server by socket name, as with tmux -L
    #[arg(
        short = 'L',
        value_name = "NAME",
        global = true,
        conflicts_with = "socket_path"
    )]
    pub(super) socket_name: Option<String>,
    /// The tmux server by socket path, as with tmux -S
    #[arg(short = 'S', value_name = "PATH", global = true)]
    pub(super) socket_path: Option<PathBuf>,
    /// The multiplexer
    #[arg(long, value_enum, default_value_t, global = true)]
    pub(super) mux: MuxChoice,
    /// Where the store is
    #[arg(long, value_name = "DIR", env = "MUXTAPE_DATA_DIR", global = true)]
    pub(super) data_dir: Option<PathBuf>,
    /// The settings file
    #[arg(long, value_name = "FILE", env = "MUXTAPE_CONFIG", global = true)]
    pub(super) config: Option<PathBuf>,
    /// Answer with one JSON object
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// No alternate screen, no animation
    #[arg(long, global = true)]
    pub(super) plain: bool,
    /// Colours
    #[arg(long, value_enum, default_value_t, global = true)]
    pub(super) color: ColorChoice,
    /// Print results only, no hints
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Log more; repeat for still more
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(super) verbose: u8,
    /// Answer confirmations with yes
    #[arg(short, long, global = true)]
    pub(super) yes: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Create(c::create::Create),
    #[command(alias = "ls")]
    List(c::list::List),
    Show(c::show::Show),
    Diff(c::diff::Diff),
    Restore(c::restore::Restore),
    Recover(c::recover::Recover),
    Undo(c::undo::Undo),
    Drill(c::drill::Drill),
    Search(c::search::Search),
    Delete(c::delete::Delete),
    Trash(c::trash::Trash),
    Rename(c::edit::Rename),
    Describe(c::edit::Describe),
    Tag(c::edit::Tag),
    Untag(c::edit::Untag),
    Pin(c::edit::Pin),
    Unpin(c::edit::Unpin),
    Archive(c::edit::Archive),
    Unarchive(c::edit::Unarchive),
    Prune(c::prune::Prune),
    Stats(c::stats::Stats),
    Verify(c::verify::Verify),
    Gc(c::care::Gc),
    Compact(c::care::Compact),
    Migrate(c::migrate::Migrate),
    Export(c::export::Export),
    Import(c::import::Import),
    Daemon(c::daemon::Daemon),
    Events(c::events::Events),
    Audit(c::audit::Audit),
    Redact(c::redact::Redact),
    Private(c::private::Private),
    Config(c::config::Config),
    Completions(c::completions::Completions),
    Man(c::man::Man),
    Demo(c::demo::Demo),
}

/// The whole command line, for completions and manual pages.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_sound() {
        super::command().debug_assert();
    }
}
