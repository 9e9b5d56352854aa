//! The loop: wait for input, answers, news of the recorder and signals; take in all that is there;
//! draw once if anything has changed.

use std::io::{self, IsTerminal};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::Event;
use rustix::process::{Signal, kill_current_process_group};
use tokio::signal::unix::{Signal as SignalStream, SignalKind, signal};
use tokio::sync::mpsc::{Receiver, UnboundedReceiver, channel};
use tokio::time::MissedTickBehavior;

use crate::app::effect::{Job, TerminalEffect};
use crate::app::light::light;
use crate::app::msg::Answer;
use crate::app::shared::RecorderStatus;
use crate::app::theme::Theme;
use crate::app::{Effect, Msg, Shared, State, update};
use crate::config::ThemeName;
use crate::model::geometry::Size;
use crate::ops::RecorderEvent;

use super::context::{Closing, Context, Outcome, Start, UiError};
use super::draw::{Drawn, draw};
use super::events::Translator;
use super::input::{self, Input};
use super::jobs;
use super::recording::{Found, News, Recording};
use super::terminal::Terminal;
use super::watch::{Sight, StoreWatch};
use super::worker::{Done, Worker};

/// The least time between two frames.
const FRAME: Duration = Duration::from_millis(16);

/// How long taking in what waits may hold up the next frame.
const MAX_DRAIN: Duration = Duration::from_millis(50);
/// Answers of jobs that may wait to be taken in.
const MAX_WAITING_ANSWERS: usize = 256;

/// How long the interface waits for others where it cannot go on without them: for a look of the
/// recorder at Ctrl-Z, and for the multiplexer to mark its pane.
const MAX_WAIT: Duration = Duration::from_secs(2);

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

/// Where messages come from.
struct Sources {
    input: Input,
    answers: Receiver<Done>,
    recorder: News,
    sights: UnboundedReceiver<Sight>,
}

struct Live {
    context: Arc<Context>,
    state: State,
    terminal: Terminal,
    drawn: Drawn,
    translator: Translator,
    worker: Worker,
    recording: Recording,
    watch: StoreWatch,
    /// The size that the terminal has by now: of many changes only the last one counts.
    resized: Option<Size>,
    dirty: bool,
    leaving: bool,
    /// Whether the user wants it stopped, as by Ctrl-Z.
    suspending: bool,
    /// Whether it is stopped, or was and does not know yet that it goes on.
    asleep: bool,
    /// Whether it recorded when it was stopped.
    recorded: bool,
    /// Whether it was told to go on.
    resuming: bool,
    outcome: Outcome,
}

async fn live(context: Arc<Context>, start: Start) -> Result<Outcome, UiError> {
    let mut signals = Signals::new().map_err(failed("watch for signals"))?;
    // Before the first frame: none of it is ever captured.
    mark(&context, true).await;
    let terminal = Terminal::take().map_err(failed("take the terminal over"))?;
    let (done, answers) = channel(MAX_WAITING_ANSWERS);
    let (recording, recorder) = Recording::new();
    let (watch, sights) = StoreWatch::new();
    let (state, mut effects) = State::start(shared(&context), Vec::new());
    if start == Start::Recovery && context.host.settings().recovery.prompt {
        effects.push(Effect::Job(Job::LookForCrashes));
    }
    let mut live = Live {
        worker: Worker::new(
            {
                let context = Arc::clone(&context);
                Arc::new(move |job, tell| jobs::run(&context, job, tell))
            },
            done,
        ),
        context,
        state,
        terminal,
        drawn: Drawn::default(),
        translator: Translator::default(),
        recording,
        watch,
        resized: None,
        dirty: true,
        leaving: false,
        suspending: false,
        asleep: false,
        recorded: false,
        resuming: false,
        outcome: Outcome::default(),
    };
    if let Ok((width, height)) = crossterm::terminal::size() {
        live.tell(Msg::Resize(Size { width, height }))?;
    }
    // The first frame comes before anything is read.
    live.draw()?;
    live.carry_out(effects)?;
    live.look_at_recorder()?;
    let mut sources = Sources {
        input: input::read().map_err(failed("read from the terminal"))?,
        answers,
        recorder,
        sights,
    };
    let mut last = Instant::now();
    let mut period = live.recording.period(&live.context);
    let mut others = every(period);
    while !live.leaving || live.worker.is_writing() {
        let redraw_at = tokio::time::Instant::from_std(Instant::now() + live.until_ages_change());
        tokio::select! {
            biased;
            wake = signals.next() => live.wake(&wake)?,
            _ = others.tick() => {
                live.leaving |= input::is_gone();
                live.look_at_recorder()?;
                live.watch.look(live.context.host.store().file(), false);
                // How often a recorder looks may have changed.
                let now = live.recording.period(&live.context);
                if std::mem::replace(&mut period, now) != now {
                    others = every(now);
                }
            }
            event = sources.input.recv() => live.input(event)?,
            Some(done) = sources.answers.recv() => live.answered(done)?,
            Some(event) = sources.recorder.events.recv() => live.news(event)?,
            Some(found) = sources.recorder.found.recv() => live.found(found)?,
            Some(sight) = sources.sights.recv() => live.sight(sight),
            () = tokio::time::sleep_until(redraw_at) => live.dirty = true,
        }
        live.drain(&mut sources)?;
        if live.suspending {
            live.suspend().await?;
        }
        if live.resuming {
            live.resume().await?;
        }
        if live.dirty && !live.asleep {
            let early = FRAME.saturating_sub(last.elapsed());
            if !early.is_zero() {
                tokio::time::sleep(early).await;
                live.drain(&mut sources)?;
            }
            live.draw()?;
            last = Instant::now();
        }
    }
    live.terminal.leave();
    live.recording.stop().await;
    mark(&live.context, false).await;
    Ok(live.outcome)
}

