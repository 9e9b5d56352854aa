//! The parity file `muxtape.parity`: with it, pages of the store's file that rot on the disk are found and
//! put right.
//!
//! The store's file is seen as pages of 4 KiB, 64 of which make a stripe ([`layout`]). A stripe has a checksum for
//! each of its pages and three parity pages ([`block`], [`field`]): so damage is located exactly, up to
//! three lost pages of a stripe are rebuilt, and a rebuilt page is believed only when its checksum
//! agrees. Space: 5.1 %, and more in a store below some megabytes, whose stripes are not full.
//!
//! Every writing lease brings the parity file up to date by what it changed ([`watch`]); reading never
//! looks at it. It can be behind or missing at any time, and never does harm: what is doubtful is
//! treated as unknown ([`sidecar`]) and built anew from the store's file, a few stripes with every lease and
//! the rest by [`keep`]. Removing it loses nothing but healing.
//!
//! Healing writes a copy ([`heal::heal_into`]); whether its records are what was written is for the caller to check.

mod block;
mod field;
mod header;
pub(super) mod heal;
mod layout;
mod sidecar;
#[cfg(test)]
mod tests;
mod watch;

use std::io;
use std::path::Path;

use redb::StorageBackend;

use super::disk::Hold;
use super::error::StoreError;
use super::lease::Place;
use super::{schema, space};
use field::{PAGE, Page};
use sidecar::Sidecar;

pub(super) use watch::Watch;

/// The parity file's name in the data directory.
pub(super) const FILE: &str = "muxtape.parity";
/// Stripes that [`keep`] builds while it keeps others out: 64 MB of the store, some 50 ms.
const STRIPES_A_HOLD: usize = 256;

/// Builds what is missing in the parity file, in pieces between which others come in. Does nothing where the
/// store was never written to.
pub(super) fn keep(place: &Place<'_>) -> Result<(), StoreError> {
    const OPERATION: &str = "keep the parity file";
    let path = place.dir.join(FILE);
    let Some(store) = schema::marked(place.dir) else {
        return Ok(());
    };
    // The room that is left is for records.
    while !space::is_short(place.dir) {
        let hold = place.hold(OPERATION)?;
        let built = match keep_some(&hold, &path, store) {
            Ok(built) => built,
            Err(error) => {
                forget(place.dir);
                return Err(StoreError::io(OPERATION, &path, error));
            }
        };
        if built < STRIPES_A_HOLD {
            break;
        }
    }
    Ok(())
}

fn keep_some(hold: &Hold, path: &Path, store: [u8; 16]) -> io::Result<usize> {
    let disk = hold.disk();
    let len = disk.len()?;
    let mut sidecar = Sidecar::open(path, store, true)?;
    let met = watch::meet(&mut sidecar, disk, len)?;
    let built = watch::refill(disk, &mut sidecar, len, STRIPES_A_HOLD)?;
    if built > 0 || !met {
        sidecar.save(len, stamp(disk, len)?)?;
    }
    Ok(built)
}

/// Removes the parity file: the store's file is about to become another one. It is built anew.
pub(super) fn forget(dir: &Path) {
    let _ = crate::files::remove(&dir.join(FILE));
}

/// What tells one state of the store's file from the next: its first page, which every commit changes.
fn stamp(disk: &dyn StorageBackend, len: u64) -> io::Result<u64> {
    read_page(disk, len, 0).map(|page| block::sum(&page))
}

/// A page of a file of this length; zeros beyond its end.
fn read_page(disk: &dyn StorageBackend, len: u64, number: u64) -> io::Result<Box<Page>> {
    let mut page = Box::new([0; PAGE]);
    let start = number.saturating_mul(PAGE as u64);
    let there = usize::try_from(len.saturating_sub(start)).unwrap_or(PAGE);
    if let Some(into) = page
        .get_mut(..there.min(PAGE))
        .filter(|into| !into.is_empty())
    {
        disk.read(start, into)?;
    }
    Ok(page)
}

/// The pages of a stripe.
fn read_stripe(disk: &dyn StorageBackend, len: u64, stripe: u64) -> io::Result<Vec<Box<Page>>> {
    let slots = 0..layout::SLOTS;
    slots
        .map(|slot| read_page(disk, len, layout::page(stripe, slot)))
        .collect()
}
