//! The database's own form, as far as it takes to say whether a page is what was written (its
//! `design.md`).
//!
//! The file is a tree of checksums: two commit slots in the header name the roots of two trees of
//! tables, with the checksum of each root; a branch names its children with theirs; the leaves of a
//! tree of tables name the tables' roots. Everything here is asked before the database sees a page,
//! so nothing is taken for granted.

use twox_hash::XxHash3_128;

/// Bytes of the smallest page.
pub(super) const PAGE: u64 = 4096;
/// Bytes of the header that mean something.
pub(super) const HEADER: usize = 320;
const MAGIC: [u8; 9] = *b"redb\x1a\x0a\xa9\x0d\x0a";
/// What a child has for a checksum as long as its transaction is not committed.
const DEFERRED: u128 = 999;
/// A page number: index in its region, region, and the power of two of its size. Other bits mean
/// nothing.
const INDEX_BITS: u64 = 0xf_ffff;
/// Regions hold 2^20 pages, so no page is larger.
const MAX_ORDER: u64 = 20;

/// A number that a page holds. `None` beyond its end.
fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(array(bytes, at)?)).ok()
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    array(bytes, at).map(u64::from_le_bytes)
}

fn u128_at(bytes: &[u8], at: usize) -> Option<u128> {
    array(bytes, at).map(u128::from_le_bytes)
}

/// Where the pages of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Geometry {
    /// Pages before the first page of each region.
    header_pages: u64,
    region_pages: u64,
}

/// A page: where it begins, and how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::store) struct Extent {
    pub(in crate::store) offset: u64,
    pub(in crate::store) len: u64,
}

impl Geometry {
    /// Where the page with this number is. `None` for a number that no page has.
    fn extent(self, number: u64) -> Option<Extent> {
        let order = number >> 59;
        if order > MAX_ORDER {
            return None;
        }
        let index = (number & (INDEX_BITS >> order)) << order;
        let region = number >> 20 & INDEX_BITS;
        if index.checked_add(1 << order)? > self.region_pages {
            return None;
        }
        let before = region.checked_mul(self.header_pages + self.region_pages)?;
        let page = before.checked_add(1 + self.header_pages + index)?;
        Some(Extent {
            offset: page.checked_mul(PAGE)?,
            len: PAGE << order,
        })
    }
}

/// What the pages of a tree hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Role {
    /// The roots of the tables.
    Tables,
    /// The roots of the database's own tables.
    SystemTables,
    /// The entries of a table.
    Entries,
    /// The entries of one of the database's own tables.
    System,
}

/// What is known of a page before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Child {
    pub(in crate::store) extent: Extent,
    pub(super) checksum: u128,
    pub(in crate::store) role: Role,
    /// Bytes of every key, and of every value, where they all have the same.
    key: Option<usize>,
    value: Option<usize>,
}

impl Child {
    /// The number of its first 4 KiB page, counted from 0.
    pub(in crate::store) fn number(&self) -> u64 {
        self.extent.offset / PAGE
    }
}

/// What the header says, if it can be believed.
#[derive(Debug, Clone)]
pub(in crate::store) struct Header {
    pub(super) geometry: Geometry,
    /// The roots of what may be in force: of one commit where it was written in two phases, else of
    /// both.
    pub(super) roots: Vec<Child>,
}

/// Why a header is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum BadHeader {
    /// It is none of the database: for the database to say.
    Foreign,
    /// It contradicts itself.
    Damaged,
}

struct Slot {
    transaction: u64,
    roots: Vec<Child>,
}

impl Header {
    /// Reads the header of a file of this length.
    pub(in crate::store) fn decode(bytes: &[u8], len: u64) -> Result<Self, BadHeader> {
        if bytes.get(..MAGIC.len()) != Some(&MAGIC[..]) {
            return Err(BadHeader::Foreign);
        }
        Self::read(bytes, len).ok_or(BadHeader::Damaged)
    }

