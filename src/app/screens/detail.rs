//! One tab of a snapshot, drawn large; and the full text of one of its panes.

use crate::app::effect::Effect;
use crate::app::input::{MouseKind, Target};
use crate::app::keys::{Action, Context};
use crate::app::overlay::Confirmed;
use crate::app::state::{Cx, Shared};
use crate::model::contents::Contents;

use super::{Go, Interact, tape};

/// The detail of the snapshot that is looked at.
#[derive(Debug, Default)]
pub struct Detail {
    full: Option<FullText>,
}

/// The full text of a pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FullText {
    /// The first line that is seen; `None` for as far down as possible.
    pub first: Option<usize>,
}

impl Detail {
    /// The full text, while it is shown.
    #[must_use]
    pub fn full(&self) -> Option<FullText> {
        self.full
    }

    /// The text of the pane that is looked at.
    #[must_use]
    pub fn text(shared: &Shared) -> Option<&Contents> {
        let (_, _, pane) = shared.focus.pane_of(&shared.seen()?.snapshot.state)?;
        let text = shared.library.text(pane.contents?.digest)?;
        Some(text)
    }

    fn scroll(&mut self, action: Action, count: usize, cx: &Cx<'_>) {
        let Some(full) = &mut self.full else { return };
        let view = cx.shared.view.text;
        let lines = Self::text(cx.shared).map_or(0, lines_of);
        let last = lines.saturating_sub(view.rows);
        let first = full.first.unwrap_or(last).min(last);
        let page = view.rows.saturating_sub(1).max(1).saturating_mul(count);
        full.first = match action {
            Action::Down => Some(first.saturating_add(count).min(last)),
            Action::Up => Some(first.saturating_sub(count)),
            Action::PageDown => Some(first.saturating_add(page).min(last)),
            Action::PageUp => Some(first.saturating_sub(page)),
            Action::Top => Some(0),
            Action::Bottom => None,
            _ => full.first,
        };
    }
}

/// Lines of what a pane showed: scrollback and screen, and a full-screen program's screen after them.
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

    fn action(&mut self, action: Action, count: usize, cx: &mut Cx<'_>) -> Go {
        let go = if self.full.is_some() && matches!(action, Action::Back | Action::Leave) {
            self.full = None;
            Go::Stay
        } else if matches!(action, Action::Back | Action::Leave) {
            Go::Back
        } else if cx.shared.scrub(action, count) || cx.shared.turn(action) {
            Go::Stay
        } else if let Some(go) = tape::on_snapshot(action, cx) {
            go
        } else if action == Action::Open {
            self.full = Some(FullText { first: None });
            Go::Stay
        } else {
            self.scroll(action, count, cx);
            Go::Stay
        };
        self.refreshed(cx);
        go
    }

    fn mouse(&mut self, kind: MouseKind, target: Target, cx: &mut Cx<'_>) -> Go {
        match (kind, target) {
            (MouseKind::ScrollUp, Target::Text) => self.scroll(Action::Up, 3, cx),
            (MouseKind::ScrollDown, Target::Text) => self.scroll(Action::Down, 3, cx),
            (MouseKind::DoubleClick, Target::Pane(_)) => {
                self.full = Some(FullText { first: None });
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

    fn confirmed(&mut self, what: Confirmed, cx: &mut Cx<'_>) -> Go {
        if let Confirmed::Trash(ids) = what {
            cx.effect(Effect::Trash { ids });
        }
        Go::Stay
    }
}
