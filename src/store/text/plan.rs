//! Of which pieces a text is made: those of the text before it, and what is new.

use std::collections::BTreeMap;

use bstr::BString;

use crate::model::contents::Contents;
use crate::store::text::dictionary::Account;
use crate::store::text::rope::Piece;
use crate::store::text::texts::{Extent, Version};

/// A text is never made of more pieces than this, and as many more as it has large ones.
const MOST_EXTENTS: usize = 64;
/// Pieces below this length are merged where there are too many; so no byte is written more than
/// twice.
const SMALL_EXTENT: u64 = 24 * 1024;

fn most_extents(contents: &Contents) -> usize {
    MOST_EXTENTS + 2 * contents.len() / SMALL_EXTENT as usize
}
/// Stands for the literal that is about to be written.
const FRESH: u64 = u64::MAX;

/// Of which pieces a text is going to be made.
pub(in crate::store) struct Plan {
    main: Vec<Extent>,
    alternate: Option<Vec<Extent>>,
}

impl Plan {
    /// A text that shares nothing: all of it goes to `fresh`.
    pub(in crate::store) fn whole(contents: &Contents, fresh: &mut Vec<u8>) -> Self {
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

    /// A text that shares with the one before it, by the pieces of its main part and of its
    /// alternate screen; what is new goes to `fresh`.
    pub(in crate::store) fn against(
        version: &Version,
        (main, screen): (&[Piece], Option<&[Piece]>),
        new: &Contents,
        fresh: &mut Vec<u8>,
    ) -> Self {
        let mut part = |extents: &[Extent], pieces: &[Piece], new: &BString| {
            let mut made = Vec::new();
            for piece in pieces {
                match *piece {
                    Piece::Old { at, len } => slice(extents, at as u64, len as u64, &mut made),
                    Piece::New { at, len } => {
                        let bytes = new.get(at..at + len).unwrap_or(&[]);
                        push_fresh(&mut made, fresh, bytes);
                    }
                }
            }
            made
        };
        let main = part(&version.main, main, &new.main);
        let alternate = match (&new.alternate, screen) {
            (Some(new), Some(pieces)) => {
                let extents = version.alternate.as_deref().unwrap_or(&[]);
                Some(part(extents, pieces, new))
            }
            _ => None,
        };
        Self { main, alternate }
    }

    fn extents(&self) -> impl Iterator<Item = &Extent> {
        self.main.iter().chain(self.alternate.iter().flatten())
    }

    /// How many pieces there are.
    pub(in crate::store) fn count(&self) -> usize {
        self.extents().count()
    }

    /// The same with its small pieces merged into `fresh`, where there are too many. Large ones
    /// stay, so that a text that grows line by line is not written anew as a whole every so often.
    pub(in crate::store) fn with_few_extents(
        self,
        contents: &Contents,
        fresh: &mut Vec<u8>,
    ) -> Self {
        let large = self.extents().filter(|extent| extent.len >= SMALL_EXTENT);
        if self.count() <= MOST_EXTENTS + large.count() {
            return self;
        }
        fresh.clear();
        let mut part = |extents: &[Extent], text: &BString| {
            let mut made = Vec::new();
            let mut rest: &[u8] = text;
            for extent in extents {
                let len = usize::try_from(extent.len).unwrap_or(usize::MAX);
                let (bytes, after) = rest.split_at_checked(len).unwrap_or((rest, &[]));
                rest = after;
                if extent.literal == FRESH || extent.len < SMALL_EXTENT {
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
    pub(in crate::store) fn is_worth_it(
        &self,
        fresh: &[u8],
        contents: &Contents,
        len_of: impl FnMut(u64) -> Option<u64>,
    ) -> bool {
        let mut used: BTreeMap<u64, u64> = BTreeMap::new();
        for extent in self.extents().filter(|extent| extent.literal != FRESH) {
            *used.entry(extent.literal).or_default() += extent.len;
        }
        let live: u64 = used.values().sum();
        let held: u64 = used.keys().copied().filter_map(len_of).sum();
        self.extents().count() <= most_extents(contents)
            && fresh.len() * 4 < contents.len() * 3
            && live * 4 >= held
    }

    /// The version to be stored, `literals` being those that hold what is new, with their lengths.
    pub(in crate::store) fn version(self, dictionary: Account, literals: &[(u64, u64)]) -> Version {
        let whole = literals.iter().map(|(literal, len)| Extent {
            literal: *literal,
            offset: 0,
            len: *len,
        });
        let whole: Vec<Extent> = whole.collect();
        let placed = |extents: Vec<Extent>| {
            let mut made = Vec::with_capacity(extents.len());
            for extent in extents {
                if extent.literal == FRESH {
                    slice(&whole, extent.offset, extent.len, &mut made);
                } else {
                    push(&mut made, extent);
                }
            }
            made
        };
        Version {
            dictionary,
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
