//! A link of the chain of everything that was ever recorded (`snapshot/chain.rs`).

use serde::{Deserialize, Serialize};

use crate::model::digest::{Digest, DigestBuilder};
use crate::store::record::ids::Stored as StoredId;

/// The last link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Head {
    /// The snapshot's sequence number; 0 where nothing was recorded yet.
    pub(in crate::store) seq: u64,
    pub(in crate::store) link: Digest,
}

impl Default for Head {
    fn default() -> Self {
        Self {
            seq: 0,
            link: Digest([0; 32]),
        }
    }
}

impl Head {
    /// The link of the next snapshot.
    pub(in crate::store) fn next(self, seq: u64, what: What) -> Self {
        let node = DigestBuilder::new("muxtape.chain/2");
        let node = node.child(self.link).bytes(&seq.to_le_bytes());
        let node = node.bytes(&what.id.0).child(what.root);
        Self {
            seq,
            link: node.finish(),
        }
    }
}

/// What a link stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct What {
    pub(in crate::store) id: StoredId,
    pub(in crate::store) root: Digest,
}
