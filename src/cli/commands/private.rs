//! `muxtape private`

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::multiplexer;
use crate::model::detail::Withheld;
use crate::model::snapshot::ServerIdentity;
use crate::model::target::Target;
use crate::model::tree::{Pane, PaneId, ServerState, Session, Tab};
use crate::mux::Marked;

/// Keep a pane, a tab or a session out of everything that is recorded
///
/// Of a private pane only its place in the layout is recorded: no text, title, command or
/// directory. This holds from the next capture on, also for one that is running; older snapshots
/// keep what they have. A restore puts a plain shell in its place, private again.
///
/// The mark is the tmux option @muxtape-private, which a pane inherits from its window and session;
/// it can be set without muxtape.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Private {
    /// What to do
    #[arg(value_enum, default_value_t)]
    action: PrivateAction,
    /// session:tab.pane, session:tab or session, with the numbers that tmux shows; by default the
    /// current pane
    target: Option<Target>,
    /// The tab that the pane is in
    #[arg(long, conflicts_with = "session")]
    tab: bool,
    /// The session that the pane is in
    #[arg(long)]
    session: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
enum PrivateAction {
    /// Record nothing of it from now on
    #[default]
    On,
    /// Record it again, with all that is in it
    Off,
    /// Say whether it is recorded
    Status,
}

#[derive(Debug, Serialize)]
struct PrivateAnswer {
    action: PrivateAction,
    panes: Vec<PaneAnswer>,
}

#[derive(Debug, Serialize)]
struct PaneAnswer {
    target: String,
    private: bool,
}

type PrivatePlace<'a> = (&'a Session, &'a Tab, &'a Pane);

impl Private {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let mux = context.host.mux();
        let seen = mux.observe()?;
        let state = seen.state;
        let own = own_pane(context, &seen.server);
        let all = self.action == PrivateAction::Status && self.target.is_none() && own.is_none();
        let what = match all {
            true => None,
            false => Some(self.what(&state, own)?),
        };
        if let Some(what) = what {
            let private = self.action == PrivateAction::On;
            if private || self.action == PrivateAction::Off {
                let target = self.target.as_ref();
                context.host.set_private(what, private, &state, target)?;
            }
        }
        let now = match self.action {
            PrivateAction::Status => state,
            PrivateAction::On | PrivateAction::Off => mux.observe()?.state,
        };
        let wanted = |(session, tab, pane): &PrivatePlace<'_>| {
            what.is_none_or(|what| what.holds(session, tab, pane))
        };
        let answer = PrivateAnswer {
            action: self.action,
            panes: now.panes().filter(wanted).map(told).collect(),
        };
        context.output.answer("private", &answer, |_| {
            let words = |one: &PaneAnswer| {
                let how = if one.private { "private" } else { "recorded" };
                format!("{} {how}", one.target)
            };
            answer.panes.iter().map(words).collect()
        })?;
        if self.action == PrivateAction::On {
            context.output.say(
                "snapshots from before keep what they have of it; `muxtape delete` removes them",
            );
        }
        // A mark for all of tmux cannot be taken back for one pane.
        let still = answer.panes.iter().any(|one| one.private) && self.action == PrivateAction::Off;
        match still {
            false => Ok(Exit::Ok),
            true => Err(CliError::new(Exit::Failed, "it is private still")
                .hint("all of the server is marked as private")),
        }
    }

    /// What the words mean.
    fn what(&self, state: &ServerState, own: Option<PaneId>) -> Result<Marked, CliError> {
        let named = |(session, tab, pane): &PrivatePlace<'_>| match (&self.target, own) {
            (Some(target), _) => {
                session.name == target.session
                    && target.tab.is_none_or(|index| tab.index == index)
                    && target.pane.is_none_or(|index| pane.index == index)
            }
            (None, Some(own)) => Marked::Pane(own).holds(session, tab, pane),
            (None, None) => false,
        };
        let Some((session, tab, pane)) = state.panes().find(named) else {
            return Err(match &self.target {
                Some(target) => CliError::new(Exit::NotFound, format!("there is no {target}"))
                    .hint("`muxtape show live` lists what there is"),
                None => CliError::new(Exit::Usage, "this does not run in a pane of that server")
                    .hint("name a pane: muxtape private on SESSION:TAB.PANE"),
            });
        };
        let (of_tab, of_pane) = match &self.target {
            Some(target) => (target.tab.is_some(), target.pane.is_some()),
            None => (true, true),
        };
        let what = if self.session || !of_tab {
            session.handle.map(Marked::Session)
        } else if self.tab || !of_pane {
            tab.handle.map(Marked::Tab)
        } else {
            pane.handle.map(|handle| Marked::Pane(handle.id))
        };
        what.ok_or_else(|| CliError::new(Exit::Failed, "the server does not report its pane id"))
    }
}

fn told((session, tab, pane): PrivatePlace<'_>) -> PaneAnswer {
    let target = Target {
        session: session.name.clone(),
        tab: Some(tab.index),
        pane: Some(pane.index),
    };
    PaneAnswer {
        target: target.to_string(),
        private: pane.detail.withheld == Some(Withheld::Private),
    }
}

/// The pane that this runs in, where that is one of the server that is meant.
fn own_pane(context: &Context, server: &ServerIdentity) -> Option<PaneId> {
    let own = context.host.mux().own_pane(&multiplexer::variable)?;
    own.on(server)
}
