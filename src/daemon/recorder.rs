//! What the recorder does at each look, and when it decides to capture.

use std::sync::Arc;
use std::time::Duration;

use super::decision::decide;
use super::failures::Failures;
use super::housekeeping::Housekeeping;
use super::lives::Lives;
use super::maintenance::Maintenance;
use super::settings::SettingsFile;
use crate::capture::{CaptureError, Captured};
use crate::journal::By;
use crate::model::Millis;
use crate::model::snapshot::EndCause;
use crate::mux::process::{EndedFirst, Witness};
use crate::mux::{MuxError, Probe};
use crate::ops::beat::{Beat, Health, Holder};
use crate::ops::tell::{Teller, with_causes};
use crate::ops::{Host, OpsError, RecorderEvent};
use crate::restore::recovery::is_trivial;
use crate::store::{Kept, Recorded, StoreError, TakenIn};

/// Records one server. The settings are those of the host's settings file, also when that changes:
/// all of them hold from the next look on.
#[derive(Debug)]
pub struct Recorder {
    host: Host,
    settings: SettingsFile,
    previous: Option<Captured>,
    last_probe: Option<Probe>,
    last_capture: Option<Millis>,
    lives: Lives,
    panes: usize,
    /// While a single idle shell is left: how it will have ended.
    witness: Option<Witness>,
    failures: Failures,
    health: Health,
    /// Whether nothing of its own waits beside the store. At first others may have left something.
    caught_up: bool,
    housekeeping: Housekeeping,
    maintenance: Maintenance,
    /// The failure that was noted last: the same one again is not noted.
    noted_failure: Option<String>,
}

impl Recorder {
    /// A recorder; nothing is read or written before the first look.
    ///
    /// # Errors
    ///
    /// [`OpsError::Redaction`] where the rules about secrets cannot be used.
    pub fn new(host: &Host) -> Result<Self, OpsError> {
        host.redactor()?;
        Ok(Self {
            host: host.by(By::Recorder),
            settings: SettingsFile::new(host.paths().config_file.clone()),
            previous: None,
            last_probe: None,
            last_capture: None,
            lives: Lives::default(),
            panes: 0,
            witness: None,
            failures: Failures::default(),
            health: Health::Starting,
            caught_up: false,
            housekeeping: Housekeeping::default(),
            maintenance: Maintenance::default(),
            noted_failure: None,
        })
    }

    /// What it works with.
    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    /// Milliseconds between two looks.
    #[must_use]
    pub fn every_ms(&self) -> u64 {
        self.host.settings().recorder.probe_ms()
    }

    /// How it fares, as a sign of life at this moment.
    pub(super) fn beat(&self, at: Millis) -> Beat {
        Beat {
            at,
            every_ms: self.every_ms(),
            health: self.health,
        }
    }

    /// Takes over the settings where their file has changed. While it cannot be understood, the
    /// settings before hold.
    fn follow_settings(&mut self) {
        let reloaded = match self.settings.reload_if_changed() {
            Ok(None) => return,
            Ok(Some(settings)) => {
                let host = self.host.with_settings(settings);
                let usable = host.redactor().map(drop);
                usable.map(|()| host).map_err(|error| with_causes(&error))
            }
            Err(error) => Err(with_causes(&error)),
        };
        match reloaded {
            Ok(host) => {
                tracing::debug!("the settings were read: they hold from now on");
                self.host = host;
                // What is known of texts was made by the rules before, and what failed may work
                // now.
                self.previous = None;
                self.last_probe = None;
                self.failures = Failures::default();
            }
            Err(error) => {
                tracing::warn!("the settings cannot be read, and those before still hold: {error}");
            }
        }
    }

    /// Notes that it begins; `before` is the recorder that was cut off before it, if one was.
    pub(super) fn begins(&self, now: Millis, before: Option<Holder>) {
        self.host
            .note_at(now, |tell| tell.recorder_started(before.as_ref(), now));
    }

    /// Notes that it ends in good order.
    pub(super) fn ends(&self, now: Millis) {
        self.host.note_at(now, Teller::recorder_stopped);
    }

    /// What came of the last look.
    #[must_use]
    pub fn health(&self) -> Health {
        self.health
    }

