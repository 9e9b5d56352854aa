//! The decision, held against what it promises.

mod properties;
mod rules;

use std::collections::BTreeSet;

use bstr::BString;

use super::clock::Clock;
use super::decide;
use super::decision::Decision;
use super::jumps::Jumps;
use super::ledger::{Ledger, Numbers, Row};
use super::{Count, Keep, KeepReason, KeepUndo, Quota, RemoveReason, Retention, Rule, Verdict};
use crate::model::id::SnapshotId;
use crate::model::pattern::Pattern;
use crate::model::snapshot::{Cause, LifeId};
use crate::model::time::Millis;
use crate::store::testing::server;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// A Monday, 2026-09-21T00:00:00Z.
const T: i64 = 1_789_948_800_000;

const NAMES: [&str; 4] = ["work", "web", "work-2", "x"];

/// A snapshot of a test.
#[derive(Debug, Clone)]
struct Snap {
    time: i64,
    cause: Cause,
    pinned: bool,
    tagged: bool,
    partial: bool,
    damaged: bool,
    life: i32,
    sessions: Vec<&'static str>,
    bytes: u64,
}

fn auto(time: i64) -> Snap {
    Snap {
        time,
        cause: Cause::Auto,
        pinned: false,
        tagged: false,
        partial: false,
        damaged: false,
        life: 1,
        sessions: vec!["work"],
        bytes: 100,
    }
}

fn id(seq: usize) -> SnapshotId {
    SnapshotId::from_u128(seq as u128).unwrap()
}

/// Snapshots, the oldest first; numbers are their places.
#[derive(Debug, Clone)]
struct World {
    snaps: Vec<Snap>,
    gone: BTreeSet<usize>,
    /// Lives that nobody has answered for.
    open: Vec<i32>,
    now: i64,
    excess: u64,
}

impl World {
    fn new(snaps: Vec<Snap>) -> Self {
        let now = snaps.last().map_or(T, |snap| snap.time);
        Self {
            snaps,
            gone: BTreeSet::new(),
            open: Vec::new(),
            now,
            excess: 0,
        }
    }

    fn ledger(&self) -> Ledger {
        let (mut ledger, mut numbers) = (Ledger::default(), Numbers::default());
        for (seq, snap) in self.snaps.iter().enumerate().rev() {
            if !self.gone.contains(&seq) {
                let origin = u64::from(snap.life.unsigned_abs());
                let (life, place) = numbers.origin(origin, &server(snap.life));
                let names: Vec<BString> = snap.sessions.iter().map(|name| (*name).into()).collect();
                let sessions = ledger.add_sessions(&mut numbers, names.iter());
                ledger.rows.push(Row {
                    seq: seq as u64,
                    id: id(seq),
                    time: Millis(snap.time),
                    cause: snap.cause,
                    pinned: snap.pinned,
                    named: false,
                    tagged: snap.tagged,
                    archived: false,
                    partial: snap.partial,
                    damaged: snap.damaged,
                    life,
                    place,
                    bytes: snap.bytes,
                    sessions,
                });
            }
        }
        let open = self.open.iter().map(|life| server(*life).life());
        ledger.set_open(&numbers, &open.collect::<BTreeSet<LifeId>>());
        ledger
    }

    fn decide(&self, retention: &Retention) -> (Ledger, Decision) {
        let mut jumps = Jumps::default();
        // The jumps were noted before anything was removed.
        let stamps = self.snaps.iter().enumerate();
        jumps.observe(stamps.map(|(seq, snap)| (seq as u64, Millis(snap.time))));
        let ledger = self.ledger();
        let clock = Clock::new(&jumps, Millis(self.now));
        let decision = decide::decide(&ledger, retention, &clock, self.excess, decide::MOST);
        (ledger, decision)
    }

    fn removed(&self, retention: &Retention) -> BTreeSet<usize> {
        let (ledger, decision) = self.decide(retention);
        let removed = decision.removed.iter();
        let seqs = removed.map(|(at, _)| usize::try_from(ledger.rows[*at].seq).unwrap());
        seqs.collect()
    }

    fn verdicts(&self, retention: &Retention) -> Vec<Verdict> {
        let (ledger, decision) = self.decide(retention);
        let mut verdicts = decision.verdicts(&ledger);
        verdicts.reverse();
        verdicts
    }
}

fn only(keep: Keep) -> Retention {
    Retention {
        other: keep,
        ..Retention::default()
    }
}

const NOTHING: Keep = Keep {
    last: 1,
    hourly: 0,
    daily: 0,
    weekly: 0,
    monthly: 0,
    max_age: None,
};

fn kept(world: &World, keep: Keep) -> Vec<usize> {
    let removed = world.removed(&only(keep));
    (0..world.snaps.len())
        .filter(|seq| !removed.contains(seq))
        .collect()
}
