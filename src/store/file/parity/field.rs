//! Arithmetic of the parities: the field GF(2⁸) with the polynomial 0x11d, as RAID-6 uses it (H. P.
//! Anvin, "The mathematics of RAID-6").
//!
//! Row `r` of slot `i` has the factor 2^(r·i), as RAID-Z3 of ZFS has it (`vdev_raidz.c`): up to
//! three pages of a stripe, data or parity, can be lost. The code is linear, so a parity follows a
//! change by what changed, without reading the rest of the stripe.

/// Bytes of a page: those of the database's.
pub(super) const PAGE: usize = 4096;
/// Parity pages of a stripe, so how many of its pages may be lost.
pub(super) const ROWS: usize = 3;

/// The contents of a page.
pub(super) type Page = [u8; PAGE];

/// The factor of a slot's page in a row of parity.
pub(super) fn factor(row: usize, slot: usize) -> u8 {
    (0..row * slot).fold(1, |power, _| double(power))
}

/// Adds `by` times `from` to `to`.
pub(super) fn add(to: &mut Page, from: &Page, by: u8) {
    if by == 1 {
        to.iter_mut().zip(from).for_each(|(to, from)| *to ^= from);
        return;
    }
    let products = products(by);
    for (to, from) in to.iter_mut().zip(from) {
        *to ^= products[usize::from(*from)];
    }
}

/// Solves a system of as many equations as there are unknown pages: `rows` and `slots` say which
/// factors, `sums` what they come to, and becomes the pages. `false` where there is no single
/// answer.
pub(super) fn solve(rows: &[usize], slots: &[usize], sums: &mut [Box<Page>]) -> bool {
    let mut matrix: Vec<Vec<u8>> = rows
        .iter()
        .map(|&row| slots.iter().map(|&slot| factor(row, slot)).collect())
        .collect();
    let size = slots.len();
    if rows.len() != size || sums.len() != size {
        return false;
    }
    for column in 0..size {
        let Some(pivot) = (column..size).find(|&row| matrix[row][column] != 0) else {
            return false;
        };
        matrix.swap(column, pivot);
        sums.swap(column, pivot);
        let by = inverse(matrix[column][column]);
        let table = products(by);
        let scale = |byte: &mut u8| *byte = table[usize::from(*byte)];
        matrix[column].iter_mut().for_each(scale);
        sums[column].iter_mut().for_each(scale);
        let (line, sum) = (matrix[column].clone(), sums[column].clone());
        for row in (0..size).filter(|&row| row != column) {
            let by = matrix[row][column];
            for (to, from) in matrix[row].iter_mut().zip(&line) {
                *to ^= product(*from, by);
            }
            if by != 0 {
                add(&mut sums[row], &sum, by);
            }
        }
    }
    true
}

const fn double(of: u8) -> u8 {
    (of << 1) ^ if of & 0x80 == 0 { 0 } else { 0x1d }
}

fn product(mut a: u8, mut b: u8) -> u8 {
    let mut product = 0;
    while b != 0 {
        if b & 1 == 1 {
            product ^= a;
        }
        a = double(a);
        b >>= 1;
    }
    product
}

/// The inverse of what is not zero: its 254th power.
fn inverse(of: u8) -> u8 {
    (0..254).fold(1, |power, _| product(power, of))
}

/// The products of every byte with `by`.
fn products(by: u8) -> [u8; 256] {
    let mut table = [0; 256];
    let mut doubled = by;
    let mut bit = 1;
    while bit < 256 {
        for low in 0..bit {
            table[bit | low] = table[low] ^ doubled;
        }
        doubled = double(doubled);
        bit <<= 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_a_field() {
        for a in 0..=255 {
            let table = products(a);
            for b in 0..=255 {
                assert_eq!(product(a, b), product(b, a));
                assert_eq!(table[usize::from(b)], product(a, b));
            }
            if a != 0 {
                assert_eq!(product(a, inverse(a)), 1);
            }
        }
    }

    #[test]
    fn the_generator_makes_every_factor_of_a_row_a_different_one() {
        for row in 1..ROWS {
            let mut factors: Vec<u8> = (0..64).map(|slot| factor(row, slot)).collect();
            factors.sort_unstable();
            factors.dedup();
            assert_eq!(factors.len(), 64);
        }
    }

    proptest! {
        #[test]
        fn any_three_pages_are_found_again(
            slots in proptest::sample::subsequence((0..64).collect::<Vec<usize>>(), 1..=3),
            seed: u8,
        ) {
            let pages: Vec<Box<Page>> = slots
                .iter()
                .map(|&slot| {
                    let byte = |at: usize| (at * 7 + slot * 31) as u8 ^ seed;
                    Box::new(std::array::from_fn(byte))
                })
                .collect();
            // Every choice of rows that is large enough.
            for rows in [&[0][..], &[1], &[2], &[0, 1], &[0, 2], &[1, 2], &[0, 1, 2]] {
                if rows.len() != slots.len() {
                    continue;
                }
                let mut sums: Vec<Box<Page>> = rows.iter().map(|_| Box::new([0; PAGE])).collect();
                for (sum, &row) in sums.iter_mut().zip(rows) {
                    for (page, &slot) in pages.iter().zip(&slots) {
                        add(sum, page, factor(row, slot));
                    }
                }
                prop_assert!(solve(rows, &slots, &mut sums));
                prop_assert_eq!(&sums, &pages);
            }
        }
    }
}