    /// One look: probes, captures if something is due, stores if something changed. Where nothing
    /// did for a while, the store is tidied after it.
    pub fn tick(&mut self, now: Millis) -> RecorderEvent {
        self.follow_settings();
        let event = self.take_look(now);
        self.note(now, &event);
        self.health = event.health().unwrap_or(self.health);
        match &event {
            RecorderEvent::Stored(_) => self.housekeeping.stored(&self.host, now),
            RecorderEvent::Spooled(spooled)
                if matches!(
                    spooled.why,
                    StoreError::NoSpace { .. } | StoreError::FileLimit { .. }
                ) =>
            {
                self.housekeeping.make_room(&self.host, now);
            }
            _ => {}
        }
        match &event {
            RecorderEvent::Quiet | RecorderEvent::Unchanged | RecorderEvent::NoServer => {
                self.maintenance.after_look(false, now, self.host.store());
            }
            // The store may be what failed.
            RecorderEvent::Failed(_) | RecorderEvent::HeldBack | RecorderEvent::Other(_) => {}
            _ => self.maintenance.after_look(true, now, self.host.store()),
        }
        event
    }

    /// Notes what happened at a look; the same failure once.
    fn note(&mut self, now: Millis, event: &RecorderEvent) {
        match event {
            // No sign that what failed works again.
            RecorderEvent::Quiet
            | RecorderEvent::HeldBack
            | RecorderEvent::NoServer
            | RecorderEvent::Other(_) => return,
            RecorderEvent::Failed(why) if self.noted_failure.as_ref() == Some(why) => return,
            RecorderEvent::Failed(why) => self.noted_failure = Some(why.clone()),
            _ => self.noted_failure = None,
        }
        self.host.note_at(now, |tell| tell.recorder(event));
    }

    fn take_look(&mut self, now: Millis) -> RecorderEvent {
        let held_back = self.failures.hold_back(now);
        let caught_up = if held_back { Ok(None) } else { self.catch_up() };
        let blocked = match caught_up {
            Ok(Some(taken)) => {
                self.failures = Failures::default();
                return RecorderEvent::TakenIn(taken);
            }
            Ok(None) => None,
            Err(error) => {
                self.failures.add(now);
                Some(error)
            }
        };
        match self.try_tick(now, held_back, blocked) {
            Ok(event) => event,
            Err(
                OpsError::Mux(MuxError::NoServer { .. })
                | OpsError::Capture(CaptureError::Mux(MuxError::NoServer { .. })),
            ) => self.gone(now),
            Err(error) => {
                self.failures.add(now);
                RecorderEvent::Failed(with_causes(&error))
            }
        }
    }

    /// Takes in spooled captures, if there is anything. An error means that the store cannot be
    /// written.
    fn catch_up(&mut self) -> Result<Option<TakenIn>, StoreError> {
        if self.caught_up {
            return Ok(None);
        }
        let taken = self.host.store().take_in()?;
        // Others that still wait are another process's, or a newer muxtape's.
        self.caught_up = true;
        Ok((!taken.is_nothing()).then_some(taken))
    }

    /// A look that captures whether or not the interval is over.
    pub fn look(&mut self, now: Millis) -> RecorderEvent {
        self.last_capture = None;
        self.failures = Failures::default();
        self.tick(now)
    }

