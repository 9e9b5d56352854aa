//! Whether a plan still holds.

use std::collections::BTreeSet;

use bstr::ByteSlice;

use crate::model::digest::Digest;
use crate::model::tree::{PaneId, SessionId};
use crate::mux::MuxError;
use crate::mux::tmux::command::Command;
use crate::mux::tmux::ids;
use crate::mux::tmux::{Tmux, layout};
use crate::restore::RestoreError;
use crate::restore::facts::{LivePane, fingerprint};
use crate::restore::plan::{Plan, Reliance};
use crate::restore::tmux::alive::session;

/// Makes sure that the live state is the one that the plan was made for.
pub(super) fn recheck(tmux: &Tmux, plan: &Plan) -> Result<(), RestoreError> {
    still_holds(tmux, plan, &BTreeSet::new())
}

/// Makes sure of it once more before anything that is alive is touched; `own` are the sessions that
/// this restore has made.
pub(super) fn still_holds(
    tmux: &Tmux,
    plan: &Plan,
    own: &BTreeSet<SessionId>,
) -> Result<(), RestoreError> {
    let now = now(tmux, &plan.relies, own)?;
    if now == plan.fingerprint {
        Ok(())
    } else {
        Err(RestoreError::Changed)
    }
}

/// What a plan relies on as it is now.
fn now(tmux: &Tmux, relies: &Reliance, own: &BTreeSet<SessionId>) -> Result<Digest, RestoreError> {
    let server = match tmux.server() {
        Ok(server) => server,
        Err(MuxError::NoServer { .. }) => {
            return Ok(fingerprint(None, std::iter::empty(), Vec::new()));
        }
        Err(error) => return Err(error.into()),
    };
    let mut commands =
        vec![Command::new("list-sessions").opt("-F", "#{session_id} #{session_name}")];
    if !relies.sessions.is_empty() {
        let panes =
            "P #{session_id} #{window_id} #{window_index} #{pane_id} #{pane_pid} #{window_layout}";
        commands.push(Command::new("list-panes").flag("-a").opt("-F", panes));
    }
    let answer = tmux.run("its sessions", &commands)?;
    let (mut sessions, mut panes) = (Vec::new(), Vec::new());
    for line in answer.lines() {
        match line.strip_prefix(b"P ") {
            Some(line) => panes.extend(pane(line, relies)),
            None => sessions.extend(session(line).filter(|(id, _)| !own.contains(id))),
        }
    }
    let names = sessions.iter().map(|(id, name)| (name, Some(*id)));
    Ok(fingerprint(Some(&server), names, panes))
}

/// Reads a pane; `None` for one that the plan does not rely on.
fn pane(line: &[u8], relies: &Reliance) -> Option<LivePane> {
    let mut words = line.splitn_str(6, " ");
    let session = ids::read_session(words.next()?)?;
    let window = ids::read_window(words.next()?)?;
    let index = words.next()?.to_str().ok()?.parse().ok()?;
    let pane = ids::read_pane(words.next()?)?;
    let pid = words.next()?.to_str().ok()?.parse().unwrap_or(0);
    let layout = layout::parse(words.next()?).ok();
    let place = |(pane, rect): (u32, _)| (Some(PaneId::of(pane.into())), rect);
    relies.sessions.contains(&session).then(|| LivePane {
        session,
        window,
        index,
        pane: (Some(pane), Some(pid)),
        places: layout
            .filter(|_| relies.tabs.contains(&window))
            .map(|layout| layout.tiled.panes().into_iter().map(place).collect()),
    })
}
