//! Deciding which of the copies that were found are in force, and which snapshots there are.
//!
//! The database never writes over what is in force, so that older copies of records lie about in
//! free pages: of snapshots that were changed since, and of snapshots that were removed for good.
//! What the tables say goes before everything. Where they cannot be read, a snapshot is gone if the
//! history says so; and of its copies the one counts that says most of what a user noted.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::haul::{Haul, Spot};
use super::survey::Survey;
use crate::model::id::SnapshotId;
use crate::store::record::tables::Stream;
use crate::store::snapshot::chain;
use crate::store::snapshot::lives;
use crate::store::snapshot::remnants;

/// From where records may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) enum Reach {
    /// From the tables.
    Tables,
    /// From wherever they are found in the store's file.
    File,
    /// From older files, too.
    Backups,
}

/// What becomes of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Live,
    /// In the trash; from now on where the table does not say since when.
    Trashed {
        sure: bool,
    },
    Gone,
    Lost,
}

/// What a new store is to be built of.
#[derive(Debug, Default)]
pub(in crate::store) struct Chosen {
    /// The copies of every record, the best first.
    pub(in crate::store) records: BTreeMap<(Stream, u64), Vec<Spot>>,
    /// Snapshots in the trash whose record is one of the timeline, or does not say since when.
    pub(in crate::store) thrown: BTreeSet<u64>,
    /// Snapshots in the timeline whose record is one of the trash.
    pub(in crate::store) taken_back: BTreeSet<u64>,
    /// Snapshots that are known to have been there, and of which no record was found.
    pub(in crate::store) lost: BTreeMap<u64, Option<SnapshotId>>,
}

/// Chooses.
pub(in crate::store) fn choose(
    haul: &Haul<'_>,
    survey: &Survey,
    reach: Reach,
) -> io::Result<Chosen> {
    let choice = Choice {
        haul,
        survey,
        reach,
    };
    let mut chosen = Chosen::default();
    for seq in choice.numbers() {
        choice.snapshot(seq, &mut chosen)?;
    }
    for &(stream, key) in haul.records.keys() {
        if !is_of_snapshots(stream) {
            let spots = choice.spots(stream, key)?;
            if !spots.is_empty() {
                chosen.records.entry((stream, key)).or_insert(spots);
            }
        }
    }
    Ok(chosen)
}

/// Whether the records of a table stand for one snapshot each.
fn is_of_snapshots(stream: Stream) -> bool {
    matches!(stream, Stream::Timeline | Stream::Trash | Stream::States)
}

struct Choice<'a> {
    haul: &'a Haul<'a>,
    survey: &'a Survey,
    reach: Reach,
}