    /// As [`Recorder::tick`]; where the store is `blocked`, what is captured is spooled.
    fn try_tick(
        &mut self,
        now: Millis,
        held_back: bool,
        mut blocked: Option<StoreError>,
    ) -> Result<RecorderEvent, OpsError> {
        let Some(probe) = self.host.mux().probe()? else {
            return Ok(self.gone(now));
        };
        self.panes = probe.panes.len();
        let due = decide(
            self.last_probe.as_ref(),
            &probe,
            self.previous
                .as_ref()
                .is_some_and(Captured::has_put_together),
            self.last_capture,
            now,
            Duration::from_secs(self.host.settings().recorder.interval_seconds.into()),
        );
        let Some(cause) = due else {
            if held_back || blocked.is_some() {
                return Ok(RecorderEvent::HeldBack);
            }
            self.lives.still_alive(self.host.store(), now)?;
            self.failures = Failures::default();
            return Ok(RecorderEvent::Quiet);
        };
        if held_back {
            return Ok(RecorderEvent::HeldBack);
        }
        let mut captured = self.host.live_after(self.previous.as_ref())?;
        if captured.state.sessions.is_empty() {
            return Ok(match blocked {
                None => RecorderEvent::Quiet,
                Some(_) => RecorderEvent::HeldBack,
            });
        }
        if blocked.is_none() {
            // Only if it is another server than before.
            let before = match self.previous.as_ref() {
                Some(before) if before.server != captured.server => Some(self.end_cause()),
                _ => None,
            };
            let met = self
                .lives
                .meet(self.host.store(), &captured.server, before, now);
            match met {
                Err(error) if error.is_about_the_store() => blocked = Some(error),
                met => {
                    let met = met?;
                    let (began, server) = (met.began, &captured.server);
                    self.host
                        .note_at(now, |tell| tell.met(server, began, &met.ended));
                }
            }
        }
        // Panes may have been closed since the probe; and who sees the snapshot may close the last
        // one at once.
        self.panes = captured.probe.panes.len();
        self.watch(&captured);
        let kept = match self.host.keep(&mut captured, cause, now, blocked) {
            Ok(kept) => kept,
            Err(error) => {
                // A text that it counts on is not there any more: capture all next time. Whatever
                // else went wrong, what was captured before is still safe.
                if matches!(error, OpsError::Store(StoreError::MissingContents { .. })) {
                    self.previous = None;
                    self.last_probe = None;
                }
                return Err(error);
            }
        };
        self.last_probe = Some(captured.probe.clone());
        self.last_capture = Some(now);
        self.previous = Some(captured);
        let recorded = match kept {
            Kept::Recorded(recorded) => recorded,
            Kept::Spooled(spooled) => {
                self.caught_up = false;
                self.failures.add(now);
                return Ok(RecorderEvent::Spooled(Arc::new(spooled)));
            }
        };
        self.failures = Failures::default();
        match recorded {
            Recorded::Unchanged(_) => {
                self.lives.still_alive(self.host.store(), now)?;
                Ok(RecorderEvent::Unchanged)
            }
            Recorded::Stored(meta) => {
                self.lives.saw(self.host.store(), now)?;
                Ok(RecorderEvent::Stored(Box::new(meta)))
            }
        }
    }

    /// Watches the server while it has a single idle shell.
    fn watch(&mut self, captured: &Captured) {
        let mut panes = captured.state.panes().map(|(_, _, pane)| pane.handle);
        let pane = match (panes.next(), panes.next()) {
            (Some(Some(pane)), None) if is_trivial(&captured.state) => pane,
            _ => {
                self.witness = None;
                return;
            }
        };
        let same = self
            .previous
            .as_ref()
            .is_some_and(|before| before.server == captured.server && is_trivial(&before.state));
        if !same || self.witness.is_none() {
            let server = captured.server.process;
            self.witness = server.and_then(|server| Witness::of(server.pid, pane.pid?));
        }
    }

    /// How the server that was recorded ended.
    fn end_cause(&mut self) -> EndCause {
        // Who closes the last shell of the last session ends the server; who loses more than one
        // pane at once, or one with a program in it, has not closed them. A single shell that was
        // idle ends before its server where it was closed, and after it where that was killed.
        let witness = self.witness.take();
        let Some(last) = &self.previous else {
            return EndCause::Closed;
        };
        if self.panes > 1 || !is_trivial(&last.state) {
            return EndCause::ServerGone;
        }
        match witness.and_then(Witness::ended_first) {
            Some(EndedFirst::Server) => EndCause::ServerGone,
            Some(EndedFirst::Pane) => EndCause::Closed,
            None if self.host.mux().was_killed_attached(&last.server) => EndCause::ServerGone,
            None => EndCause::Closed,
        }
    }

