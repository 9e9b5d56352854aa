//! What the storage view does with keys, the mouse and answers.

use crate::app::effect::Job;
use crate::app::figures::Work;
use crate::app::keys::Context;
use crate::app::keys::action::{Motion, PruneAction, StorageAction};
use crate::app::mouse::{MouseKind, MouseTarget};
use crate::app::msg::Answer;
use crate::app::overlay::{Confirm, Confirmed, Overlay};
use crate::app::screens::{Go, Interact};
use crate::app::shared::Cx;
use crate::app::upkeep::Preview;
use crate::app::words;
use crate::model::words::verb;

use super::{Listed, Page, Storage};

impl Interact for Storage {
    fn context(&self) -> Context {
        match self.page {
            Page::Overview => Context::Storage,
            Page::Rules { .. } => Context::HiddenSecrets,
            Page::Prune(_) => Context::Prune,
        }
    }

    fn back(&mut self, cx: &mut Cx<'_>) -> Go {
        if self.page == Page::Overview {
            return Go::Back;
        }
        self.turn_to(Page::Overview, cx);
        Go::Stay
    }

    fn mouse(&mut self, kind: MouseKind, target: MouseTarget, cx: &mut Cx<'_>) -> Go {
        let opens = kind == MouseKind::DoubleClick && matches!(target, MouseTarget::Row(_));
        if opens && matches!(self.page, Page::Prune(_)) {
            return self.go_there(cx);
        }
        let (cursor, all) = self.cursor(cx);
        cursor.mouse(kind, target, all);
        Go::Stay
    }

    fn answer(&mut self, answer: Answer, cx: &mut Cx<'_>) -> Go {
        match answer {
            Answer::Figures { generation, result } if generation > self.taken.0 => match result {
                Ok(figures) => {
                    self.taken.0 = generation;
                    self.figures = Some(figures);
                    self.trouble = None;
                    self.keep_cursor(cx);
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
            self.start(Work::Prune, Job::Prune, cx);
            self.page = Page::Overview;
        }
        Go::Stay
    }
}

impl Storage {
    /// Does what a key means while everything is seen in short.
    pub(in crate::app::screens) fn act(
        &mut self,
        action: StorageAction,
        count: usize,
        cx: &mut Cx<'_>,
    ) -> Go {
        match action {
            StorageAction::Move(motion) => return self.go(motion, count, cx),
            StorageAction::PrunePreview => self.open_preview(cx),
            StorageAction::Secrets => self.open_rules(cx),
            StorageAction::Verify => self.start(Work::Verify, Job::Verify, cx),
            StorageAction::Compact => self.start(Work::Compact, Job::Compact, cx),
            StorageAction::UndoTrash => {
                let last = self.figures().map(|figures| figures.trash.last.clone());
                match last.filter(|last| !last.is_empty()) {
                    Some(ids) => cx.effect(Job::Untrash { ids }),
                    None => cx.shared.say("The trash is empty"),
                }
            }
        }
        Go::Stay
    }

    /// Does what a key means while it is seen what would be removed.
    pub(in crate::app::screens) fn prune(
        &mut self,
        action: PruneAction,
        count: usize,
        cx: &mut Cx<'_>,
    ) -> Go {
        match action {
            PruneAction::Move(motion) => return self.go(motion, count, cx),
            PruneAction::GoThere => return self.go_there(cx),
            PruneAction::ToggleAll => {
                if let (Page::Prune(listed), Some(preview)) = (&self.page, &self.preview) {
                    self.page = Page::Prune(Listed::of(preview, !listed.all));
                }
            }
            PruneAction::Prune => match self.preview.as_ref().filter(|one| !one.is_idle()) {
                Some(preview) => {
                    return Go::Ask(Overlay::Confirm(Box::new(question(preview))));
                }
                None => cx.shared.say("Nothing is beyond what is to be kept"),
            },
        }
        Go::Stay
    }

    /// Moves in the list of the page.
    pub(in crate::app::screens) fn go(
        &mut self,
        motion: Motion,
        count: usize,
        cx: &mut Cx<'_>,
    ) -> Go {
        let seen = cx.shared.view.list.rows;
        let (cursor, all) = self.cursor(cx);
        cursor.go(motion, count, seen, all);
        Go::Stay
    }

    /// Stays within what there is now.
    fn keep_cursor(&mut self, cx: &Cx<'_>) {
        let (cursor, all) = self.cursor(cx);
        cursor.set(cursor.at(), all);
    }
}

/// The question before anything is removed.
fn question(preview: &Preview) -> Confirm {
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
    let staying = preview.staying() as u64;
    let stay = verb(staying, "stays", "stay");
    let staying = words::count(staying, "snapshot");
    body.push(format!(
        "{staying} {stay}. What goes cannot be brought back."
    ));
    Confirm {
        title: "Remove what is not to be kept?".to_owned(),
        body,
        yes: "Yes, remove for good".to_owned(),
        then: Confirmed::Prune,
    }
}
