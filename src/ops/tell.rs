//! Results in the words of the journal: pure, but for the rules of redaction, which are read when
//! there is the first text to be checked.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use bstr::ByteSlice;

use super::beat::Holder;
use super::event::RecorderEvent;
use crate::journal::{
    Answer, Change, Event, Gone, Hidden, MadeSession, PruneReason, RestoreStatus, Text,
};
use crate::model::id::SnapshotId;
use crate::model::snapshot::{EndCause, LifeId, RedactionCount, ServerIdentity, SnapshotMeta};
use crate::model::time::Millis;
use crate::redact::{RedactError, RedactSettings, Redactor, Tally};
use crate::restore::recovery::Offer;
use crate::restore::undo::Undone;
use crate::restore::{Plan, Report, Status};
use crate::store::{
    Edit, Kept, Migrated, Pruned, Recorded, RemoveReason, RepairReport, Spooled, TakenIn,
    VerifyReport,
};

/// Ids that one event names at the most; more become several events.
const IDS: usize = 100;
/// Sessions of a snapshot that an event names at the most.
const SESSIONS: usize = 100;
/// Errors of a restore that an event repeats at the most.
const ERRORS: usize = 10;
/// The name of the rule that stands for fields that could not be checked.
const UNCHECKED: &str = "unchecked";

/// An error with all its causes, each said once, on one line.
#[must_use]
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        cause = inner.source();
    }
    message
}

/// Makes events of what was done.
#[derive(Debug, Clone)]
pub(crate) struct Teller {
    settings: Arc<RedactSettings>,
    /// Where the rules cannot be used, texts are left out.
    redactor: Arc<OnceLock<Result<Redactor, RedactError>>>,
}

impl Teller {
    /// One that takes secrets out by these settings.
    pub(super) fn new(settings: &RedactSettings) -> Self {
        Self {
            settings: Arc::new(settings.clone()),
            redactor: Arc::default(),
        }
    }

    /// What takes secrets out by these settings; its rules are read once.
    pub(super) fn redactor(&self) -> Result<&Redactor, RedactError> {
        let made = self.redactor.get_or_init(|| Redactor::new(&self.settings));
        made.as_ref().map_err(Clone::clone)
    }

    /// A name, path or message without secrets.
    pub(super) fn text(&self, raw: impl AsRef<[u8]>) -> Text {
        match self.redactor() {
            Ok(redactor) => {
                let words = raw.as_ref().to_str_lossy();
                redactor.words(&words, &mut Tally::default()).into()
            }
            Err(_) => Text::UNCHECKED,
        }
    }

    fn texts<T: AsRef<[u8]>>(&self, raw: impl IntoIterator<Item = T>) -> Vec<Text> {
        raw.into_iter().map(|one| self.text(one)).collect()
    }

    /// What was taken out, by rule.
    pub(super) fn hidden(&self, counts: &[RedactionCount]) -> Vec<Hidden> {
        let hidden = counts.iter().map(|one| Hidden {
            rule: self.text(&one.rule),
            count: one.count,
        });
        hidden.collect()
    }

    fn why(&self, error: &dyn std::error::Error) -> Text {
        self.text(with_causes(error))
    }

    /// A snapshot was stored.
    pub(super) fn stored(&self, meta: &SnapshotMeta) -> Vec<Event> {
        let names = meta.sessions.iter().map(|session| &session.name);
        let mut events = vec![Event::SnapshotCreated {
            snapshot: meta.id,
            life: meta.life(),
            cause: meta.cause,
            name: meta.name.as_ref().map(|name| self.text(name)),
            sessions: self.texts(names.take(SESSIONS)),
            session_count: meta.sessions.len(),
            panes: meta.panes(),
            partial: meta.partial,
            stored_bytes: meta.stored_bytes,
            redactions: self.hidden(&meta.redactions),
        }];
        let unchecked = meta.redactions.iter().find(|one| one.rule == UNCHECKED);
        events.extend(unchecked.map(|one| Event::RedactionFailed {
            snapshot: meta.id,
            fields: one.count,
        }));
        events
    }

