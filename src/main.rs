//! The `muxtape` program.

use std::path::Path;
use std::process::ExitCode;

use muxtape::restore::pane;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    match (args.next(), args.next()) {
        (Some(command), Some(token)) if command == "__pane" => match pane::run(Path::new(&token)) {
            Ok(never) => match never {},
            Err(_) => ExitCode::FAILURE,
        },
        _ => ExitCode::SUCCESS,
    }
}
