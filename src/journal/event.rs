//! What can be told: the kinds of events and what each holds.

use serde::{Serialize, Serializer};

use super::line::stamp;
use super::text::Text;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{Cause, EndCause, LifeId};
use crate::model::time::Millis;

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A command.
    Command,
    /// The interface.
    Interface,
    /// The recorder, as a daemon or within the interface.
    Recorder,
}

/// Something that was done, or that happened.
///
/// Its name in the journal is the variant's in snake case. Within a version of the form, kinds and
/// fields are only added. Texts are [`Text`]s, so that none is written that was not checked for
/// secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A snapshot was stored.
    SnapshotCreated {
        /// Which.
        #[serde(serialize_with = "shown")]
        snapshot: SnapshotId,
        /// The life of the server that it shows.
        #[serde(serialize_with = "shown")]
        life: LifeId,
        /// Why it was made.
        cause: Cause,
        /// Its name, if it has one.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<Text>,
        /// Its sessions; the first hundred.
        sessions: Vec<Text>,
        /// How many sessions it has.
        session_count: usize,
        /// How many panes.
        panes: u32,
        /// Whether it holds a part of what there was.
        partial: bool,
        /// Bytes that it added to the store.
        stored_bytes: u64,
        /// What was taken out of it, by rule.
        redactions: Vec<Hidden>,
    },
    /// A snapshot could not be stored, and waits beside the store.
    SnapshotKeptAside {
        /// How many wait.
        waiting: usize,
        /// How many older ones were thrown away to make room for it.
        dropped: usize,
        /// Why.
        why: Text,
    },
    /// Snapshots that waited beside the store are in it now.
    SnapshotsTakenIn {
        /// How many.
        taken: usize,
        /// Of these, how many lack texts.
        partial: usize,
        /// Of these, how many lost their name to another snapshot.
        unnamed: usize,
        /// Files that were damaged and put aside.
        damaged: usize,
        /// How many still wait.
        waiting: usize,
    },
    /// Snapshots went for good, by the rules of retention.
    SnapshotsPruned {
        /// Which, and why.
        snapshots: Vec<Gone>,
        /// How many left the trash for good.
        trash: usize,
    },
    /// Snapshots were moved to the trash.
    SnapshotsDeleted {
        /// Which.
        #[serde(serialize_with = "all_shown")]
        snapshots: Vec<SnapshotId>,
    },
    /// Snapshots came back from the trash.
    SnapshotsUndeleted {
        /// Which.
        #[serde(serialize_with = "all_shown")]
        snapshots: Vec<SnapshotId>,
    },
    /// The trash was emptied for good.
    TrashEmptied {
        /// How many snapshots were in it.
        count: usize,
    },
    /// What is told about snapshots was changed.
    SnapshotsEdited {
        /// Which.
        #[serde(serialize_with = "all_shown")]
        snapshots: Vec<SnapshotId>,
        /// What was changed.
        change: Change,
    },
    /// A restore begins.
    RestoreStarted {
        /// The snapshot that is brought back.
        #[serde(serialize_with = "shown")]
        snapshot: SnapshotId,
        /// How many sessions are to be made.
        session_count: usize,
        /// How many tabs.
        tabs: usize,
        /// How many panes.
        panes: usize,
        /// The snapshot that was saved before.
        #[serde(
            serialize_with = "maybe_shown",
            skip_serializing_if = "Option::is_none"
        )]
        undo: Option<SnapshotId>,
    },
    /// A restore is over.
    RestoreFinished {
        /// The snapshot that was brought back.
        #[serde(serialize_with = "shown")]
        snapshot: SnapshotId,
        /// How it went.
        status: RestoreStatus,
        /// Sessions that were made.
        sessions: Vec<MadeSession>,
        /// Sessions that were closed for those in their place.
        replaced: Vec<Text>,
        /// Tabs that are there.
        tabs_restored: usize,
        /// Tabs that could not be made.
        tabs_failed: usize,
        /// Panes that are there.
        panes_restored: usize,
        /// Panes that could not be made.
        panes_failed: usize,
        /// Programs that were run.
        programs_run: usize,
        /// Programs that were typed.
        programs_typed: usize,
        /// How much is not as it was.
        warnings: usize,
        /// What failed; the first ten.
        errors: Vec<Text>,
        /// The snapshot that was saved before.
        #[serde(
            serialize_with = "maybe_shown",
            skip_serializing_if = "Option::is_none"
        )]
        undo: Option<SnapshotId>,
        /// How long it took, in milliseconds.
        duration_ms: u64,
    },
    /// A restore did nothing, or was broken off.
    RestoreFailed {
        /// The snapshot that was to be brought back.
        #[serde(serialize_with = "shown")]
        snapshot: SnapshotId,
        /// Why.
        why: Text,
    },
    /// What a restore made was taken back.
    RestoreUndone {
        /// Sessions that were closed.
        sessions: Vec<Text>,
        /// Panes of other sessions that were closed.
        panes: usize,
        /// Sessions that had been replaced and are back.
        back: Vec<Text>,
        /// What was left alone.
        left: usize,
    },
    /// What a crash took was offered.
    RecoveryOffered {
        /// The life that ended.
        #[serde(serialize_with = "shown")]
        life: LifeId,
        /// How it ended.
        cause: EndCause,
        /// The snapshot that was offered first.
        #[serde(
            serialize_with = "maybe_shown",
            skip_serializing_if = "Option::is_none"
        )]
        snapshot: Option<SnapshotId>,
        /// The sessions that are not back.
        sessions: Vec<Text>,
    },
    /// An offer was answered.
    RecoveryAnswered {
        /// The life that ended.
        #[serde(serialize_with = "shown")]
        life: LifeId,
        /// The answer.
        answer: Answer,
    },
    /// A server was met for the first time.
    LifeBegan {
        /// Its life.
        #[serde(serialize_with = "shown")]
        life: LifeId,
        /// The server's process.
        server_pid: i32,
        /// Its socket.
        socket: Text,
    },
    /// A server has gone.
    LifeEnded {
        /// Its life.
        #[serde(serialize_with = "shown")]
        life: LifeId,
        /// How it ended, as far as that could be seen.
        cause: EndCause,
    },
    /// A recorder was started.
    RecorderStarted {},
    /// A recorder was stopped in good order.
    RecorderStopped {},
    /// The recorder before the one that was started just now was cut off: nothing was recorded in
    /// between.
    RecorderGap {
        /// The process that was cut off.
        process: Option<i32>,
        /// When it looked last.
        #[serde(serialize_with = "stamped")]
        last_look: Millis,
        /// How long that was ago, in milliseconds.
        gap_ms: u64,
    },
    /// The recorder failed; it tries again. What fails in the same way again is not told again.
    RecorderFailed {
        /// Why.
        why: Text,
    },
    /// A rule of redaction failed: the fields were left out of a snapshot.
    RedactionFailed {
        /// The snapshot.
        #[serde(serialize_with = "shown")]
        snapshot: SnapshotId,
        /// How many fields.
        fields: u32,
    },
    /// Recording of something was turned off or on.
    PrivateSwitched {
        /// The session, or `session:tab.pane`; nothing for everything.
        target: Option<Text>,
        /// Whether it is private now.
        private: bool,
    },
    /// The history was redacted anew.
    HistoryRewritten {
        /// How many snapshots were changed.
        changed: u64,
        /// What was taken out, by rule.
        redactions: Vec<Hidden>,
    },
    /// Snapshots were written to a file.
    SnapshotsExported {
        /// Which.
        #[serde(serialize_with = "all_shown")]
        snapshots: Vec<SnapshotId>,
        /// The file.
        file: Text,
    },
    /// Snapshots were taken over from a file.
    SnapshotsImported {
        /// Which, by the ids that they have now.
        #[serde(serialize_with = "all_shown")]
        snapshots: Vec<SnapshotId>,
        /// The file.
        file: Text,
    },
    /// The store was checked.
    StoreVerified {
        /// Snapshots that were checked.
        checked: u64,
        /// Parts that are damaged.
        damaged: usize,
    },
    /// The store was repaired.
    StoreRepaired {
        /// Snapshots that are there now.
        count: u64,
        /// Snapshots that lost a part.
        partial: usize,
        /// Snapshots that are lost.
        lost: usize,
        /// Parts that are still damaged.
        left: usize,
    },
    /// The store was brought into a newer form.
    StoreMigrated {
        /// The form that it had.
        from: u32,
        /// The form that it has now.
        to: u32,
        /// Snapshots that it holds.
        count: u64,
        /// Parts that were damaged and stayed behind in the backup.
        lost: usize,
    },
    /// The store could not do what was asked.
    StoreFailed {
        /// Why.
        why: Text,
    },
    /// A line that a killed process had not finished was closed off; it stands before this one.
    JournalMended {
        /// Its bytes.
        bytes: u64,
        /// Their BLAKE3 hash.
        #[serde(serialize_with = "shown")]
        digest: Digest,
    },
    /// What tells where the journal ends was gone or damaged: lines that were removed at its end
    /// before this one cannot be missed.
    JournalHeadRemade {},
    /// Events before this one could not be written.
    EventsLost {
        /// How many.
        count: u64,
    },
}

