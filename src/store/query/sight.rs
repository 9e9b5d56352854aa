//! What a search finds in one snapshot.
//!
//! Most of what a snapshot shows was shown by the one after it, too: sessions, names and texts that
//! were looked through are remembered, so that each is looked through once. What is remembered is
//! dropped when it becomes much, which costs time alone.

use std::collections::BTreeMap;

use bstr::BString;

use crate::model::ansi::label;
use crate::model::composed::same_name;
use crate::model::snapshot::SessionSummary;
use crate::model::tree::Session;
use crate::store::query::fuzzy::Fuzzy;
use crate::store::query::runs::{Found, Mark, Spot};
use crate::store::query::scan::{Line, Piece, Scan};
use crate::store::query::search::{HitKind, SearchQuery};
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::tables::View;
use crate::store::snapshot::metadata::Entry;
use crate::store::snapshot::structure;
use crate::store::text::blocks::Blocks;
use crate::store::text::texts;

/// Sessions, names and texts that are remembered.
const REMEMBERED: usize = 10_000;

/// Looks through snapshots.
pub(in crate::store) struct Sight<'q> {
    query: &'q SearchQuery,
    fuzzy: Fuzzy,
    scan: Scan,
    /// By mark and name.
    sessions: BTreeMap<(u64, BString), Found>,
    scores: BTreeMap<String, Option<i64>>,
    /// By the number of the text.
    lines: BTreeMap<u64, Option<Line>>,
    blocks: Blocks,
}

impl<'q> Sight<'q> {
    pub(in crate::store) fn new(query: &'q SearchQuery) -> Self {
        Self {
            query,
            fuzzy: Fuzzy::new(&query.text),
            scan: Scan::new(&query.text),
            sessions: BTreeMap::new(),
            scores: BTreeMap::new(),
            lines: BTreeMap::new(),
            blocks: Blocks::default(),
        }
    }

    /// What a snapshot shows of what is searched for; `None` where it was removed in the meantime,
    /// or is damaged.
    pub(in crate::store) fn of(
        &mut self,
        view: &impl View,
        entry: &Entry,
    ) -> Result<Option<Found>, Fault> {
        let query = self.query;
        let is_wanted = |name: &[u8]| {
            query
                .session
                .as_ref()
                .is_none_or(|own| same_name(own, name))
        };
        let wanted: Vec<&SessionSummary> = entry
            .meta
            .sessions
            .iter()
            .filter(|session| is_wanted(&session.name))
            .collect();
        if wanted
            .iter()
            .any(|session| !self.sessions.contains_key(&key(session)))
        {
            let stored = match structure::stored(view, entry.seq) {
                Ok(stored) => stored,
                Err(Fault::Store(StoreError::NotFound { .. })) => return Ok(None),
                Err(fault) if fault.is_damage() => return Ok(None),
                Err(fault) => return Err(fault),
            };
            make_room(&mut self.sessions);
            let mut texts = stored.shown.into_iter();
            for session in &stored.state.sessions {
                let panes = session.tabs.iter().flat_map(|tab| &tab.panes);
                let texts: Vec<u64> = texts.by_ref().take(panes.count()).collect();
                let told = wanted.iter().find(|told| told.name == session.name);
                if let Some(told) = told
                    && !self.sessions.contains_key(&key(told))
                {
                    let found = self.look_at(view, session, &texts)?;
                    self.sessions.insert(key(told), found);
                }
            }
        }
        let mut found = Found::new();
        for session in wanted {
            // A tree without a session that is told of is damaged.
            let Some(own) = self.sessions.get(&key(session)) else {
                return Ok(None);
            };
            found.extend(own.iter().map(|(spot, mark)| (spot.clone(), *mark)));
            if let Some(name) = &entry.meta.name
                && let Some(score) = self.fuzzy.score(name)
            {
                let spot = Spot {
                    session: session.name.clone(),
                    tab: None,
                    pane: None,
                    what: HitKind::Name,
                    line: Piece::beginning_of(name),
                };
                let line_number = None;
                found.insert(spot, Mark { score, line_number });
            }
        }
        Ok(Some(found))
    }

    /// Looks through a session, whose panes show the texts of these numbers.
    fn look_at(
        &mut self,
        view: &impl View,
        session: &Session,
        texts: &[u64],
    ) -> Result<Found, Fault> {
        let mut texts = texts.iter();
        let spot = |tab, pane, what, line| Spot {
            session: session.name.clone(),
            tab,
            pane,
            what,
            line,
        };
        let mut found = Found::new();
        let mut name = |this: &mut Self, tab, pane, what, name: &[u8]| {
            let name = label(name);
            if let Some(score) = this.score(&name) {
                let line_number = None;
                let spot = spot(tab, pane, what, Piece::beginning_of(&name));
                found.insert(spot, Mark { score, line_number });
            }
        };
        let mut lines = Vec::new();
        name(self, None, None, HitKind::Name, &session.name);
        name(self, None, None, HitKind::Directory, &session.cwd);
        for tab in &session.tabs {
            let place = Some(tab.index);
            name(self, place, None, HitKind::Name, &tab.name);
            for pane in &tab.panes {
                let own = Some(pane.index);
                name(self, place, own, HitKind::Name, &pane.title);
                name(self, place, own, HitKind::Directory, &pane.cwd);
                if let Some(program) = &pane.program {
                    let argv = bstr::join(" ", &program.argv);
                    name(self, place, own, HitKind::Command, &argv);
                }
                let text = texts.next().copied().unwrap_or(0);
                if let Some(line) = self.line_of(view, text)? {
                    lines.push((spot(place, own, HitKind::Text, line.text), line.number));
                }
            }
        }
        found.extend(lines.into_iter().map(|(spot, number)| {
            let line_number = Some(number);
            (
                spot,
                Mark {
                    score: 0,
                    line_number,
                },
            )
        }));
        Ok(found)
    }

    fn score(&mut self, name: &str) -> Option<i64> {
        if let Some(known) = self.scores.get(name) {
            return *known;
        }
        let score = self.fuzzy.score(name);
        make_room(&mut self.scores);
        self.scores.insert(name.to_owned(), score);
        score
    }

    /// The line of a text that holds what is searched for.
    fn line_of(&mut self, view: &impl View, text: u64) -> Result<Option<Line>, Fault> {
        if text == 0 || !self.query.contents {
            return Ok(None);
        }
        if let Some(known) = self.lines.get(&text) {
            return Ok(known.clone());
        }
        let line = texts::version(view, text)
            .and_then(|(_, version)| self.scan.last_line(view, &mut self.blocks, &version));
        let line = match line {
            Err(fault) if fault.is_damage() => None,
            line => line?,
        };
        make_room(&mut self.lines);
        self.lines.insert(text, line.clone());
        Ok(line)
    }
}

fn key(session: &SessionSummary) -> (u64, BString) {
    (session.mark, session.name.clone())
}

fn make_room<K, V>(remembered: &mut BTreeMap<K, V>) {
    if remembered.len() >= REMEMBERED {
        remembered.clear();
    }
}
