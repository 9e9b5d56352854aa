//! The decision: a pure function from what is there to what is kept.
//!
//! It goes by sequence, the newest first. Everything that a snapshot is kept for depends only on
//! snapshots that are newer or are kept themselves, so taking away what is not kept changes nothing
//! for the others: a second run finds nothing to do.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use super::clock::{Clock, Unit};
use super::decision::Decision;
use super::ledger::{Ledger, Row};
use super::marks::{Hold, Mark};
use super::policy::{Keep, Retention};
use super::reason::{Count, RemoveReason};
use crate::model::snapshot::Cause;

/// Snapshots that one run removes at most: a mistake in a setting must not empty a store at once.
pub(super) const MOST: usize = 1000;

/// How many lost lives of a server keep snapshots for themselves, newest first.
const LOST: usize = 3;

/// What is counted together: the snapshots of a session of a server; those of a lost life apart.
type Group = (Option<u32>, u32, u32);

/// Decides. `excess` are the bytes that the store takes beyond its quota; `most` is how many may
/// go.
pub(super) fn decide(
    ledger: &Ledger,
    retention: &Retention,
    clock: &Clock<'_>,
    excess: u64,
    most: usize,
) -> Decision {
    let names = ledger.names.iter();
    let rules: Vec<&Keep> = names
        .map(|name| retention.of(name.as_ref().map(AsRef::as_ref)))
        .collect();
    let mut walk = Walk {
        ledger,
        retention,
        clock,
        rules,
        holds: vec![Hold::None; ledger.rows.len()],
        aged: vec![false; ledger.rows.len()],
        marks: Vec::new(),
        sessions: HashSet::new(),
        lives: HashSet::new(),
        doubtful: Vec::new(),
        places: HashMap::new(),
        counted: HashMap::new(),
        units: HashMap::new(),
        undo_points: HashMap::new(),
    };
    for (at, row) in ledger.rows.iter().enumerate() {
        walk.visit(at, row);
    }
    walk.finish(excess, most)
}

/// What is met on the way from the newest snapshot to the oldest.
struct Walk<'a> {
    ledger: &'a Ledger,
    retention: &'a Retention,
    clock: &'a Clock<'a>,
    /// The rule of each name.
    rules: Vec<&'a Keep>,
    holds: Vec<Hold>,
    /// Snapshots that a count would want if they were younger.
    aged: Vec<bool>,
    marks: Vec<(usize, Mark)>,
    /// Places and names of which a good snapshot was met.
    sessions: HashSet<(u32, u32)>,
    lives: HashSet<u32>,
    /// Snapshots whose tree was found damaged, and undo points.
    doubtful: Vec<usize>,
    /// By place: the lost lives that keep snapshots for themselves, once any life was met.
    places: HashMap<u32, Vec<u32>>,
    counted: HashMap<Group, u32>,
    /// The latest hours, days … of a group, and the newest snapshot of each.
    units: HashMap<(Group, Unit), BTreeMap<i64, usize>>,
    undo_points: HashMap<u32, u32>,
}

