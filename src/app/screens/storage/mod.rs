//! What the store takes, what was hidden in it, what would be removed; and the work that can be
//! done on it.

mod interact;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::ToSpan;

use crate::app::effect::{Generation, Job};
use crate::app::figures::{Figures, Work};
use crate::app::keys::Action;
use crate::app::keys::action::{PruneAction, StorageAction};
use crate::app::list::{Cursor, places};
use crate::app::msg::Failure;
use crate::app::shared::{Cx, Shared};
use crate::app::upkeep::Preview;
use crate::model::id::SnapshotId;
use crate::store::Progress;

use super::Go;

/// Days whose growth is shown, where there is room.
const DAYS: i32 = 28;

/// The storage view.
#[derive(Debug, Default)]
pub struct Storage {
    /// What is seen.
    pub page: Page,
    figures: Option<Box<Figures>>,
    preview: Option<Preview>,
    /// Why the last reading failed.
    trouble: Option<Failure>,
    /// The readings that were taken in: of the figures, and of what pruning would do.
    taken: (Generation, Generation),
    /// What the last reading was up to: the timeline, and the work on the store.
    seen: (u64, u64),
    /// The first session that is seen, where there are more than fit.
    first: Cursor,
}

/// What of the view is seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Page {
    /// Everything in short.
    #[default]
    Overview,
    /// Each rule that found a secret.
    Rules {
        /// The chosen one.
        chosen: Cursor,
    },
    /// Each snapshot that would go, or all of them.
    Prune(Listed),
}

/// Snapshots of a prune preview.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listed {
    /// Whether those that stay are listed, too.
    pub all: bool,
    /// The places of those that are listed, in the plan.
    pub shown: Vec<usize>,
    /// The chosen one among them.
    pub chosen: Cursor,
}

impl Listed {
    fn of(preview: &Preview, all: bool) -> Self {
        let shown = if all {
            (0..preview.plan.snapshots.len()).collect()
        } else {
            preview.going.clone()
        };
        Self {
            all,
            shown,
            chosen: Cursor::default(),
        }
    }

    /// The chosen snapshot.
    fn snapshot(&self, preview: &Preview) -> Option<SnapshotId> {
        let place = *self.shown.get(self.chosen.at())?;
        preview.plan.snapshots.get(place).map(|(id, _)| *id)
    }
}

impl Storage {
    /// Opens it, and asks for the figures.
    #[must_use]
    pub fn open(cx: &mut Cx<'_>) -> Self {
        let mut screen = Self::default();
        screen.load(cx);
        let upkeep = &cx.shared.upkeep;
        if upkeep.checked.is_none() && upkeep.running.is_none() {
            cx.effect(Job::LookForCheck);
        }
        screen
    }

    /// The figures, once they are known.
    #[must_use]
    pub fn figures(&self) -> Option<&Figures> {
        self.figures.as_deref()
    }

    /// What pruning would do, once that is known.
    #[must_use]
    pub fn preview(&self) -> Option<&Preview> {
        self.preview.as_ref()
    }

    /// Why nothing is known.
    #[must_use]
    pub fn trouble(&self) -> Option<&Failure> {
        self.trouble.as_ref()
    }

    /// The first session that is seen.
    #[must_use]
    pub fn first(&self) -> usize {
        self.first.at()
    }

    /// Whether an action can do anything.
    #[must_use]
    pub fn offers(&self, action: Action, shared: &Shared) -> bool {
        let idle = shared.upkeep.running.is_none();
        let holds = |is: fn(&Figures) -> bool| self.figures().is_some_and(is);
        let any = holds(|figures| figures.stats.snapshots + figures.stats.damaged > 0);
        match action {
            Action::Storage(StorageAction::Verify | StorageAction::Compact) => idle && any,
            Action::Storage(StorageAction::PrunePreview) => any,
            Action::Prune(PruneAction::Prune) => {
                idle && self.preview().is_some_and(|preview| !preview.is_idle())
            }
            Action::Storage(StorageAction::UndoTrash) => {
                holds(|figures| !figures.trash.last.is_empty())
            }
            Action::Storage(StorageAction::Secrets) => {
                holds(|figures| !figures.stats.redactions.is_empty())
            }
            _ => true,
        }
    }

