//! Finding damaged pages, and a copy of the store's file in which they are put right.
//!
//! The parity file may tell of another file, or of an older state: it may be left from before a
//! repair, or somebody brought an older file back. So it is believed only where the file itself
//! agrees. A page in use is replaced by what has the checksum that the page leading to it has
//! noted, and one that is what was written is never touched. Of pages that nothing vouches for any
//! more, because what led to them is lost, it is believed if the file's first page, which has the
//! checksum of everything, is the one that it has noted.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use redb::StorageBackend;
use redb::backends::FileBackend;

use super::block::sum;
use super::field::{PAGE, Page};
use super::header::Cover;
use super::layout::{SLOTS, page, pages, place, stripes, touched};
use super::sidecar::Sidecar;
use super::{FILE, read_page};
use crate::files;
use crate::store::file::disk::Hold;
use crate::store::file::pages::{Child, Depth, Extent, Header, InUse, header, is_right, walk};
use crate::store::file::schema;
use crate::store::record::error::StoreError;

/// What stands for bytes that cannot be read.
const UNREADABLE: u8 = 0xee;

/// What the parity file tells of the store's file. Pages are counted from 0, 4 KiB each.
#[cfg(test)]
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::store) struct Report {
    /// Pages of the store's file.
    pub(in crate::store) pages: u64,
    /// Pages of which nothing is known: they cannot be checked.
    pub(in crate::store) unknown: u64,
    /// Pages that are not what was noted. Free pages may be among them, which nobody misses.
    pub(in crate::store) damaged: Vec<u64>,
    /// Those of them that can be rebuilt.
    pub(in crate::store) healable: Vec<u64>,
    /// The store's first page is not what was noted: it is damaged, or somebody wrote to the store
    /// and was killed, or it is another file.
    pub(in crate::store) behind: bool,
}

/// Compares the store's file with the parity file. Without one, everything is unknown.
#[cfg(test)]
pub(in crate::store) fn check(hold: &Hold) -> Result<Report, StoreError> {
    const OPERATION: &str = "check the store's pages";
    let mut report = Report::default();
    HealSurvey::new(hold)
        .and_then(|survey| {
            report.pages = pages(survey.len);
            report.behind = survey.behind;
            report.unknown = survey.unknown();
            survey.each(|number, healed| {
                report.damaged.push(number);
                report.healable.extend(healed.map(|_| number));
                Ok(())
            })
        })
        .map_err(|error| StoreError::io(OPERATION, hold.file(), error))?;
    report.damaged.sort_unstable();
    report.healable.sort_unstable();
    Ok(report)
}

/// Writes a copy of the store's file, with every damaged page that can be rebuilt as it was. The
/// copy must not be there yet; it is on the disk when this returns. To be checked before it takes
/// the store's place, while `hold` is still held. Gives back the pages that were rebuilt.
pub(in crate::store) fn heal_into(hold: &Hold, copy: &Path) -> Result<Vec<u64>, StoreError> {
    const OPERATION: &str = "heal the store's file";
    let at = |error| StoreError::io(OPERATION, copy, error);
    let file = files::create_new(copy).map_err(|error| at(error.into()))?;
    let mut healed = HealSurvey::new(hold)
        .and_then(|survey| {
            let mut healed = Vec::new();
            survey.copy_to(&file)?;
            let same_state = survey.heal_header(&file, &mut healed)?;
            let in_use = survey.heal_in_use(&file, &mut healed)?;
            if same_state {
                survey.heal_the_rest(&file, &in_use, &mut healed)?;
            }
            file.sync_all()?;
            Ok(healed)
        })
        .map_err(at)?;
    healed.sort_unstable();
    healed.dedup();
    Ok(healed)
}

/// What a page of the database was that is not what was written, if the parity file can tell. It
/// need not be up to date: what is built is believed because it is what the page that leads to it
/// says.
pub(in crate::store) fn heal_page(
    dir: &Path,
    disk: &dyn StorageBackend,
    child: &Child,
) -> Option<Vec<u8>> {
    let store = schema::marked(dir)?;
    let sidecar = Sidecar::open(&dir.join(FILE), store, false).ok()?;
    page_of(&sidecar, disk, child)
}

fn page_of(sidecar: &Sidecar, disk: &dyn StorageBackend, child: &Child) -> Option<Vec<u8>> {
    let len = disk.len().ok()?;
    let Extent { offset, len: size } = child.extent;
    let mut bytes = Vec::with_capacity(usize::try_from(size).ok()?);
    for number in touched(offset, size) {
        let (stripe, slot) = place(number);
        let block = sidecar.block(stripe)?;
        let read = |slot| {
            let read = read_page(disk, len, page(stripe, slot));
            read.unwrap_or_else(|_| Box::new([UNREADABLE; PAGE]))
        };
        let mut pages: Vec<_> = (0..SLOTS).map(read).collect();
        let bad = block.bad(&pages);
        if bad.contains(&slot) && !block.heal(&mut pages, &bad) {
            return None;
        }
        bytes.extend_from_slice(&pages.get(slot)?[..]);
    }
    is_right(child, &bytes).then_some(bytes)
}

/// The store's file and what was noted about it.
struct HealSurvey<'a> {
    hold: &'a Hold,
    sidecar: Option<Sidecar>,
    /// Length as found, and as it should be.
    found: u64,
    len: u64,
    behind: bool,
}

