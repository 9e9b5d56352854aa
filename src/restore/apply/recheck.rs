//! Whether a plan still holds.

use std::collections::BTreeSet;

use bstr::{BString, ByteSlice};

use crate::model::digest::Digest;
use crate::mux::MuxError;
use crate::mux::tmux::command::Command;
use crate::mux::tmux::{Tmux, layout};
use crate::restore::facts::{LivePane, fingerprint};
use crate::restore::plan::{Plan, Reliance};
use crate::restore::undo::session;
use crate::restore::{RestoreError, Workshop};

/// Makes sure that the live state is the one that the plan was made for, and gives back the server's
/// default shell (empty where no server runs).
pub(super) fn recheck(plan: &Plan, workshop: &Workshop<'_>) -> Result<BString, RestoreError> {
    let (now, shell) = now(workshop.tmux, &plan.relies, &BTreeSet::new())?;
    if now == plan.fingerprint {
        Ok(shell)
    } else {
        Err(RestoreError::Changed)
    }
}

/// Makes sure of it once more before anything that is alive is touched; `own` are the sessions that this restore
/// has made.
pub(super) fn still_holds(
    plan: &Plan,
    workshop: &Workshop<'_>,
    own: &BTreeSet<u32>,
) -> Result<(), RestoreError> {
    let (now, _) = now(workshop.tmux, &plan.relies, own)?;
    if now == plan.fingerprint {
        Ok(())
    } else {
        Err(RestoreError::Changed)
    }
}

/// What a plan relies on as it is now, and the default shell.
fn now(
    tmux: &Tmux,
    relies: &Reliance,
    own: &BTreeSet<u32>,
) -> Result<(Digest, BString), RestoreError> {
    let server = match tmux.server() {
        Ok(server) => server,
        Err(MuxError::NoServer { .. }) => {
            let none = fingerprint(None, std::iter::empty(), Vec::new());
            return Ok((none, BString::default()));
        }
        Err(error) => return Err(error.into()),
    };
    let mut commands = vec![
        Command::new("show-options")
            .flag("-gv")
            .arg("default-shell"),
        Command::new("list-sessions").opt("-F", "#{session_id} #{session_name}"),
    ];
    if !relies.sessions.is_empty() {
        let panes =
            "P #{session_id} #{window_id} #{window_index} #{pane_id} #{pane_pid} #{window_layout}";
        commands.push(Command::new("list-panes").flag("-a").opt("-F", panes));
    }
    let answer = tmux.run("its sessions", &commands)?;
    let mut lines = answer.lines();
    let shell = BString::from(lines.next().unwrap_or_default());
    let (mut sessions, mut panes) = (Vec::new(), Vec::new());
    for line in lines {
        match line.strip_prefix(b"P ") {
            Some(line) => panes.extend(pane(line, relies)),
            None => sessions.extend(session(line).filter(|(id, _)| !own.contains(id))),
        }
    }
    let names = sessions.iter().map(|(id, name)| (name, Some(*id)));
    Ok((fingerprint(Some(&server), names, panes), shell))
}

/// Reads a pane; `None` for one that the plan does not rely on.
fn pane(line: &[u8], relies: &Reliance) -> Option<LivePane> {
    let mut words = line.splitn_str(6, " ");
    let mut number = |sign: &str| -> Option<u32> {
        let word = words.next()?.to_str().ok()?;
        word.strip_prefix(sign)?.parse().ok()
    };
    let (session, window, index, pane, pid) = (
        number("$")?,
        number("@")?,
        number("")?,
        number("%")?,
        number("")?,
    );
    let layout = layout::parse(words.next()?).ok();
    relies.sessions.contains(&session).then(|| LivePane {
        session,
        window,
        index,
        pane: (pane, i32::try_from(pid).unwrap_or(0)),
        layout: layout
            .filter(|_| relies.tabs.contains(&window))
            .and_then(|layout| layout::print(&layout.tiled, &|pane| pane).ok())
            .map(BString::from),
    })
}
