//! Searching everything that was ever recorded.

use std::collections::BTreeMap;

use bstr::BString;

use super::blocks::Blocks;
use super::error::StoreError;
use super::fault::Fault;
use super::fuzzy::Fuzzy;
use super::lease::Place;
use super::lists::Listed;
use super::query::Query;
use super::scan::{Line, Scan};
use super::tables::View;
use super::texts;
use super::{structure, timeline};
use crate::model::ansi::label;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{LifeId, SnapshotMeta};
use crate::model::time::Millis;
use crate::model::tree::{Pane, Session};

/// What to search for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchQuery {
    /// The words. Names, commands and directories match fuzzily; text matches as it stands, with
    /// small letters standing for both cases.
    pub text: String,
    /// Only in this session.
    pub session: Option<BString>,
    /// Only in snapshots made at this moment or later.
    pub since: Option<Millis>,
    /// At most this many hits.
    pub limit: Option<usize>,
    /// Also in everything that panes showed.
    pub contents: bool,
}

/// Where something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HitKind {
    /// The name of a snapshot, session or tab, or the title of a pane.
    Name,
    /// The arguments of a program.
    Command,
    /// A directory.
    Directory,
    /// The text that a pane showed.
    Text,
}

/// Something found: a run of neighbouring snapshots in which the same place shows the same thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchHit {
    /// The newest snapshot of the run.
    pub newest: SnapshotId,
    /// The oldest snapshot of the run.
    pub oldest: SnapshotId,
    /// How many snapshots are in the run.
    pub snapshots: u32,
    /// When the newest was made.
    pub time_newest: Millis,
    /// When the oldest was made.
    pub time_oldest: Millis,
    /// The session.
    pub session: BString,
    /// The tab's index; `None` where the session itself matched.
    pub tab: Option<u32>,
    /// The pane's index; `None` where the tab or session itself matched.
    pub pane: Option<u32>,
    /// In what it was found.
    pub what: HitKind,
    /// The line, name, command or directory, fit to be shown.
    pub line: String,
    /// The line's number in the pane's text, from 0, for [`HitKind::Text`].
    pub line_number: Option<u32>,
    /// How good the match is: greater is better.
    pub score: i64,
}

/// Snapshots that are searched under one lease.
const BATCH: usize = 16;
const OPERATION: &str = "search";
/// Hits where no limit is given.
const DEFAULT_LIMIT: usize = 1000;

/// Searches, newest first. Leases are short, so that the recorder can write in between.
pub(super) fn search(place: &Place<'_>, query: &SearchQuery) -> Result<Vec<SearchHit>, StoreError> {
    let filter = Query {
        session: query.session.clone(),
        since: query.since,
        archived: true,
        ..Query::default()
    };
    let Listed { metas, .. } = timeline::list(place, &filter)?;
    let mut search = Search::new(query);
    for batch in metas.chunks(BATCH) {
        let wants_more = place.read(OPERATION, |txn| {
            for meta in batch {
                if !search.look_at(txn, meta)? {
                    return Ok(false);
                }
            }
            Ok(true)
        })?;
        if !wants_more {
            break;
        }
    }
    Ok(search.hits)
}

/// The place where something is found, across snapshots.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    life: LifeId,
    session: BString,
    tab: Option<u32>,
    pane: Option<u32>,
    what: HitKind,
    line: String,
}

struct Search<'q> {
    query: &'q SearchQuery,
    fuzzy: Fuzzy,
    scan: Scan,
    limit: usize,
    hits: Vec<SearchHit>,
    /// The runs that the last snapshot of each life was in.
    open: BTreeMap<LifeId, BTreeMap<Spot, usize>>,
    scores: BTreeMap<String, Option<i64>>,
    lines: BTreeMap<Digest, Option<Line>>,
    blocks: Blocks,
}

impl<'q> Search<'q> {
    fn new(query: &'q SearchQuery) -> Self {
        Self {
            query,
            fuzzy: Fuzzy::new(&query.text),
            scan: Scan::new(&query.text),
            limit: query.limit.unwrap_or(DEFAULT_LIMIT),
            hits: Vec::new(),
            open: BTreeMap::new(),
            scores: BTreeMap::new(),
            lines: BTreeMap::new(),
            blocks: Blocks::default(),
        }
    }

