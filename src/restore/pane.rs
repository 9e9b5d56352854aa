//! The body of `muxtape __pane TOKEN`: what runs in a restored pane before its shell does.

use std::convert::Infallible;
use std::path::{Path, PathBuf};

/// Why a pane could not become its shell.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PaneError {
    /// The job could not be read.
    #[error("could not read what to do in {path}")]
    Job {
        /// The token.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

/// Waits for the restorer, changes directory, writes the saved text, says that it is ready, and
/// becomes the shell. Returns only when it could not.
pub fn run(token: &Path) -> Result<Infallible, PaneError> {
    Err(PaneError::Job {
        path: token.to_owned(),
        source: std::io::ErrorKind::Unsupported.into(),
    })
}
