//! The texts of panes: asked for, put together with what is remembered, and redacted.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::memory::{Memory, Remembered};
use super::{CaptureRequest, Captured};
use crate::model::ansi;
use crate::model::contents::Contents;
use crate::model::digest::{Digest, DigestBuilder};
use crate::model::snapshot::ServerIdentity;
use crate::model::tree::{ContentsRef, Pane, PaneHandle, PaneId, ServerState};
use crate::mux::{
    ContentsRequest, Multiplexer, MuxError, PaneText, PaneTexts, Probe, Seen, TextRequest,
};
use crate::redact::{Clean, Growing, Redactor, Tally};

/// Rows that are asked for before what was answered is worked on: some megabytes.
const TURN: u32 = 40_000;

/// Rows that are read again in a capture because their panes have come to rest.
const AGAIN: u32 = 10_000;

/// The texts of one capture.
#[derive(Debug)]
pub(super) struct Texts<'a> {
    redactor: &'a Redactor,
    request: &'a CaptureRequest,
    /// The texts that were captured, by their digests.
    pub(super) contents: BTreeMap<Digest, Clean<Contents>>,
    /// What was taken out of them.
    tallies: HashMap<Digest, Tally>,
    /// What is remembered for the next capture.
    pub(super) memory: Memory,
    number: u64,
    server: Option<ServerIdentity>,
    fresh: HashMap<PaneHandle, Fresh>,
}

/// What came of asking for texts.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Whether there is a pane that did not answer.
    pub(super) missing: bool,
    /// The panes that were private when they, or others, were asked.
    pub(super) private: BTreeSet<PaneId>,
    /// The panes in which an interface ran then.
    pub(super) interfaces: BTreeSet<PaneId>,
}

/// A text that was captured.
#[derive(Debug, Clone, Copy)]
struct Fresh {
    text: ContentsRef,
    alternate: bool,
    seen: Seen,
    /// Whether the structure that it goes with was observed before it.
    current: bool,
}

impl<'a> Texts<'a> {
    /// None yet; with what an earlier capture remembers.
    pub(super) fn new(
        redactor: &'a Redactor,
        request: &'a CaptureRequest,
        previous: Option<&Captured>,
    ) -> Self {
        let memory = previous.map_or_else(Memory::default, |previous| previous.memory.clone());
        Self {
            redactor,
            request,
            contents: BTreeMap::new(),
            tallies: HashMap::new(),
            number: memory.next(),
            memory,
            server: previous.map(|previous| previous.server.clone()),
            fresh: HashMap::new(),
        }
    }

    /// Captures the texts of panes that are not `known`, not `silent`, and not captured already.
    /// Those that answered are not asked again. With the last question it is asked which panes are
    /// private: there is one even where no text is wanted. What was read of `silent` panes is
    /// forgotten; of `own` ones, in which an interface runs, only the main screen is taken.
    pub(super) fn capture(
        &mut self,
        mux: &dyn Multiplexer,
        server: &ServerIdentity,
        state: &ServerState,
        known: &HashMap<PaneHandle, ContentsRef>,
        silent: &HashSet<PaneHandle>,
        own: &BTreeSet<PaneId>,
    ) -> Result<Asked, MuxError> {
        if self.server.as_ref() != Some(server) {
            self.server = Some(server.clone());
            self.memory = Memory::default();
            self.fresh.clear();
        }
        self.fresh.values_mut().for_each(|one| one.current = false);
        for pane in silent {
            self.fresh.remove(pane);
            self.memory.set(*pane, None);
        }
        let mut wanted = match self.request.contents {
            true => self.wanted(state, known),
            false => Vec::new(),
        };
        wanted.retain(|(pane, _)| !silent.contains(pane));
        let mut asked = Asked::default();
        loop {
            let later = wanted.split_off(turn(&wanted).min(wanted.len()));
            self.ask(mux, &wanted, own, &mut asked)?;
            if later.is_empty() {
                return Ok(asked);
            }
            wanted = later;
        }
    }

