//! The parity file `muxtape.parity`: with it, pages of the store's file that rot on the disk are
//! found and put right.
//!
//! The store's file is seen as pages of 4 KiB, 64 of which make a stripe ([`layout`]). A stripe has
//! a checksum for each of its pages and three parity pages ([`block`], [`field`]): so damage is
//! located exactly, up to three lost pages of a stripe are rebuilt, and a rebuilt page is believed
//! only when its checksum agrees. Space: 5.1 %, and more in a store below some megabytes, whose
//! stripes are not full.
//!
//! Every writing lease brings the parity file up to date by what it changed ([`watch`]); reading
//! never looks at it. It can be behind or missing at any time, and never does harm: what is
//! doubtful is treated as unknown ([`sidecar`]) and built anew from the store's file, a few stripes
//! with every lease and the rest by [`keep`]. Removing it loses nothing but healing.
//!
//! Healing writes a copy ([`heal::heal_into`]); whether its records are what was written is for the
//! caller to check.

mod block;
mod field;
mod header;
pub(in crate::store) mod heal;
mod layout;
mod sidecar;
#[cfg(test)]
mod tests;
mod watch;

use std::io;
use std::path::Path;

use redb::StorageBackend;

use crate::store::file::lease::Place;
use crate::store::file::schema;
use crate::store::file::space;
use crate::store::record::error::StoreError;
use field::{PAGE, Page};
use sidecar::Sidecar;

pub(in crate::store) use heal::heal_page;
use watch::Proof;
pub(in crate::store) use watch::Watch;

/// The parity file's name in the data directory.
pub(in crate::store) const FILE: &str = "muxtape.parity";
/// Stripes that [`keep`] looks at, and builds, while it keeps others out: 64 MB of the store, some
/// 50 ms.
const STRIPES_A_HOLD: u64 = 256;

/// Brings the parity file up to date, in pieces between which others come in: what is of no use is
/// forgotten, and what is missing is built. Does nothing where the store was never written to.
pub(in crate::store) fn keep(place: &Place<'_>) -> Result<(), StoreError> {
    const OPERATION: &str = "keep the parity file";
    let path = place.dir.join(FILE);
    let Some(store) = schema::marked(place.dir) else {
        return Ok(());
    };
    let mut from = 0;
    // The room that is left is for records.
    while !space::is_short(place.dir) {
        let hold = place.hold(OPERATION)?;
        match keep_some(hold.disk(), &path, store, from) {
            Ok(true) => from += STRIPES_A_HOLD,
            Ok(false) => break,
            Err(error) => {
                forget(place.dir);
                return Err(StoreError::io(OPERATION, &path, error));
            }
        }
    }
    Ok(())
}

/// Looks at stripes from `from` on; says whether there is more to do.
fn keep_some(
    disk: &dyn StorageBackend,
    path: &Path,
    store: [u8; 16],
    from: u64,
) -> io::Result<bool> {
    let len = disk.len()?;
    let end = layout::stripes(len);
    let to = from.saturating_add(STRIPES_A_HOLD);
    // What the parity file knows of a file that is damaged so far is needed to repair that.
    let Some(proof) = Proof::of(disk, len)? else {
        return Ok(false);
    };
    let mut sidecar = Sidecar::open(path, store, true)?;
    watch::meet(&mut sidecar, disk, len)?;
    watch::forget_stale(&proof, &mut sidecar, from.min(end)..to.min(end))?;
    let most = STRIPES_A_HOLD as usize;
    let built = watch::refill(&proof, &mut sidecar, most)?;
    sidecar.save(len, stamp(disk, len)?)?;
    Ok(to < end || built == most)
}

/// Removes the parity file: the store's file is about to become another one. It is built anew.
pub(in crate::store) fn forget(dir: &Path) {
    let _ = crate::files::remove(&dir.join(FILE));
}

/// What tells one state of the store's file from the next: its first page, which every commit
/// changes.
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
