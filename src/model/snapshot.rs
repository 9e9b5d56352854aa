//! Snapshots, and the server lives that they belong to.

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::digest::{Digest, DigestBuilder};
use super::id::SnapshotId;
use super::time::Millis;
use super::tree::ServerState;

/// A terminal multiplexer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MuxKind {
    /// tmux.
    Tmux,
    /// zellij.
    Zellij,
}

impl std::fmt::Display for MuxKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            MuxKind::Tmux => "tmux",
            MuxKind::Zellij => "zellij",
        })
    }
}

/// The server of a place: a tmux socket, or zellij's directory of sockets with all sessions in it.
/// Where one process serves the place, this also tells one run of it from every other.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ServerIdentity {
    /// Which multiplexer.
    pub mux: MuxKind,
    /// The socket's path (zellij: the directory of its sockets).
    pub socket: BString,
    /// What it calls its version, for example `3.3a`.
    pub version: String,
    /// The process that serves the place; `None` where each session has one of its own (zellij).
    pub process: Option<ServerProcess>,
    /// The boot of the machine that it ran under.
    pub boot: BootId,
}

/// The process of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ServerProcess {
    /// Its id.
    pub pid: i32,
    /// When it started, to the second.
    pub started: Millis,
}

/// Identifies one boot of a machine (Linux: `/proc/sys/kernel/random/boot_id`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BootId(pub String);

/// The id of a life: one run of a process that serves sessions, from start to end. Derived from
/// what identifies the server, so that everybody who meets the same server calls it the same.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct LifeId(pub u64);

impl std::fmt::Display for LifeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl ServerIdentity {
    /// The id of the process that serves the place, where there is one.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        self.process.map(|process| process.pid)
    }

    /// The life that this server is in; where each session has one of its own, the time of the
    /// place from one start of the machine to the next. The version is not part of it.
    #[must_use]
    pub fn life(&self) -> LifeId {
        let digest =
            match self.process {
                Some(ServerProcess { pid, started }) => DigestBuilder::new("muxtape.life/1")
                    .value(&(self.mux, &self.socket, pid, started, &self.boot)),
                None => DigestBuilder::new("muxtape.place/1").value(&(
                    self.mux,
                    &self.socket,
                    &self.boot,
                )),
            };
        let digest = digest.finish();
        let mut first = [0; 8];
        first
            .iter_mut()
            .zip(digest.0)
            .for_each(|(to, from)| *to = from);
        LifeId(u64::from_be_bytes(first))
    }
}

/// Why a snapshot was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A user asked for it.
    Manual,
    /// The recorder's clock.
    Auto,
    /// The recorder saw something change.
    Event,
    /// Saved before a restore or another change, so that it can be undone.
    UndoPoint,
    /// Came from a file.
    Import,
}

impl Cause {
    /// Whether the recorder made it by itself: such snapshots are rotated, others are not.
    #[must_use]
    pub fn is_automatic(self) -> bool {
        matches!(self, Cause::Auto | Cause::Event)
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Cause::Manual => "manual",
            Cause::Auto => "auto",
            Cause::Event => "event",
            Cause::UndoPoint => "undo_point",
            Cause::Import => "import",
        })
    }
}

/// Where a snapshot comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// It was recorded into this store.
    #[default]
    Recorded,
    /// It came in a portable file.
    Imported {
        /// Whether it is trusted.
        trust: Trust,
    },
    /// It was taken over from another store.
    Synced {
        /// The id of that store.
        store: [u8; 16],
        /// Whether it is trusted.
        trust: Trust,
    },
}

/// How far what was recorded elsewhere is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Whoever made it may have written anything into it.
    Foreign,
    /// As if it had been recorded here.
    Trusted,
}

impl Provenance {
    /// Whether it was recorded into this store.
    #[must_use]
    pub fn is_own(self) -> bool {
        self == Self::Recorded
    }

    /// Whether it was recorded elsewhere and is not trusted.
    #[must_use]
    pub fn is_foreign(self) -> bool {
        match self {
            Self::Recorded => false,
            Self::Imported { trust } | Self::Synced { trust, .. } => trust == Trust::Foreign,
        }
    }
}

/// A note about a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Note {
    /// When it was written, where that is known.
    pub time: Option<Millis>,
    /// Who wrote it.
    pub kind: NoteKind,
    /// What it says.
    pub text: String,
}

/// Who wrote a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// The user.
    User,
    /// A repair, or a migration: what was lost.
    Damage,
    /// An import: what had to be changed.
    Import,
}

/// A time in which nothing was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Gap {
    /// When it began.
    pub since: Millis,
    /// Why.
    pub reason: GapReason,
}

/// Why nothing was recorded for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// No recorder ran.
    NotRunning,
    /// The user had paused it.
    Paused,
    /// The machine was asleep.
    Asleep,
    /// The multiplexer did not answer.
    NoAnswer,
    /// What was captured could not be written.
    NotWritten,
}

/// What is told about a session without loading the snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionSummary {
    /// The name.
    pub name: BString,
    /// The run of the process that serves it.
    pub life: LifeId,
    /// Mark of the session's digest: equal in two snapshots when it did not change between them.
    pub mark: u64,
    /// Number of tabs.
    pub tabs: u32,
    /// Number of panes.
    pub panes: u32,
}

