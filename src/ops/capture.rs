//! Captures: for looking at, to be stored, and before a restore.

use bstr::BString;

use super::error::OpsError;
use super::host::Host;
use super::tell::Teller;
use crate::capture::{CaptureError, CaptureRequest, Captured, Stamp, capture};
use crate::model::id::SnapshotId;
use crate::model::snapshot::Cause;
use crate::model::time::Millis;
use crate::mux::MuxError;
use crate::redact::Tally;
use crate::store::{Kept, NewSnapshot, StoreError, Storing, Unchanged};

/// What is captured now, and what is said about it. By default all of it, without a name.
#[derive(Debug, Clone, Default)]
pub struct CaptureNow {
    /// The sessions, by exact name; none for all.
    pub sessions: Vec<BString>,
    /// Whether texts are left out.
    pub structure_only: bool,
    /// A name to find it by.
    pub name: Option<String>,
    /// A note.
    pub description: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Whether retention never removes it.
    pub pinned: bool,
    /// How much it shares with snapshots before.
    pub storing: Storing,
    /// Whether nothing is stored where nothing has changed since the newest snapshot.
    pub if_changed: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct CapturedNow {
    /// The snapshot, in the store or spooled.
    pub kept: Kept,
    /// Secrets that were taken out of what was typed.
    pub taken: Tally,
}

impl Host {
    /// The state now, redacted, without what is never recorded: of the sessions of these names, or
    /// of all. Texts are left out where they are not wanted, or the settings say so.
    pub fn live(&self, sessions: &[BString], contents: bool) -> Result<Captured, OpsError> {
        let all = self.all();
        let request = CaptureRequest {
            sessions: (!sessions.is_empty()).then(|| sessions.to_vec()),
            contents: contents && all.contents,
            ..all
        };
        self.capture(&request, None)
    }

    /// The state now, for a recorder, which goes on from what it captured before.
    pub(crate) fn live_after(&self, previous: Option<&Captured>) -> Result<Captured, OpsError> {
        let request = CaptureRequest {
            remember: true,
            ..self.all()
        };
        self.capture(&request, previous)
    }

    /// All that the settings let be captured.
    fn all(&self) -> CaptureRequest {
        let recorder = &self.settings().recorder;
        CaptureRequest {
            contents: recorder.contents,
            history_limit: Some(recorder.history_limit),
            ..CaptureRequest::default()
        }
    }

    fn capture(
        &self,
        request: &CaptureRequest,
        previous: Option<&Captured>,
    ) -> Result<Captured, OpsError> {
        let (redactor, exclusions) = (self.redactor()?, self.exclusions());
        let captured = capture(self.mux(), redactor, exclusions, request, previous);
        Ok(captured?)
    }

    /// Stores what a recorder captured at this moment, unless nothing has changed; where the store
    /// is `blocked`, or turns out to be, it is spooled.
    pub(crate) fn keep(
        &self,
        captured: &mut Captured,
        cause: Cause,
        time: Millis,
        blocked: Option<StoreError>,
    ) -> Result<Kept, OpsError> {
        let new = self.stamped(captured, cause, time)?;
        Ok(match blocked {
            None => self.store().record_or_spool(new, Unchanged::Skip)?,
            Some(why) => Kept::Spooled(self.store().spool(new, Unchanged::Skip, why)?),
        })
    }

    /// A capture as it is recorded, at this moment.
    fn stamped(
        &self,
        captured: &mut Captured,
        cause: Cause,
        time: Millis,
    ) -> Result<NewSnapshot, OpsError> {
        Ok(captured.snapshot(Stamp {
            time,
            random: self.random()?,
            cause,
            host: self.machine().name.clone(),
        }))
    }

