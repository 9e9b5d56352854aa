//! Rosters: which sessions there are. Neighbouring snapshots show the same ones, so that a
//! snapshot's record says no more than which of them have changed since the roster was written.

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::model::snapshot::SessionSummary;
use crate::store::record::codec;
use crate::store::record::counters::Counters;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use crate::store::record::tables::{Change, Stream, View};
use crate::store::text::literals::ENTRY_BYTES;

/// The sessions of a snapshot, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::store) struct Roster(Vec<SessionSummary>);

/// A session that is not as its roster says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Differs {
    /// Its place in the roster.
    at: u32,
    /// What [`SessionSummary::mark`] is instead, little endian: it looks random, so that every byte
    /// of it counts.
    mark: [u8; 8],
}

impl Roster {
    /// The sessions' names.
    pub(in crate::store) fn names(&self) -> impl Iterator<Item = &BString> {
        self.0.iter().map(|session| &session.name)
    }

    /// Which of these sessions, whose names, lives and sizes are those of the roster, differ from
    /// it.
    pub(in crate::store) fn differing(&self, sessions: &[SessionSummary]) -> Vec<Differs> {
        let pairs = (0u32..).zip(self.0.iter().zip(sessions));
        let differing = pairs.filter(|(_, (own, other))| own.mark != other.mark);
        let differing = differing.map(|(at, (_, other))| Differs {
            at,
            mark: other.mark.to_le_bytes(),
        });
        differing.collect()
    }

    /// Whether these are sessions of it.
    pub(in crate::store) fn covers(&self, differing: &[Differs]) -> bool {
        let is_in = |at: u32| usize::try_from(at).is_ok_and(|at| at < self.0.len());
        differing.iter().all(|differs| is_in(differs.at))
    }

    /// The sessions, with those that differ; `None` where one is none of them.
    pub(in crate::store) fn with(&self, differing: &[Differs]) -> Option<Vec<SessionSummary>> {
        let mut sessions = self.0.clone();
        for differs in differing {
            let at = usize::try_from(differs.at).ok()?;
            sessions.get_mut(at)?.mark = u64::from_le_bytes(differs.mark);
        }
        Some(sessions)
    }

    /// Whether it can stand for these sessions.
    fn fits(&self, sessions: &[SessionSummary]) -> bool {
        let same = |(own, other): (&SessionSummary, &SessionSummary)| {
            (&own.name, own.life, own.tabs, own.panes)
                == (&other.name, other.life, other.tabs, other.panes)
        };
        self.0.len() == sessions.len() && self.0.iter().zip(sessions).all(same)
    }
}

/// So many sessions that have changed since the roster and not since the parent make a new roster
/// pay.
const STALE: usize = 4;

/// The number of a roster for these sessions, and the bytes that were written for it. `like` are
/// the roster and the sessions of the parent.
pub(in crate::store) fn number(
    change: &impl Change,
    counters: &mut Counters,
    sessions: &[SessionSummary],
    like: Option<(u64, &[SessionSummary])>,
) -> Result<(u64, u64), Fault> {
    if let Some((number, before)) = like
        && let Ok(roster) = load(change, number)
        && roster.fits(sessions)
    {
        let stale = roster.differing(sessions).into_iter().filter(|differs| {
            let at = usize::try_from(differs.at).unwrap_or(usize::MAX);
            before
                .get(at)
                .is_some_and(|before| before.mark.to_le_bytes() == differs.mark)
        });
        if stale.count() < STALE {
            return Ok((number, 0));
        }
    }
    let number = counters.roster;
    counters.roster += 1;
    let record = codec::pack_value(Kind::Roster, number, &sessions)?;
    change.put(Stream::Rosters, number, &record)?;
    Ok((number, record.len() as u64 + ENTRY_BYTES))
}

/// Writes a roster under a number.
pub(in crate::store) fn put(
    change: &impl Change,
    number: u64,
    sessions: &[SessionSummary],
) -> Result<(), Fault> {
    let record = codec::pack_value(Kind::Roster, number, &sessions)?;
    change.put(Stream::Rosters, number, &record)
}

/// A roster.
pub(in crate::store) fn load(view: &impl View, number: u64) -> Result<Roster, Fault> {
    let record = view.get(Stream::Rosters, number)?;
    let record = record.ok_or_else(|| Fault::damaged(Kind::Roster, number, "it is missing"))?;
    decode(number, &record)
}

/// A roster from its record.
pub(in crate::store) fn decode(number: u64, record: &[u8]) -> Result<Roster, Fault> {
    codec::unpack_value(Kind::Roster, number, record)
}
