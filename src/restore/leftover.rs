//! What a recovery leaves behind: blank sessions that somebody opened after the crash to have a
//! shell, and the clients that look at them. Nothing is closed here unless the user says so.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use bstr::BString;

use super::RestoreError;
use super::recovery::blank;
use super::report::Made;
use super::restorer::Restorer;
use crate::model::ansi;
use crate::model::tree::{ServerState, SessionId};
use crate::mux::{ContentsRequest, Multiplexer, OwnPane};

/// Rows that are looked at in a session to see whether anything was done in it.
const MAX_ROWS: u32 = 200;
/// What prompts end with.
const PROMPT_ENDS: &[char] = &['$', '#', '%', '>', '❯', '»', 'λ', '➜'];

/// A session in which there is one shell, and nothing was typed but to call muxtape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The multiplexer's number for it.
    pub id: SessionId,
    /// Its name.
    pub name: BString,
    /// Whether this process runs in it.
    pub own: bool,
}

/// Which of the sessions that were made somebody was at last; `state` is what they were made from.
#[must_use]
pub fn best<'a>(made: &'a [Made], state: &ServerState) -> Option<&'a Made> {
    let made = made.iter().enumerate();
    let best = made.max_by_key(|(at, one)| {
        let session = state.session(&one.from);
        let attached = session.and_then(|session| session.detail.last_attached);
        (attached, Reverse(*at))
    });
    best.map(|(_, made)| made)
}

/// The blank sessions beside those that were made.
///
/// # Errors
///
/// [`RestoreError::Mux`] when the server cannot be asked.
pub fn find(
    mux: &dyn Multiplexer,
    made: &[Made],
    own: Option<&dyn OwnPane>,
) -> Result<Vec<Leftover>, RestoreError> {
    let seen = mux.observe()?;
    let own = own.and_then(|own| own.on(&seen.server));
    let made: BTreeSet<SessionId> = made.iter().map(|made| made.id).collect();
    let names = blank(&seen.state);
    let mut found = Vec::new();
    for session in &seen.state.sessions {
        let Some(id) = session.handle.filter(|id| !made.contains(id)) else {
            continue;
        };
        let mut panes = session.tabs.iter().flat_map(|tab| &tab.panes);
        let Some((pane, handle)) = panes.next().and_then(|pane| Some((pane, pane.handle?))) else {
            continue;
        };
        if !names.contains(&session.name) || session.group.is_some() || pane.screen.history > 0 {
            continue;
        }
        let wanted = ContentsRequest {
            pane: handle.id,
            alternate: pane.screen.alternate,
            history: 0,
            limit: Some(MAX_ROWS),
        };
        // What is private cannot be judged.
        let text = mux.contents(&[wanted])?.pop().flatten();
        if text.is_some_and(|text| is_untouched(&ansi::plain(&text.main))) {
            found.push(Leftover {
                id,
                name: session.name.clone(),
                own: own == Some(handle.id),
            });
        }
    }
    Ok(found)
}

/// Whether there is a session of this number.
#[must_use]
pub fn is_there(restorer: &dyn Restorer, session: SessionId) -> bool {
    let alive = restorer.alive();
    alive.is_ok_and(|alive| alive.sessions.contains_key(&session))
}

impl Leftover {
    /// Closes it, unless something was opened in it meanwhile; its clients look at the other
    /// session before.
    ///
    /// # Errors
    ///
    /// [`RestoreError::Mux`] when the server refuses.
    pub fn close(
        &self,
        restorer: &dyn Restorer,
        to: Option<SessionId>,
    ) -> Result<(), RestoreError> {
        if let Some(to) = to {
            restorer.move_clients(self.id, to)?;
        }
        Ok(restorer.close_single(self.id)?)
    }
}

/// Whether a screen shows a prompt and nothing that was typed at it, but for calls of muxtape and
/// what that said.
fn is_untouched(text: &str) -> bool {
    let mut lines = text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty());
    let Some(first) = lines.next() else {
        return true;
    };
    let Some(call) = first.find("muxtape") else {
        return first.ends_with(PROMPT_ENDS) && lines.next().is_none();
    };
    let before = first.get(..call).unwrap_or_default();
    // The program may be called by its path.
    let prompt = before.rsplit_once(' ').map_or("", |(prompt, _)| prompt);
    if !prompt.ends_with(PROMPT_ENDS) {
        return false;
    }
    let is_call = |line: &str| {
        let word = line.split_whitespace().next();
        word.is_none_or(|word| word.rsplit('/').next() == Some("muxtape"))
    };
    let typed = std::iter::once(first).chain(lines);
    let mut typed = typed.filter_map(|line| line.strip_prefix(prompt));
    typed.all(is_call)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Millis;
    use crate::store::testing::{session, state, text};

    #[test]
    fn only_calls_of_muxtape_leave_a_shell_untouched() {
        for text in [
            "",
            "$",
            "$ \n\n\n",
            "me@host:~$",
            "$ muxtape recover\ntmux ended\n  - main\nMake 1 session? [y/N]",
            "~ ❯ /usr/bin/muxtape -y recover\n✓ main\n~ ❯ muxtape\n~ ❯",
        ] {
            assert!(is_untouched(text), "{text:?}");
        }
        for text in [
            "$ rm -r",
            "$ ls\nfile\n$",
            "$ cd x\n$ muxtape recover",
            "$ muxtape list\n$ make\n$ muxtape recover",
            "$ vim muxtape",
            "Last login: today\n$",
            "muxtape said this",
            "$ true; muxtape recover",
        ] {
            assert!(!is_untouched(text), "{text:?}");
        }
    }

    #[test]
    fn the_best_one_is_where_somebody_was_last() {
        let mut sessions = vec![
            session("a", 1, &[text("$")]),
            session("b", 2, &[text("$")]),
            session("c", 3, &[text("$")]),
        ];
        let made: Vec<Made> = sessions
            .iter()
            .enumerate()
            .map(|(at, session)| Made {
                from: session.name.clone(),
                to: session.name.clone(),
                id: SessionId::of(u64::try_from(at).unwrap()),
                called: String::new(),
            })
            .collect();
        let chosen = |state: &ServerState| best(&made, state).unwrap().from.to_string();
        assert_eq!(chosen(&state(sessions.clone())), "a");
        sessions[1].detail.last_attached = Some(Millis(5));
        sessions[2].detail.last_attached = Some(Millis(3));
        assert_eq!(chosen(&state(sessions)), "b");
        assert_eq!(best(&[], &ServerState::default()), None);
    }
}
