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

/// What tells one run of a server from every other.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ServerIdentity {
    /// Which multiplexer.
    pub mux: MuxKind,
    /// The socket's path (zellij: the directory of its sockets).
    pub socket: BString,
    /// What it calls its version, for example `3.3a`.
    pub version: String,
    /// Process id of the server.
    pub pid: i32,
    /// When the server started, to the second.
    pub started: Millis,
    /// The boot of the machine that it ran under.
    pub boot: BootId,
}

/// Identifies one boot of a machine (Linux: `/proc/sys/kernel/random/boot_id`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BootId(pub String);

/// The id of a life: one run of one server, from start to end. Derived from what identifies the
/// server, so that everybody who meets the same server calls it the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LifeId(pub u64);

impl std::fmt::Display for LifeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl ServerIdentity {
    /// The life that this server is in. The version is not part of it.
    #[must_use]
    pub fn life(&self) -> LifeId {
        let digest = DigestBuilder::new("muxtape.life/1")
            .value(&(self.mux, &self.socket, self.pid, self.started, &self.boot))
            .finish();
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

/// What is told about a session without loading the snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionSummary {
    /// The name.
    pub name: BString,
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
    /// A name given by the user.
    pub name: Option<String>,
    /// A note given by the user.
    pub description: Option<String>,
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
}

impl SnapshotMeta {
    /// Whether it came from a file: whoever made that may have written anything into it.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        self.cause == Cause::Import
    }

    /// The life that it belongs to.
    #[must_use]
    pub fn life(&self) -> LifeId {
        self.server.life()
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
