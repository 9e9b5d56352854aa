//! A stripe's block in the parity file: the checksum of each of its pages, and its parity pages.
//!
//! ```text
//! 0     64 × XXH3-64 of the pages, slot by slot; a page beyond the file's end counts as zeros
//! 512    3 × XXH3-64 of the parity pages
//! 536   the stripe's number
//! 544   zeros
//! 1016  XXH3-64 of all before, seeded with the store's id
//! 1024  3 parity pages
//! ```
//! All numbers are little endian. XXH3 and not BLAKE3, because this guards against accidents alone,
//! and a commit pays for it: ten times less.

use std::sync::LazyLock;

use twox_hash::XxHash3_64;

use super::field::{self, PAGE, Page, ROWS};
use super::layout::{BLOCK, INDEX, SLOTS};

const ROW_SUMS: usize = SLOTS * 8;
const NUMBER: usize = ROW_SUMS + ROWS * 8;
const SEAL: usize = INDEX - 8;

static ZEROS: LazyLock<u64> = LazyLock::new(|| sum(&[0; PAGE]));

/// The checksum of a page.
pub(super) fn sum(page: &Page) -> u64 {
    XxHash3_64::oneshot(page)
}

/// The checksum of a part of the parity file itself.
pub(super) fn seal(seed: u64, part: &[u8]) -> u64 {
    XxHash3_64::oneshot_with_seed(seed, part)
}

/// Reads a number; zero where there is none.
pub(super) fn number(bytes: &[u8], at: usize) -> u64 {
    let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Writes bytes at a place where there is room for them.
pub(super) fn put(into: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(into) = into.get_mut(at..at + bytes.len()) {
        into.copy_from_slice(bytes);
    }
}

/// What is known about a stripe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    sums: [u64; SLOTS],
    /// Rows that are damaged themselves are missing.
    rows: [Option<Box<Page>>; ROWS],
}

impl Block {
    /// That of a stripe of zeros.
    pub(super) fn empty() -> Self {
        Self {
            sums: [*ZEROS; SLOTS],
            rows: std::array::from_fn(|_| Some(Box::new([0; PAGE]))),
        }
    }

    /// That of these pages.
    pub(super) fn of(pages: &[Box<Page>]) -> Self {
        let mut block = Self::empty();
        for (slot, page) in pages.iter().enumerate().take(SLOTS) {
            if **page != [0; PAGE] {
                block.add(slot, page);
                block.sums[slot] = sum(page);
            }
        }
        block
    }

    /// Reads a block. `None` where it is not one of this stripe of this store.
    pub(super) fn decode(bytes: &[u8], seed: u64, stripe: u64) -> Option<Self> {
        let index = bytes.get(..INDEX)?;
        let sealed = number(index, SEAL) == seal(seed, index.get(..SEAL)?);
        if !sealed || number(index, NUMBER) != stripe {
            return None;
        }
        let row = |row: usize| {
            let page = bytes.get(INDEX + row * PAGE..)?.first_chunk::<PAGE>()?;
            (sum(page) == number(index, ROW_SUMS + row * 8)).then(|| Box::new(*page))
        };
        Some(Self {
            sums: std::array::from_fn(|slot| number(index, slot * 8)),
            rows: std::array::from_fn(row),
        })
    }

    /// The bytes of a whole block.
    pub(super) fn encode(&self, seed: u64, stripe: u64) -> Vec<u8> {
        let mut bytes = vec![0; BLOCK];
        for (slot, sum) in self.sums.iter().enumerate() {
            put(&mut bytes, slot * 8, &sum.to_le_bytes());
        }
        for (at, row) in self.rows.iter().enumerate() {
            if let Some(row) = row {
                put(&mut bytes, INDEX + at * PAGE, &row[..]);
                put(&mut bytes, ROW_SUMS + at * 8, &sum(row).to_le_bytes());
            }
        }
        put(&mut bytes, NUMBER, &stripe.to_le_bytes());
        let seal = bytes.get(..SEAL).map_or(0, |index| seal(seed, index));
        put(&mut bytes, SEAL, &seal.to_le_bytes());
        bytes
    }

    /// The checksum that a block carries of itself.
    pub(super) fn seal_of(bytes: &[u8]) -> u64 {
        number(bytes, SEAL)
    }

    /// Whether all of its parity pages are what was written.
    pub(super) fn is_whole(&self) -> bool {
        self.rows.iter().all(Option::is_some)
    }

    /// Whether a page is what was noted.
    pub(super) fn is_good(&self, slot: usize, page: &Page) -> bool {
        let noted = self.sums.get(slot).copied();
        noted == Some(*ZEROS) && *page == [0; PAGE] || noted == Some(sum(page))
    }

