//! What keys, the mouse and answers do to a comparison.

use bstr::ByteSlice;

use super::{Diff, WHEEL, rows};
use crate::app::effect::Side;
use crate::app::input::{MouseKind, Target as Met};
use crate::app::keys::{Action, Context};
use crate::app::msg::Answer;
use crate::app::screens::restore::Restore;
use crate::app::screens::{Go, Interact, Screen};
use crate::app::state::{Cx, Shared};
use crate::model::ansi;

impl Interact for Diff {
    fn context(&self) -> Context {
        Context::Diff
    }

    fn action(&mut self, action: Action, count: usize, cx: &mut Cx<'_>) -> Go {
        let page = rows(cx.shared).max(2) - 1;
        match action {
            Action::Back | Action::Leave => return Go::Back,
            Action::Older => self.scrub(true, true, count, cx),
            Action::Newer => self.scrub(true, false, count, cx),
            Action::OlderA => self.scrub(false, true, count, cx),
            Action::NewerA => self.scrub(false, false, count, cx),
            Action::Down => self.scroll(true, count, cx.shared),
            Action::Up => self.scroll(false, count, cx.shared),
            Action::PageDown => self.scroll(true, page, cx.shared),
            Action::PageUp => self.scroll(false, page, cx.shared),
            Action::Top => self.first = 0,
            Action::Bottom => self.scroll_to(usize::MAX, cx.shared),
            Action::NextMatch => self.step_change(true, cx.shared),
            Action::PreviousMatch => self.step_change(false, cx.shared),
            Action::NextPane | Action::NextPanel => {
                self.step_pane(true, cx.shared);
            }
            Action::PreviousPane | Action::PreviousPanel => {
                self.step_pane(false, cx.shared);
            }
            Action::Inline => self.show.inline = !self.show.inline,
            Action::Wrap => self.show.wrap = !self.show.wrap,
            Action::Tree => self.show.tree = !self.show.tree,
            Action::Layout => {
                self.show.layout = Some(!self.show.layout_seen(cx.shared.size));
            }
            Action::Fold => self.toggle_fold(cx.shared),
            Action::FoldAll | Action::LessContext | Action::MoreContext => {
                let show = &mut self.show;
                match action {
                    Action::FoldAll => show.unfolded = !show.unfolded,
                    Action::LessContext => show.context = show.context.saturating_sub(count),
                    _ => show.context = show.context.saturating_add(count).min(999),
                }
                self.open.clear();
                self.fold();
                self.go_to(self.change, cx.shared);
            }
            Action::IgnoreBlank => {
                self.show.ignore_blank = !self.show.ignore_blank;
                self.read(cx.shared);
            }
            Action::Swap => {
                std::mem::swap(&mut self.a, &mut self.b);
                self.compare(cx);
            }
            Action::Restore => match self.a {
                Side::Snapshot(id) => {
                    let preview = Restore::open(id, cx);
                    return Go::Open(Box::new(Screen::Restore(preview)));
                }
                Side::Live => cx
                    .shared
                    .say("A is the server as it is now: nothing to restore"),
            },
            action => self.copy(action, cx),
        }
        Go::Stay
    }

    fn mouse(&mut self, kind: MouseKind, met: Met, cx: &mut Cx<'_>) -> Go {
        match (kind, met) {
            (MouseKind::Click | MouseKind::DoubleClick, Met::Row(row))
                if row < self.nodes.len() =>
            {
                self.selected = row;
                self.read(cx.shared);
            }
            (MouseKind::ScrollDown, _) => self.scroll(true, WHEEL, cx.shared),
            (MouseKind::ScrollUp, _) => self.scroll(false, WHEEL, cx.shared),
            _ => {}
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

    fn copy(&self, action: Action, cx: &mut Cx<'_>) {
        let both = self.pane().cloned().unwrap_or_default();
        let side = if both.b.is_some() { &both.b } else { &both.a };
        match (action, side) {
            (Action::CopyId, _) => {
                for side in [self.a, self.b] {
                    if let Side::Snapshot(id) = side {
                        return cx.copy("the snapshot's id", id.to_string());
                    }
                }
            }
            (Action::CopyDirectory, Some((_, pane))) => {
                cx.copy("the directory", ansi::label(&pane.cwd));
            }
            (Action::CopyCommand, Some((_, pane))) => {
                let argv = pane
                    .program
                    .as_ref()
                    .map_or(&pane.shell, |program| &program.argv);
                let words: Vec<String> = argv.iter().map(|arg| ansi::label(arg)).collect();
                cx.copy("the command", words.join(" "));
            }
            (Action::CopyText, _) => {
                if let Some(contents) = self.contents(side) {
                    let text = ansi::plain(contents.visible().trim_end());
                    cx.copy("the pane's text", text);
                }
            }
            _ => {}
        }
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
