//! The interface's own recorder. Whether another process records is asked again and again: where
//! none does, and the user wants it, the interface records, and takes over from one that has ended.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{
    Receiver, Sender, UnboundedReceiver, UnboundedSender, channel, unbounded_channel,
};

use crate::daemon::{Handle, Instance, InstanceError, Recorder, spawn};
use crate::ops::beat::{Holder, RecordedBy};
use crate::ops::tell::with_causes;
use crate::ops::{Host, RecorderEvent};

use super::context::Context;

/// News that may wait to be heard.
const WAITING: usize = 64;

/// The longest time between two looks at who records.
const MAX_LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// The shortest one.
const MIN_LOOK_INTERVAL: Duration = Duration::from_millis(250);

/// The recorder, while there is one, and what is known of others.
#[derive(Debug)]
pub(super) struct Recording {
    running: Option<Handle>,
    events: Sender<RecorderEvent>,
    found: UnboundedSender<Found>,
    /// Whether the user wants it.
    wanted: bool,
    /// Whether somebody looks at the lock just now.
    looking: bool,
    /// The other process that held the lock last.
    other: Option<Holder>,
    /// Whether the lock was free when it was looked at last. A daemon that is started anew gets it
    /// back in the time to the next look.
    free: bool,
}

/// What a look at the lock found: this process has it now, or what is true without it.
pub(super) type Found = Result<Box<(Recorder, Instance)>, RecorderEvent>;

/// What comes from a recorder and from looks at the lock.
pub(super) struct News {
    /// Events of the recorder of this process.
    pub(super) events: Receiver<RecorderEvent>,
    /// What looks at the lock found.
    pub(super) found: UnboundedReceiver<Found>,
}

impl Recording {
    /// None yet.
    pub(super) fn new() -> (Self, News) {
        let (events, news) = channel(WAITING);
        let (found, finds) = unbounded_channel();
        let recording = Self {
            running: None,
            events,
            found,
            wanted: false,
            looking: false,
            other: None,
            free: false,
        };
        let news = News {
            events: news,
            found: finds,
        };
        (recording, news)
    }

    /// How often to call [`Recording::look`]: an end of a recorder is noticed and answered within
    /// an interval of its own looks.
    pub(super) fn period(&self, context: &Context) -> Duration {
        let own = self.running.as_ref().map(Handle::beat);
        let beat = own.or(self.other.and_then(|other| other.beat));
        let settings = &context.host.settings().recorder;
        let every_ms = beat.map_or(settings.probe_ms(), |beat| beat.every_ms);
        (Duration::from_millis(every_ms) / 2).clamp(MIN_LOOK_INTERVAL, MAX_LOOK_INTERVAL)
    }

    /// The user wants it to record, unless another process does.
    pub(super) fn want(&mut self, context: &Arc<Context>) {
        self.wanted = context.record;
        self.look(context);
    }

    /// Looks who records; what is found comes as news. Of the recorder of this process it is known
    /// at once.
    pub(super) fn look(&mut self, context: &Arc<Context>) -> Option<RecorderEvent> {
        if let Some(handle) = &self.running {
            if !handle.is_over() {
                return Some(RecorderEvent::Looked(handle.beat()));
            }
            // It is started again at the next look: with it, its lock went.
            self.running = None;
            let why = "the recorder has ended by itself".to_owned();
            return Some(RecorderEvent::Broken(why));
        }
        if self.looking {
            return None;
        }
        self.looking = true;
        let take = self.wanted && (self.free || self.other.is_none());
        let (context, found) = (Arc::clone(context), self.found.clone());
        tokio::spawn(async move {
            let look = tokio::task::spawn_blocking(move || look_at(&context.host, take));
            // Whatever becomes of the look, it is over, and the next one can begin.
            let outcome = look.await.unwrap_or_else(|error| {
                let why = format!("This is a bug in muxtape: {error}");
                Err(RecorderEvent::Broken(why))
            });
            // Nobody listens any more when the interface has ended.
            let _ = found.send(outcome);
        });
        None
    }

    /// Takes in what a look at the lock found.
    pub(super) fn found(&mut self, found: Found, context: &Arc<Context>) -> Option<RecorderEvent> {
        self.looking = false;
        self.free = matches!(found, Err(RecorderEvent::Stopped));
        let (recorder, instance) = match found {
            Ok(taken) if self.wanted => *taken,
            Ok(_) => return None,
            // It was wanted only after that look had begun: nothing is known before it is tried.
            Err(RecorderEvent::Stopped) if self.wanted && self.other.is_none() => {
                return self.look(context);
            }
            Err(event) => {
                if let RecorderEvent::Other(holder) = event {
                    self.other = Some(holder);
                }
                return Some(event);
            }
        };
        let every_ms = recorder.every_ms();
        self.running = Some(spawn(recorder, instance, self.events.clone()));
        let after = self.other.take();
        Some(RecorderEvent::Started { every_ms, after })
    }

    /// Another process records in its place: it has ended, or is about to.
    pub(super) fn displaced(&mut self, by: Holder) {
        self.running = None;
        self.other = Some(by);
    }

    /// Whether the user wants it.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// Ends it, and waits for the look that it may be in. It is not started again until it is
    /// wanted again.
    pub(super) async fn stop(&mut self) {
        self.wanted = false;
        if let Some(handle) = self.running.take() {
            handle.stop().await;
        }
    }
}

fn look_at(host: &Host, take: bool) -> Found {
    let lock = host.recorder_lock();
    if let Some(holder) = Instance::holder(&lock) {
        return Err(RecorderEvent::Other(holder));
    }
    if !take {
        return Err(RecorderEvent::Stopped);
    }
    let recorder =
        Recorder::new(host).map_err(|error| RecorderEvent::Broken(with_causes(&error)))?;
    let every_ms = recorder.every_ms();
    match Instance::acquire(&lock, RecordedBy::Interface, every_ms, host.now()) {
        Ok(instance) => Ok(Box::new((recorder, instance))),
        Err(InstanceError::Running(holder)) => Err(RecorderEvent::Other(holder)),
        Err(error) => Err(RecorderEvent::Broken(with_causes(&error))),
    }
}
