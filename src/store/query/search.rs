//! Searching everything that was ever recorded.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use bstr::BString;

use crate::model::id::SnapshotId;
use crate::model::snapshot::LifeId;
use crate::model::time::Millis;
use crate::store::file::lease::Place;
use crate::store::query::runs::Runs;
use crate::store::query::sight::Sight;
use crate::store::record::error::StoreError;
use crate::store::record::tables::{Stream, go_on};
use crate::store::snapshot::metadata::Entry;
use crate::store::snapshot::query::Query;
use crate::store::snapshot::walk::{LivesOf, newest_first};

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
    /// The line, name, command or directory, fit to be shown; of a long one a piece, with the match
    /// in it.
    pub line: String,
    /// The line's number in the pane's text, from 0, for [`HitKind::Text`].
    pub line_number: Option<u32>,
    /// How good the match is: greater is better.
    pub score: i64,
}

/// Snapshots whose records are held at once.
const PAGE_SNAPSHOTS: usize = 2048;
/// Snapshots that are searched under one lease.
const SNAPSHOTS_PER_LEASE: usize = 16;
const OPERATION: &str = "search";
/// Hits where no limit is given.
const DEFAULT_LIMIT: usize = 1000;

/// Searches, newest first. Leases are short, so that the recorder can write in between; what is
/// held in memory is bounded by the limit of hits, not by the history.
///
/// With the limit reached only the runs that have begun can still grow. Snapshots of lives without
/// such a run are passed by, and the search is over when the last run has ended or its life has no
/// older snapshots.
pub(in crate::store) fn search(
    place: &Place<'_>,
    query: &SearchQuery,
) -> Result<Vec<SearchHit>, StoreError> {
    let filter = Query {
        session: query.session.clone(),
        since: query.since,
        archived: true,
        ..Query::default()
    };
    let mut runs = Runs::new(query.limit.unwrap_or(DEFAULT_LIMIT));
    let mut sight = Sight::new(query);
    let mut left: Option<Left> = None;
    let mut next = Some(u64::MAX);
    while let Some(newest) = next {
        let page = page(place, newest, &filter)?;
        let last = page.last().filter(|_| page.len() == PAGE_SNAPSHOTS);
        next = last.and_then(|last| last.seq.checked_sub(1));
        for batch in page.chunks(SNAPSHOTS_PER_LEASE) {
            look_at(place, batch, &mut sight, &mut runs)?;
            if runs.is_full() && !runs.is_over() {
                let left = match &mut left {
                    Some(left) => {
                        left.pass(batch);
                        left
                    }
                    none => none.insert(Left::count(place, batch.last(), &filter)?),
                };
                runs.end_all_but(|life| left.0.contains_key(&life));
            }
            if runs.is_over() {
                return Ok(runs.into_hits());
            }
        }
    }
    Ok(runs.into_hits())
}

/// Snapshots that are searched, from the number `newest` back.
fn page(place: &Place<'_>, newest: u64, filter: &Query) -> Result<Vec<Entry>, StoreError> {
    let mut page = Vec::new();
    newest_first(place, OPERATION, Stream::Timeline, newest, &mut |step| {
        if filter.matches_row(&step.row) {
            page.push(step.row.entry()?);
        }
        Ok(go_on(page.len() < PAGE_SNAPSHOTS))
    })?;
    Ok(page)
}

/// Looks through snapshots, under one lease; where the file itself is damaged, each under its own.
fn look_at(
    place: &Place<'_>,
    entries: &[Entry],
    sight: &mut Sight<'_>,
    runs: &mut Runs,
) -> Result<(), StoreError> {
    let mut wanted = entries.iter();
    while wanted.clone().any(|entry| runs.goes_on(entry.meta.life())) {
        let before = wanted.len();
        let looked = place.read(OPERATION, |txn| {
            for entry in wanted.by_ref() {
                if runs.goes_on(entry.meta.life())
                    && let Some(found) = sight.of(txn, entry)?
                {
                    runs.add(&entry.meta, found);
                }
            }
            Ok(())
        });
        match looked {
            // One snapshot took the lease with it; the others are searched all the same.
            Err(error) if error.is_damage() && wanted.len() < before => {}
            looked => looked?,
        }
    }
    Ok(())
}

/// How many older snapshots each life has.
struct Left(BTreeMap<LifeId, u64>);

impl Left {
    fn count(place: &Place<'_>, after: Option<&Entry>, filter: &Query) -> Result<Self, StoreError> {
        let mut left = BTreeMap::new();
        let mut lives = LivesOf::default();
        if let Some(newest) = after.and_then(|entry| entry.seq.checked_sub(1)) {
            newest_first(place, OPERATION, Stream::Timeline, newest, &mut |step| {
                if filter.matches_row(&step.row) {
                    *left.entry(lives.row(&step.row)).or_default() += 1;
                }
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok(Self(left))
    }

    fn pass(&mut self, entries: &[Entry]) {
        for entry in entries {
            let life = entry.meta.life();
            let left = self.0.get(&life).map_or(0, |left| left.saturating_sub(1));
            if left == 0 {
                self.0.remove(&life);
            } else {
                self.0.insert(life, left);
            }
        }
    }
}