    fn read(bytes: &[u8], len: u64) -> Option<Self> {
        let flags = *bytes.get(9)?;
        let (second, unclean, two_phase) = (flags & 1 != 0, flags & 2 != 0, flags & 4 != 0);
        let number = |at| u32_at(bytes, at).map(|number| number as u64);
        let geometry = Geometry {
            header_pages: number(16)?,
            region_pages: number(20)?,
        };
        let size = number(12)?;
        let pages = geometry.header_pages + geometry.region_pages;
        if size != PAGE || !(1..=INDEX_BITS + 1).contains(&geometry.region_pages) {
            return None;
        }
        let (full, rest) = (number(24)?, number(28)?);
        let trailing = if rest > 0 {
            geometry.header_pages + rest
        } else {
            0
        };
        if !unclean && PAGE * (1 + full * pages + trailing) != len {
            return None;
        }
        let slots = [64, 192].map(|at| {
            bytes
                .get(at..at + 128)
                .and_then(|slot| slot_of(slot, geometry))
        });
        let [first, other] = slots;
        let (primary, secondary) = if second {
            (other, first)
        } else {
            (first, other)
        };
        let newer = |one: &Option<Slot>, than: &Option<Slot>| match (one, than) {
            (Some(one), Some(than)) => one.transaction > than.transaction,
            _ => false,
        };
        // Whoever ended well had made the newer one the first. So the flag that tells which one it
        // is has changed.
        if !unclean && newer(&secondary, &primary) {
            return None;
        }
        let secondary = secondary.filter(|_| !two_phase);
        if primary.is_none() && secondary.is_none() {
            return None;
        }
        let in_force = primary.into_iter().chain(secondary);
        let roots = in_force.flat_map(|slot| slot.roots).collect();
        Some(Self { geometry, roots })
    }

    /// Whether everything that follows from it is the same: the roots have the checksums of all
    /// else.
    pub(in crate::store) fn is_of_same_state(&self, other: &Self) -> bool {
        let sums = |of: &Self| {
            of.roots
                .iter()
                .map(|root| root.checksum)
                .collect::<Vec<_>>()
        };
        sums(self) == sums(other)
    }
}

fn slot_of(slot: &[u8], geometry: Geometry) -> Option<Slot> {
    if u128_at(slot, 112)? != XxHash3_128::oneshot(slot.get(..112)?) {
        return None;
    }
    let mut roots = Vec::new();
    for (there, at, role) in [(1, 8, Role::Tables), (2, 40, Role::SystemTables)] {
        if *slot.get(there)? != 0 {
            roots.push(Child {
                extent: geometry.extent(u64_at(slot, at)?)?,
                checksum: u128_at(slot, at + 8)?,
                role,
                key: None,
                value: None,
            });
        }
    }
    Some(Slot {
        transaction: u64_at(slot, 104)?,
        roots,
    })
}

/// How far a page is what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// Exactly that.
    Right,
    /// Something else that the database can read without harm.
    Readable,
    /// Something else.
    Wrong,
}

/// A page that was read, for what it was expected to be.
pub(super) struct Node<'a> {
    bytes: &'a [u8],
    child: Child,
    branch: bool,
    /// Keys of a branch, entries of a leaf.
    count: usize,
}

impl<'a> Node<'a> {
    pub(super) fn new(bytes: &'a [u8], child: Child) -> Option<Self> {
        let branch = match bytes.first()? {
            1 => false,
            2 => true,
            _ => return None,
        };
        let count = usize::from(u16::from_le_bytes(array(bytes, 2)?));
        (count > 0).then_some(Self {
            bytes,
            child,
            branch,
            count,
        })
    }

    pub(super) fn is_branch(&self) -> bool {
        self.branch
    }

    /// How far it is what was written.
    pub(super) fn fit(&self) -> Fit {
        let end = if self.branch {
            self.key_end(self.count - 1)
        } else {
            self.value_end(self.count - 1)
        };
        let written = end.and_then(|end| self.bytes.get(..end));
        let Some(written) = written else {
            return Fit::Wrong;
        };
        if XxHash3_128::oneshot(written) == self.child.checksum {
            Fit::Right
        } else if self.child.role == Role::Entries && self.is_readable() {
            Fit::Readable
        } else {
            Fit::Wrong
        }
    }

    /// Whether all that it names lies within it, in order. (Keys are numbers, or bytes.)
    fn is_readable(&self) -> bool {
        self.is_in_order().unwrap_or(false)
    }

