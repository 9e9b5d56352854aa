//! From rows to a state: sessions hold tabs, tabs hold panes, and everything adds up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bstr::{BString, ByteSlice};

use super::capabilities::Capabilities;
use super::client::{Tmux, garbled, refused};
use super::interface;
use super::layout;
use super::new_pane;
use super::options::{Local, readable, words};
use super::probe::probe;
use super::query::{self, Depth, Own, Owner, Rows};
use super::rows::{PaneRow, SessionRow, WindowRow};
use crate::model::detail::{Floating, PaneDetail, SessionDetail, TabDetail, Withheld};
use crate::model::geometry::Rect;
use crate::model::snapshot::{LifeId, ServerIdentity};
use crate::model::time::Millis;
use crate::model::tree::{
    AutomaticRename, ExitState, Pane, PaneHandle, PaneId, Screen, ServerState, Session, SessionId,
    Tab, TabId,
};
use crate::mux::checkout::Checkouts;
use crate::mux::process::{self, Root, Running};
use crate::mux::{MuxError, Observation, Probe};

const ROLL: &str = "a question for what there is";
const STRUCTURE: &str = "a question for its structure";
const ACTIVITY: &str = "a question for its activity";

/// How often it is begun again because sessions, windows or panes came or went in between.
const ATTEMPTS: u32 = 4;

/// What the rows and the look at the processes give.
struct Structure {
    server: ServerIdentity,
    state: ServerState,
    /// The panes whose directory could not be seen.
    lost: BTreeSet<PaneId>,
    /// The panes in which an interface runs.
    interfaces: BTreeSet<PaneId>,
}

impl Tmux {
    /// The whole structure in two round trips, and then one look at the processes.
    pub(super) fn observation(&self) -> Result<Observation, MuxError> {
        let rows = self.structure()?;
        let probe = probe(&rows);
        let Structure {
            server,
            mut state,
            lost,
            interfaces,
        } = self.state(rows)?;
        if self.scope().buffers {
            state.buffers = self.buffers()?;
        }
        Ok(Observation {
            server,
            state,
            probe,
            lost,
            interfaces,
        })
    }

    /// What a probe asks for.
    pub(super) fn activity(&self) -> Result<Probe, MuxError> {
        let (rows, complaint) = self.rows(ACTIVITY, Depth::Probe)?;
        match complaint {
            None => Ok(probe(&rows)),
            Some(message) => Err(refused(ACTIVITY, message)),
        }
    }

    /// All rows, with what is set on exactly those that are in them.
    pub(super) fn structure(&self) -> Result<Rows, MuxError> {
        let reply = self.ask(ROLL, &query::roll_call())?;
        let reply = self.unless_bare(reply, |said| said.starts_with(b"I "))?;
        let mut roll = query::read_roll(&reply.stdout, ROLL)?;
        for _ in 0..ATTEMPTS {
            let depth = Depth::Full {
                roll: &roll,
                environment: !self.scope().environment.is_empty(),
            };
            let (rows, complaint) = self.rows(STRUCTURE, depth)?;
            let present = rows.roll();
            if present == roll {
                return match complaint {
                    None => Ok(rows),
                    Some(message) => Err(refused(STRUCTURE, message)),
                };
            }
            roll = present;
        }
        Err(odd(
            "its panes changed each time while they were asked for".to_owned()
        ))
    }

    /// The answer to a question, and the first complaint in it.
    fn rows(&self, what: &str, depth: Depth<'_>) -> Result<(Rows, Option<String>), MuxError> {
        let reply = self.ask(what, &query::commands(depth))?;
        let reply = self.unless_bare(reply, |said| said.starts_with(b"I "))?;
        let mut rows = query::read(&reply.stdout, depth, what)?;
        for row in &mut rows.panes {
            let root = row.fixed.pid;
            row.interface = row.interface.filter(|mark| mark.holds(root));
        }
        // Without sessions, tmux refuses to list windows and panes.
        let empty = |said: &String| rows.sessions.is_empty() && said == "no current target";
        let complaint = reply.complaints.into_iter().find(|said| !empty(said));
        Ok((rows, complaint))
    }