    /// The server does not answer any more: its life has ended.
    fn gone(&mut self, now: Millis) -> RecorderEvent {
        let cause = self.end_cause();
        match self.lives.end(self.host.store(), cause, now) {
            Ok(ended) => {
                self.previous = None;
                self.last_probe = None;
                self.last_capture = None;
                ended.map_or(RecorderEvent::NoServer, |(life, cause)| {
                    RecorderEvent::ServerGone { life, cause }
                })
            }
            // It is told again at the next look.
            Err(error) => RecorderEvent::Failed(with_causes(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::mux::memory::Memory;
    use crate::ops::testing::{host, host_of};
    use crate::redact::Tally;
    use crate::store::testing::{session, state, text};

    #[test]
    fn who_fails_again_and_again_tries_less_often() {
        let dir = tempfile::tempdir().unwrap();
        // Its structure can be asked for, but cannot be true.
        let mut odd = session("odd", 0, &[text("$ ")]);
        odd.tabs.push(odd.tabs[0].clone());
        let mux = Memory::with(state(vec![odd]), &[]);
        let mut recorder = Recorder::new(&host_of(dir.path(), &mux)).unwrap();
        let failed: Vec<i64> = (0..300)
            .filter(|second| {
                let event = recorder.tick(Millis(second * 1000));
                // Not to try is no success.
                assert_eq!(recorder.health(), Health::Failing);
                matches!(event, RecorderEvent::Failed(_))
            })
            .collect();
        assert_eq!(failed, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
        assert_eq!(mux.server().observed, failed.len());
        // Whoever asks for a look gets it at once, and a clock that went back stops nothing.
        let tries = |event: RecorderEvent| matches!(event, RecorderEvent::Failed(_));
        assert!(tries(recorder.look(Millis(300_000))));
        assert!(tries(recorder.tick(Millis(300_001))));
        assert!(!tries(recorder.tick(Millis(300_002))));
        assert!(tries(recorder.tick(Millis(5))));
    }

    #[test]
    fn whatever_changes_in_the_settings_file_holds_from_the_next_look_on() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        let mut recorder = Recorder::new(&host(dir.path())).unwrap();
        let holds = |what: &str, recorder: &Recorder| {
            let (host, settings) = (recorder.host(), recorder.host().settings());
            match what {
                "probe_seconds" => recorder.beat(Millis(0)).every_ms == 7_000,
                "interval_seconds" => settings.recorder.interval_seconds == 7,
                "contents" => !settings.recorder.contents,
                "history_limit" => settings.recorder.history_limit == 7,
                "environment" => format!("{:?}", host.mux()).contains("SEVEN"),
                "buffers" => format!("{:?}", host.mux()).contains("buffers: true"),
                "network" => format!("{:?}", host.store()).contains("network: true"),
                "retention" => settings.retention.policy().other.last == 7,
                "redaction" => {
                    let words = host
                        .redactor()
                        .unwrap()
                        .words("seven-777", &mut Tally::default());
                    words.contains("seven") && !words.contains("777")
                }
                "never" => *host.exclusions() != Settings::default().exclusions(dir.path()),
                what => panic!("{what} is not known"),
            }
        };
        for (what, settings) in [
            ("probe_seconds", "[recorder]\nprobe_seconds = 7"),
            ("interval_seconds", "[recorder]\ninterval_seconds = 7"),
            ("contents", "[recorder]\ncontents = false"),
            ("history_limit", "[recorder]\nhistory_limit = 7"),
            ("environment", "[capture]\nenvironment = [\"SEVEN\"]"),
            ("buffers", "[capture]\nbuffers = true"),
            ("network", "[store]\nnetwork = true"),
            ("retention", "[retention]\nkeep_last = 7"),
            (
                "redaction",
                "[[redaction.rules]]\nname = \"seven\"\npattern = '777'",
            ),
            ("never", "[capture.never]\nsessions = [\"seven\"]"),
        ] {
            recorder.tick(Millis(0));
            assert!(!holds(what, &recorder), "{what} before");
            std::fs::write(&file, settings).unwrap();
            recorder.tick(Millis(0));
            assert!(holds(what, &recorder), "{what}");
            // What cannot be understood, or used, changes nothing.
            for broken in [
                "[recorder]\nprobe_seconds = 0",
                "[[redaction.rules]]\nname = \"x\"\npattern = '('",
            ] {
                std::fs::write(&file, broken).unwrap();
                recorder.tick(Millis(0));
                assert!(holds(what, &recorder), "{what} after {broken}");
            }
            std::fs::remove_file(&file).unwrap();
        }
    }
}