/// Ticks after every such time.
fn every(period: Duration) -> tokio::time::Interval {
    let start = tokio::time::Instant::now() + period;
    let mut ticks = tokio::time::interval_at(start, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Marks the pane around the interface as its own, or takes the mark away. Whatever comes of it,
/// the interface goes on: an interface without a mark is known by its arguments.
async fn mark(context: &Arc<Context>, own: bool) {
    let shared = Arc::clone(context);
    let marked = tokio::task::spawn_blocking(move || {
        let Some(pane) = &shared.pane else {
            return Ok(());
        };
        let terminal = rustix::termios::ttyname(io::stdin(), Vec::new());
        match (own, terminal) {
            (true, Ok(terminal)) => pane.mark(std::path::Path::new(std::ffi::OsStr::from_bytes(
                terminal.as_bytes(),
            ))),
            (true, Err(_)) => Ok(()),
            (false, _) => pane.unmark(),
        }
    });
    match tokio::time::timeout(MAX_WAIT, marked).await {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(error))) => tracing::info!("the interface's pane is not marked: {error}"),
        Ok(Err(error)) => tracing::info!("the interface's pane is not marked: {error}"),
        Err(_) => {
            tracing::info!("the multiplexer does not answer: the interface's pane is not marked");
        }
    }
}

fn shared(context: &Context) -> Shared {
    use std::os::unix::ffi::OsStrExt;
    let host = &context.host;
    let home = host.paths().home.as_os_str().as_bytes().into();
    let settings = host.settings().clone();
    let mut shared = Shared::new(host.now(), host.zone(), home, settings);
    shared.data = host.paths().data.as_os_str().as_bytes().into();
    if !context.colour {
        shared.theme = Theme::built_in(ThemeName::Mono);
    }
    shared
}

impl Live {
    fn tell(&mut self, msg: Msg) -> Result<(), UiError> {
        self.state.shared.now = self.context.host.now();
        let effects = update(&mut self.state, msg);
        self.dirty = true;
        self.carry_out(effects)
    }

