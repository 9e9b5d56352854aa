//! Clients that look at a session that is replaced: they stay attached, and look at the one in its
//! place.

use std::collections::BTreeMap;

use bstr::{BString, ByteSlice};

use crate::model::tree::SessionId;
use crate::mux::MuxError;
use crate::mux::tmux::Tmux;
use crate::mux::tmux::command::Command;
use crate::mux::tmux::ids;

/// An attached client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::restore::tmux) struct Client {
    /// How tmux calls it: its terminal, or a number.
    pub(in crate::restore::tmux) name: BString,
    /// The session that it looks at.
    pub(in crate::restore::tmux) session: SessionId,
    /// The number of the tab that it looks at.
    pub(in crate::restore::tmux) tab: u32,
    /// The session that it looked at before.
    pub(in crate::restore::tmux) last: Option<SessionId>,
}

/// All clients of a server.
pub(in crate::restore::tmux) fn list(tmux: &Tmux) -> Result<Vec<Client>, MuxError> {
    let commands = [
        Command::new("list-sessions").opt("-F", "#{session_id} #{session_name}"),
        Command::new("list-clients").opt(
            "-F",
            "C #{client_name} #{session_id} #{window_index} #{client_last_session}",
        ),
    ];
    let answer = tmux.run("its clients", &commands)?;
    let mut names: BTreeMap<&[u8], SessionId> = BTreeMap::new();
    let mut clients = Vec::new();
    for line in answer.lines() {
        match line.strip_prefix(b"C ") {
            Some(line) => clients.extend(client(line, &names)),
            None => {
                let read = line.split_once_str(" ");
                names.extend(read.and_then(|(id, name)| Some((name, ids::read_session(id)?))));
            }
        }
    }
    Ok(clients)
}

fn client(line: &[u8], names: &BTreeMap<&[u8], SessionId>) -> Option<Client> {
    let mut words = line.splitn_str(4, " ");
    Some(Client {
        name: words.next()?.into(),
        session: ids::read_session(words.next()?)?,
        tab: words.next()?.to_str().ok()?.parse().ok()?,
        last: words.next().and_then(|last| names.get(last).copied()),
    })
}

/// The commands that take clients from the session `old`, and those that came from it, to where
/// `now` says that sessions are. A client that has gone meanwhile stops nothing.
pub(in crate::restore::tmux) fn take(
    clients: &[Client],
    old: SessionId,
    now: &BTreeMap<SessionId, SessionId>,
) -> Vec<Command> {
    let of = |session: SessionId| now.get(&session).copied().unwrap_or(session);
    let mut commands = Vec::new();
    for client in clients {
        let looks = client.session == old;
        let came = client.last == Some(old) && !now.contains_key(&client.session);
        if !looks && !came {
            continue;
        }
        let to = of(client.session);
        // Going there by way of the other one, the client knows it as the one before.
        let last = client.last.map(of).filter(|last| *last != to);
        for session in last.into_iter().chain([to]) {
            let switch = Command::new("switch-client")
                .opt("-c", &client.name)
                .opt("-t", ids::session(session));
            commands.push(switch.if_it_can_be());
        }
    }
    commands
}
