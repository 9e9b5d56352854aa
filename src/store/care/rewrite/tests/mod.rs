//! Histories that are rewritten: what is found goes, and everything else stays.

mod history;
mod interrupted;
mod properties;
mod waiting;

use std::collections::BTreeMap;

use bstr::{BString, ByteSlice};

use super::{Cleaned, Cleaner, Findings, RewriteStep, Rewritten};
use crate::model::contents::Contents;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{Life, RedactionCount, Snapshot, SnapshotMeta};
use crate::model::time::Millis;
use crate::model::tree::ServerState;
use crate::redact::Clean;
use crate::store::{Query, Store};

pub(in crate::store) const NOW: Millis = Millis(1_790_500_000_000);

/// What is to be taken out, and the sessions that are not to be there.
#[derive(Debug, Clone, Default)]
pub(in crate::store) struct Censor {
    words: Vec<(&'static str, String)>,
    sessions: Vec<&'static str>,
}

/// Takes out this word, as the rule `plain`.
pub(in crate::store) fn censor(word: &str) -> Censor {
    Censor {
        words: vec![("plain", word.to_owned())],
        sessions: Vec::new(),
    }
}

impl Censor {
    pub(super) fn and(mut self, rule: &'static str, word: &str) -> Self {
        self.words.push((rule, word.to_owned()));
        self
    }

    pub(super) fn without_session(mut self, name: &'static str) -> Self {
        self.sessions.push(name);
        self
    }

    fn text(&self, text: &mut BString, found: &mut BTreeMap<String, u32>) {
        for (rule, word) in &self.words {
            let count = text.find_iter(word).count();
            if count > 0 {
                *found.entry((*rule).to_owned()).or_default() += u32::try_from(count).unwrap();
                *text = text.replace(word, format!("‹redacted:{rule}›")).into();
            }
        }
    }
}

fn cleaned<T>(clean: T, found: BTreeMap<String, u32>) -> Cleaned<T> {
    let found = found.into_iter();
    Cleaned {
        clean: Clean::from(clean),
        found: found
            .map(|(rule, count)| RedactionCount { rule, count })
            .collect(),
    }
}

impl Cleaner for Censor {
    fn state(&self, mut state: ServerState) -> Cleaned<ServerState> {
        let mut found = BTreeMap::new();
        let gone = |name: &BString| self.sessions.iter().any(|own| own == name);
        state.sessions.retain(|session| !gone(&session.name));
        for session in &mut state.sessions {
            self.text(&mut session.name, &mut found);
            for pane in session.tabs.iter_mut().flat_map(|tab| &mut tab.panes) {
                self.text(&mut pane.title, &mut found);
            }
        }
        cleaned(state, found)
    }

    fn contents(&self, contents: &Contents) -> Cleaned<Contents> {
        let mut found = BTreeMap::new();
        let mut contents = contents.clone();
        self.text(&mut contents.main, &mut found);
        cleaned(contents, found)
    }

    fn words(&self, words: &str) -> Cleaned<String> {
        let mut found = BTreeMap::new();
        let mut text = BString::from(words);
        self.text(&mut text, &mut found);
        cleaned(text.to_string(), found)
    }
}

/// Everything that a store shows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown {
    pub(super) timeline: Vec<(Snapshot, Vec<Contents>)>,
    pub(super) trash: Vec<(SnapshotMeta, Millis)>,
    pub(super) lives: Vec<Life>,
}

impl Shown {
    pub(super) fn of(store: &Store) -> Self {
        let all = Query {
            archived: true,
            ..Query::default()
        };
        let loaded = store.list(&all).unwrap().into_iter().map(|meta| {
            let mut loaded = store.load(meta.id).unwrap();
            let panes = loaded.state.panes();
            let texts = panes.filter_map(|(_, _, pane)| pane.contents);
            let digests: Vec<_> = texts.map(|text| text.digest).collect();
            let texts = store.contents(&digests).unwrap();
            // Counted anew.
            loaded.meta.stored_bytes = 0;
            (loaded, texts)
        });
        let mut trash = store.trashed().unwrap();
        trash.iter_mut().for_each(|(meta, _)| meta.stored_bytes = 0);
        Self {
            timeline: loaded.collect(),
            trash,
            lives: store.lives().unwrap(),
        }
    }

    pub(super) fn meta(&self, id: SnapshotId) -> &SnapshotMeta {
        let found = self.timeline.iter().find(|(own, _)| own.meta.id == id);
        &found.unwrap().0.meta
    }

    pub(super) fn text(&self, id: SnapshotId, at: usize) -> &BString {
        let found = self.timeline.iter().find(|(own, _)| own.meta.id == id);
        &found.unwrap().1[at].main
    }
}

pub(super) fn rewrite(store: &Store, cleaner: &dyn Cleaner) -> Rewritten {
    store.rewrite(cleaner, NOW, &mut |_| {}).unwrap()
}

/// The store is whole, and a second look finds nothing.
pub(super) fn is_done(store: &Store, cleaner: &dyn Cleaner) {
    let report = store.verify().unwrap();
    assert!(report.is_ok(), "{:?}", report.damaged);
    let plan = store.plan_rewrite(cleaner, &mut |_| {}).unwrap();
    assert!(plan.is_nothing(), "{plan:?}");
    assert!(!store.dir().join("muxtape.redb.new").exists());
}
