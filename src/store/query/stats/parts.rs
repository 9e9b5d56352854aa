//! Figures by session, and by rule about secrets.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::rc::Rc;

use bstr::BString;

use crate::model::snapshot::RedactionCount;
use crate::store::snapshot::metadata::Row;
use crate::store::snapshot::rosters::Roster;

/// What a rule about secrets found in the snapshots that there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFigures {
    /// The name of the rule.
    pub rule: String,
    /// How often it took something out of the newest snapshot.
    pub newest: u32,
    /// Snapshots of which it took something out. One secret that stays on a screen is in many of
    /// them, so the counts of snapshots are never added up.
    pub snapshots: u64,
}

/// A session, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFigures {
    /// The name.
    pub name: BString,
    /// Snapshots with a session of this name.
    pub snapshots: u64,
}

/// Counts by rule, while snapshots come by, newest first.
#[derive(Debug, Default)]
pub(super) struct Redactions {
    rules: BTreeMap<String, (u32, u64)>,
    older: bool,
}

impl Redactions {
    /// Counts what was taken out of the next snapshot. A rule stands there once.
    pub(super) fn add(&mut self, counts: &[RedactionCount]) {
        for RedactionCount { rule, count } in counts {
            let newest = if self.older { 0 } else { *count };
            match self.rules.get_mut(rule) {
                Some((_, snapshots)) => *snapshots += 1,
                None => drop(self.rules.insert(rule.clone(), (newest, 1))),
            }
        }
        self.older = true;
    }

    /// What was found most often in the newest snapshot comes first, then what is in most
    /// snapshots.
    pub(super) fn figures(self) -> Vec<RuleFigures> {
        let figures = |(rule, (newest, snapshots))| RuleFigures {
            rule,
            newest,
            snapshots,
        };
        let mut rules: Vec<RuleFigures> = self.rules.into_iter().map(figures).collect();
        rules.sort_by_key(|rule| Reverse((rule.newest, rule.snapshots)));
        rules
    }
}

/// Counts snapshots by roster, since many share one.
#[derive(Debug, Default)]
pub(super) struct Rosters {
    met: BTreeMap<(u64, u64), (Rc<Roster>, u64)>,
}

impl Rosters {
    /// Counts a snapshot. Whether it is the first of its server with these sessions.
    pub(super) fn add(&mut self, row: &Row<'_>) -> bool {
        let met = self.met.entry((row.origin(), row.roster()));
        let (_, snapshots) = met.or_insert_with(|| (row.roster_shared(), 0));
        *snapshots += 1;
        *snapshots == 1
    }

    pub(super) fn figures(self) -> Vec<SessionFigures> {
        let mut sessions: BTreeMap<BString, u64> = BTreeMap::new();
        for (roster, snapshots) in self.met.into_values() {
            for name in roster.names() {
                match sessions.get_mut(name) {
                    Some(own) => *own += snapshots,
                    None => drop(sessions.insert(name.clone(), snapshots)),
                }
            }
        }
        let figures = |(name, snapshots)| SessionFigures { name, snapshots };
        sessions.into_iter().map(figures).collect()
    }
}
