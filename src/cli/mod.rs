//! The command line: what can be said to muxtape, what it answers, and with which exit code.
//!
//! One file per command under `commands/`; the doc comment of its arguments is its help. This is
//! the outermost layer: only here errors get their hints and exit codes, and only here the clock,
//! the environment and randomness are read.

mod args;
mod commands;
mod context;
mod error;
mod log;
mod multiplexer;
mod output;
mod shown;
mod views;

use std::process::ExitCode;

use clap::Parser;

pub use args::command;

/// Runs the command that the process was started with.
#[must_use]
pub fn run() -> ExitCode {
    if let Err(error) = writes_fail_at_the_size_limit() {
        tracing::debug!("SIGXFSZ stays as it is: {error}");
    }
    if let Some(token) = commands::pane::token() {
        return commands::pane::run(&token);
    }
    leave_caught_panics_unsaid();
    let args = match args::Cli::try_parse() {
        Ok(args) => args,
        Err(error) => return ExitCode::from(output::report_usage(&error)),
    };
    let json = args.global.json;
    match commands::run(args) {
        Ok(code) => code.into(),
        Err(error) => {
            output::report_error(&error, json);
            error.code.into()
        }
    }
}

/// A file that would become larger than `ulimit -f` allows makes the write fail, and does not end
/// the process without a word. The signal is caught, not ignored: what this process becomes or
/// starts has it as it was, where an ignored one would be handed on to every restored shell.
fn writes_fail_at_the_size_limit() -> std::io::Result<()> {
    let met = std::sync::Arc::default();
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, met).map(drop)
}

/// The store turns panics over damaged files into errors: those are said once, as errors.
fn leave_caught_panics_unsaid() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !crate::store::catches_panics() {
            before(info);
        }
    }));
}
