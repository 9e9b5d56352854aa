//! What every operation works with, whichever front end asks for it.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::Zoned;
use jiff::tz::TimeZone;

use super::error::OpsError;
use super::tell::{Teller, with_causes};
use crate::capture::Exclusions;
use crate::config::{Paths, Settings};
use crate::journal::{By, Event, Journal};
use crate::model::time::Millis;
use crate::mux::Scope;
use crate::redact::Redactor;
use crate::restore::Restorer;
use crate::store::{Store, StoreError, StoreOptions};

/// What only the outermost layer takes from the system.
#[derive(Debug, Clone)]
pub struct Machine {
    /// The time of day.
    pub clock: fn() -> Millis,
    /// 64 random bits.
    pub random: fn() -> io::Result<u64>,
    /// The user's time zone.
    pub zone: fn() -> TimeZone,
    /// The muxtape program, which restored panes start with.
    pub program: fn() -> io::Result<PathBuf>,
    /// The machine's name.
    pub name: String,
    /// `$PATH`, where programs are looked for.
    pub search_path: Option<OsString>,
}

/// The store, the multiplexer, the rules and the journal of one user on one machine. Operations are
/// its methods: each returns what came of it, and notes that in the journal.
///
/// Whatever follows from the settings is made from them in one place ([`Host::with_settings`]), so
/// that changed settings reach all of it.
#[derive(Debug, Clone)]
pub struct Host {
    machine: Machine,
    paths: Paths,
    socket: PathBuf,
    settings: Settings,
    store: Store,
    mux: Arc<dyn Restorer>,
    journal: Journal,
    teller: Teller,
    exclusions: OnceLock<Exclusions>,
    /// The failure of the store that was noted last.
    failure: Arc<Mutex<Option<String>>>,
}

impl Host {
    /// A host; nothing is read or made before something is asked of it. `socket` is the path of the
    /// server that `mux` leads to, whether or not it runs.
    #[must_use]
    pub fn new(
        machine: Machine,
        paths: Paths,
        mux: &dyn Restorer,
        socket: PathBuf,
        settings: Settings,
    ) -> Self {
        let host = Self {
            store: Store::new(paths.data.clone(), StoreOptions::default()),
            journal: Journal::new(paths.state.clone(), By::Command),
            teller: Teller::new(&settings.redaction),
            exclusions: OnceLock::new(),
            failure: Arc::default(),
            settings: Settings::default(),
            machine,
            paths,
            socket,
            mux: mux.scoped(Scope::default()),
        };
        host.with_settings(settings)
    }

    /// The same host with other settings.
    #[must_use]
    pub fn with_settings(&self, settings: Settings) -> Self {
        let options = StoreOptions {
            network: settings.store.network,
            ..StoreOptions::default()
        };
        let scope = Scope {
            environment: settings.capture.environment.clone(),
            buffers: settings.capture.buffers,
        };
        Self {
            store: Store::new(self.paths.data.clone(), options),
            mux: self.mux.scoped(scope),
            teller: Teller::new(&settings.redaction),
            exclusions: OnceLock::new(),
            settings,
            ..self.clone()
        }
    }

    /// The same host, whose operations the journal ascribes to somebody else.
    #[must_use]
    pub fn by(&self, by: By) -> Self {
        Self {
            journal: self.journal.by(by),
            ..self.clone()
        }
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where things live.
    #[must_use]
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// The path of the server's socket.
    #[must_use]
    pub fn socket(&self) -> &PathBuf {
        &self.socket
    }

    /// The lock of the server's recorder.
    #[must_use]
    pub fn recorder_lock(&self) -> PathBuf {
        self.paths.recorder_lock(&self.socket)
    }

    /// The snapshots, to be read. The store is made when something is written first.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The multiplexer that is recorded and restored to.
    #[must_use]
    pub fn mux(&self) -> &dyn Restorer {
        self.mux.as_ref()
    }

    /// The journal, to be read.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// How the journal writes a name; `None` where it leaves it out.
    #[must_use]
    pub fn name_in_journal(&self, name: &str) -> Option<String> {
        Some(self.teller.text(name).shown()?.into_owned())
    }

    /// What is never recorded. Links are followed once.
    pub(crate) fn exclusions(&self) -> &Exclusions {
        let make = || self.settings.exclusions(&self.paths.home);
        self.exclusions.get_or_init(make)
    }

    /// What takes secrets out. Its rules are read once, when they are needed first.
    ///
    /// # Errors
    ///
    /// [`OpsError::Redaction`] where a rule of the settings cannot be used.
    pub fn redactor(&self) -> Result<&Redactor, OpsError> {
        self.teller
            .redactor()
            .map_err(|source| OpsError::Redaction {
                file: self.paths.config_file.clone(),
                source,
            })
    }

    /// The time of day.
    #[must_use]
    pub fn now(&self) -> Millis {
        (self.machine.clock)()
    }

    /// A moment in the user's time zone.
    #[must_use]
    pub fn zoned(&self, moment: Millis) -> Zoned {
        moment.timestamp().to_zoned(self.zone())
    }

    /// The user's time zone.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        (self.machine.zone)()
    }

    pub(super) fn machine(&self) -> &Machine {
        &self.machine
    }

    #[cfg(test)]
    pub(super) fn machine_mut(&mut self) -> &mut Machine {
        &mut self.machine
    }

    /// 64 random bits.
    ///
    /// # Errors
    ///
    /// [`OpsError::Randomness`] where the system has none: ids could be taken twice.
    pub(super) fn random(&self) -> Result<u64, OpsError> {
        (self.machine.random)().map_err(OpsError::Randomness)
    }

    /// Notes in the journal what was done. A journal that cannot be written hinders nothing.
    pub(crate) fn note(&self, told: impl FnOnce(&Teller) -> Vec<Event>) {
        self.note_at(self.now(), told);
    }

    /// Notes in the journal what was done at this moment.
    pub(crate) fn note_at(&self, now: Millis, told: impl FnOnce(&Teller) -> Vec<Event>) {
        self.journal.note_all(now, &told(&self.teller));
    }

    /// Notes that the store could not do what was asked. The same failure again is noted when
    /// something has worked in between.
    pub fn note_failure(&self, why: &str) {
        let mut last = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_deref() != Some(why) {
            for event in self.teller.store_failed(why) {
                // The user is told of the store; a journal on the same disk has nothing to add.
                if let Err(error) = self.journal.append(self.now(), &event) {
                    tracing::info!("{error}");
                }
            }
            *last = Some(why.to_owned());
        }
    }

    /// Notes what came of writing to the store, also where the store could not do it.
    pub(super) fn noted<T>(
        &self,
        result: Result<T, StoreError>,
        told: impl FnOnce(&Teller, &T) -> Vec<Event>,
    ) -> Result<T, OpsError> {
        match &result {
            Ok(done) => {
                *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = None;
                self.note(|tell| told(tell, done));
            }
            Err(error) if error.is_about_the_store() => self.note_failure(&with_causes(error)),
            Err(_) => {}
        }
        Ok(result?)
    }
}
