//! A private tmux server whose sessions are captured and restored.

#![allow(
    dead_code,
    clippy::unwrap_used,
    unreachable_pub,
    missing_docs,
    reason = "a bench uses a part of it, and a test may panic"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use muxtape::model::contents::Contents;
use muxtape::model::digest::Digest;
use muxtape::model::id::SnapshotId;
use muxtape::model::snapshot::{Cause, ChangeCount, ServerIdentity, Snapshot, SnapshotMeta};
use muxtape::model::time::Millis;
use muxtape::model::tree::ServerState;
use muxtape::mux::run::Limits;
use muxtape::mux::tmux::Tmux;
use muxtape::mux::tmux::capabilities::Capabilities;
use muxtape::mux::{ContentsRequest, Multiplexer, ServerSelect};
use muxtape::restore::{
    self, Plan, Policy, Report, RestoreError, Selection, Surroundings, Workshop,
};

use muxtape_testing::{self as testing, TmuxServer, wait_until};

/// What the server reads: shells whose prompt is in the environment, so that it survives.
pub const CONFIG: &str = "\
set -s exit-empty off
set -g status off
set -g history-limit 10000
set-environment -g PS1 '$ '
set -g default-shell /bin/sh
set -g default-command 'exec bash --norc --noprofile -i'
";

pub fn meta(server: ServerIdentity, state: &ServerState) -> SnapshotMeta {
    SnapshotMeta {
        id: SnapshotId::new(Millis(1_700_000_000_000), 7, None),
        parent: None,
        time: Millis(1_700_000_000_000),
        cause: Cause::Manual,
        provenance: Default::default(),
        name: None,
        notes: Vec::new(),
        tags: Vec::new(),
        pinned: false,
        partial: false,
        archived: false,
        host: "test".into(),
        server,
        root: state.digest(),
        sessions: Vec::new(),
        changes: ChangeCount::default(),
        stored_bytes: 0,
        logical_bytes: 0,
        took_ms: 0,
        redactions: Vec::new(),
        gap: None,
    }
}

pub type Texts = BTreeMap<Digest, Contents>;

/// A tmux server with shells whose prompt is in the environment, so that it survives.
pub struct World {
    pub server: TmuxServer,
    pub tmux: Tmux,
}

impl World {
    pub fn new() -> Self {
        Self::with_config("")
    }

    /// One whose server reads these lines, too.
    pub fn with_config(lines: &str) -> Self {
        let server = TmuxServer::stopped();
        fs::write(server.config(), format!("{CONFIG}{lines}")).unwrap();
        let socket = server.socket().to_str().unwrap().into();
        let tmux = Tmux::new(
            testing::program(),
            ServerSelect::Path(socket),
            Limits::default(),
        )
        .with_config(server.config());
        Self { server, tmux }
    }

    pub fn run(&self, args: &[&str]) -> String {
        self.server.run(args)
    }

    /// The nearest name that this tmux takes: newer ones take no controls.
    pub fn possible(&self, name: &str) -> String {
        let version = self.tmux.program_version().unwrap();
        Capabilities::of(&version).name(name.as_bytes()).to_string()
    }

    /// The id of the session whose name starts so.
    pub fn session_id(&self, start: &str) -> String {
        let all = self.run(&["list-sessions", "-F", "#{session_id} #{session_name}"]);
        let mut ids = all.lines().filter_map(|line| line.split_once(' '));
        let found = ids.find(|(_, name)| name.starts_with(start));
        found.unwrap().0.to_owned()
    }

    /// Waits until every pane of a server has its prompt and is still.
    pub fn settle(&self) {
        wait_until("idle shells", || {
            let panes = self.run(&[
                "list-panes",
                "-a",
                "-F",
                "#{pane_id} #{pane_current_command} #{cursor_x}",
            ]);
            panes.lines().all(|line| {
                let words: Vec<&str> = line.split(' ').collect();
                words[1] != "muxtape" && words[2] != "0"
            })
        });
        self.server.wait_for_names();
    }

    pub fn snapshot(&self) -> (Snapshot, Texts) {
        let observed = self.tmux.observe().unwrap();
        let mut state = observed.state;
        let panes: Vec<ContentsRequest> = state
            .panes()
            .map(|(_, _, pane)| ContentsRequest {
                pane: pane.handle.unwrap().id,
                alternate: pane.screen.alternate,
                history: pane.screen.history,
                limit: None,
            })
            .collect();
        let mut texts = self.tmux.contents(&panes).unwrap().into_iter();
        let mut kept = Texts::new();
        for session in &mut state.sessions {
            for pane in session.tabs.iter_mut().flat_map(|tab| &mut tab.panes) {
                let text = texts.next().unwrap().unwrap();
                pane.contents = Some(text.reference());
                kept.insert(text.digest(), text);
            }
        }
        state.check().unwrap();
        let meta = meta(observed.server, &state);
        (Snapshot { meta, state }, kept)
    }

    pub fn surroundings(&self) -> Surroundings {
        Surroundings {
            home: self.server.home(),
            search_path: Some(testing::search_path()),
            suffix: "1140".into(),
            environment: ["GONE", "HIDDEN", "ODD", "OWN"].map(String::from).to_vec(),
            ..Surroundings::default()
        }
    }

    pub fn plan(&self, snapshot: &Snapshot, policy: &Policy, selection: &Selection) -> Plan {
        restore::prepare(
            snapshot,
            &self.tmux,
            policy,
            selection,
            &self.surroundings(),
        )
        .unwrap()
    }

    pub fn runtime(&self) -> PathBuf {
        self.server.dir().join("run")
    }

    pub fn apply(&self, plan: &Plan, texts: &Texts) -> Result<Report, RestoreError> {
        restore::apply(
            plan,
            &Workshop {
                restorer: &self.tmux,
                program: Path::new(env!("CARGO_BIN_EXE_muxtape")),
                runtime: &self.runtime(),
                texts,
                undo: Some(plan.snapshot),
                memory: None,
            },
            &mut |_| {},
        )
    }

    pub fn restore(&self, snapshot: &Snapshot, texts: &Texts) -> Report {
        let plan = self.plan(snapshot, &Policy::default(), &Selection::all());
        self.apply(&plan, texts).unwrap()
    }

    /// Everything that tmux tells about its objects.
    pub fn dump(&self) -> String {
        self.run(&[
            "list-panes", "-a", "-F",
            "#{session_id} #{session_name} #{session_group} #{window_id} #{window_index} #{window_name} #{window_layout} #{window_active} #{pane_id} #{pane_pid} #{pane_title} #{history_size} #{cursor_x} #{cursor_y}",
        ])
    }
}

/// The state without what a new life changes: numbers, processes and times.
pub fn comparable(state: &ServerState) -> ServerState {
    let mut state = state.clone().without_handles();
    for session in &mut state.sessions {
        session.detail = session.detail.timeless();
    }
    let tabs = state
        .sessions
        .iter_mut()
        .flat_map(|session| &mut session.tabs);
    for pane in tabs.flat_map(|tab| &mut tab.panes) {
        // tmux remembers what made the pane, and that was a restore.
        pane.detail.start_command = "".into();
    }
    state
}