    fn state(&self, rows: Rows) -> Result<Structure, MuxError> {
        let Rows {
            server,
            sessions,
            windows,
            panes,
            mut own,
            ..
        } = rows;
        let shows = panes.iter().filter(|row| row.interface.is_some());
        let id = |row: &PaneRow| PaneId::of(row.id.into());
        let interfaces = shows.map(id).collect();
        let mut of_window: BTreeMap<u32, BTreeMap<u32, PaneRow>> = BTreeMap::new();
        for row in panes {
            // A window that is linked to several sessions lists its panes in each of them. One that
            // is private in any of them is private.
            let of_this = of_window.entry(row.window).or_default();
            let known = of_this
                .get(&row.id)
                .is_some_and(|known| known.fixed.private);
            let private = row.fixed.private || known;
            of_this
                .entry(row.id)
                .insert_entry(row)
                .get_mut()
                .fixed
                .private = private;
        }
        let roots: Vec<(u32, Root)> = of_window
            .values()
            .flat_map(BTreeMap::values)
            .filter(|row| !row.fixed.dead)
            .map(|row| {
                let root = Root {
                    pid: row.fixed.pid,
                    command: row.full.command.clone(),
                };
                (row.id, root)
            })
            .collect();
        let (ids, roots): (Vec<u32>, Vec<Root>) = roots.into_iter().unzip();
        let running = process::running(&roots, &self.scope().environment);
        let running: BTreeMap<u32, Running> = ids.into_iter().zip(running).collect();
        let seen = |row: &PaneRow| {
            let own = running.get(&row.id).is_some_and(|one| one.cwd.is_some());
            own || !row.full.path.is_empty()
        };
        let rows = of_window.values().flat_map(BTreeMap::values);
        let lost = rows.filter(|row| !seen(row)).map(id).collect();
        let tmux = Capabilities::of(&server.version);
        let mut tabs_of: BTreeMap<u32, Vec<Tab>> = BTreeMap::new();
        for row in windows {
            let panes = of_window.get(&row.id);
            let panes = panes.ok_or_else(|| odd(format!("window @{} has no panes", row.id)))?;
            let session = row.session;
            let tab = tab(&row, panes, &running, &own, tmux)?;
            tabs_of.entry(session).or_default().push(tab);
        }
        let life = server.life();
        let mut state = ServerState {
            buffers: Vec::new(),
            sessions: sessions
                .into_iter()
                .map(|row| {
                    let tabs = tabs_of.remove(&row.id).unwrap_or_default();
                    self.session(row, tabs, &mut own, (life, tmux))
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
        // The model has sessions without one; tmux has none, whether somebody looks or not.
        let unfocused = |session: &&Session| !session.tabs.iter().any(|tab| tab.active);
        if let Some(session) = state.sessions.iter().find(unfocused) {
            let name = &session.name;
            return Err(odd(format!("session {name:?} has no current window")));
        }
        Ok(Structure {
            server,
            state,
            lost,
            interfaces,
        })
    }

    fn session(
        &self,
        row: SessionRow,
        tabs: Vec<Tab>,
        own: &mut Own,
        (life, tmux): (LifeId, Capabilities),
    ) -> Session {
        let Local { settings, hooks } = own
            .options
            .remove(&Owner::Session(row.id))
            .unwrap_or_default();
        let mut environment = own.environment.remove(&row.id).unwrap_or_default();
        environment.retain(|variable| {
            self.scope()
                .environment
                .iter()
                .any(|name| variable.name == name.as_bytes())
        });
        environment.sort();
        Session {
            handle: Some(SessionId::of(row.id.into())),
            life,
            name: tmux.sessions.given(&row.name),
            cwd: row.path,
            group: (!row.group.is_empty()).then(|| tmux.sessions.given(&row.group)),
            tabs,
            detail: SessionDetail {
                settings,
                hooks,
                environment,
                recent: row.stack,
                created: Some(seconds(row.created)),
                last_attached: row.last_attached.map(seconds),
            },
        }
    }
}

fn seconds(time: i64) -> Millis {
    Millis(time.saturating_mul(1000))
}

fn odd(why: String) -> MuxError {
    garbled(STRUCTURE, why)
}

fn tab(
    row: &WindowRow,
    panes: &BTreeMap<u32, PaneRow>,
    running: &BTreeMap<u32, Running>,
    own: &Own,
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
        let running = running.get(&row.id).cloned().unwrap_or_default();
        let mut pane = pane(row, running, own.of(Owner::Pane(row.id)));
        pane.title = tmux.windows.given(&pane.title);
        pane.rect = *rect;
        pane.detail.floating = *floating;
        found.push(pane);
    }
    let mut local = own.of(Owner::Window(row.id));
    let automatic_rename = match local.take("automatic-rename") {
        None => AutomaticRename::Unset,
        Some(value) if value == "on" => AutomaticRename::On,
        Some(_) => AutomaticRename::Off,
    };
    let synchronized = local
        .take("synchronize-panes")
        .map_or(own.synchronized, |value| value == "on");
    Ok(Tab {
        detail: TabDetail {
            settings: local.settings,
            hooks: local.hooks,
        },
        handle: Some(TabId::of(row.id.into())),
        index: row.index,
        name: tmux.windows.given(&row.name),
        active: row.active,
        last: row.last,
        zoomed: row.zoomed,
        synchronized,
        automatic_rename,
        layout,
        panes: found,
    })
}

fn pane(row: &PaneRow, running: Running, mut local: Local) -> Pane {
    // It holds for a process, not for the pane.
    local.take(interface::OPTION);
    let restored_from = local.take(new_pane::RESTORED_FROM);
    let PaneRow {
        text, fixed, full, ..
    } = row;
    // The cursor of the main screen is put aside while a program has the alternate one.
    let (cursor_x, cursor_y) = if text.alternate {
        (fixed.saved_x, fixed.saved_y)
    } else {
        (text.cursor_x, text.cursor_y)
    };
    let short = |value: u32| u16::try_from(value).unwrap_or(0);
    Pane {
        detail: PaneDetail {
            settings: local.settings,
            hooks: local.hooks,
            environment: running.environment,
            shells: running.shells,
            launch: running.launch,
            start_command: start_command(&full.start_command, restored_from),
            mode: text.mode.clone(),
            search: text.search.clone(),
            input_off: fixed.input_off,
            piped: fixed.piped,
            terminal: full.terminal,
            withheld: fixed.private.then_some(Withheld::Private),
            ..PaneDetail::default()
        },
        handle: Some(PaneHandle {
            id: PaneId::of(row.id.into()),
            pid: Some(fixed.pid),
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
        attachments: Vec::new(),
    }
}

/// What a pane was made with. Of one that a restore has made, that is what the original was made
/// with.
fn start_command(printed: &[u8], restored_from: Option<BString>) -> BString {
    match words(printed) {
        Some(argv) if process::is_helper(&argv) => restored_from.unwrap_or_default(),
        _ => readable(printed),
    }
}

/// The directory of the pane's own process, else of its foreground by tmux, else where it started.
fn cwd(row: &PaneRow, own: Option<BString>) -> BString {
    let told = row.full.path.as_slice();
    // The kernel's mark on what was removed, unless a directory is really called so.
    let is_there = || told.to_path().is_ok_and(Path::is_dir);
    let told = match told.strip_suffix(b" (deleted)") {
        Some(removed) if !is_there() => removed,
        _ => told,
    };
    own.or_else(|| (!told.is_empty()).then(|| told.as_bstr().to_owned()))
        .unwrap_or_else(|| row.fixed.start_path.clone())
}
