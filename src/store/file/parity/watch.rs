//! Follows what a writing lease changes in the store's file, and brings the parity file up to date
//! when the lease ends.
//!
//! What a page was is read before it is first written over; when the lease ends, and the database
//! has put all on the disk, parities and checksums follow the difference. Nothing here can make a
//! lease fail: when the parity file cannot be kept, it is removed.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use redb::StorageBackend;

use super::block::Block;
use super::field::{PAGE, Page};
use super::header::Cover;
use super::layout::{LARGEST, MOST, SLOTS, page, place, stripes, touched};
use super::sidecar::Sidecar;
use super::{FILE, read_page, read_stripe, stamp};
use crate::store::file::pages::{Depth, InUse, is_right, walk};
use crate::store::file::schema;
use crate::store::file::space;

/// Pages whose former contents are remembered: 8 MB. When there are more, the parity file is
/// brought up to date in between.
const REMEMBERED: usize = 2048;
/// Stripes that a lease builds anew when it ends: 4 MB to read, about three milliseconds …
const REBUILT: usize = 16;
/// … with a look at which pages are in use, which takes as long in a store of this size. Larger
/// ones wait for [`super::keep`].
const MAX_REBUILT_BYTES: u64 = 256 * 1024 * 1024;

/// What a lease changes.
#[derive(Debug)]
pub(in crate::store) struct Watch {
    dir: PathBuf,
    lease: Lease,
}

#[derive(Debug)]
enum Lease {
    /// Nothing was written yet.
    Idle,
    Followed(Box<Changes>),
    /// There is no parity file, and none is to be made now.
    Off,
}

#[derive(Debug)]
struct Changes {
    sidecar: Sidecar,
    /// Length of the store's file.
    len: u64,
    /// What pages were before they were first written to.
    before: BTreeMap<u64, Box<Page>>,
    /// Stripes that were written to, and those of which not everything is remembered.
    touched: BTreeSet<u64>,
    lost: BTreeSet<u64>,
    /// Whether stripes were touched that are not announced yet.
    news: bool,
    /// Whether something was written since the last sync.
    unsynced: bool,
}

impl Watch {
    /// Follows a lease on the store in this directory.
    pub(in crate::store) fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            lease: Lease::Idle,
        }
    }

    /// This part of the file is about to be written to.
    pub(in crate::store) fn writes(&mut self, disk: &dyn StorageBackend, offset: u64, len: u64) {
        self.follow(disk, |changes| {
            changes.unsynced = true;
            for page in touched(offset, len) {
                changes.touch(disk, page)?;
            }
            let end = offset.saturating_add(len);
            if end > changes.len {
                changes.resize(end);
            }
            changes.announce()
        });
    }

    /// The file is about to get this length.
    pub(in crate::store) fn resizes(&mut self, disk: &dyn StorageBackend, len: u64) {
        self.follow(disk, |changes| {
            changes.unsynced = true;
            let kept = stripes(len);
            // Pages of stripes that stay lie in the group in which the file is to end, however long
            // it was.
            let gone = touched(len, changes.len.saturating_sub(len));
            for page in gone.take(LARGEST as usize) {
                if place(page).0 < kept {
                    changes.touch(disk, page)?;
                }
            }
            // The length may reach the disk before the next sync.
            if len < changes.len {
                changes.announce()?;
                changes.sidecar.sync_news()?;
            }
            changes.resize(len);
            Ok(())
        });
    }

    /// What was written is about to be put on the disk.
    pub(in crate::store) fn syncs(&mut self) {
        self.go_on(|changes| changes.sidecar.sync_news());
    }

    /// It is on the disk.
    pub(in crate::store) fn synced(&mut self) {
        self.go_on(|changes| {
            changes.unsynced = false;
            Ok(())
        });
    }

    /// The lease ends, with the lock still held.
    pub(in crate::store) fn ends(&mut self, disk: &dyn StorageBackend) {
        let rebuilt = if space::is_short(&self.dir) {
            0
        } else {
            REBUILT
        };
        self.go_on(|changes| {
            // After a failure it is not known what the file is now; the next lease finds out.
            if changes.unsynced {
                return Ok(());
            }
            changes.settle(disk)?;
            let rebuilt = if changes.len > MAX_REBUILT_BYTES {
                0
            } else {
                rebuilt
            };
            let sidecar = &mut changes.sidecar;
            if rebuilt > 0
                && sidecar.unknown(0, stripes(changes.len)).is_some()
                && let Some(proof) = Proof::of(disk, changes.len)?
            {
                refill(&proof, sidecar, rebuilt)?;
            }
            let stamp = stamp(disk, changes.len)?;
            changes.sidecar.save(changes.len, stamp)
        });
        self.lease = Lease::Off;
    }

    fn follow(
        &mut self,
        disk: &dyn StorageBackend,
        work: impl FnOnce(&mut Changes) -> io::Result<()>,
    ) {
        if matches!(self.lease, Lease::Idle) {
            self.lease = match begin(&self.dir, disk) {
                Ok(changes) => Lease::Followed(Box::new(changes)),
                Err(error) => off(&self.dir, &error),
            };
        }
        self.go_on(work);
    }

    fn go_on(&mut self, work: impl FnOnce(&mut Changes) -> io::Result<()>) {
        if let Lease::Followed(changes) = &mut self.lease
            && let Err(error) = work(changes)
        {
            self.lease = off(&self.dir, &error);
        }
    }
}

