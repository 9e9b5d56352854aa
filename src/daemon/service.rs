//! The loop around the recorder: a clock, an end, and somebody who is told.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::recorder::{Event, Recorder};
use crate::model::Millis;

/// A recorder that runs in the background.
#[derive(Debug)]
pub struct Handle {
    stop: watch::Sender<bool>,
    now: mpsc::Sender<()>,
    task: JoinHandle<()>,
}

impl Handle {
    /// Looks at once instead of when it is time.
    pub fn look_now(&self) {
        // A look that is already asked for is enough.
        let _ = self.now.try_send(());
    }

    /// Ends the recorder and waits for the look that it may be in.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}

/// Starts a recorder in the background; every event but quiet ones goes to `events`.
#[must_use]
pub fn spawn(recorder: Recorder, events: mpsc::Sender<Event>) -> Handle {
    let (stop, stopped) = watch::channel(false);
    let (now, asked) = mpsc::channel(1);
    let task = tokio::spawn(run(recorder, events, stopped, asked));
    Handle { stop, now, task }
}

/// Runs a recorder until `stopped` turns true. Blocking work stays off the async threads.
pub async fn run(
    recorder: Recorder,
    events: mpsc::Sender<Event>,
    stopped: watch::Receiver<bool>,
    asked: mpsc::Receiver<()>,
) {
    let period = recorder.options().probe;
    let recorder = Arc::new(Mutex::new(recorder));
    // Neither can fail, but for a panic; then there is nobody left to be told.
    let _ = blocking(&recorder, |recorder, now| recorder.begins(now)).await;
    look(&recorder, period, events, stopped, asked).await;
    let _ = blocking(&recorder, |recorder, now| recorder.ends(now)).await;
}

/// Does something with the recorder off the async threads.
fn blocking<T: Send + 'static>(
    recorder: &Arc<Mutex<Recorder>>,
    work: impl FnOnce(&mut Recorder, Millis) -> T + Send + 'static,
) -> JoinHandle<T> {
    let shared = Arc::clone(recorder);
    tokio::task::spawn_blocking(move || {
        let now = Millis(Timestamp::now().as_millisecond());
        let mut recorder = shared.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut recorder, now)
    })
}

async fn look(
    recorder: &Arc<Mutex<Recorder>>,
    period: Duration,
    events: mpsc::Sender<Event>,
    mut stopped: watch::Receiver<bool>,
    mut asked: mpsc::Receiver<()>,
) {
    let mut clock = tokio::time::interval(period);
    // After a pause of the whole machine one look is enough.
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stop| *stop) => return,
            Some(()) = asked.recv() => {}
            _ = clock.tick() => {}
        }
        let looked = blocking(recorder, |recorder, now| recorder.tick(now, random()));
        let event = match looked.await {
            Ok(Event::Quiet) => continue,
            Ok(event) => event,
            Err(error) => Event::Failed(format!("a look at the server was cut short: {error}")),
        };
        log(&event);
        // Whoever stops the recorder may not be listening to it any more.
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stop| *stop) => return,
            sent = events.send(event) => if sent.is_err() {
                return;
            },
        }
    }
}

fn log(event: &Event) {
    match event {
        Event::Quiet => {}
        Event::Unchanged => tracing::debug!("looked: nothing has changed"),
        Event::Stored(meta) => tracing::info!(
            snapshot = %meta.id,
            cause = %meta.cause,
            added = meta.changes.added,
            changed = meta.changes.changed,
            removed = meta.changes.removed,
            bytes = meta.stored_bytes,
            took_ms = meta.took_ms,
            "stored"
        ),
        Event::Spooled(spooled) => tracing::warn!("{spooled}"),
        // The store has logged it.
        Event::TakenIn(_) => {}
        Event::NoServer => tracing::debug!("no server is running"),
        Event::ServerGone { life, cause } => tracing::info!(%life, ?cause, "the server has gone"),
        // Whoever receives the event tells the user; the log has it beside that.
        Event::Failed(why) => tracing::info!("failed, trying again: {why}"),
    }
}

/// 64 random bits; without any, ids are still unique by their time part.
fn random() -> u64 {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u64::from_ne_bytes(bytes),
        Err(_) => 0,
    }
}
