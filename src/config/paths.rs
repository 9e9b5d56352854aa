//! Where things live, by the platform's rules.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use directories::BaseDirs;

use crate::model::digest::DigestBuilder;

/// The name of muxtape's own directory below each base directory.
const OWN: &str = "muxtape";

/// The directories and files that muxtape uses. Nothing is made before it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The store (Linux: `$XDG_DATA_HOME/muxtape`).
    pub data: PathBuf,
    /// Locks and logs (Linux: `$XDG_STATE_HOME/muxtape`).
    pub state: PathBuf,
    /// Short-lived private files (Linux: `$XDG_RUNTIME_DIR/muxtape`, else below `state`).
    pub runtime: PathBuf,
    /// The configuration file (Linux: `$XDG_CONFIG_HOME/muxtape/config.toml`).
    pub config_file: PathBuf,
    /// The user's home.
    pub home: PathBuf,
}

/// Places that the user named on the command line or in the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--data-dir`, `MUXTAPE_DATA_DIR`.
    pub data: Option<PathBuf>,
    /// `--config`, `MUXTAPE_CONFIG`.
    pub config_file: Option<PathBuf>,
}

/// Why no place can be found.
#[derive(Debug, thiserror::Error)]
pub enum PathsError {
    /// There is no home directory to start from.
    #[error("could not find your home directory: HOME is not set")]
    NoHome,
}

impl Paths {
    /// The places, from the platform's rules and what the user named instead.
    ///
    /// With `--data-dir`, locks live in that directory too, so that two stores never share one.
    pub fn resolve(overrides: &Overrides) -> Result<Paths, PathsError> {
        let base = BaseDirs::new().ok_or(PathsError::NoHome)?;
        let data = overrides.data.clone();
        let state = match &data {
            Some(data) => data.join("state"),
            None => base
                .state_dir()
                .unwrap_or_else(|| base.data_local_dir())
                .join(OWN),
        };
        let runtime = match base.runtime_dir() {
            Some(runtime) if runtime.is_dir() => runtime.join(OWN),
            _ => state.join("run"),
        };
        Ok(Paths {
            data: data.unwrap_or_else(|| base.data_dir().join(OWN)),
            state,
            runtime,
            config_file: overrides
                .config_file
                .clone()
                .unwrap_or_else(|| base.config_dir().join(OWN).join("config.toml")),
            home: base.home_dir().to_owned(),
        })
    }
}

impl Paths {
    /// The user's rules about programs (Linux: `$XDG_CONFIG_HOME/muxtape/rules/programs.toml`).
    #[must_use]
    pub fn program_rules(&self) -> PathBuf {
        let dir = self.config_file.parent().unwrap_or(Path::new("."));
        dir.join("rules").join("programs.toml")
    }

    /// The file whose lock the recorder of a server holds while it records into this store.
    #[must_use]
    pub fn recorder_lock(&self, socket: &Path) -> PathBuf {
        let (data, socket) = (without_links(&self.data), without_links(socket));
        let place = DigestBuilder::new("muxtape.recorder.lock/1")
            .bytes(data.as_os_str().as_bytes())
            .bytes(socket.as_os_str().as_bytes())
            .finish();
        self.state.join(format!("recorder-{place:.16}.lock"))
    }
}

/// The same place by the one name that it has for everybody; of what is not there yet, its
/// directory's.
fn without_links(path: &Path) -> PathBuf {
    let real = path.canonicalize().ok();
    let beside = || {
        let dir = match path.parent() {
            Some(dir) if dir.as_os_str().is_empty() => Path::new("."),
            dir => dir?,
        };
        Some(dir.canonicalize().ok()?.join(path.file_name()?))
    };
    real.or_else(beside).unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorder_has_one_lock_by_whatever_names_it_is_called() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let lock = |data: PathBuf, socket: PathBuf| {
            let paths = Paths {
                data,
                state: dir.path().join("state"),
                ..Paths::resolve(&Overrides::default()).unwrap()
            };
            paths.recorder_lock(&socket)
        };
        let own = lock(real.join("data"), real.join("s"));
        assert_eq!(own, lock(link.join("data"), link.join("s")));
        assert_eq!(own, lock(real.join("./data"), link.join("../real/s")));
        assert_ne!(own, lock(real.join("data"), real.join("other")));
        assert_ne!(own, lock(real.join("other"), real.join("s")));
        // It stays the same once they are there.
        std::fs::create_dir(real.join("data")).unwrap();
        std::fs::write(real.join("s"), "").unwrap();
        assert_eq!(own, lock(link.join("data"), real.join("s")));
    }

    #[test]
    fn what_the_user_names_wins() {
        let overrides = Overrides {
            data: Some("/x/data".into()),
            config_file: Some("/x/config.toml".into()),
        };
        let paths = Paths::resolve(&overrides).unwrap();
        assert_eq!(paths.data, PathBuf::from("/x/data"));
        assert_eq!(paths.state, PathBuf::from("/x/data/state"));
        assert_eq!(paths.config_file, PathBuf::from("/x/config.toml"));
    }
}
