//! One tab of a snapshot, drawn large; and the full text of one of its panes.

use crate::app::keys::Context;
use crate::app::keys::action::{CopyAction, DetailAction, FullTextAction, Motion};
use crate::app::list::{Cursor, places};
use crate::app::mouse::{MouseKind, MouseTarget};
use crate::app::shared::{Cx, Shared};
use crate::model::contents::Contents;

use super::snapshot::{copy_of_snapshot, on_snapshot};
use super::{Go, Interact};

/// The detail of the snapshot that is looked at.
#[derive(Debug, Default)]
pub struct Detail {
    /// The first line of the full text that is seen, while that is shown.
    full: Option<Cursor>,
}

impl Detail {
    /// The first line of the full text that is seen, while that is shown.
    #[must_use]
    pub fn full(&self) -> Option<Cursor> {
        self.full
    }

    /// The text of the pane that is looked at.
    #[must_use]
    pub fn text(shared: &Shared) -> Option<&Contents> {
        let (_, _, pane) = shared.focus.pane_of(&shared.seen()?.snapshot.state)?;
        let text = shared.library.text(pane.contents?.digest)?;
        Some(text)
    }

    /// Scrolls the full text, where it is shown.
    fn scroll(&mut self, cx: &Cx<'_>, lead: impl FnOnce(&mut Cursor, usize, usize)) {
        let Some(first) = &mut self.full else { return };
        let seen = cx.shared.view.text.rows;
        let lines = Self::text(cx.shared).map_or(0, lines_of);
        lead(first, seen, places(lines, seen));
    }

    /// Does what a key means while a tab is shown.
    pub(super) fn act(&mut self, action: DetailAction, count: usize, cx: &mut Cx<'_>) -> Go {
        let mut go = Go::Stay;
        match action {
            DetailAction::Scrub(scrub) => cx.shared.scrub(scrub, count),
            DetailAction::Turn(turn) => cx.shared.turn(turn),
            DetailAction::On(action) => go = on_snapshot(action, cx),
            DetailAction::FullText => self.full = Some(Cursor::END),
        }
        self.refreshed(cx);
        go
    }

    /// Does what a key means while the full text of a pane is shown.
    pub(super) fn read(&mut self, action: FullTextAction, count: usize, cx: &mut Cx<'_>) -> Go {
        match action {
            FullTextAction::Scrub(scrub) => cx.shared.scrub(scrub, count),
            FullTextAction::Turn(turn) => cx.shared.turn(turn),
            FullTextAction::Move(Motion::Bottom) => self.full = Some(Cursor::END),
            FullTextAction::Move(motion) => {
                self.scroll(cx, |first, seen, all| first.go(motion, count, seen, all));
            }
        }
        self.refreshed(cx);
        Go::Stay
    }
}

/// Lines of what a pane showed: scrollback and screen, and a full-screen program's screen after
/// them.
#[must_use]
pub fn lines_of(text: &Contents) -> usize {
    let lines = |text: &[u8]| memchr::memchr_iter(b'\n', text).count() + 1;
    lines(&text.main) + text.alternate.as_ref().map_or(0, |screen| lines(screen))
}

impl Interact for Detail {
    fn context(&self) -> Context {
        if self.full.is_some() {
            Context::FullText
        } else {
            Context::Detail
        }
    }

    fn back(&mut self, cx: &mut Cx<'_>) -> Go {
        let go = match self.full.take() {
            Some(_) => Go::Stay,
            None => Go::Back,
        };
        self.refreshed(cx);
        go
    }

    fn copy(&mut self, what: CopyAction, cx: &mut Cx<'_>) -> Go {
        copy_of_snapshot(what, cx);
        Go::Stay
    }

    fn mouse(&mut self, kind: MouseKind, target: MouseTarget, cx: &mut Cx<'_>) -> Go {
        match (kind, target) {
            (MouseKind::ScrollUp | MouseKind::ScrollDown, MouseTarget::Text) => {
                self.scroll(cx, |first, _, all| first.mouse(kind, target, all));
            }
            (MouseKind::DoubleClick, MouseTarget::Pane(_)) => {
                self.full = Some(Cursor::END);
            }
            _ => {
                let _ = cx.shared.point(kind, target);
            }
        }
        self.refreshed(cx);
        Go::Stay
    }

    fn refreshed(&mut self, cx: &mut Cx<'_>) {
        cx.shared.settle();
        cx.load();
    }
}