/// A parity file that was not kept is worse than none.
fn off(dir: &Path, error: &io::Error) -> Lease {
    tracing::debug!("no parity file in {}: {error}", dir.display());
    super::forget(dir);
    Lease::Off
}

fn begin(dir: &Path, disk: &dyn StorageBackend) -> io::Result<Changes> {
    let len = disk.len()?;
    let store = schema::marked(dir).ok_or_else(|| io::Error::other("the store has no id file"))?;
    let path = dir.join(FILE);
    if space::is_short(dir) && !path.exists() {
        return Err(io::ErrorKind::StorageFull.into());
    }
    let mut sidecar = Sidecar::open(&path, store, true)?;
    // Whoever wrote last was killed, or this is another file.
    if !meet(&mut sidecar, disk, len)?
        && len <= MAX_REBUILT_BYTES
        && let Some(proof) = Proof::of(disk, len)?
    {
        forget_stale(&proof, &mut sidecar, 0..stripes(len))?;
    }
    Ok(Changes {
        sidecar,
        len,
        before: BTreeMap::new(),
        touched: BTreeSet::new(),
        lost: BTreeSet::new(),
        news: false,
        unsynced: false,
    })
}

/// Forgets what cannot be relied on, if the store's file is not as it was noted; says whether it
/// is.
pub(super) fn meet(sidecar: &mut Sidecar, disk: &dyn StorageBackend, len: u64) -> io::Result<bool> {
    let noted = sidecar.len();
    let met = noted == len && stamp(disk, len)? == sidecar.stamp();
    if !met {
        sidecar.forget_open();
    }
    for stripe in stripes(noted.min(len))..stripes(noted.max(len)) {
        sidecar.forget(stripe);
    }
    Ok(met)
}

/// Which pages in use are what was written.
pub(super) struct Proof<'d> {
    disk: &'d dyn StorageBackend,
    len: u64,
    in_use: InUse,
    proven: RefCell<BTreeMap<u64, bool>>,
}

impl<'d> Proof<'d> {
    /// `None` where that cannot be told of all of them, or some lie beyond the end of the file.
    pub(super) fn of(disk: &'d dyn StorageBackend, len: u64) -> io::Result<Option<Self>> {
        let in_use = walk(disk, Depth::Branches, &|_| None)?;
        let mut extents = in_use.pages.values().map(|child| child.extent);
        let is_right = in_use.is_right() && extents.all(|own| own.offset + own.len <= len);
        Ok(is_right.then(|| Self {
            disk,
            len,
            in_use,
            proven: RefCell::default(),
        }))
    }

    /// Whether a page of 4 KiB is what was written; `None` where it is not in use.
    fn is_right(&self, number: u64) -> Option<bool> {
        let child = self.in_use.around(number)?;
        let mut proven = self.proven.borrow_mut();
        let known = proven.entry(child.extent.offset).or_insert_with(|| {
            let mut bytes = vec![0; usize::try_from(child.extent.len).unwrap_or(0)];
            let read = self.disk.read(child.extent.offset, &mut bytes);
            read.is_ok() && is_right(&child, &bytes)
        });
        Some(*known)
    }
}

/// Builds up to `most` stripes of which nothing is had; says how many were looked at. What is built
/// says that the pages are right as they are, so those in use must be what was written; else
/// nothing goes on being had of the stripe.
pub(super) fn refill(proof: &Proof<'_>, sidecar: &mut Sidecar, most: usize) -> io::Result<usize> {
    let mut from = 0;
    for done in 0..most {
        let Some(stripe) = sidecar.unknown(from, stripes(proof.len)) else {
            return Ok(done);
        };
        from = stripe + 1;
        let mut numbers = (0..SLOTS).map(|slot| page(stripe, slot));
        if numbers.any(|number| proof.is_right(number) == Some(false)) {
            continue;
        }
        let pages = read_stripe(proof.disk, proof.len, stripe)?;
        if pages.iter().all(|page| **page == [0; PAGE]) {
            sidecar.put_zeros(stripe);
        } else {
            sidecar.make_room(1)?;
            sidecar.put(stripe, &Block::of(&pages))?;
        }
    }
    Ok(most)
}

