//! The beginning of the parity file: what it belongs to, which stripes are open, and which are
//! covered.
//!
//! ```text
//! header (page 0, and again page 17)
//! 0     "mtparity"
//! 8     version of this form: 1
//! 12    open stripes, a count
//! 16    the store's id
//! 32    length of the store's file
//! 40    XXH3-64 of the first page of the store's file
//! 48    open stripes: number (4 bytes), seal of the block (8 bytes; 0: all zeros, no block)
//! 4088  XXH3-64 of all before, seeded with the store's id
//!
//! map (pages 1 to 16, and again 18 to 33)
//! 0     two bits a stripe: 0 unknown, 1 covered by its block, 2 all zeros and without a block
//! 4088  XXH3-64 of all before, seeded with the store's id and the page's number
//! ```
//! All numbers are little endian. What is missing, damaged or another store's reads as: nothing is
//! known.

use std::collections::{BTreeMap, BTreeSet};

use super::block::{number, put, seal};
use super::field::PAGE;
use super::layout::{MAP_PAGES, MAPPED};

const MAGIC: &[u8; 8] = b"mtparity";
const VERSION: u32 = 1;
const LIST: usize = 48;
const ENTRY: usize = 12;
const SEAL: usize = PAGE - 8;
/// Stripes that can be open at a time: 84 MB of the file.
pub(super) const OPEN_AT_MOST: usize = (SEAL - LIST) / ENTRY;

/// The seal of an open stripe that has no block because it is all zeros.
pub(super) const NO_BLOCK: u64 = 0;

/// What seals every part of a store's parity file.
pub(super) fn seed(store: [u8; 16]) -> u64 {
    number(&store, 0) ^ number(&store, 8).rotate_left(32)
}

/// The header.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Header {
    /// The store's id.
    pub(super) store: [u8; 16],
    /// Length of the store's file when this was written.
    pub(super) len: u64,
    /// Checksum of its first page, which every commit changes.
    pub(super) stamp: u64,
    /// Stripes whose pages may change, and the seals of their blocks.
    pub(super) open: BTreeMap<u64, u64>,
}

impl Header {
    /// Reads the header of a store's parity file.
    pub(super) fn decode(bytes: &[u8], store: [u8; 16]) -> Option<Self> {
        let sealed = seal(seed(store), bytes.get(..SEAL)?) == number(bytes, SEAL);
        let counted = bytes.get(8..16)?;
        if !sealed
            || bytes.get(..8)? != MAGIC
            || number(counted, 0) & 0xffff_ffff != u64::from(VERSION)
            || bytes.get(16..32)? != store
        {
            return None;
        }
        let count = usize::try_from(number(counted, 0) >> 32).ok()?;
        if count > OPEN_AT_MOST {
            return None;
        }
        let entry = |at: usize| {
            let at = LIST + at * ENTRY;
            (number(bytes, at) & 0xffff_ffff, number(bytes, at + 4))
        };
        Some(Self {
            store,
            len: number(bytes, 32),
            stamp: number(bytes, 40),
            open: (0..count).map(entry).collect(),
        })
    }

    /// The bytes of the header. What does not fit into the list is left out, so it is unknown.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0; PAGE];
        let count = self.open.len().min(OPEN_AT_MOST);
        put(&mut bytes, 0, MAGIC);
        put(&mut bytes, 8, &VERSION.to_le_bytes());
        put(
            &mut bytes,
            12,
            &u32::try_from(count).unwrap_or(0).to_le_bytes(),
        );
        put(&mut bytes, 16, &self.store);
        put(&mut bytes, 32, &self.len.to_le_bytes());
        put(&mut bytes, 40, &self.stamp.to_le_bytes());
        for (at, (stripe, seal)) in self.open.iter().take(count).enumerate() {
            let at = LIST + at * ENTRY;
            put(
                &mut bytes,
                at,
                &u32::try_from(*stripe).unwrap_or(u32::MAX).to_le_bytes(),
            );
            put(&mut bytes, at + 4, &seal.to_le_bytes());
        }
        let seal = bytes
            .get(..SEAL)
            .map_or(0, |part| seal(seed(self.store), part));
        put(&mut bytes, SEAL, &seal.to_le_bytes());
        bytes
    }
}

/// What the parity file has of a stripe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cover {
    /// Nothing that could be relied on.
    Unknown = 0,
    /// A block.
    Block = 1,
    /// All of its pages are zeros; there is no block.
    Zeros = 2,
}

/// What is had of every stripe that is not open.
#[derive(Debug)]
pub(super) struct Map {
    store: [u8; 16],
    pages: Vec<Vec<u8>>,
    changed: BTreeSet<usize>,
}

impl Map {
    /// One in which nothing is known.
    pub(super) fn new(store: [u8; 16]) -> Self {
        Self {
            store,
            pages: vec![Vec::new(); MAP_PAGES],
            changed: BTreeSet::new(),
        }
    }

    /// Reads a page of the map; says whether it is what was written.
    pub(super) fn decode(&mut self, at: usize, bytes: &[u8]) -> bool {
        let sealed = bytes.len() == PAGE && self.seal(at, bytes) == number(bytes, SEAL);
        if let Some(page) = self.pages.get_mut(at).filter(|_| sealed) {
            *page = bytes.to_vec();
        }
        sealed
    }

