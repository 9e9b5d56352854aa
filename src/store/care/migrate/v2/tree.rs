//! What snapshots held in form 2, where the model has changed since, and the digests that it had.

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::{Reader, STATES, details, texts};
use crate::model::detail::{
    Buffer, Checkout, Floating as LivingFloating, Hook, PaneDetail as LivingPaneDetail,
    SessionDetail, Setting, TabDetail, TerminalModes, Variable, Withheld,
};
use crate::model::digest::{Digest, DigestBuilder};
use crate::model::geometry::{Axis, Cell as LivingCell, Layout as LivingLayout, MAX_DEPTH, Rect};
use crate::model::launch::Launch;
use crate::model::program::Program;
use crate::model::snapshot::{
    BootId, Life as LivingLife, LifeEnd, LifeId, MuxKind, RecoveryState,
    ServerIdentity as LivingIdentity, ServerProcess,
};
use crate::model::time::Millis;
use crate::model::tree::{
    AutomaticRename, ContentsRef, ExitState, Pane as LivingPane, PaneHandle as LivingHandle,
    PaneId, Screen, ServerState as LivingState, Session as LivingSession, SessionId,
    Tab as LivingTab, TabId,
};
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;

#[derive(Debug, Clone, Deserialize)]
pub(super) struct ServerIdentity {
    mux: MuxKind,
    socket: BString,
    version: String,
    pid: i32,
    started: Millis,
    boot: BootId,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Life {
    server: ServerIdentity,
    first_seen: Millis,
    last_seen: Millis,
    end: Option<LifeEnd>,
    recovery: RecoveryState,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct ServerState {
    pub(super) sessions: Vec<Session>,
    #[serde(skip)]
    pub(super) buffers: Vec<Buffer>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Session {
    handle: Option<u32>,
    pub(super) name: BString,
    cwd: BString,
    group: Option<BString>,
    pub(super) tabs: Vec<Tab>,
    #[serde(skip)]
    pub(super) detail: SessionDetail,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Tab {
    handle: Option<u32>,
    index: u32,
    name: BString,
    active: bool,
    last: bool,
    zoomed: bool,
    synchronized: bool,
    automatic_rename: AutomaticRename,
    layout: Layout,
    pub(super) panes: Vec<Pane>,
    #[serde(skip)]
    pub(super) detail: TabDetail,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Pane {
    handle: Option<PaneHandle>,
    index: u32,
    title: BString,
    cwd: BString,
    active: bool,
    last: bool,
    marked: bool,
    rect: Rect,
    shell: Vec<BString>,
    program: Option<Program>,
    exit: Option<ExitState>,
    screen: Screen,
    contents: Option<ContentsRef>,
    #[serde(skip)]
    pub(super) detail: PaneDetail,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct PaneHandle {
    id: u32,
    pid: i32,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct PaneDetail {
    settings: Vec<Setting>,
    hooks: Vec<Hook>,
    environment: Vec<Variable>,
    start_command: BString,
    shells: Vec<Vec<BString>>,
    checkout: Option<Checkout>,
    mode: BString,
    search: BString,
    input_off: bool,
    piped: bool,
    terminal: TerminalModes,
    floating: Option<Floating>,
    #[serde(skip)]
    pub(super) withheld: Option<Withheld>,
    #[serde(skip)]
    pub(super) launch: Launch,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Floating {
    left: i32,
    top: i32,
    width: u16,
    height: u16,
    behind: u16,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Layout {
    gap: u16,
    root: Cell,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Cell {
    Pane {
        rect: Rect,
        pane: u32,
    },
    Split {
        rect: Rect,
        axis: Axis,
        #[serde(deserialize_with = "nested")]
        children: Vec<Cell>,
    },
}

/// Reads the parts of a split; what is nested too deep would use up the stack.
fn nested<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<Cell>, D::Error> {
    thread_local! {
        static DEPTH: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }
    struct Level;
    impl Drop for Level {
        fn drop(&mut self) {
            DEPTH.set(DEPTH.get().saturating_sub(1));
        }
    }
    if DEPTH.get() > MAX_DEPTH {
        return Err(serde::de::Error::custom("it is nested too deep"));
    }
    DEPTH.set(DEPTH.get() + 1);
    let _level = Level;
    Vec::deserialize(from)
}

/// The tree of a snapshot; the caller holds it against its digest.
pub(super) fn load(reader: &Reader<'_>, seq: u64) -> Result<ServerState, Fault> {
    let damaged = |cause: &dyn std::fmt::Display| Fault::damaged(Kind::State, seq, cause);
    let record = reader.get(STATES, seq)?;
    let record = record.ok_or_else(|| damaged(&"it is missing"))?;
    let ((), raw) = texts::patched(reader, (Kind::State, seq), &record)?;
    let read = postcard::take_from_bytes::<(ServerState, Vec<u64>)>(&raw);
    let ((mut state, numbers), rest) = read.map_err(|cause| damaged(&cause))?;
    details::read(&mut state, rest).map_err(damaged_by(seq))?;
    let mut numbers = numbers.into_iter();
    let tabs = state.sessions.iter_mut().flat_map(|own| &mut own.tabs);
    for pane in tabs.flat_map(|tab| &mut tab.panes) {
        pane.contents = match numbers.next() {
            None => return Err(damaged(&"it has too many panes")),
            Some(0) => None,
            Some(number) => Some(texts::label(reader, number)?),
        };
    }
    match numbers.next() {
        None => Ok(state),
        Some(_) => Err(damaged(&"it has too few panes")),
    }
}

fn damaged_by(seq: u64) -> impl Fn(&'static str) -> Fault {
    move |cause| Fault::damaged(Kind::State, seq, cause)
}

/// Adds a detail, if there is something in it.
fn with<T: Serialize + Default + PartialEq>(node: DigestBuilder, detail: &T) -> DigestBuilder {
    if *detail == T::default() {
        node
    } else {
        node.value(detail)
    }
}

impl ServerState {
    pub(super) fn digest(&self) -> Digest {
        let node = DigestBuilder::new("muxtape.server/1");
        let sessions = self.sessions.iter();
        let node = sessions.fold(node, |node, session| node.child(session.digest()));
        match self.buffers.is_empty() {
            true => node.finish(),
            false => node.value(&self.buffers).finish(),
        }
    }

    /// As the model is now.
    pub(super) fn living(self, server: &ServerIdentity) -> LivingState {
        let life = LivingIdentity::from(server.clone()).life();
        let sessions = self.sessions.into_iter();
        LivingState {
            sessions: sessions.map(|session| session.living(life)).collect(),
            buffers: self.buffers,
        }
    }
}

impl Session {
    fn digest(&self) -> Digest {
        let own = (&self.name, &self.cwd, &self.group);
        let node = DigestBuilder::new("muxtape.session/1").value(&own);
        let node = with(node, &self.detail.timeless());
        let tabs = self.tabs.iter();
        tabs.fold(node, |node, tab| node.child(tab.digest()))
            .finish()
    }

    fn living(self, life: LifeId) -> LivingSession {
        LivingSession {
            handle: self.handle.map(|id| SessionId::of(id.into())),
            life,
            name: self.name,
            cwd: self.cwd,
            group: self.group,
            tabs: self.tabs.into_iter().map(Tab::living).collect(),
            detail: self.detail,
        }
    }
}

impl Tab {
    fn digest(&self) -> Digest {
        let node = DigestBuilder::new("muxtape.tab/1").value(&(
            self.index,
            &self.name,
            self.active,
            self.last,
            self.zoomed,
            self.synchronized,
            self.automatic_rename,
            &self.layout,
        ));
        let node = with(node, &self.detail);
        let panes = self.panes.iter();
        panes
            .fold(node, |node, pane| node.child(pane.digest()))
            .finish()
    }

    fn living(self) -> LivingTab {
        LivingTab {
            handle: self.handle.map(|id| TabId::of(id.into())),
            index: self.index,
            name: self.name,
            active: self.active,
            last: self.last,
            zoomed: self.zoomed,
            synchronized: self.synchronized,
            automatic_rename: self.automatic_rename,
            layout: LivingLayout {
                gap: self.layout.gap,
                root: self.layout.root.living(),
            },
            panes: self.panes.into_iter().map(Pane::living).collect(),
            detail: self.detail,
        }
    }
}

impl Cell {
    fn living(self) -> LivingCell {
        match self {
            Cell::Pane { rect, pane } => LivingCell::Pane { rect, pane },
            Cell::Split {
                rect,
                axis,
                children,
            } => LivingCell::Split {
                rect,
                axis,
                children: children.into_iter().map(Cell::living).collect(),
            },
        }
    }
}

impl Pane {
    fn digest(&self) -> Digest {
        let node = DigestBuilder::new("muxtape.pane/1")
            .value(&(
                self.index,
                &self.title,
                &self.cwd,
                self.active,
                self.last,
                self.marked,
                self.rect,
                &self.shell,
                &self.program,
            ))
            .value(&(self.exit, self.screen))
            .value(&self.contents.map(|text| text.digest));
        let node = match self.detail.withheld {
            None => with(node, &self.detail),
            Some(why) => with(node, &self.detail).value(&why),
        };
        match self.detail.launch.is_empty() {
            true => node.finish(),
            false => node.value(&("launch", &self.detail.launch)).finish(),
        }
    }

    fn living(self) -> LivingPane {
        LivingPane {
            handle: self.handle.map(|own| LivingHandle {
                id: PaneId::of(own.id.into()),
                pid: Some(own.pid),
            }),
            index: self.index,
            title: self.title,
            cwd: self.cwd,
            active: self.active,
            last: self.last,
            marked: self.marked,
            rect: self.rect,
            shell: self.shell,
            program: self.program,
            exit: self.exit,
            screen: self.screen,
            contents: self.contents,
            attachments: Vec::new(),
            detail: self.detail.living(),
        }
    }
}

impl PaneDetail {
    fn living(self) -> LivingPaneDetail {
        let floating = self.floating.map(|own| LivingFloating {
            left: own.left,
            top: own.top,
            width: own.width,
            height: own.height,
            behind: Some(own.behind),
        });
        LivingPaneDetail {
            settings: self.settings,
            hooks: self.hooks,
            environment: self.environment,
            start_command: self.start_command,
            shells: self.shells,
            checkout: self.checkout,
            mode: self.mode,
            search: self.search,
            input_off: self.input_off,
            piped: self.piped,
            terminal: self.terminal,
            floating,
            withheld: self.withheld,
            launch: self.launch,
        }
    }
}

impl From<ServerIdentity> for LivingIdentity {
    fn from(own: ServerIdentity) -> Self {
        Self {
            mux: own.mux,
            socket: own.socket,
            version: own.version,
            process: Some(ServerProcess {
                pid: own.pid,
                started: own.started,
            }),
            boot: own.boot,
        }
    }
}

impl From<Life> for LivingLife {
    fn from(own: Life) -> Self {
        Self {
            server: own.server.into(),
            first_seen: own.first_seen,
            last_seen: own.last_seen,
            end: own.end,
            recovery: own.recovery,
        }
    }
}
