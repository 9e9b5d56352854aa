//! `muxtape daemon`

use std::io::IsTerminal;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::app::words::age;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::Role;
use crate::cli::views;
use crate::daemon::{self, Instance, InstanceError, Recorder};
use crate::model::Millis;
use crate::model::snapshot::EndCause;
use crate::ops::RecorderEvent;
use crate::ops::beat::{Health, Holder, RecordedBy};

/// Run the recorder, or ask how it is doing
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Daemon {
    #[command(subcommand)]
    action: DaemonAction,
}

#[derive(Debug, clap::Subcommand)]
enum DaemonAction {
    /// Record in the foreground until interrupted
    Run,
    /// Show whether a recorder is running, and how it is doing
    Status,
}

/// Lets nobody dump the process or read its memory, which holds what terminals show before secrets
/// are taken out. Not in a terminal: the system hides the directory of such a process, too, and
/// tmux would not know that of its pane.
fn keep_out_of_dumps(in_terminal: bool) {
    #[cfg(target_os = "linux")]
    if !in_terminal {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
            tracing::debug!("the process can be dumped: {error}");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = in_terminal;
}

impl Daemon {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        match self.action {
            DaemonAction::Run => {
                keep_out_of_dumps(std::io::stdin().is_terminal());
                // Two threads: one for the clock and signals, and the blocking pool beside them.
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(1)
                    .enable_all()
                    .build()?;
                runtime.block_on(foreground(context, Recorder::new(&context.host)?))
            }
            DaemonAction::Status => status(context),
        }
    }
}

/// Who records, as others see it.
fn status(context: &Context) -> Result<Exit, CliError> {
    let holder = Instance::holder(&context.host.recorder_lock());
    let newest = crate::store::Query {
        limit: Some(1),
        ..Default::default()
    };
    let last = context.host.store().list(&newest)?.pop();
    let now = context.host.now();
    let state = state(holder.as_ref(), now);
    let beat = holder.and_then(|holder| holder.beat);
    let data = serde_json::json!({
        "running": holder.is_some(),
        "pid": holder.and_then(|holder| holder.pid),
        "by": holder.and_then(|holder| holder.by).map(|by| match by {
            RecordedBy::Daemon => "daemon",
            RecordedBy::Interface => "interface",
        }),
        "state": state.word,
        "last_look": beat.map(|beat| views::rfc3339(beat.at)),
        "last_snapshot": last.as_ref().map(|meta| views::rfc3339(meta.time)),
    });
    let clock = context.zoned();
    context.output.answer("daemon.status", &data, |_| {
        let last = last.as_ref().map(|meta| views::when(meta.time, &clock));
        let last = last.map_or("no snapshot yet".to_owned(), |at| {
            format!("last snapshot {at}")
        });
        vec![format!("{}, {last}", state.words)]
    })?;
    Ok(state.exit)
}

/// What is true of the recorder.
struct State {
    word: &'static str,
    words: String,
    exit: Exit,
}

fn state(holder: Option<&Holder>, now: Millis) -> State {
    let Some(holder) = holder else {
        return State {
            word: "off",
            words: "not recording".to_owned(),
            exit: Exit::NoDaemon,
        };
    };
    let who = holder.words();
    let silent = holder.beat.and_then(|beat| beat.stalled_ms(now));
    let (word, words) = match (silent, holder.beat.map(|beat| beat.health)) {
        (Some(silent), _) => {
            let silent = age(silent);
            (
                "stalled",
                format!("not recording: {who} has not looked for {silent}"),
            )
        }
        (None, Some(Health::Well)) => ("recording", format!("recording: {who}")),
        (None, Some(Health::Starting)) => ("starting", format!("starting: {who}")),
        (None, Some(Health::NoServer)) => {
            ("no_server", format!("waiting for a tmux server: {who}"))
        }
        (None, Some(Health::Spooled)) => {
            let words = format!("the store cannot be written, snapshots wait in its spool: {who}");
            ("kept_aside", words)
        }
        (None, Some(Health::Failing)) => ("failing", format!("not recording: {who} fails")),
        (None, None) => ("unknown", format!("{who} does not say whether it records")),
    };
    let exit = match word {
        "stalled" | "failing" => Exit::Failed,
        _ => Exit::Ok,
    };
    State { word, words, exit }
}

