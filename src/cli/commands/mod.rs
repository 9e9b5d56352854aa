//! The commands, one file each.

use super::args::{Cli, Command};
use super::context::Context;
use super::error::{CliError, Exit};
use super::log;

pub(super) mod audit;
pub(super) mod care;
pub(super) mod completions;
pub(super) mod config;
pub(super) mod create;
pub(super) mod daemon;
pub(super) mod delete;
pub(super) mod demo;
pub(super) mod diff;
pub(super) mod drill;
pub(super) mod edit;
pub(super) mod events;
pub(super) mod export;
pub(super) mod import;
pub(super) mod interface;
pub(super) mod list;
pub(super) mod man;
pub(super) mod migrate;
pub(super) mod pane;
pub(super) mod private;
pub(super) mod prune;
pub(super) mod recover;
pub(super) mod redact;
pub(super) mod restore;
pub(super) mod search;
pub(super) mod show;
mod sides;
pub(super) mod stats;
pub(super) mod trash;
pub(super) mod undo;
pub(super) mod verify;

/// Runs what the command line asks for.
pub(super) fn run(args: Cli) -> Result<Exit, CliError> {
    // These need neither settings nor a store.
    match &args.command {
        Some(Command::Completions(completions)) => return completions.run(),
        Some(Command::Man(man)) => return man.run(),
        _ => {}
    }
    let context = Context::new(args.global)?;
    let rules = &context.host.settings().redaction;
    let done = match args.command {
        // Both take the terminal over; what they log goes to a file.
        None => interface::run(&context),
        Some(Command::Demo(demo)) => demo.run(&context),
        Some(command) => {
            log::to_stderr(rules, context.global.quiet, context.global.verbose);
            dispatch(&command, &context)
        }
    };
    done.map_err(|error| {
        if error.code == Exit::Store {
            context.host.note_failure(&error.message);
        }
        error.without_secrets(rules)
    })
}

fn dispatch(command: &Command, context: &Context) -> Result<Exit, CliError> {
    match command {
        Command::Create(command) => command.run(context),
        Command::List(command) => command.run(context),
        Command::Show(command) => command.run(context),
        Command::Diff(command) => command.run(context),
        Command::Restore(command) => command.run(context),
        Command::Recover(command) => command.run(context),
        Command::Undo(command) => command.run(context),
        Command::Drill(command) => command.run(context),
        Command::Search(command) => command.run(context),
        Command::Delete(command) => command.run(context),
        Command::Trash(command) => command.run(context),
        Command::Rename(command) => command.run(context),
        Command::Describe(command) => command.run(context),
        Command::Tag(command) => command.run(context),
        Command::Untag(command) => command.run(context),
        Command::Pin(command) => command.run(context),
        Command::Unpin(command) => command.run(context),
        Command::Archive(command) => command.run(context),
        Command::Unarchive(command) => command.run(context),
        Command::Prune(command) => command.run(context),
        Command::Stats(command) => command.run(context),
        Command::Verify(command) => command.run(context),
        Command::Gc(command) => command.run(context),
        Command::Compact(command) => command.run(context),
        Command::Migrate(command) => command.run(context),
        Command::Export(command) => command.run(context),
        Command::Import(command) => command.run(context),
        Command::Daemon(command) => command.run(context),
        Command::Events(command) => command.run(context),
        Command::Audit(command) => command.run(context),
        Command::Redact(command) => command.run(context),
        Command::Private(command) => command.run(context),
        Command::Config(command) => command.run(context),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(),
        Command::Demo(command) => command.run(context),
    }
}