    /// The panes whose texts are needed, each once.
    fn wanted(
        &self,
        state: &ServerState,
        known: &HashMap<PaneHandle, ContentsRef>,
    ) -> Vec<(PaneHandle, TextRequest)> {
        let mut asked = BTreeSet::new();
        let mut again = 0u32;
        let mut wanted = Vec::new();
        for (_, _, pane) in state.panes() {
            let Some(handle) = pane
                .handle
                .filter(|handle| !self.fresh.contains_key(handle))
            else {
                continue;
            };
            let rests = known.contains_key(&handle);
            if rests {
                // A few at a time, and one at least.
                let rows = again.saturating_add(pane.screen.history);
                if !self.memory.is_put_together(&handle) || again > 0 && rows > AGAIN {
                    continue;
                }
                again = rows.max(1);
            }
            if asked.insert(handle.id) {
                let remembered = self.memory.of(&handle).filter(|_| !rests);
                wanted.push((handle, self.question(pane, handle, remembered)));
            }
        }
        wanted
    }

    fn question(
        &self,
        pane: &Pane,
        handle: PaneHandle,
        remembered: Option<&Arc<Remembered>>,
    ) -> TextRequest {
        TextRequest {
            of: ContentsRequest {
                pane: handle.id,
                alternate: pane.screen.alternate,
                history: pane.screen.history,
                limit: self.request.history_limit,
            },
            since: remembered.map(|one| Arc::clone(&one.bookmark)),
            bookmark: self.request.remember,
        }
    }

    fn ask(
        &mut self,
        mux: &dyn Multiplexer,
        wanted: &[(PaneHandle, TextRequest)],
        own: &BTreeSet<PaneId>,
        asked: &mut Asked,
    ) -> Result<(), MuxError> {
        let requests: Vec<TextRequest> = wanted.iter().map(|(_, one)| one.clone()).collect();
        let PaneTexts {
            texts,
            private,
            interfaces,
        } = mux.texts(&requests)?;
        asked.missing |= texts.len() != wanted.len();
        asked.private.extend(private);
        asked.interfaces.extend(interfaces);
        let mut whole = Vec::new();
        for ((pane, request), text) in wanted.iter().zip(texts) {
            let mut text = text;
            // What an interface draws is not captured: only what lies under it.
            if own.contains(&pane.id) || asked.interfaces.contains(&pane.id) {
                text.iter_mut().for_each(|text| text.alternate = None);
            }
            match text {
                None => asked.missing = true,
                Some(text) if text.continued && self.is_same(*pane, &text) => {}
                Some(text) if text.continued && !self.can_go_on(*pane) => {
                    whole.push((
                        *pane,
                        TextRequest {
                            since: None,
                            ..request.clone()
                        },
                    ));
                }
                Some(text) => self.take(*pane, text),
            }
        }
        if whole.is_empty() {
            return Ok(());
        }
        self.ask(mux, &whole, own, asked)
    }

    /// Whether a text is as it was, because something else in its window was active. Then it is
    /// taken.
    fn is_same(&mut self, pane: PaneHandle, text: &PaneText) -> bool {
        let same = self.memory.of(&pane).filter(|before| {
            text.scrollback.is_empty()
                && before.end == end_of(&text.screen, text.alternate.as_deref())
        });
        let Some(before) = same else {
            return false;
        };
        let fresh = Fresh {
            text: before.text,
            alternate: text.alternate.is_some(),
            seen: text.seen,
            current: true,
        };
        self.fresh.insert(pane, fresh);
        true
    }

    /// Whether what came before is there.
    fn can_go_on(&self, pane: PaneHandle) -> bool {
        let before = self.memory.of(&pane);
        before.is_some_and(|before| before.kept.is_some())
    }

