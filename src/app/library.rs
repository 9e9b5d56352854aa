//! What is known of the store: the timeline's entries, and snapshots and texts that were looked at.
//!
//! Entries are small, because a timeline can hold a hundred thousand of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use bstr::BString;

use crate::model::changes::Change;
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{Cause, ChangeCount, LifeId, SessionSummary, Snapshot, SnapshotMeta};
use crate::model::time::Millis;

/// Snapshots kept in memory.
const SNAPSHOTS: usize = 64;
/// Texts kept in memory, in bytes.
const TEXT_BYTES: usize = 64 << 20;

/// Texts by their digest.
pub type Texts = BTreeMap<Digest, Arc<Contents>>;

/// A snapshot as it is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// What changed since its parent; `None` where there is none, or it cannot be read.
    pub changes: Option<Vec<Change>>,
    /// Texts of what is looked at, except those that were known already.
    pub texts: Texts,
}

/// A snapshot on the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The snapshot.
    pub id: SnapshotId,
    /// When it was made.
    pub time: Millis,
    /// Why it was made.
    pub cause: Cause,
    /// Its name.
    pub name: Option<Box<str>>,
    /// Its tags.
    pub tags: Box<[String]>,
    /// Whether it is pinned.
    pub pinned: bool,
    /// What changed since its parent.
    pub changes: ChangeCount,
    /// Bytes that it added to the store.
    pub stored_bytes: u64,
    /// The life that it belongs to.
    pub life: LifeId,
    /// Names of its sessions.
    pub sessions: Arc<[BString]>,
    /// Which of them differ from the entry before it, as places in `sessions`; empty where nothing
    /// that remains differs.
    pub touched: Box<[u16]>,
}

impl Entry {
    /// Whether it stands out: named, tagged or pinned.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        self.name.is_some() || !self.tags.is_empty() || self.pinned
    }

    /// Whether nothing differs from the snapshot before it, and nobody asked for it.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.changes.total() == 0 && self.cause.is_automatic() && !self.is_marked()
    }

    /// Whether this session is in it.
    #[must_use]
    pub fn has(&self, session: &BString) -> bool {
        self.sessions.contains(session)
    }

    /// The sessions that differ from the entry before it.
    pub fn touched(&self) -> impl Iterator<Item = &BString> {
        self.touched
            .iter()
            .filter_map(|at| self.sessions.get(usize::from(*at)))
    }
}

/// A snapshot that was looked at.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// What changed since its parent, where that is known.
    pub changes: Option<Vec<Change>>,
}

/// The timeline and the caches.
#[derive(Debug, Default)]
pub struct Library {
    /// Newest first.
    entries: VecDeque<Entry>,
    /// The sessions of the oldest entry and of the newest, for comparing neighbours.
    oldest: Vec<SessionSummary>,
    newest: Vec<SessionSummary>,
    /// Session names that were met, so that entries can share them.
    names: BTreeMap<Vec<BString>, Arc<[BString]>>,
    complete: bool,
    /// Whether a later entry was ever met with an earlier time.
    jumps: bool,
    revision: u64,
    snapshots: VecDeque<Arc<Seen>>,
    texts: VecDeque<(Digest, Arc<Contents>)>,
    text_bytes: usize,
}

impl Library {
    /// The entries, newest first.
    #[must_use]
    pub fn entries(&self) -> &VecDeque<Entry> {
        &self.entries
    }

    /// Whether the whole timeline is here.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether the entries are in the order of their times, too: no clock went back between them.
    #[must_use]
    pub fn is_steady(&self) -> bool {
        !self.jumps
    }

    /// Moves whenever the entries do.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Where an entry stands, newest first.
    #[must_use]
    pub fn position(&self, id: SnapshotId) -> Option<usize> {
        self.entries
            .binary_search_by(|entry| id.cmp(&entry.id))
            .ok()
    }

    /// An entry.
    #[must_use]
    pub fn entry(&self, id: SnapshotId) -> Option<&Entry> {
        self.entries.get(self.position(id)?)
    }

    /// The newest entry at or before a moment. Entries are in the order of recording, which is not
    /// that of their times where the clock went back.
    #[must_use]
    pub fn at(&self, time: Millis) -> Option<&Entry> {
        let mut entries = self.entries.iter();
        let found = entries.find(|entry| entry.time <= time);
        found.or_else(|| self.entries.back())
    }

    /// Takes in a page that is older than everything here, newest first.
    pub fn append(&mut self, page: &[SnapshotMeta], more: bool) {
        for meta in page {
            if self.entries.back().is_some_and(|last| last.id <= meta.id) {
                continue;
            }
            self.jumps |= self
                .entries
                .back()
                .is_some_and(|last| last.time < meta.time);
            // Now the neighbour of the entry that was the oldest is known.
            let touched = touched(&self.oldest, &meta.sessions);
            if let Some(last) = self.entries.back_mut() {
                last.touched = touched;
            } else {
                self.newest.clone_from(&meta.sessions);
            }
            let entry = self.entry_of(meta, Box::default());
            self.entries.push_back(entry);
            self.oldest.clone_from(&meta.sessions);
        }
        if !more {
            self.complete = true;
            let all = touched(&self.oldest, &[]);
            if let Some(last) = self.entries.back_mut() {
                last.touched = all;
            }
        }
        self.revision += 1;
    }

