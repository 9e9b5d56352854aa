//! A host in a directory of its own, for tests: no clock, no randomness, no server.

use std::path::Path;

use jiff::tz::TimeZone;

use super::{Host, Machine};
use crate::config::{Paths, Settings};
use crate::model::time::Millis;
use crate::mux::tmux::Tmux;
use crate::mux::{Limits, ServerSelect};
use crate::restore::Restorer;

/// The time of day there.
pub(crate) const NOW: Millis = Millis(1_790_000_100_000);

/// A host whose files are below this directory, and whose settings are those of a file there. No
/// server runs.
pub(crate) fn host(dir: &Path) -> Host {
    let socket = dir.join("socket");
    let select = ServerSelect::Path(socket.as_os_str().as_encoded_bytes().into());
    let tmux = Tmux::new("tmux".into(), select, Limits::default());
    host_of(dir, &tmux)
}

/// The same, with another multiplexer.
pub(crate) fn host_of(dir: &Path, mux: &dyn Restorer) -> Host {
    let machine = Machine {
        clock: || NOW,
        random: || Ok(7),
        zone: || TimeZone::UTC,
        program: std::env::current_exe,
        name: "host".to_owned(),
        search_path: std::env::var_os("PATH"),
    };
    let paths = Paths {
        data: dir.join("data"),
        state: dir.join("state"),
        runtime: dir.join("run"),
        config_file: dir.join("config.toml"),
        home: dir.join("home"),
    };
    let settings = Settings::load(&paths.config_file).unwrap();
    Host::new(machine, paths, mux, dir.join("socket"), settings)
}

impl Host {
    /// The same, on a machine that has no randomness.
    pub(crate) fn without_randomness(mut self) -> Self {
        self.machine_mut().random = || Err(std::io::ErrorKind::Unsupported.into());
        self
    }
}