impl Event {
    /// The names of all kinds.
    pub const KINDS: &[&str] = &[
        "snapshot_created",
        "snapshot_kept_aside",
        "snapshots_taken_in",
        "snapshots_pruned",
        "snapshots_deleted",
        "snapshots_undeleted",
        "trash_emptied",
        "snapshots_edited",
        "restore_started",
        "restore_finished",
        "restore_failed",
        "restore_undone",
        "recovery_offered",
        "recovery_answered",
        "life_began",
        "life_ended",
        "recorder_started",
        "recorder_stopped",
        "recorder_gap",
        "recorder_failed",
        "redaction_failed",
        "private_switched",
        "history_rewritten",
        "snapshots_exported",
        "snapshots_imported",
        "store_verified",
        "store_repaired",
        "store_migrated",
        "store_failed",
        "journal_mended",
        "journal_head_remade",
        "events_lost",
    ];
}

/// A rule of redaction and how often it took something out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hidden {
    /// The rule's name.
    pub rule: Text,
    /// How often.
    pub count: u32,
}

/// A snapshot that was pruned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gone {
    /// Which.
    #[serde(serialize_with = "shown")]
    pub snapshot: SnapshotId,
    /// Why.
    pub reason: PruneReason,
}

/// Why a snapshot was pruned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PruneReason {
    /// No count keeps it.
    BeyondCounts,
    /// It was too old.
    TooOld,
    /// The store was larger than its quota.
    OverQuota,
}