impl ServerState {
    /// What is told about its sessions without loading it.
    #[must_use]
    pub fn summaries(&self) -> Vec<SessionSummary> {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        self.sessions
            .iter()
            .map(|session| SessionSummary {
                name: session.name.clone(),
                life: session.life,
                mark: session.digest().mark(),
                tabs: number(session.tabs.len()),
                panes: number(session.tabs.iter().map(|tab| tab.panes.len()).sum()),
            })
            .collect()
    }
}

/// How much changed since the parent, counted in panes (and sessions or tabs that came, went or
/// changed themselves).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct ChangeCount {
    /// Came.
    pub added: u32,
    /// Went.
    pub removed: u32,
    /// Differ.
    pub changed: u32,
}

impl ChangeCount {
    /// All three together.
    #[must_use]
    pub fn total(self) -> u32 {
        self.added
            .saturating_add(self.removed)
            .saturating_add(self.changed)
    }
}

/// A redaction rule and how often it took something out.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RedactionCount {
    /// The rule's name.
    pub rule: String,
    /// How often.
    pub count: u32,
}

/// What a list shows of a snapshot: everything but its tree and texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotMeta {
    /// The id.
    pub id: SnapshotId,
    /// The whole snapshot before it in the same life (or, for a life's first, before that life);
    /// recorded, never needed.
    pub parent: Option<SnapshotId>,
    /// When it was made, by the clock of the machine.
    pub time: Millis,
    /// Why it was made.
    pub cause: Cause,
    /// Where it comes from.
    pub provenance: Provenance,
    /// A name given by the user.
    pub name: Option<String>,
    /// What was noted about it, oldest first.
    pub notes: Vec<Note>,
    /// Tags given by the user, sorted, each once.
    pub tags: Vec<String>,
    /// Pinned: never pruned.
    pub pinned: bool,
    /// Archived: out of the normal lists.
    pub archived: bool,
    /// Holds a part of what there was: chosen sessions, or no texts. It stands beside the line of
    /// those that are whole: no snapshot is compared with it, and recovery prefers whole ones.
    pub partial: bool,
    /// The machine's name.
    pub host: String,
    /// The server.
    pub server: ServerIdentity,
    /// Digest of the whole tree ([`ServerState::digest`]).
    pub root: Digest,
    /// Its sessions, by name.
    pub sessions: Vec<SessionSummary>,
    /// What changed since the parent.
    pub changes: ChangeCount,
    /// Bytes that it added to the store.
    pub stored_bytes: u64,
    /// Bytes of its texts, uncompressed.
    pub logical_bytes: u64,
    /// How long the capture took, in milliseconds.
    pub took_ms: u32,
    /// What was taken out before storing.
    pub redactions: Vec<RedactionCount>,
    /// Why nothing was recorded for a while before it, where that is known.
    pub gap: Option<Gap>,
}

impl SnapshotMeta {
    /// Whether it was recorded elsewhere and nobody said that it is trusted: whoever made it may
    /// have written anything into it.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        self.provenance.is_foreign()
    }

    /// All notes, as one text; `None` where there are none.
    #[must_use]
    pub fn description(&self) -> Option<String> {
        let mut notes = self.notes.iter();
        let mut all = notes.next()?.text.clone();
        for note in notes {
            all.push_str(match note.kind {
                NoteKind::Import => "; ",
                NoteKind::User | NoteKind::Damage => "\n",
            });
            all.push_str(&note.text);
        }
        Some(all)
    }

    /// The life that it belongs to ([`ServerIdentity::life`]).
    #[must_use]
    pub fn life(&self) -> LifeId {
        self.server.life()
    }

    /// The life of all its sessions, where that is one.
    #[must_use]
    pub fn one_life(&self) -> Option<LifeId> {
        self.server.process.map(|_| self.life())
    }

    /// Number of tabs in all sessions.
    #[must_use]
    pub fn tabs(&self) -> u32 {
        self.sessions.iter().map(|session| session.tabs).sum()
    }

    /// Number of panes in all sessions.
    #[must_use]
    pub fn panes(&self) -> u32 {
        self.sessions.iter().map(|session| session.panes).sum()
    }
}

/// A snapshot: what is told of it, and the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// What lists show.
    pub meta: SnapshotMeta,
    /// The sessions, tabs and panes.
    pub state: ServerState,
}

/// How a life came to its end, as far as can be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndCause {
    /// The machine was started anew.
    Reboot,
    /// The server's process is gone while the machine ran on.
    ServerGone,
    /// The user closed the last session.
    Closed,
}

/// What became of the offer to bring a life back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecoveryState {
    /// Not answered yet: it is offered.
    #[default]
    Open,
    /// The user said never for this life.
    Dismissed,
    /// Brought back.
    Recovered,
}

/// One run of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// The server.
    pub server: ServerIdentity,
    /// When muxtape first met it.
    pub first_seen: Millis,
    /// When muxtape last saw it alive.
    pub last_seen: Millis,
    /// When and how it ended; `None` while it runs, or while nobody has looked since.
    pub end: Option<LifeEnd>,
    /// What became of the offer to bring it back.
    pub recovery: RecoveryState,
}

/// The end of a life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LifeEnd {
    /// When it was found to have ended.
    pub noticed: Millis,
    /// How.
    pub cause: EndCause,
}

impl Life {
    /// The id.
    #[must_use]
    pub fn id(&self) -> LifeId {
        self.server.life()
    }
}
