//! The interface's own recorder: started when the user has chosen so, unless another process records.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::app::msg::{Failure, RecorderEvent};
use crate::daemon::{Event, Handle, Instance, InstanceError, Recorder, RecorderOptions, spawn};
use crate::model::time::Millis;
use crate::redact::Redactor;

use super::context::Context;
use super::jobs::fail;

/// News that may wait to be heard.
const WAITING: usize = 64;

/// The recorder, while there is one.
#[derive(Debug)]
pub(super) struct Recording {
    /// Held as long as it runs.
    running: Option<(Handle, Instance)>,
    events: Sender<Event>,
}

impl Recording {
    /// None yet; its news will come out of the receiver.
    pub(super) fn new() -> (Self, Receiver<Event>) {
        let (events, news) = channel(WAITING);
        let recording = Self {
            running: None,
            events,
        };
        (recording, news)
    }

    /// Starts it, unless it runs, another process records, or the user wants none. What there is to
    /// be known of that.
    pub(super) fn start(&mut self, context: &Context) -> Option<RecorderEvent> {
        if self.running.is_some() {
            return None;
        }
        if !context.record {
            return Some(RecorderEvent::Stopped);
        }
        let failed = |failure| RecorderEvent::Failed {
            at: context.now(),
            failure,
        };
        let instance = match Instance::acquire(&context.recorder_lock) {
            Ok(instance) => instance,
            Err(InstanceError::Running { pid }) => return Some(RecorderEvent::Other { pid }),
            Err(error) => return Some(failed(fail(error))),
        };
        let settings = &context.settings.recorder;
        let redactor = match Redactor::new(&context.settings.redaction) {
            Ok(redactor) => redactor,
            Err(error) => return Some(failed(fail(error))),
        };
        let options = RecorderOptions {
            probe: Duration::from_secs(settings.probe_seconds.into()),
            interval: Duration::from_secs(settings.interval_seconds.into()),
            retention: context.settings.retention.policy().clone(),
            contents: settings.contents,
            history_limit: Some(settings.history_limit),
            exclusions: context.exclusions.clone(),
            host: context.host.clone(),
        };
        let mux = Arc::new(context.tmux.clone());
        let recorder = Recorder::new(mux, context.store.clone(), redactor, options)
            .with_journal(&context.journal, context.teller.clone())
            .with_settings(
                context.paths.config_file.clone(),
                context.paths.home.clone(),
            );
        self.running = Some((spawn(recorder, self.events.clone()), instance));
        Some(RecorderEvent::Started)
    }

    /// Ends it, and waits for the look that it may be in.
    pub(super) async fn stop(&mut self) {
        if let Some((handle, instance)) = self.running.take() {
            handle.stop().await;
            drop(instance);
        }
    }
}

/// An event of the recorder in the words of the state.
pub(super) fn news(event: Event, at: Millis) -> Option<RecorderEvent> {
    Some(match event {
        Event::Quiet => return None,
        Event::Unchanged => RecorderEvent::Unchanged { at },
        Event::Stored(meta) => RecorderEvent::Captured(meta),
        Event::Spooled(spooled) => RecorderEvent::KeptAside {
            failure: Failure {
                message: spooled.to_string(),
            },
        },
        Event::TakenIn(taken) => RecorderEvent::TakenIn {
            at,
            words: taken.to_string(),
        },
        Event::NoServer | Event::ServerGone { .. } => RecorderEvent::NoServer { at },
        Event::Failed(message) => RecorderEvent::Failed {
            at,
            failure: Failure { message },
        },
    })
}

/// What tells that somebody has written to the store.
pub(super) fn stamp(file: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
