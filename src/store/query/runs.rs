//! Runs: neighbouring snapshots of a life in which the same place shows the same thing.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use bstr::BString;

use crate::model::snapshot::{LifeId, SnapshotMeta};
use crate::store::query::scan::Piece;
use crate::store::query::search::{HitKind, SearchHit};

/// Where something is found, and what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct Spot {
    pub(in crate::store) session: BString,
    pub(in crate::store) tab: Option<u32>,
    pub(in crate::store) pane: Option<u32>,
    pub(in crate::store) what: HitKind,
    pub(in crate::store) line: Piece,
}

/// What else is told of it.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Mark {
    pub(in crate::store) score: i64,
    pub(in crate::store) line_number: Option<u32>,
}

/// What one snapshot shows.
pub(in crate::store) type Found = BTreeMap<Spot, Mark>;

/// The hits so far, and which of them may still grow.
pub(in crate::store) struct Runs {
    limit: usize,
    hits: Vec<SearchHit>,
    /// The runs that the last snapshot of each life was in.
    open: BTreeMap<LifeId, BTreeMap<Spot, usize>>,
}

impl Runs {
    pub(in crate::store) fn new(limit: usize) -> Self {
        Self {
            limit,
            hits: Vec::new(),
            open: BTreeMap::new(),
        }
    }

    /// Whether no further run may begin.
    pub(in crate::store) fn is_full(&self) -> bool {
        self.hits.len() >= self.limit
    }

    /// Whether an older snapshot of this life can add anything.
    pub(in crate::store) fn goes_on(&self, life: LifeId) -> bool {
        !self.is_full() || self.open.contains_key(&life)
    }

    /// Whether no older snapshot can add anything.
    pub(in crate::store) fn is_over(&self) -> bool {
        self.is_full() && self.open.is_empty()
    }

    /// Ends the runs of all lives for which `older` does not hold.
    pub(in crate::store) fn end_all_but(&mut self, older: impl Fn(LifeId) -> bool) {
        self.open.retain(|life, _| older(*life));
    }

    pub(in crate::store) fn into_hits(self) -> Vec<SearchHit> {
        self.hits
    }

    /// Adds what a snapshot shows to the runs that go on, and begins new ones below the limit.
    pub(in crate::store) fn add(&mut self, meta: &SnapshotMeta, found: Found) {
        let before = self.open.remove(&meta.life()).unwrap_or_default();
        let mut runs = BTreeMap::new();
        let mut fresh = Vec::new();
        for (spot, mark) in found {
            let run = before.get(&spot);
            if let Some((at, hit)) = run.and_then(|at| Some((*at, self.hits.get_mut(*at)?))) {
                // One that was imported has an id of another time.
                if meta.id > hit.newest {
                    (hit.newest, hit.time_newest) = (meta.id, meta.time);
                } else if meta.id < hit.oldest {
                    (hit.oldest, hit.time_oldest) = (meta.id, meta.time);
                }
                hit.snapshots = hit.snapshots.saturating_add(1);
                runs.insert(spot, at);
            } else {
                fresh.push((spot, mark));
            }
        }
        // Within one snapshot the best match comes first.
        fresh.sort_by_key(|(_, mark)| Reverse(mark.score));
        for (spot, mark) in fresh {
            if self.is_full() {
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
                line: spot.line.text.clone(),
                line_number: mark.line_number,
                score: mark.score,
            });
            runs.insert(spot, self.hits.len() - 1);
        }
        if !runs.is_empty() {
            self.open.insert(meta.life(), runs);
        }
    }
}
