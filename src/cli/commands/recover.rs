//! `muxtape recover`

use serde::Serialize;

use super::restore::{How, carry_out, plan};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::{Output, Role};
use crate::cli::views::{count, rfc3339, when};
use crate::journal::Answer;
use crate::model::ansi::label;
use crate::model::snapshot::EndCause;
use crate::model::target::Target;
use crate::mux::process::boot_id;
use crate::restore::lookout;
use crate::restore::recovery::Offer;

/// Bring back what a crash took
///
/// Finds the last run of the server that ended without its sessions having been closed, and restores
/// the newest good snapshot of it: only the sessions that are not back yet.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Recover {
    /// List what can be brought back, and do nothing
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Serialize)]
struct OfferView {
    life: String,
    reason: EndCause,
    last_seen: String,
    snapshot: Option<String>,
    snapshots: Vec<String>,
    lost: Vec<String>,
    back: Vec<String>,
}

impl Recover {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let store = context.store();
        let offers = lookout::look(&store, &context.tmux(), &boot_id())?;
        if self.list {
            let views: Vec<OfferView> = offers.iter().map(view).collect();
            context.output.answer("recover.list", &views, |out| {
                offers
                    .iter()
                    .flat_map(|offer| lines(context, offer, out))
                    .collect()
            })?;
            if offers.is_empty() {
                context.output.say("nothing was lost");
            }
            return Ok(Exit::Ok);
        }
        let Some(offer) = offers.first() else {
            return Err(CliError::new(
                Exit::NotFound,
                "nothing was lost: there is nothing to recover",
            )
            .hint("`muxtape restore SNAP` brings back any snapshot"));
        };
        if !self.how.dry_run {
            context.note(|tell| tell.offered(std::slice::from_ref(offer)));
        }
        let Some(newest) = offer.newest() else {
            return Err(CliError::new(
                Exit::NotFound,
                "no snapshot of what was lost is left",
            ));
        };
        let snapshot = store.load(newest)?;
        if !context.output.json() {
            context
                .output
                .lines(&lines(context, offer, &context.output))?;
        }
        let lost = offer.lost().map(|name| Target {
            session: name.to_owned(),
            tab: None,
            pane: None,
        });
        let plan = plan(context, &snapshot, &self.how, lost.collect())?;
        let (exit, report) = carry_out(context, &plan, self.how.dry_run)?;
        if let Some(report) = report {
            let (tmux, now) = (context.tmux(), context.now());
            let life = offer.id();
            if lookout::settle_restored(&store, &tmux, &boot_id(), life, &report, now)? {
                context.note(|tell| tell.answered(life, Answer::Recovered));
            }
        }
        Ok(exit)
    }
}

fn view(offer: &Offer) -> OfferView {
    let names = |back: bool| {
        let sessions = offer.sessions.iter().filter(|session| session.back == back);
        sessions
            .map(|session| label(&session.summary.name))
            .collect()
    };
    OfferView {
        life: offer.id().to_string(),
        reason: offer.cause,
        last_seen: rfc3339(offer.last_seen),
        snapshot: offer.newest().map(|id| id.to_string()),
        snapshots: offer
            .snapshots
            .iter()
            .map(|meta| meta.id.to_string())
            .collect(),
        lost: names(false),
        back: names(true),
    }
}

fn lines(context: &Context, offer: &Offer, out: &Output) -> Vec<String> {
    let now = context.zoned();
    let reason = match offer.cause {
        EndCause::Reboot => "the machine was started anew",
        EndCause::ServerGone | EndCause::Closed => "the server has gone",
    };
    let mut lines = vec![format!(
        "{} ended unexpectedly: {reason}; last seen {}",
        out.paint(Role::Strong, &offer.life.server.mux.to_string()),
        when(offer.last_seen, &now),
    )];
    if let Some(meta) = offer.snapshots.first() {
        let id = out.paint(Role::Strong, &meta.id.short());
        lines.push(format!(
            "last good snapshot  {id}  {}",
            when(meta.time, &now)
        ));
    }
    for session in &offer.sessions {
        let summary = &session.summary;
        let size = format!(
            "{}, {}",
            count(summary.tabs.into(), "tab"),
            count(summary.panes.into(), "pane")
        );
        let name = label(&summary.name);
        lines.push(if session.back {
            out.paint(Role::Faint, &format!("  = {name}  {size}  is already back"))
        } else {
            format!("  - {name}  {size}")
        });
    }
    lines
}
