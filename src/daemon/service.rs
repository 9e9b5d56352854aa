//! The loop around the recorder: a clock, an end, and somebody who is told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::instance::{Instance, InstanceError};
use super::recorder::Recorder;
use crate::model::Millis;
use crate::ops::RecorderEvent;
use crate::ops::beat::Beat;
use crate::ops::tell::with_causes;

/// A recorder that runs in the background.
#[derive(Debug)]
pub struct Handle {
    stop: watch::Sender<bool>,
    now: mpsc::Sender<()>,
    beat: Arc<Mutex<Beat>>,
    task: JoinHandle<()>,
}

impl Handle {
    /// Looks at once instead of when it is time.
    pub fn look_now(&self) {
        // A look that is already asked for is enough.
        let _ = self.now.try_send(());
    }

    /// Its last look. Never waits, whatever the recorder does.
    #[must_use]
    pub fn beat(&self) -> Beat {
        *lock(&self.beat)
    }

    /// Whether it has ended by itself.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.task.is_finished()
    }

    /// Ends the recorder and waits for the look that it may be in.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}

/// A recorder with the lock by which it is the only one.
#[derive(Debug)]
struct Locked {
    recorder: Recorder,
    instance: Instance,
    /// Whether the lock is on a file that nobody finds, because no new one could be made.
    hidden: bool,
}

/// Starts a recorder in the background, which holds its lock as long as it runs; every event but
/// quiet ones goes to `events`.
#[must_use]
pub fn spawn(
    recorder: Recorder,
    instance: Instance,
    events: mpsc::Sender<RecorderEvent>,
) -> Handle {
    let (stop, stopped) = watch::channel(false);
    let (now, asked) = mpsc::channel(1);
    let beat = Arc::new(Mutex::new(instance.beat()));
    let locked = Locked {
        recorder,
        instance,
        hidden: false,
    };
    let task = tokio::spawn(run(locked, Arc::clone(&beat), events, stopped, asked));
    Handle {
        stop,
        now,
        beat,
        task,
    }
}

/// Runs a recorder until `stopped` turns true, or another one has its lock. Blocking work stays off
/// the async threads.
async fn run(
    locked: Locked,
    beat: Arc<Mutex<Beat>>,
    events: mpsc::Sender<RecorderEvent>,
    stopped: watch::Receiver<bool>,
    asked: mpsc::Receiver<()>,
) {
    let shared = Arc::new(Mutex::new(locked));
    // Neither can fail, but for a panic; then there is nobody left to be told.
    let _ = blocking(&shared, |locked, now| {
        let before = locked.instance.predecessor();
        locked.recorder.begins(now, before);
    })
    .await;
    look(&shared, &beat, events, stopped, asked).await;
    let _ = blocking(&shared, |locked, now| locked.recorder.ends(now)).await;
    if let Some(shared) = Arc::into_inner(shared) {
        let locked = shared.into_inner();
        let locked = locked.unwrap_or_else(PoisonError::into_inner);
        locked.instance.release();
    }
}

/// What one thread at a time works with; a look that panicked leaves it as it is.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does something with the recorder off the async threads.
fn blocking<T: Send + 'static>(
    shared: &Arc<Mutex<Locked>>,
    work: impl FnOnce(&mut Locked, Millis) -> T + Send + 'static,
) -> JoinHandle<T> {
    let shared = Arc::clone(shared);
    tokio::task::spawn_blocking(move || {
        let mut locked = lock(&shared);
        let now = locked.recorder.host().now();
        work(&mut locked, now)
    })
}

impl Locked {
    /// One look, which others can see.
    fn look(&mut self, now: Millis) -> RecorderEvent {
        match self.instance.hold() {
            Ok(()) => self.hidden = false,
            Err(InstanceError::Running(holder)) => return RecorderEvent::Other(holder),
            // It goes on with the old one, and tries again at each look. Once is enough to say so.
            Err(error @ InstanceError::Io { .. }) => {
                if !std::mem::replace(&mut self.hidden, true) {
                    let error = with_causes(&error);
                    tracing::warn!("the lock of the recorder cannot be renewed: {error}");
                }
            }
        }
        let event = self.recorder.tick(now);
        let at = self.recorder.host().now();
        self.instance.looked(self.recorder.beat(at));
        event
    }
}

/// Ticks after a time, and then every so many milliseconds. After a pause of the whole machine one
/// look is enough.
fn clock(every_ms: u64, first: Duration) -> Interval {
    let start = Instant::now() + first;
    let mut clock = tokio::time::interval_at(start, Duration::from_millis(every_ms));
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    clock
}

async fn look(
    shared: &Arc<Mutex<Locked>>,
    beat: &Mutex<Beat>,
    events: mpsc::Sender<RecorderEvent>,
    mut stopped: watch::Receiver<bool>,
    mut asked: mpsc::Receiver<()>,
) {
    let mut every_ms = lock(shared).recorder.every_ms();
    let mut clock = clock(every_ms, Duration::ZERO);
    loop {
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stop| *stop) => return,
            Some(()) = asked.recv() => {}
            _ = clock.tick() => {}
        }
        let looked = blocking(shared, |locked, now| {
            let event = locked.look(now);
            (event, locked.instance.beat())
        });
        let event = match looked.await {
            Ok((event, seen)) => {
                *lock(beat) = seen;
                // The settings may have changed.
                if seen.every_ms != every_ms {
                    every_ms = seen.every_ms;
                    clock = self::clock(every_ms, Duration::from_millis(every_ms));
                }
                event
            }
            // Nothing was noted of this look: who watches sees that it stalls.
            Err(error) => {
                RecorderEvent::Failed(format!("a look at the server was cut short: {error}"))
            }
        };
        if matches!(event, RecorderEvent::Quiet | RecorderEvent::HeldBack) {
            continue;
        }
        log(&event);
        let displaced = matches!(event, RecorderEvent::Other(_));
        // Whoever stops the recorder may not be listening to it any more.
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stop| *stop) => return,
            sent = events.send(event) => if sent.is_err() || displaced {
                return;
            },
        }
    }
}

fn log(event: &RecorderEvent) {
    match event {
        RecorderEvent::Unchanged => tracing::debug!("looked: nothing has changed"),
        RecorderEvent::Stored(meta) => tracing::info!(
            snapshot = %meta.id,
            cause = %meta.cause,
            added = meta.changes.added,
            changed = meta.changes.changed,
            removed = meta.changes.removed,
            bytes = meta.stored_bytes,
            took_ms = meta.took_ms,
            "stored"
        ),
        RecorderEvent::Spooled(spooled) => tracing::warn!("{spooled}"),
        RecorderEvent::NoServer => tracing::debug!("no server is running"),
        RecorderEvent::ServerGone { life, cause } => {
            tracing::info!(%life, ?cause, "the server has gone");
        }
        RecorderEvent::Other(holder) => {
            tracing::warn!("the lock's file was replaced: {} records", holder.words());
        }
        // Whoever receives the event tells the user; the log has it beside that.
        RecorderEvent::Failed(why) => tracing::info!("failed, trying again: {why}"),
        // The store has logged what was taken in.
        _ => {}
    }
}