    /// Looks through one snapshot; says whether older ones can still add something.
    fn look_at(&mut self, view: &impl View, meta: &SnapshotMeta) -> Result<bool, Fault> {
        let entry = timeline::entry(view, meta.id);
        let state = entry.and_then(|entry| structure::load(view, entry.seq));
        let state = match state {
            Ok(state) => state,
            // Removed in the meantime, or damaged: the others are searched all the same.
            Err(Fault::Store(StoreError::NotFound { .. })) => return Ok(true),
            Err(fault) if fault.is_damage() => return Ok(true),
            Err(fault) => return Err(fault),
        };
        let mut found: BTreeMap<Spot, (i64, Option<u32>)> = BTreeMap::new();
        let wanted = self.query.session.clone();
        let sessions = state.sessions.iter();
        for session in sessions.filter(|own| wanted.as_ref().is_none_or(|name| own.name == *name)) {
            self.look_at_session(view, meta, session, &mut found)?;
        }
        Ok(self.fold(meta, found))
    }

    fn look_at_session(
        &mut self,
        view: &impl View,
        meta: &SnapshotMeta,
        session: &Session,
        found: &mut BTreeMap<Spot, (i64, Option<u32>)>,
    ) -> Result<(), Fault> {
        let spot = |tab, pane, what, line| Spot {
            life: meta.life(),
            session: session.name.clone(),
            tab,
            pane,
            what,
            line,
        };
        let mut names: Vec<Spot> = Vec::new();
        if let Some(name) = &meta.name {
            names.push(spot(None, None, HitKind::Name, name.clone()));
        }
        names.push(spot(None, None, HitKind::Name, label(&session.name)));
        names.push(spot(None, None, HitKind::Directory, label(&session.cwd)));
        for tab in &session.tabs {
            let place = Some(tab.index);
            names.push(spot(place, None, HitKind::Name, label(&tab.name)));
            for pane in &tab.panes {
                let own = Some(pane.index);
                names.push(spot(place, own, HitKind::Name, label(&pane.title)));
                names.push(spot(place, own, HitKind::Directory, label(&pane.cwd)));
                if let Some(program) = &pane.program {
                    let argv = bstr::join(" ", &program.argv);
                    names.push(spot(place, own, HitKind::Command, label(&argv)));
                }
                if let Some(line) = self.line_of(view, pane)? {
                    let text = spot(place, own, HitKind::Text, line.text);
                    found.insert(text, (0, Some(line.number)));
                }
            }
        }
        for spot in names {
            if let Some(score) = self.score(&spot.line) {
                found.insert(spot, (score, None));
            }
        }
        Ok(())
    }

    fn score(&mut self, name: &str) -> Option<i64> {
        if let Some(known) = self.scores.get(name) {
            return *known;
        }
        let score = self.fuzzy.score(name);
        self.scores.insert(name.to_owned(), score);
        score
    }

    /// The line of a pane's text that holds what is searched for. Each text is read once.
    fn line_of(&mut self, view: &impl View, pane: &Pane) -> Result<Option<Line>, Fault> {
        let Some(text) = pane.contents.filter(|_| self.query.contents) else {
            return Ok(None);
        };
        if let Some(known) = self.lines.get(&text.digest) {
            return Ok(known.clone());
        }
        let line = match texts::load(view, &mut self.blocks, text.digest) {
            Ok(contents) => self.scan.last_line(&contents),
            Err(fault) if fault.is_damage() => None,
            Err(fault) => return Err(fault),
        };
        self.lines.insert(text.digest, line.clone());
        Ok(line)
    }

    /// Adds what a snapshot shows to the runs that go on, and begins new ones below the limit.
    fn fold(&mut self, meta: &SnapshotMeta, found: BTreeMap<Spot, (i64, Option<u32>)>) -> bool {
        let before = self.open.remove(&meta.life()).unwrap_or_default();
        let mut runs = BTreeMap::new();
        let mut fresh = Vec::new();
        for (spot, (score, line_number)) in found {
            let run = before.get(&spot);
            if let Some((at, hit)) = run.and_then(|at| Some((*at, self.hits.get_mut(*at)?))) {
                hit.oldest = meta.id;
                hit.time_oldest = meta.time;
                hit.snapshots += 1;
                runs.insert(spot, at);
            } else {
                fresh.push((spot, score, line_number));
            }
        }
        // Within one snapshot the best match comes first.
        fresh.sort_by_key(|(_, score, _)| std::cmp::Reverse(*score));
        for (spot, score, line_number) in fresh {
            if self.hits.len() >= self.limit {
                break;
            }
            self.hits.push(SearchHit {
                newest: meta.id,
                oldest: meta.id,
                snapshots: 1,
                time_newest: meta.time,
                time_oldest: meta.time,
                session: spot.session.clone(),
                tab: spot.tab,
                pane: spot.pane,
                what: spot.what,
                line: spot.line.clone(),
                line_number,
                score,
            });
            runs.insert(spot, self.hits.len() - 1);
        }
        self.open.insert(meta.life(), runs);
        self.hits.len() < self.limit || self.open.values().any(|runs| !runs.is_empty())
    }
}
