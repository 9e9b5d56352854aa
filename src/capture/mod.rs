//! From a multiplexer to a redacted state with its texts.
//!
//! What leaves this room is whole and clean: a capture in which something is missing or does not add
//! up is an error, and every captured string has gone through the [`Redactor`]. This room never
//! writes anything.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use bstr::BString;

use crate::model::ansi::label;
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::snapshot::{RedactionCount, ServerIdentity};
use crate::model::tree::{ContentsRef, InvalidState, PaneHandle, ServerState};
use crate::mux::{ContentsRequest, Multiplexer, MuxError, Observation, Probe};
use crate::redact::{Redactor, Tally};

/// How often a capture starts again because panes came, went or changed screens while it ran.
const ATTEMPTS: u32 = 4;

/// What to capture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CaptureRequest {
    /// The names of the sessions; `None` for all.
    pub sessions: Option<Vec<BString>>,
    /// Whether to capture texts.
    pub contents: bool,
    /// Rows of scrollback a pane at the most, the newest ones; `None` for all.
    pub history_limit: Option<u32>,
}

/// A captured state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// Who answered.
    pub server: ServerIdentity,
    /// Sessions, tabs and panes, without secrets; checked.
    pub state: ServerState,
    /// What was active.
    pub probe: Probe,
    /// The texts that were captured now, without secrets, by their digests. Those of panes that had
    /// not been active since `previous` are not among them.
    pub contents: BTreeMap<Digest, Contents>,
    /// How long it took.
    pub took: Duration,
    /// What was taken out.
    pub redactions: Vec<RedactionCount>,
}

/// Why there is no capture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// The multiplexer could not be asked or understood.
    #[error(transparent)]
    Mux(#[from] MuxError),
    /// A session that was asked for does not exist.
    #[error("there is no session {}", label(name))]
    NoSession {
        /// Its name.
        name: BString,
    },
    /// Panes came and went faster than they could be captured.
    #[error("the panes changed {attempts} times while they were captured")]
    Unsteady {
        /// How often it was tried.
        attempts: u32,
    },
    /// The state that was captured cannot be true.
    #[error("what was captured does not add up")]
    Invalid(#[from] InvalidState),
}

/// Captures what `mux` shows.
///
/// The texts of panes that have not been active since `previous` are not captured again: their panes
/// refer to the same texts as there. `previous` must have been made with the same rules and limits.
pub fn capture(
    mux: &dyn Multiplexer,
    redactor: &Redactor,
    request: &CaptureRequest,
    previous: Option<&Captured>,
) -> Result<Captured, CaptureError> {
    let start = Instant::now();
    for _ in 0..ATTEMPTS {
        let Observation {
            server,
            state,
            probe,
        } = mux.observe()?;
        let mut state = chosen(state, request.sessions.as_deref())?;
        let known = if request.contents {
            known(previous, &server, &probe)
        } else {
            HashMap::new()
        };
        let wanted = if request.contents {
            wanted(&state, &known, request.history_limit)
        } else {
            Vec::new()
        };
        let texts = mux.contents(&wanted)?;
        if texts.len() != wanted.len() || texts.iter().any(Option::is_none) {
            // A pane has gone or changed its screen since it was observed.
            continue;
        }
        let mut tally = Tally::default();
        let mut fresh = BTreeMap::new();
        let mut contents = BTreeMap::new();
        for (asked, text) in wanted.iter().zip(texts.into_iter().flatten()) {
            let text = redactor.contents(&text, &mut tally);
            let reference = text.reference();
            fresh.insert(asked.pane, reference);
            contents.insert(reference.digest, text);
        }
        refer(&mut state, &known, &fresh);
        redactor.state(&mut state, &mut tally);
        state.sort();
        state.check()?;
        return Ok(Captured {
            server,
            state,
            probe,
            contents,
            took: start.elapsed(),
            redactions: tally.counts(),
        });
    }
    Err(CaptureError::Unsteady { attempts: ATTEMPTS })
}

fn chosen(
    mut state: ServerState,
    sessions: Option<&[BString]>,
) -> Result<ServerState, CaptureError> {
    let Some(names) = sessions else {
        return Ok(state);
    };
    if let Some(name) = names.iter().find(|name| state.session(name).is_none()) {
        return Err(CaptureError::NoSession { name: name.clone() });
    }
    state
        .sessions
        .retain(|session| names.contains(&session.name));
    Ok(state)
}

/// The texts of panes that have shown nothing new since the previous capture.
fn known(
    previous: Option<&Captured>,
    server: &ServerIdentity,
    probe: &Probe,
) -> HashMap<PaneHandle, ContentsRef> {
    let Some(previous) = previous.filter(|previous| previous.server == *server) else {
        return HashMap::new();
    };
    let now: BTreeMap<u32, u64> = probe
        .panes
        .iter()
        .map(|pane| (pane.pane, pane.text))
        .collect();
    let quiet: BTreeSet<u32> = previous
        .probe
        .panes
        .iter()
        .filter(|then| !then.settling && now.get(&then.pane) == Some(&then.text))
        .map(|then| then.pane)
        .collect();
    previous
        .state
        .panes()
        .filter_map(|(_, _, pane)| Some((pane.handle?, pane.contents?)))
        .filter(|(handle, _)| quiet.contains(&handle.id))
        .collect()
}

/// The panes whose texts are needed, each once.
fn wanted(
    state: &ServerState,
    known: &HashMap<PaneHandle, ContentsRef>,
    limit: Option<u32>,
) -> Vec<ContentsRequest> {
    let mut seen = BTreeSet::new();
    state
        .panes()
        .filter_map(|(_, _, pane)| {
            let handle = pane.handle.filter(|handle| !known.contains_key(handle))?;
            seen.insert(handle.id).then_some(ContentsRequest {
                pane: handle.id,
                alternate: pane.screen.alternate,
                history: pane.screen.history,
                limit,
            })
        })
        .collect()
}

fn refer(
    state: &mut ServerState,
    known: &HashMap<PaneHandle, ContentsRef>,
    fresh: &BTreeMap<u32, ContentsRef>,
) {
    let tabs = state
        .sessions
        .iter_mut()
        .flat_map(|session| &mut session.tabs);
    for pane in tabs.flat_map(|tab| &mut tab.panes) {
        pane.contents = pane.handle.and_then(|handle| {
            let text = fresh.get(&handle.id).or_else(|| known.get(&handle));
            text.copied()
        });
    }
}

#[cfg(test)]
mod tests;