/// Forgets those of these stripes whose blocks are of no use: they have rotted themselves, or tell
/// of another file or an older state, so that a page that is right is not what they say.
pub(super) fn forget_stale(
    proof: &Proof<'_>,
    sidecar: &mut Sidecar,
    of: Range<u64>,
) -> io::Result<()> {
    for stripe in of {
        let block = match sidecar.cover(stripe) {
            Cover::Unknown => continue,
            Cover::Zeros | Cover::Block => sidecar.block(stripe),
        };
        let Some(block) = block.filter(Block::is_whole) else {
            sidecar.forget(stripe);
            continue;
        };
        let bad = block.bad(&read_stripe(proof.disk, proof.len, stripe)?);
        let mut numbers = bad.into_iter().map(|slot| page(stripe, slot));
        if numbers.any(|number| proof.is_right(number) == Some(true)) {
            sidecar.forget(stripe);
        }
    }
    Ok(())
}

impl Changes {
    fn touch(&mut self, disk: &dyn StorageBackend, page: u64) -> io::Result<()> {
        let (stripe, _) = place(page);
        if stripe >= MOST {
            return Ok(());
        }
        self.news |= self.touched.insert(stripe);
        let known = self.sidecar.cover(stripe) != Cover::Unknown && !self.lost.contains(&stripe);
        if !known || self.before.contains_key(&page) {
            return Ok(());
        }
        if self.before.len() >= REMEMBERED {
            self.settle(disk)?;
        }
        match read_page(disk, self.len, page) {
            Ok(before) => {
                self.before.insert(page, before);
            }
            Err(_) => self.news |= self.lost.insert(stripe),
        }
        Ok(())
    }

    fn resize(&mut self, len: u64) {
        self.sidecar.resize(self.len, len);
        self.len = len;
    }

    /// Says which stripes are about to change. Others see it from now on, so a kill is survived;
    /// before anything is synced, this is.
    fn announce(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.news) {
            self.sidecar.announce(&self.touched, &self.lost)?;
        }
        Ok(())
    }

    /// Brings the blocks of the touched stripes up to date.
    fn settle(&mut self, disk: &dyn StorageBackend) -> io::Result<()> {
        let mut changed: BTreeMap<u64, Vec<(u64, Box<Page>)>> = BTreeMap::new();
        for (page, before) in std::mem::take(&mut self.before) {
            changed
                .entry(place(page).0)
                .or_default()
                .push((page, before));
        }
        let end = stripes(self.len);
        for (stripe, changed) in changed {
            let known = stripe < end
                && !self.lost.contains(&stripe)
                && self.sidecar.cover(stripe) != Cover::Unknown;
            if !known {
                continue;
            }
            match self.follow(disk, stripe, &changed)? {
                Some(block) => {
                    if !self.sidecar.is_open(stripe) {
                        self.sidecar.make_room(1)?;
                    }
                    self.sidecar.put(stripe, &block)?;
                }
                None => self.sidecar.forget(stripe),
            }
        }
        Ok(())
    }

    /// The block of a stripe after these pages of it changed, if what it was before is beyond
    /// doubt.
    fn follow(
        &self,
        disk: &dyn StorageBackend,
        stripe: u64,
        changed: &[(u64, Box<Page>)],
    ) -> io::Result<Option<Block>> {
        let Some(mut block) = self.sidecar.block(stripe).filter(Block::is_whole) else {
            return Ok(None);
        };
        let good = |(page, before): &(u64, Box<Page>)| block.is_good(place(*page).1, before);
        if changed.iter().all(good) {
            for (page, before) in changed {
                let now = read_page(disk, self.len, *page)?;
                block.change(place(*page).1, before, &now);
            }
            return Ok(Some(block));
        }
        // A page had rotted when it was written over. What it should have been is found out first:
        // the parity must stay right for the other pages, of which some may have rotted, too.
        let mut pages = read_stripe(disk, self.len, stripe)?;
        for (page, before) in changed {
            if let Some(into) = pages.get_mut(place(*page).1) {
                into.clone_from(before);
            }
        }
        let bad = block.bad(&pages);
        if !block.heal(&mut pages, &bad) {
            return Ok(None);
        }
        for (number, _) in changed {
            let slot = place(*number).1;
            let now = read_page(disk, self.len, *number)?;
            if let Some(before) = pages.get(slot) {
                block.change(slot, before, &now);
            }
        }
        Ok(Some(block))
    }
}
