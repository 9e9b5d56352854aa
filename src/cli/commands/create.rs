//! `muxtape create`

use std::time::Duration;

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::Role;
use crate::cli::views;
use crate::model::snapshot::{RedactionCount, SnapshotMeta};
use crate::ops::{CaptureNow, CapturedNow};
use crate::store::{Kept, Recorded, Spooled, StoreError, Storing};

/// Take a snapshot now
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Create {
    /// A name to find it by
    name: Option<String>,
    /// Only these sessions, by exact name; may be given several times
    #[arg(long, value_name = "S")]
    session: Vec<String>,
    /// A note
    #[arg(long, value_name = "T")]
    description: Option<String>,
    /// A tag; may be given several times
    #[arg(long, value_name = "T")]
    tag: Vec<String>,
    /// Never prune it
    #[arg(long)]
    pin: bool,
    /// Store differences to older snapshots wherever possible; by default whatever takes less room
    /// in the long run
    #[arg(long, conflicts_with = "full")]
    incremental: bool,
    /// Store everything anew and share nothing with older snapshots, so that damage to those cannot
    /// affect it
    #[arg(long)]
    full: bool,
    /// Record the structure only, no texts
    #[arg(long)]
    no_contents: bool,
    /// Store nothing when nothing has changed since the last snapshot
    #[arg(long)]
    if_changed: bool,
}

#[derive(Debug, Default, Serialize)]
struct CreateAnswer {
    /// None yet, where it was spooled.
    id: Option<String>,
    stored: bool,
    /// Why it is not in the store yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept_aside: Option<String>,
    stored_bytes: u64,
    changed: Vec<String>,
    duration_ms: u64,
    redactions: Vec<RedactionCount>,
}

impl Create {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let started = std::time::Instant::now();
        let what = CaptureNow {
            sessions: self
                .session
                .iter()
                .map(|name| name.as_str().into())
                .collect(),
            structure_only: self.no_contents,
            name: self.name.clone(),
            description: self.description.clone(),
            tags: self.tag.clone(),
            pinned: self.pin,
            storing: match (self.full, self.incremental) {
                (true, _) => Storing::Full,
                (_, true) => Storing::Incremental,
                _ => Storing::Auto,
            },
            if_changed: self.if_changed,
        };
        let CapturedNow { kept, taken } = context.host.capture_now(&what)?;
        context.say_taken(&taken);
        let recorded = match kept {
            Kept::Recorded(recorded) => recorded,
            Kept::Spooled(spooled) => return told_spooled(context, spooled, started.elapsed()),
        };
        let (meta, stored) = match &recorded {
            Recorded::Stored(meta) => (meta, true),
            Recorded::Unchanged(meta) => (meta, false),
        };
        let mut answer = CreateAnswer {
            id: Some(meta.id.to_string()),
            stored,
            duration_ms: millis(started.elapsed()),
            ..CreateAnswer::default()
        };
        if stored {
            answer.stored_bytes = meta.stored_bytes;
            answer.changed = changed_sessions(context, meta);
            answer.redactions.clone_from(&meta.redactions);
        }
        context.output.answer("create", &answer, |out| {
            let id = out.paint(Role::Strong, &meta.id.short());
            if !stored {
                return vec![format!(
                    "{id}  nothing has changed since then: nothing stored"
                )];
            }
            let mut line = format!(
                "{id}  {}, {}, {} new",
                views::count(meta.sessions.len() as u64, "session"),
                views::count(meta.panes().into(), "pane"),
                views::bytes(meta.stored_bytes),
            );
            if let Some(hidden) = views::hidden(&meta.redactions) {
                line.push_str(&format!(", secrets hidden in {hidden}"));
            }
            vec![line]
        })?;
        Ok(Exit::Ok)
    }
}

/// The store could not be written; what was captured is safe all the same. A store that is in use
/// will be free again; where it takes the user to make it usable, that is an error.
fn told_spooled(context: &Context, spooled: Spooled, took: Duration) -> Result<Exit, CliError> {
    if !matches!(spooled.why, StoreError::Busy { .. }) {
        let waiting = views::count(spooled.waiting as u64, "snapshot");
        let mut error = CliError::from(spooled.why);
        let spooled = format!(
            "; it is spooled, and stored as soon as the store can be written ({waiting} waiting)"
        );
        error.message.push_str(&spooled);
        return Err(error);
    }
    let answer = CreateAnswer {
        kept_aside: Some(spooled.why.to_string()),
        duration_ms: millis(took),
        ..CreateAnswer::default()
    };
    context
        .output
        .answer("create", &answer, |_| vec![spooled.to_string()])?;
    Ok(Exit::Ok)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Names of the sessions that are not as they were in the parent.
fn changed_sessions(context: &Context, meta: &SnapshotMeta) -> Vec<String> {
    let parent = meta
        .parent
        .and_then(|id| context.host.store().meta(id).ok());
    let before = parent.map(|parent| parent.sessions).unwrap_or_default();
    let is_new = |mark| !before.iter().any(|session| session.mark == mark);
    meta.sessions
        .iter()
        .filter(|session| is_new(session.mark))
        .map(|session| crate::model::ansi::label(&session.name))
        .collect()
}
