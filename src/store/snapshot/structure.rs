//! The trees of snapshots: each a patch against a keyframe. What only some sessions, tabs and panes have
//! stands behind the tree ([`details`]).
//!
//! What panes show stands in a tree as the numbers of the texts, not as their digests: a digest is as
//! long as most changes, and the text's own record has it.

use std::collections::BTreeMap;

use crate::model::digest::Digest;
use crate::model::tree::{ContentsRef, Pane, ServerState};
use crate::store::record::codec::{self, MAX_RAW};
use crate::store::record::counters::Counters;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use crate::store::record::request::Storing;
use crate::store::record::tables::{Change, Stream, View};
use crate::store::snapshot::details;
use crate::store::text::patched::{self, Shelf, Value};
use crate::store::text::texts;

const SHELF: Shelf = Shelf {
    kind: Kind::State,
    stream: Stream::States,
};

/// A tree without what its panes show, and the numbers of their texts.
pub(in crate::store) type Stored = (ServerState, Vec<u64>);

/// Stores a tree under a sequence number; gives back the bytes that it takes. `texts` are the numbers of
/// the texts that its panes show; `like` is the sequence number of a snapshot whose keyframe may fit.
pub(in crate::store) fn store(
    change: &impl Change,
    counters: &mut Counters,
    seq: u64,
    (state, texts): (&ServerState, &BTreeMap<Digest, u64>),
    like: Option<u64>,
    storing: Storing,
) -> Result<u64, Fault> {
    let numbers = state.panes().map(|(_, _, pane)| match pane.contents {
        Some(text) => texts.get(&text.digest).copied().unwrap_or(0),
        None => 0,
    });
    let numbers: Vec<u64> = numbers.collect();
    let mut bare = state.clone();
    panes_mut(&mut bare).for_each(|pane| pane.contents = None);
    let mut raw = codec::encode(Kind::State, &(bare, numbers))?;
    details::append(state, &mut raw).map_err(|cause| codec::unpackable(Kind::State, &cause))?;
    if raw.len() as u64 > MAX_RAW {
        return Err(StoreError::TooLarge {
            operation: "record",
            object: "the tree of sessions".to_owned(),
            limit: MAX_RAW,
        }
        .into());
    }
    let value = Value {
        label: &(),
        raw: &raw,
    };
    patched::store(change, counters, SHELF, seq, &value, like, storing)
}

/// The tree of a snapshot. Only its form is checked here; the caller holds it against its digest.
pub(in crate::store) fn load(view: &impl View, seq: u64) -> Result<ServerState, Fault> {
    let (mut state, numbers) = stored(view, seq)?;
    let mut numbers = numbers.into_iter();
    for pane in panes_mut(&mut state) {
        pane.contents = match numbers.next() {
            None => return Err(Fault::damaged(Kind::State, seq, "it has too many panes")),
            Some(0) => None,
            Some(number) => Some(texts::label(view, number)?),
        };
    }
    match numbers.next() {
        None => Ok(state),
        Some(_) => Err(Fault::damaged(Kind::State, seq, "it has too few panes")),
    }
}

/// The numbers of the texts that a tree refers to.
pub(in crate::store) fn texts(view: &impl View, seq: u64) -> Result<Vec<u64>, Fault> {
    let mut numbers = stored(view, seq)?.1;
    numbers.retain(|number| *number != 0);
    Ok(numbers)
}

/// A tree as it is stored: without what its panes show, and the number of the text of each pane in their
/// order; 0 where there is none.
pub(in crate::store) fn stored(view: &impl View, seq: u64) -> Result<Stored, Fault> {
    match patched::load::<()>(view, SHELF, seq)? {
        Some(((), raw)) => decode(seq, &raw),
        None => Err(Fault::damaged(Kind::State, seq, "it is missing")),
    }
}

fn decode(seq: u64, raw: &[u8]) -> Result<Stored, Fault> {
    let (mut tree, rest): (Stored, _) =
        postcard::take_from_bytes(raw).map_err(|cause| Fault::damaged(Kind::State, seq, &cause))?;
    details::read(&mut tree.0, rest).map_err(|cause| Fault::damaged(Kind::State, seq, &cause))?;
    Ok(tree)
}

/// The keyframe that a snapshot needs.
pub(in crate::store) fn keyframe(view: &impl View, seq: u64) -> Result<Option<u64>, Fault> {
    patched::keyframe(view, SHELF, seq)
}

/// Says what the panes of a tree show, in their order.
pub(in crate::store) fn show(
    state: &mut ServerState,
    texts: impl Iterator<Item = Option<ContentsRef>>,
) {
    for (pane, text) in panes_mut(state).zip(texts) {
        pane.contents = text;
    }
}

/// The panes, in the order of [`ServerState::panes`].
fn panes_mut(state: &mut ServerState) -> impl Iterator<Item = &mut Pane> {
    let tabs = state
        .sessions
        .iter_mut()
        .flat_map(|session| &mut session.tabs);
    tabs.flat_map(|tab| &mut tab.panes)
}
