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
use super::rope::{self, Piece};
use super::tables::{Change, Index, Stream, View};
use crate::model::contents::Contents;
use crate::model::digest::Digest;

/// A text of more pieces than this is written anew.
const MAX_EXTENTS: usize = 64;
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
        .filter(|plan| plan.is_worth_it(&fresh, contents, cache));
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

/// Stands for the literal that is about to be written.
const FRESH: u64 = u64::MAX;

struct Plan {
    main: Vec<Extent>,
    alternate: Option<Vec<Extent>>,
}

impl Plan {
    fn whole(contents: &Contents, fresh: &mut Vec<u8>) -> Self {
        let mut part = |text: &BString| {
            let mut extents = Vec::new();
            push_fresh(&mut extents, fresh, text);
            extents
        };
        Self {
            main: part(&contents.main),
            alternate: contents.alternate.as_ref().map(part),
        }
    }

    fn against(version: &Version, old: &Contents, new: &Contents, fresh: &mut Vec<u8>) -> Self {
        let empty = BString::default();
        let mut part = |extents: &[Extent], old: &BString, new: &BString| {
            let mut made = Vec::new();
            for piece in rope::pieces(old, new) {
                match piece {
                    Piece::Old { at, len } => slice(extents, at as u64, len as u64, &mut made),
                    Piece::New { at, len } => {
                        let bytes = new.get(at..at + len).unwrap_or(&[]);
                        push_fresh(&mut made, fresh, bytes);
                    }
                }
            }
            made
        };
        let main = part(&version.main, &old.main, &new.main);
        let alternate = new.alternate.as_ref().map(|new| {
            let extents = version.alternate.as_deref().unwrap_or(&[]);
            part(extents, old.alternate.as_ref().unwrap_or(&empty), new)
        });
        Self { main, alternate }
    }

    fn extents(&self) -> impl Iterator<Item = &Extent> {
        self.main.iter().chain(self.alternate.iter().flatten())
    }

    /// Whether sharing saves something, keeps the list short, and does not keep large literals for
    /// small parts of them.
    fn is_worth_it(&self, fresh: &[u8], contents: &Contents, cache: &Literals) -> bool {
        let mut used: BTreeMap<u64, u64> = BTreeMap::new();
        for extent in self.extents().filter(|extent| extent.literal != FRESH) {
            *used.entry(extent.literal).or_default() += extent.len;
        }
        let live: u64 = used.values().sum();
        let held: usize = used
            .keys()
            .filter_map(|literal| cache.0.get(literal))
            .map(Vec::len)
            .sum();
        self.extents().count() <= MAX_EXTENTS
            && fresh.len() * 4 < contents.len() * 3
            && live * 4 >= held as u64
    }

    fn version(self, digest: Digest, literal: u64) -> Version {
        let placed = |mut extents: Vec<Extent>| {
            for extent in extents.iter_mut().filter(|extent| extent.literal == FRESH) {
                extent.literal = literal;
            }
            extents
        };
        Version {
            digest,
            main: placed(self.main),
            alternate: self.alternate.map(placed),
        }
    }
}

fn push_fresh(extents: &mut Vec<Extent>, fresh: &mut Vec<u8>, bytes: &[u8]) {
    if !bytes.is_empty() {
        let offset = fresh.len() as u64;
        fresh.extend_from_slice(bytes);
        push(
            extents,
            Extent {
                literal: FRESH,
                offset,
                len: bytes.len() as u64,
            },
        );
    }
}

fn push(extents: &mut Vec<Extent>, extent: Extent) {
    match extents.last_mut() {
        Some(last) if last.literal == extent.literal && last.offset + last.len == extent.offset => {
            last.len += extent.len;
        }
        _ => extents.push(extent),
    }
}

/// Adds the extents that make up `len` bytes at `at` of the text that `extents` make up.
fn slice(extents: &[Extent], at: u64, len: u64, into: &mut Vec<Extent>) {
    let (mut skip, mut left) = (at, len);
    for extent in extents {
        if left == 0 {
            break;
        }
        if skip >= extent.len {
            skip -= extent.len;
            continue;
        }
        let take = left.min(extent.len - skip);
        push(
            into,
            Extent {
                literal: extent.literal,
                offset: extent.offset + skip,
                len: take,
            },
        );
        skip = 0;
        left -= take;
    }
}
