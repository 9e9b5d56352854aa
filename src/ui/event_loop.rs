//! The loop: wait for input, answers, news of the recorder and signals; take in all that is there;
//! draw once if anything has changed.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crossterm::event::Event;
use rustix::process::{Signal, kill_current_process_group};
use tokio::signal::unix::{Signal as SignalStream, SignalKind, signal};
use tokio::sync::mpsc::{Receiver, UnboundedReceiver, unbounded_channel};
use tokio::time::MissedTickBehavior;

use crate::app::msg::Answer;
use crate::app::state::RecorderStatus;
use crate::app::{Effect, Msg, Shared, State, update};
use crate::config::ThemeName;
use crate::daemon::Event as RecorderNews;
use crate::model::geometry::Size;

use super::context::{Context, Outcome, Start, UiError};
use super::draw::{Drawn, draw};
use super::events::Translator;
use super::input::{self, Input};
use super::recording::{Recording, news, stamp};
use super::terminal::Terminal;
use super::worker::{Done, Worker};

/// The least time between two frames.
const FRAME: Duration = Duration::from_millis(16);

/// The time between two looks whether somebody else has written to the store.
const OTHERS: Duration = Duration::from_secs(2);

/// Runs the interface until the user leaves.
///
/// The terminal is given back however this ends: by a key, a signal, an error or a panic.
///
/// # Errors
/// When there is no terminal, or when the terminal refuses to be read or drawn on.
pub fn run(context: Context, start: Start) -> Result<Outcome, UiError> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(UiError::NotATerminal);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(failed("start the tasks"))?;
    let outcome = runtime.block_on(live(Arc::new(context), start));
    // Reads that are still going on are of no use to anybody.
    runtime.shutdown_background();
    outcome
}

fn failed(what: &'static str) -> impl Fn(io::Error) -> UiError {
    move |source| UiError::Terminal { what, source }
}

/// Signals that concern the interface.
struct Signals {
    end: SignalStream,
    hangup: SignalStream,
    interrupt: SignalStream,
    stop: SignalStream,
    go_on: SignalStream,
}

/// What a signal means.
enum Wake {
    Leave,
    Suspend,
    Resume,
}

impl Signals {
    fn new() -> io::Result<Self> {
        let raw = |name: Signal| signal(SignalKind::from_raw(name.as_raw()));
        Ok(Self {
            end: raw(Signal::TERM)?,
            hangup: raw(Signal::HUP)?,
            interrupt: raw(Signal::INT)?,
            stop: raw(Signal::TSTP)?,
            go_on: raw(Signal::CONT)?,
        })
    }

    async fn next(&mut self) -> Wake {
        tokio::select! {
            _ = self.end.recv() => Wake::Leave,
            _ = self.hangup.recv() => Wake::Leave,
            _ = self.interrupt.recv() => Wake::Leave,
            _ = self.stop.recv() => Wake::Suspend,
            _ = self.go_on.recv() => Wake::Resume,
        }
    }
}

struct Live {
    context: Arc<Context>,
    state: State,
    terminal: Terminal,
    drawn: Drawn,
    translator: Translator,
    worker: Worker,
    recording: Recording,
    /// What the store's file looked like when it was read last.
    stamp: Option<(SystemTime, u64)>,
    dirty: bool,
    leaving: bool,
    outcome: Outcome,
}

async fn live(context: Arc<Context>, start: Start) -> Result<Outcome, UiError> {
    let mut signals = Signals::new().map_err(failed("watch for signals"))?;
    let terminal = Terminal::take().map_err(failed("take the terminal over"))?;
    let (done, mut answers) = unbounded_channel();
    let (recording, mut recorder) = Recording::new();
    let (state, mut effects) = State::start(shared(&context), Vec::new());
    if start == Start::Recovery && context.settings.recovery.prompt {
        effects.push(Effect::LookForCrashes);
    }
    let mut live = Live {
        worker: Worker::new(Arc::clone(&context), done),
        context,
        state,
        terminal,
        drawn: Drawn::default(),
        translator: Translator::default(),
        recording,
        stamp: None,
        dirty: true,
        leaving: false,
        outcome: Outcome::default(),
    };
    if let Ok((width, height)) = crossterm::terminal::size() {
        live.tell(Msg::Resize(Size { width, height }))?;
    }
    // The first frame comes before anything is read.
    live.draw()?;
    live.carry_out(effects)?;
    let mut input = input::read().map_err(failed("read from the terminal"))?;
    let mut last = Instant::now();
    let mut others = tokio::time::interval(OTHERS);
    others.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !live.leaving || live.worker.is_writing() {
        let redraw_at = tokio::time::Instant::from_std(Instant::now() + live.until_ages_change());
        tokio::select! {
            biased;
            event = input.recv() => live.input(event)?,
            Some(done) = answers.recv() => live.answered(done)?,
            Some(event) = recorder.recv() => live.news(event)?,
            wake = signals.next() => live.wake(&wake)?,
            () = tokio::time::sleep_until(redraw_at) => live.dirty = true,
            _ = others.tick() => {
                live.leaving |= input::is_gone();
                live.look_at_store()?;
            }
        }
        live.drain(&mut input, &mut answers, &mut recorder)?;
        if live.dirty {
            let early = FRAME.saturating_sub(last.elapsed());
            if !early.is_zero() {
                tokio::time::sleep(early).await;
                live.drain(&mut input, &mut answers, &mut recorder)?;
            }
            live.draw()?;
            last = Instant::now();
        }
    }
    live.terminal.leave();
    live.recording.stop().await;
    Ok(live.outcome)
}

