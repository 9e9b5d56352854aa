//! The settings file, while a recorder runs: what is changed in it holds from the next look on.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use crate::config::{ConfigError, Settings};

/// A settings file, and how it was when it was read last.
#[derive(Debug)]
pub(super) struct SettingsFile {
    path: PathBuf,
    /// Nothing before the first time; then, that there was none counts as well.
    read: Option<Option<SettingsStamp>>,
}

/// What tells one state of a file from the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SettingsStamp {
    modified: (i64, i64),
    len: u64,
    file: (u64, u64),
}

impl SettingsFile {
    /// A file that may have changed since whoever starts the recorder read it.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, read: None }
    }

    /// The settings, the first time and whenever the file is another one than before. Costs one
    /// question to the system.
    pub(super) fn reload_if_changed(&mut self) -> Result<Option<Settings>, ConfigError> {
        let now = Some(self.stamp());
        if now == self.read {
            return Ok(None);
        }
        // Before it is read: what changes meanwhile is read again.
        self.read = now;
        Settings::load(&self.path).map(Some)
    }

    fn stamp(&self) -> Option<SettingsStamp> {
        let found = fs::metadata(&self.path).ok()?;
        Some(SettingsStamp {
            modified: (found.mtime(), found.mtime_nsec()),
            len: found.len(),
            file: (found.dev(), found.ino()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_again_when_it_is_another_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let mut file = SettingsFile::new(path.clone());
        assert!(file.reload_if_changed().unwrap().unwrap().redaction.enabled);
        assert!(file.reload_if_changed().unwrap().is_none());
        fs::write(&path, "[redaction]\nenabled = false\n").unwrap();
        assert!(!file.reload_if_changed().unwrap().unwrap().redaction.enabled);
        assert!(file.reload_if_changed().unwrap().is_none());
        fs::write(&path, "[redaction]\nenabled = 5\n").unwrap();
        // It is told once, not at every look.
        assert!(file.reload_if_changed().is_err());
        assert!(file.reload_if_changed().unwrap().is_none());
        fs::remove_file(&path).unwrap();
        assert!(file.reload_if_changed().unwrap().unwrap().redaction.enabled);
    }
}
