//! What is alive on a server, by tmux's handles.

use bstr::{BString, ByteSlice};

use crate::model::tree::SessionId;
use crate::mux::MuxError;
use crate::mux::tmux::command::Command;
use crate::mux::tmux::ids;
use crate::mux::tmux::{Tmux, names};
use crate::restore::RestoreError;
use crate::restore::restorer::{AlivePane, AliveParts};

/// What is alive; nothing where no server is.
pub(super) fn look(tmux: &Tmux) -> Result<AliveParts, RestoreError> {
    let commands = [
        Command::new("list-sessions").opt("-F", "#{session_id} #{session_name}"),
        Command::new("list-panes")
            .flag("-a")
            .opt("-F", "P #{pane_id} #{pane_pid} #{window_id} #{session_id}"),
    ];
    // Without sessions there is nothing to list.
    let answer = match tmux.ask("what is alive", &commands) {
        Ok(reply) => reply.stdout,
        Err(MuxError::NoServer { .. }) => return Ok(AliveParts::default()),
        Err(error) => return Err(error.into()),
    };
    let mut alive = AliveParts::default();
    for line in answer.lines() {
        match line.strip_prefix(b"P ") {
            Some(line) => {
                add(&mut alive, line);
            }
            None => alive.sessions.extend(session(line)),
        }
    }
    Ok(alive)
}

fn add(alive: &mut AliveParts, line: &[u8]) -> Option<()> {
    let mut words = line.split_str(" ");
    let id = ids::read_pane(words.next()?)?;
    let pid = words.next()?.to_str().ok()?.parse().ok();
    let tab = ids::read_window(words.next()?)?;
    let session = ids::read_session(words.next()?)?;
    let pane = alive.panes.entry(id).or_insert_with(|| AlivePane {
        pid,
        places: Vec::new(),
    });
    pane.places.push((tab, session));
    Some(())
}

/// Reads `$31 name`.
pub(super) fn session(line: &[u8]) -> Option<(SessionId, BString)> {
    let (id, name) = line.split_once_str(" ")?;
    Some((ids::read_session(id)?, names::given(name)))
}
