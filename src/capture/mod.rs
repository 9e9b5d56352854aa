//! From a multiplexer to a redacted state with its texts.
//!
//! What leaves this room is whole and clean: a capture in which something is missing or does not
//! add up is an error, what is never recorded is not in it ([`Exclusions`]), and every captured
//! string has gone through the [`Redactor`], as its type says ([`Clean`]). This room never writes
//! anything.

pub mod exclusions;
mod memory;
mod own_screen;
mod recheck;
mod snapshot;
mod texts;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};

use bstr::BString;

use crate::model::ansi::label;
use crate::model::contents::Contents;
use crate::model::detail::Withheld;
use crate::model::digest::Digest;
use crate::model::snapshot::{RedactionCount, ServerIdentity};
use crate::model::tree::{ContentsRef, InvalidState, Pane, PaneHandle, PaneId, ServerState};
use crate::mux::{Multiplexer, MuxError, Probe};
use crate::redact::{Clean, Redactor, Tally};

pub use exclusions::Exclusions;
pub use recheck::Recheck;
pub use snapshot::Stamp;

use memory::Memory;
use texts::Texts;

/// How often a capture starts again because panes came or went while it ran. The texts that were
/// captured until then are kept.
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
    /// Whether the next capture will go on from this one: then some of the texts stay in memory.
    pub remember: bool,
}

/// A captured state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// Who answered.
    pub server: ServerIdentity,
    /// Sessions, tabs and panes, without secrets; checked.
    pub state: Clean<ServerState>,
    /// What was active.
    pub probe: Probe,
    /// The texts that were captured now, without secrets, by their digests. Those of panes that had
    /// not been active since `previous` are not among them.
    pub contents: BTreeMap<Digest, Clean<Contents>>,
    /// How long it took.
    pub took: Duration,
    /// What was taken out of the state and of every text that it refers to, also of those that were
    /// captured before.
    pub redactions: Vec<RedactionCount>,
    /// What was taken out of each of those texts.
    tallies: HashMap<Digest, Tally>,
    /// Where the next capture can go on.
    memory: Memory,
}

