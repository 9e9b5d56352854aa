//! The command line: what can be said to muxtape, what it answers, and with which exit code.
//!
//! One file per command under `commands/`; the doc comment of its arguments is its help. This is the
//! outermost layer: only here errors get their hints and exit codes, and only here the clock, the
//! environment and randomness are read.

mod args;
mod commands;
mod context;
mod error;
mod log;
mod new_file;
mod output;
mod views;

use std::process::ExitCode;

use clap::Parser;

pub use args::command;

/// Runs the command that the process was started with.
#[must_use]
pub fn run() -> ExitCode {
    if let Some(token) = commands::pane::token() {
        return commands::pane::run(&token);
    }
    leave_caught_panics_unsaid();
    let args = match args::Cli::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // clap prints help to standard output and mistakes to standard error, with status 2.
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            return match error.print() {
                Ok(()) => ExitCode::from(code),
                Err(_) => ExitCode::FAILURE,
            };
        }
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

/// The store turns panics over damaged files into errors: those are said once, as errors.
fn leave_caught_panics_unsaid() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !crate::store::catches_panics() {
            before(info);
        }
    }));
}
