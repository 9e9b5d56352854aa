//! What a portable file says of itself, as JSON that can be read without muxtape.
//!
//! It is for reading: what is taken in comes from the parts behind it, and a file in which the two
//! differ is refused. Bytes that are not UTF-8 stand in it as U+FFFD. Later versions may add
//! fields; none goes.

use bstr::ByteSlice;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::snapshot::{RedactionCount, SnapshotMeta};
use crate::model::time::Millis;

/// The name of the description's form.
const SCHEMA: &str = "muxtape.portable/1";

/// What a portable file says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// The form of this description.
    pub schema: String,
    /// The version of muxtape that wrote the file.
    pub muxtape: String,
    /// When it was written, RFC 3339, UTC.
    pub exported_at: String,
    /// Its snapshots, by their ids.
    pub snapshots: Vec<Described>,
}

/// What it says of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described {
    /// The whole id.
    pub id: String,
    /// The name that the user gave it.
    pub name: Option<String>,
    /// What was noted.
    pub description: Option<String>,
    /// The user's tags.
    pub tags: Vec<String>,
    /// When it was made, RFC 3339, UTC.
    pub created_at: String,
    /// Why it was made.
    pub cause: String,
    /// The machine.
    pub host: String,
    /// The multiplexer.
    pub mux: String,
    /// The server.
    pub server: DescribedServer,
    /// The run of the server that it belongs to, where there is one for all sessions.
    pub life: Option<String>,
    /// The id of the snapshot before it.
    pub parent: Option<String>,
    /// Whether it was pinned.
    pub pinned: bool,
    /// Whether it was archived.
    pub archived: bool,
    /// Whether it holds a part of what there was: chosen sessions, no texts, or what a repair left.
    pub partial: bool,
    /// Its sessions.
    pub sessions: Vec<DescribedSession>,
    /// What was taken out of it before it was stored.
    pub redactions: Vec<RedactionCount>,
    /// The digest of its tree, in hexadecimal.
    pub root: String,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DescribedServer {
    /// The path of its socket.
    pub socket: String,
    /// Its version.
    pub version: String,
    /// Its process, where there is one for all sessions.
    pub pid: Option<i32>,
    /// When that was started, RFC 3339, UTC.
    pub started_at: Option<String>,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DescribedSession {
    /// The name.
    pub name: String,
    /// The run of the process that serves it.
    pub life: String,
    /// Number of tabs.
    pub tabs: u32,
    /// Number of panes.
    pub panes: u32,
}

impl Description {
    /// The description of a file that this muxtape writes at `now`.
    pub(super) fn new(now: Millis, metas: &[SnapshotMeta]) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            muxtape: env!("CARGO_PKG_VERSION").to_owned(),
            exported_at: moment(now),
            snapshots: metas.iter().map(Described::new).collect(),
        }
    }
}

impl Described {
    /// What is said of a snapshot.
    pub(super) fn new(meta: &SnapshotMeta) -> Self {
        Self {
            id: meta.id.to_string(),
            name: meta.name.clone(),
            description: meta.description(),
            tags: meta.tags.clone(),
            created_at: moment(meta.time),
            cause: meta.cause.to_string(),
            host: meta.host.clone(),
            mux: meta.server.mux.to_string(),
            server: DescribedServer {
                socket: meta.server.socket.to_str_lossy().into_owned(),
                version: meta.server.version.clone(),
                pid: meta.server.pid(),
                started_at: meta.server.process.map(|own| moment(own.started)),
            },
            life: meta.one_life().map(|life| life.to_string()),
            parent: meta.parent.map(|id| id.to_string()),
            pinned: meta.pinned,
            archived: meta.archived,
            partial: meta.partial,
            sessions: meta
                .sessions
                .iter()
                .map(|session| DescribedSession {
                    name: session.name.to_str_lossy().into_owned(),
                    life: session.life.to_string(),
                    tabs: session.tabs,
                    panes: session.panes,
                })
                .collect(),
            redactions: meta.redactions.clone(),
            root: meta.root.to_string(),
        }
    }
}

/// A moment as RFC 3339; one beyond the calendar as its number.
fn moment(time: Millis) -> String {
    Timestamp::from_millisecond(time.0).map_or_else(|_| time.0.to_string(), |at| at.to_string())
}
