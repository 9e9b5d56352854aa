//! The trees of snapshots: each a patch against a keyframe.
//!
//! The texts of panes stand in a tree as their numbers, not as their digests: a digest is as long
//! as most changes, and the text's own record has it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::digest::Digest;
use crate::model::tree::{ContentsRef, ServerState};
use crate::store::record::codec::{self, MAX_RAW};
use crate::store::record::counters::Counters;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use crate::store::record::request::Storing;
use crate::store::record::tables::{Change, Stream, View};
use crate::store::text::patched::{self, Shelf, Value};
use crate::store::text::texts;

const SHELF: Shelf = Shelf {
    kind: Kind::State,
    stream: Stream::States,
};

/// A tree as it is stored: without what its texts are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Stored {
    /// The tree; its panes show nothing, and [`NO_TEXT`] stands for the texts of attachments.
    pub(in crate::store) state: ServerState,
    /// The number of the text that each pane shows, in their order; 0 where there is none.
    pub(in crate::store) shown: Vec<u64>,
    /// The number of the text of each attachment, in their order.
    pub(in crate::store) attached: Vec<u64>,
}

/// What stands in a stored tree for a text.
const NO_TEXT: ContentsRef = ContentsRef {
    digest: Digest([0; 32]),
    bytes: 0,
    lines: 0,
};

/// Stores a tree under a sequence number; gives back the bytes that it takes. `texts` are the
/// numbers of the texts that its panes show; `like` is the sequence number of a snapshot whose
/// keyframe may fit.
pub(in crate::store) fn store(
    change: &impl Change,
    counters: &mut Counters,
    seq: u64,
    (state, texts): (&ServerState, &BTreeMap<Digest, u64>),
    like: Option<u64>,
    storing: Storing,
) -> Result<u64, Fault> {
    let raw = codec::encode(Kind::State, &Stored::new(state, texts))?;
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
    let stored = stored(view, seq)?;
    if !stored.adds_up() {
        let cause = "it has other panes than texts";
        return Err(Fault::damaged(Kind::State, seq, cause));
    }
    let label = |number: &u64| match number {
        0 => Ok(None),
        number => texts::label(view, *number).map(Some),
    };
    let shown: Vec<_> = stored.shown.iter().map(label).collect::<Result<_, _>>()?;
    let attached: Vec<_> = stored
        .attached
        .iter()
        .map(label)
        .collect::<Result<_, _>>()?;
    let mut state = stored.state;
    show(&mut state, shown.into_iter());
    attach(&mut state, attached.into_iter());
    Ok(state)
}

/// The numbers of the texts that a tree refers to.
pub(in crate::store) fn texts(view: &impl View, seq: u64) -> Result<Vec<u64>, Fault> {
    let Stored {
        shown, attached, ..
    } = stored(view, seq)?;
    let numbers = shown.into_iter().chain(attached);
    Ok(numbers.filter(|number| *number != 0).collect())
}

/// A tree as it is stored.
pub(in crate::store) fn stored(view: &impl View, seq: u64) -> Result<Stored, Fault> {
    match patched::load::<()>(view, SHELF, seq)? {
        Some(((), raw)) => codec::decode(Kind::State, seq, &raw),
        None => Err(Fault::damaged(Kind::State, seq, "it is missing")),
    }
}

impl Stored {
    fn new(state: &ServerState, texts: &BTreeMap<Digest, u64>) -> Self {
        let number = |text: ContentsRef| texts.get(&text.digest).copied().unwrap_or(0);
        let panes = || state.panes().map(|(_, _, pane)| pane);
        let attached = panes().flat_map(|pane| &pane.attachments);
        let mut stored = Self {
            state: state.clone(),
            shown: panes()
                .map(|pane| pane.contents.map_or(0, number))
                .collect(),
            attached: attached.map(|own| number(own.text)).collect(),
        };
        for pane in stored.state.panes_mut() {
            pane.contents = None;
            pane.attachments
                .iter_mut()
                .for_each(|own| own.text = NO_TEXT);
        }
        stored
    }

    /// Whether there is a number for each text.
    pub(in crate::store) fn adds_up(&self) -> bool {
        let panes = self.state.panes();
        let attached = panes.map(|(_, _, pane)| pane.attachments.len());
        self.shown.len() == self.state.pane_count()
            && self.attached.len() == attached.sum::<usize>()
    }
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
    for (pane, text) in state.panes_mut().zip(texts) {
        pane.contents = text;
    }
}

/// Says what the attachments of a tree are, in their order; those without a text go.
pub(in crate::store) fn attach(
    state: &mut ServerState,
    mut texts: impl Iterator<Item = Option<ContentsRef>>,
) {
    for pane in state.panes_mut() {
        pane.attachments.retain_mut(|own| {
            let text = texts.next().flatten();
            own.text = text.unwrap_or(NO_TEXT);
            text.is_some()
        });
    }
}
