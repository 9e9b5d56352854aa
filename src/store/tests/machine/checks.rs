//! What the machine holds the store against.

use std::collections::BTreeSet;

use proptest::sample::Index;

use super::Machine;
use super::model::{Refused, digests};
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::SnapshotMeta;
use crate::model::target::SnapRef;
use crate::model::time::Millis;
use crate::store::{HitKind, Query, SearchQuery, StoreError};

impl Machine {
    pub(super) fn verify(&self) {
        let Some(report) = or_no_store(self.store.verify()) else {
            return;
        };
        assert!(report.is_ok(), "{report:?}");
        let all = self.model.timeline.len() + self.model.trash.len();
        assert_eq!(report.checked, all as u64);
    }

    /// Every pane that shows the word is in exactly one run of hits.
    pub(super) fn search(&self, word: &str) {
        let query = SearchQuery {
            text: word.into(),
            contents: true,
            ..SearchQuery::default()
        };
        let hits = self.store.search(&query).unwrap();
        let hits = hits.iter().filter(|hit| hit.what == HitKind::Text);
        let found: u32 = hits.map(|hit| hit.snapshots).sum();
        let shows = |digest: &Digest| {
            let text = &self.model.texts[digest].main;
            memchr::memmem::find(text, word.as_bytes()).is_some()
        };
        let held = self.model.timeline.values();
        let wanted = held.flat_map(digests).filter(shows).count();
        assert_eq!(found, u32::try_from(wanted).unwrap(), "found {word:?}");
    }

    pub(super) fn pages(&self, limit: usize) {
        let mut query = Query {
            archived: true,
            limit: Some(limit),
            ..Query::default()
        };
        let mut all = Vec::new();
        loop {
            let page = self.store.list(&query).unwrap();
            query.before = page.last().map(|meta| meta.id);
            let last = page.len() < limit;
            all.extend(page);
            if last {
                break;
            }
        }
        assert_eq!(all, self.model.metas());
        let shown = self.store.list(&Query::default()).unwrap();
        let wanted = self.model.metas().into_iter();
        let wanted: Vec<_> = wanted.filter(|meta| !meta.archived).collect();
        assert_eq!(shown, wanted);
    }

    pub(super) fn find_by_id(&self, pick: Index) {
        let known: Vec<SnapshotId> = self.known().collect();
        if known.is_empty() {
            return;
        }
        let id = known[pick.index(known.len())];
        let held = self.model.timeline.get(&id);
        let wanted = held.map(|held| held.meta.clone()).ok_or(Refused::NotFound);
        let reference = SnapRef::IdOrName(id.to_string());
        let found = self.store.find(&reference, None, None);
        assert_eq!(or_not_found(found), wanted);
        assert_eq!(or_not_found(self.store.meta(id)), wanted);
        if held.is_none() {
            assert_eq!(or_not_found(self.store.load(id)).err(), wanted.err());
        }
    }

    pub(super) fn find_by_place(&self, back: usize) {
        let metas = self.model.metas().into_iter();
        let wanted = metas.filter(|meta| !meta.archived).nth(back);
        let found = self.store.find(&SnapRef::Latest(back), None, None);
        assert_eq!(or_not_found(found).ok(), wanted);
        let at = Millis(1_790_000_000_000 + self.clock * 1000);
        let mut metas = self.model.metas().into_iter();
        let wanted = metas.find(|meta| !meta.archived && meta.time <= at);
        let found = self.store.find(&SnapRef::At("now".into()), None, Some(at));
        assert_eq!(or_not_found(found).ok(), wanted);
    }

    /// What a step must leave: the same lists.
    pub(super) fn compare(&self) {
        let all = Query {
            archived: true,
            ..Query::default()
        };
        let listed = self.store.listed(&all).unwrap();
        assert_eq!(listed.metas, self.model.metas());
        assert_eq!(listed.hidden, 0);
        let thrown = self.model.trash.values().rev();
        let thrown: Vec<_> = thrown
            .map(|(held, since)| (held.meta.clone(), *since))
            .collect();
        assert_eq!(self.store.trashed().unwrap(), thrown);
        assert_eq!(self.store.lives().unwrap(), self.model.lives());
    }

    /// Every snapshot with its tree and its texts.
    pub(super) fn load_all(&self) {
        for (id, held) in &self.model.timeline {
            assert_eq!(&self.store.load(*id).unwrap(), held);
            let wanted = digests(held);
            let texts = self.store.contents(&wanted).unwrap();
            let wanted = wanted.iter().map(|digest| &self.model.texts[digest]);
            assert!(texts.iter().eq(wanted), "other texts of {id}");
        }
    }

    /// After a collection there is every text that is needed, once, and no other.
    pub(super) fn check_objects(&self) {
        let objects = self.store.stats().unwrap().objects;
        let needed = self.model.needed().len() as u64;
        assert!(objects == needed || (self.stored_anew && objects > needed));
    }

    pub(super) fn finish(&mut self) {
        self.load_all();
        self.verify();
        let _ = or_no_store(self.store.collect());
        let stats = self.store.stats().unwrap();
        let metas = self.model.metas();
        assert_eq!(stats.snapshots, metas.len() as u64);
        assert_eq!(stats.trash, self.model.trash.len() as u64);
        assert_eq!(stats.lives, self.model.lives.len() as u64);
        self.check_objects();
        let logical: u64 = metas.iter().map(|meta| meta.logical_bytes).sum();
        assert_eq!(stats.logical_bytes, logical);
        let sessions = metas.iter().flat_map(|meta| {
            let names = meta.sessions.iter().map(|session| session.name.clone());
            names.map(|name| (meta.server.socket.clone(), name))
        });
        let sessions: BTreeSet<_> = sessions.collect();
        assert_eq!(stats.sessions, sessions.len() as u64);
        let time = |meta: Option<&SnapshotMeta>| meta.map(|meta| meta.time);
        assert_eq!(stats.newest, time(metas.first()));
        assert_eq!(stats.oldest, time(metas.last()));
        // What is in the trash is whole, too.
        let thrown: Vec<SnapshotId> = self.model.trash.keys().copied().collect();
        if !thrown.is_empty() {
            self.model.bring_back(&thrown).unwrap();
            self.store.untrash(&thrown).unwrap();
        }
        self.compare();
        self.load_all();
        self.verify();
    }

    pub(super) fn known(&self) -> impl Iterator<Item = SnapshotId> {
        self.model
            .timeline
            .keys()
            .chain(self.model.trash.keys())
            .copied()
    }
}

/// `None` where nothing was recorded yet.
pub(super) fn or_no_store<T>(answer: Result<T, StoreError>) -> Option<T> {
    match answer {
        Err(StoreError::NoStore { .. }) => None,
        answer => Some(answer.unwrap()),
    }
}

/// Where nothing was recorded yet, nothing is found.
pub(super) fn or_not_found<T>(answer: Result<T, StoreError>) -> Result<T, Refused> {
    match answer {
        Err(StoreError::NoStore { .. }) => Err(Refused::NotFound),
        answer => answer.map_err(Refused::of),
    }
}
