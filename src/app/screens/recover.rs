//! The recovery prompt: a life has ended badly, and can be brought back. Nothing is started from here;
//! Enter leads to the preview.

use bstr::BString;

use crate::app::effect::Effect;
use crate::app::input::{MouseKind, Target as Met};
use crate::app::keys::{Action, Context};
use crate::app::state::Cx;
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
    pub offer: usize,
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
            offer: 0,
            snapshot: 0,
        };
        prompt.shown()?;
        prompt.load(cx);
        Some(prompt)
    }

    /// The offer and the snapshot that are shown.
    #[must_use]
    pub fn shown(&self) -> Option<(&Offer, &SnapshotMeta)> {
        let offer = self.offers.get(self.offer)?;
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
            cx.effect(Effect::LoadSnapshot {
                id: meta.id,
                focus: Default::default(),
                have: Default::default(),
                generation,
            });
        }
    }

    fn pick(&mut self, snapshot: usize, cx: &mut Cx<'_>) {
        let Some(offer) = self.offers.get(self.offer) else {
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
        if self.offer < self.offers.len() {
            let offer = self.offers.remove(self.offer);
            cx.effect(Effect::DismissRecovery { life: offer.id() });
        }
        self.offer = self.offer.min(self.offers.len().saturating_sub(1));
        self.snapshot = 0;
        if self.offers.is_empty() {
            return Go::Back;
        }
        self.load(cx);
        Go::Stay
    }
}

impl Interact for Recover {
    fn context(&self) -> Context {
        Context::Recover
    }

    fn action(&mut self, action: Action, count: usize, cx: &mut Cx<'_>) -> Go {
        match action {
            Action::Open => return self.look(cx),
            Action::Older => self.pick(self.snapshot.saturating_add(count), cx),
            Action::Newer => self.pick(self.snapshot.saturating_sub(count), cx),
            Action::Down | Action::Up => {
                let last = self.offers.len().saturating_sub(1);
                self.offer = match action {
                    Action::Down => (self.offer + 1).min(last),
                    _ => self.offer.saturating_sub(1),
                };
                self.snapshot = 0;
                self.load(cx);
            }
            Action::StopAsking => return self.stop_asking(cx),
            Action::NotNow | Action::Back | Action::Leave => {
                cx.shared.say("Kept: `muxtape recover` brings it back");
                return Go::Back;
            }
            _ => {}
        }
        Go::Stay
    }

    fn mouse(&mut self, kind: MouseKind, _met: Met, cx: &mut Cx<'_>) -> Go {
        match kind {
            MouseKind::ScrollDown => self.pick(self.snapshot + 1, cx),
            MouseKind::ScrollUp => self.pick(self.snapshot.saturating_sub(1), cx),
            _ => {}
        }
        Go::Stay
    }
}