    /// A snapshot was stored, or equalled the newest one, which is nothing to be told.
    pub(super) fn recorded(&self, recorded: &Recorded) -> Vec<Event> {
        match recorded {
            Recorded::Stored(meta) => self.stored(meta),
            Recorded::Unchanged(_) => Vec::new(),
        }
    }

    /// A snapshot was stored or spooled.
    pub(super) fn kept(&self, kept: &Kept) -> Vec<Event> {
        match kept {
            Kept::Recorded(recorded) => self.recorded(recorded),
            Kept::Spooled(spooled) => self.kept_aside(spooled),
        }
    }

    /// A snapshot was spooled.
    pub(super) fn kept_aside(&self, spooled: &Spooled) -> Vec<Event> {
        vec![Event::SnapshotKeptAside {
            waiting: spooled.waiting,
            dropped: spooled.dropped,
            why: self.why(&spooled.why),
        }]
    }

    /// Snapshots that were spooled were taken in.
    pub(super) fn taken_in(&self, taken: &TakenIn) -> Vec<Event> {
        if taken.is_nothing() {
            return Vec::new();
        }
        vec![Event::SnapshotsTakenIn {
            taken: taken.taken,
            partial: taken.partial,
            unnamed: taken.unnamed,
            damaged: taken.set_aside.len(),
            waiting: taken.waiting,
        }]
    }

    /// Snapshots were pruned.
    pub(super) fn pruned(&self, pruned: &Pruned) -> Vec<Event> {
        let gone = |(snapshot, reason): &(SnapshotId, RemoveReason)| Gone {
            snapshot: *snapshot,
            reason: match reason {
                RemoveReason::BeyondCounts => PruneReason::BeyondCounts,
                RemoveReason::TooOld => PruneReason::TooOld,
                RemoveReason::OverQuota => PruneReason::OverQuota,
            },
        };
        let parts = pruned.removed.chunks(IDS);
        let mut events: Vec<Event> = parts
            .map(|some| Event::SnapshotsPruned {
                snapshots: some.iter().map(gone).collect(),
                trash: 0,
            })
            .collect();
        if pruned.trash > 0 {
            events.push(Event::SnapshotsPruned {
                snapshots: Vec::new(),
                trash: pruned.trash,
            });
        }
        events
    }

    /// Snapshots were moved to the trash.
    pub(super) fn deleted(&self, ids: &[SnapshotId]) -> Vec<Event> {
        in_parts(ids, |snapshots| Event::SnapshotsDeleted { snapshots })
    }

    /// Snapshots came back from the trash.
    pub(super) fn undeleted(&self, ids: &[SnapshotId]) -> Vec<Event> {
        in_parts(ids, |snapshots| Event::SnapshotsUndeleted { snapshots })
    }

    /// The trash was emptied.
    pub(super) fn emptied(&self, count: usize) -> Vec<Event> {
        vec![Event::TrashEmptied { count }]
    }

    /// What is told about snapshots was changed.
    pub(super) fn edited(&self, ids: &[SnapshotId], edit: &Edit) -> Vec<Event> {
        let change = match edit.clone() {
            Edit::Rename(to) => Change::Name {
                to: to.map(Text::from),
            },
            Edit::Describe(text) => Change::Description {
                given: text.is_some(),
            },
            Edit::Tag(tag) => Change::Tag {
                tag: tag.into(),
                given: true,
            },
            Edit::Untag(tag) => Change::Tag {
                tag: tag.into(),
                given: false,
            },
            Edit::Pin(given) => Change::Pinned { given },
            Edit::Archive(given) => Change::Archived { given },
        };
        in_parts(ids, |snapshots| Event::SnapshotsEdited {
            snapshots,
            change: change.clone(),
        })
    }

