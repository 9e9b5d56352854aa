//! Cleaning snapshots one by one, and each text once.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::{Becomes, Counts, Findings};
use super::{Cleaned, Cleaner};
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::snapshot::{Note, RedactionCount, SnapshotMeta};
use crate::model::tree::{ContentsRef, ServerState};
use crate::redact::Clean;
use crate::store::record::fault::Fault;
use crate::store::record::tables::View;
use crate::store::snapshot::names;
use crate::store::text::blocks::Blocks;
use crate::store::text::texts;

/// A cleaner, and what it made of the texts that were met.
pub(super) struct Cleaning<'c> {
    cleaner: &'c dyn Cleaner,
    /// By what they were: nothing for those that stay as they are.
    texts: BTreeMap<Digest, Option<Box<Changed>>>,
    findings: Findings,
}

/// A text that is another one now.
struct Changed {
    to: ContentsRef,
    found: Vec<RedactionCount>,
}

/// Where the texts of a snapshot come from, and where they go.
pub(super) trait Texts {
    /// A text that was not met before; nothing where it is not here.
    fn load(&mut self, digest: Digest) -> Result<Option<Contents>, Fault>;

    /// Takes the clean text.
    fn keep(&mut self, text: Clean<Contents>);
}

/// A snapshot that was cleaned.
pub(super) struct Clear {
    pub(super) becomes: Becomes,
    pub(super) state: Clean<ServerState>,
    pub(super) words: Words,
    found: Counts,
}

/// What a user noted of a snapshot.
pub(super) struct Words {
    pub(super) name: Option<Clean<String>>,
    pub(super) notes: Vec<Clean<String>>,
    pub(super) tags: BTreeSet<Clean<String>>,
}

/// What is told of a snapshot in words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noted<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) notes: &'a [Note],
    pub(super) tags: &'a [String],
}

impl<'c> Cleaning<'c> {
    pub(super) fn new(cleaner: &'c dyn Cleaner) -> Self {
        Self {
            cleaner,
            texts: BTreeMap::new(),
            findings: Findings::default(),
        }
    }

    /// What was found since this was asked last.
    pub(super) fn take_findings(&mut self) -> Findings {
        std::mem::take(&mut self.findings)
    }

    /// What was found since.
    pub(super) fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Cleans a snapshot of the store.
    pub(super) fn snapshot(
        &mut self,
        meta: &SnapshotMeta,
        state: ServerState,
        texts: &mut dyn Texts,
    ) -> Result<Clear, Fault> {
        let noted = Noted {
            name: meta.name.as_deref(),
            notes: &meta.notes,
            tags: &meta.tags,
        };
        self.clean(noted, state, texts)
    }

    /// Cleans a snapshot, with all texts that were not met before.
    pub(super) fn clean(
        &mut self,
        noted: Noted<'_>,
        state: ServerState,
        texts: &mut dyn Texts,
    ) -> Result<Clear, Fault> {
        let mut found = Counts::default();
        let (words, other_words) = self.words(noted, &mut found);
        let before = state.clone();
        let Cleaned {
            clean: mut state,
            found: own,
        } = self.cleaner.state(state);
        state.sort();
        let other_tree = *state != before;
        if other_tree {
            found.add(&own);
            // Some rules count what was marked before every time.
            found.sub(&self.cleaner.state(ServerState::clone(&state)).found);
        }
        let mut changed = BTreeMap::new();
        let shown: BTreeMap<Digest, ContentsRef> = shown(&state).collect();
        for (digest, text) in shown {
            if let Some(now) = self.text(text, texts)? {
                found.add(&now.found);
                changed.insert(digest, now.to);
            }
        }
        state.refer(|text| Some(*changed.get(&text.digest).unwrap_or(&text)));
        let becomes = if state.sessions.is_empty() && !before.sessions.is_empty() {
            Becomes::Nothing
        } else if other_words || other_tree || !changed.is_empty() {
            Becomes::Other
        } else {
            Becomes::Same
        };
        let left_out = size(&state) != size(&before);
        self.findings.add(becomes, left_out, &found);
        Ok(Clear {
            becomes,
            state,
            words,
            found,
        })
    }

