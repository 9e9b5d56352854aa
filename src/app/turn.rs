//! Looking at another tab or pane, by keys or by pointing; scrubbing by pointing at the slider.

use crate::model::time::Millis;

use super::keys::action::{Scrub, Turn};
use super::mouse::{MouseKind, MouseTarget};
use super::shared::Shared;

impl Shared {
    /// Looks at the next tab or pane.
    pub(super) fn turn(&mut self, turn: Turn) {
        match turn {
            Turn::NextTab => self.next_tab(),
            Turn::NextPane => self.next_pane(true),
            Turn::PreviousPane => self.next_pane(false),
        }
    }

    /// The next tab of the session; after its last, the first tab of the next session.
    fn next_tab(&mut self) {
        let Some(seen) = self.seen() else { return };
        let state = &seen.snapshot.state;
        let Some((session, tab)) = self.focus.tab_of(state) else {
            return;
        };
        let next = session
            .tabs
            .iter()
            .find(|other| other.index > tab.index)
            .map(|other| (session, Some(other)))
            .or_else(|| {
                let at = state.sessions.iter().position(|s| s.name == session.name)?;
                let next = state.sessions.get(at + 1).or(state.sessions.first())?;
                Some((next, next.tabs.first()))
            });
        let next = next.map(|(session, tab)| (session.name.clone(), tab.map(|tab| tab.index)));
        if let Some((name, tab)) = next {
            self.focus.session = Some(name);
            self.focus.tab = tab;
            self.focus.pane = None;
        }
    }

    fn next_pane(&mut self, forward: bool) {
        let Some(seen) = self.seen() else { return };
        let Some((session, tab, pane)) = self.focus.pane_of(&seen.snapshot.state) else {
            return;
        };
        let count = tab.panes.len().max(1);
        let at = tab.panes.iter().position(|p| p.index == pane.index);
        let step = if forward { 1 } else { count - 1 };
        let next = tab.panes.get((at.unwrap_or(0) + step) % count);
        let next = next.map(|pane| pane.index);
        let (name, tab) = (session.name.clone(), tab.index);
        self.focus.session = Some(name);
        self.focus.tab = Some(tab);
        self.focus.pane = next;
    }

    /// What pointing at the slider, a pane or a tab means. Whether the moment has moved.
    pub(super) fn point(&mut self, kind: MouseKind, target: MouseTarget) -> bool {
        match (kind, target) {
            (MouseKind::ScrollUp, MouseTarget::Slider { .. }) => {
                self.scrub(Scrub::Older, 1);
                true
            }
            (MouseKind::ScrollDown, MouseTarget::Slider { .. }) => {
                self.scrub(Scrub::Newer, 1);
                true
            }
            (MouseKind::Click | MouseKind::Drag, MouseTarget::Slider { column, width }) => {
                let Some((from, to)) = self.stretch() else {
                    return false;
                };
                let length = i128::from(to.0 - from.0);
                let part = length * (i128::from(column) * 2 + 1) / (i128::from(width.max(1)) * 2);
                let part = i64::try_from(part).unwrap_or(0);
                self.visit_moment(Millis(from.0.saturating_add(part)));
                true
            }
            (MouseKind::Click, MouseTarget::Pane(index)) => {
                let here = self.seen().and_then(|seen| {
                    let (session, tab) = self.focus.tab_of(&seen.snapshot.state)?;
                    Some((session.name.clone(), tab.index))
                });
                if let Some((session, tab)) = here {
                    self.focus.session = Some(session);
                    self.focus.tab = Some(tab);
                    self.focus.pane = Some(index);
                }
                false
            }
            (MouseKind::Click, MouseTarget::Tab(index)) => {
                let session = self.seen().and_then(|seen| {
                    let session = self.focus.session_of(&seen.snapshot.state)?;
                    Some(session.name.clone())
                });
                if let Some(session) = session {
                    self.focus.session = Some(session);
                    self.focus.tab = Some(index);
                    self.focus.pane = None;
                }
                false
            }
            _ => false,
        }
    }
}