impl Walk<'_> {
    fn visit(&mut self, at: usize, row: &Row) {
        let ledger = self.ledger;
        if row.is_good() {
            for &name in ledger.sessions(row) {
                if self.sessions.insert((row.place, name)) && ledger.name_of(name).is_some() {
                    self.mark(at, Mark::NewestOfSession(name));
                }
            }
            if self.lives.insert(row.life) {
                self.mark(at, Mark::NewestOfLife);
                self.meet_life(row);
            }
        } else if row.damaged || row.cause == Cause::UndoPoint {
            self.doubtful.push(at);
        }
        for (holds, mark) in [
            (row.pinned, Mark::Pinned),
            (row.named, Mark::Named),
            (row.tagged, Mark::Tagged),
            (row.archived, Mark::Archived),
            (row.cause == Cause::Manual, Mark::Manual),
            (row.cause == Cause::Import, Mark::Imported),
        ] {
            if holds {
                self.mark(at, mark);
            }
        }
        let chosen = row.pinned || row.named || row.tagged || row.archived;
        match row.cause {
            Cause::Auto | Cause::Event if !chosen => self.count(at, row),
            Cause::UndoPoint if !chosen => self.count_undo_point(at, row),
            _ => {}
        }
    }

    /// The newest life of a place may still be running, and counts like those of old; of the others
    /// some may be lost.
    fn meet_life(&mut self, row: &Row) {
        let open = self.ledger.open.get(row.life as usize) == Some(&true);
        match self.places.get_mut(&row.place) {
            None => drop(self.places.insert(row.place, Vec::new())),
            Some(lost) if open && lost.len() < LOST => lost.push(row.life),
            Some(_) => {}
        }
    }

    fn count(&mut self, at: usize, row: &Row) {
        let lost = self.places.get(&row.place);
        let own = lost.is_some_and(|lost| lost.contains(&row.life));
        let own = own.then_some(row.life);
        let age = self.clock.age(row.seq, row.time);
        let moment = self.clock.moment(row.seq, row.time);
        let ledger = self.ledger;
        for &name in ledger.sessions(row) {
            let Some(keep) = self.rules.get(name as usize).copied() else {
                continue;
            };
            let group = (own, row.place, name);
            let too_old = is_older(age, keep.max_age);
            let count = self.counted.entry(group).or_default();
            let last = *count < keep.last;
            *count = count.saturating_add(1);
            if last && own.is_some() {
                self.mark(at, Mark::LostLife);
            }
            if last && too_old {
                self.set_aged(at);
            } else if last {
                self.mark(at, Mark::Counted(Count::Last, name));
            }
            for unit in Unit::ALL {
                let wanted = wanted(keep, unit);
                if wanted == 0 {
                    continue;
                }
                let units = self.units.entry((group, unit)).or_default();
                units.entry(unit.number(moment)).or_insert(at);
                // The earliest is given up where there are too many. It does not come back:
                // whatever falls into it later finds as many that are later still.
                if units.len() > wanted as usize {
                    units.pop_first();
                }
            }
        }
    }

    fn count_undo_point(&mut self, at: usize, row: &Row) {
        let count = self.undo_points.entry(row.place).or_default();
        let wanted = *count < self.retention.undo_points.last;
        *count = count.saturating_add(1);
        let age = self.clock.age(row.seq, row.time);
        if wanted && is_older(age, self.retention.undo_points.max_age) {
            self.set_aged(at);
        } else if wanted {
            self.mark(at, Mark::UndoPoint);
        }
    }

    /// Of sessions and lives without a good snapshot the newest undo point stays, or the newest
    /// damaged one: it may be healed.
    fn spare_doubtful(&mut self) {
        let ledger = self.ledger;
        for at in std::mem::take(&mut self.doubtful) {
            let Some(row) = ledger.rows.get(at).filter(|row| !row.partial) else {
                continue;
            };
            for &name in ledger.sessions(row) {
                if self.sessions.insert((row.place, name)) && ledger.name_of(name).is_some() {
                    self.mark(at, Mark::NewestOfSession(name));
                }
            }
            if self.lives.insert(row.life) {
                self.mark(at, Mark::NewestOfLife);
            }
        }
    }

    fn finish(mut self, excess: u64, most: usize) -> Decision {
        self.spare_doubtful();
        for (((own, place, name), unit), units) in std::mem::take(&mut self.units) {
            let _ = (own, place);
            let keep = self.rules.get(name as usize).copied();
            for at in units.into_values() {
                let Some(row) = self.ledger.rows.get(at) else {
                    continue;
                };
                let age = self.clock.age(row.seq, row.time);
                if is_older(age, keep.and_then(|keep| keep.max_age)) {
                    self.set_aged(at);
                } else {
                    self.mark(at, Mark::Counted(count(unit), name));
                }
            }
        }
        let rows = self.ledger.rows.iter().enumerate().rev();
        let mut removed: Vec<(usize, RemoveReason)> = Vec::new();
        let mut left = excess;
        for (at, row) in rows {
            if self.hold(at) == Hold::None {
                let aged = self.aged.get(at) == Some(&true);
                let reason = if aged {
                    RemoveReason::TooOld
                } else {
                    RemoveReason::BeyondCounts
                };
                removed.push((at, reason));
                left = left.saturating_sub(row.bytes);
            }
        }
        let chosen_too = self.retention.quota.is_some_and(|quota| quota.chosen_too);
        for hold in [Hold::Counted, Hold::Chosen] {
            if hold == Hold::Chosen && !chosen_too {
                continue;
            }
            for (at, row) in self.ledger.rows.iter().enumerate().rev() {
                if left == 0 {
                    break;
                }
                if self.hold(at) == hold {
                    removed.push((at, RemoveReason::OverQuota));
                    left = left.saturating_sub(row.bytes);
                }
            }
        }
        let deferred = removed.split_off(removed.len().min(most));
        self.marks.sort_unstable();
        self.marks.dedup();
        Decision {
            removed,
            deferred: deferred.into_iter().map(|(at, _)| at).collect(),
            marks: self.marks,
        }
    }

    fn hold(&self, at: usize) -> Hold {
        self.holds.get(at).copied().unwrap_or(Hold::Protected)
    }

    fn mark(&mut self, at: usize, mark: Mark) {
        if let Some(hold) = self.holds.get_mut(at) {
            *hold = mark.hold().max(*hold);
        }
        self.marks.push((at, mark));
    }

    fn set_aged(&mut self, at: usize) {
        if let Some(aged) = self.aged.get_mut(at) {
            *aged = true;
        }
    }
}

fn is_older(age: u64, than: Option<Duration>) -> bool {
    than.is_some_and(|than| u128::from(age) > than.as_millis())
}

fn wanted(keep: &Keep, unit: Unit) -> u32 {
    match unit {
        Unit::Hour => keep.hourly,
        Unit::Day => keep.daily,
        Unit::Week => keep.weekly,
        Unit::Month => keep.monthly,
    }
}

fn count(unit: Unit) -> Count {
    match unit {
        Unit::Hour => Count::Hourly,
        Unit::Day => Count::Daily,
        Unit::Week => Count::Weekly,
        Unit::Month => Count::Monthly,
    }
}