impl Captured {
    /// Whether there are texts that were put together from what was read at several times, and
    /// shall be read as a whole once their panes have come to rest.
    #[must_use]
    pub fn has_put_together(&self) -> bool {
        self.memory.has_put_together()
    }
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
    /// A session that was asked for is never recorded.
    #[error(
        "session {} is never recorded, by the settings in [capture.never]",
        label(name)
    )]
    Excluded {
        /// Its name.
        name: BString,
    },
    /// Panes came and went faster than they could be captured.
    #[error("the panes changed {} while they were captured", crate::model::words::count((*attempts).into(), "time"))]
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
/// The texts of panes that have not been active since `previous` are not captured again: their
/// panes refer to the same texts as there. Of the others only what is new is asked for, where
/// `previous` was told to remember them. `previous` must have been made with the same rules and
/// limits.
///
/// What is marked as private while the capture runs is not in it. Everything that a capture holds
/// was read before its last question, and with that one it is asked which panes are private: if one
/// is that was not when the structure was observed, all is observed again. So a mark that was set
/// before the last question is honoured, whatever was read before it was set; and the text of a
/// pane is only taken from an answer that says, of the same moment, that the pane is not private.
pub fn capture(
    mux: &dyn Multiplexer,
    redactor: &Redactor,
    exclusions: &Exclusions,
    request: &CaptureRequest,
    previous: Option<&Captured>,
) -> Result<Captured, CaptureError> {
    let start = Instant::now();
    let mut texts = Texts::new(redactor, request, previous);
    for _ in 0..ATTEMPTS {
        let mut seen = mux.observe()?;
        let all = std::mem::take(&mut seen.state);
        let names = all.sessions.iter().map(|session| session.name.clone());
        let names: BTreeSet<BString> = names.collect();
        let own = own_screen::panes(&all, &seen.interfaces);
        let mut state = all;
        exclusions.doubt(&mut state, &seen.lost);
        exclusions.apply(&mut state);
        let silent = exclusions.without_texts(&state);
        let mut state = chosen(state, request.sessions.as_deref(), &names)?;
        let mut known = HashMap::new();
        if request.contents {
            known = unchanged(previous, &seen.server, &seen.probe);
            known.retain(|pane, _| !silent.contains(pane));
        }
        // A server without sessions has nothing to be asked about.
        if !names.is_empty() {
            let asked = texts.capture(mux, &seen.server, &state, &known, &silent, &own)?;
            // A pane has gone since it was observed, or has become private, or an interface was
            // opened in it.
            let opened = !asked.interfaces.is_subset(&own);
            if asked.missing || opened || shows(&state, &asked.private) {
                continue;
            }
        }
        texts.refer(&mut state, &known);
        own_screen::take_out(&mut state, &own);
        texts.unsettle(&mut seen.probe);
        let mut tally = Tally::default();
        let mut state = redactor.state(state, &mut tally);
        state.sort();
        state.check()?;
        let tallies = texts.tallies(&state, previous);
        shown(&state)
            .filter_map(|text| tallies.get(&text))
            .for_each(|taken| tally.merge(taken));
        let there: HashSet<PaneHandle> = state
            .panes()
            .filter_map(|(_, _, pane)| pane.handle)
            .collect();
        texts.memory.tidy(|pane| there.contains(pane));
        // Of panes that have gone meanwhile, or become private, there may be more.
        let shown: HashSet<Digest> = shown(&state).collect();
        texts.contents.retain(|text, _| shown.contains(text));
        return Ok(Captured {
            server: seen.server,
            state,
            probe: seen.probe,
            contents: texts.contents,
            took: start.elapsed(),
            redactions: tally.counts(),
            tallies,
            memory: texts.memory,
        });
    }
    Err(CaptureError::Unsteady { attempts: ATTEMPTS })
}

/// The text of each pane, once for a pane that is in several sessions.
fn shown(state: &ServerState) -> impl Iterator<Item = Digest> {
    let mut met = HashSet::new();
    let panes = state.panes().map(|(_, _, pane)| pane);
    panes
        .filter(move |pane| pane.handle.is_none_or(|handle| met.insert(handle)))
        .filter_map(|pane| Some(pane.contents?.digest))
}

/// True if the state still shows data of a pane that is private.
fn shows(state: &ServerState, private: &BTreeSet<PaneId>) -> bool {
    let known = |pane: &Pane| pane.detail.withheld == Some(Withheld::Private);
    state.panes().any(|(_, _, pane)| {
        let handle = pane.handle.map(|handle| handle.id);
        handle.is_some_and(|id| private.contains(&id)) && !known(pane)
    })
}

/// The sessions of a state that are wanted; `there` are the names of all that there are.
fn chosen(
    mut state: ServerState,
    sessions: Option<&[BString]>,
    there: &BTreeSet<BString>,
) -> Result<ServerState, CaptureError> {
    let Some(names) = sessions else {
        return Ok(state);
    };
    if let Some(name) = names.iter().find(|name| state.session(name).is_none()) {
        let name = name.clone();
        return Err(match there.contains(&name) {
            true => CaptureError::Excluded { name },
            false => CaptureError::NoSession { name },
        });
    }
    state
        .sessions
        .retain(|session| names.contains(&session.name));
    Ok(state)
}

/// The texts of panes that have shown nothing new since the previous capture.
fn unchanged(
    previous: Option<&Captured>,
    server: &ServerIdentity,
    probe: &Probe,
) -> HashMap<PaneHandle, ContentsRef> {
    let Some(previous) = previous.filter(|previous| previous.server == *server) else {
        return HashMap::new();
    };
    let now: BTreeMap<PaneId, u64> = probe
        .panes
        .iter()
        .map(|pane| (pane.pane, pane.text))
        .collect();
    let quiet: BTreeSet<PaneId> = previous
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

#[cfg(test)]
mod tests;
