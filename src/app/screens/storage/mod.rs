//! What the store takes, what was hidden in it, what would be removed; and the work that can be done on
//! it.

mod interact;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::ToSpan;

use crate::app::effect::{Effect, Generation};
use crate::app::keys::Action;
use crate::app::msg::Failure;
use crate::app::overlay::Overlay;
use crate::app::state::{Cx, Shared};
use crate::app::upkeep::{Figures, Preview, Work};
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
    first: usize,
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
        chosen: usize,
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
    pub chosen: usize,
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
            chosen: 0,
        }
    }

    /// The chosen snapshot.
    fn snapshot(&self, preview: &Preview) -> Option<SnapshotId> {
        let place = *self.shown.get(self.chosen)?;
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
            cx.effect(Effect::LookForCheck);
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
        self.first
    }

    /// Whether an action can do anything.
    #[must_use]
    pub fn offers(&self, action: Action, shared: &Shared) -> bool {
        let idle = shared.upkeep.running.is_none();
        let holds = |is: fn(&Figures) -> bool| self.figures().is_some_and(is);
        let any = holds(|figures| figures.stats.snapshots + figures.stats.damaged > 0);
        match action {
            Action::Verify | Action::Compact => idle && any,
            Action::Prune => match self.page {
                Page::Prune(_) => idle && self.preview().is_some_and(|preview| !preview.is_idle()),
                _ => any,
            },
            Action::UndoTrash => holds(|figures| !figures.trash.last.is_empty()),
            Action::Open if self.page == Page::Overview => {
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
        cx.effect(Effect::LoadFigures { days, generation });
    }

    fn rules(&self) -> usize {
        self.figures()
            .map_or(0, |figures| figures.stats.redactions.len())
    }

    /// Starts work on the store, one at a time.
    fn start(&self, work: Work, effect: Effect, cx: &mut Cx<'_>) {
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
        cx.effect(effect);
    }

    /// To the preview; from there, the question.
    fn prune(&mut self, cx: &mut Cx<'_>) -> Go {
        let Some(preview) = &self.preview else {
            cx.shared.say("What would go is not known yet");
            return Go::Stay;
        };
        if !matches!(self.page, Page::Prune(_)) {
            self.page = Page::Prune(Listed::of(preview, false));
            cx.shared.view = Default::default();
            return Go::Stay;
        }
        if preview.is_idle() {
            cx.shared.say("Nothing is beyond what is to be kept");
            return Go::Stay;
        }
        Go::Ask(Overlay::Confirm(Box::new(interact::question(preview))))
    }

    fn open_chosen(&mut self, cx: &mut Cx<'_>) -> Go {
        match &self.page {
            Page::Overview if self.rules() > 0 => {
                self.page = Page::Rules { chosen: 0 };
                cx.shared.view = Default::default();
            }
            Page::Overview => cx.shared.say("No rule has found a secret"),
            Page::Rules { .. } => {}
            Page::Prune(listed) => {
                let chosen = self.preview.as_ref();
                let chosen = chosen.and_then(|preview| listed.snapshot(preview));
                match chosen.filter(|id| cx.shared.library.position(*id).is_some()) {
                    Some(id) => return Go::Tape(id),
                    None => cx.shared.say("It is not on the tape"),
                }
            }
        }
        Go::Stay
    }

    fn choose(&mut self, at: usize, rows: usize) {
        let rules = self.rules();
        let sessions = self.figures().map_or(0, |figures| figures.sessions.len());
        match &mut self.page {
            Page::Overview => self.first = at.min(sessions.saturating_sub(rows)),
            Page::Rules { chosen } => *chosen = at.min(rules.saturating_sub(1)),
            Page::Prune(listed) => {
                listed.chosen = at.min(listed.shown.len().saturating_sub(1));
            }
        }
    }

    fn chosen(&self) -> usize {
        match &self.page {
            Page::Overview => self.first,
            Page::Rules { chosen } => *chosen,
            Page::Prune(listed) => listed.chosen,
        }
    }

    /// The page above the overview is left, or the screen.
    fn back(&mut self, cx: &mut Cx<'_>) -> Go {
        if self.page == Page::Overview {
            return Go::Back;
        }
        self.page = Page::Overview;
        cx.shared.view = Default::default();
        Go::Stay
    }
}

impl Storage {
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
            fresh.chosen = found.unwrap_or(0);
            self.page = Page::Prune(fresh);
        }
        self.preview = Some(preview);
    }
}
