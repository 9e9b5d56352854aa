//! What the recorder does at each look, and when it decides to capture.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::chronicle::Chronicle;
use super::decision::{Decision, decide};
use super::failures::Failures;
use super::housekeeping::Housekeeping;
use super::keeping::Keeping;
use super::lives::Lives;
use super::settings::SettingsFile;
use super::tidying::Tidying;
use crate::app::tell::Teller;
use crate::capture::{CaptureError, CaptureRequest, Captured, Exclusions, Stamp, capture};
use crate::journal::{self, By, Journal};
use crate::model::snapshot::{EndCause, SnapshotMeta};
use crate::model::{LifeId, Millis};
use crate::mux::{Multiplexer, MuxError, Probe};
use crate::redact::Redactor;
use crate::restore::recovery::is_trivial;
use crate::store::{Kept, Pruned, Recorded, Retention, Spooled, Store, StoreError, TakenIn};

/// How a recorder works.
#[derive(Debug, Clone)]
pub struct RecorderOptions {
    /// Time between two looks.
    pub probe: Duration,
    /// Time that lies between two captures at least when only text changed.
    pub interval: Duration,
    /// Which snapshots are kept.
    pub retention: Retention,
    /// Whether texts are captured.
    pub contents: bool,
    /// Rows of scrollback kept per pane at the most.
    pub history_limit: Option<u32>,
    /// What is never recorded.
    pub exclusions: Exclusions,
    /// The machine's name.
    pub host: String,
}

/// What happened at a look.
#[derive(Debug)]
pub enum Event {
    /// Nothing was due.
    Quiet,
    /// Something was due, and turned out to be as it was.
    Unchanged,
    /// A snapshot was stored.
    Stored(Box<SnapshotMeta>),
    /// A snapshot was kept aside, because the store cannot be written.
    Spooled(Box<Spooled>),
    /// Snapshots that had been kept aside are in the store now.
    TakenIn(TakenIn),
    /// There is no server to record.
    NoServer,
    /// The server that was recorded has gone.
    ServerGone {
        /// Its life.
        life: LifeId,
        /// How it ended, as far as that could be seen.
        cause: EndCause,
    },
    /// It did not work; it will be tried again.
    Failed(String),
}

/// Records one server.
#[derive(Debug)]
pub struct Recorder {
    mux: Arc<dyn Multiplexer>,
    store: Store,
    redactor: Redactor,
    options: RecorderOptions,
    previous: Option<Captured>,
    last_probe: Option<Probe>,
    last_capture: Option<Millis>,
    lives: Lives,
    panes: usize,
    failures: Failures,
    keeping: Keeping,
    housekeeping: Housekeeping,
    tidying: Tidying,
    chronicle: Chronicle,
    /// With the user's home, which directories can be named by.
    settings: Option<(SettingsFile, PathBuf)>,
}