    /// A restore begins.
    pub(super) fn restore_started(&self, plan: &Plan, undo: Option<SnapshotId>) -> Vec<Event> {
        let counts = plan.counts();
        vec![Event::RestoreStarted {
            snapshot: plan.snapshot,
            session_count: counts.sessions,
            tabs: counts.tabs,
            panes: counts.panes,
            undo,
        }]
    }

    /// A restore is over, or could not be done.
    pub(super) fn restored<E: std::error::Error>(
        &self,
        plan: &Plan,
        report: Result<&Report, &E>,
    ) -> Vec<Event> {
        let snapshot = plan.snapshot;
        let report = match report {
            Ok(report) => report,
            Err(error) => {
                let why = self.why(error);
                return vec![Event::RestoreFailed { snapshot, why }];
            }
        };
        let made = report.sessions.iter().map(|made| MadeSession {
            from: self.text(&made.from),
            to: self.text(&made.to),
        });
        vec![Event::RestoreFinished {
            snapshot,
            status: match report.status {
                Status::Success => RestoreStatus::Success,
                Status::Partial => RestoreStatus::Partial,
                Status::Failed => RestoreStatus::Failed,
            },
            sessions: made.collect(),
            replaced: self.texts(&report.replaced),
            tabs_restored: report.tabs_restored,
            tabs_failed: report.tabs_failed,
            panes_restored: report.panes_restored,
            panes_failed: report.panes_failed,
            programs_run: report.programs_run,
            programs_typed: report.programs_typed,
            warnings: report.warnings.len(),
            errors: self.texts(report.errors.iter().take(ERRORS)),
            undo: report.undo,
            duration_ms: report.duration_ms,
        }]
    }

    /// What a restore made was taken back.
    pub(super) fn restore_undone(&self, undone: &Undone) -> Vec<Event> {
        vec![Event::RestoreUndone {
            sessions: self.texts(undone.closed.iter().map(|made| &made.to)),
            panes: undone.panes.len(),
            back: self.texts(undone.back.iter().map(|made| &made.to)),
            left: undone.left.len(),
        }]
    }

    /// What a crash took was offered.
    pub(super) fn offered(&self, offers: &[Offer]) -> Vec<Event> {
        let offered = offers.iter().map(|offer| Event::RecoveryOffered {
            life: offer.id(),
            cause: offer.cause,
            snapshot: offer.newest(),
            sessions: self.texts(offer.lost()),
        });
        offered.collect()
    }

    /// An offer was answered.
    pub(super) fn answered(&self, life: LifeId, answer: Answer) -> Vec<Event> {
        vec![Event::RecoveryAnswered { life, answer }]
    }

    /// A server was met, for the first time where it `began`; lives before it turned out to have
    /// `ended`.
    pub(crate) fn met(
        &self,
        server: &ServerIdentity,
        began: bool,
        ended: &[(LifeId, EndCause)],
    ) -> Vec<Event> {
        let ended = ended
            .iter()
            .flat_map(|(life, cause)| self.ended(*life, *cause));
        let began = began.then(|| Event::LifeBegan {
            life: server.life(),
            server_pid: server.pid().unwrap_or(0),
            socket: self.text(&server.socket),
        });
        ended.chain(began).collect()
    }

    /// A server has gone.
    pub(super) fn ended(&self, life: LifeId, cause: EndCause) -> Vec<Event> {
        vec![Event::LifeEnded { life, cause }]
    }

    /// A recorder was started, after `before` was cut off, if one was: nothing was recorded since
    /// the last look of that one.
    pub(crate) fn recorder_started(&self, before: Option<&Holder>, now: Millis) -> Vec<Event> {
        let mut events = vec![Event::RecorderStarted {}];
        let gap = before.and_then(|before| Some((before.pid, before.beat?)));
        events.extend(gap.map(|(process, beat)| Event::RecorderGap {
            process,
            last_look: beat.at,
            gap_ms: now.since(beat.at),
        }));
        events
    }