    /// Asks for everything anew.
    fn load(&mut self, cx: &mut Cx<'_>) {
        let shared = &mut *cx.shared;
        let today = shared.zoned(shared.now).date();
        let days = (0..DAYS).rev().filter_map(|ago| {
            let day = today.checked_sub(ago.days()).ok()?;
            Some(shared.day_bounds(day).0)
        });
        let days = days.collect();
        self.seen = (shared.library.revision(), shared.upkeep.turns);
        let generation = shared.ticket();
        cx.effect(Job::LoadFigures { days, generation });
    }

    /// Starts work on the store, one at a time.
    fn start(&self, work: Work, job: Job, cx: &mut Cx<'_>) {
        if let Some((running, _)) = cx.shared.upkeep.running {
            return cx.shared.say(format!("Still {}", running.words()));
        }
        if self
            .figures()
            .is_none_or(|figures| figures.stats == Default::default())
        {
            return cx.shared.say("There is no store yet");
        }
        cx.shared.working(work, Progress::default());
        cx.effect(job);
    }

    fn turn_to(&mut self, page: Page, cx: &mut Cx<'_>) {
        self.page = page;
        cx.shared.view = Default::default();
    }

    fn open_preview(&mut self, cx: &mut Cx<'_>) {
        match &self.preview {
            Some(preview) => {
                let listed = Listed::of(preview, false);
                self.turn_to(Page::Prune(listed), cx);
            }
            None => cx.shared.say("What would go is not known yet"),
        }
    }

    fn open_rules(&mut self, cx: &mut Cx<'_>) {
        let rules = |figures: &Figures| figures.stats.redactions.len();
        if self.figures().map_or(0, rules) == 0 {
            return cx.shared.say("No rule has found a secret");
        }
        let chosen = Cursor::default();
        self.turn_to(Page::Rules { chosen }, cx);
    }

    /// To the chosen snapshot on the tape.
    fn go_there(&self, cx: &mut Cx<'_>) -> Go {
        let chosen = match (&self.page, &self.preview) {
            (Page::Prune(listed), Some(preview)) => listed.snapshot(preview),
            _ => None,
        };
        match chosen.filter(|id| cx.shared.library.position(*id).is_some()) {
            Some(id) => Go::Tape(id),
            None => {
                cx.shared.say("It is not on the tape");
                Go::Stay
            }
        }
    }

    /// What is scrolled or chosen on the page, and among how many.
    fn cursor(&mut self, cx: &Cx<'_>) -> (&mut Cursor, usize) {
        let figures = self.figures.as_ref();
        let seen = cx.shared.view.list.rows;
        match &mut self.page {
            Page::Overview => {
                let sessions = figures.map_or(0, |figures| figures.sessions.len());
                (&mut self.first, places(sessions, seen))
            }
            Page::Rules { chosen } => {
                let rules = figures.map_or(0, |figures| figures.stats.redactions.len());
                (chosen, rules)
            }
            Page::Prune(listed) => (&mut listed.chosen, listed.shown.len()),
        }
    }

    /// Takes in a plan, and stays at the snapshot that was looked at where that is listed still.
    fn take(&mut self, plan: Arc<crate::store::PrunePlan>) {
        let preview = Preview::new(plan);
        if let Page::Prune(listed) = &self.page {
            let old = self.preview.as_ref();
            let looked_at = old.and_then(|old| listed.snapshot(old));
            let mut fresh = Listed::of(&preview, listed.all);
            let found = fresh.shown.iter().position(|at| {
                let at = preview.plan.snapshots.get(*at);
                at.map(|(id, _)| *id) == looked_at
            });
            fresh.chosen = Cursor::new(found.unwrap_or(0));
            self.page = Page::Prune(fresh);
        }
        self.preview = Some(preview);
    }
}