impl Choice<'_> {
    /// Every number that a snapshot may have.
    fn numbers(&self) -> BTreeSet<u64> {
        let found = self.haul.records.keys();
        let known = self.survey.damaged.iter().chain(self.survey.valid.keys());
        let snapshots = found
            .chain(known)
            .filter(|(stream, _)| is_of_snapshots(*stream));
        let ids = self.survey.ids.keys().copied();
        snapshots.map(|(_, seq)| *seq).chain(ids).collect()
    }

    fn snapshot(&self, seq: u64, chosen: &mut Chosen) -> io::Result<()> {
        let (fate, stream) = match self.fate(seq)? {
            Fate::Gone => return Ok(()),
            Fate::Lost => {
                return self.lose(seq, chosen);
            }
            fate @ Fate::Live => (fate, Stream::Timeline),
            fate @ Fate::Trashed { .. } => (fate, Stream::Trash),
        };
        let mut spots = self.spots(stream, seq)?;
        let other = match stream {
            Stream::Trash => Stream::Timeline,
            _ => Stream::Trash,
        };
        let own = spots.is_empty();
        if own {
            spots = self.spots(other, seq)?;
        }
        if spots.is_empty() {
            return self.lose(seq, chosen);
        }
        match fate {
            Fate::Trashed { sure } if own || !sure => {
                chosen.thrown.insert(seq);
            }
            Fate::Live if own => {
                chosen.taken_back.insert(seq);
            }
            _ => {}
        }
        chosen.records.insert((stream, seq), spots);
        let states = self.spots(Stream::States, seq)?;
        if !states.is_empty() {
            chosen.records.insert((Stream::States, seq), states);
        }
        Ok(())
    }

    /// Notes a snapshot whose record is lost. Its tree may tell more.
    fn lose(&self, seq: u64, chosen: &mut Chosen) -> io::Result<()> {
        chosen.lost.insert(seq, self.survey.id(seq));
        let states = self.spots(Stream::States, seq)?;
        if !states.is_empty() {
            chosen.records.insert((Stream::States, seq), states);
        }
        Ok(())
    }

    fn fate(&self, seq: u64) -> io::Result<Fate> {
        let survey = self.survey;
        if survey.has(Stream::Timeline, seq) {
            return Ok(Fate::Live);
        }
        if survey.has(Stream::Trash, seq) {
            return Ok(Fate::Trashed { sure: true });
        }
        let not_live = survey.lacks(Stream::Timeline, seq);
        let not_trashed = survey.lacks(Stream::Trash, seq);
        if (not_live && not_trashed) || self.is_removed(seq)? {
            return Ok(Fate::Gone);
        }
        let known = survey.ids.contains_key(&seq) || survey.has(Stream::States, seq);
        let found = |stream| self.haul.records.contains_key(&(stream, seq));
        if !found(Stream::States) && !known {
            return Ok(Fate::Gone);
        }
        Ok(if found(Stream::Trash) && !not_trashed {
            Fate::Trashed { sure: false }
        } else if found(Stream::Timeline) || found(Stream::Trash) {
            if not_live {
                Fate::Trashed { sure: false }
            } else {
                Fate::Live
            }
        } else if known {
            Fate::Lost
        } else {
            Fate::Gone
        })
    }

    /// Whether the history says that a snapshot was removed for good. It also keeps what a snapshot
    /// was before a part of it was lost; such a one is there, with another root.
    fn is_removed(&self, seq: u64) -> io::Result<bool> {
        let Some(spot) = self.haul.records.get(&(Stream::Removed, seq)) else {
            return Ok(false);
        };
        let Some(spot) = spot.first() else {
            return Ok(false);
        };
        let record = self.haul.read(*spot)?;
        let spots = self.haul.records.get(&(Stream::Timeline, seq));
        for spot in spots.into_iter().flatten() {
            let meta = remnants::parts(seq, &self.haul.read(*spot)?);
            let mut partial = meta.into_iter().filter(|parts| parts.partial);
            if partial.any(|parts| chain::was_other(seq, &record, parts.root)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The copies of a record, the best first.
    fn spots(&self, stream: Stream, key: u64) -> io::Result<Vec<Spot>> {
        let Some(spots) = self.haul.records.get(&(stream, key)) else {
            return Ok(Vec::new());
        };
        let in_force = self.survey.valid.get(&(stream, key));
        let reachable = |spot: &&Spot| match self.reach {
            Reach::Tables => Some(&spot.hash) == in_force,
            Reach::File => self.haul.is_own(spot),
            Reach::Backups => true,
        };
        let mut ranked = Vec::new();
        for &spot in spots.iter().filter(reachable) {
            let rank = (
                Some(&spot.hash) != in_force,
                !self.haul.is_own(&spot),
                std::cmp::Reverse(self.worth(stream, key, spot)?),
            );
            ranked.push((rank, spot));
        }
        ranked.sort_by_key(|(rank, _)| *rank);
        Ok(ranked.into_iter().map(|(_, spot)| spot).collect())
    }

    /// How much a copy of a record that can be changed says, or how late it is.
    fn worth(&self, stream: Stream, key: u64, spot: Spot) -> io::Result<u64> {
        Ok(match stream {
            Stream::Timeline => {
                let parts = remnants::parts(key, &self.haul.read(spot)?);
                parts.map_or(0, |parts| parts.noted)
            }
            Stream::Lives => {
                let life = lives::decode(key, &self.haul.read(spot)?);
                life.map_or(0, |life| u64::try_from(life.last_seen.0).unwrap_or(0))
            }
            _ => 0,
        })
    }
}
