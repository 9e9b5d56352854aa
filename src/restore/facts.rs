//! What a plan rests on: the live state, and what is known of directories and programs.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;

use bstr::BString;

use super::programs::Rules;
use crate::model::contents::Contents;
use crate::model::digest::{Digest, DigestBuilder};
use crate::model::snapshot::ServerIdentity;
use crate::model::tree::ServerState;

/// What is alive now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LiveState {
    /// The server; `None` when none runs.
    pub server: Option<ServerIdentity>,
    /// Its structure.
    pub state: ServerState,
}

impl LiveState {
    /// Digest of what a plan relies on: the server, and the names of its sessions. Which programs run
    /// in them does not matter, because no session is touched that is alive.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        let sessions = self.state.sessions.iter();
        fingerprint(
            self.server.as_ref(),
            sessions.map(|session| (&session.name, session.handle)),
        )
    }
}

/// [`LiveState::fingerprint`], from what a short question to the server tells.
pub(super) fn fingerprint<'a>(
    server: Option<&ServerIdentity>,
    sessions: impl Iterator<Item = (&'a BString, Option<u32>)>,
) -> Digest {
    let mut names: Vec<_> = sessions.collect();
    names.sort_unstable();
    let life = server.map(ServerIdentity::life);
    DigestBuilder::new("muxtape.restore.live/1")
        .value(&life)
        .value(&names)
        .finish()
}

/// What is known of the machine, as far as the snapshot needs it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The user's home.
    pub home: BString,
    /// Directories of the snapshot that exist, and their parents that do.
    pub directories: BTreeSet<BString>,
    /// Whether programs of the snapshot can be found, by `argv[0]`; one that is not in here counts as
    /// found.
    pub programs: BTreeMap<BString, bool>,
    /// What is put behind the name of a session that exists: the time of the snapshot, as in `1140`.
    pub suffix: String,
    /// Which programs may be started, and how.
    pub rules: Rules,
    /// Directories of the snapshot with a session file of vim.
    pub vim_sessions: BTreeSet<BString>,
    /// The lines that pagers showed first, by the text of their pane.
    pub lines: BTreeMap<Digest, u32>,
}

/// Where a restore takes place: what [`super::prepare`] is told by its caller, who knows the
/// environment and the clock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// The user's home.
    pub home: PathBuf,
    /// `$PATH`.
    pub search_path: Option<OsString>,
    /// The time of the snapshot as hours and minutes of the local clock, for example `1140`.
    pub suffix: String,
    /// Which programs may be started, and how.
    pub rules: Rules,
    /// The texts of [`super::telling_texts`], as far as they can be read: they tell where pagers were.
    pub texts: BTreeMap<Digest, Contents>,
}
