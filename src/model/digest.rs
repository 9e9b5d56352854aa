//! Content digests: BLAKE3, separated by domain, so that equal digests mean equal subtrees.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A BLAKE3 digest of a part of a snapshot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Its first eight bytes: enough to see that something changed.
    #[must_use]
    pub fn mark(self) -> u64 {
        let mut first = [0; 8];
        first
            .iter_mut()
            .zip(self.0)
            .for_each(|(to, from)| *to = from);
        u64::from_le_bytes(first)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self:.16})")
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        f.pad(&hex)
    }
}

/// Builds the digest of one node: a domain, then fields and children, each framed by its length, so
/// that no two different nodes feed the same bytes.
pub struct DigestBuilder(blake3::Hasher);

impl DigestBuilder {
    /// Starts a node of the given domain, for example `"muxtape.pane/1"`.
    #[must_use]
    pub fn new(domain: &'static str) -> Self {
        Self(blake3::Hasher::new_derive_key(domain))
    }

    /// Adds a field as bytes.
    #[must_use]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// Adds the digest of a child.
    #[must_use]
    pub fn child(self, digest: Digest) -> Self {
        self.bytes(&digest.0)
    }

    /// Adds any value through its serialised form. A value that cannot be serialised adds a mark of
    /// its own; the model's types always can.
    #[must_use]
    pub fn value<T: Serialize>(self, value: &T) -> Self {
        match postcard::to_allocvec(value) {
            Ok(bytes) => self.bytes(&bytes),
            Err(_) => self.bytes(b"\xffunserialisable"),
        }
    }

    /// The digest.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest(*self.0.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_borders_and_domains_matter() {
        let ab_c = DigestBuilder::new("a").bytes(b"ab").bytes(b"c").finish();
        let a_bc = DigestBuilder::new("a").bytes(b"a").bytes(b"bc").finish();
        let other = DigestBuilder::new("b").bytes(b"ab").bytes(b"c").finish();
        assert_ne!(ab_c, a_bc);
        assert_ne!(ab_c, other);
    }
}
