//! The rows of the tape's list: days, snapshots, what lies between them.

use std::collections::BTreeMap;
use std::ops::Range;

use bstr::BString;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::model::snapshot::{EndCause, LifeId};
use crate::model::time::Millis;

use super::shared::Shared;

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
        /// The place of its newest snapshot.
        first: usize,
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
        /// The place of its last snapshot, which follows.
        before: usize,
        /// When it was noticed.
        time: Millis,
        /// How it ended; `None` where that is not known.
        cause: Option<EndCause>,
    },
    /// Nothing was recorded for so long.
    Gap {
        /// The place of the last snapshot before that, which follows.
        before: usize,
        /// Milliseconds.
        length: u64,
    },
}

impl Row {
    /// The place on the timeline that it stands at, or before: rows are in the order of these.
    fn place(&self) -> usize {
        match self {
            Row::Day { first, .. } | Row::Unchanged { first, .. } => *first,
            Row::End { before, .. } | Row::Gap { before, .. } => *before,
            Row::Entry(at) => *at,
        }
    }

    /// Whether the cursor can be on it.
    #[must_use]
    pub fn is_choosable(&self) -> bool {
        !matches!(self, Row::Gap { .. } | Row::End { .. })
    }
}

/// What the user folded or unfolded.
pub type Folds = BTreeMap<Date, bool>;

/// The rows of the list, newest first: built when the timeline, the filter or the folds change. Of
/// the snapshots that hold nothing new those are listed one by one among which the cursor is.
#[derive(Debug, Default)]
pub struct Rows {
    rows: Vec<Row>,
    /// What they were built of.
    basis: Option<Basis>,
    /// The rows that stand in place of one for snapshots that hold nothing new.
    unfolded: Range<usize>,
    /// How often they were built.
    #[cfg(test)]
    pub(crate) builds: usize,
}

/// What rows are built of.
#[derive(Debug, Clone, PartialEq)]
struct Basis {
    timeline: u64,
    lives: u64,
    filter: Option<BString>,
    zone: TimeZone,
    folds: Folds,
}

impl Rows {
    /// All rows.
    #[must_use]
    pub fn all(&self) -> &[Row] {
        &self.rows
    }

    /// Takes in what has changed. Costs what the open days hold where anything they are built of
    /// has, else a search for the cursor.
    pub fn refresh(&mut self, shared: &Shared, folds: &Folds) {
        let basis = Basis {
            timeline: shared.library.revision(),
            lives: shared.lives_revision,
            filter: shared.filter.clone(),
            zone: shared.zone.clone(),
            folds: folds.clone(),
        };
        if self.basis.as_ref() != Some(&basis) {
            self.rows = rows(shared, folds);
            self.unfolded = 0..0;
            self.basis = Some(basis);
            #[cfg(test)]
            {
                self.builds += 1;
            }
        }
        let here = shared.at.and_then(|id| shared.library.position(id));
        self.unfold(shared, here);
    }

    /// The row of the snapshot at a place, or the one that it is folded into.
    #[must_use]
    pub fn of_entry(&self, place: usize) -> Option<usize> {
        let after = self.rows.partition_point(|row| row.place() <= place);
        let at = after.checked_sub(1)?;
        match self.rows.get(at)? {
            Row::Entry(own) if *own == place => Some(at),
            Row::Unchanged { .. } => Some(at),
            _ => None,
        }
    }

    /// The row of a day.
    #[must_use]
    pub fn of_day(&self, day: Date, shared: &Shared) -> Option<usize> {
        let is_it = |row: &Row| matches!(row, Row::Day { day: own, .. } if *own == day);
        if !shared.library.is_steady() {
            return self.rows.iter().position(is_it);
        }
        let (_, next) = shared.day_bounds(day);
        let entries = shared.library.entries();
        let first = entries.partition_point(|entry| entry.time >= next);
        let at = self.rows.partition_point(|row| row.place() < first);
        self.rows.get(at).is_some_and(is_it).then_some(at)
    }

    /// Lists those one by one among which the cursor is, and no others.
    fn unfold(&mut self, shared: &Shared, here: Option<usize>) {
        let row = here.and_then(|here| self.of_entry(here));
        if row.is_some_and(|row| self.unfolded.contains(&row)) {
            return;
        }
        let (at, count) = (self.unfolded.start, self.unfolded.len());
        if let Some(Row::Entry(first)) = self.rows.get(at).filter(|_| count > 0) {
            let folded = Row::Unchanged {
                first: *first,
                count,
            };
            self.rows.splice(self.unfolded.clone(), [folded]);
        }
        self.unfolded = 0..0;
        let row = here.and_then(|here| self.of_entry(here));
        let folded = row.and_then(|row| Some((row, self.rows.get(row)?.clone())));
        if let Some((row, Row::Unchanged { first, count })) = folded {
            let entries = shared.library.entries();
            let listed = (first..).zip(entries.range(first..));
            let listed = listed.filter(|(_, entry)| shared.lists(entry)).take(count);
            self.rows
                .splice(row..=row, listed.map(|(at, _)| Row::Entry(at)));
            self.unfolded = row..row + count;
        }
    }
}

/// All rows, newest first. Costs what the open days hold, not what the timeline holds.
fn rows(shared: &Shared, folds: &Folds) -> Vec<Row> {
    let entries = shared.library.entries();
    let mut rows = Vec::new();
    let mut first = 0;
    while let Some(entry) = entries.get(first) {
        let day = shared.zoned(entry.time).date();
        let (start, next) = shared.day_bounds(day);
        let end = if shared.library.is_steady() {
            entries.partition_point(|entry| entry.time >= start)
        } else {
            let within = |entry: &&super::library::Entry| (start..next).contains(&entry.time);
            first + entries.range(first..).take_while(within).count()
        };
        let end = end.max(first + 1);
        let count = match &shared.filter {
            None => end - first,
            Some(_) => entries
                .range(first..end)
                .filter(|entry| shared.lists(entry))
                .count(),
        };
        if count > 0 {
            let open = folds.get(&day).copied().unwrap_or(rows.is_empty());
            rows.push(Row::Day {
                day,
                first,
                count,
                open,
            });
            if open {
                day_rows(shared, first, end, &mut rows);
            }
        }
        first = end;
    }
    rows
}

fn day_rows(shared: &Shared, first: usize, end: usize, rows: &mut Vec<Row>) {
    let entries = shared.library.entries();
    let mut quiet: Vec<usize> = Vec::new();
    let flush = |quiet: &mut Vec<usize>, rows: &mut Vec<Row>| {
        match quiet.first() {
            Some(first) if quiet.len() >= FOLD_FROM => rows.push(Row::Unchanged {
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
            between(shared, at, entry.life, newer.map(|newer| newer.life), rows);
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

/// What lies between a life, whose last snapshot stands at a place, and the one after it.
fn between(
    shared: &Shared,
    before: usize,
    life: LifeId,
    next: Option<LifeId>,
    rows: &mut Vec<Row>,
) {
    let old = shared.lives.get(&life);
    let next = next.and_then(|next| shared.lives.get(&next));
    let gap = |old: &crate::model::Life| next.map(|next| next.first_seen.since(old.last_seen));
    if let Some(length) = old.and_then(gap).filter(|length| *length > GAP_MS) {
        rows.push(Row::Gap { before, length });
    }
    let end = old.and_then(|old| old.end);
    if let Some(end) = end {
        rows.push(Row::End {
            before,
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
