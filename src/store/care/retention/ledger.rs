//! What a decision looks at: of each snapshot a few numbers.
//!
//! Names and places are told apart once and are numbers from then on, so that a hundred thousand
//! snapshots are a few megabytes and quickly compared.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{ControlFlow, Range};

use bstr::BString;

use crate::model::id::SnapshotId;
use crate::model::snapshot::{Cause, EndCause, LifeId, MuxKind, RecoveryState, ServerIdentity};
use crate::model::time::Millis;
use crate::store::record::fault::Fault;
use crate::store::record::tables::View;
use crate::store::snapshot::lives;
use crate::store::snapshot::metadata::Reader;

/// A snapshot.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) seq: u64,
    pub(super) id: SnapshotId,
    pub(super) time: Millis,
    pub(super) cause: Cause,
    pub(super) pinned: bool,
    pub(super) named: bool,
    pub(super) tagged: bool,
    pub(super) archived: bool,
    pub(super) partial: bool,
    /// Whether its tree was found damaged.
    pub(super) damaged: bool,
    /// Number of its life.
    pub(super) life: u32,
    /// Number of its multiplexer and socket.
    pub(super) place: u32,
    /// Bytes that it added to the store.
    pub(super) bytes: u64,
    /// Where its sessions are.
    pub(super) sessions: Range<u32>,
}

impl Row {
    /// Whether it can stand for its sessions and its life. One from elsewhere cannot, nor an undo
    /// point, which `latest` never means: the newest that was recorded here would go in its favour.
    pub(super) fn is_good(&self) -> bool {
        !self.partial && !self.damaged && !matches!(self.cause, Cause::Import | Cause::UndoPoint)
    }
}

/// All snapshots of the timeline.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Newest first.
    pub(super) rows: Vec<Row>,
    /// The names of sessions; `None` stands for a server without any.
    pub(super) names: Vec<Option<BString>>,
    /// Whether nobody has answered for a life yet, by its number.
    pub(super) open: Vec<bool>,
    sessions: Vec<u32>,
}

/// Tells names, places and lives apart while a ledger is filled.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    names: BTreeMap<BString, u32>,
    /// The number that stands for a server without sessions.
    none: Option<u32>,
    places: BTreeMap<(MuxKind, BString), u32>,
    lives: BTreeMap<LifeId, u32>,
    /// Life and place by the number of the origin, which is the same in many snapshots: telling a
    /// life takes a hash.
    origins: BTreeMap<u64, (u32, u32)>,
}

impl Ledger {
    /// The ledger of a store. Damaged records are not in it: they are neither counted nor removed.
    pub(super) fn read(view: &impl View) -> Result<Self, Fault> {
        let mut ledger = Ledger::default();
        let mut numbers = Numbers::default();
        // The same sessions are in many snapshots.
        let mut rosters: BTreeMap<u64, Range<u32>> = BTreeMap::new();
        Reader::new(view).rows_newest_first(u64::MAX, &mut |row| {
            let (Some(id), Some(time)) = (row.id(), row.time()) else {
                return Ok(ControlFlow::Continue(()));
            };
            let (life, place) = numbers.origin(row.origin(), &row.from.server);
            let sessions = rosters
                .entry(row.roster())
                .or_insert_with(|| ledger.add_sessions(&mut numbers, row.sessions().names()));
            ledger.rows.push(Row {
                seq: row.seq,
                id,
                time,
                cause: row.cause(),
                pinned: row.is_pinned(),
                named: row.name().is_some(),
                tagged: row.is_tagged(),
                archived: row.is_archived(),
                partial: row.is_partial(),
                damaged: false,
                life,
                place,
                bytes: row.stored_bytes(),
                sessions: sessions.clone(),
            });
            Ok(ControlFlow::Continue(()))
        })?;
        let open = unanswered(view)?;
        ledger.set_open(&numbers, &open);
        Ok(ledger)
    }

    /// Takes in the names of a server's sessions; says where they are.
    pub(super) fn add_sessions<'n>(
        &mut self,
        numbers: &mut Numbers,
        names: impl Iterator<Item = &'n BString>,
    ) -> Range<u32> {
        let first = self.sessions.len();
        for name in names {
            let name = self.name(numbers, Some(name));
            self.sessions.push(name);
        }
        if self.sessions.len() == first {
            let none = self.name(numbers, None);
            self.sessions.push(none);
        }
        number(first)..number(self.sessions.len())
    }

    /// Says which lives nobody has answered for.
    pub(super) fn set_open(&mut self, numbers: &Numbers, open: &BTreeSet<LifeId>) {
        self.open = vec![false; numbers.lives.len()];
        for (life, number) in &numbers.lives {
            if let Some(is_open) = self.open.get_mut(*number as usize) {
                *is_open = open.contains(life);
            }
        }
    }

    /// The numbers of the names of a row's sessions.
    pub(super) fn sessions(&self, row: &Row) -> &[u32] {
        let range = row.sessions.start as usize..row.sessions.end as usize;
        self.sessions.get(range).unwrap_or_default()
    }

    /// The name with a number.
    pub(super) fn name_of(&self, number: u32) -> Option<&BString> {
        self.names.get(number as usize).and_then(Option::as_ref)
    }

    fn name(&mut self, numbers: &mut Numbers, name: Option<&BString>) -> u32 {
        let known = match name {
            Some(name) => numbers.names.get(name).copied(),
            None => numbers.none,
        };
        if let Some(known) = known {
            return known;
        }
        let new = number(self.names.len());
        self.names.push(name.cloned());
        match name {
            Some(name) => drop(numbers.names.insert(name.clone(), new)),
            None => numbers.none = Some(new),
        }
        new
    }
}

impl Numbers {
    /// The numbers of a server's life and place.
    pub(super) fn origin(&mut self, origin: u64, server: &ServerIdentity) -> (u32, u32) {
        if let Some(&known) = self.origins.get(&origin) {
            return known;
        }
        let next = number(self.lives.len());
        let life = *self.lives.entry(server.life()).or_insert(next);
        let next = number(self.places.len());
        let place = (server.mux, server.socket.clone());
        let place = *self.places.entry(place).or_insert(next);
        self.origins.insert(origin, (life, place));
        (life, place)
    }
}

/// A number for the next of so many. More than four thousand million never come together.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Lives that nobody has answered for, neither by closing them nor by bringing them back.
fn unanswered(view: &impl View) -> Result<BTreeSet<LifeId>, Fault> {
    let lives = lives::all(view)?.into_iter();
    let open = lives.filter(|life| {
        let closed = life.end.is_some_and(|end| end.cause == EndCause::Closed);
        life.recovery == RecoveryState::Open && !closed
    });
    Ok(open.map(|life| life.id()).collect())
}
