//! Pages of the store's file, checked before the database sees them.
//!
//! The database writes a checksum of every page into the page that leads to it, and never looks at
//! them when it reads: a bit that has flipped gives another value, and a page that is not what it
//! should be makes it panic, end the process, or follow a circle for ever. So whatever it reads
//! goes through [`Pages`], which knows from the pages read before what each page must be. What is
//! not right is healed from the parity file where that can be done, else refused, or, where a lease
//! may see damage, handed on if no more than entries of it can be wrong: these prove themselves. A
//! page whose reference leads back to where one came from is never handed on.
//!
//! [`walk()`] looks at every page of a file that is in use.

mod form;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::io;

pub(in crate::store) use form::{Child, Extent, Header};
pub(in crate::store) use walk::{Depth, InUse, header, is_right, walk};

use form::{BadHeader, Fit, Geometry, HEADER, Node};

/// What becomes of a page that is not what was written, and cannot be healed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::store) enum Care {
    /// Entries of it that are whole are of use.
    #[default]
    Tolerate,
    /// Nothing is derived from a damaged file.
    Refuse,
}

/// What there is to say of bytes that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Verdict {
    /// They are what was written, or nothing that the database would follow.
    Right,
    /// They are not; the database could read them without harm.
    Readable,
    /// They are not.
    Wrong,
}

/// A hasher for offsets: they are spread well enough by a multiplication.
#[derive(Default)]
struct OffsetHasher(u64);

impl Hasher for OffsetHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, offset: u64) {
        self.0 = (self.0 ^ offset >> 12).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 32;
    }
}

type ByOffset<T> = HashMap<u64, T, BuildHasherDefault<OffsetHasher>>;

#[derive(Debug, Clone, Copy)]
struct Expected {
    child: Child,
    /// The page that leads to it.
    from: u64,
}

/// What is known of the pages of a file, by those that were read.
#[derive(Debug, Default)]
pub(in crate::store) struct Pages {
    geometry: Option<Geometry>,
    expected: ByOffset<Expected>,
    /// Another commit may be in force, and use the same pages for something else.
    others: Vec<Child>,
    /// Pages that were written since: the database trusts what it has just written, and so may we.
    written: ByOffset<()>,
    /// A page was handed on that is not what was written.
    doubt: bool,
}

impl Pages {
    /// Judges what was read, and learns from it what comes next. `len` tells the length of the
    /// file.
    pub(in crate::store) fn judge(
        &mut self,
        offset: u64,
        bytes: &[u8],
        len: &dyn Fn() -> io::Result<u64>,
    ) -> io::Result<Verdict> {
        if offset == 0 {
            return self.header(bytes, len);
        }
        let Some(geometry) = self.geometry else {
            return Ok(Verdict::Right);
        };
        if self.written.contains_key(&offset) {
            return Ok(Verdict::Right);
        }
        if !self.expected.contains_key(&offset) {
            // Which pages a page leads to that was written and forgotten meanwhile is not known.
            return Ok(if self.written.is_empty() {
                Verdict::Wrong
            } else {
                Verdict::Right
            });
        }
        let Some((verdict, node)) = self.likeliest(offset, bytes) else {
            return Ok(Verdict::Wrong);
        };
        let doubtful = self.doubt || verdict == Verdict::Readable;
        if doubtful && !self.leads_on(&node, offset, geometry, len()?) {
            return Ok(Verdict::Wrong);
        }
        if verdict == Verdict::Right {
            self.learn(&node, offset, geometry);
        }
        Ok(verdict)
    }

    /// What the page at an offset may be: what one commit or another has there.
    pub(in crate::store) fn expected(&self, offset: u64) -> impl Iterator<Item = Child> {
        let one = self.expected.get(&offset).map(|expected| expected.child);
        let others = self.others.iter().copied();
        one.into_iter()
            .chain(others.filter(move |child| child.extent.offset == offset))
    }

    /// The page that bytes are, or could be read as.
    fn likeliest<'a>(&self, offset: u64, bytes: &'a [u8]) -> Option<(Verdict, Node<'a>)> {
        let mut readable = None;
        for child in self.expected(offset) {
            if child.extent.len != bytes.len() as u64 {
                continue;
            }
            let Some(node) = Node::new(bytes, child) else {
                continue;
            };
            match node.fit() {
                Fit::Right => return Some((Verdict::Right, node)),
                Fit::Readable => readable = Some((Verdict::Readable, node)),
                Fit::Wrong => {}
            }
        }
        readable
    }

    /// What was judged to be readable is handed on.
    pub(in crate::store) fn accept(&mut self, offset: u64, bytes: &[u8]) {
        self.doubt = true;
        if let (Some(geometry), Some((_, node))) = (self.geometry, self.likeliest(offset, bytes)) {
            self.learn(&node, offset, geometry);
        }
    }

    /// This part of the file is being written.
    pub(in crate::store) fn writes(&mut self, offset: u64) {
        if offset != 0 {
            self.written.insert(offset, ());
        }
    }

    fn header(&mut self, bytes: &[u8], len: &dyn Fn() -> io::Result<u64>) -> io::Result<Verdict> {
        // The database looks at the first bytes first.
        if bytes.len() < HEADER {
            return Ok(Verdict::Right);
        }
        let header = match Header::decode(bytes, len()?) {
            Ok(header) => header,
            Err(BadHeader::Foreign) => return Ok(Verdict::Right),
            Err(BadHeader::Damaged) => return Ok(Verdict::Wrong),
        };
        self.geometry = Some(header.geometry);
        for root in header.roots {
            let offset = root.extent.offset;
            let expected = Expected {
                child: root,
                from: 0,
            };
            if *self.expected.entry(offset).or_insert(expected) != expected {
                self.others.push(root);
            }
        }
        Ok(Verdict::Right)
    }

    /// Whether a page leads on only, to pages that nothing else leads to. In a file with damage a
    /// reference may lead back, and whoever follows it would never come to an end.
    fn leads_on(&self, node: &Node<'_>, offset: u64, geometry: Geometry, len: u64) -> bool {
        let mut seen = Vec::new();
        let mut on = true;
        let there = node.children(geometry, |child| {
            let start = child.extent.offset;
            let known = self.expected.get(&start);
            let within = start
                .checked_add(child.extent.len)
                .is_some_and(|end| end <= len);
            let fresh = known.is_none_or(|known| known.from == offset) && start != offset;
            on &= within && fresh && !seen.contains(&start);
            seen.push(start);
        });
        on && there
    }

    fn learn(&mut self, node: &Node<'_>, offset: u64, geometry: Geometry) {
        let (expected, others) = (&mut self.expected, &mut self.others);
        node.children(geometry, |child| {
            let new = Expected {
                child,
                from: offset,
            };
            let known = *expected.entry(child.extent.offset).or_insert(new);
            if known.child != child {
                others.push(child);
            }
        });
    }
}

impl PartialEq for Expected {
    fn eq(&self, other: &Self) -> bool {
        self.child == other.child
    }
}
