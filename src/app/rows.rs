//! The rows of the tape's list: days, snapshots, what lies between them.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::model::snapshot::{EndCause, LifeId};
use crate::model::time::Millis;

use super::state::Shared;

/// So many snapshots in a row that hold nothing new are folded into one row.
const FOLD_FROM: usize = 3;
/// A pause between two lives that is longer than this is shown, in milliseconds.
const GAP_MS: u64 = 120_000;

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A day.
    Day {
        /// Which.
        day: Date,
        /// How many snapshots it has.
        count: usize,
        /// Whether they are listed under it.
        open: bool,
    },
    /// A snapshot, by its place on the timeline.
    Entry(usize),
    /// Snapshots that hold nothing new.
    Unchanged {
        /// The place of the newest.
        first: usize,
        /// How many.
        count: usize,
    },
    /// The end of a life.
    End {
        /// When it was noticed.
        time: Millis,
        /// How it ended; `None` where that is not known.
        cause: Option<EndCause>,
    },
    /// Nothing was recorded for so long.
    Gap {
        /// Milliseconds.
        length: u64,
    },
}

/// What the user folded or unfolded.
pub type Folds = BTreeMap<Date, bool>;

/// All rows, newest first. Costs what the open days hold, not what the timeline holds.
#[must_use]
pub fn rows(shared: &Shared, folds: &Folds) -> Vec<Row> {
    let entries = shared.library.entries();
    let mut rows = Vec::new();
    let mut first = 0;
    let here = shared.at.and_then(|id| shared.library.position(id));
    while let Some(entry) = entries.get(first) {
        let day = shared.zoned(entry.time).date();
        let (start, _) = shared.day_bounds(day);
        // A clock that went backwards must not make an endless loop.
        let end = entries
            .partition_point(|entry| entry.time >= start)
            .max(first + 1);
        let count = match &shared.filter {
            None => end - first,
            Some(_) => entries
                .range(first..end)
                .filter(|entry| shared.lists(entry))
                .count(),
        };
        if count > 0 {
            let open = folds.get(&day).copied().unwrap_or(rows.is_empty());
            rows.push(Row::Day { day, count, open });
            if open {
                day_rows(shared, first, end, here, &mut rows);
            }
        }
        first = end;
    }
    rows
}

fn day_rows(shared: &Shared, first: usize, end: usize, here: Option<usize>, rows: &mut Vec<Row>) {
    let entries = shared.library.entries();
    let mut quiet: Vec<usize> = Vec::new();
    let flush = |quiet: &mut Vec<usize>, rows: &mut Vec<Row>| {
        let looked_at = here.is_some_and(|here| quiet.contains(&here));
        match quiet.first() {
            Some(first) if quiet.len() >= FOLD_FROM && !looked_at => rows.push(Row::Unchanged {
                first: *first,
                count: quiet.len(),
            }),
            _ => rows.extend(quiet.iter().map(|at| Row::Entry(*at))),
        }
        quiet.clear();
    };
    for (at, entry) in (first..end).zip(entries.range(first..end)) {
        let newer = at.checked_sub(1).and_then(|before| entries.get(before));
        let after_end = newer.is_none_or(|newer| newer.life != entry.life);
        if after_end && (newer.is_some() || shared.ended(entry.life)) {
            flush(&mut quiet, rows);
            between(shared, entry.life, newer.map(|newer| newer.life), rows);
        }
        if !shared.lists(entry) {
            continue;
        }
        if entry.is_plain() {
            quiet.push(at);
        } else {
            flush(&mut quiet, rows);
            rows.push(Row::Entry(at));
        }
    }
    flush(&mut quiet, rows);
}

/// What lies between a life and the one after it.
fn between(shared: &Shared, life: LifeId, next: Option<LifeId>, rows: &mut Vec<Row>) {
    let old = shared.lives.get(&life);
    let next = next.and_then(|next| shared.lives.get(&next));
    let gap = |old: &crate::model::Life| next.map(|next| next.first_seen.since(old.last_seen));
    if let Some(length) = old.and_then(gap).filter(|length| *length > GAP_MS) {
        rows.push(Row::Gap { length });
    }
    let end = old.and_then(|old| old.end);
    if let Some(end) = end {
        rows.push(Row::End {
            time: old.map_or(end.noticed, |old| old.last_seen),
            cause: Some(end.cause),
        });
    }
}

impl Shared {
    fn ended(&self, life: LifeId) -> bool {
        self.lives.get(&life).is_some_and(|life| life.end.is_some())
    }

    /// Stretches between two moments in which no life was watched.
    #[must_use]
    pub fn gaps(&self, from: Millis, to: Millis) -> Vec<(Millis, Millis)> {
        let mut lives: Vec<_> = self.lives.values().collect();
        lives.sort_by_key(|life| life.first_seen);
        lives
            .windows(2)
            .filter_map(|pair| match pair {
                [old, next] => Some((old.last_seen, next.first_seen)),
                _ => None,
            })
            .filter(|(start, end)| end.since(*start) > GAP_MS && *end >= from && *start <= to)
            .collect()
    }
}