    fn input(&mut self, event: Option<io::Result<Event>>) -> Result<(), UiError> {
        match event {
            Some(Ok(Event::Resize(width, height))) => {
                self.resized = Some(Size { width, height });
                Ok(())
            }
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

    fn news(&mut self, event: RecorderEvent) -> Result<(), UiError> {
        if let RecorderEvent::Other(holder) = &event {
            self.recording.displaced(*holder);
        }
        self.tell(Msg::Recorder(event))
    }

    /// Whether anybody records, and who: that is true only for a moment.
    fn look_at_recorder(&mut self) -> Result<(), UiError> {
        let event = self.recording.look(&self.context);
        self.fares(event)
    }

    fn found(&mut self, found: Found) -> Result<(), UiError> {
        let event = self.recording.found(found, &self.context);
        self.fares(event)
    }

    /// Takes in what is true now of the recorder. Nothing is drawn where that reads as before.
    fn fares(&mut self, event: Option<RecorderEvent>) -> Result<(), UiError> {
        let now = self.context.host.now();
        let shown = light(&self.state.shared.recorder, self.state.shared.now);
        let drawn_before = self.dirty;
        let noticed = self.state.shared.notice.clone();
        if let Some(event) = event {
            self.tell(Msg::Recorder(event))?;
        }
        let same = shown == light(&self.state.shared.recorder, now);
        if same && noticed == self.state.shared.notice {
            self.dirty = drawn_before;
        } else {
            self.dirty = true;
        }
        Ok(())
    }

    /// Reads the store again if somebody has written to it since it was read last.
    fn sight(&mut self, sight: Sight) {
        if self.watch.has_changed(sight, self.worker.is_busy()) {
            self.worker.start(Job::Refresh);
        }
    }

    fn answered(&mut self, done: Done) -> Result<(), UiError> {
        self.worker.over(&done);
        if matches!(done.answer, Answer::Refreshed(_)) {
            // Reading may touch the file, too.
            self.watch.look(self.context.host.store().file(), true);
        }
        self.tell(Msg::Answer(done.answer))
    }

    /// Takes in what is there already, one of each source at a time, so that none holds up the
    /// others; what comes faster than it can be taken in waits for the frame after the next.
    fn drain(&mut self, sources: &mut Sources) -> Result<(), UiError> {
        let began = Instant::now();
        let mut more = true;
        while std::mem::take(&mut more) && began.elapsed() < MAX_DRAIN {
            if let Ok(event) = sources.input.try_recv() {
                self.input(Some(event))?;
                more = true;
            }
            if let Ok(done) = sources.answers.try_recv() {
                self.answered(done)?;
                more = true;
            }
            if let Ok(event) = sources.recorder.events.try_recv() {
                self.news(event)?;
                more = true;
            }
            if let Ok(found) = sources.recorder.found.try_recv() {
                self.found(found)?;
                more = true;
            }
            if let Ok(sight) = sources.sights.try_recv() {
                self.sight(sight);
                more = true;
            }
        }
        match self.resized.take() {
            Some(size) => self.tell(Msg::Resize(size)),
            None => Ok(()),
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> Result<(), UiError> {
        for effect in effects {
            match effect {
                Effect::Job(job) => self.worker.start(job),
                Effect::Terminal(effect) => self.change_terminal(effect)?,
                Effect::Record => self.recording.want(&self.context),
                Effect::Suspend => self.suspending = true,
                Effect::CloseAtEnd { leftover, to } => {
                    self.outcome.close = Some(Closing { leftover, to });
                }
                Effect::Attach { session } => {
                    self.outcome.attach = Some(session);
                    self.leaving = true;
                }
                Effect::Quit => self.leaving = true,
            }
        }
        Ok(())
    }

    fn change_terminal(&mut self, effect: TerminalEffect) -> Result<(), UiError> {
        let terminal = &mut self.terminal;
        match effect {
            TerminalEffect::Copy(text) => terminal.copy(&text).map_err(failed("copy")),
            TerminalEffect::Mouse(on) => terminal
                .mouse(on)
                .map_err(failed("turn the mouse on or off")),
            TerminalEffect::Redraw => {
                self.dirty = true;
                terminal.clear().map_err(failed("clear the screen"))
            }
        }
    }

    fn wake(&mut self, wake: &Wake) -> Result<(), UiError> {
        match wake {
            Wake::Leave => self.leaving = true,
            Wake::Suspend => self.suspending = true,
            Wake::Resume => self.resuming = true,
        }
        Ok(())
    }

    /// Gives the terminal and the lock of the recorder back and stops, with the whole job, until
    /// the shell says to go on; that comes as a signal of its own.
    async fn suspend(&mut self) -> Result<(), UiError> {
        self.suspending = false;
        self.asleep = true;
        self.terminal.leave();
        // Whoever is stopped records nothing, and must not keep others from it.
        self.recorded = self.recording.is_wanted();
        // A look may hang; then the lock stays with it.
        let _ = tokio::time::timeout(MAX_WAIT, self.recording.stop()).await;
        mark(&self.context, false).await;
        kill_current_process_group(Signal::STOP).map_err(|error| failed("stop")(error.into()))?;
        Ok(())
    }

    /// Takes back what [`Live::suspend`] gave away, when the shell says to go on. Nothing is drawn
    /// before.
    async fn resume(&mut self) -> Result<(), UiError> {
        self.resuming = false;
        if std::mem::take(&mut self.asleep) {
            mark(&self.context, true).await;
            if std::mem::take(&mut self.recorded) {
                self.recording.want(&self.context);
            }
        }
        self.terminal
            .enter()
            .map_err(failed("take the terminal over"))?;
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
        if !terminal.is_taken() {
            terminal.enter().map_err(failed("take the terminal over"))?;
        }
        state.shared.now = self.context.host.now();
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
            RecorderStatus::Recording { seen, beat } if beat.stalled_ms(shared.now).is_none() => {
                Some(seen)
            }
            // That it grows is seen when it is looked at who records.
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
