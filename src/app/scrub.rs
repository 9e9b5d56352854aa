//! Moving through time: which snapshot is looked at, and what has to be read to show it.

use std::collections::BTreeSet;
use std::ops::Range;

use bstr::BString;
use jiff::civil::Date;
use jiff::{ToSpan, Zoned};

use crate::model::id::SnapshotId;
use crate::model::snapshot::Cause;
use crate::model::time::Millis;

use super::effect::{Effect, Focus, Job};
use super::keys::action::Scrub;
use super::library::{Entry, Seen};
use super::shared::{Cx, Shared};

/// The shortest stretch that the slider shows, in milliseconds.
const SHORTEST: i64 = 10_000;

impl Shared {
    /// A moment on the user's clock.
    #[must_use]
    pub fn zoned(&self, time: Millis) -> Zoned {
        time.timestamp().to_zoned(self.zone.clone())
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

    /// The newest listed entry. An undo point stands for what a restore took away, and is the
    /// newest only where there is nothing else.
    fn newest(&self) -> Option<&Entry> {
        let listed = || {
            self.library
                .entries()
                .iter()
                .filter(|entry| self.lists(entry))
        };
        let line = listed().find(|entry| entry.cause != Cause::UndoPoint);
        line.or_else(|| listed().next())
    }

    /// Stays at the newest snapshot if that was looked at, and never at one that is gone or not
    /// listed.
    pub(super) fn settle(&mut self) {
        let entries = self.library.entries();
        let newest = self.newest();
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
        self.follow = self.newest().is_some_and(|newest| newest.id == id);
    }

    /// Moves through time.
    pub fn scrub(&mut self, scrub: Scrub, count: usize) {
        let session = self.focus.session.clone();
        let touched = |entry: &Entry| match &session {
            Some(name) => entry.touched().any(|touched| touched == name),
            None => entry.changes.total() > 0,
        };
        let found = match scrub {
            Scrub::Older => self.nth(true, count, &|_| true),
            Scrub::Newer => self.nth(false, count, &|_| true),
            Scrub::OlderChange => self.nth(true, count, &touched),
            Scrub::NewerChange => self.nth(false, count, &touched),
            Scrub::OlderTagged => self.nth(true, count, &Entry::is_marked),
            Scrub::NewerTagged => self.nth(false, count, &Entry::is_marked),
            Scrub::OlderDay => self.other_day(true, count),
            Scrub::NewerDay => self.other_day(false, count),
            Scrub::Oldest => self.last_listed(),
            Scrub::Live => self.newest().map(|entry| entry.id),
        };
        match found {
            Some(id) => self.visit(id),
            None => self.say(match scrub {
                Scrub::OlderTagged | Scrub::NewerTagged => "No named or tagged snapshot there",
                Scrub::OlderChange | Scrub::NewerChange => "No change there",
                _ if self.library.is_complete() => "The end of the tape",
                _ => "The tape is still being read",
            }),
        }
    }

    /// The `count`th entry before or after the one that is looked at, of those that are wanted;
    /// fewer steps where there are not as many.
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
        let entries = self.library.entries();
        let mut here = self.library.position(self.at?)?;
        let mut found = None;
        for _ in 0..count.min(1000) {
            let day = self.day_at(here);
            let mut other = if older {
                day.end..entries.len()
            } else {
                0..day.start
            };
            let listed = |at: &usize| entries.get(*at).is_some_and(|entry| self.lists(entry));
            let other = if older {
                other.find(listed)
            } else {
                other.rev().find(listed)
            };
            let Some(other) = other else {
                break;
            };
            // Within that day, the newest.
            let newest = self.day_at(other).find(listed).unwrap_or(other);
            found = entries.get(newest).map(|entry| entry.id);
            here = newest;
        }
        found
    }

    /// The entries around the one at a place that are of the same day without any of another day
    /// between them: where the clock jumped, entries of one day can stand in several places.
    fn day_at(&self, place: usize) -> Range<usize> {
        let entries = self.library.entries();
        let Some(entry) = entries.get(place) else {
            return place..place;
        };
        let (start, end) = self.day_bounds(self.zoned(entry.time).date());
        let within = |entry: &&Entry| entry.time >= start && entry.time < end;
        let newer = entries.range(..place).rev().take_while(within).count();
        let older = entries.range(place..).take_while(within).count();
        place - newer..place + older.max(1)
    }

    fn last_listed(&self) -> Option<SnapshotId> {
        let mut entries = self.library.entries().iter().rev();
        entries
            .find(|entry| self.lists(entry))
            .map(|entry| entry.id)
    }

    /// Goes to the snapshot next to a moment of the day that is shown.
    pub(super) fn visit_moment(&mut self, moment: Millis) {
        let distance = |entry: &&Entry| entry.time.0.abs_diff(moment.0);
        let nearest = self.day_entries().min_by_key(distance);
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
        let times = self.day_entries().map(|entry| entry.time);
        let newest = times.clone().max()?;
        let oldest = times.min()?;
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

    /// The listed entries of the day of the one that is looked at, newest first.
    pub fn day_entries(&self) -> impl DoubleEndedIterator<Item = &Entry> + Clone {
        let here = self.at.and_then(|at| self.library.position(at));
        let day = here.map_or(0..0, |here| self.day_at(here));
        let entries = self.library.entries().range(day);
        entries.filter(|entry| self.lists(entry))
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
        self.effects.push(Effect::Job(Job::LoadSnapshot {
            id,
            focus: focus.clone(),
            have: self.shared.library.known_texts(),
            generation,
        }));
        self.shared.loading = Some((wanted, generation));
    }
}
