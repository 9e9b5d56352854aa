//! The recovery prompt: a life has ended badly, and can be brought back. Nothing is started from
//! here; Enter leads to the preview.

use bstr::BString;

use crate::app::effect::Job;
use crate::app::keys::Context;
use crate::app::keys::action::RecoverAction;
use crate::app::list::Cursor;
use crate::app::mouse::{MouseKind, MouseTarget};
use crate::app::shared::Cx;
use crate::model::snapshot::{SessionSummary, SnapshotMeta};
use crate::restore::Selection;
use crate::restore::recovery::Offer;

use super::restore::Restore;
use super::{Go, Interact, Screen};

/// The recovery prompt.
#[derive(Debug)]
pub struct Recover {
    /// What can be brought back, newest first; never empty.
    pub offers: Vec<Offer>,
    /// The offer that is shown.
    pub offer: Cursor,
    /// Which of its snapshots, from the newest.
    pub snapshot: usize,
}

impl Recover {
    /// Opens the prompt, where there is something to offer.
    #[must_use]
    pub fn open(mut offers: Vec<Offer>, cx: &mut Cx<'_>) -> Option<Self> {
        offers.retain(|offer| !offer.snapshots.is_empty());
        let prompt = Self {
            offers,
            offer: Cursor::default(),
            snapshot: 0,
        };
        prompt.shown()?;
        prompt.load(cx);
        Some(prompt)
    }

    /// The offer and the snapshot that are shown.
    #[must_use]
    pub fn shown(&self) -> Option<(&Offer, &SnapshotMeta)> {
        let offer = self.offers.get(self.offer.at())?;
        Some((offer, offer.snapshots.get(self.snapshot)?))
    }

    /// The sessions of the snapshot that is shown, and whether each is back already.
    pub fn sessions(&self) -> impl Iterator<Item = (&SessionSummary, bool)> {
        let shown = self.shown();
        let back = move |name: &BString| {
            let mut offered = shown.into_iter().flat_map(|(offer, _)| &offer.sessions);
            offered.any(|session| session.back && session.summary.name == *name)
        };
        let sessions = shown.into_iter().flat_map(|(_, meta)| &meta.sessions);
        sessions.map(move |summary| (summary, back(&summary.name)))
    }

    /// Asks for the snapshot that is shown, to name the programs in it.
    fn load(&self, cx: &mut Cx<'_>) {
        let Some((_, meta)) = self.shown() else {
            return;
        };
        if cx.shared.library.snapshot(meta.id).is_none() {
            let generation = cx.shared.ticket();
            cx.effect(Job::LoadSnapshot {
                id: meta.id,
                focus: Default::default(),
                have: Default::default(),
                generation,
            });
        }
    }

    fn pick(&mut self, snapshot: usize, cx: &mut Cx<'_>) {
        let Some(offer) = self.offers.get(self.offer.at()) else {
            return;
        };
        let to = snapshot.min(offer.snapshots.len().saturating_sub(1));
        if to == self.snapshot {
            let end = if to == 0 {
                "newest"
            } else {
                "oldest that is offered"
            };
            cx.shared.say(format!("This is the {end}"));
        }
        self.snapshot = to;
        self.load(cx);
    }

    fn look(&self, cx: &mut Cx<'_>) -> Go {
        let Some((offer, meta)) = self.shown() else {
            return Go::Stay;
        };
        let (id, life) = (meta.id, offer.id());
        let preview = Restore::of(id, Selection::all(), Some(life), cx);
        Go::Open(Box::new(Screen::Restore(preview)))
    }

    fn stop_asking(&mut self, cx: &mut Cx<'_>) -> Go {
        if self.offer.at() < self.offers.len() {
            let offer = self.offers.remove(self.offer.at());
            cx.effect(Job::DismissRecovery { life: offer.id() });
        }
        self.offer.set(self.offer.at(), self.offers.len());
        self.snapshot = 0;
        if self.offers.is_empty() {
            return Go::Back;
        }
        self.load(cx);
        Go::Stay
    }
}

impl Recover {
    /// Does what a key means.
    pub(super) fn act(&mut self, action: RecoverAction, count: usize, cx: &mut Cx<'_>) -> Go {
        match action {
            RecoverAction::DryRun => return self.look(cx),
            RecoverAction::Earlier => self.pick(self.snapshot.saturating_add(count), cx),
            RecoverAction::Later => self.pick(self.snapshot.saturating_sub(count), cx),
            RecoverAction::Move(motion) => {
                self.offer.go(motion, 1, 1, self.offers.len());
                self.snapshot = 0;
                self.load(cx);
            }
            RecoverAction::StopAsking => return self.stop_asking(cx),
            RecoverAction::NotNow => return self.back(cx),
        }
        Go::Stay
    }
}

impl Interact for Recover {
    fn context(&self) -> Context {
        Context::Recover
    }

    fn back(&mut self, cx: &mut Cx<'_>) -> Go {
        cx.shared.say("Kept: `muxtape recover` brings it back");
        Go::Back
    }

    fn mouse(&mut self, kind: MouseKind, _met: MouseTarget, cx: &mut Cx<'_>) -> Go {
        match kind {
            MouseKind::ScrollDown => self.pick(self.snapshot + 1, cx),
            MouseKind::ScrollUp => self.pick(self.snapshot.saturating_sub(1), cx),
            _ => {}
        }
        Go::Stay
    }
}