    /// Follows the change of a page. `old` must be good.
    pub(super) fn change(&mut self, slot: usize, old: &Page, new: &Page) {
        let mut delta = *new;
        field::add(&mut delta, old, 1);
        if delta != [0; PAGE] && slot < SLOTS {
            self.add(slot, &delta);
            self.sums[slot] = sum(new);
        }
    }

    /// The slots whose pages are not what was noted.
    pub(super) fn bad(&self, pages: &[Box<Page>]) -> Vec<usize> {
        let slots = pages.iter().enumerate();
        let bad = slots.filter(|(slot, page)| !self.is_good(*slot, page));
        bad.map(|(slot, _)| slot).collect()
    }

    /// Puts the pages of these slots right. `false`, and nothing changed, where there are too many,
    /// or where what comes out is not what was noted.
    pub(super) fn heal(&self, pages: &mut [Box<Page>], bad: &[usize]) -> bool {
        let rows: Vec<usize> = (0..ROWS)
            .filter(|&row| self.rows[row].is_some())
            .take(bad.len())
            .collect();
        let mut sums: Vec<Box<Page>> = rows
            .iter()
            .filter_map(|&row| self.rows[row].clone())
            .collect();
        for (sum, &row) in sums.iter_mut().zip(&rows) {
            for (slot, page) in pages.iter().enumerate() {
                if !bad.contains(&slot) && **page != [0; PAGE] {
                    field::add(sum, page, field::factor(row, slot));
                }
            }
        }
        let found = field::solve(&rows, bad, &mut sums)
            && bad
                .iter()
                .zip(&sums)
                .all(|(&slot, page)| self.is_good(slot, page));
        if found {
            for (&slot, page) in bad.iter().zip(sums) {
                if let Some(into) = pages.get_mut(slot) {
                    *into = page;
                }
            }
        }
        found
    }

    fn add(&mut self, slot: usize, delta: &Page) {
        for (at, row) in self.rows.iter_mut().enumerate() {
            if let Some(row) = row {
                field::add(row, delta, field::factor(at, slot));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SEED: u64 = 0x5eed;

    fn pages(salt: u8) -> Vec<Box<Page>> {
        let page = |slot: usize| {
            // Some are zeros, as in a file that has just grown.
            let byte = |at: usize| (at * 13 + slot * slot) as u8 ^ salt;
            Box::new(if slot.is_multiple_of(5) {
                [0; PAGE]
            } else {
                std::array::from_fn(byte)
            })
        };
        (0..SLOTS).map(page).collect()
    }

    #[test]
    fn a_block_comes_back_as_it_was_written() {
        let block = Block::of(&pages(3));
        let bytes = block.encode(SEED, 7);
        assert_eq!(Block::decode(&bytes, SEED, 7), Some(block));
        assert_eq!(Block::decode(&bytes, SEED, 8), None, "of another stripe");
        assert_eq!(Block::decode(&bytes, SEED + 1, 7), None, "of another store");
        assert_eq!(Block::decode(&bytes[..INDEX - 1], SEED, 7), None);
    }

    #[test]
    fn a_flip_anywhere_in_a_block_is_seen() {
        let block = Block::of(&pages(3));
        let good = block.encode(SEED, 7);
        for at in (0..BLOCK).step_by(97) {
            let mut bytes = good.clone();
            bytes[at] ^= 0x10;
            let read = Block::decode(&bytes, SEED, 7);
            assert!(read.is_none_or(|read| !read.is_whole()), "at {at}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn changes_lead_to_what_building_anew_gives(
            changes in proptest::collection::vec((0..SLOTS, any::<u8>()), 1..12),
        ) {
            let mut now = pages(1);
            let mut block = Block::of(&now);
            for (slot, byte) in changes {
                let mut new = now[slot].clone();
                new[usize::from(byte)..].fill(byte);
                block.change(slot, &now[slot], &new);
                now[slot] = new;
            }
            prop_assert_eq!(block, Block::of(&now));
        }

        #[test]
        fn as_many_pages_heal_as_there_are_parities(
            lost in proptest::sample::subsequence((0..SLOTS).collect::<Vec<_>>(), 1..=4),
            rows in proptest::sample::subsequence((0..ROWS).collect::<Vec<_>>(), 0..=2),
        ) {
            let good = pages(9);
            let mut block = Block::of(&good);
            for &row in &rows {
                block.rows[row] = None;
            }
            let mut damaged = good.clone();
            for &slot in &lost {
                damaged[slot].fill(0xa5);
            }
            let bad = block.bad(&damaged);
            prop_assert_eq!(&bad, &lost);
            let healed = block.heal(&mut damaged, &bad);
            prop_assert_eq!(healed, lost.len() + rows.len() <= ROWS);
            prop_assert_eq!(healed, damaged == good);
        }
    }
}
