//! Of which pieces a text is made: those of the text before it, and what is new.

use std::collections::BTreeMap;

use bstr::BString;

use super::rope::{self, Piece};
use super::texts::{Extent, Version};
use crate::model::contents::Contents;
use crate::model::digest::Digest;

/// A text is never made of more pieces than this.
const MAX_EXTENTS: usize = 64;
/// Pieces below this length are merged first, whatever the length of the text.
const SMALL_EXTENT: u64 = 4096;
/// Stands for the literal that is about to be written.
const FRESH: u64 = u64::MAX;

/// Of which pieces a text is going to be made.
pub(super) struct Plan {
    main: Vec<Extent>,
    alternate: Option<Vec<Extent>>,
}

impl Plan {
    /// A text that shares nothing: all of it goes to `fresh`.
    pub(super) fn whole(contents: &Contents, fresh: &mut Vec<u8>) -> Self {
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

    /// A text that shares with the one before it; what is new goes to `fresh`.
    pub(super) fn against(
        version: &Version,
        old: &Contents,
        new: &Contents,
        fresh: &mut Vec<u8>,
    ) -> Self {
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

    /// The same with its small pieces merged into `fresh`, where there are too many. Large ones stay, so
    /// that a text that grows line by line is not written anew as a whole every so often.
    pub(super) fn with_few_extents(self, contents: &Contents, fresh: &mut Vec<u8>) -> Self {
        if self.extents().count() <= MAX_EXTENTS {
            return self;
        }
        let small = (contents.len() as u64 * 2 / MAX_EXTENTS as u64).max(SMALL_EXTENT);
        fresh.clear();
        let mut part = |extents: &[Extent], text: &BString| {
            let mut made = Vec::new();
            let mut rest: &[u8] = text;
            for extent in extents {
                let len = usize::try_from(extent.len).unwrap_or(usize::MAX);
                let (bytes, after) = rest.split_at_checked(len).unwrap_or((rest, &[]));
                rest = after;
                if extent.literal == FRESH || extent.len < small {
                    push_fresh(&mut made, fresh, bytes);
                } else {
                    push(&mut made, *extent);
                }
            }
            made
        };
        let main = part(&self.main, &contents.main);
        let alternate = match (&self.alternate, &contents.alternate) {
            (Some(extents), Some(text)) => Some(part(extents, text)),
            _ => None,
        };
        Self { main, alternate }
    }

    /// Whether sharing saves something, keeps the list short, and does not keep large literals for
    /// small parts of them.
    pub(super) fn is_worth_it(
        &self,
        fresh: &[u8],
        contents: &Contents,
        len_of: impl Fn(u64) -> Option<usize>,
    ) -> bool {
        let mut used: BTreeMap<u64, u64> = BTreeMap::new();
        for extent in self.extents().filter(|extent| extent.literal != FRESH) {
            *used.entry(extent.literal).or_default() += extent.len;
        }
        let live: u64 = used.values().sum();
        let held: usize = used.keys().filter_map(|literal| len_of(*literal)).sum();
        self.extents().count() <= MAX_EXTENTS
            && fresh.len() * 4 < contents.len() * 3
            && live * 4 >= held as u64
    }

    /// The version to be stored, `literal` being the number under which `fresh` was stored.
    pub(super) fn version(self, digest: Digest, literal: u64) -> Version {
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
