//! From rows to a state: sessions hold tabs, tabs hold panes, and everything adds up.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use bstr::{BString, ByteSlice};

use super::capabilities::Capabilities;
use super::client::{Tmux, garbled, refused};
use super::layout;
use super::query::{self, Depth, FixedRow, PaneRow, Rows, SessionRow, WindowRow};
use crate::model::detail::{Floating, PaneDetail};
use crate::model::digest::DigestBuilder;
use crate::model::geometry::Rect;
use crate::model::snapshot::ServerIdentity;
use crate::model::tree::{
    AutomaticRename, ExitState, Pane, PaneHandle, Screen, ServerState, Session, Tab,
};
use crate::mux::checkout::Checkouts;
use crate::mux::process::{self, Root, Running};
use crate::mux::{MuxError, Observation, PaneActivity, Probe};

const STRUCTURE: &str = "a question for its structure";
const ACTIVITY: &str = "a question for its activity";

impl Tmux {
    /// The whole structure in one round trip, and then one look at the processes.
    pub(super) fn observation(&self) -> Result<Observation, MuxError> {
        let rows = self.rows(STRUCTURE, Depth::Full)?;
        let probe = probe(&rows);
        let (server, state) = state(rows, &self.scope().environment)?;
        Ok(Observation {
            server,
            state,
            probe,
        })
    }

    /// The same question without what is costly to answer.
    pub(super) fn activity(&self) -> Result<Probe, MuxError> {
        Ok(probe(&self.rows(ACTIVITY, Depth::Probe)?))
    }

    fn rows(&self, what: &str, depth: Depth) -> Result<Rows, MuxError> {
        let reply = self.ask(what, &query::commands(depth))?;
        let reply = self.unless_bare(reply, |said| said.starts_with(b"I "))?;
        let rows = query::read(&reply.stdout, what)?;
        // Without sessions, tmux refuses to list windows and panes.
        let empty = |said: &String| rows.sessions.is_empty() && said == "no current target";
        match reply.complaints.into_iter().find(|said| !empty(said)) {
            None => Ok(rows),
            Some(message) => Err(refused(what, message)),
        }
    }
}

/// What of the rows tells whether there is something to capture. The same for both depths.
fn probe(rows: &Rows) -> Probe {
    let mut panes: Vec<PaneActivity> = rows
        .panes
        .iter()
        .map(|row| PaneActivity {
            pane: row.id,
            text: digest(&row.text),
            settling: row.text.activity >= rows.now,
        })
        .collect();
    panes.sort_unstable_by_key(|activity| activity.pane);
    panes.dedup_by_key(|activity| activity.pane);
    let fixed: Vec<_> = rows
        .panes
        .iter()
        .map(|row| {
            (
                row.id,
                FixedRow {
                    active: false,
                    last: false,
                    ..row.fixed.clone()
                },
            )
        })
        .collect();
    let pane_focus = rows
        .panes
        .iter()
        .map(|row| (row.id, row.fixed.active, row.fixed.last));
    let window_focus = rows
        .windows
        .iter()
        .map(|row| (row.id, row.active, row.last));
    let focus: (Vec<_>, Vec<_>) = (pane_focus.collect(), window_focus.collect());
    let windows: Vec<WindowRow> = rows
        .windows
        .iter()
        .map(|row| WindowRow {
            // A name that follows the program moves with the text, and often.
            name: if row.renames {
                BString::default()
            } else {
                row.name.clone()
            },
            // Newer versions tell in it which pane has the focus.
            layout: layout::steady(&row.layout),
            active: false,
            last: false,
            ..row.clone()
        })
        .collect();
    Probe {
        panes,
        structure: digest(&(&rows.sessions, windows, fixed)),
        focus: digest(&focus),
    }
}

/// A digest of 64 bits that is the same in every process.
fn digest(value: &impl Hash) -> u64 {
    /// Collects what is hashed, so that BLAKE3 can do the work.
    #[derive(Default)]
    struct Bytes(Vec<u8>);
    impl Hasher for Bytes {
        fn write(&mut self, bytes: &[u8]) {
            self.0.extend_from_slice(bytes);
        }
        fn finish(&self) -> u64 {
            let digest = DigestBuilder::new("muxtape.probe/1")
                .bytes(&self.0)
                .finish();
            digest
                .0
                .iter()
                .take(8)
                .fold(0, |number, &byte| number << 8 | u64::from(byte))
        }
    }
    let mut bytes = Bytes::default();
    value.hash(&mut bytes);
    bytes.finish()
}

