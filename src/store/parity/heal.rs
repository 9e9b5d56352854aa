//! Finding damaged pages, and a copy of the store's file in which they are put right.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::block::sum;
use super::field::{PAGE, Page};
use super::header::Cover;
use super::layout::{SLOTS, page, pages, stripes};
use super::sidecar::Sidecar;
use super::{FILE, read_page};
use crate::files;
use crate::store::disk::Hold;
use crate::store::error::StoreError;
use crate::store::schema;

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
    /// The store's first page is not what was noted: it is damaged, or somebody wrote to the store and was
    /// killed. In the first case all of `damaged` is; in the second case those of `in_doubt` are newer.
    pub(in crate::store) behind: bool,
    /// Pages of `damaged` that are newer if the store is.
    pub(in crate::store) in_doubt: Vec<u64>,
}

/// What is done about pages that are damaged or newer than what was noted (`in_doubt` in its report).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Open {
    /// Leave them as they are: they are newer.
    Leave,
    /// Take them back to what was noted: the last state that is known to have been whole. What was recorded
    /// after it, if anything, would be lost.
    TakeBack,
}

/// What a healed copy is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::store) struct Healed {
    /// Pages that were rebuilt.
    pub(in crate::store) pages: Vec<u64>,
    /// Damaged pages that could not be.
    pub(in crate::store) left: Vec<u64>,
}

/// Compares the store's file with the parity file. Without one, everything is unknown.
#[cfg(test)]
pub(in crate::store) fn check(hold: &Hold) -> Result<Report, StoreError> {
    const OPERATION: &str = "check the store's pages";
    let mut report = Report::default();
    Survey::new(hold)
        .and_then(|survey| {
            report.pages = pages(survey.len);
            report.behind = survey.behind;
            report.unknown = survey.unknown();
            survey.each(|found| {
                report.damaged.extend_from_slice(&found.damaged);
                if found.in_doubt {
                    report.in_doubt.extend_from_slice(&found.damaged);
                }
                report
                    .healable
                    .extend(found.healed.iter().map(|(number, _)| number));
                Ok(())
            })
        })
        .map_err(|error| StoreError::io(OPERATION, hold.file(), error))?;
    report.damaged.sort_unstable();
    report.healable.sort_unstable();
    report.in_doubt.sort_unstable();
    Ok(report)
}

/// Writes a copy of the store's file, with every damaged page that can be rebuilt as it was. The copy must not
/// be there yet; it is on the disk when this returns. To be checked before it takes the store's place,
/// while `hold` is still held.
pub(in crate::store) fn heal_into(
    hold: &Hold,
    copy: &Path,
    open: Open,
) -> Result<Healed, StoreError> {
    const OPERATION: &str = "heal the store's file";
    let mut healed = Healed::default();
    let at = |error| StoreError::io(OPERATION, copy, error);
    let file = files::create_new(copy).map_err(|error| at(error.into()))?;
    Survey::new(hold)
        .and_then(|survey| {
            survey.copy_to(&file)?;
            survey.each(|found| {
                if found.in_doubt && open == Open::Leave {
                    return Ok(());
                }
                if found.healed.is_empty() {
                    healed.left.extend(found.damaged);
                }
                for (number, page) in found.healed {
                    file.write_all_at(&page[..], number * PAGE as u64)?;
                    healed.pages.push(number);
                }
                Ok(())
            })?;
            file.sync_all()
        })
        .map_err(at)?;
    healed.pages.sort_unstable();
    healed.left.sort_unstable();
    Ok(healed)
}

/// Damage in one stripe.
struct Found {
    damaged: Vec<u64>,
    /// The same pages as they were, or nothing.
    healed: Vec<(u64, Box<Page>)>,
    in_doubt: bool,
}

/// The store's file and what was noted about it.
struct Survey<'a> {
    hold: &'a Hold,
    sidecar: Option<Sidecar>,
    /// Length as found, and as it should be.
    found: u64,
    len: u64,
    behind: bool,
}

impl<'a> Survey<'a> {
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
        Ok(Self {
            hold,
            sidecar,
            found,
            // A file that is shorter than it was lost its end; a longer one has grown.
            len: found.max(noted),
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

    /// Tells of every stripe with damage.
    fn each(&self, mut tell: impl FnMut(Found) -> io::Result<()>) -> io::Result<()> {
        let Some(sidecar) = &self.sidecar else {
            return Ok(());
        };
        for stripe in (0..stripes(self.len)).filter(|&stripe| self.covered(stripe)) {
            let Some(block) = sidecar.block(stripe) else {
                continue;
            };
            let slots = 0..SLOTS;
            let mut read: Vec<_> = slots.map(|slot| self.page(page(stripe, slot))).collect();
            let bad = block.bad(&read);
            if bad.is_empty() {
                continue;
            }
            let rebuilt = block.heal(&mut read, &bad);
            let numbers = bad.iter().map(|&slot| page(stripe, slot));
            let mut found = Found {
                damaged: numbers.clone().collect(),
                healed: Vec::new(),
                in_doubt: self.behind && sidecar.is_open(stripe),
            };
            if rebuilt {
                let pages = bad.iter().filter_map(|&slot| read.get(slot).cloned());
                found.healed = numbers.zip(pages).collect();
            }
            tell(found)?;
        }
        Ok(())
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