#[derive(Debug, thiserror::Error)]
enum TickError {
    #[error(transparent)]
    Mux(#[from] MuxError),
    #[error(transparent)]
    Capture(#[from] CaptureError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Recorder {
    /// A recorder; nothing is read or written before the first look.
    #[must_use]
    pub fn new(
        mux: Arc<dyn Multiplexer>,
        store: Store,
        redactor: Redactor,
        options: RecorderOptions,
    ) -> Self {
        Self {
            mux,
            lives: Lives::new(store.clone()),
            keeping: Keeping::new(store.clone()),
            store,
            redactor,
            housekeeping: Housekeeping::new(options.retention.clone()),
            options,
            previous: None,
            last_probe: None,
            last_capture: None,
            panes: 0,
            tidying: Tidying::default(),
            chronicle: Chronicle::default(),
            settings: None,
            failures: Failures::default(),
        }
    }

    /// The recorder with a journal, in which it notes what it does.
    #[must_use]
    pub fn with_journal(self, journal: &Journal, teller: Teller) -> Self {
        let chronicle = Chronicle::new(journal.by(By::Recorder), teller);
        Self { chronicle, ..self }
    }

    /// The recorder with a settings file, and the home of the user whose it is: what is changed in it of the rules for
    /// secrets, and of what is never recorded, holds from the next look on, and all texts are looked at anew. While a changed file cannot be understood, the rules before hold.
    #[must_use]
    pub fn with_settings(self, file: PathBuf, home: PathBuf) -> Self {
        let settings = Some((SettingsFile::new(file), home));
        Self { settings, ..self }
    }

    /// Takes over the rules of a settings file that has changed.
    fn follow_settings(&mut self) {
        let Some((file, home)) = &mut self.settings else {
            return;
        };
        let news = match file.news() {
            Ok(None) => return,
            Ok(Some(settings)) => Redactor::new(&settings.redaction)
                .map(|redactor| (redactor, settings))
                .map_err(|error| with_causes(&error)),
            Err(error) => Err(with_causes(&error)),
        };
        match news {
            Ok((redactor, settings)) => {
                tracing::debug!("the settings were read: their rules hold from now on");
                self.redactor = redactor;
                self.options.exclusions = settings.exclusions(home);
                self.options.contents = settings.recorder.contents;
                self.chronicle.tell_by(Teller::new(&settings.redaction));
                // What is known of texts was made by the rules before.
                self.previous = None;
                self.last_probe = None;
            }
            Err(error) => {
                tracing::warn!(
                    "the settings cannot be read, and the rules before still hold: {error}"
                );
            }
        }
    }

    /// Notes that it begins.
    pub(super) fn begins(&self, now: Millis) {
        let started = vec![journal::Event::RecorderStarted {}];
        self.chronicle.note(now, |_| started);
    }

    /// Notes that it ends in good order.
    pub(super) fn ends(&self, now: Millis) {
        let stopped = vec![journal::Event::RecorderStopped {}];
        self.chronicle.note(now, |_| stopped);
    }

    /// The options.
    #[must_use]
    pub fn options(&self) -> &RecorderOptions {
        &self.options
    }

    /// One look: probes, captures if something is due, stores if something changed. Where nothing did for
    /// a while, the store is tidied after it.
    pub fn tick(&mut self, now: Millis, random: u64) -> Event {
        self.follow_settings();
        let event = self.take_look(now, random);
        self.chronicle.looked(now, &event);
        match &event {
            Event::Quiet | Event::Unchanged | Event::NoServer => {
                self.tidying.after_look(false, now, &self.store);
            }
            // The store may be what failed.
            Event::Failed(_) => {}
            _ => self.tidying.after_look(true, now, &self.store),
        }
        event
    }

    fn take_look(&mut self, now: Millis, random: u64) -> Event {
        let held_back = self.failures.hold_back(now);
        let caught_up = if held_back {
            Ok(None)
        } else {
            self.keeping.catch_up()
        };
        let blocked = match caught_up {
            Ok(Some(taken)) => {
                self.failures = Failures::default();
                return Event::TakenIn(taken);
            }
            Ok(None) => None,
            Err(error) => {
                self.failures.add(now);
                Some(error)
            }
        };
        match self.try_tick(now, random, held_back, blocked) {
            Ok(event) => event,
            Err(
                TickError::Mux(MuxError::NoServer { .. })
                | TickError::Capture(CaptureError::Mux(MuxError::NoServer { .. })),
            ) => self.gone(now),
            Err(error) => {
                self.failures.add(now);
                Event::Failed(with_causes(&error))
            }
        }
    }

    /// A look that captures whether or not the interval is over.
    pub fn look(&mut self, now: Millis, random: u64) -> Event {
        self.last_capture = None;
        self.failures = Failures::default();
        self.tick(now, random)
    }

    /// As [`Recorder::tick`]; where the store is `blocked`, what is captured is kept aside.
    fn try_tick(
        &mut self,
        now: Millis,
        random: u64,
        held_back: bool,
        mut blocked: Option<StoreError>,
    ) -> Result<Event, TickError> {
        let Some(probe) = self.mux.probe()? else {
            return Ok(self.gone(now));
        };
        self.panes = probe.panes.len();
        let decision = decide(
            self.last_probe.as_ref(),
            &probe,
            self.previous
                .as_ref()
                .is_some_and(Captured::has_put_together),
            self.last_capture,
            now,
            self.options.interval,
        );
        let Decision::Capture(cause) = decision else {
            if blocked.is_none() {
                self.lives.still_alive(now)?;
            }
            return Ok(Event::Quiet);
        };
        if held_back {
            return Ok(Event::Quiet);
        }
        let request = CaptureRequest {
            sessions: None,
            contents: self.options.contents,
            history_limit: self.options.history_limit,
            remember: true,
        };
        let mut captured = capture(
            self.mux.as_ref(),
            &self.redactor,
            &self.options.exclusions,
            &request,
            self.previous.as_ref(),
        )?;
        if captured.state.sessions.is_empty() {
            return Ok(Event::Quiet);
        }
        if blocked.is_none() {
            match self.lives.meet(&captured.server, now) {
                Err(error) if error.is_about_the_store() => blocked = Some(error),
                met => self.chronicle.met(now, &captured.server, &met?),
            }
        }
        let new = captured.snapshot(Stamp {
            time: now,
            random,
            cause,
            host: self.options.host.clone(),
        });
        let kept = match self.keeping.keep(new, blocked) {
            Ok(kept) => kept,
            Err(error) => {
                // A text that it counts on is not there any more: capture all next time. Whatever
                // else went wrong, what was captured before is still safe.
                if matches!(error, StoreError::MissingContents { .. }) {
                    self.previous = None;
                    self.last_probe = None;
                }
                return Err(error.into());
            }
        };
        self.last_probe = Some(captured.probe.clone());
        self.last_capture = Some(now);
        self.previous = Some(captured);
        let recorded = match kept {
            Kept::Recorded(recorded) => recorded,
            Kept::Spooled(spooled) => {
                self.failures.add(now);
                if matches!(spooled.why, StoreError::NoSpace { .. }) {
                    let made = self.housekeeping.make_room(&self.store, now);
                    self.pruned(now, made);
                }
                return Ok(Event::Spooled(Box::new(spooled)));
            }
        };
        self.failures = Failures::default();
        match recorded {
            Recorded::Unchanged(_) => {
                self.lives.still_alive(now)?;
                Ok(Event::Unchanged)
            }
            Recorded::Stored(meta) => {
                self.lives.saw(now)?;
                self.chronicle.note(now, |tell| tell.stored(&meta));
                // What is stored is stored; room is made after the next one, too.
                let made = self.housekeeping.stored(&self.store, now);
                self.pruned(now, made);
                Ok(Event::Stored(Box::new(meta)))
            }
        }
    }

    /// Room was to be made: what came of it.
    fn pruned(&self, now: Millis, made: Result<Pruned, StoreError>) {
        match made {
            Ok(pruned) => self.chronicle.note(now, |tell| tell.pruned(&pruned)),
            Err(error) => tracing::warn!(error = with_causes(&error), "could not make room"),
        }
    }

    /// The server does not answer any more: its life has ended.
    fn gone(&mut self, now: Millis) -> Event {
        // Who closes the last shell of the last session ends the server; who loses more than one
        // pane at once, or one with a program in it, has not closed them.
        let idle = self
            .previous
            .as_ref()
            .is_none_or(|last| is_trivial(&last.state));
        let cause = if self.panes <= 1 && idle {
            EndCause::Closed
        } else {
            EndCause::ServerGone
        };
        match self.lives.end(cause, now) {
            Ok(ended) => {
                self.previous = None;
                self.last_probe = None;
                self.last_capture = None;
                ended.map_or(Event::NoServer, |life| Event::ServerGone { life, cause })
            }
            // It is told again at the next look.
            Err(error) => Event::Failed(with_causes(&error)),
        }
    }
}

fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(": ");
        message.push_str(&error.to_string());
        cause = error.source();
    }
    message
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::model::snapshot::{MuxKind, ServerIdentity};
    use crate::mux::{Observation, PaneTexts, TextRequest};
    use crate::redact::RedactSettings;
    use crate::store::StoreOptions;

