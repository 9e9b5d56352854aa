//! Texts of panes: each a list of extents, pieces of literals.
//!
//! The list is always complete, so a text never needs another text: whatever else is removed, it
//! stays whole, and the oldest is read as quickly as the newest. Lists of neighbouring texts are
//! alike and are stored as patches against a shared keyframe.

use serde::{Deserialize, Serialize};

use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::tree::ContentsRef;
use crate::store::record::codec::{self, MAX_RAW};
use crate::store::record::counters::Counters;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use crate::store::record::request::Storing;
use crate::store::record::tables::{Change, Index, Stream, View};
use crate::store::text::align;
use crate::store::text::blocks::Blocks;
use crate::store::text::dictionary::{Account, Fresh, Loaded};
use crate::store::text::patched::{self, Shelf, Value};
use crate::store::text::plan::Plan;

/// Pieces of one text. It has 64 small ones, and others of 24 KB or more; of 256 MB no more than
/// ten thousand. After little of a literal is kept pieces may be cut further, not a hundred times.
const MOST_EXTENTS: usize = 1 << 20;

/// A piece of a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Extent {
    pub(in crate::store) literal: u64,
    pub(in crate::store) offset: u64,
    pub(in crate::store) len: u64,
}

/// Of what a stored text is made. Beside it stands, readable by itself, what trees say of the text:
/// a [`ContentsRef`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Version {
    /// What the next text of the same pane may be compressed against.
    pub(in crate::store) dictionary: Account,
    pub(in crate::store) main: Vec<Extent>,
    pub(in crate::store) alternate: Option<Vec<Extent>>,
}

impl Version {
    /// Its pieces, in order.
    pub(in crate::store) fn extents(&self) -> impl Iterator<Item = &Extent> {
        self.main.iter().chain(self.alternate.iter().flatten())
    }

    /// The same, to be changed.
    pub(in crate::store) fn extents_mut(&mut self) -> impl Iterator<Item = &mut Extent> {
        let alternate = self.alternate.iter_mut().flatten();
        self.main.iter_mut().chain(alternate)
    }
}

pub(in crate::store) const SHELF: Shelf = Shelf {
    kind: Kind::Version,
    stream: Stream::Versions,
};

/// The key of a text in the index.
pub(in crate::store) fn key(digest: Digest) -> [u8; 16] {
    let mut key = [0; 16];
    key.iter_mut()
        .zip(digest.0)
        .for_each(|(to, from)| *to = from);
    key
}

/// The number of a text's version, where it is stored.
pub(in crate::store) fn number(view: &impl View, digest: Digest) -> Result<Option<u64>, Fault> {
    view.point(Index::Digests, &key(digest))
}

/// Notes where a text is.
pub(in crate::store) fn set(
    change: &impl Change,
    digest: Digest,
    number: u64,
) -> Result<(), Fault> {
    change.set_point(Index::Digests, &key(digest), number)
}

/// Forgets where a text is.
pub(in crate::store) fn unset(change: &impl Change, digest: Digest) -> Result<(), Fault> {
    change.unset_point(Index::Digests, &key(digest))
}

/// What trees say of the text under a number.
pub(in crate::store) fn label(view: &impl View, number: u64) -> Result<ContentsRef, Fault> {
    let label = patched::label(view, SHELF, number)?;
    label.ok_or_else(|| Fault::damaged(Kind::Version, number, "it is missing"))
}

/// The version under a number, and what trees say of it.
pub(in crate::store) fn version(
    view: &impl View,
    number: u64,
) -> Result<(ContentsRef, Version), Fault> {
    let found = patched::load(view, SHELF, number)?;
    let (label, raw) =
        found.ok_or_else(|| Fault::damaged(Kind::Version, number, "it is missing"))?;
    let version = codec::decode(Kind::Version, number, &raw)?;
    check_extents(number, &version)?;
    Ok((label, version))
}

/// Writes a version anew, so that it needs no keyframe of others.
pub(in crate::store) fn put(
    change: &impl Change,
    counters: &mut Counters,
    number: u64,
    (label, version): (&ContentsRef, &Version),
) -> Result<(), Fault> {
    let raw = codec::encode(Kind::Version, version)?;
    let value = Value { label, raw: &raw };
    patched::store(change, counters, SHELF, number, &value, None, Storing::Full).map(drop)
}

/// The keyframe that a version needs.
pub(in crate::store) fn keyframe(view: &impl View, number: u64) -> Result<Option<u64>, Fault> {
    patched::keyframe(view, SHELF, number)
}

/// A text, checked against its digest.
pub(in crate::store) fn load(
    view: &impl View,
    blocks: &mut Blocks,
    digest: Digest,
) -> Result<Contents, Fault> {
    let Some(number) = number(view, digest)? else {
        let object = format!("text {digest:.16}");
        return Err(Fault::damaged_object(object, "it is missing"));
    };
    load_from(view, blocks, number, digest)
}

/// The text under a number, checked against its digest.
pub(in crate::store) fn load_from(
    view: &impl View,
    blocks: &mut Blocks,
    number: u64,
    digest: Digest,
) -> Result<Contents, Fault> {
    let (label, version) = version(view, number)?;
    let contents = blocks.text(view, &version)?;
    if label.digest == digest && contents.digest() == digest {
        Ok(contents)
    } else {
        Err(Fault::damaged(Kind::Version, number, "it is another text"))
    }
}

/// A text that is stored and that a new one may share with.
struct Base {
    number: u64,
    version: Version,
}