impl<'a> HealSurvey<'a> {
    fn new(hold: &'a Hold) -> io::Result<Self> {
        let found = hold.disk().len()?;
        let dir = hold.file().parent().unwrap_or(Path::new("."));
        let sidecar = schema::marked(dir)
            .map(|store| Sidecar::open(&dir.join(FILE), store, false))
            .transpose();
        let sidecar = match sidecar {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            opened => opened?,
        };
        let first = read_page(hold.disk(), found, 0).map_or(0, |page| sum(&page));
        let behind = sidecar.as_ref().is_some_and(|it| it.stamp() != first);
        let noted = sidecar.as_ref().map_or(0, Sidecar::len);
        // A file that is shorter than it was lost its end; a longer one has grown. But a whole one
        // is as long as it says.
        let longest = found.max(noted);
        let fits = |len: &u64| header(hold.disk(), *len).is_some();
        let len = [longest, found].into_iter().find(fits).unwrap_or(longest);
        Ok(Self {
            hold,
            sidecar,
            found,
            len,
            behind,
        })
    }

    fn covered(&self, stripe: u64) -> bool {
        let sidecar = self.sidecar.as_ref();
        sidecar.is_some_and(|sidecar| sidecar.cover(stripe) != Cover::Unknown)
    }

    /// Pages of which nothing is known.
    #[cfg(test)]
    fn unknown(&self) -> u64 {
        let end = pages(self.len);
        (0..end)
            .filter(|&number| !self.covered(super::layout::place(number).0))
            .count() as u64
    }

    /// Tells of every page that is not what was noted, with what it was, where that can be told.
    fn each(&self, mut tell: impl FnMut(u64, Option<&Page>) -> io::Result<()>) -> io::Result<()> {
        for stripe in (0..stripes(self.len)).filter(|&stripe| self.covered(stripe)) {
            for (number, healed) in self.stripe(stripe) {
                tell(number, healed.as_deref())?;
            }
        }
        Ok(())
    }

    /// The same of one stripe.
    fn stripe(&self, stripe: u64) -> Vec<(u64, Option<Box<Page>>)> {
        let block = self.sidecar.as_ref().and_then(|it| it.block(stripe));
        let Some(block) = block else {
            return Vec::new();
        };
        let slots = 0..SLOTS;
        let mut read: Vec<_> = slots.map(|slot| self.page(page(stripe, slot))).collect();
        let bad = block.bad(&read);
        let rebuilt = block.heal(&mut read, &bad);
        let was = |slot: usize| read.get(slot).filter(|_| rebuilt).cloned();
        let bad = bad.into_iter().map(|slot| (page(stripe, slot), was(slot)));
        bad.collect()
    }

    /// Puts the first page in that was noted, if that is of the same state as the file's own, or
    /// the file's own cannot be believed. Says whether the file is in the state that was noted.
    fn heal_header(&self, copy: &File, healed: &mut Vec<u64>) -> io::Result<bool> {
        if self.sidecar.is_none() || !self.behind {
            return Ok(true);
        }
        let mut pages = self.stripe(place(0).0).into_iter();
        let Some((_, Some(page))) = pages.find(|(number, _)| *number == 0) else {
            return Ok(false);
        };
        let Ok(noted) = Header::decode(&page[..], self.len) else {
            return Ok(false);
        };
        let own = header(self.hold.disk(), self.len);
        if own
            .as_ref()
            .is_some_and(|own| !own.is_of_same_state(&noted))
        {
            return Ok(false);
        }
        copy.write_all_at(&page[..], 0)?;
        healed.push(0);
        Ok(true)
    }

    /// Heals what is in use and not what was written. What the parity file says of a page counts if
    /// that is what the database says of it.
    fn heal_in_use(&self, copy: &File, healed: &mut Vec<u64>) -> io::Result<InUse> {
        let failed = RefCell::new(Ok(()));
        let pages = RefCell::new(Vec::new());
        let file = FileBackend::new(copy.try_clone()?).map_err(io::Error::other)?;
        let in_use = walk(&file, Depth::All, &|child| {
            let bytes = page_of(self.sidecar.as_ref()?, self.hold.disk(), child)?;
            match copy.write_all_at(&bytes, child.extent.offset) {
                Ok(()) => {
                    let new = touched(child.extent.offset, child.extent.len);
                    pages.borrow_mut().extend(new);
                    Some(bytes)
                }
                Err(error) => {
                    *failed.borrow_mut() = Err(error);
                    None
                }
            }
        })?;
        healed.append(&mut pages.into_inner());
        failed.into_inner().map(|()| in_use)
    }

    /// Heals what nothing in the file vouches for: the parity file tells of this very state.
    fn heal_the_rest(&self, copy: &File, in_use: &InUse, pages: &mut Vec<u64>) -> io::Result<()> {
        let bad: BTreeSet<u64> = in_use.bad.iter().map(|child| child.extent.offset).collect();
        let is_right = |number: u64| {
            let around = in_use.around(number);
            around.is_some_and(|child| !bad.contains(&child.extent.offset))
        };
        self.each(|number, healed| {
            if let Some(page) = healed.filter(|_| !is_right(number)) {
                copy.write_all_at(page, number * PAGE as u64)?;
                pages.push(number);
            }
            Ok(())
        })
    }

    /// A page as it is found. What the disk cannot read is damaged, whatever it was.
    fn page(&self, number: u64) -> Box<Page> {
        let read = read_page(self.hold.disk(), self.found, number);
        read.unwrap_or_else(|_| Box::new([UNREADABLE; PAGE]))
    }

    /// Copies the file as it is, with holes where there are zeros.
    fn copy_to(&self, file: &File) -> io::Result<()> {
        file.set_len(self.len)?;
        for number in 0..pages(self.found) {
            let page = self.page(number);
            if *page != [0; PAGE] {
                let start = number * PAGE as u64;
                let there = usize::try_from(self.found - start)
                    .unwrap_or(PAGE)
                    .min(PAGE);
                file.write_all_at(page.get(..there).unwrap_or(&page[..]), start)?;
            }
        }
        Ok(())
    }
}