fn shared(context: &Context) -> Shared {
    use std::os::unix::ffi::OsStrExt;
    let home = context.paths.home.as_os_str().as_bytes().into();
    let settings = context.settings.clone();
    let mut shared = Shared::new(context.now(), context.zone.clone(), home, settings);
    shared.data = context.paths.data.as_os_str().as_bytes().into();
    if !context.colour {
        shared.theme = ThemeName::Mono;
    }
    shared
}

impl Live {
    fn tell(&mut self, msg: Msg) -> Result<(), UiError> {
        self.state.shared.now = self.context.now();
        let effects = update(&mut self.state, msg);
        self.dirty = true;
        self.carry_out(effects)
    }

    fn input(&mut self, event: Option<io::Result<Event>>) -> Result<(), UiError> {
        match event {
            Some(Ok(event)) => {
                let message = self.translator.message(event, Instant::now(), &self.drawn);
                match message {
                    Some(message) => self.tell(message),
                    None => Ok(()),
                }
            }
            Some(Err(source)) => Err(failed("read from the terminal")(source)),
            // The terminal has gone.
            None => {
                self.leaving = true;
                Ok(())
            }
        }
    }

    fn news(&mut self, event: RecorderNews) -> Result<(), UiError> {
        match news(event, self.context.now()) {
            Some(event) => self.tell(Msg::Recorder(event)),
            None => Ok(()),
        }
    }

    /// Whether somebody has written to the store since it was read last: then it is read again.
    fn look_at_store(&mut self) -> Result<(), UiError> {
        let stamp = stamp(self.context.store.file());
        if stamp == self.stamp || self.worker.is_busy() {
            return Ok(());
        }
        self.stamp = stamp;
        self.carry_out(vec![Effect::Refresh])
    }

    fn answered(&mut self, done: Done) -> Result<(), UiError> {
        self.worker.over(&done);
        if done.cut_short {
            self.terminal
                .enter()
                .map_err(failed("take the terminal over"))?;
        }
        if matches!(done.answer, Answer::Refreshed(_)) {
            // Reading may touch the file, too.
            self.stamp = stamp(self.context.store.file());
        }
        self.tell(Msg::Answer(done.answer))
    }

    /// Takes in everything that is there already.
    fn drain(
        &mut self,
        input: &mut Input,
        answers: &mut UnboundedReceiver<Done>,
        recorder: &mut Receiver<RecorderNews>,
    ) -> Result<(), UiError> {
        while let Ok(event) = input.try_recv() {
            self.input(Some(event))?;
        }
        while let Ok(done) = answers.try_recv() {
            self.answered(done)?;
        }
        while let Ok(event) = recorder.try_recv() {
            self.news(event)?;
        }
        Ok(())
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> Result<(), UiError> {
        for effect in effects {
            let Some(effect) = self.worker.start(effect) else {
                continue;
            };
            match effect {
                Effect::Quit => self.leaving = true,
                Effect::Attach { session } => {
                    self.outcome.attach = Some(session);
                    self.leaving = true;
                }
                Effect::Copy(text) => self.terminal.copy(&text).map_err(failed("copy"))?,
                Effect::Mouse(on) => self
                    .terminal
                    .mouse(on)
                    .map_err(failed("turn the mouse on or off"))?,
                Effect::Redraw => {
                    self.terminal.clear().map_err(failed("clear the screen"))?;
                    self.dirty = true;
                }
                Effect::Record => {
                    if let Some(event) = self.recording.start(&self.context) {
                        self.tell(Msg::Recorder(event))?;
                    }
                }
                Effect::Suspend => self.suspend()?,
                _ => {}
            }
        }
        Ok(())
    }

    fn wake(&mut self, wake: &Wake) -> Result<(), UiError> {
        match wake {
            Wake::Leave => self.leaving = true,
            Wake::Suspend => self.suspend()?,
            Wake::Resume => {
                self.terminal
                    .enter()
                    .map_err(failed("take the terminal over"))?;
                self.dirty = true;
            }
        }
        Ok(())
    }

    /// Gives the terminal back and stops, with the whole job, until the shell says to go on; that
    /// comes as a signal of its own.
    fn suspend(&mut self) -> Result<(), UiError> {
        self.terminal.leave();
        kill_current_process_group(Signal::STOP).map_err(|error| failed("stop")(error.into()))?;
        self.dirty = true;
        Ok(())
    }

    fn draw(&mut self) -> Result<(), UiError> {
        let Self {
            state,
            drawn,
            terminal,
            ..
        } = self;
        state.shared.now = self.context.now();
        terminal
            .draw(|frame| {
                let area = frame.area();
                draw(state, area, frame.buffer_mut(), drawn);
                if let Some(cursor) = drawn.cursor {
                    frame.set_cursor_position(cursor);
                }
            })
            .map_err(failed("draw"))?;
        state.shared.view = drawn.view;
        self.dirty = false;
        Ok(())
    }

    /// How long until an age on the screen reads differently: ages are shown in seconds, then in
    /// minutes.
    fn until_ages_change(&self) -> Duration {
        let shared = &self.state.shared;
        let shown = shared
            .at
            .and_then(|id| shared.library.entry(id))
            .map(|entry| entry.time);
        let recorded = match shared.recorder {
            RecorderStatus::Recording { seen } => Some(seen),
            _ => None,
        };
        let checked = shared.upkeep.checked.as_ref();
        [shown, recorded, checked.map(|checked| checked.at)]
            .into_iter()
            .flatten()
            .map(|moment| {
                let age = shared.now.since(moment);
                let step = if age < 60_000 { 1000 } else { 60_000 };
                Duration::from_millis(step - age % step)
            })
            .min()
            .unwrap_or(Duration::from_secs(3600))
    }
}