    /// A recorder ended in good order.
    pub(crate) fn recorder_stopped(&self) -> Vec<Event> {
        vec![Event::RecorderStopped {}]
    }

    /// What happened at a look of the recorder.
    pub(crate) fn recorder(&self, event: &RecorderEvent) -> Vec<Event> {
        match event {
            RecorderEvent::Stored(meta) => self.stored(meta),
            RecorderEvent::Spooled(spooled) => self.kept_aside(spooled),
            RecorderEvent::TakenIn(taken) => self.taken_in(taken),
            RecorderEvent::ServerGone { life, cause } => self.ended(*life, *cause),
            RecorderEvent::Failed(why) => vec![Event::RecorderFailed {
                why: self.text(why),
            }],
            // Its beginning and its end are noted where they happen; a look that found nothing new
            // is nothing to be told.
            RecorderEvent::Started { .. }
            | RecorderEvent::Looked(_)
            | RecorderEvent::Other(_)
            | RecorderEvent::Stopped
            | RecorderEvent::Broken(_)
            | RecorderEvent::Quiet
            | RecorderEvent::HeldBack
            | RecorderEvent::Unchanged
            | RecorderEvent::NoServer => Vec::new(),
        }
    }

    /// The store could not do what was asked.
    pub(super) fn store_failed(&self, why: &str) -> Vec<Event> {
        vec![Event::StoreFailed {
            why: self.text(why),
        }]
    }

    /// Snapshots were written to a file.
    pub(super) fn exported(&self, ids: &[SnapshotId], file: &Path) -> Vec<Event> {
        let file = self.text(file.as_os_str().as_bytes());
        in_parts(ids, |snapshots| Event::SnapshotsExported {
            snapshots,
            file: file.clone(),
        })
    }

    /// Snapshots were taken over from a file, under the ids that they have now.
    pub(super) fn imported(&self, ids: &[SnapshotId], file: &Path) -> Vec<Event> {
        let file = self.text(file.as_os_str().as_bytes());
        in_parts(ids, |snapshots| Event::SnapshotsImported {
            snapshots,
            file: file.clone(),
        })
    }

    /// Recording of a session or pane (`session`, `session:tab.pane`; nothing for everything) was
    /// turned off or on.
    pub(super) fn private(&self, target: Option<&str>, private: bool) -> Vec<Event> {
        let target = target.map(|target| self.text(target));
        vec![Event::PrivateSwitched { target, private }]
    }

    /// The history was redacted anew.
    pub(super) fn rewritten(&self, changed: u64, taken: &[RedactionCount]) -> Vec<Event> {
        vec![Event::HistoryRewritten {
            changed,
            redactions: self.hidden(taken),
        }]
    }

    /// The store was checked.
    pub(super) fn verified(&self, report: &VerifyReport) -> Vec<Event> {
        vec![Event::StoreVerified {
            checked: report.checked,
            damaged: report.damaged.len(),
        }]
    }

    /// The store was repaired.
    pub(super) fn repaired(&self, report: &RepairReport) -> Vec<Event> {
        vec![Event::StoreRepaired {
            count: report.snapshots,
            partial: report.partial.len(),
            lost: report.lost.len(),
            left: report.left.len(),
        }]
    }

    /// The store was brought into a newer form.
    pub(super) fn migrated(&self, migrated: &Migrated) -> Vec<Event> {
        vec![Event::StoreMigrated {
            from: migrated.from,
            to: migrated.to,
            count: migrated.carried.snapshots,
            lost: migrated.lost.len(),
        }]
    }
}

/// Events of many snapshots, each of as many as one may name.
fn in_parts(ids: &[SnapshotId], event: impl Fn(Vec<SnapshotId>) -> Event) -> Vec<Event> {
    ids.chunks(IDS).map(|ids| event(ids.to_vec())).collect()
}
