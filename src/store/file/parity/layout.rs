//! Which page belongs to which stripe, and where a stripe's block lies in the parity file.
//!
//! Disks lose neighbours together, so a stripe is made of pages far apart: a group of pages is
//! dealt out to its stripes like cards. Groups grow with the file (1 MiB twice, then doubling up to
//! 16 MiB), so that a small store has few, full stripes, and a large one survives the loss of 192
//! pages in a row (768 KiB). The place of a page never changes while the file grows or shrinks.

use std::ops::Range;

use super::field::{PAGE, ROWS};

/// Pages of a stripe. 64 with three parities: 5.1 % with everything.
pub(super) const SLOTS: usize = 64;
/// Pages of the smallest and of the largest group.
const SMALLEST: u64 = 256;
pub(super) const LARGEST: u64 = 4096;

/// Bytes of a block before its parity pages: checksums, and what belongs to them.
pub(super) const INDEX: usize = 1024;
/// Bytes of a stripe's block.
pub(super) const BLOCK: usize = INDEX + ROWS * PAGE;
/// Pages of a head: the header, then the map.
const HEAD: u64 = 1 + MAP_PAGES as u64;
/// The head is there twice: one of the copies may rot, or be torn by a power loss.
pub(super) const COPIES: u64 = 2;
/// Pages of the map: enough for 64 GiB, beyond which nothing is kept.
pub(super) const MAP_PAGES: usize = 16;
/// Stripes that one page of the map tells of: two bits each, without its checksum.
pub(super) const MAPPED: u64 = (PAGE as u64 - 8) * 4;

/// The most stripes that are kept.
pub(super) const MOST: u64 = MAPPED * MAP_PAGES as u64;

/// Where a page is: its stripe, and its slot there.
pub(super) fn place(page: u64) -> (u64, usize) {
    let (start, stride) = group(page);
    let within = page - start;
    let slot = usize::try_from(within / stride).unwrap_or(0);
    (start / SLOTS as u64 + within % stride, slot)
}

/// The page in a slot of a stripe.
pub(super) fn page(stripe: u64, slot: usize) -> u64 {
    let (start, stride) = group(stripe * SLOTS as u64);
    start + slot as u64 * stride + (stripe - start / SLOTS as u64)
}

/// The first page of the group that a page is in, and how far apart the pages of its stripes are.
fn group(page: u64) -> (u64, u64) {
    let below = page.checked_ilog2().map_or(0, |bit| 1 << bit);
    let size = u64::clamp(below, SMALLEST, LARGEST);
    (page & !(size - 1), size / SLOTS as u64)
}

/// Stripes that a file of this length has.
pub(super) fn stripes(len: u64) -> u64 {
    match pages(len).checked_sub(1) {
        None => 0,
        Some(last) => {
            let (start, stride) = group(last);
            let used = (last - start + 1).min(stride);
            (start / SLOTS as u64 + used).min(MOST)
        }
    }
}

/// Pages of a file of this length.
pub(super) fn pages(len: u64) -> u64 {
    len.div_ceil(PAGE as u64)
}

/// The pages that a part of the file touches.
pub(super) fn touched(offset: u64, len: u64) -> Range<u64> {
    offset / PAGE as u64..pages(offset.saturating_add(len))
}

/// Where the block of a stripe begins; that of the one after the last is the parity file's length.
pub(super) fn block(stripe: u64) -> u64 {
    COPIES * HEAD * PAGE as u64 + stripe * BLOCK as u64
}

/// Where a page of a copy of the head begins: 0 is the header, then comes the map.
pub(super) fn head(copy: u64, page: usize) -> u64 {
    (copy * HEAD + page as u64) * PAGE as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_one_place() {
        let mut seen = std::collections::BTreeSet::new();
        for number in 0..40_000 {
            let (stripe, slot) = place(number);
            assert!(slot < SLOTS);
            assert_eq!(page(stripe, slot), number);
            assert!(seen.insert((stripe, slot)));
        }
    }

    #[test]
    fn a_stripe_counts_from_its_first_page_on() {
        let mut most = 0;
        for count in 0..20_000 {
            if let Some(last) = u64::checked_sub(count, 1) {
                most = most.max(place(last).0 + 1);
            }
            assert_eq!(stripes(count * PAGE as u64), most, "{count} pages");
        }
    }

    #[test]
    fn neighbours_are_in_different_stripes() {
        for start in 4096..9000 {
            let mut hit = std::collections::BTreeMap::new();
            for number in start..start + 192 {
                *hit.entry(place(number).0).or_insert(0) += 1;
            }
            assert!(hit.values().all(|&pages| pages <= ROWS), "from {start}");
        }
    }
}
