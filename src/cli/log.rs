//! Where the log goes: to standard error for commands, to a file for the interface, which owns the
//! terminal.
//!
//! What is logged may have names in it that came from a multiplexer, and standard error is often a
//! file or a journal: so the rules for secrets see every line before it is written.

use std::cell::OnceCell;
use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::filter::LevelFilter;

use crate::files;
use crate::redact::{RedactSettings, Redactor, Tally};

/// A log that has grown beyond this many bytes is put aside, as `muxtape.log.old`, at the next
/// start.
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
pub(super) fn to_stderr(rules: &RedactSettings, quiet: bool, verbose: u8) {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level(quiet, verbose))
        .with_writer(Mutex::new(WithoutSecrets::new(io::stderr(), rules)))
        .with_ansi(io::stderr().is_terminal())
        .without_time()
        .with_target(false)
        .finish();
    // Only the first of a process counts.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Logs to `muxtape.log` in the state directory; without one that can be written, nowhere.
pub(super) fn to_file(state: &Path, rules: &RedactSettings, verbose: u8) {
    if let Ok(file) = open(state) {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level(false, verbose.max(1)))
            .with_writer(Mutex::new(WithoutSecrets::new(file, rules)))
            .with_ansi(false)
            .finish();
        let _ = tracing::subscriber::set_global_default(subscriber);
    }
}

/// Writes what it is given without the secrets in it; each piece is a whole line of the log.
struct WithoutSecrets<W> {
    to: W,
    rules: RedactSettings,
    /// Made when there is something to write: most commands log nothing.
    redactor: OnceCell<Option<Redactor>>,
}

impl<W: Write> WithoutSecrets<W> {
    fn new(to: W, rules: &RedactSettings) -> Self {
        Self {
            to,
            rules: rules.clone(),
            redactor: OnceCell::new(),
        }
    }
}

impl<W: Write> Write for WithoutSecrets<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let redactor = self.redactor.get_or_init(|| {
            // Where the user's rules are broken, the command ends with that; until then the
            // built-in ones hold.
            let own = Redactor::new(&self.rules);
            own.or_else(|_| Redactor::new(&RedactSettings::default()))
                .ok()
        });
        // Without rules nothing can be checked, so nothing is let through.
        if let Some(redactor) = redactor {
            let clean = redactor.name(line, &mut Tally::default());
            self.to.write_all(&clean)?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn open(state: &Path) -> io::Result<File> {
    files::private_dir(state)?;
    let path = state.join("muxtape.log");
    if fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.len() > LARGE) {
        files::rename(&path, &state.join("muxtape.log.old"))?;
    }
    Ok(files::append(&path)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_logged_has_no_secrets() {
        let mut written = Vec::new();
        let mut log = WithoutSecrets::new(&mut written, &RedactSettings::default());
        log.write_all(b"cannot restore a session: pass\x77ord=hunter22\n")
            .unwrap();
        log.write_all(b"tried again\n").unwrap();
        assert_eq!(
            String::from_utf8(written).unwrap(),
            "cannot restore a session: password=‹redacted:password›\ntried again\n"
        );
    }

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
