//! Which snapshots a list shows.

use bstr::BString;

use crate::model::composed::same_name;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{Cause, SnapshotMeta};
use crate::model::time::Millis;
use crate::store::snapshot::metadata::Row;

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
        let session = |name: &BString| meta.sessions.iter().any(|own| same_name(&own.name, name));
        self.session.as_ref().is_none_or(session)
            && self.tag.as_ref().is_none_or(|tag| meta.tags.contains(tag))
            && self.fits(meta.archived, meta.cause, meta.time)
    }

    /// The same of a record, before any of it is copied.
    pub(in crate::store) fn matches_row(&self, row: &Row<'_>) -> bool {
        let session = |name: &BString| row.has_session(name);
        self.session.as_ref().is_none_or(session)
            && self.tag.as_ref().is_none_or(|tag| row.has_tag(tag))
            // One without a time has no id: that it is damaged is found when it is copied.
            && row.time().is_none_or(|time| self.fits(row.is_archived(), row.cause(), time))
    }

    fn fits(&self, archived: bool, cause: Cause, time: Millis) -> bool {
        (self.archived || !archived)
            && self.cause.is_none_or(|wanted| wanted == cause)
            && self.since.is_none_or(|since| time >= since)
            && self.until.is_none_or(|until| time <= until)
    }
}
