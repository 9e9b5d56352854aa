//! What keys, the mouse and answers do to a comparison.

use bstr::ByteSlice;

use super::{Diff, rows};
use crate::app::effect::Side;
use crate::app::keys::Context;
use crate::app::keys::action::{CopyAction, DiffAction};
use crate::app::list::wheel;
use crate::app::mouse::{MouseKind, MouseTarget};
use crate::app::msg::Answer;
use crate::app::screens::restore::Restore;
use crate::app::screens::{Go, Interact, Screen};
use crate::app::shared::{Cx, Shared};
use crate::model::ansi;
use crate::model::changes::command_words;

/// The most equal lines that are shown around a change.
const MAX_CONTEXT_LINES: usize = 999;

impl Interact for Diff {
    fn context(&self) -> Context {
        Context::Diff
    }

    fn copy(&mut self, what: CopyAction, cx: &mut Cx<'_>) -> Go {
        let both = self.pane().cloned().unwrap_or_default();
        let side = if both.b.is_some() { &both.b } else { &both.a };
        match (what, side) {
            (CopyAction::Id, _) => {
                for side in [self.a, self.b] {
                    if let Side::Snapshot(id) = side {
                        cx.copy("the snapshot's id", id.to_string());
                        break;
                    }
                }
            }
            (CopyAction::Directory, Some((_, pane))) => {
                cx.copy("the directory", ansi::label(&pane.cwd));
            }
            (CopyAction::Command, Some((_, pane))) => {
                cx.copy("the command", command_words(pane));
            }
            (CopyAction::Text, _) => {
                if let Some(contents) = self.contents(side) {
                    let text = ansi::plain(contents.visible().trim_end());
                    cx.copy("the pane's text", text);
                }
            }
            (CopyAction::Directory | CopyAction::Command, None) => {}
        }
        Go::Stay
    }

    fn mouse(&mut self, kind: MouseKind, met: MouseTarget, cx: &mut Cx<'_>) -> Go {
        let all = self.nodes.len();
        match (wheel(kind), met) {
            (Some((down, by)), _) => {
                let places = self.places(cx.shared);
                self.first.step(down, by, places);
            }
            (None, MouseTarget::Row(row)) if kind != MouseKind::Drag && row < all => {
                self.selected.set(row, all);
                self.read(cx.shared);
            }
            (None, _) => {}
        }
        Go::Stay
    }

    fn answer(&mut self, answer: Answer, cx: &mut Cx<'_>) -> Go {
        if let Answer::Compared { generation, result } = answer
            && generation == self.generation
        {
            self.loading = false;
            match result {
                Ok(comparison) => {
                    self.failure = None;
                    self.take(comparison, cx.shared);
                }
                Err(failure) => self.failure = Some(failure),
            }
        }
        Go::Stay
    }
}

impl Diff {
    fn scrub(&mut self, of_b: bool, older: bool, count: usize, cx: &mut Cx<'_>) {
        let side = if of_b { self.b } else { self.a };
        let Some(to) = moved(side, older, count, cx.shared) else {
            cx.shared.say(if older {
                "Nothing older is recorded"
            } else {
                "This is the newest"
            });
            return;
        };
        if of_b {
            self.b = to;
        } else {
            self.a = to;
        }
        self.compare(cx);
    }

    /// Does what a key means.
    pub(in crate::app::screens) fn act(
        &mut self,
        action: DiffAction,
        count: usize,
        cx: &mut Cx<'_>,
    ) -> Go {
        let show = &mut self.show;
        match action {
            DiffAction::Older => self.scrub(true, true, count, cx),
            DiffAction::Newer => self.scrub(true, false, count, cx),
            DiffAction::OlderA => self.scrub(false, true, count, cx),
            DiffAction::NewerA => self.scrub(false, false, count, cx),
            DiffAction::Move(motion) => {
                let all = self.places(cx.shared);
                self.first.go(motion, count, rows(cx.shared), all);
            }
            DiffAction::NextChange => self.step_change(true, cx.shared),
            DiffAction::PreviousChange => self.step_change(false, cx.shared),
            DiffAction::NextPane => drop(self.step_pane(true, cx.shared)),
            DiffAction::PreviousPane => drop(self.step_pane(false, cx.shared)),
            DiffAction::Inline => show.inline = !show.inline,
            DiffAction::Wrap => show.wrap = !show.wrap,
            DiffAction::Tree => show.tree = !show.tree,
            DiffAction::Layout => show.layout = Some(!show.layout_seen(cx.shared.size)),
            DiffAction::Fold => self.toggle_fold(cx.shared),
            DiffAction::FoldAll => {
                show.unfolded = !show.unfolded;
                self.fold_anew(cx.shared);
            }
            DiffAction::LessContext => {
                show.context = show.context.saturating_sub(count);
                self.fold_anew(cx.shared);
            }
            DiffAction::MoreContext => {
                show.context = show.context.saturating_add(count).min(MAX_CONTEXT_LINES);
                self.fold_anew(cx.shared);
            }
            DiffAction::IgnoreBlank => {
                show.ignore_blank = !show.ignore_blank;
                self.read(cx.shared);
            }
            DiffAction::Swap => {
                std::mem::swap(&mut self.a, &mut self.b);
                self.compare(cx);
            }
            DiffAction::Restore => match self.a {
                Side::Snapshot(id) => {
                    let preview = Restore::open(id, cx);
                    return Go::Open(Box::new(Screen::Restore(preview)));
                }
                Side::Live => cx
                    .shared
                    .say("A is the server as it is now: nothing to restore"),
            },
        }
        Go::Stay
    }

    /// Folds equal lines as it is to be done now, and stays at the change.
    fn fold_anew(&mut self, shared: &Shared) {
        self.open.clear();
        self.fold();
        self.go_to(self.change, shared);
    }
}

/// The side `count` snapshots away; after the newest comes the server as it is now.
fn moved(side: Side, older: bool, count: usize, shared: &Shared) -> Option<Side> {
    let entries = shared.library.entries();
    let at = match side {
        Side::Live => None,
        Side::Snapshot(id) => Some(shared.library.position(id)?),
    };
    let count = count.max(1);
    let to = match (at, older) {
        (None, true) => Some(count - 1),
        (None, false) => return None,
        (Some(at), true) => Some(at.saturating_add(count)),
        (Some(at), false) => at.checked_sub(count),
    };
    match to {
        None => Some(Side::Live),
        Some(to) => {
            let to = to.min(entries.len().checked_sub(1)?);
            let side_ = Side::Snapshot(entries.get(to)?.id);
            (side_ != side).then_some(side_)
        }
    }
}
