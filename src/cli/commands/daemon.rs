//! `muxtape daemon`

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::cli::context::{Context, host};
use crate::cli::error::{CliError, Exit};
use crate::cli::output::Role;
use crate::cli::views;
use crate::daemon::{self, Event, Instance, InstanceError, Recorder, RecorderOptions};
use crate::model::snapshot::EndCause;

/// The recorder
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Daemon {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Record in the foreground until interrupted
    Run,
    /// Tell whether a recorder is running
    Status,
}

/// How a recorder works by these settings.
pub(super) fn recorder(context: &Context) -> Result<Recorder, CliError> {
    let own = &context.settings.recorder;
    let options = RecorderOptions {
        probe: Duration::from_secs(own.probe_seconds.into()),
        interval: Duration::from_secs(own.interval_seconds.into()),
        retention: context.settings.retention.policy().clone(),
        contents: own.contents,
        history_limit: Some(own.history_limit),
        exclusions: context.settings.exclusions(&context.paths.home),
        host: host(),
    };
    let mux = Arc::new(context.tmux());
    let recorder = Recorder::new(mux, context.store(), context.redactor()?, options);
    Ok(recorder
        .with_journal(&context.journal, context.teller.clone())
        .with_settings(
            context.paths.config_file.clone(),
            context.paths.home.clone(),
        ))
}

/// Lets nobody dump the process or read its memory, which holds what terminals show before secrets are taken out. Not
/// in a terminal: the system hides the directory of such a process, too, and tmux would not know that of its pane.
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
            Action::Run => {
                keep_out_of_dumps(std::io::stdin().is_terminal());
                // Two threads: one for the clock and signals, and the blocking pool beside them.
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(1)
                    .enable_all()
                    .build()?;
                runtime.block_on(foreground(context, recorder(context)?))
            }
            Action::Status => {
                let pid = Instance::holder(&context.recorder_lock());
                let store = context.store();
                let newest = crate::store::Query {
                    limit: Some(1),
                    ..Default::default()
                };
                let last = if store.exists() {
                    store.list(&newest)?.pop()
                } else {
                    None
                };
                let data = serde_json::json!({
                    "running": pid.is_some(),
                    "pid": pid,
                    "last_snapshot": last.as_ref().map(|meta| views::rfc3339(meta.time)),
                });
                let now = context.zoned();
                context.output.answer("daemon.status", &data, |_| {
                    let state = pid.map_or("not recording".to_owned(), |pid| {
                        format!("recording (process {pid})")
                    });
                    let last = last.as_ref().map(|meta| views::when(meta.time, &now));
                    let last = last.map_or("no snapshot yet".to_owned(), |at| {
                        format!("last snapshot {at}")
                    });
                    vec![format!("{state}, {last}")]
                })?;
                Ok(if pid.is_some() {
                    Exit::Ok
                } else {
                    Exit::NoDaemon
                })
            }
        }
    }
}

async fn foreground(context: &Context, recorder: Recorder) -> Result<Exit, CliError> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    // After the signals: whoever sees that it is running may end it in good order at once.
    let _instance = Instance::acquire(&context.recorder_lock()).map_err(|error| match &error {
        InstanceError::Running { .. } => CliError::caused(Exit::Refused, &error)
            .hint("one is enough: it records for every command and interface"),
        InstanceError::Io { .. } => CliError::caused(Exit::Failed, &error),
    })?;
    let (send, mut events) = mpsc::channel(16);
    let handle = daemon::spawn(recorder, send);
    context.output.say("recording; Ctrl-C ends it");
    let mut before = String::new();
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => break,
            event = events.recv() => {
                let Some(event) = event else { break };
                let told = tell(context, &event);
                // What stays the same is said once.
                if let Some(line) = told
                    && line != before
                {
                    context.output.lines(std::slice::from_ref(&line))?;
                    before = line;
                }
            }
        }
    }
    // Nobody reads on: the recorder must not wait for room in the channel.
    drop(events);
    handle.stop().await;
    Ok(Exit::Ok)
}

fn tell(context: &Context, event: &Event) -> Option<String> {
    let out = &context.output;
    match event {
        Event::Quiet | Event::Unchanged => None,
        Event::Stored(meta) => Some(format!(
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
        Event::Spooled(spooled) => Some(spooled.to_string()),
        Event::TakenIn(taken) => Some(taken.to_string()),
        Event::NoServer => Some("no tmux server is running; waiting for one".to_owned()),
        Event::ServerGone { cause, .. } => Some(match cause {
            EndCause::Closed => "the last session was closed; waiting for a new one".to_owned(),
            EndCause::ServerGone | EndCause::Reboot => {
                "the tmux server has gone; `muxtape recover` brings it back".to_owned()
            }
        }),
        Event::Failed(why) => Some(format!("failed, trying again: {why}")),
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