    /// What became of a text; nothing where it stays as it is.
    fn text(
        &mut self,
        text: ContentsRef,
        texts: &mut dyn Texts,
    ) -> Result<Option<&Changed>, Fault> {
        let ContentsRef { digest, .. } = text;
        if !self.texts.contains_key(&digest) {
            let Some(contents) = texts.load(digest)? else {
                return Ok(None);
            };
            let Cleaned { clean, found } = self.cleaner.contents(&contents);
            let to = clean.reference();
            let changed = (to.digest != digest).then(|| Box::new(Changed { to, found }));
            self.texts.insert(digest, changed);
            texts.keep(clean);
        }
        Ok(self.texts.get(&digest).and_then(Option::as_deref))
    }

    /// What a user noted, and whether it is something else now.
    fn words(&self, noted: Noted<'_>, found: &mut Counts) -> (Words, bool) {
        let mut other = false;
        let mut clean = |words: &str| {
            let cleaned = self.cleaner.words(words);
            if *cleaned.clean != words {
                other = true;
                found.add(&cleaned.found);
            }
            cleaned.clean
        };
        let words = Words {
            // One that could not be a name any more would lead nowhere.
            name: noted
                .name
                .map(&mut clean)
                .filter(|name| names::check_sound(Some(name)).is_ok()),
            notes: noted.notes.iter().map(|note| clean(&note.text)).collect(),
            tags: noted.tags.iter().map(|tag| clean(tag)).collect(),
        };
        (words, other)
    }
}

impl Clear {
    /// What is told of the snapshot from now on.
    pub(super) fn told(&self, meta: &SnapshotMeta) -> SnapshotMeta {
        let mut told = meta.clone();
        if self.becomes == Becomes::Same {
            return told;
        }
        let inner = |words: &Clean<String>| words.clone().into_inner();
        told.name = self.words.name.as_ref().map(inner);
        for (note, clean) in told.notes.iter_mut().zip(&self.words.notes) {
            note.text = inner(clean);
        }
        told.tags = self.words.tags.iter().map(inner).collect();
        told.root = self.state.digest();
        told.sessions = self.state.summaries();
        told.logical_bytes = self.state.texts().map(|text| text.bytes).sum();
        told.redactions = self.redactions(&meta.redactions);
        told
    }

    /// What was taken out of it before, and now.
    pub(super) fn redactions(&self, before: &[RedactionCount]) -> Vec<RedactionCount> {
        let mut counts = self.found.clone();
        counts.add(before);
        counts.into_counts()
    }
}

/// The texts that a tree refers to, each once.
fn shown(state: &ServerState) -> impl Iterator<Item = (Digest, ContentsRef)> {
    state.texts().map(|text| (text.digest, text))
}

/// How much is in a tree: less than before where something was left out.
fn size(state: &ServerState) -> [usize; 5] {
    [
        state.sessions.len(),
        state.tab_count(),
        state.pane_count(),
        shown(state).count(),
        state.buffers.len(),
    ]
}

/// The texts of a store.
pub(super) struct Stored<'a, V> {
    view: &'a V,
    blocks: &'a mut Blocks,
    /// Those that were not met before, without what is not to be in them.
    pub(super) fresh: Vec<Clean<Contents>>,
    keep: bool,
}

impl<'a, V: View> Stored<'a, V> {
    /// Texts that are only looked through.
    pub(super) fn new(view: &'a V, blocks: &'a mut Blocks) -> Self {
        Self {
            view,
            blocks,
            fresh: Vec::new(),
            keep: false,
        }
    }

    /// Texts that are kept when they are clean.
    pub(super) fn keeping(view: &'a V, blocks: &'a mut Blocks) -> Self {
        Self {
            keep: true,
            ..Self::new(view, blocks)
        }
    }
}

impl<V: View> Texts for Stored<'_, V> {
    fn load(&mut self, digest: Digest) -> Result<Option<Contents>, Fault> {
        texts::load(self.view, self.blocks, digest).map(Some)
    }

    fn keep(&mut self, text: Clean<Contents>) {
        if self.keep {
            self.fresh.push(text);
        }
    }
}
