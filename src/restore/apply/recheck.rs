//! Whether a plan still holds.

use bstr::{BString, ByteSlice};

use crate::mux::MuxError;
use crate::mux::tmux::command::Command;
use crate::restore::facts::fingerprint;
use crate::restore::plan::Plan;
use crate::restore::undo::session;
use crate::restore::{RestoreError, Workshop};

/// Makes sure that the live state is the one that the plan was made for, and gives back the server's
/// default shell (empty where no server runs).
pub(super) fn recheck(plan: &Plan, workshop: &Workshop<'_>) -> Result<BString, RestoreError> {
    let tmux = workshop.tmux;
    let server = match tmux.server() {
        Ok(server) => Some(server),
        Err(MuxError::NoServer { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    if server.is_none() {
        let none = fingerprint(None, std::iter::empty());
        return if none == plan.fingerprint {
            Ok(BString::default())
        } else {
            Err(RestoreError::Changed)
        };
    }
    let commands = [
        Command::new("show-options")
            .flag("-gv")
            .arg("default-shell"),
        Command::new("list-sessions").opt("-F", "#{session_id} #{session_name}"),
    ];
    let answer = tmux.run("its sessions", &commands)?;
    let mut lines = answer.lines();
    let shell = BString::from(lines.next().unwrap_or_default());
    let sessions: Vec<(u32, BString)> = lines.filter_map(session).collect();
    let now = fingerprint(
        server.as_ref(),
        sessions.iter().map(|(id, name)| (name, Some(*id))),
    );
    if now == plan.fingerprint {
        Ok(shell)
    } else {
        Err(RestoreError::Changed)
    }
}
