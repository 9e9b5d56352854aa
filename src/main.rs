//! The `muxtape` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    muxtape::cli::run()
}
