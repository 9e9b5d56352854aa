//! What a plan rests on: the live state, and what is known of directories and programs.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;

use bstr::BString;
use serde::Serialize;

use super::inputs::Inputs;
use super::plan::Reliance;
use super::programs::{Doubt, Rules, Traces};
use super::shells::ShellFile;
use crate::model::contents::Contents;
use crate::model::digest::{Digest, DigestBuilder};
use crate::model::geometry::Rect;
use crate::model::snapshot::ServerIdentity;
use crate::model::tree::{PaneId, ServerState, SessionId, Tab, TabId};
use crate::mux::NewPane;

/// What is alive now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LiveState {
    /// The server; `None` when none runs.
    pub server: Option<ServerIdentity>,
    /// Its structure.
    pub state: ServerState,
    /// What a new pane begins with, where no session has a setting of its own for that; `None`
    /// where that is not known.
    pub new_pane: Option<NewPane>,
    /// The `PATH` of new sessions of the server; `None` where that is not known.
    pub search_path: Option<BString>,
}

impl LiveState {
    /// Digest of what a plan relies on: the server, the names of its sessions, and the tabs and
    /// panes of those that are to be touched. Which programs run in them does not matter: they come
    /// and go.
    #[must_use]
    pub fn fingerprint(&self, relies: &Reliance) -> Digest {
        let sessions = self.state.sessions.iter();
        let panes = self.state.panes().filter_map(|(session, tab, pane)| {
            let (session, window) = (session.handle?, tab.handle?);
            relies.sessions.contains(&session).then(|| LivePane {
                session,
                window,
                index: tab.index,
                pane: pane
                    .handle
                    .map_or((None, None), |handle| (Some(handle.id), handle.pid)),
                places: relies.tabs.contains(&window).then(|| places_of(tab)),
            })
        });
        fingerprint(
            self.server.as_ref(),
            sessions.map(|session| (&session.name, session.handle)),
            panes.collect(),
        )
    }
}

/// Where the tiled panes of a tab are.
fn places_of(tab: &Tab) -> Vec<(Option<PaneId>, Rect)> {
    let place = |(index, rect)| {
        let handle = tab.pane(index).and_then(|pane| pane.handle);
        (handle.map(|handle| handle.id), rect)
    };
    tab.layout.panes().into_iter().map(place).collect()
}

/// A pane of a session that is to be touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct LivePane {
    pub(super) session: SessionId,
    pub(super) window: TabId,
    /// The tab's number.
    pub(super) index: u32,
    /// The pane's handle and its process.
    pub(super) pane: (Option<PaneId>, Option<i32>),
    /// Where the panes of its tab are, where that matters.
    pub(super) places: Option<Vec<(Option<PaneId>, Rect)>>,
}

/// [`LiveState::fingerprint`], from what a short question to the server tells.
pub(super) fn fingerprint<'a>(
    server: Option<&ServerIdentity>,
    sessions: impl Iterator<Item = (&'a BString, Option<SessionId>)>,
    mut panes: Vec<LivePane>,
) -> Digest {
    let mut names: Vec<_> = sessions.collect();
    names.sort_unstable();
    panes.sort_unstable_by_key(|pane| (pane.session, pane.window, pane.index, pane.pane));
    let life = server.map(ServerIdentity::life);
    DigestBuilder::new("muxtape.restore.live/3")
        .value(&life)
        .value(&names)
        .value(&panes)
        .finish()
}

/// What is known of the machine, as far as the snapshot needs it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The user's home.
    pub home: BString,
    /// Directories of the snapshot that exist, and their parents that do.
    pub directories: BTreeSet<BString>,
    /// Whether programs of the snapshot can be found, by `argv[0]`; one that is not in here counts
    /// as found.
    pub programs: BTreeMap<BString, bool>,
    /// Whether the names of programs of the snapshot stand for the programs that are called so, by
    /// `argv[0]`, or what is in doubt; one that is not in here is not known.
    pub commands: BTreeMap<BString, Result<(), Doubt>>,
    /// Files that are named in command lines of the snapshot, or were read as standard input, and
    /// are regular ones, by their paths.
    pub files: BTreeSet<BString>,
    /// What acts on programs, by the directory that they would be started in; one that is not in
    /// here was not looked at.
    pub inputs: BTreeMap<BString, Inputs>,
    /// What the names of the snapshot's shells lead to, by `argv[0]`; what is not in here is not
    /// started.
    pub shells: BTreeMap<BString, ShellFile>,
    /// The names of the variables that the user keeps with snapshots.
    pub environment: BTreeSet<String>,
    /// What is put behind the name of a session that exists: the time of the snapshot, as in
    /// `1140`.
    pub suffix: String,
    /// Which programs may be started, and how.
    pub rules: Rules,
    /// What is known of its programs that helps to start them again.
    pub traces: Traces,
}

/// Where a restore takes place: what [`super::prepare`] is told by its caller, who knows the
/// environment and the clock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// The user's home.
    pub home: PathBuf,
    /// `$PATH`: what a server gets that is started here.
    pub search_path: Option<OsString>,
    /// The names of the variables that the user keeps with snapshots.
    pub environment: Vec<String>,
    /// The time of the snapshot as hours and minutes of the local clock, for example `1140`.
    pub suffix: String,
    /// Which programs may be started, and how.
    pub rules: Rules,
    /// The texts of [`super::telling_texts`], as far as they can be read.
    pub texts: BTreeMap<Digest, Contents>,
}