    fn is_in_order(&self) -> Option<bool> {
        let mut last: Option<&[u8]> = None;
        let mut start = self.keys_start();
        for at in 0..self.count {
            let end = self.key_end(at)?;
            let key = self.bytes.get(start..end)?;
            // Numbers are little endian; the keys of branches may be shortened only where they are
            // bytes.
            let ascends = last.is_none_or(|last| match self.child.key {
                Some(_) => last.iter().rev().lt(key.iter().rev()),
                None => last < key,
            });
            if !ascends {
                return Some(false);
            }
            last = Some(key);
            start = end;
        }
        if self.branch {
            return Some(true);
        }
        for at in 0..self.count {
            let end = self.value_end(at)?;
            self.bytes.get(start..end)?;
            start = end;
        }
        Some(true)
    }

    fn children_count(&self) -> usize {
        self.count + 1
    }

    fn keys_start(&self) -> usize {
        let offsets = |fixed: Option<usize>| if fixed.is_none() { 4 * self.count } else { 0 };
        if self.branch {
            8 + 24 * self.children_count() + offsets(self.child.key)
        } else {
            4 + offsets(self.child.key) + offsets(self.child.value)
        }
    }

    fn key_end(&self, at: usize) -> Option<usize> {
        match self.child.key {
            Some(size) => size.checked_mul(at + 1)?.checked_add(self.keys_start()),
            None if self.branch => u32_at(self.bytes, 8 + 24 * self.children_count() + 4 * at),
            None => u32_at(self.bytes, 4 + 4 * at),
        }
    }

    fn value_end(&self, at: usize) -> Option<usize> {
        match self.child.value {
            Some(size) => size
                .checked_mul(at + 1)?
                .checked_add(self.key_end(self.count - 1)?),
            None => {
                let keys = if self.child.key.is_none() {
                    self.count
                } else {
                    0
                };
                u32_at(self.bytes, 4 + 4 * (keys + at))
            }
        }
    }

    /// Tells of every page that this one leads to; says whether all of them can be there.
    pub(super) fn children(&self, geometry: Geometry, mut tell: impl FnMut(Child)) -> bool {
        let mut right = true;
        if self.branch {
            for at in 0..self.children_count() {
                let number = u64_at(self.bytes, 8 + 16 * self.children_count() + 8 * at);
                let extent = number.and_then(|number| geometry.extent(number));
                let checksum = u128_at(self.bytes, 8 + 16 * at);
                let (Some(extent), Some(checksum)) = (extent, checksum) else {
                    right = false;
                    continue;
                };
                if checksum != DEFERRED {
                    let child = self.child;
                    tell(Child {
                        extent,
                        checksum,
                        ..child
                    });
                }
            }
        } else if matches!(self.child.role, Role::Tables | Role::SystemTables) {
            for at in 0..self.count {
                right &= self.table(at, geometry, &mut tell).is_some();
            }
        }
        right
    }

    /// Tells of the root of a table that a leaf names. Tables of several values for a key hold
    /// trees within trees; nobody makes any here, and they are not looked into.
    fn table(&self, at: usize, geometry: Geometry, tell: &mut impl FnMut(Child)) -> Option<()> {
        const NORMAL: u8 = 3;
        let start = match at.checked_sub(1) {
            Some(before) => self.value_end(before)?,
            None => self.key_end(self.count - 1)?,
        };
        let table = self.bytes.get(start..self.value_end(at)?)?;
        if *table.first()? != NORMAL || *table.get(9)? == 0 {
            return Some(());
        }
        let size = |at: usize| match *table.get(at)? {
            0 => Some(None),
            _ => u32_at(table, at + 1).map(Some),
        };
        let checksum = u128_at(table, 18)?;
        let child = Child {
            extent: geometry.extent(u64_at(table, 10)?)?,
            checksum,
            role: match self.child.role {
                Role::Tables => Role::Entries,
                _ => Role::System,
            },
            key: size(42)?,
            value: size(47)?,
        };
        if checksum != DEFERRED {
            tell(child);
        }
        Some(())
    }
}
