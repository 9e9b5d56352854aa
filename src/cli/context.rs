//! What every command works with: the options, the output and the host.

use bstr::BStr;
use jiff::Zoned;
use jiff::tz::TimeZone;

use super::args::Global;
use super::error::{CliError, Exit};
use super::multiplexer;
use super::output::{Output, confirm};
use crate::config::{Overrides, Paths, Settings};
use crate::model::ansi::label;
use crate::model::snapshot::SnapshotMeta;
use crate::model::target::SnapRef;
use crate::model::{Millis, moment};
use crate::ops::{Host, Machine, Socket};
use crate::redact::Tally;
use crate::store::{FindScope, StoreError};

/// What every command works with.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) global: Global,
    pub(super) output: Output,
    pub(super) host: Host,
}

impl Context {
    pub(super) fn new(global: Global) -> Result<Self, CliError> {
        for (option, path) in [
            ("--data-dir", &global.data_dir),
            ("--config", &global.config),
        ] {
            if path.as_ref().is_some_and(|path| path.as_os_str() == "-") {
                let message =
                    format!("{option} - names no place: - would be standard input or output");
                return Err(CliError::new(Exit::Usage, message)
                    .hint(format!("for something of that name: {option} ./-")));
            }
        }
        let overrides = Overrides {
            data: global.data_dir.clone(),
            config_file: global.config.clone(),
        };
        let paths = Paths::resolve(&overrides)?;
        let settings = Settings::load(&paths.config_file)?;
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let output = Output::new(global.json, global.quiet, global.color, no_color);
        let mux = multiplexer::chosen(&global)?;
        let socket = multiplexer::socket(&global);
        Ok(Self {
            host: Host::new(machine(), paths, mux.as_ref(), socket, settings),
            global,
            output,
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

    /// The clock, in the user's time zone.
    pub(super) fn zoned(&self) -> Zoned {
        self.host.zoned(self.host.now())
    }

    /// The moment that words name.
    pub(super) fn moment(&self, words: &str) -> Result<Millis, CliError> {
        Ok(moment::parse(words.trim_start_matches('@'), &self.zoned())?)
    }

    /// Goes on where the user says yes, with `--yes` or when asked; else `refused` is what was not
    /// done.
    pub(super) fn confirmed(
        &self,
        question: &str,
        refused: &str,
        hint: &str,
    ) -> Result<(), CliError> {
        if self.global.yes || confirm(question) {
            return Ok(());
        }
        let message = format!("{refused}: not confirmed");
        Err(CliError::new(Exit::Refused, message).hint(hint))
    }

    /// The snapshots that a user names, each once: two names may mean the same.
    pub(super) fn find_all(&self, names: &[String]) -> Result<Vec<SnapshotMeta>, CliError> {
        let mut found: Vec<SnapshotMeta> = Vec::with_capacity(names.len());
        for name in names {
            let meta = self.find(name, None)?;
            if found.iter().all(|other| other.id != meta.id) {
                found.push(meta);
            }
        }
        Ok(found)
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
        let store = self.host.store();
        let session = session.map(BStr::new);
        let Some(server) = self.named_server() else {
            let found = store.find(&snap, session, at)?;
            self.tell_server(&snap, &found);
            return Ok(found);
        };
        let is_wanted = |socket: &BStr| server.is(socket);
        let scope = FindScope {
            session,
            socket: Some(&is_wanted),
        };
        store.find_within(&snap, scope, at).map_err(|error| {
            let elsewhere = matches!(error, StoreError::NotFound { .. })
                .then(|| store.find(&snap, session, at).ok())
                .flatten();
            let error = CliError::from(error);
            let Some(other) = elsewhere else { return error };
            let of = label(server.path().as_os_str().as_encoded_bytes());
            let message = format!("{} on the server {of}", error.message);
            CliError::new(error.code, message).hint(format!(
                "the server {} has one, {}: name it by this id, or that server with -S",
                label(&other.server.socket),
                other.id.short()
            ))
        })
    }

    /// The server that `-L`, `-S` or `$TMUX` name.
    pub(super) fn named_server(&self) -> Option<Socket> {
        multiplexer::named_socket(&self.global).map(Socket::new)
    }

    /// Says of which server a snapshot is, where others could have been meant.
    fn tell_server(&self, snap: &SnapRef, found: &SnapshotMeta) {
        let by_id = snap
            .id_ranges()
            .iter()
            .any(|(low, high)| (low..=high).contains(&&found.id));
        // Without an answer nothing is said: it is no more than a help.
        if !by_id && self.host.store().sockets().is_ok_and(|all| all.len() > 1) {
            self.output.say(&format!(
                "{} is of the server {}",
                found.id.short(),
                label(&found.server.socket)
            ));
        }
    }
}

/// The system that this process runs on.
fn machine() -> Machine {
    Machine {
        clock: || Millis::from(std::time::SystemTime::now()),
        random: || {
            let mut bytes = [0; 8];
            let filled = getrandom::fill(&mut bytes);
            filled.map_err(|error| std::io::Error::other(error.to_string()))?;
            Ok(u64::from_ne_bytes(bytes))
        },
        zone: TimeZone::system,
        program: std::env::current_exe,
        name: rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned(),
        search_path: std::env::var_os("PATH"),
    }
}
