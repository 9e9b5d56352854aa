//! How far a store is beyond its quota.

use std::path::Path;

use super::policy::Quota;
use crate::store::care::compact;
use crate::store::query::stats::allocated;
use crate::store::record::fault::Fault;
use crate::store::record::tables::{Index, Stream, View};

/// A store beside its quota, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Excess {
    /// What has to be removed.
    pub(super) records: u64,
    /// What a compaction gives back, where the file is larger than the quota.
    pub(super) spare: u64,
}

/// Measures a store.
///
/// The file grows in large steps and never shrinks by itself, so going by its blocks would remove
/// everything: what is to be removed is only what a compaction would leave beyond the quota.
pub(super) fn excess(view: &impl View, file: &Path, quota: &Quota) -> Result<Excess, Fault> {
    let allocated = allocated(file)?;
    // Counting the pages reads all of them; that is needed only where the file is too large.
    if allocated <= quota.bytes {
        return Ok(Excess::default());
    }
    let mut used: u64 = 0;
    for stream in Stream::ALL {
        used = used.saturating_add(compact::of(&view.stream(stream)?)?);
    }
    for index in Index::ALL {
        used = used.saturating_add(compact::of(&view.index(index)?)?);
    }
    Ok(Excess {
        records: allocated.min(used).saturating_sub(quota.bytes),
        spare: allocated.saturating_sub(used),
    })
}
