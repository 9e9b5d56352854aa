//! Moving through time: which snapshot is looked at, and what has to be read to show it.

use std::collections::BTreeSet;

use bstr::BString;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, Zoned};

use crate::model::id::SnapshotId;
use crate::model::time::Millis;

use super::effect::{Effect, Focus};
use super::keys::Action;
use super::library::{Entry, Seen};
use super::state::{Cx, Shared};

/// The shortest stretch that the slider shows, in milliseconds.
const SHORTEST: i64 = 10_000;

impl Shared {
    /// A moment on the user's clock.
    #[must_use]
    pub fn zoned(&self, time: Millis) -> Zoned {
        Timestamp::from_millisecond(time.0)
            .unwrap_or(Timestamp::UNIX_EPOCH)
            .to_zoned(self.zone.clone())
    }

    /// The first moment of a day, and the first of the day after.
    #[must_use]
    pub fn day_bounds(&self, day: Date) -> (Millis, Millis) {
        let start = |day: Date| {
            day.to_zoned(self.zone.clone())
                .map_or(i64::MAX, |start| start.timestamp().as_millisecond())
        };
        let next = day.checked_add(1.day()).unwrap_or(day);
        (Millis(start(day)), Millis(start(next)))
    }

    /// The snapshot that is looked at, as the timeline has it.
    #[must_use]
    pub fn entry(&self) -> Option<&Entry> {
        self.library.entry(self.at?)
    }

    /// The snapshot that is looked at, where it is loaded.
    #[must_use]
    pub fn seen(&self) -> Option<&Seen> {
        self.library.snapshot(self.at?).map(AsRef::as_ref)
    }

    /// Whether an entry is listed.
    #[must_use]
    pub fn lists(&self, entry: &Entry) -> bool {
        self.filter.as_ref().is_none_or(|name| entry.has(name))
    }

    /// Names of all sessions on the timeline that is known, sorted.
    #[must_use]
    pub fn session_names(&self) -> Vec<BString> {
        let names: BTreeSet<&BString> = self
            .library
            .entries()
            .iter()
            .flat_map(|entry| entry.sessions.iter())
            .collect();
        names.into_iter().cloned().collect()
    }

    /// Stays at the newest snapshot if that was looked at, and never at one that is gone or not
    /// listed.
    pub(super) fn settle(&mut self) {
        let entries = self.library.entries();
        let newest = entries.iter().find(|entry| self.lists(entry));
        let stays = |at: &SnapshotId| {
            self.library
                .entry(*at)
                .is_some_and(|entry| self.lists(entry))
        };
        let at = match self.at {
            _ if self.follow => newest,
            Some(at) if stays(&at) => return,
            // Its neighbour in time.
            Some(at) => entries
                .iter()
                .find(|entry| entry.id < at && self.lists(entry))
                .or(newest),
            None => newest,
        };
        self.at = at.map(|entry| entry.id);
    }

    /// Goes to a snapshot.
    pub fn visit(&mut self, id: SnapshotId) {
        self.at = Some(id);
        let newest = self
            .library
            .entries()
            .iter()
            .find(|entry| self.lists(entry));
        self.follow = newest.is_some_and(|newest| newest.id == id);
    }

    /// Moves through time. Whether the action is one of those that do.
    pub fn scrub(&mut self, action: Action, count: usize) -> bool {
        let session = self.focus.session.clone();
        let touched = |entry: &Entry| match &session {
            Some(name) => entry.touched().any(|touched| touched == name),
            None => entry.changes.total() > 0,
        };
        let found = match action {
            Action::Older => self.nth(true, count, &|_| true),
            Action::Newer => self.nth(false, count, &|_| true),
            Action::OlderChange => self.nth(true, count, &touched),
            Action::NewerChange => self.nth(false, count, &touched),
            Action::OlderTagged => self.nth(true, count, &Entry::is_marked),
            Action::NewerTagged => self.nth(false, count, &Entry::is_marked),
            Action::OlderDay => self.other_day(true, count),
            Action::NewerDay => self.other_day(false, count),
            Action::Oldest => self.last_listed(),
            Action::Live => self.first_listed(),
            _ => return false,
        };
        match found {
            Some(id) => self.visit(id),
            None => self.say(match action {
                Action::OlderTagged | Action::NewerTagged => "No named or tagged snapshot there",
                Action::OlderChange | Action::NewerChange => "No change there",
                _ if self.library.is_complete() => "The end of the tape",
                _ => "The tape is still being read",
            }),
        }
        true
    }

    /// The `count`th entry before or after the one that is looked at, of those that are wanted; fewer
    /// steps where there are not as many.
    fn nth(
        &self,
        older: bool,
        count: usize,
        wanted: &dyn Fn(&Entry) -> bool,
    ) -> Option<SnapshotId> {
        let entries = self.library.entries();
        let here = self.library.position(self.at?)?;
        let wanted = |entry: &&Entry| self.lists(entry) && wanted(entry);
        let last = if older {
            entries.range(here + 1..).filter(wanted).take(count).last()
        } else {
            entries
                .range(..here)
                .rev()
                .filter(wanted)
                .take(count)
                .last()
        };
        last.map(|entry| entry.id)
    }