    fn take(&mut self, pane: PaneHandle, text: PaneText) {
        let PaneText {
            continued,
            scrollback,
            screen,
            alternate,
            seen,
            bookmark,
        } = text;
        let mark = end_of(&screen, alternate.as_deref());
        let before = self.memory.of(&pane).filter(|_| continued).cloned();
        let times = before.as_ref().map_or(0, |before| before.continued + 1);
        let nothing = Growing::default();
        let before = before.as_ref().and_then(|before| before.kept.as_ref());
        let (new, end) = match bookmark {
            Some(_) => (scrollback, screen),
            // Nobody will go on from here.
            None => (Vec::new(), [scrollback, screen].concat()),
        };
        let grown = self.redactor.grow(before.unwrap_or(&nothing), &new, &end);
        let mut tally = grown.tally;
        let alternate =
            alternate.map(|screen| self.redactor.name(&ansi::sanitised(&screen), &mut tally));
        let contents = Clean::of_screens(grown.text, alternate);
        let text = contents.reference();
        self.tallies.insert(text.digest, tally);
        let remembered = bookmark.map(|bookmark| Remembered {
            kept: Some(grown.growing),
            bookmark: Arc::new(bookmark),
            text,
            end: mark,
            continued: times,
            used: self.number,
        });
        self.memory.set(pane, remembered);
        let fresh = Fresh {
            text,
            alternate: contents.alternate.is_some(),
            seen,
            current: true,
        };
        self.contents.insert(text.digest, contents);
        self.fresh.insert(pane, fresh);
    }

    /// What was taken out of each text that the state refers to, now or when it was captured.
    pub(super) fn tallies(
        &self,
        state: &ServerState,
        previous: Option<&Captured>,
    ) -> HashMap<Digest, Tally> {
        let texts = state.panes().filter_map(|(_, _, pane)| pane.contents);
        let before = |text: &Digest| previous.and_then(|before| before.tallies.get(text));
        texts
            .filter_map(|text| {
                let now = self.tallies.get(&text.digest);
                let tally = now.or_else(|| before(&text.digest))?;
                Some((text.digest, tally.clone()))
            })
            .collect()
    }

    /// Gives every pane its text, and what belongs to the same moment.
    pub(super) fn refer(&self, state: &mut ServerState, known: &HashMap<PaneHandle, ContentsRef>) {
        let tabs = state
            .sessions
            .iter_mut()
            .flat_map(|session| &mut session.tabs);
        for pane in tabs.flat_map(|tab| &mut tab.panes) {
            let Some(handle) = pane.handle else {
                continue;
            };
            pane.contents = known.get(&handle).copied();
            if let Some(fresh) = self.fresh.get(&handle) {
                pane.contents = Some(fresh.text);
                pane.screen.alternate = fresh.alternate;
                pane.screen.history = fresh.seen.history;
                pane.screen.cursor_x = fresh.seen.cursor_x;
                pane.screen.cursor_y = fresh.seen.cursor_y;
            }
        }
    }

    /// Marks what may have moved since its text was captured.
    pub(super) fn unsettle(&self, probe: &mut Probe) {
        let late: BTreeSet<PaneId> = self
            .fresh
            .iter()
            .filter(|(_, fresh)| !fresh.current)
            .map(|(pane, _)| pane.id)
            .collect();
        for pane in &mut probe.panes {
            pane.settling |= late.contains(&pane.pane);
        }
    }
}

/// A digest of what follows the scrollback.
fn end_of(screen: &[u8], alternate: Option<&[u8]>) -> Digest {
    let end = DigestBuilder::new("muxtape.capture.end/1").bytes(screen);
    match alternate {
        Some(screen) => end.bytes(screen).finish(),
        None => end.finish(),
    }
}

/// How many of the panes are asked in the next turn: one at least.
fn turn(wanted: &[(PaneHandle, TextRequest)]) -> usize {
    let mut rows = 0u32;
    let fitting = wanted.iter().take_while(|(_, request)| {
        if request.since.is_none() {
            rows = rows.saturating_add(request.of.history);
        }
        rows <= TURN
    });
    fitting.count().max(1)
}