    /// Takes in what is newer than everything here, newest first.
    pub fn prepend(&mut self, news: &[SnapshotMeta]) {
        for meta in news.iter().rev() {
            if self
                .entries
                .front()
                .is_some_and(|first| first.id >= meta.id)
            {
                continue;
            }
            let touched = touched(&meta.sessions, &self.newest);
            let entry = self.entry_of(meta, touched);
            self.jumps |= self
                .entries
                .front()
                .is_some_and(|first| first.time > meta.time);
            if self.entries.is_empty() {
                self.oldest.clone_from(&meta.sessions);
            }
            self.newest.clone_from(&meta.sessions);
            self.entries.push_front(entry);
        }
        self.revision += 1;
    }

    /// Takes in the newest page as it is now: what is new, edited, or gone. Whether anything
    /// differs.
    pub fn reconcile(&mut self, page: &[SnapshotMeta], more: bool) -> bool {
        let cut = match page.last() {
            Some(last) if more => self.entries.partition_point(|entry| entry.id >= last.id),
            _ => self.entries.len(),
        };
        let rest = self.entries.split_off(cut);
        let old = std::mem::take(&mut self.entries);
        let oldest = std::mem::take(&mut self.oldest);
        let newest = std::mem::take(&mut self.newest);
        let (complete, revision) = (self.complete, self.revision);
        self.append(page, more);
        if let (Some(last), Some(known)) = (self.entries.back_mut(), old.back())
            && more
            && last.id == known.id
        {
            // Its neighbour is not on this page.
            last.touched.clone_from(&known.touched);
        }
        let same = self.entries == old;
        if same {
            (self.newest, self.revision) = (newest, revision);
        }
        if !rest.is_empty() || same {
            self.oldest = oldest;
        }
        self.entries.extend(rest);
        self.complete = complete || !more;
        !same
    }

    /// Takes in edited records.
    pub fn edited(&mut self, metas: &[SnapshotMeta]) {
        for meta in metas {
            if let Some(entry) = self
                .position(meta.id)
                .and_then(|at| self.entries.get_mut(at))
            {
                entry.name = meta.name.as_deref().map(Box::from);
                entry.tags = meta.tags.clone().into_boxed_slice();
                entry.pinned = meta.pinned;
            }
            for snapshot in &mut self.snapshots {
                if snapshot.snapshot.meta.id == meta.id {
                    Arc::make_mut(snapshot).snapshot.meta = meta.clone();
                }
            }
        }
        self.revision += 1;
    }

    /// Forgets entries that were removed.
    pub fn removed(&mut self, ids: &[SnapshotId]) {
        self.entries.retain(|entry| !ids.contains(&entry.id));
        self.revision += 1;
    }

    /// Forgets all entries, to read them again.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.oldest.clear();
        self.newest.clear();
        self.complete = false;
        self.jumps = false;
        self.revision += 1;
    }

    /// A snapshot that was looked at lately.
    #[must_use]
    pub fn snapshot(&self, id: SnapshotId) -> Option<&Arc<Seen>> {
        self.snapshots
            .iter()
            .find(|seen| seen.snapshot.meta.id == id)
    }

    /// A text that was looked at lately.
    #[must_use]
    pub fn text(&self, digest: Digest) -> Option<&Arc<Contents>> {
        self.texts
            .iter()
            .find(|(known, _)| *known == digest)
            .map(|(_, text)| text)
    }

    /// The digests of all texts here.
    #[must_use]
    pub fn known_texts(&self) -> BTreeSet<Digest> {
        self.texts.iter().map(|(digest, _)| *digest).collect()
    }

    /// Keeps a snapshot with its texts, and forgets those that were kept longest.
    pub fn keep(&mut self, loaded: Loaded) {
        let Loaded {
            snapshot,
            changes,
            texts,
        } = loaded;
        let id = snapshot.meta.id;
        self.snapshots.retain(|seen| seen.snapshot.meta.id != id);
        self.snapshots
            .push_back(Arc::new(Seen { snapshot, changes }));
        if self.snapshots.len() > SNAPSHOTS {
            self.snapshots.pop_front();
        }
        self.keep_texts(texts);
    }

    /// Keeps texts, and forgets those that were kept longest.
    pub fn keep_texts(&mut self, texts: Texts) {
        for (digest, text) in texts {
            if self.text(digest).is_none() {
                self.text_bytes += text.len();
                self.texts.push_back((digest, text));
            }
        }
        while self.text_bytes > TEXT_BYTES && self.texts.len() > 1 {
            if let Some((_, text)) = self.texts.pop_front() {
                self.text_bytes = self.text_bytes.saturating_sub(text.len());
            }
        }
    }

    fn entry_of(&mut self, meta: &SnapshotMeta, touched: Box<[u16]>) -> Entry {
        let names: Vec<BString> = meta.sessions.iter().map(|s| s.name.clone()).collect();
        let sessions = match self.names.get(&names) {
            Some(shared) => Arc::clone(shared),
            None => {
                let shared: Arc<[BString]> = names.clone().into();
                self.names.insert(names, Arc::clone(&shared));
                shared
            }
        };
        Entry {
            id: meta.id,
            time: meta.time,
            cause: meta.cause,
            name: meta.name.as_deref().map(Box::from),
            tags: meta.tags.clone().into_boxed_slice(),
            pinned: meta.pinned,
            changes: meta.changes,
            stored_bytes: meta.stored_bytes,
            life: meta.life(),
            sessions,
            touched,
        }
    }
}

/// Places of the sessions that are not the same in the snapshot before.
fn touched(sessions: &[SessionSummary], before: &[SessionSummary]) -> Box<[u16]> {
    sessions
        .iter()
        .enumerate()
        .filter(|(_, session)| {
            !before
                .iter()
                .any(|old| old.name == session.name && old.mark == session.mark)
        })
        .filter_map(|(at, _)| u16::try_from(at).ok())
        .collect()
}
