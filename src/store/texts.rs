//! Texts of panes: each a list of extents, pieces of literals.
//!
//! The list is always complete, so a text never needs another text: whatever else is removed, it stays
//! whole, and the oldest is read as quickly as the newest.

use std::collections::BTreeMap;

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::codec::{self, MAX_RAW};
use super::counters::Counters;
use super::error::StoreError;
use super::fault::Fault;
use super::frame::Kind;
use super::literals;
use super::plan::Plan;
use super::tables::{Change, Index, Stream, View};
use crate::model::contents::Contents;
use crate::model::digest::Digest;

/// Below this length a text is not searched for what it shares.
const SMALL: usize = 256;

/// A piece of a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Extent {
    pub(super) literal: u64,
    pub(super) offset: u64,
    pub(super) len: u64,
}

/// A stored text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) digest: Digest,
    pub(super) main: Vec<Extent>,
    pub(super) alternate: Option<Vec<Extent>>,
}

impl Version {
    /// The literals that it needs.
    pub(super) fn literals(&self) -> impl Iterator<Item = u64> + '_ {
        let parts = self.main.iter().chain(self.alternate.iter().flatten());
        parts.map(|extent| extent.literal)
    }
}

fn key(digest: Digest) -> [u8; 16] {
    let mut key = [0; 16];
    key.iter_mut()
        .zip(digest.0)
        .for_each(|(to, from)| *to = from);
    key
}

/// The number of a text's version, where it is stored.
pub(super) fn number(view: &impl View, digest: Digest) -> Result<Option<u64>, Fault> {
    view.point(Index::Digests, &key(digest))
}

/// Forgets where a text is.
pub(super) fn unset(change: &impl Change, digest: Digest) -> Result<(), Fault> {
    change.unset_point(Index::Digests, &key(digest))
}

/// The version under a number.
pub(super) fn version(view: &impl View, number: u64) -> Result<Version, Fault> {
    let record = view.get(Stream::Versions, number)?;
    let record = record.ok_or_else(|| Fault::damaged(Kind::Version, number, "it is missing"))?;
    codec::unpack_value(Kind::Version, number, &record)
}

/// Literals that have been read, so that neighbouring texts do not read them again.
#[derive(Default)]
pub(super) struct Literals(BTreeMap<u64, Vec<u8>>);

/// Bytes of decoded literals that are kept.
const REMEMBERED: usize = 48 * 1024 * 1024;

impl Literals {
    fn get(&mut self, view: &impl View, number: u64) -> Result<&[u8], Fault> {
        if !self.0.contains_key(&number) {
            let size: usize = self.0.values().map(Vec::len).sum();
            if size > REMEMBERED {
                self.0.clear();
            }
            let raw = literals::load(view, number)?;
            self.0.insert(number, raw);
        }
        Ok(self.0.get(&number).map_or(&[][..], Vec::as_slice))
    }

    /// Length of a literal that is remembered.
    fn len_of(&self, number: u64) -> Option<usize> {
        self.0.get(&number).map(Vec::len)
    }

    fn assemble(&mut self, view: &impl View, extents: &[Extent]) -> Result<BString, Fault> {
        let length: u64 = extents
            .iter()
            .fold(0, |sum: u64, extent| sum.saturating_add(extent.len));
        if length > MAX_RAW {
            let cause = format!("a text made of it has {length} bytes");
            return Err(Fault::damaged_object("a list of pieces", cause));
        }
        let mut text = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        for extent in extents {
            let literal = self.get(view, extent.literal)?;
            let piece = usize::try_from(extent.offset).ok().and_then(|from| {
                let to = from.checked_add(usize::try_from(extent.len).ok()?)?;
                literal.get(from..to)
            });
            text.extend_from_slice(piece.ok_or_else(|| {
                Fault::damaged(Kind::Literal, extent.literal, "it is too short for a text")
            })?);
        }
        Ok(text.into())
    }
}

/// A text, checked against its digest.
pub(super) fn load(
    view: &impl View,
    literals: &mut Literals,
    digest: Digest,
) -> Result<Contents, Fault> {
    let Some(number) = number(view, digest)? else {
        let object = format!("text {digest:.16}");
        return Err(Fault::damaged_object(object, "it is missing"));
    };
    let version = version(view, number)?;
    let contents = Contents {
        main: literals.assemble(view, &version.main)?,
        alternate: match &version.alternate {
            Some(extents) => Some(literals.assemble(view, extents)?),
            None => None,
        },
    };
    if version.digest == digest && contents.digest() == digest {
        Ok(contents)
    } else {
        Err(Fault::damaged(Kind::Version, number, "it is another text"))
    }
}

/// Stores a text; `base` is the text that the same pane had before. Gives back the bytes it takes.
pub(super) fn store(
    change: &impl Change,
    counters: &mut Counters,
    cache: &mut Literals,
    contents: &Contents,
    base: Option<Digest>,
) -> Result<u64, Fault> {
    if contents.len() as u64 > MAX_RAW {
        return Err(StoreError::TooLarge {
            operation: "record",
            object: "the text of a pane".to_owned(),
            limit: MAX_RAW,
        }
        .into());
    }
    let digest = contents.digest();
    // A base that cannot be read is no reason to lose the new text.
    let base = base.and_then(|base| {
        let number = number(change, base).ok()??;
        let old = load(change, cache, base).ok()?;
        Some((version(change, number).ok()?, old))
    });
    let mut fresh = Vec::new();
    let plan = base
        .as_ref()
        .filter(|_| contents.len() > SMALL)
        .map(|(version, old)| Plan::against(version, old, contents, &mut fresh))
        .map(|plan| plan.with_few_extents(contents, &mut fresh))
        .filter(|plan| plan.is_worth_it(&fresh, contents, |literal| cache.len_of(literal)));
    let plan = plan.unwrap_or_else(|| {
        fresh.clear();
        Plan::whole(contents, &mut fresh)
    });
    let mut bytes = 0;
    let mut literal = 0;
    if !fresh.is_empty() {
        (literal, bytes) = literals::store(change, counters, &fresh)?;
    }
    let version = plan.version(digest, literal);
    let number = counters.version;
    counters.version += 1;
    let record = codec::pack_value(Kind::Version, number, &version)?;
    change.put(Stream::Versions, number, &record)?;
    change.set_point(Index::Digests, &key(digest), number)?;
    Ok(bytes + record.len() as u64 + INDEX_BYTES)
}

/// Bytes of an entry in the index of digests.
const INDEX_BYTES: u64 = 16 + 8 + 8;
