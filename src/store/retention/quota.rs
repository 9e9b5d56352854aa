//! How far a store is beyond its quota.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use redb::ReadableTableMetadata;

use super::policy::Quota;
use crate::store::error::StoreError;
use crate::store::fault::Fault;
use crate::store::tables::{Index, Stream, View};

/// Bytes in a block, as `stat` counts them.
const BLOCK: u64 = 512;

/// The bytes by which a store is larger than its quota.
///
/// The file grows in large steps and never shrinks by itself, so its blocks alone would tell to remove
/// everything: what counts is no more than the pages that hold records.
pub(super) fn excess(view: &impl View, file: &Path, quota: &Quota) -> Result<u64, Fault> {
    let metadata = std::fs::metadata(file);
    let metadata =
        metadata.map_err(|cause| StoreError::io("read the store's size", file, cause))?;
    let allocated = metadata.blocks().saturating_mul(BLOCK);
    // Counting the pages reads all of them; that is needed only where the file is too large.
    if allocated <= quota.bytes {
        return Ok(0);
    }
    let used = pages(view)?;
    Ok(allocated.min(used).saturating_sub(quota.bytes))
}

/// Bytes of the pages that are in use.
fn pages(view: &impl View) -> Result<u64, Fault> {
    let mut bytes: u64 = 0;
    let mut add = |stats: redb::TableStats| {
        for part in [
            stats.stored_bytes(),
            stats.metadata_bytes(),
            stats.fragmented_bytes(),
        ] {
            bytes = bytes.saturating_add(part);
        }
    };
    for stream in Stream::ALL {
        add(view.stream(stream)?.stats()?);
    }
    for index in Index::ALL {
        add(view.index(index)?.stats()?);
    }
    Ok(bytes)
}