    /// A server whose structure can be asked for, but not understood.
    #[derive(Debug, Default)]
    struct Odd {
        observed: AtomicUsize,
    }

    impl Multiplexer for Odd {
        fn kind(&self) -> MuxKind {
            MuxKind::Tmux
        }

        fn identity(&self) -> Result<Option<ServerIdentity>, MuxError> {
            Ok(None)
        }

        fn probe(&self) -> Result<Option<Probe>, MuxError> {
            Ok(Some(Probe::default()))
        }

        fn observe(&self) -> Result<Observation, MuxError> {
            self.observed.fetch_add(1, Ordering::Relaxed);
            Err(MuxError::Garbled {
                mux: MuxKind::Tmux,
                what: "a question".into(),
                why: "a test".into(),
            })
        }

        fn texts(&self, _: &[TextRequest]) -> Result<PaneTexts, MuxError> {
            Ok(PaneTexts::default())
        }
    }

    #[test]
    fn who_fails_again_and_again_tries_less_often() {
        let dir = tempfile::tempdir().unwrap();
        let mux = Arc::new(Odd::default());
        let mut recorder = Recorder::new(
            Arc::clone(&mux) as Arc<dyn Multiplexer>,
            Store::new(dir.path().join("data"), StoreOptions::default()),
            Redactor::new(&RedactSettings::default()).unwrap(),
            RecorderOptions {
                probe: Duration::from_secs(1),
                interval: Duration::from_secs(30),
                retention: Retention::default(),
                contents: true,
                history_limit: None,
                exclusions: Exclusions::default(),
                host: "host".into(),
            },
        );
        let failed: Vec<i64> = (0..300)
            .filter(|second| {
                let event = recorder.tick(Millis(second * 1000), 1);
                matches!(event, Event::Failed(_))
            })
            .collect();
        assert_eq!(failed, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
        assert_eq!(mux.observed.load(Ordering::Relaxed), failed.len());
        // Whoever asks for a look gets it at once, and a clock that went back stops nothing.
        let tries = |event: Event| matches!(event, Event::Failed(_));
        assert!(tries(recorder.look(Millis(300_000), 1)));
        assert!(tries(recorder.tick(Millis(300_001), 1)));
        assert!(!tries(recorder.tick(Millis(300_002), 1)));
        assert!(tries(recorder.tick(Millis(5), 1)));
    }
}
