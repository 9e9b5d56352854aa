//! What is remembered of texts between two captures, so that the next one asks only for what is
//! new.
//!
//! For each pane: its scrollback up to a bookmark, without secrets but for its last lines, which
//! the next ones may belong to. Kept in memory alone, and bounded: what was not used for longest is
//! forgotten, and read anew when its pane moves.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::model::digest::Digest;
use crate::model::tree::{ContentsRef, PaneHandle};
use crate::mux::Bookmark;
use crate::redact::Growing;

/// Bytes that may be remembered.
const MAX_REMEMBERED_BYTES: usize = 64 << 20;

/// How often a text may have been continued before it is read anew.
const TRUSTED: u32 = 20;

/// What is remembered of the texts of a server's panes.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Memory {
    panes: HashMap<PaneHandle, Arc<Remembered>>,
}

/// What is remembered of a pane's text.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Remembered {
    /// Its scrollback; `None` where that would have been too much. Then it can be told whether the
    /// text is still the same, but not what is new.
    pub(super) kept: Option<Growing>,
    /// Up to where that goes.
    pub(super) bookmark: Arc<Bookmark>,
    /// The whole text, as it was captured.
    pub(super) text: ContentsRef,
    /// A digest of what followed the bookmark, as the multiplexer printed it.
    pub(super) end: Digest,
    /// How often it was continued since it was read as a whole.
    pub(super) continued: u32,
    /// The number of the capture in which it was used last.
    pub(super) used: u64,
}

impl Memory {
    /// What is remembered of a pane, if the pane can be read on from there.
    pub(super) fn of(&self, pane: &PaneHandle) -> Option<&Arc<Remembered>> {
        self.panes
            .get(pane)
            .filter(|remembered| remembered.continued < TRUSTED)
    }

    /// Whether the last text of a pane was put together from what was read at several times: it is
    /// what the pane shows as far as could be told, and is read as a whole when the pane has come
    /// to rest.
    pub(super) fn is_put_together(&self, pane: &PaneHandle) -> bool {
        self.panes.get(pane).is_some_and(|one| one.continued > 0)
    }

    /// Whether there is any such text.
    pub(super) fn has_put_together(&self) -> bool {
        self.panes.values().any(|one| one.continued > 0)
    }

    /// The number of the next capture.
    pub(super) fn next(&self) -> u64 {
        let used = self.panes.values().map(|remembered| remembered.used);
        used.max().map_or(0, |last| last + 1)
    }

    /// Remembers a pane, or forgets it.
    pub(super) fn set(&mut self, pane: PaneHandle, remembered: Option<Remembered>) {
        match remembered {
            Some(remembered) => self.panes.insert(pane, Arc::new(remembered)),
            None => self.panes.remove(&pane),
        };
    }

    /// Forgets panes that are not there any more, and scrollback that is too much.
    pub(super) fn tidy(&mut self, is_there: impl Fn(&PaneHandle) -> bool) {
        self.tidy_to(MAX_REMEMBERED_BYTES, is_there);
    }

    /// The same, with so many bytes of scrollback at the most.
    pub(super) fn tidy_to(&mut self, most: usize, is_there: impl Fn(&PaneHandle) -> bool) {
        self.panes.retain(|pane, _| is_there(pane));
        let weight = |one: &Remembered| one.kept.as_ref().map(Growing::weight);
        let mut panes: Vec<(u64, usize, PaneHandle)> = self
            .panes
            .iter()
            .filter_map(|(pane, one)| Some((one.used, weight(one)?, *pane)))
            .collect();
        panes.sort_unstable_by_key(|&(used, weight, pane)| {
            (std::cmp::Reverse(used), weight, pane.id)
        });
        let mut sum = 0usize;
        for (_, weight, pane) in panes {
            sum = sum.saturating_add(weight);
            if sum > most
                && let Some(one) = self.panes.get_mut(&pane)
            {
                Arc::make_mut(one).kept = None;
            }
        }
    }
}

impl fmt::Debug for Memory {
    /// The number of panes: there may be secrets in what is remembered of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory of {} panes", self.panes.len())
    }
}