    fn seal(&self, at: usize, page: &[u8]) -> u64 {
        let seed = seed(self.store) ^ (at as u64 + 1);
        page.get(..SEAL).map_or(0, |part| seal(seed, part))
    }

    /// What is had of a stripe.
    pub(super) fn get(&self, stripe: u64) -> Cover {
        let (page, byte, shift) = at(stripe);
        let byte = self.pages.get(page).and_then(|page| page.get(byte));
        match byte.map_or(0, |byte| byte >> shift & 3) {
            1 => Cover::Block,
            2 => Cover::Zeros,
            _ => Cover::Unknown,
        }
    }

    /// Notes what is had of a stripe.
    pub(super) fn set(&mut self, stripe: u64, cover: Cover) {
        if self.get(stripe) == cover {
            return;
        }
        let (page, byte, shift) = at(stripe);
        if let Some(bytes) = self.pages.get_mut(page) {
            bytes.resize(PAGE, 0);
            if let Some(byte) = bytes.get_mut(byte) {
                *byte = *byte & !(3 << shift) | (cover as u8) << shift;
            }
            self.changed.insert(page);
        }
    }

    /// The first stripe from `from` on, and below `end`, of which nothing is had.
    pub(super) fn unknown(&self, from: u64, end: u64) -> Option<u64> {
        (from..end).find(|&stripe| self.get(stripe) == Cover::Unknown)
    }

    /// Takes the pages that have changed since the last time.
    pub(super) fn take_changed(&mut self) -> Vec<(usize, Vec<u8>)> {
        let changed = std::mem::take(&mut self.changed).into_iter();
        let pages = changed.filter_map(|at| {
            let mut page = self.pages.get(at)?.clone();
            let seal = self.seal(at, &page);
            put(&mut page, SEAL, &seal.to_le_bytes());
            Some((at, page))
        });
        pages.collect()
    }
}

/// Page of the map, byte there, and shift of a stripe's two bits.
fn at(stripe: u64) -> (usize, usize, u32) {
    let page = usize::try_from(stripe / MAPPED).unwrap_or(usize::MAX);
    let byte = usize::try_from(stripe % MAPPED / 4).unwrap_or(usize::MAX);
    (page, byte, (stripe % 4) as u32 * 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: [u8; 16] = *b"sixteen bytes ok";

    fn header() -> Header {
        let open = (0..OPEN_AT_MOST as u64).map(|at| (at * 3, at ^ 0x1234_5678_9abc_def0));
        Header {
            store: STORE,
            len: 1 << 40,
            stamp: 77,
            open: open.collect(),
        }
    }

    #[test]
    fn a_header_comes_back_as_it_was_written() {
        let bytes = header().encode();
        assert_eq!(bytes.len(), PAGE);
        assert_eq!(Header::decode(&bytes, STORE), Some(header()));
        assert_eq!(Header::decode(&bytes, [1; 16]), None, "of another store");
        assert_eq!(Header::decode(&bytes[..100], STORE), None);
    }

    #[test]
    fn a_flip_anywhere_in_a_header_is_seen() {
        let good = header().encode();
        for at in 0..PAGE {
            let mut bytes = good.clone();
            bytes[at] ^= 1;
            assert_eq!(Header::decode(&bytes, STORE), None, "at {at}");
        }
    }

    #[test]
    fn a_map_remembers_each_stripe_by_itself() {
        let mut map = Map::new(STORE);
        assert_eq!(map.unknown(0, 10), Some(0));
        let stripes = [0, 1, 5, MAPPED - 1, MAPPED, MAPPED * 3 + 2];
        for (at, &stripe) in stripes.iter().enumerate() {
            map.set(
                stripe,
                if at % 2 == 0 {
                    Cover::Block
                } else {
                    Cover::Zeros
                },
            );
        }
        let mut pages = map.take_changed();
        assert!(map.take_changed().is_empty());
        let mut read = Map::new(STORE);
        for (at, page) in &pages {
            assert!(read.decode(*at, page));
        }
        for stripe in stripes
            .iter()
            .flat_map(|&s| [s.saturating_sub(1), s, s + 1])
        {
            assert_eq!(read.get(stripe), map.get(stripe), "stripe {stripe}");
        }
        assert_eq!(read.get(0), Cover::Block);
        assert_eq!(read.get(1), Cover::Zeros);
        assert_eq!(read.unknown(0, 10), Some(2));
        let (at, page) = &mut pages[1];
        page[4] ^= 1;
        assert!(!Map::new(STORE).decode(*at, page), "it is damaged");
        page[4] ^= 1;
        assert!(!Map::new(STORE).decode(*at + 1, page), "it is another page");
        assert!(!Map::new([1; 16]).decode(*at, page), "of another store");
    }

    #[test]
    fn stripes_out_of_reach_stay_unknown() {
        let mut map = Map::new(STORE);
        map.set(u64::MAX, Cover::Block);
        assert_eq!(map.get(u64::MAX), Cover::Unknown);
    }
}