async fn foreground(context: &Context, recorder: Recorder) -> Result<Exit, CliError> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    // After the signals: whoever sees that it is running may end it in good order at once.
    let every_ms = recorder.every_ms();
    let lock = context.host.recorder_lock();
    let instance = Instance::acquire(&lock, RecordedBy::Daemon, every_ms, context.host.now());
    let instance = instance.map_err(|error| match &error {
        InstanceError::Running(holder) => {
            CliError::caused(Exit::Refused, &error).hint(match holder.by {
                Some(RecordedBy::Interface) => {
                    "it records for every command until it is closed; start the daemon then"
                }
                _ => "one is enough: it records for every command and interface",
            })
        }
        InstanceError::Io { .. } => CliError::caused(Exit::Failed, &error),
    })?;
    let (send, mut events) = mpsc::channel(16);
    let handle = daemon::spawn(recorder, instance, send);
    context.output.say("recording; Ctrl-C ends it");
    let mut before = String::new();
    let mut displaced = None;
    let mut unsaid = None;
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => break,
            event = events.recv() => {
                let Some(event) = event else { break };
                if let RecorderEvent::Other(holder) = &event {
                    displaced = Some(*holder);
                    break;
                }
                let told = tell(context, &event);
                // What stays the same is said once.
                if let Some(line) = told
                    && line != before
                {
                    // Recording goes on; that nobody was told is told at the end.
                    let said = context.output.lines(std::slice::from_ref(&line));
                    unsaid = unsaid.or(said.err());
                    before = line;
                }
            }
        }
    }
    // Nobody reads on: the recorder must not wait for room in the channel.
    drop(events);
    handle.stop().await;
    match displaced {
        None => unsaid.map_or(Ok(Exit::Ok), Err),
        Some(holder) => {
            let message = format!("the lock's file was replaced: {} records", holder.words());
            Err(CliError::new(Exit::Refused, message)
                .hint("do not remove files below the state directory"))
        }
    }
}

fn tell(context: &Context, event: &RecorderEvent) -> Option<String> {
    let out = &context.output;
    match event {
        RecorderEvent::Stored(meta) => Some(format!(
            "{}  {}  {}  +{} ~{} -{}  {}  {} ms",
            views::when(meta.time, &context.zoned()),
            out.paint(Role::Strong, &meta.id.short()),
            meta.cause,
            meta.changes.added,
            meta.changes.changed,
            meta.changes.removed,
            views::bytes(meta.stored_bytes),
            meta.took_ms,
        )),
        RecorderEvent::Spooled(spooled) => Some(spooled.to_string()),
        RecorderEvent::TakenIn(taken) => Some(taken.to_string()),
        RecorderEvent::NoServer => Some("no tmux server is running; waiting for one".to_owned()),
        RecorderEvent::ServerGone { cause, .. } => Some(match cause {
            EndCause::Closed => "the last session was closed; waiting for a new one".to_owned(),
            EndCause::ServerGone | EndCause::Reboot => {
                "the tmux server has gone; `muxtape recover` brings it back".to_owned()
            }
        }),
        RecorderEvent::Failed(why) => Some(format!("failed, trying again: {why}")),
        _ => None,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::{DumpableBehavior, dumpable_behavior, set_dumpable_behavior};

    #[test]
    fn a_recorder_without_a_terminal_cannot_be_dumped() {
        super::keep_out_of_dumps(true);
        assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::Dumpable));
        super::keep_out_of_dumps(false);
        let now = dumpable_behavior();
        set_dumpable_behavior(DumpableBehavior::Dumpable).unwrap();
        assert_eq!(now, Ok(DumpableBehavior::NotDumpable));
    }
}