    /// Takes a snapshot now. Where the store cannot be written, it is spooled.
    ///
    /// # Errors
    ///
    /// [`OpsError::NoSession`] where there is nothing to record.
    pub fn capture_now(&self, what: &CaptureNow) -> Result<CapturedNow, OpsError> {
        let mut captured = self.live(&what.sessions, !what.structure_only)?;
        if captured.state.sessions.is_empty() {
            return Err(OpsError::NoSession);
        }
        let mut taken = Tally::default();
        let redactor = self.redactor()?;
        let mut words = |typed: &String| redactor.words(typed, &mut taken);
        let left_out = what.structure_only && self.settings().recorder.contents;
        let new = NewSnapshot {
            name: what.name.as_ref().map(&mut words),
            description: what.description.as_ref().map(&mut words),
            tags: what.tags.iter().map(&mut words).collect(),
            pinned: what.pinned,
            partial: !what.sessions.is_empty() || left_out,
            storing: what.storing,
            ..self.stamped(&mut captured, Cause::Manual, self.now())?
        };
        // Where that fails, the snapshot is spooled as well.
        if let Ok(taken_in) = self.store().take_in() {
            self.note(|tell| tell.taken_in(&taken_in));
        }
        let unchanged = match what.if_changed {
            true => Unchanged::Skip,
            false => Unchanged::Store,
        };
        let kept = self.store().record_or_spool(new, unchanged);
        let kept = self.noted(kept, Teller::kept)?;
        Ok(CapturedNow { kept, taken })
    }

    /// Saves the state before something that is to be taken back; `None` where there is no session,
    /// and nothing to be brought back. It is always a snapshot of its own: an ordinary one that
    /// shows the same could be removed by retention.
    pub(super) fn save_undo_point(&self) -> Result<Option<SnapshotId>, OpsError> {
        let mut captured = match self.live(&[], true) {
            Err(OpsError::Capture(CaptureError::Mux(MuxError::NoServer { .. }))) => {
                return Ok(None);
            }
            captured => captured?,
        };
        if captured.state.sessions.is_empty() {
            return Ok(None);
        }
        let new = self.stamped(&mut captured, Cause::UndoPoint, self.now())?;
        let recorded = self.store().record(new, Unchanged::Store);
        let recorded = self.noted(recorded, Teller::recorded)?;
        Ok(Some(recorded.meta().id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Query as Asked;
    use crate::mux::memory::Memory;
    use crate::ops::testing::host_of;
    use crate::store::Recorded;
    use crate::store::testing::{session, state, text};

    fn stored(kept: &Kept) -> SnapshotId {
        match kept {
            Kept::Recorded(Recorded::Stored(meta)) => meta.id,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_undo_point_is_a_snapshot_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let shown = [text("$ make")];
        let mux = Memory::with(state(vec![session("api", 0, &shown)]), &shown);
        let host = host_of(dir.path(), &mux);
        let before = host.capture_now(&CaptureNow::default()).unwrap();
        let before = stored(&before.kept);
        let point = host.save_undo_point().unwrap().unwrap();
        assert_ne!(point, before);
        let meta = host.store().meta(point).unwrap();
        assert_eq!(meta.cause, Cause::UndoPoint);
        assert_eq!(meta.root, host.store().meta(before).unwrap().root);
        let told = host.journal().find(&Asked::default()).unwrap().entries;
        let causes: Vec<_> = told.iter().map(|one| one.fields["cause"].clone()).collect();
        assert_eq!(causes, ["manual", "undo_point"]);
        // Where nothing is alive, nothing is to be brought back.
        mux.end();
        assert_eq!(host.save_undo_point().unwrap(), None);
        let nothing = host.capture_now(&CaptureNow::default()).unwrap_err();
        assert!(nothing.to_string().contains("server"), "{nothing}");
    }

    #[test]
    fn without_randomness_nothing_is_stored() {
        let dir = tempfile::tempdir().unwrap();
        let shown = [text("$ make")];
        let mux = Memory::with(state(vec![session("api", 0, &shown)]), &shown);
        let host = host_of(dir.path(), &mux).without_randomness();
        for failed in [
            host.capture_now(&CaptureNow::default()).err(),
            host.save_undo_point().err(),
        ] {
            assert!(
                matches!(failed, Some(OpsError::Randomness(_))),
                "{failed:?}"
            );
        }
        assert!(!host.store().exists());
    }
}
