//! All pages of a file that are in use, checked one after the other.

use std::collections::BTreeMap;
use std::io;

use redb::StorageBackend;

use super::form::{Child, Extent, Fit, HEADER, Header, Node, PAGE, Role};

/// Pages in use.
#[derive(Debug, Default)]
pub(in crate::store) struct InUse {
    /// Those that lead to others, and those that nothing is known to follow from: what they must
    /// be.
    pub(in crate::store) pages: BTreeMap<u64, Child>,
    /// Those that are not what was written. What they led to is not known.
    pub(in crate::store) bad: Vec<Child>,
    /// The header cannot be believed, so nothing is known.
    pub(in crate::store) headless: bool,
}

impl InUse {
    /// Whether every page in use is what was written.
    pub(in crate::store) fn is_right(&self) -> bool {
        self.bad.is_empty() && !self.headless
    }

    /// The page of the database that a page of 4 KiB is a part of, if that is in use.
    pub(in crate::store) fn around(&self, page: u64) -> Option<Child> {
        let at = page.checked_mul(PAGE)?;
        let (start, child) = self.pages.range(..=at).next_back()?;
        (at < start.checked_add(child.extent.len)?).then_some(*child)
    }
}

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Depth {
    /// Every page.
    All,
    /// Only what tells of others, which is a hundredth.
    Branches,
}

/// The header of a file of this length, if it can be believed.
pub(in crate::store) fn header(disk: &dyn StorageBackend, len: u64) -> Option<Header> {
    let mut start = [0; HEADER];
    disk.read(0, &mut start).ok()?;
    Header::decode(&start, len).ok()
}

/// Walks over the pages of a file that are in use. What the system cannot read is damaged, too;
/// `heal` may say what a damaged page was.
pub(in crate::store) fn walk(
    disk: &dyn StorageBackend,
    depth: Depth,
    heal: &dyn Fn(&Child) -> Option<Vec<u8>>,
) -> io::Result<InUse> {
    let len = disk.len()?;
    let mut found = InUse::default();
    let Some(header) = header(disk, len) else {
        found.headless = true;
        return Ok(found);
    };
    let mut stack: Vec<(Child, Option<u32>)> =
        header.roots.into_iter().map(|root| (root, None)).collect();
    while let Some((child, above_leaves)) = stack.pop() {
        // A circle, or two that lead to one: in a whole file a page has one place.
        if found.pages.insert(child.extent.offset, child).is_some() {
            continue;
        }
        if depth == Depth::Branches && above_leaves == Some(0) {
            continue;
        }
        let read = read(disk, child.extent, len).filter(|bytes| is_right(&child, bytes));
        let Some(bytes) = read.or_else(|| heal(&child)) else {
            found.bad.push(child);
            continue;
        };
        let Some(node) = Node::new(&bytes, child) else {
            continue;
        };
        let tables = matches!(child.role, Role::Tables | Role::SystemTables);
        let below = match above_leaves {
            _ if tables || !node.is_branch() => None,
            Some(height) => height.checked_sub(1),
            None => height(disk, &node, header.geometry, len),
        };
        node.children(header.geometry, |child| stack.push((child, below)));
    }
    Ok(found)
}

/// Whether a page is what was written.
pub(in crate::store) fn is_right(child: &Child, bytes: &[u8]) -> bool {
    child.extent.len == bytes.len() as u64
        && Node::new(bytes, *child).is_some_and(|node| node.fit() == Fit::Right)
}

/// How many levels of branches are below a branch; all leaves of a tree are equally deep. `None`
/// where damage hides it.
fn height(
    disk: &dyn StorageBackend,
    of: &Node<'_>,
    geometry: super::Geometry,
    len: u64,
) -> Option<u32> {
    let first = |node: &Node<'_>| {
        let mut first = None;
        node.children(geometry, |child| {
            first.get_or_insert(child);
        });
        first
    };
    let mut next = first(of)?;
    for height in 0.. {
        let bytes = read(disk, next.extent, len).filter(|bytes| is_right(&next, bytes))?;
        let node = Node::new(&bytes, next)?;
        if !node.is_branch() {
            return Some(height);
        }
        next = first(&node)?;
    }
    None
}

fn read(disk: &dyn StorageBackend, extent: Extent, len: u64) -> Option<Vec<u8>> {
    if extent.offset.checked_add(extent.len)? > len {
        return None;
    }
    let mut bytes = vec![0; usize::try_from(extent.len).ok()?];
    disk.read(extent.offset, &mut bytes).ok()?;
    Some(bytes)
}
