//! The settings and their defaults; the file is TOML and may name any part of them.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::retention::RetentionSettings;
use crate::capture::Exclusions;
use crate::capture::exclusions::{Never, SessionRule};
use crate::files;
use crate::redact::RedactSettings;
use crate::restore::Policy;

/// All settings.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// What is recorded, and how often.
    pub recorder: RecorderSettings,
    /// What is captured beyond structure and texts.
    pub capture: CaptureSettings,
    /// Where it is kept.
    pub store: StoreSettings,
    /// What is kept, and how long.
    pub retention: RetentionSettings,
    /// What is taken out before anything is written.
    pub redaction: RedactSettings,
    /// How things are brought back.
    pub restore: Policy,
    /// What happens after a crash.
    pub recovery: RecoverySettings,
    /// How it looks.
    pub ui: UiSettings,
}

/// What is recorded, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecorderSettings {
    /// Seconds between two looks at what is active.
    pub probe_seconds: u32,
    /// Seconds that at least lie between two snapshots in which only text changed.
    pub interval_seconds: u32,
    /// The old name of `retention.keep_last`, where it was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_last: Option<u32>,
    /// Whether texts and scrollback are kept, or the structure alone.
    pub contents: bool,
    /// Rows of scrollback kept per pane at the most.
    pub history_limit: u32,
}

impl RecorderSettings {
    /// Milliseconds between two looks.
    #[must_use]
    pub fn probe_ms(&self) -> u64 {
        u64::from(self.probe_seconds) * 1000
    }
}

impl Default for RecorderSettings {
    fn default() -> Self {
        Self {
            probe_seconds: 1,
            interval_seconds: 30,
            keep_last: None,
            contents: true,
            history_limit: 50_000,
        }
    }
}

/// What is captured beyond structure and texts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct CaptureSettings {
    /// The names of the environment variables that are kept.
    pub environment: Vec<String>,
    /// Whether paste buffers are kept.
    pub buffers: bool,
    /// What is never recorded.
    pub never: Never,
    /// What holds for the sessions of some names; the first that fits counts.
    pub rule: Vec<SessionRule>,
}

/// Where what is recorded is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSettings {
    /// Whether the store may be on a network file system, at the user's own risk.
    pub network: bool,
}

/// What happens after a crash.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecoverySettings {
    /// Whether the interface offers recovery when it starts.
    pub prompt: bool,
}

impl Default for RecoverySettings {
    fn default() -> Self {
        Self { prompt: true }
    }
}

/// How it looks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct UiSettings {
    /// The theme.
    pub theme: ThemeName,
}

/// The themes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ThemeName {
    /// For dark backgrounds.
    #[default]
    Dark,
    /// For light backgrounds.
    Light,
    /// Sixteen colours of the terminal's own.
    Ansi,
    /// No colour.
    Mono,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is there but cannot be read.
    #[error("could not read the settings in {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The file is not what it should be.
    #[error("the settings in {} are not valid: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        message: String,
    },
}

impl Settings {
    /// What is never recorded, for a user with this home. Links to directories are followed now.
    #[must_use]
    pub fn exclusions(&self, home: &Path) -> Exclusions {
        Exclusions::new(&self.capture.never, &self.capture.rule, home).with_links_followed()
    }

    /// The settings of a file; the defaults when there is none.
    pub fn load(path: &Path) -> Result<Settings, ConfigError> {
        let Some(text) = read(path)? else {
            return Ok(Self::default());
        };
        let invalid = |message: String| ConfigError::Invalid {
            path: path.to_owned(),
            message,
        };
        let mut settings: Settings =
            toml::from_str(&text).map_err(|error| invalid(error.to_string().trim().to_owned()))?;
        let least = [
            ("recorder.probe_seconds", settings.recorder.probe_seconds),
            (
                "recorder.interval_seconds",
                settings.recorder.interval_seconds,
            ),
        ];
        if let Some((name, _)) = least.into_iter().find(|(_, value)| *value == 0) {
            return Err(invalid(format!("{name} must be 1 or more")));
        }
        let is_name = |name: &&String| !name.is_empty() && !name.contains(['=', '\0']);
        if let Some(name) = settings.capture.environment.iter().find(|n| !is_name(n)) {
            let why = format!("capture.environment: {name:?} is not the name of a variable");
            return Err(invalid(why));
        }
        if let Some(keep_last) = settings.recorder.keep_last.take() {
            let retention = settings.retention.with_keep_last(keep_last);
            settings.retention = retention.map_err(|error| invalid(error.to_string()))?;
        }
        Ok(settings)
    }
}

/// The longest file of settings that is read.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// The text of the file, if there is one.
pub(super) fn read(path: &Path) -> Result<Option<String>, ConfigError> {
    let read = File::open(path).and_then(|file| files::read_at_most(file, MAX_FILE_BYTES));
    let text = read.and_then(|bytes| {
        String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    });
    match text {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ConfigError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restore::Programs;

    fn load(text: &str) -> Result<Settings, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        Settings::load(&path)
    }

    #[test]
    fn without_a_file_the_defaults_hold() {
        assert_eq!(
            Settings::load(Path::new("/nowhere/config.toml")).unwrap(),
            Settings::default()
        );
        assert_eq!(load("").unwrap(), Settings::default());
    }

    #[test]
    fn a_part_can_be_set_and_the_rest_stays() {
        let settings = load("[recorder]\nkeep_last = 3\n[restore]\nprograms = \"type\"").unwrap();
        assert_eq!(settings.retention.policy().other.last, 3);
        assert_eq!(settings.recorder.interval_seconds, 30);
        assert_eq!(settings.restore.programs, Programs::Type);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let error = load("[recorder]\nkeep_lost = 3").unwrap_err().to_string();
        assert!(
            error.contains("keep_lost") && error.contains("line 2"),
            "{error}"
        );
        let error = load("[recorder]\nprobe_seconds = 0")
            .unwrap_err()
            .to_string();
        assert!(error.contains("probe_seconds"), "{error}");
        let error = load("[capture]\nenvironment = [\"A=b\"]")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("capture.environment") && error.contains("A=b"),
            "{error}"
        );
        let error = load("[capture.never]\ndirectories = [\"private\"]").unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("/**/private") && error.contains("line 2"),
            "{error}"
        );
        let error = load("[[capture.rule]]\nsession = \"a\"\ncontents = \"few\"").unwrap_err();
        assert!(error.to_string().contains("few"), "{error}");
        let error = load("[recorder]\nkeep_last = 3\n[retention]\nkeep_last = 4").unwrap_err();
        assert!(error.to_string().contains("retention.keep_last"), "{error}");
    }
}