/// A change to what is told about a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "field", rename_all = "snake_case")]
pub enum Change {
    /// Its name.
    Name {
        /// The new one; none where it was taken away.
        to: Option<Text>,
    },
    /// Its note, which the journal does not repeat.
    Description {
        /// Whether it has one now.
        given: bool,
    },
    /// A tag.
    Tag {
        /// Which.
        tag: Text,
        /// Whether it has it now.
        given: bool,
    },
    /// Its pin.
    Pinned {
        /// Whether it has one now.
        given: bool,
    },
    /// Its place among the archived ones.
    Archived {
        /// Whether it has one now.
        given: bool,
    },
}

/// How a restore went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RestoreStatus {
    /// All that was planned was done.
    Success,
    /// Some of it was.
    Partial,
    /// Nothing was.
    Failed,
}

/// A session that a restore made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MadeSession {
    /// Its name in the snapshot.
    pub from: Text,
    /// Its name now.
    pub to: Text,
}

/// The answer to an offer of recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It was brought back.
    Recovered,
    /// It is never to be offered again.
    Dismissed,
}

pub(super) fn shown<T: std::fmt::Display, S: Serializer>(
    value: &T,
    to: S,
) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

fn stamped<S: Serializer>(time: &Millis, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&stamp(*time))
}

fn all_shown<S: Serializer>(ids: &[SnapshotId], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(ids.iter().map(ToString::to_string))
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
fn maybe_shown<S: Serializer>(id: &Option<SnapshotId>, to: S) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => to.collect_str(id),
        None => to.serialize_none(),
    }
}
