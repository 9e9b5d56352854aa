//! What every command works with: places, settings, the store, the server, the clock.

use std::path::PathBuf;
use std::time::Duration;

use bstr::{BStr, BString};
use jiff::{Timestamp, Zoned};

use super::args::{Global, MuxChoice};
use super::error::{CliError, Exit};
use super::output::Output;
use crate::app::tell::Teller;
use crate::capture::{CaptureRequest, Captured, capture};
use crate::config::{Overrides, Paths, Settings};
use crate::journal::{By, Event, Journal};
use crate::model::snapshot::SnapshotMeta;
use crate::model::target::SnapRef;
use crate::model::{Millis, moment};
use crate::mux::Limits;
use crate::mux::tmux::{Scope, Tmux};
use crate::redact::{Redactor, Tally};
use crate::store::{Store, StoreOptions};

/// How long a command waits for a busy store.
const STORE_WAIT: Duration = Duration::from_secs(5);

/// What every command works with.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) global: Global,
    pub(super) paths: Paths,
    pub(super) settings: Settings,
    pub(super) output: Output,
    pub(super) journal: Journal,
    pub(super) teller: Teller,
}

impl Context {
    pub(super) fn new(global: Global) -> Result<Self, CliError> {
        let overrides = Overrides {
            data: global.data_dir.clone(),
            config_file: global.config.clone(),
        };
        let paths = Paths::resolve(&overrides)?;
        let settings = Settings::load(&paths.config_file)?;
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let output = Output::new(global.json, global.quiet, global.color, no_color);
        if global.mux == MuxChoice::Zellij {
            return Err(CliError::new(Exit::Usage, "zellij cannot be recorded yet")
                .hint("leave out --mux zellij; tmux is recorded"));
        }
        Ok(Self {
            journal: Journal::new(paths.state.clone(), By::Command),
            teller: Teller::new(&settings.redaction),
            global,
            paths,
            settings,
            output,
        })
    }

    /// Notes in the journal what was done. A journal that cannot be written fails no command.
    pub(super) fn note(&self, told: impl FnOnce(&Teller) -> Vec<Event>) {
        self.journal.note_all(self.now(), &told(&self.teller));
    }

    /// The store; it is made when something is written first.
    pub(super) fn store(&self) -> Store {
        let options = StoreOptions {
            wait: STORE_WAIT,
            network: self.settings.store.network,
        };
        Store::new(self.paths.data.clone(), options)
    }

    /// The tmux server that is meant.
    pub(super) fn tmux(&self) -> Tmux {
        Tmux::new(
            PathBuf::from("tmux"),
            self.global.server(),
            Limits::default(),
        )
        .with_scope(Scope {
            environment: self.settings.capture.environment.clone(),
            buffers: self.settings.capture.buffers,
        })
    }

    /// The lock of the recorder of that server.
    pub(super) fn recorder_lock(&self) -> PathBuf {
        self.paths.recorder_lock(&self.global.socket())
    }

    /// What takes secrets out.
    pub(super) fn redactor(&self) -> Result<Redactor, CliError> {
        // A command asks several times, and reading the rules is most of what a short one does.
        if let Some(redactor) = self.teller.redactor() {
            return Ok(redactor.clone());
        }
        Redactor::new(&self.settings.redaction).map_err(|error| {
            CliError::caused(Exit::Failed, &error)
                .hint(format!("mend it in {}", self.paths.config_file.display()))
        })
    }

    /// Says that there were secrets in what was typed, and by which rules.
    pub(super) fn say_taken(&self, taken: &Tally) {
        if taken.total() > 0 {
            let rules: Vec<String> = taken.counts().into_iter().map(|one| one.rule).collect();
            self.output.say(&format!(
                "a secret was taken out of what you typed: {}",
                rules.join(", ")
            ));
        }
    }

    /// The state now, redacted, without what is never recorded. `contents` is whether texts are wanted; they are
    /// left out where the settings say so.
    pub(super) fn capture(
        &self,
        sessions: &[String],
        contents: bool,
    ) -> Result<Captured, CliError> {
        let sessions = match sessions {
            [] => None,
            names => Some(
                names
                    .iter()
                    .map(|name| BString::from(name.as_str()))
                    .collect(),
            ),
        };
        let request = CaptureRequest {
            sessions,
            contents: contents && self.settings.recorder.contents,
            history_limit: Some(self.settings.recorder.history_limit),
            remember: false,
        };
        let exclusions = self.settings.exclusions(&self.paths.home);
        Ok(capture(
            &self.tmux(),
            &self.redactor()?,
            &exclusions,
            &request,
            None,
        )?)
    }

    /// The clock.
    pub(super) fn now(&self) -> Millis {
        Millis(Timestamp::now().as_millisecond())
    }

    /// The clock, in the user's time zone.
    pub(super) fn zoned(&self) -> Zoned {
        Zoned::now()
    }

    /// The moment that words name.
    pub(super) fn moment(&self, words: &str) -> Result<Millis, CliError> {
        Ok(moment::parse(words.trim_start_matches('@'), &self.zoned())?)
    }

    /// The snapshot that a user names, `live` excepted.
    pub(super) fn find(&self, name: &str, session: Option<&str>) -> Result<SnapshotMeta, CliError> {
        let snap: SnapRef = name.parse()?;
        let at = match &snap {
            SnapRef::Live => {
                return Err(
                    CliError::new(Exit::Usage, "`live` is not a stored snapshot")
                        .hint("it can be shown and compared; `muxtape create` stores it"),
                );
            }
            SnapRef::At(words) => Some(self.moment(words)?),
            _ => None,
        };
        Ok(self.store().find(&snap, session.map(BStr::new), at)?)
    }

    /// 64 random bits.
    pub(super) fn random(&self) -> Result<u64, CliError> {
        random()
    }
}

/// 64 random bits from the operating system.
pub(super) fn random() -> Result<u64, CliError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(|error| CliError::new(Exit::Failed, format!("no randomness: {error}")))?;
    Ok(u64::from_ne_bytes(bytes))
}

/// The machine's name.
pub(super) fn host() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}
