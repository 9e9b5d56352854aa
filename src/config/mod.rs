//! Settings: what the user can choose, resolved from defaults, the configuration file and flags;
//! and the places where things live.
//!
//! This room reads the environment and the configuration file, and nothing else. It never writes,
//! and it never falls back silently: a file that cannot be understood stops the start.

mod paths;
mod retention;
mod settings;
mod show;

pub use paths::{Overrides, Paths, PathsError};
pub use retention::{InvalidRetention, RetentionSettings};
pub use settings::{
    CaptureSettings, ConfigError, RecorderSettings, RecoverySettings, Settings, ThemeName,
    UiSettings,
};
pub use show::{Shown, Source};