fn state(rows: Rows, names: &[String]) -> Result<(ServerIdentity, ServerState), MuxError> {
    let Rows {
        server,
        renames,
        sessions,
        windows,
        panes,
        ..
    } = rows;
    let mut of_window: BTreeMap<u32, BTreeMap<u32, PaneRow>> = BTreeMap::new();
    for row in panes {
        // A window that is linked to several sessions lists its panes in each of them.
        of_window.entry(row.window).or_default().insert(row.id, row);
    }
    let roots: Vec<(u32, Root)> = of_window
        .values()
        .flat_map(BTreeMap::values)
        .filter(|row| !row.fixed.dead)
        .map(|row| {
            let root = Root {
                pid: row.fixed.pid,
                command: row.command.clone(),
            };
            (row.id, root)
        })
        .collect();
    let (ids, roots): (Vec<u32>, Vec<Root>) = roots.into_iter().unzip();
    let running: BTreeMap<u32, Running> = ids
        .into_iter()
        .zip(process::running(&roots, names))
        .collect();
    let tmux = Capabilities::of(&server.version);
    let mut tabs_of: BTreeMap<u32, Vec<Tab>> = BTreeMap::new();
    for row in windows {
        let panes = of_window.get(&row.id);
        let panes = panes.ok_or_else(|| odd(format!("window @{} has no panes", row.id)))?;
        let session = row.session;
        let tab = tab(&row, renames, panes, &running, tmux)?;
        tabs_of.entry(session).or_default().push(tab);
    }
    let mut state = ServerState {
        buffers: Vec::new(),
        sessions: sessions
            .into_iter()
            .map(|row| {
                let tabs = tabs_of.remove(&row.id).unwrap_or_default();
                session(row, tabs, tmux)
            })
            .collect(),
    };
    if let Some(id) = tabs_of.keys().next() {
        return Err(odd(format!("windows of an unknown session ${id}")));
    }
    let mut checkouts = Checkouts::new();
    let tabs = state.sessions.iter_mut().flat_map(|s| &mut s.tabs);
    for pane in tabs.flat_map(|tab| &mut tab.panes) {
        pane.detail.checkout = checkouts.of(&pane.cwd);
    }
    state.sort();
    state.check().map_err(|error| odd(error.to_string()))?;
    Ok((server, state))
}

fn odd(why: String) -> MuxError {
    garbled(STRUCTURE, why)
}

fn session(row: SessionRow, tabs: Vec<Tab>, tmux: Capabilities) -> Session {
    Session {
        detail: Default::default(),
        handle: Some(row.id),
        name: tmux.sessions.given(&row.name),
        cwd: row.path,
        group: (!row.group.is_empty()).then(|| tmux.sessions.given(&row.group)),
        tabs,
    }
}

fn tab(
    row: &WindowRow,
    renames: bool,
    panes: &BTreeMap<u32, PaneRow>,
    running: &BTreeMap<u32, Running>,
    tmux: Capabilities,
) -> Result<Tab, MuxError> {
    let wrong = |why: String| odd(format!("window @{}: {why}", row.id));
    let by_id = layout::parse(&row.layout).map_err(|error| wrong(error.to_string()))?;
    let layout = by_id
        .tiled
        .renumbered(&|id| panes.get(&id).map(|pane| pane.fixed.index))
        .ok_or_else(|| wrong("its layout names a pane that it does not have".to_owned()))?;
    let mut places: BTreeMap<u32, (Rect, Option<Floating>)> = BTreeMap::new();
    for (pane, rect) in by_id.tiled.panes() {
        places.insert(pane, (rect, None));
    }
    for (pane, floating) in by_id.floating {
        places.insert(pane, (floating.rect(), Some(floating)));
    }
    let mut found = Vec::with_capacity(panes.len());
    for row in panes.values() {
        let (rect, floating) = places
            .get(&row.id)
            .ok_or_else(|| wrong(format!("pane %{} is not in its layout", row.id)))?;
        let mut pane = pane(row, running.get(&row.id).cloned().unwrap_or_default());
        pane.title = tmux.windows.given(&pane.title);
        pane.rect = *rect;
        pane.detail.floating = *floating;
        found.push(pane);
    }
    // tmux tells the setting that holds, not where it was set. One that equals the default is taken
    // for not set; where it was set to the same by hand, nothing behaves differently.
    let automatic_rename = match (row.renames, renames) {
        (true, false) => AutomaticRename::On,
        (false, true) => AutomaticRename::Off,
        _ => AutomaticRename::Unset,
    };
    Ok(Tab {
        detail: Default::default(),
        handle: Some(row.id),
        index: row.index,
        name: tmux.windows.given(&row.name),
        active: row.active,
        last: row.last,
        zoomed: row.zoomed,
        synchronized: panes.values().all(|pane| pane.fixed.synchronized),
        automatic_rename,
        layout,
        panes: found,
    })
}

fn pane(row: &PaneRow, running: Running) -> Pane {
    let PaneRow { text, fixed, .. } = row;
    // The cursor of the main screen is put aside while a program has the alternate one.
    let (cursor_x, cursor_y) = if text.alternate {
        (fixed.saved_x, fixed.saved_y)
    } else {
        (text.cursor_x, text.cursor_y)
    };
    let short = |value: u32| u16::try_from(value).unwrap_or(0);
    Pane {
        detail: PaneDetail {
            shells: running.shells,
            environment: running.environment,
            ..PaneDetail::default()
        },
        handle: Some(PaneHandle {
            id: row.id,
            pid: fixed.pid,
        }),
        index: fixed.index,
        title: text.title.clone(),
        cwd: cwd(row, running.cwd),
        active: fixed.active,
        last: fixed.last,
        marked: fixed.marked,
        rect: Default::default(),
        shell: running.shell,
        program: running.program,
        exit: fixed.dead.then_some(ExitState {
            status: fixed.dead_status,
        }),
        screen: Screen {
            cursor_x: short(cursor_x),
            cursor_y: short(cursor_y),
            alternate: text.alternate,
            history: text.history,
            scroll: text.scroll,
        },
        contents: None,
    }
}

/// The directory of the pane's own process, else of its foreground by tmux, else where it started.
fn cwd(row: &PaneRow, own: Option<BString>) -> BString {
    let told = row.path.strip_suffix(b" (deleted)").unwrap_or(&row.path);
    own.or_else(|| (!told.is_empty()).then(|| told.as_bstr().to_owned()))
        .unwrap_or_else(|| row.fixed.start_path.clone())
}
