//! The parity file: opened, brought up to date, and what it can be trusted with.
//!
//! A stripe is *open* while its pages may change. That it is open is on the disk before the store's
//! file may change there, so after a power loss every other stripe is still what its block says.
//! The seals of open stripes' blocks, and the checksum of the store's first page, are in the
//! header: if they fit, open stripes are good, too. So a commit costs the parity file no sync,
//! except one when it reaches into a part of the store that was quiet. Stripes are closed, with one
//! sync, when too many are open. It is the write-intent bitmap of Linux' md, with a proof for what
//! is open.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::block::Block;
use super::field::PAGE;
use super::header::{Cover, Header, Map, NO_BLOCK, OPEN_AT_MOST, seed};
use super::layout::{BLOCK, COPIES, INDEX, MAP_PAGES, MAPPED, block, head, stripes};
use crate::files;

/// Counts what is done to parity files on this thread.
#[cfg(test)]
pub(super) mod tally {
    use std::cell::Cell;

    thread_local! {
        pub(in super::super) static WRITTEN: Cell<usize> = const { Cell::new(0) };
        pub(in super::super) static SYNCS: Cell<usize> = const { Cell::new(0) };
    }
}

/// An open parity file.
#[derive(Debug)]
pub(super) struct Sidecar {
    file: File,
    header: Header,
    map: Map,
    /// Whether stripes were opened, or forgotten, and that is not on the disk yet.
    news: bool,
}

impl Sidecar {
    /// Opens the parity file of a store, and makes it where there is none and `make` says so. What
    /// is not the store's, or damaged, counts as nothing.
    pub(super) fn open(path: &Path, store: [u8; 16], make: bool) -> io::Result<Self> {
        let file = if make {
            files::open_or_create(path)?
        } else {
            files::open(path)?
        };
        let read = |copy: u64, page: usize| {
            let mut bytes = vec![0; PAGE];
            let read = file.read_exact_at(&mut bytes, head(copy, page));
            read.is_ok().then_some(bytes)
        };
        let header = (0..COPIES).find_map(|copy| Header::decode(&read(copy, 0)?, store));
        let mut map = Map::new(store);
        if let Some(header) = &header {
            let used = stripes(header.len).div_ceil(MAPPED);
            for page in 0..usize::try_from(used).unwrap_or(MAP_PAGES) {
                let mut copies = (0..COPIES).filter_map(|copy| read(copy, page + 1));
                copies.find(|bytes| map.decode(page, bytes));
            }
        }
        let header = header.unwrap_or(Header {
            store,
            ..Header::default()
        });
        Ok(Self {
            file,
            header,
            map,
            news: false,
        })
    }

    /// Length of the store's file as it was noted last.
    pub(super) fn len(&self) -> u64 {
        self.header.len
    }

    /// The checksum of the store's first page as it was noted last.
    pub(super) fn stamp(&self) -> u64 {
        self.header.stamp
    }

    /// What is had of a stripe.
    pub(super) fn cover(&self, stripe: u64) -> Cover {
        match self.header.open.get(&stripe) {
            Some(&NO_BLOCK) => Cover::Zeros,
            Some(_) => Cover::Block,
            None => self.map.get(stripe),
        }
    }

    /// Whether the stripe is open.
    pub(super) fn is_open(&self, stripe: u64) -> bool {
        self.header.open.contains_key(&stripe)
    }

    /// Forgets open stripes: the store's file is not the one that was noted, so they may be
    /// anything.
    pub(super) fn forget_open(&mut self) {
        self.header.open.clear();
    }

    /// Nothing is had of this stripe from now on.
    pub(super) fn forget(&mut self, stripe: u64) {
        self.header.open.remove(&stripe);
        self.map.set(stripe, Cover::Unknown);
    }

    /// The block of a stripe, if there is one that can be relied on.
    pub(super) fn block(&self, stripe: u64) -> Option<Block> {
        let open = self.header.open.get(&stripe).copied();
        match self.cover(stripe) {
            Cover::Unknown => None,
            Cover::Zeros => Some(Block::empty()),
            Cover::Block => {
                let mut bytes = vec![0; BLOCK];
                self.file.read_exact_at(&mut bytes, block(stripe)).ok()?;
                if open.is_some_and(|seal| seal != Block::seal_of(&bytes)) {
                    return None;
                }
                Block::decode(&bytes, seed(self.header.store), stripe)
            }
        }
    }

    /// Writes the block of a stripe, which is open from now on.
    pub(super) fn put(&mut self, stripe: u64, new: &Block) -> io::Result<()> {
        let bytes = new.encode(seed(self.header.store), stripe);
        write(&self.file, &bytes, block(stripe))?;
        self.map.set(stripe, Cover::Unknown);
        self.header.open.insert(stripe, Block::seal_of(&bytes));
        Ok(())
    }

