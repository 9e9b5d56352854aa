//! What the storage view does with keys, the mouse and answers.

use crate::app::effect::Effect;
use crate::app::input::{MouseKind, Target};
use crate::app::keys::{Action, Context};
use crate::app::msg::Answer;
use crate::app::overlay::{Confirm, Confirmed};
use crate::app::screens::{Go, Interact};
use crate::app::state::Cx;
use crate::app::upkeep::{Preview, Work};
use crate::app::words;

use super::{Listed, Page, Storage};

impl Interact for Storage {
    fn context(&self) -> Context {
        match self.page {
            Page::Overview => Context::Storage,
            Page::Rules { .. } => Context::HiddenSecrets,
            Page::Prune(_) => Context::Prune,
        }
    }

    fn action(&mut self, action: Action, count: usize, cx: &mut Cx<'_>) -> Go {
        let rows = cx.shared.view.list.rows.max(1);
        let page = rows.saturating_mul(count);
        let at = self.chosen();
        match action {
            Action::Back | Action::Leave => return self.back(cx),
            Action::Open => return self.open_chosen(cx),
            Action::Prune => return self.prune(cx),
            Action::Verify => self.start(Work::Verify, Effect::Verify, cx),
            Action::Compact => self.start(Work::Compact, Effect::Compact, cx),
            Action::UndoTrash => {
                let last = self.figures().map(|figures| figures.trash.last.clone());
                match last.filter(|last| !last.is_empty()) {
                    Some(ids) => cx.effect(Effect::Untrash { ids }),
                    None => cx.shared.say("The trash is empty"),
                }
            }
            Action::ToggleAll => {
                if let (Page::Prune(listed), Some(preview)) = (&self.page, &self.preview) {
                    self.page = Page::Prune(Listed::of(preview, !listed.all));
                }
            }
            Action::Down => self.choose(at.saturating_add(count), rows),
            Action::Up => self.choose(at.saturating_sub(count), rows),
            Action::PageDown => self.choose(at.saturating_add(page), rows),
            Action::PageUp => self.choose(at.saturating_sub(page), rows),
            Action::Top => self.choose(0, rows),
            Action::Bottom => self.choose(usize::MAX, rows),
            _ => {}
        }
        Go::Stay
    }

    fn mouse(&mut self, kind: MouseKind, target: Target, cx: &mut Cx<'_>) -> Go {
        let rows = cx.shared.view.list.rows.max(1);
        let at = self.chosen();
        match (kind, target) {
            (MouseKind::ScrollUp, _) => self.choose(at.saturating_sub(3), rows),
            (MouseKind::ScrollDown, _) => self.choose(at.saturating_add(3), rows),
            (MouseKind::Click, Target::Row(row)) => self.choose(row, rows),
            (MouseKind::DoubleClick, Target::Row(_)) => return self.open_chosen(cx),
            _ => {}
        }
        Go::Stay
    }

    fn answer(&mut self, answer: Answer, cx: &mut Cx<'_>) -> Go {
        match answer {
            Answer::Figures { generation, result } if generation > self.taken.0 => match result {
                Ok(figures) => {
                    self.taken.0 = generation;
                    self.figures = Some(figures);
                    self.trouble = None;
                    self.choose(self.chosen(), cx.shared.view.list.rows);
                }
                Err(failure) => {
                    cx.shared.complain(&failure);
                    self.trouble = Some(failure);
                }
            },
            Answer::PrunePlanned { generation, result } if generation > self.taken.1 => {
                match result {
                    Ok(plan) => {
                        self.taken.1 = generation;
                        self.take(plan);
                    }
                    Err(failure) => cx.shared.complain(&failure),
                }
            }
            _ => {}
        }
        Go::Stay
    }

    fn refreshed(&mut self, cx: &mut Cx<'_>) {
        let (timeline, turns) = (cx.shared.library.revision(), cx.shared.upkeep.turns);
        // While the timeline is still being read, every page of it moves.
        let moved = timeline != self.seen.0 && cx.shared.library.is_complete();
        if turns != self.seen.1 || moved {
            self.load(cx);
        }
    }

    fn confirmed(&mut self, what: Confirmed, cx: &mut Cx<'_>) -> Go {
        if what == Confirmed::Prune {
            self.start(Work::Prune, Effect::Prune, cx);
            self.page = Page::Overview;
        }
        Go::Stay
    }
}

/// The question before anything is removed.
pub(super) fn question(preview: &Preview) -> Confirm {
    let mut body = Vec::new();
    let going = preview.going.len();
    if going > 0 {
        let why = match preview.removed.as_slice() {
            [(reason, _)] => reason.to_string(),
            several => {
                let each = several.iter();
                let each =
                    each.map(|(reason, count)| format!("{} {reason}", words::number(*count)));
                each.collect::<Vec<_>>().join(", ")
            }
        };
        let what = words::count(going as u64, "snapshot");
        let bytes = words::bytes(preview.plan.bytes);
        body.push(format!("Removes {what} for good: {why}."));
        body.push(format!("Up to {bytes} become free inside the file."));
    }
    let trash = preview.plan.trash.len();
    if trash > 0 {
        body.push(format!(
            "Removes {} from the trash.",
            words::count(trash as u64, "snapshot")
        ));
    }
    let staying = words::count(preview.staying() as u64, "snapshot");
    body.push(format!("{staying} stay. What goes cannot be brought back."));
    Confirm {
        title: "Remove what is not to be kept?".to_owned(),
        body,
        yes: "Yes, remove for good".to_owned(),
        then: Confirmed::Prune,
    }
}
