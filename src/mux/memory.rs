//! A multiplexer that is nothing but values, for tests: no process, no terminal, no socket.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use super::{
    Multiplexer, MuxError, Observation, PaneActivity, PaneText, PaneTexts, Probe, Seen, TextRequest,
};
use crate::model::contents::Contents;
use crate::model::digest::DigestBuilder;
use crate::model::snapshot::{BootId, MuxKind, ServerIdentity, ServerProcess};
use crate::model::time::Millis;
use crate::model::tree::{Pane, PaneHandle, ServerState};
use crate::model::tree::{PaneId, SessionId, TabId};

/// A server in memory; clones are ways to the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Server>>);

/// What a server holds. It runs as long as it has a session.
#[derive(Debug, Default)]
pub(crate) struct Server {
    /// Its sessions; everything in them has a number.
    pub(crate) state: ServerState,
    /// What the panes show.
    pub(crate) texts: BTreeMap<PaneId, Contents>,
    /// How many servers there have been.
    pub(crate) lives: i32,
    /// How often its structure was asked for.
    pub(crate) observed: usize,
    /// The last number that was given.
    pub(crate) last: u64,
}

impl Server {
    /// The next number.
    pub(crate) fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Its sessions, with the life that they are in.
    fn observed(&self) -> ServerState {
        let life = self
            .identity()
            .map_or_else(Default::default, |own| own.life());
        let mut state = self.state.clone();
        state
            .sessions
            .iter_mut()
            .for_each(|session| session.life = life);
        state
    }

    fn identity(&self) -> Option<ServerIdentity> {
        (!self.state.sessions.is_empty()).then(|| ServerIdentity {
            mux: MuxKind::Zellij,
            socket: "/memory".into(),
            version: "1".into(),
            process: Some(ServerProcess {
                pid: 1_000 + self.lives,
                started: Millis(1_790_000_000_000 + i64::from(self.lives)),
            }),
            boot: BootId("memory".into()),
        })
    }

    fn probe(&self) -> Probe {
        let digest = |value: &dyn Fn(DigestBuilder) -> DigestBuilder| {
            value(DigestBuilder::new("muxtape.memory/1"))
                .finish()
                .mark()
        };
        let handles: BTreeSet<PaneId> = self.panes().map(|(handle, _)| handle.id).collect();
        Probe {
            panes: handles
                .into_iter()
                .map(|pane| PaneActivity {
                    pane,
                    text: digest(&|node| node.value(&self.texts.get(&pane))),
                    settling: false,
                })
                .collect(),
            structure: digest(&|node| node.child(self.state.digest())),
            focus: 0,
        }
    }

    fn panes(&self) -> impl Iterator<Item = (PaneHandle, &Pane)> {
        let panes = self.state.panes();
        panes.filter_map(|(_, _, pane)| Some((pane.handle?, pane)))
    }
}

impl Memory {
    /// A server with these sessions, whose panes show these texts, by their digests.
    pub(crate) fn with(mut state: ServerState, texts: &[Contents]) -> Self {
        let mut server = Server::default();
        for session in &mut state.sessions {
            session.handle = Some(SessionId::of(server.number()));
            for tab in &mut session.tabs {
                tab.handle = Some(TabId::of(server.number()));
                for pane in &mut tab.panes {
                    let id = PaneId::of(server.number());
                    pane.handle = Some(PaneHandle {
                        id,
                        pid: i32::try_from(id.number()).ok(),
                    });
                    let shown = pane.contents.take().map(|text| text.digest);
                    let shown = texts.iter().find(|text| Some(text.digest()) == shown);
                    server.texts.extend(shown.map(|text| (id, text.clone())));
                }
            }
        }
        server.state = state;
        Self(Arc::new(Mutex::new(server)))
    }

    /// What it holds, to be looked at and changed.
    pub(crate) fn server(&self) -> MutexGuard<'_, Server> {
        self.0.lock().unwrap()
    }

    /// Ends it: everything in it is gone.
    pub(crate) fn end(&self) {
        let mut server = self.server();
        server.state = ServerState::default();
        server.texts.clear();
        server.lives += 1;
    }
}

impl Multiplexer for Memory {
    fn kind(&self) -> MuxKind {
        MuxKind::Zellij
    }

    fn identity(&self) -> Result<Option<ServerIdentity>, MuxError> {
        Ok(self.server().identity())
    }

    fn probe(&self) -> Result<Option<Probe>, MuxError> {
        let server = self.server();
        Ok(server.identity().map(|_| server.probe()))
    }

    fn observe(&self) -> Result<Observation, MuxError> {
        let mut server = self.server();
        server.observed += 1;
        Ok(Observation {
            server: server.identity().ok_or_else(|| MuxError::NoServer {
                mux: self.kind(),
                socket: "/memory".into(),
            })?,
            state: server.observed(),
            probe: server.probe(),
            lost: BTreeSet::new(),
            interfaces: BTreeSet::new(),
        })
    }

    fn texts(&self, wanted: &[TextRequest]) -> Result<PaneTexts, MuxError> {
        let server = self.server();
        let text = |wanted: &TextRequest| {
            let (_, pane) = server
                .panes()
                .find(|(handle, _)| handle.id == wanted.of.pane)?;
            let text = server
                .texts
                .get(&wanted.of.pane)
                .cloned()
                .unwrap_or_default();
            Some(PaneText {
                continued: false,
                scrollback: Vec::new(),
                screen: text.main.into(),
                alternate: text.alternate.map(Into::into),
                seen: Seen {
                    history: pane.screen.history,
                    cursor_x: pane.screen.cursor_x,
                    cursor_y: pane.screen.cursor_y,
                },
                bookmark: None,
            })
        };
        Ok(PaneTexts {
            texts: wanted.iter().map(text).collect(),
            ..PaneTexts::default()
        })
    }
}
