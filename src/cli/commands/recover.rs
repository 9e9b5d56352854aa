//! `muxtape recover`

use bstr::ByteSlice;
use serde::Serialize;

use super::interface::close_own;
use super::restore::{How, carry_out, plan};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::multiplexer;
use crate::cli::output::{Output, Role, confirm};
use crate::cli::views::{count, rfc3339, when};
use crate::model::ansi::label;
use crate::model::snapshot::EndCause;
use crate::model::target::Target;
use crate::model::tree::ServerState;
use crate::restore::recovery::Offer;
use crate::restore::{Report, leftover};

/// Bring back what a crash took
///
/// Finds the last run of the server that ended without its sessions having been closed, and
/// restores the newest good snapshot of it: only the sessions that are not back yet. A single idle
/// shell of which nobody saw how it ended is offered last. Where -L, -S or $TMUX name a server, of
/// that server alone.
///
/// Called in a blank session, it takes the clients of that session along to what was restored.
/// Sessions that are blank are offered for closing, which --yes does not do.
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
    /// Whether it is known not to have been closed.
    certain: bool,
    last_seen: String,
    snapshot: Option<String>,
    snapshots: Vec<String>,
    lost: Vec<String>,
    back: Vec<String>,
}

impl Recover {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let mut offers = context.host.crash_offers()?;
        let all = offers.len();
        if let Some(server) = context.named_server() {
            offers.retain(|offer| server.is(offer.life.server.socket.as_bstr()));
        }
        let elsewhere = all - offers.len();
        if self.list {
            let views: Vec<OfferView> = offers.iter().map(view).collect();
            context.output.answer("recover.list", &views, |out| {
                offers
                    .iter()
                    .flat_map(|offer| lines(context, offer, out))
                    .collect()
            })?;
            if offers.is_empty() && elsewhere == 0 {
                context.output.say("nothing was lost");
            } else if elsewhere > 0 {
                let lives = count(elsewhere as u64, "run");
                context.output.say(&format!(
                    "{lives} of other servers can be brought back; name one with -S"
                ));
            }
            return Ok(Exit::Ok);
        }
        let Some(offer) = offers.first() else {
            if elsewhere > 0 {
                let message = "nothing of this server was lost: there is nothing to recover";
                return Err(CliError::new(Exit::NotFound, message).hint(
                    "other servers lost something: name one with -S (`muxtape recover --list` outside of tmux lists all)",
                ));
            }
            return Err(CliError::new(
                Exit::NotFound,
                "nothing was lost: there is nothing to recover",
            )
            .hint("`muxtape restore SNAP` brings back any snapshot"));
        };
        if !self.how.dry_run {
            context.host.offered(std::slice::from_ref(offer));
        }
        let Some(newest) = offer.newest() else {
            return Err(CliError::new(
                Exit::NotFound,
                "no snapshot of what was lost is left",
            ));
        };
        let snapshot = context.host.store().load(newest)?;
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
            context.host.recovered(offer.id(), &report)?;
            if exit == Exit::Ok {
                return afterwards(context, &report, &snapshot.state);
            }
        }
        Ok(exit)
    }
}

/// Takes the user along from a blank session that this runs in to what was restored, and offers to
/// close what is blank.
fn afterwards(
    context: &Context,
    report: &Report,
    restored: &ServerState,
) -> Result<Exit, CliError> {
    let mux = context.host.mux();
    let own = context.host.mux().own_pane(&multiplexer::variable);
    // What was asked for is done.
    let Ok(left) = leftover::find(mux, &report.sessions, own.as_deref()) else {
        return Ok(Exit::Ok);
    };
    let best = leftover::best(&report.sessions, restored).map(|made| made.id);
    let asks = !context.global.yes && !context.output.json();
    let mut open = Vec::new();
    let mut last = None;
    for one in &left {
        let name = label(&one.name);
        let question = match one.own {
            true => format!("Close session {name}, which this runs in and is blank?"),
            false => format!("Close session {name}, which is blank?"),
        };
        let close = asks && confirm(&question);
        match (close, one.own) {
            (true, true) => last = Some(one),
            (true, false) => one.close(mux, best)?,
            (false, _) => open.push(name),
        }
    }
    if !asks && !open.is_empty() {
        let names = open.join(", ");
        let word = if open.len() == 1 {
            "session is"
        } else {
            "sessions are"
        };
        context.output.say(&format!(
            "{} blank {word} left: {names}; `tmux kill-session -t NAME` closes one",
            open.len()
        ));
    }
    if let (Some(own), Some(best)) = (left.iter().find(|one| one.own), best) {
        mux.move_clients(own.id, best)?;
    }
    last.map_or(Ok(Exit::Ok), |own| close_own(context, own))
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
        certain: offer.evident,
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
    let how = match offer.evident {
        true => format!("ended unexpectedly: {reason}"),
        false => format!("has ended, and may have been closed: {reason}, nobody recorded how"),
    };
    let mut lines = vec![format!(
        "{} {how}; last seen {}",
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
