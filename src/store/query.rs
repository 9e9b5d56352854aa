//! Which snapshots a list shows.

use bstr::BString;

use crate::model::id::SnapshotId;
use crate::model::snapshot::{Cause, SnapshotMeta};
use crate::model::time::Millis;

/// Which snapshots a list shows; the default shows all that are not archived.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// Only those in which this session is.
    pub session: Option<BString>,
    /// Only those with this tag.
    pub tag: Option<String>,
    /// Only those made for this reason.
    pub cause: Option<Cause>,
    /// Only those made at this moment or later.
    pub since: Option<Millis>,
    /// Only those made at this moment or earlier.
    pub until: Option<Millis>,
    /// Archived ones too.
    pub archived: bool,
    /// Only those older than this one: the next page.
    pub before: Option<SnapshotId>,
    /// At most this many.
    pub limit: Option<usize>,
}

impl Query {
    /// Whether the snapshot is one of those; `before` and `limit` are the walk's work.
    #[must_use]
    pub fn matches(&self, meta: &SnapshotMeta) -> bool {
        let session = |name: &BString| meta.sessions.iter().any(|own| own.name == *name);
        (self.archived || !meta.archived)
            && self.session.as_ref().is_none_or(session)
            && self.tag.as_ref().is_none_or(|tag| meta.tags.contains(tag))
            && self.cause.is_none_or(|cause| meta.cause == cause)
            && self.since.is_none_or(|since| meta.time >= since)
            && self.until.is_none_or(|until| meta.time <= until)
    }
}
