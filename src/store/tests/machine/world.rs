//! What a server shows: a few sessions with a few panes each, whose texts change as real ones do.

use std::collections::BTreeMap;

use bstr::{BString, ByteSlice};
use proptest::sample::Index;

use super::ops::Change;
use crate::model::contents::Contents;
use crate::model::tree::ServerState;
use crate::store::testing::{log, session, state, text};

/// Most panes of a session.
const PANES: usize = 3;

#[derive(Debug, Clone)]
struct Window {
    panes: Vec<Contents>,
    title: u8,
}

/// The sessions by number; there is always one.
#[derive(Debug, Clone)]
pub(super) struct World {
    sessions: BTreeMap<u8, Window>,
    /// Lines that were ever written, so that new ones differ.
    lines: u32,
}

impl World {
    pub(super) fn new() -> Self {
        let first = Window {
            panes: vec![text("$ ")],
            title: 0,
        };
        Self {
            sessions: BTreeMap::from([(0, first)]),
            lines: 0,
        }
    }

    /// The tree and its texts; of one session only where `part` picks one.
    pub(super) fn shown(&self, part: Option<Index>) -> (ServerState, Vec<Contents>) {
        let only = part.map(|pick| pick.index(self.sessions.len()));
        let chosen = self.sessions.iter().enumerate();
        let chosen = chosen.filter(|(at, _)| only.is_none_or(|only| only == *at));
        let mut sessions = Vec::new();
        let mut texts = Vec::new();
        for (_, (number, window)) in chosen {
            let mut made = session(&format!("s{number}"), u32::from(*number) + 1, &window.panes);
            for pane in made.tabs.iter_mut().flat_map(|tab| &mut tab.panes) {
                pane.title = format!("title {}", window.title).into();
            }
            sessions.push(made);
            texts.extend(window.panes.iter().cloned());
        }
        (state(sessions), texts)
    }

    pub(super) fn apply(&mut self, change: &Change) {
        match change {
            Change::Grow { pane, lines } => {
                let more = self.fresh(*lines);
                self.pane(*pane).main.extend_from_slice(more.as_bytes());
            }
            Change::Scroll { pane, lines } => {
                let more = self.fresh(*lines);
                let text = &mut self.pane(*pane).main;
                let kept: Vec<u8> = text
                    .lines_with_terminator()
                    .skip(more.lines().count())
                    .flatten()
                    .copied()
                    .collect();
                *text = kept.into();
                text.extend_from_slice(more.as_bytes());
            }
            Change::Tail { pane, words } => {
                let text = &mut self.pane(*pane).main;
                let end = text.trim_end_with(|c| c != '\n').len();
                text.truncate(end);
                text.extend_from_slice(format!("[{words} %] word{words}$ ").as_bytes());
            }
            Change::Cut { pane, lines } => {
                let text = &mut self.pane(*pane).main;
                let all: Vec<&[u8]> = text.lines_with_terminator().collect();
                let from = all.len() / 3;
                let to = (from + usize::from(*lines)).min(all.len());
                let kept = [&all[..from], &all[to..]].concat().concat();
                *text = kept.into();
            }
            Change::Clear { pane } => *self.pane(*pane) = text(""),
            Change::Replace {
                pane,
                seed,
                thousands,
            } => {
                let from = u32::from(*seed) * 7;
                let count = u32::from(*thousands) * 1000 + u32::from(*seed % 97);
                *self.pane(*pane) = text(log(from..from + count));
            }
            Change::Share { pane, with } => {
                let shared = self.pane(*with).clone();
                *self.pane(*pane) = shared;
            }
            Change::Alternate { pane, seed } => {
                let pane = self.pane(*pane);
                pane.alternate = match pane.alternate {
                    Some(_) => None,
                    None => Some(format!("\x1b[7m~{seed}\x1b[0m\n~\n").into()),
                };
            }
            Change::Panes { session, one_more } => {
                let panes = &mut self.window(*session).panes;
                if *one_more && panes.len() < PANES {
                    panes.push(text("$ "));
                } else if panes.len() > 1 {
                    panes.pop();
                }
            }
            Change::Session { number } => {
                if self.sessions.len() > 1 && self.sessions.remove(number).is_some() {
                    return;
                }
                let panes = vec![text(""), text("$ ")];
                let window = Window { panes, title: 0 };
                self.sessions.entry(*number).or_insert(window);
            }
            Change::Title { session, to } => self.window(*session).title = *to,
        }
    }

    fn fresh(&mut self, lines: u8) -> String {
        let from = self.lines;
        self.lines += u32::from(lines);
        log(from..self.lines)
    }

    fn window(&mut self, pick: Index) -> &mut Window {
        let at = pick.index(self.sessions.len());
        self.sessions.values_mut().nth(at).unwrap()
    }

    fn pane(&mut self, pick: Index) -> &mut Contents {
        let mut panes: Vec<&mut Contents> = self
            .sessions
            .values_mut()
            .flat_map(|window| &mut window.panes)
            .collect();
        let at = pick.index(panes.len());
        panes.swap_remove(at)
    }
}

/// A text that no pane ever shows.
pub(super) fn never_shown() -> Contents {
    let main: BString = "never shown".into();
    Contents {
        main,
        alternate: None,
    }
}
