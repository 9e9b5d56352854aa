//! Where the log goes: to standard error for commands, to a file for the interface, which owns the
//! terminal.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, IsTerminal};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::filter::LevelFilter;

/// A log that has grown beyond this many bytes is put aside, as `muxtape.log.old`, at the next start.
const LARGE: u64 = 4 << 20;

/// How much is logged, by `-q` and the number of `-v`.
fn level(quiet: bool, verbose: u8) -> LevelFilter {
    match (quiet, verbose) {
        (true, _) => LevelFilter::OFF,
        (false, 0) => LevelFilter::WARN,
        (false, 1) => LevelFilter::INFO,
        (false, 2) => LevelFilter::DEBUG,
        (false, _) => LevelFilter::TRACE,
    }
}

/// Logs to standard error.
pub(super) fn to_stderr(quiet: bool, verbose: u8) {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level(quiet, verbose))
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .without_time()
        .with_target(false)
        .finish();
    // Only the first of a process counts.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Logs to `muxtape.log` in the state directory; without one that can be written, nowhere.
pub(super) fn to_file(state: &Path, verbose: u8) {
    if let Ok(file) = open(state) {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level(false, verbose.max(1)))
            .with_writer(Mutex::new(file))
            .with_ansi(false)
            .finish();
        let _ = tracing::subscriber::set_global_default(subscriber);
    }
}

fn open(state: &Path) -> io::Result<File> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(state)?;
    let path = state.join("muxtape.log");
    if fs::metadata(&path).is_ok_and(|metadata| metadata.len() > LARGE) {
        fs::rename(&path, state.join("muxtape.log.old"))?;
    }
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_large_log_makes_room_and_is_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        open(&state).unwrap().set_len(LARGE + 1).unwrap();
        let fresh = open(&state).unwrap();
        let metadata = fresh.metadata().unwrap();
        assert_eq!(metadata.len(), 0);
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        assert!(state.join("muxtape.log.old").exists());
    }
}