    /// The newest entry of the day `count` days with snapshots away.
    fn other_day(&self, older: bool, count: usize) -> Option<SnapshotId> {
        let mut found = None;
        let mut day = self.zoned(self.entry()?.time).date();
        for _ in 0..count.min(1000) {
            let (start, end) = self.day_bounds(day);
            let entries = self.library.entries();
            let other = if older {
                let first = entries.partition_point(|entry| entry.time >= start);
                entries.range(first..).find(|entry| self.lists(entry))
            } else {
                let first = entries.partition_point(|entry| entry.time >= end);
                entries.range(..first).rev().find(|entry| self.lists(entry))
            };
            let Some(other) = other else {
                break;
            };
            day = self.zoned(other.time).date();
            // Within that day, the newest.
            let (_, end) = self.day_bounds(day);
            let first = entries.partition_point(|entry| entry.time >= end);
            found = entries
                .range(first..)
                .find(|entry| self.lists(entry))
                .map(|entry| entry.id);
        }
        found
    }

    fn last_listed(&self) -> Option<SnapshotId> {
        let mut entries = self.library.entries().iter().rev();
        entries
            .find(|entry| self.lists(entry))
            .map(|entry| entry.id)
    }

    fn first_listed(&self) -> Option<SnapshotId> {
        let mut entries = self.library.entries().iter();
        entries
            .find(|entry| self.lists(entry))
            .map(|entry| entry.id)
    }

    /// Goes to the snapshot next to a moment of the day that is shown.
    pub(super) fn visit_moment(&mut self, moment: Millis) {
        let entries = self.library.entries();
        let first = entries.partition_point(|entry| entry.time > moment);
        let older = entries.range(first..).find(|entry| self.lists(entry));
        let newer = entries.range(..first).rev().find(|entry| self.lists(entry));
        let distance = |entry: &&Entry| (entry.time.0 - moment.0).abs();
        let nearest = older.into_iter().chain(newer).min_by_key(distance);
        if let Some(id) = nearest.map(|entry| entry.id) {
            self.visit(id);
        }
    }

    /// The stretch of time that the slider shows: the day of the snapshot that is looked at, as far
    /// as anything was recorded in it; today, a little further, where nothing has changed since.
    #[must_use]
    pub fn stretch(&self) -> Option<(Millis, Millis)> {
        let day = self.zoned(self.entry()?.time).date();
        let (start, end) = self.day_bounds(day);
        let entries = self.day_entries(start, end);
        let newest = entries.clone().next()?.time;
        let oldest = entries.last()?.time;
        let today = self.now >= start && self.now < end;
        // A little room at the left, so that the first mark is not at the very edge.
        let recorded = newest.0.saturating_sub(oldest.0).max(SHORTEST);
        let from = oldest.0.saturating_sub(recorded / 50);
        // What was recorded has most of the line, however long ago that was.
        let since = self.now.0.saturating_sub(newest.0).max(0);
        let room = if today { since.min(recorded / 8) } else { 0 };
        let to = newest
            .0
            .saturating_add(room)
            .max(from.saturating_add(SHORTEST));
        Some((Millis(from), Millis(to)))
    }

    /// The listed entries between two moments, newest first.
    pub fn day_entries(
        &self,
        from: Millis,
        to: Millis,
    ) -> impl DoubleEndedIterator<Item = &Entry> + Clone {
        let entries = self.library.entries();
        let first = entries.partition_point(|entry| entry.time >= to);
        let last = entries.partition_point(|entry| entry.time >= from);
        entries
            .range(first..last.max(first))
            .filter(|entry| self.lists(entry))
    }
}

impl Cx<'_> {
    /// Asks for what is needed to show the snapshot that is looked at, where it is not known yet.
    pub fn load(&mut self) {
        if let Some(id) = self.shared.at {
            let focus = self.shared.focus.clone();
            self.load_at(id, &focus);
        }
    }

    /// Asks for what is needed to show this of a snapshot, where it is not known yet.
    pub fn load_at(&mut self, id: SnapshotId, focus: &Focus) {
        let shared = &*self.shared;
        let missing = match shared.library.snapshot(id) {
            None => true,
            Some(seen) => focus.tab_of(&seen.snapshot.state).is_some_and(|(_, tab)| {
                let mut texts = tab.panes.iter().filter_map(|pane| pane.contents);
                texts.any(|text| shared.library.text(text.digest).is_none())
            }),
        };
        let wanted = (id, focus.clone());
        let asked = shared.loading.as_ref();
        if !missing || asked.is_some_and(|(asked, _)| *asked == wanted) {
            return;
        }
        let generation = self.shared.ticket();
        self.effects.push(Effect::LoadSnapshot {
            id,
            focus: focus.clone(),
            have: self.shared.library.known_texts(),
            generation,
        });
        self.shared.loading = Some((wanted, generation));
    }
}