impl Base {
    fn load(view: &impl View, digest: Digest) -> Option<Self> {
        let number = number(view, digest).ok()??;
        let (_, version) = version(view, number).ok()?;
        Some(Self { number, version })
    }
}

/// Below this length a text is not searched for what it shares.
const SMALL: usize = 256;
/// Up to this length it is tried whether compressing the whole is cheaper than sharing: screens of
/// programs change everywhere, and little.
const SCREEN: usize = 16 * 1024;
/// What an extent costs in a list that is a patch.
const EXTENT_BYTES: u64 = 6;

/// A way to store a text, tried out.
struct Attempt {
    plan: Plan,
    fresh: Fresh,
}

impl Attempt {
    fn cost(&self) -> u64 {
        self.fresh.cost() + EXTENT_BYTES * self.plan.count() as u64
    }
}

/// A text as pieces of the one before it, and what is new in it; `None` where that saves nothing,
/// or cannot be read.
fn shared(
    view: &impl View,
    blocks: &mut Blocks,
    contents: &Contents,
    base: &Version,
) -> Option<(Plan, Vec<u8>)> {
    let main = align::pieces(view, blocks, &base.main, &contents.main).ok()?;
    let old = base.alternate.as_deref().unwrap_or(&[]);
    let screen = contents.alternate.as_ref();
    let screen = screen.map(|screen| align::pieces(view, blocks, old, screen));
    let screen = screen.transpose().ok()?;
    let mut fresh = Vec::new();
    let plan = Plan::against(base, (&main, screen.as_deref()), contents, &mut fresh)
        .with_few_extents(contents, &mut fresh);
    let len_of = |literal| Some(blocks.header(view, literal).ok()?.raw_len);
    plan.is_worth_it(&fresh, contents, len_of)
        .then_some((plan, fresh))
}

/// The cheapest way to store a text.
fn attempt(
    view: &impl View,
    blocks: &mut Blocks,
    contents: &Contents,
    base: Option<&Base>,
    dictionary: &Loaded,
) -> Result<Attempt, Fault> {
    let base = base.filter(|_| contents.len() > SMALL);
    let shared = base.and_then(|base| shared(view, blocks, contents, &base.version));
    let Some((plan, fresh)) = shared else {
        return whole(contents, dictionary);
    };
    // Where neither is plain to see, both are tried.
    let little = fresh.len() * 8 < contents.len();
    let much = fresh.len() * 2 > contents.len();
    let long = contents.len() > SCREEN;
    if !long && much {
        return whole(contents, dictionary);
    }
    let fresh = dictionary.draft(fresh, false)?;
    let shared = Attempt { plan, fresh };
    if long || little {
        return Ok(shared);
    }
    let whole = whole(contents, dictionary)?;
    Ok(if shared.cost() < whole.cost() {
        shared
    } else {
        whole
    })
}

fn whole(contents: &Contents, dictionary: &Loaded) -> Result<Attempt, Fault> {
    let mut fresh = Vec::new();
    let plan = Plan::whole(contents, &mut fresh);
    let fresh = dictionary.draft(fresh, true)?;
    Ok(Attempt { plan, fresh })
}

/// Stores a text that is not stored yet, or not by itself; `base` is the text that the same pane
/// had before. Gives back its number and the bytes it takes.
pub(in crate::store) fn store(
    change: &impl Change,
    counters: &mut Counters,
    blocks: &mut Blocks,
    (label, contents): (ContentsRef, &Contents),
    base: Option<Digest>,
    storing: Storing,
) -> Result<(u64, u64), Fault> {
    if contents.len() as u64 > MAX_RAW {
        return Err(StoreError::TooLarge {
            operation: "record",
            object: "the text of a pane".to_owned(),
            limit: MAX_RAW,
        }
        .into());
    }
    // A base that cannot be read is no reason to lose the new text.
    let base = base.filter(|_| storing != Storing::Full);
    let base = base.and_then(|base| Base::load(change, base));
    let dictionary = match &base {
        Some(base) => Loaded::of(change, blocks, base.version.dictionary),
        None => Loaded::default(),
    };
    let best = attempt(change, blocks, contents, base.as_ref(), &dictionary)?;
    let written = dictionary.store(change, counters, &best.fresh, contents)?;
    let version = best.plan.version(written.account, &written.literals);
    let number = counters.version;
    counters.version += 1;
    let raw = codec::encode(Kind::Version, &version)?;
    let value = Value {
        label: &label,
        raw: &raw,
    };
    let like = base.map(|base| base.number);
    let record = patched::store(change, counters, SHELF, number, &value, like, storing)?;
    set(change, label.digest, number)?;
    Ok((number, written.bytes + record + INDEX_BYTES))
}

/// Bytes of an entry in the index of digests.
const INDEX_BYTES: u64 = 16 + 4 + 8;

/// Checks the pieces of a text.
fn check_extents(number: u64, version: &Version) -> Result<(), Fault> {
    if version.extents().count() > MOST_EXTENTS {
        let cause = "it has more pieces than any text can have";
        return Err(Fault::damaged(Kind::Version, number, cause));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::text::dictionary::Account;

    #[test]
    fn a_text_of_too_many_pieces_is_damage() {
        let piece = Extent {
            literal: 1,
            offset: 0,
            len: 1,
        };
        let mut many = Version {
            dictionary: Account::default(),
            main: vec![piece; MOST_EXTENTS],
            alternate: None,
        };
        check_extents(1, &many).unwrap();
        many.alternate = Some(vec![piece]);
        assert!(check_extents(1, &many).is_err_and(|fault| fault.is_damage()));
    }
}
