//! Rotation: which automatic snapshots make room for newer ones.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use bstr::BString;

use super::fault::Fault;
use super::metadata::{Entry, Reader};
use super::tables::{Change, View};
use super::{lives, trash};
use crate::model::id::SnapshotId;
use crate::model::snapshot::{EndCause, LifeId, MuxKind, RecoveryState, SnapshotMeta};

/// How many snapshots the recorder keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rotation {
    /// The newest automatic snapshots that each session keeps. Those made on demand, named, tagged
    /// or pinned are outside of it, and the newest of every life is never removed. A life that was
    /// lost and not answered for yet keeps as many for itself, so that what comes after it cannot
    /// push out what is to be brought back.
    pub keep_last: u32,
}

/// What a rotation did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rotated {
    /// The snapshots that were removed, newest first.
    pub removed: Vec<SnapshotId>,
    /// How many remain.
    pub kept: usize,
    /// Whether more could be removed: one run removes a bounded number.
    pub more: bool,
}

/// Snapshots that one run removes at most: a mistake in a setting must not empty a store at once.
const MOST: usize = 1000;

/// How many lost lives of a server keep snapshots for themselves, newest first.
const LOST: usize = 3;

/// Removes what is beyond the rule. Goes by sequence, never by the clock.
pub(super) fn rotate(change: &impl Change, rotation: &Rotation) -> Result<Rotated, Fault> {
    let (mut beyond, kept) = choose(change, rotation)?;
    let surplus = beyond.len().saturating_sub(MOST);
    // The oldest go first.
    beyond.drain(..surplus);
    trash::remove(change, &beyond)?;
    Ok(Rotated {
        removed: beyond.iter().map(|entry| entry.meta.id).collect(),
        kept: kept + surplus,
        more: surplus > 0,
    })
}

/// Whether nothing is beyond the rule; gives back how many snapshots there are.
pub(super) fn nothing_to_do(view: &impl View, rotation: &Rotation) -> Result<Option<usize>, Fault> {
    let (beyond, kept) = choose(view, rotation)?;
    Ok(beyond.is_empty().then_some(kept))
}

/// The snapshots that are beyond the rule, newest first, and how many are not.
fn choose(view: &impl View, rotation: &Rotation) -> Result<(Vec<Entry>, usize), Fault> {
    let open = open(view)?;
    let mut counts: BTreeMap<(Option<LifeId>, Place, Option<BString>), u32> = BTreeMap::new();
    let mut met: BTreeMap<Place, Met> = BTreeMap::new();
    let mut lives: BTreeSet<LifeId> = BTreeSet::new();
    let mut beyond = Vec::new();
    let mut kept = 0;
    Reader::new(view).newest_first(u64::MAX, &mut |entry| {
        let meta = &entry.meta;
        let life = meta.life();
        let newest_of_life = !meta.partial && lives.insert(life);
        let mut wanted = is_exempt(meta) || newest_of_life;
        let place = (meta.server.mux, meta.server.socket.clone());
        let met = met.entry(place.clone()).or_default();
        if newest_of_life {
            // The newest life of a place may still be running, and counts like those of old.
            if met.any && met.lost.len() < LOST && open.contains(&life) {
                met.lost.insert(life);
            }
            met.any = true;
        }
        let own = met.lost.contains(&life).then_some(life);
        if meta.cause.is_automatic() {
            // A server without sessions counts as one of its own.
            let names = meta
                .sessions
                .iter()
                .map(|session| Some(session.name.clone()));
            let none = meta.sessions.is_empty().then_some(None);
            for name in names.chain(none) {
                let count = counts.entry((own, place.clone(), name)).or_default();
                wanted |= *count < rotation.keep_last;
                *count = count.saturating_add(1);
            }
        }
        if wanted {
            kept += 1;
        } else {
            beyond.push(entry);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok((beyond, kept))
}

/// A multiplexer and its socket.
type Place = (MuxKind, BString);

/// The lives of a place that a walk has come by.
#[derive(Default)]
struct Met {
    any: bool,
    lost: BTreeSet<LifeId>,
}

/// Lives that nobody has answered for, neither by closing them nor by bringing them back.
fn open(view: &impl View) -> Result<BTreeSet<LifeId>, Fault> {
    let lives = lives::all(view)?.into_iter();
    let open = lives.filter(|life| {
        let closed = life.end.is_some_and(|end| end.cause == EndCause::Closed);
        life.recovery == RecoveryState::Open && !closed
    });
    Ok(open.map(|life| life.id()).collect())
}

fn is_exempt(meta: &SnapshotMeta) -> bool {
    !meta.cause.is_automatic() || meta.pinned || meta.name.is_some() || !meta.tags.is_empty()
}