    /// Notes that a stripe that nothing was known of is all zeros.
    pub(super) fn put_zeros(&mut self, stripe: u64) {
        self.header.open.remove(&stripe);
        self.map.set(stripe, Cover::Zeros);
    }

    /// Opens stripes, so that the store's file may change there. Those of `lost` will not be
    /// followed: nothing is had of them from now on. Before the store's file is synced,
    /// [`Sidecar::sync_news`] must be called.
    pub(super) fn announce(
        &mut self,
        stripes: &BTreeSet<u64>,
        lost: &BTreeSet<u64>,
    ) -> io::Result<()> {
        let mut news = false;
        for &stripe in lost {
            if self.cover(stripe) != Cover::Unknown {
                self.forget(stripe);
                news = true;
            }
        }
        let quiet: Vec<u64> = stripes
            .difference(lost)
            .copied()
            .filter(|stripe| !self.is_open(*stripe) && self.cover(*stripe) != Cover::Unknown)
            .collect();
        if self.header.open.len() + quiet.len() > OPEN_AT_MOST {
            self.close_all_but(stripes)?;
        }
        for stripe in quiet {
            news = true;
            let seal = match self.map.get(stripe) {
                Cover::Zeros => Some(NO_BLOCK),
                _ => self.block_seal(stripe),
            };
            self.map.set(stripe, Cover::Unknown);
            if let Some(seal) = seal.filter(|_| self.header.open.len() < OPEN_AT_MOST) {
                self.header.open.insert(stripe, seal);
            }
        }
        if news {
            self.news = true;
            self.save_head()?;
        }
        Ok(())
    }

    /// Puts on the disk what was announced.
    pub(super) fn sync_news(&mut self) -> io::Result<()> {
        if self.news {
            self.sync()?;
            self.news = false;
        }
        Ok(())
    }

    /// Closes what is open, if there is no room for so many more.
    pub(super) fn make_room(&mut self, more: usize) -> io::Result<()> {
        if self.header.open.len() + more > OPEN_AT_MOST {
            self.close_all_but(&BTreeSet::new())?;
        }
        Ok(())
    }

    /// Closes stripes: what is written is on the disk, and relied on from now on whatever happens.
    pub(super) fn close_all_but(&mut self, kept: &BTreeSet<u64>) -> io::Result<()> {
        self.sync()?;
        let map = &mut self.map;
        self.header.open.retain(|&stripe, &mut seal| {
            let keep = kept.contains(&stripe);
            if !keep {
                let cover = if seal == NO_BLOCK {
                    Cover::Zeros
                } else {
                    Cover::Block
                };
                map.set(stripe, cover);
            }
            keep
        });
        Ok(())
    }

    /// The store's file has another length: what is new is zeros, what is gone is forgotten. `len`
    /// is that which was known before.
    pub(super) fn resize(&mut self, len: u64, new: u64) {
        for stripe in stripes(len)..stripes(new) {
            self.put_zeros(stripe);
        }
        for stripe in stripes(new)..stripes(len) {
            self.forget(stripe);
        }
    }

    /// Notes how the store's file is now, and writes what is known.
    pub(super) fn save(&mut self, len: u64, stamp: u64) -> io::Result<()> {
        let shorter = stripes(len) < stripes(self.header.len);
        (self.header.len, self.header.stamp) = (len, stamp);
        self.save_head()?;
        if shorter {
            self.file.set_len(block(stripes(len)))?;
        }
        Ok(())
    }

    /// Puts everything that was written on the disk.
    fn sync(&self) -> io::Result<()> {
        #[cfg(test)]
        tally::SYNCS.set(tally::SYNCS.get() + 1);
        self.file.sync_data()
    }

    /// The first stripe of which nothing is had.
    pub(super) fn unknown(&self, from: u64, end: u64) -> Option<u64> {
        let mut from = from;
        loop {
            let stripe = self.map.unknown(from, end)?;
            if !self.is_open(stripe) {
                return Some(stripe);
            }
            from = stripe + 1;
        }
    }

    fn block_seal(&self, stripe: u64) -> Option<u64> {
        let mut index = vec![0; INDEX];
        self.file.read_exact_at(&mut index, block(stripe)).ok()?;
        Some(Block::seal_of(&index)).filter(|&seal| seal != NO_BLOCK)
    }

    /// Map before header: a stripe is never both closed and changing, whichever of them a power
    /// loss spares.
    fn save_head(&mut self) -> io::Result<()> {
        let header = self.header.encode();
        let changed = self.map.take_changed();
        for copy in 0..COPIES {
            for (page, bytes) in &changed {
                write(&self.file, bytes, head(copy, page + 1))?;
            }
            write(&self.file, &header, head(copy, 0))?;
        }
        Ok(())
    }
}

fn write(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    #[cfg(test)]
    tally::WRITTEN.set(tally::WRITTEN.get() + bytes.len());
    file.write_all_at(bytes, at)
}
