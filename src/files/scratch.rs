//! Directories that go with what they were made for.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::error::FileError;

/// A directory (0700) of a name that nobody can guess, below the one for temporary files
/// (`TMPDIR`). It goes, with everything in it, when this does.
#[derive(Debug)]
pub struct ScratchDir(tempfile::TempDir);

impl ScratchDir {
    /// Makes one whose name begins with `prefix`.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn new(prefix: &str) -> Result<Self, FileError> {
        let made = tempfile::Builder::new()
            .prefix(prefix)
            .permissions(Permissions::from_mode(0o700))
            .tempdir();
        made.map(Self)
            .map_err(FileError::at("make a directory in", &std::env::temp_dir()))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}
